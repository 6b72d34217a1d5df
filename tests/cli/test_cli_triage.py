"""`bihuan triage`: figures for people and programs, learning, suggestions with their reasons, words edited; never a traceback."""

import json

import pytest

from tests.support.said import messages, written

OURS = {"路": "A04", "狗": "F04", "灯": "A03"}


@pytest.fixture
def table(tmp_path):
    return written(tmp_path / "a.csv", messages())


def decide(bihuan, count=24):
    for i, message in enumerate(messages()[:: 81 // count][:count]):
        case = ("--body", message.body, "--subject", message.subject, "--area", "chenguang-1", "--phone", f"1000000{i % 9:04d}")
        no = bihuan("submit", *case).out.strip()
        assert bihuan("act", no, "accept", "--as", "centre.duty").code == 0
        filed = bihuan("act", no, "file", "--as", "centre.duty", "--category", OURS[message.label], "--urgency", "P2")
        assert filed.code == 0, filed.err


def test_figures_for_programs(bare, table):
    found = bare("triage", "evaluate", "--train", table, "--plain", "--json", "-")
    assert found.code == 0
    figures = found.json
    assert figures["macro_f1"] > 0.9
    assert figures["top2"] > 0.9
    assert (figures["model"], figures["n"], figures["folds"]) == ("plain", 81, 5)
    assert figures["seconds"] > 0
    assert set(figures["per_class"]["狗"]) == {"precision", "recall", "f1", "support"}


def test_figures_in_a_file_and_a_table_for_people(bare, table, tmp_path):
    shown = bare("triage", "evaluate", "--train", table, "--test", table, "--plain", "--json", tmp_path / "out.json")
    assert shown.code == 0
    assert all(word in shown.out for word in ("macro-F1", "狗", "精确率", "另一份测试文件", "普通模型"))
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["folds"] == 0


def test_a_taxonomy_beside_the_training_file_is_used(bare, table, tmp_path):
    assert bare("triage", "evaluate", "--train", table, "--plain", "--json", "-").json["taxonomy_rows"] == 0
    taxonomy = tmp_path / "taxonomy_three_levels.csv"
    taxonomy.write_text("level1,level2,level3\n路,道路,坑洼\n外事,签证,\n", encoding="utf-8")
    assert bare("triage", "evaluate", "--train", table, "--plain", "--json", "-").json["taxonomy_rows"] == 1


def test_what_cannot_be_measured_is_refused_in_a_sentence(bare, table, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("id,user,subject,submitted_at,body,label\n1,u,标题,,正文,\n", encoding="utf-8")
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("level1,level2,level3\n外事,签证,\n", encoding="utf-8")
    few = written(tmp_path / "few.csv", messages()[:3])
    for arguments, words in (
        (("--train", bad), "第 2 行 label 列"),
        (("--train", tmp_path / "none.csv"), "none.csv"),
        (("--train", few), "20"),
        (("--train", table, "--taxonomy", foreign), "level1"),
    ):
        answer = bare("triage", "evaluate", "--plain", *arguments)
        assert answer.code == 1
        assert words in answer.err
        assert "Traceback" not in answer.err
        assert answer.out == ""


def test_learning_from_nothing_is_refused(bihuan):
    answer = bihuan("triage", "train")
    assert answer.code == 1
    assert "20" in answer.err
    assert "还没有学过" in bihuan("triage", "status").out


@pytest.mark.soak
def test_it_learns_from_decisions_and_suggests(bihuan):
    decide(bihuan)
    learned = bihuan("triage", "train", "--as", "admin", "--plain", "--json")
    assert learned.code == 0, learned.err
    assert (learned.json["samples"], learned.json["kind"], learned.json["active"]) == (24, "plain", True)
    assert len(learned.json["classes"]) == 40
    status = bihuan("triage", "status", "--json").json
    assert status["model"]["id"] == learned.json["id"]
    assert status["decisions"] == 24
    no = bihuan.submits("楼下邻居的没拴的土狗追着孩子跑")
    found = bihuan("triage", "suggest", no, "--json").json
    assert found["top"][0]["category"] == "F04"
    assert found["top"][0]["cases"]
    shown = bihuan("triage", "suggest", no)
    assert all(word in shown.out for word in ("F04", "不文明行为", "BH-"))
    assert "1" in bihuan("triage", "status").out


def test_an_unknown_case_or_person_is_refused(bihuan):
    assert bihuan("triage", "suggest", "BH-20000101-0001").code == 1
    for user in ("nobody", "water.clerk"):
        answer = bihuan("triage", "train", "--as", user)
        assert answer.code == 1
        assert user in answer.err


def test_disagreements_are_listed(bihuan):
    assert bihuan("triage", "disagreements", "--json").json == {"chosen": 0, "sure": 0, "sure_agreed": 0, "agreed": 0, "cases": []}
    assert bihuan("triage", "disagreements").code == 0


def test_words_are_added_tried_changed_and_dropped(bihuan):
    text = "老槐树上有个马蜂窝"
    assert "没有类别认领" in bihuan("triage", "rules", "try", text).out
    made = bihuan("triage", "rules", "add", "F04", "--words", "马蜂窝，槐树", "--as", "centre.duty", "--json").json
    assert made["words"] == ["马蜂窝", "槐树"]
    tried = bihuan("triage", "rules", "try", text, "--subject", "马蜂窝", "--json").json
    assert (tried["category"], tried["spoke"][0]["rule"]["no"]) == ("F04", made["no"])
    changed = bihuan(
        "triage", "rules", "change", made["no"], "--also", "胡蜂", "--without", "槐树", "--not", "养蜂", "--as", "admin", "--json"
    )
    assert (changed.json["words"], changed.json["excludes"]) == (["马蜂窝", "胡蜂"], ["养蜂"])
    assert any(row["no"] == made["no"] for row in bihuan("triage", "rules", "list", "F04", "--json").json)
    assert bihuan("triage", "rules", "drop", made["no"], "--as", "admin").code == 0
    assert "没有类别认领" in bihuan("triage", "rules", "try", text, "--subject", "马蜂窝").out


def test_edits_that_cannot_be_are_refused_in_a_sentence(bihuan):
    for arguments, words in (
        (("add", "Z99", "--words", "漏水", "--as", "admin"), "Z99"),
        (("add", "A01", "--words", "漏", "--as", "admin"), "漏"),
        (("add", "A01", "--words", "漏水", "--as", "water.clerk"), "water.clerk"),
        (("change", "r1", "--as", "admin"), "--words"),
        (("drop", "r99999", "--as", "admin"), "r99999"),
        (("list", "Z99"), "Z99"),
    ):
        answer = bihuan("triage", "rules", *arguments)
        assert answer.code == 1
        assert words in answer.err


def test_doctor_says_which_model_triage_uses(bihuan):
    checks = {check["name"]: check for check in bihuan("doctor", "--json").json["checks"]}
    assert checks["semantic"]["ok"]
    assert "语义扩展" in checks["semantic"]["text"]


def test_where_nothing_is_suggested_nothing_is_for_reference(bihuan, capsys):
    from commands.triage.suggesting import _show
    from services.catalogue import catalogue
    from services.triage.suggesting import Suggestion

    with bihuan.database.unit_of_work() as session:
        known = catalogue(session)
    _show("BH-1", Suggestion("rule", None, (), None, abstained=True), known)
    assert "供参考" not in capsys.readouterr().out

"""The model on live cases, and the words that people edit."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import AdminEntry, Case, TriageModel, TriageSuggestion, table
from rules.facts import Refused
from services.triage import learning, rules_editing, storing, suggesting
from services.triage.rules_editing import Words
from services.triage.standing import disagreements, standing, tally
from services.triage.training import train
from tests.support.said import messages
from tests.support.town import Town

OURS = {"路": "A04", "狗": "F04", "灯": "A03"}


def decide(town: Town, count: int = 30) -> None:
    """People file cases; the engine files none of them."""
    chosen = [messages()[i] for i in range(0, 81, 81 // count)][:count]
    for i, message in enumerate(chosen):
        case_id = town.reports(message.subject, message.body, phone=f"1000000{i % 9:04d}")
        town.act(case_id, "accept", "centre.duty")
        town.act(case_id, "file", "centre.duty", category=OURS[message.label], urgency="P2")


def learn(town: Town) -> int:
    with town.context.database.unit_of_work() as session:
        lesson = learning.lesson(session)
    trained = train(lesson, semantic=False)
    with town.context.database.unit_of_work() as session:
        return learning.keep(session, trained, "admin", town.now)


def suggest(town: Town, case_id: int) -> suggesting.Suggestion:
    with town.context.database.unit_of_work() as session:
        return suggesting.suggest(session, [case_id], town.now)[case_id]


def confident(town: Town, *case_ids: int) -> dict[int, suggesting.Sure]:
    with town.context.database.unit_of_work() as session:
        return suggesting.confident(session, session.connection().execute(select(table(Case)).where(table(Case).c.id.in_(case_ids))).all())


# live cases ------------------------------------------------------------------------------------------------------------


def test_too_few_decisions_teach_nothing(sqlite_town):
    decide(sqlite_town, 10)
    with pytest.raises(Refused, match="too_few_decisions"):
        learn(sqlite_town)


def test_what_people_decided_is_suggested_with_its_reason(town):
    decide(town)
    model_id = learn(town)
    case_id = town.reports("没拴的土狗", "楼下邻居的没拴的土狗追着孩子跑")
    found = suggest(town, case_id)
    assert found.model_id == model_id
    assert found.top[0].category == "F04"
    assert len(found.top) == 3
    assert found.top[0].cases
    assert {town.rows(select(table(Case)).where(table(Case).c.no == no))[0].category for no in found.top[0].cases} == {"F04"}
    (row,) = town.rows(select(table(TriageSuggestion)).where(table(TriageSuggestion).c.case_id == case_id))
    assert row.top[0]["category"] == "F04"
    assert row.model_id == model_id


def test_only_what_a_person_decided_is_learned(sqlite_town):
    town = sqlite_town
    decide(town)
    by_engine = town.reports("下水道堵了", "下水道堵了，污水外溢")
    town.turn()
    refiled = town.reports("没拴的土狗", "楼下邻居的没拴的土狗追着孩子跑")
    town.act(refiled, "accept", "centre.duty")
    town.act(refiled, "file", "centre.duty", category="A01", urgency="P2")
    town.act(refiled, "refile", "centre.duty", category="F04", urgency="P2")
    with town.context.database.unit_of_work() as session:
        found = {m.key: m.label for m in learning.decided(session)}
    assert str(by_engine) not in found
    assert found[str(refiled)] == "F04"
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(table(Case)).where(table(Case).c.id == refiled).values(sensitive="minor"))
        assert str(refiled) not in {m.key for m in learning.decided(session)}
        assert learning.decisions(session) == len(found) - 1


def test_rules_alone_decide_until_something_was_learned(sqlite_town):
    clear = sqlite_town.reports("下水道堵了", "下水道堵了，污水外溢")
    unclear = sqlite_town.reports("有件事", "想反映一件事情")
    assert confident(sqlite_town, clear, unclear).keys() == {clear}
    found = suggest(sqlite_town, clear)
    assert (found.origin, found.abstained, found.top[0].category, found.top[0].probability) == ("rule", False, "A01", None)
    nothing = suggest(sqlite_town, unclear)
    assert (nothing.abstained, nothing.top) == (True, ())


def test_the_engine_files_only_what_rules_and_model_agree_on(sqlite_town):
    town = sqlite_town
    decide(town, 81)
    learn(town)
    agreed = town.reports("遛狗不牵绳，没拴的土狗追着孩子跑", "院子里那条没拴的土狗追着孩子跑，遛狗不牵绳")
    doubtful = town.reports("下水道堵了", "院子里那条没拴的土狗整夜汪汪叫，追着孩子跑，咬了老人裤腿")
    alarm = town.reports("闻到煤气味", "楼道里闻到煤气味，燃气泄漏")
    found = confident(town, agreed, doubtful, alarm)
    assert found.keys() == {agreed, alarm}
    assert found[agreed].category == "F04"
    assert found[agreed].probability is not None
    assert found[alarm].urgency == "P0"
    said = suggest(town, doubtful)
    assert said.abstained
    assert {option.category for option in said.top[:2]} == {"A01", "F04"}


def test_disagreement_is_kept(town):
    one, two = (town.reports("下水道堵了", "下水道堵了，污水外溢") for _ in range(2))
    for case_id in (one, two):
        suggest(town, case_id)
    with town.context.database.unit_of_work() as session:
        suggesting.record_choice(session, one, "A01", "centre.duty", town.now)
        suggesting.record_choice(session, two, "A02", "centre.duty", town.now)
        suggesting.record_choice(session, two, "A03", "system", town.now)
        suggesting.record_choice(session, 9999, "A03", "centre.duty", town.now)
    with town.context.database.unit_of_work() as session:
        assert [(d.suggested, d.chosen, d.chosen_by) for d in disagreements(session)] == [("A01", "A02", "centre.duty")]
        counted = tally(session)
    assert (counted.chosen, counted.agreed, counted.sure, counted.sure_agreed) == (2, 1, 2, 1)


def test_the_newest_suggestion_is_the_one_that_is_judged(sqlite_town):
    case_id = sqlite_town.reports("下水道堵了", "下水道堵了，污水外溢")
    suggest(sqlite_town, case_id)
    sqlite_town.now += timedelta(minutes=5)
    suggest(sqlite_town, case_id)
    with sqlite_town.context.database.unit_of_work() as session:
        suggesting.record_choice(session, case_id, "A01", "centre.duty", sqlite_town.now)
    rows = sqlite_town.rows(select(table(TriageSuggestion)).order_by(table(TriageSuggestion).c.no))
    assert [(row.no, row.chosen, row.agreed) for row in rows] == [(1, None, None), (2, "A01", True)]


def test_the_newest_model_suggests_and_a_damaged_one_does_not(sqlite_town):
    town = sqlite_town
    decide(town)
    first, second = learn(town), learn(town)
    with town.context.database.unit_of_work() as session:
        assert storing.active_model(session)[0] == second
        session.connection().execute(update(table(TriageModel)).where(table(TriageModel).c.id == second).values(active=False))
        session.connection().execute(update(table(TriageModel)).where(table(TriageModel).c.id == first).values(active=True, blob=b"PK"))
    case_id = town.reports("下水道堵了", "下水道堵了，污水外溢")
    found = suggest(town, case_id)
    assert (found.origin, found.model_id) == ("rule", None)
    assert confident(town, case_id).keys() == {case_id}
    with town.context.database.unit_of_work() as session:
        assert standing(session).damaged


def edit(town: Town, what, *arguments):
    with town.context.database.unit_of_work() as session:
        return what(session, *arguments, town.now)


# the words, edited -----------------------------------------------------------------------------------------------------


def test_words_that_are_added_claim_from_the_next_message_on(town):
    case_id = town.reports("老槐树上的马蜂窝", "老槐树上有个马蜂窝，孩子不敢过")
    assert confident(town, case_id) == {}
    made = edit(town, rules_editing.add, "F04", Words(("马蜂窝", "槐树"), ("孩子",)), "centre.duty")
    assert confident(town, case_id)[case_id].words == ("马蜂窝", "槐树")
    before, after = edit(town, rules_editing.change, made.no, Words(needs=("老人",)), "admin")
    assert (before.needs, after.needs, after.words) == (("孩子",), ("老人",), ("马蜂窝", "槐树"))
    assert confident(town, case_id) == {}
    edit(town, rules_editing.drop, made.no, "admin")
    entries = town.rows(select(table(AdminEntry)).order_by(table(AdminEntry).c.id))
    assert [(e.actor, e.action, e.subject) for e in entries] == [
        ("centre.duty", "rule_added", made.no),
        ("admin", "rule_changed", made.no),
        ("admin", "rule_dropped", made.no),
    ]
    assert entries[1].data["before"]["needs"] == ["孩子"]


@pytest.mark.parametrize(
    ("target", "words", "code"),
    [
        ("Z99", Words(("漏水",)), "unknown_category"),
        ("A01", Words(()), "rule_without_words"),
        ("A01", Words(("漏",)), "bad_word"),
        ("A01", Words(("，，",)), "bad_word"),
        ("A01", Words(("漏水",), ("漏",)), "bad_word"),
        ("P0", Words(("(煤气|瓦斯",)), "bad_word"),
        ("P0", Words(("煤气味",), ("厨房",)), "urgent_words_only"),
    ],
)
def test_words_that_cannot_be_used_are_refused(sqlite_town, target, words, code):
    with pytest.raises(Refused, match=code):
        edit(sqlite_town, rules_editing.add, target, words, "admin")


def test_not_everybody_edits_words(sqlite_town):
    for user in ("water.clerk", "water.head", "chenguang-1.worker"):
        with pytest.raises(Refused, match="not_your_rules"):
            edit(sqlite_town, rules_editing.add, "A01", Words(("漏水",)), user)


@pytest.mark.parametrize("no", ["r999999", "x1", "1", "", "u0"])
def test_a_rule_that_is_not_there_is_refused(sqlite_town, no):
    with pytest.raises(Refused, match="unknown_rule"):
        edit(sqlite_town, rules_editing.drop, no, "admin")


def test_a_trial_says_which_rules_spoke_and_by_which_words(sqlite_town):
    with sqlite_town.context.database.unit_of_work() as session:
        found = rules_editing.attempt(session, "", "下水道堵了，一股煤气味")
    assert found.category == "A08"
    assert found.urgency == "P0"
    assert {each.rule.target for each in found.spoke} >= {"A01", "A08", "P0"}
    assert all(each.words for each in found.spoke)

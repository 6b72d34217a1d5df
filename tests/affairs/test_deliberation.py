"""Deliberation on its own: votes, work orders that wait for whoever may send them, calls that are refused, the example."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from sqlalchemy import select

from demo.mechanisms import deliberation as example
from models import Affair, table
from rules.facts import Refused
from rules.handling.deliberation import next_time
from services.affairs.voices import Voice
from services.deliberation import Agreement, Called, Term, agree, fail, hand_out
from services.mechanisms import switch
from services.moves import Setting
from tests.stories.seeds.test_row_10_bench import agrees, calls, drain
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

SHANGHAI = timezone(timedelta(hours=8))


def held(town: Town, no: str, user: str = "chenguang.clerk") -> list[int]:
    """Everybody comes; their numbers."""
    numbers = [p["no"] for p in seen(town, no).parts if p["thing"] == "voice"]
    does(town, no, "hold_meeting", user, minutes="记录", present=numbers)
    return numbers


def test_owners_vote_by_heads_and_area_before_they_agree(sqlite_town: Town) -> None:
    town = sqlite_town
    owners = [Voice.parse(f"resident:100000007{n}0=owner@{(60, 60, 60, 200)[n]}") for n in range(4)]
    assert [owner.area_dm2 for owner in owners] == [6000, 6000, 6000, 20_000]
    no = calls(town, "chenguang.clerk", Called("动用公共收益修电梯", "owners", owners, rule="owners"))
    voices = held(town, no)
    with pytest.raises(Refused, match="choice_missing"):
        does(town, no, "cast_vote", "resident:10000000700", voices[0], choice="随便")
    for n, choice in ((0, "同意"), (1, "同意"), (2, "同意"), (3, "不同意")):
        does(town, no, "cast_vote", f"resident:100000007{n}0", voices[n], choice=choice)
    with pytest.raises(Refused, match="vote_not_carried"):
        agrees(town, no, "chenguang.clerk", "三人同意")
    with pytest.raises(Refused, match="vote_cast_already"):
        does(town, no, "cast_vote", "chenguang.clerk", voices[3], choice="同意", paper="柜3")
    does(town, no, "cast_vote", "resident:10000000730", voices[3], choice="同意")
    does(town, no, "count_votes", "chenguang.clerk")
    tally = seen(town, no).affair["data"]["tally"]
    assert (tally["quorate"], tally["won"]) == (True, "同意")
    assert tally["options"]["同意"] == {"heads": 4, "area_dm2": 38_000}
    agrees(town, no, "chenguang.clerk", "修电梯")
    assert seen(town, no).affair["state"] == "fulfilled", "nobody has anything to do or to sign"
    few = calls(town, "chenguang.clerk", Called("改绿地为车位", "owners", owners[:1], rule="owners_special", heads=4, area_dm2=38_000))
    (only,) = held(town, few)
    does(town, few, "cast_vote", "resident:10000000700", only, choice="同意")
    with pytest.raises(Refused, match="no_quorum") as refused:
        agrees(town, few, "chenguang.clerk", "一人说了算")
    assert refused.value.details == {"heads": 1, "of": 4}
    bench = calls(town, "chenguang.clerk", Called("只说说", "bench", owners[:2]))
    held(town, bench)
    with pytest.raises(Refused, match="meeting_does_not_vote"):
        does(town, bench, "count_votes", "chenguang.clerk")
    does(town, bench, "end_meeting", "chenguang.clerk", result="说开了")
    assert complaints(town.context.database, town.now) == []


def test_what_a_unit_has_agreed_to_becomes_a_work_order_by_whoever_may_send_it(sqlite_town: Town) -> None:
    town, setting = sqlite_town, Setting(sqlite_town.now)
    case = drain(town)
    before = {order.code for order in town.orders(case)}
    assert "garden" not in before
    no = calls(town, "chenguang.clerk", Called("树根胀破管道", "bench", [Voice(unit="garden"), Voice(unit="water")]), town.case(case).no)
    held(town, no)
    terms = [Term("锯断树根", unit="garden", limit="2wd"), Term("换管", unit="water"), Term("盯现场", user="chenguang.head")]
    done = agrees(town, no, "chenguang.clerk", "园林锯根，排水换管", terms=terms, sign=())
    assert (done.ordered, list(done.waiting)) == (["water"], ["garden"]), "the community may not send it"
    with town.context.database.unit_of_work() as session:
        done = hand_out(session, no, town.actor("centre.duty"), setting)
    assert (sorted(done.ordered), done.waiting) == (["garden", "water"], {})
    assert {order.code for order in town.orders(case)} == before | {"garden"}
    with town.context.database.unit_of_work() as session:
        assert sorted(hand_out(session, no, town.actor("centre.duty"), setting).ordered) == ["garden", "water"]
    assert len([order for order in town.orders(case) if order.code == "garden"]) == 1, "handed out again it is still one"
    town.order(case, "acknowledge", "garden.clerk", "garden")
    town.order(case, "finish", "garden.clerk", "garden", result="树根已锯")
    states = {p["title"]: p["state"] for p in seen(town, no).parts if p["thing"] == "term"}
    assert states == {"锯断树根": "done", "换管": "due", "盯现场": "due"}
    with town.context.database.unit_of_work() as session:
        assert fail(session, no, "up", "换管的钱没着落", town.actor("chenguang.clerk"), setting) is None
    assert seen(town, no).clocks == []
    town.turn()
    assert any("已报上级" in text for text in town.heard("hubin.clerk", case)), "the street hears that it comes up"
    assert complaints(town.context.database, town.now) == []


def test_calls_that_make_no_sense_are_refused_with_nothing_half_done(sqlite_town: Town) -> None:
    town = sqlite_town
    for called, code in (
        (Called("", "bench"), "meeting_incomplete"),
        (Called("议", "sofa"), "unknown_form"),
        (Called("议", "owners", rule="loudest"), "unknown_vote_rule"),
        (Called("议", "owners", rule="heads", options=("是",)), "options_unclear"),
        (Called("议", "bench", [Voice(unit="water"), Voice(unit="water")]), "voice_twice"),
        (Called("议", "bench", [Voice(unit="nowhere")]), "unknown_unit"),
        (Called("议", "bench", [Voice(phone="12")]), "bad_phone"),
        (Called("议", "bench", at="今晚七点"), "moment_unreadable"),
        (Called("议", "bench", limit="快点"), "limit_unreadable"),
        (Called("议", "bench", at="9999-12-31T23:59+08:00"), "moment_too_far"),
        (Called("议", "bench", limit="2099-01-01T00:00+08:00"), "moment_too_far"),
    ):
        with pytest.raises(Refused, match=code):
            calls(town, "chenguang.clerk", called)
    with pytest.raises(Refused, match="voice_unreadable"):
        Voice.parse("water")
    no = calls(town, "chenguang.clerk", Called("议", "bench", [Voice(unit="water")]))
    with pytest.raises(Refused, match="unknown_voice"):
        does(town, no, "hold_meeting", "chenguang.clerk", minutes="记录", present=(99,))
    with pytest.raises(Refused, match="meeting_in_past"):
        does(town, no, "postpone", "chenguang.clerk", at="2026-11-01T19:00+08:00", reason="改期")
    does(town, no, "postpone", "chenguang.clerk", at="2026-11-25T19:00+08:00", reason="改期")
    (clock,) = seen(town, no).clocks
    assert (clock["kind"], clock["due_at"]) == ("meet", datetime(2026, 11, 26, 11, tzinfo=UTC))
    town.fast_forward(days=7)
    assert any("召开会议" in text for text in town.heard("chenguang.clerk")), "a meeting without minutes is asked after"
    numbers = [p["no"] for p in seen(town, no).parts]
    for wrong in (7, ["1"], "1", [True]):
        with pytest.raises(Refused, match="list_unreadable"):
            does(town, no, "hold_meeting", "chenguang.clerk", minutes="记录", present=wrong)
    does(town, no, "hold_meeting", "chenguang.clerk", minutes="记录", present=numbers)
    for given in (
        {"shares": [{"voice": 1}]},
        {"shares": "30%"},
        {"terms": ["疏通"]},
        {"terms": [{"title": "疏通", "unit": "water"}]},
        {"sign": 1},
    ):
        with pytest.raises(Refused, match="list_unreadable"):
            does(town, no, "agree", "chenguang.clerk", text="约定", **given)
    with pytest.raises(Refused, match="term_incomplete"):
        does(town, no, "agree", "chenguang.clerk", text="约定", terms=[{"title": "疏通"}])
    assert seen(town, no).affair["state"] == "held"
    with town.context.database.unit_of_work() as session:
        switch(session, "deliberation", town.actor("admin"), town.now, on=False)
    with pytest.raises(Refused, match="mechanism_off"):
        calls(town, "chenguang.clerk", Called("议", "bench"))
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="mechanism_off"):
        agree(session, no, Agreement("约定"), town.actor("chenguang.clerk"), Setting(town.now))


def test_the_next_time_of_a_standing_meeting() -> None:
    friday = datetime(2026, 11, 20, 10, 42, tzinfo=SHANGHAI)
    at = time(19, 30)
    assert next_time((3,), at, friday, SHANGHAI) == datetime(2026, 11, 26, 19, 30, tzinfo=SHANGHAI)
    assert next_time((4,), at, friday, SHANGHAI) == datetime(2026, 11, 20, 19, 30, tzinfo=SHANGHAI), "later the same day"
    assert next_time((4,), time(9), friday, SHANGHAI).date() == date(2026, 11, 27)
    assert next_time((4,), at, datetime(2026, 11, 20, 19, 30, tzinfo=SHANGHAI), SHANGHAI).date() == date(2026, 11, 27)
    holiday = date(2026, 11, 23)
    assert next_time((0, 1), at, friday, SHANGHAI, lambda day: day != holiday).date() == date(2026, 11, 24)
    with pytest.raises(Refused, match="series_never_meets"):
        next_time((), at, friday, SHANGHAI)


def test_the_example_is_made_once_and_sound(sqlite_town: Town) -> None:
    for _ in range(2):
        with sqlite_town.context.database.unit_of_work() as session:
            example.show(session, sqlite_town.now)
    sqlite_town.turn()
    found = sqlite_town.rows(select(table(Affair).c.no).where(table(Affair).c.thing == "meeting"))
    assert len(found) == 3, "the series, its first meeting, the bench"
    assert complaints(sqlite_town.context.database, sqlite_town.now) == []

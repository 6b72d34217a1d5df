"""Whom a rung tells, and what becomes of an empty one."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from models import Absence, Case, Clock, Message, RungFiring, SetAside, Staff, table
from tests.support.climbing import DRAIN, change, climbed, entry, ids, ladder, send_away, skips, told, working
from tests.support.sound import complaints
from tests.support.town import START, Town

_firing = table(RungFiring)
_message = table(Message)
_clock = table(Clock)
_case = table(Case)
_staff = table(Staff)


def remove(town: Town, *names: str) -> None:
    with town.context.database.unit_of_work() as session:
        gone = ids(session, *names)
    assert len(gone) == len(names)
    change(town.context.database, delete(_staff).where(_staff.c.id.in_(gone)))


def test_a_move_that_the_table_refuses_skips_its_rung_only(town: Town) -> None:
    refused = {"code": "shut", "at": "50%", "act": "move:close_unrated", "notice": "clock_red", "to": ["head"]}
    remind = {"code": "remind", "at": "60%", "act": "tell", "notice": "clock_remind"}
    deem = {"at": "70%", "act": "move:deem_acknowledged", "notice": ""}
    ladder(town, "acknowledge", refused, remind, {"code": "deem", **deem}, {"code": "again", **deem})
    case = town.reports(DRAIN)
    town.turn()
    town.now += timedelta(minutes=29)  # after downtime, so that all of them are due at once
    town.turn()
    assert skips(town, case) == {("shut", "wrong_state"), ("again", "wrong_state")}
    assert told(town, case, "clock_red") == []
    assert told(town, case, "clock_remind") != []
    assert town.orders(case)[0].state == "working"
    assert town.rows(select(table(SetAside).c.id)) == []


# whom a rung tells -----------------------------------------------------------------------------------------------------


def test_a_rung_tells_the_posts_it_names_by_the_channels_of_its_notice(town: Town) -> None:
    rung = {"code": "remind", "at": "50%", "act": "tell", "notice": "clock_red", "to": ["clerk", "head+1", "head+2", "duty"]}
    ladder(town, "handle_lead", rung)
    case = working(town)
    town.fast_forward(hours=13)
    found = [(m.name, m.channel) for m in town.messages(case) if m.notice == "clock_red"]
    assert found == [("water.clerk", "email"), ("centre.head", "sms"), ("chenghu.head", "sms"), ("chenghu.leader", "sms")]
    assert town.case(case).state == "handling"
    assert town.orders(case)[0].code == "water", "whoever is told besides, the owner stays"


def test_beyond_the_top_the_top_is_told(town: Town) -> None:
    ladder(town, "handle_lead", {"code": "remind", "at": "50%", "act": "tell", "notice": "clock_red", "to": ["head+9"]})
    case = working(town)
    town.fast_forward(hours=13)
    assert told(town, case, "clock_red") == ["chenghu.head"]


def test_who_is_away_is_replaced_by_the_deputy_and_the_deputy_learns_for_whom(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        (deputy,) = ids(session, "municipal.clerk")
    change(town.context.database, update(_staff).where(_staff.c.name == "water.clerk").values(deputy_id=deputy))
    case = working(town)
    send_away(town, "water.clerk")
    town.fast_forward(hours=13)
    assert told(town, case, "clock_remind")[:1] == ["municipal.clerk"]
    message = next(m for m in town.messages(case) if m.name == "municipal.clerk" and m.channel == "email")
    assert message.about["instead_of"] == "water.clerk"
    assert message.wording.endswith("（本应由区水务排水中心经办接收）")


def test_without_a_deputy_the_next_role_hears_then_the_supervising_unit(town: Town) -> None:
    case, other = working(town), working(town)
    send_away(town, "water.clerk")
    town.fast_forward(hours=13)
    assert "water.head" in told(town, case, "clock_remind")
    send_away(town, "water.head")
    town.fast_forward(until=lambda: "yellow" in town.actions(other))
    assert "centre.clerk" in told(town, other, "clock_yellow")
    assert "nobody_to_tell" not in town.actions(other)


def test_somebody_back_in_time_hears_again(town: Town) -> None:
    case = working(town)
    send_away(town, "water.clerk")
    change(town.context.database, update(table(Absence)).values(until=START + timedelta(hours=15)))
    town.fast_forward(hours=20)
    assert "water.clerk" not in told(town, case, "clock_remind")
    assert "water.clerk" in told(town, case, "clock_yellow")


# empty rungs -----------------------------------------------------------------------------------------------------------


def test_an_empty_rung_is_skipped_at_once_and_its_words_go_to_the_next(town: Town) -> None:
    ladder(
        town,
        "handle_lead",
        {"code": "remind", "at": "50%", "act": "tell", "notice": "clock_yellow", "to": ["duty"]},
        {"code": "yellow", "at": "80%", "act": "tell", "notice": "clock_yellow", "to": ["duty"]},
        {"code": "escalate_1", "at": "150%", "act": "tell", "notice": "clock_escalate_1", "to": ["above"]},
    )
    remove(town, "chenghu.leader", "chenghu.head")
    case = working(town)
    town.fast_forward(hours=13)
    assert skips(town, case) == {("remind", "nobody")}
    assert entry(town, case, "remind").data["told_instead"] == "escalate_1"
    assert entry(town, case, "remind").data["skipped"] == "nobody"
    assert told(town, case, "clock_yellow") == ["centre.clerk"], "not at 150 %, but now"
    town.fast_forward(hours=30)
    assert climbed(town, case) == ["remind", "yellow", "escalate_1"]
    assert [m.name for m in town.messages(case) if m.seq == entry(town, case, "escalate_1").seq] == ["centre.clerk"]
    assert complaints(town.context.database, town.now) == []


def test_a_ladder_with_nobody_at_all_goes_to_the_administrators(town: Town) -> None:
    ladder(town, "handle_lead", {"code": "remind", "at": "50%", "act": "tell", "notice": "clock_yellow", "to": ["duty"]})
    remove(town, "chenghu.leader", "chenghu.head")
    case = working(town)
    town.fast_forward(hours=13)
    assert skips(town, case) == {("remind", "nobody")}
    assert "told_instead" not in entry(town, case, "remind").data
    assert told(town, case, "nobody_to_tell") == ["admin"]


def test_an_empty_rung_still_does_what_it_owes_to_procedure(town: Town) -> None:
    ladder(
        town, "acknowledge", {"code": "deem", "at": "200%", "act": "move:deem_acknowledged", "notice": "acknowledge_deemed", "to": ["duty"]}
    )
    remove(town, "chenghu.leader", "chenghu.head")
    case = town.reports(DRAIN)
    town.fast_forward(hours=2)
    assert town.state(case) == "handling"
    assert "admin" in told(town, case, "nobody_to_tell")


def test_an_overtaken_rung_is_recorded_and_says_nothing(town: Town) -> None:
    ladder(
        town,
        "handle_lead",
        {"code": "yellow", "at": "60%", "act": "tell", "notice": "clock_yellow", "low": True, "hold": "working"},
        {"code": "red", "at": "100%", "act": "tell", "notice": "clock_red"},
    )
    case = working(town)  # Friday 10:42; 60 % of 24 h is past one in the morning, and the next opening is Monday
    town.fast_forward(hours=25)
    assert skips(town, case) == {("yellow", "overtaken")}
    assert "water.clerk" not in told(town, case, "clock_yellow")
    assert "water.head" in told(town, case, "clock_red")

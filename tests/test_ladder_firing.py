"""Ladders that never stall: who hears a rung, what becomes of an empty one, and of one that would be the first thing a unit hears."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from models import Absence, Case, Clock, Database, LadderVersion, Message, RungFiring, SetAside, Staff, begin_write, table
from models.case import OPEN_EMERGENCY
from notifications.channels.bus import Channels
from notifications.outcome import Outcome, Outgoing, Verdict
from rules.facts import FINAL
from services import claims
from services.claims import Claimer
from services.seeding import pretend_phone
from tests.conftest import context_for
from tests.support.databases import reference_data_changed
from tests.support.sound import complaints
from tests.support.together import together
from tests.support.town import START, Town

DRAIN = "5号楼前下水道堵了，污水外溢"  # led by water, 24 h, acknowledged within 30 min
GAS = "楼道里闻到燃气泄漏的味道，很浓"  # an emergency
_staff, _message, _case, _clock, _firing = table(Staff), table(Message), table(Case), table(Clock), table(RungFiring)


class Deaf(Channels):
    """Channels that do not reach some people."""

    def __init__(self, users: Collection[str]) -> None:
        super().__init__({"sms": "record://", "email": "record://"})
        self.deaf = {pretend_phone(user) for user in users} | {f"{user}@example.cn" for user in users}

    def send(self, outgoing: Outgoing) -> Outcome:
        if outgoing.address in self.deaf:
            return Outcome(Verdict.PERMANENT, "550", "no such number")
        return super().send(outgoing)


def unreachable(town: Town, *users: str) -> None:
    """From now on messages do not reach these people."""
    town.context = replace(town.context, channels=Deaf(users))


def change(database: Database, *statements: Any) -> None:
    """Change reference data as whoever edits it must."""
    with database.unit_of_work() as session:
        begin_write(session)
        for statement in statements:
            session.connection().execute(statement)
        reference_data_changed(session)


def ids(session: Session, *names: str) -> list[int]:
    return list(session.connection().execute(select(_staff.c.id).where(_staff.c.name.in_(names))).scalars())


def send_away(town: Town, *names: str) -> None:
    with town.context.database.unit_of_work() as session:
        gone = ids(session, *names)
    assert len(gone) == len(names)
    change(town.context.database, insert(table(Absence)).values([{"staff_id": i, "since": START, "reason": ""} for i in gone]))


def remove(town: Town, *names: str) -> None:
    with town.context.database.unit_of_work() as session:
        gone = ids(session, *names)
    assert len(gone) == len(names)
    change(town.context.database, delete(_staff).where(_staff.c.id.in_(gone)))


def ladder(town: Town, code: str, *rungs: dict[str, Any]) -> None:
    """Give every clock of a ladder these rungs, before any has started."""
    change(town.context.database, update(table(LadderVersion)).where(table(LadderVersion).c.code == code).values(rungs=list(rungs)))


def told(town: Town, case: int, notice: str) -> list[str | None]:
    return [m.name for m in town.messages(case) if m.notice == notice]


def entry(town: Town, case: int, rung: str, kind: str = "handle") -> Any:
    return next(e for e in town.journal(case) if e.thing == "clock" and e.action == rung and e.data["clock"] == kind and e.thing_no == 1)


def climbed(town: Town, case: int) -> list[str]:
    """The rungs of the lead's handling clock, in order."""
    return [e.action for e in town.journal(case) if e.thing == "clock" and e.thing_no == 1 and e.data["clock"] == "handle"]


def skips(town: Town, case: int) -> set[tuple[str, str]]:
    joined = _firing.join(_clock, _clock.c.id == _firing.c.clock_id)
    wanted = select(_firing.c.rung, _firing.c.skipped).select_from(joined).where(_clock.c.case_id == case, _firing.c.skipped.is_not(None))
    return {(row.rung, row.skipped) for row in town.rows(wanted)}


def working(town: Town, text: str = DRAIN) -> int:
    """A case on which every unit is at work."""
    case = town.reports(text)
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "contact", f"{order.code}.clerk", order.code)
    return case


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


# whom a rung tells ----------------------------------------------------------------------------------------------------


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


# empty rungs ----------------------------------------------------------------------------------------------------------


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


# a red is never the first thing a unit hears --------------------------------------------------------------------------


def test_a_red_is_not_the_first_thing_that_a_unit_hears(town: Town) -> None:
    unreachable(town, "water.clerk", "water.head")
    case = town.reports(DRAIN)
    town.fast_forward(hours=25)
    red = entry(town, case, "red")
    assert red.data["skipped"] == "unheard"
    assert {("urge", "unheard"), ("red", "unheard")} <= skips(town, case)
    assert [s.unit_id for s in town.supervision(case) if s.unit_id == town.unit_id("water")] == []
    again = [m for m in town.messages(case) if m.notice == "dispatched_lead" and m.seq == red.seq]
    assert {m.name for m in again} == {"water.clerk", "water.head"}
    assert len({m.dedupe_key for m in town.messages(case)}) == len(town.messages(case))
    called = [m for m in town.messages(case) if m.notice == "unreached" and m.seq == red.seq]
    assert {m.name for m in called} == {"centre.clerk", "centre.duty"}
    assert all("区水务排水中心" in m.wording and "打电话" in m.wording for m in called)
    assert "clock_red" not in [
        m.notice for m in town.messages(case) if m.name in ("water.clerk", "water.head") and m.about.get("clock") == "handle"
    ]
    assert told(town, case, "clock_red_reporter") == [None], "the resident was promised this moment"
    town.fast_forward(hours=30)
    assert {"escalate_1", "escalate_2"} <= {rung for _, rung, _ in town.fired(case, "handle")}
    assert [c for c in complaints(town.context.database, town.now) if "is failed_perm" not in c] == []


def test_who_has_heard_of_the_work_order_gets_the_red(town: Town) -> None:
    case = town.reports(DRAIN)
    town.fast_forward(hours=25)
    assert town.orders(case)[0].deemed
    assert skips(town, case) == set()
    assert {s.unit_id for s in town.supervision(case)} == {town.unit_id("water")}


def test_who_acts_without_having_been_told_gets_the_red_too(town: Town) -> None:
    unreachable(town, "water.clerk", "water.head")
    case = town.reports(DRAIN)
    town.turn()
    town.order(case, "acknowledge", "water.clerk")
    town.fast_forward(hours=25)
    assert "skipped" not in entry(town, case, "red").data
    assert len(town.supervision(case)) == 1


# messages that are lost -----------------------------------------------------------------------------------------------


def test_a_lost_message_is_on_record_and_somebody_else_makes_the_call(town: Town) -> None:
    unreachable(town, "water.clerk")
    case = town.reports(DRAIN)
    town.turn()
    town.turn()
    (lost,) = [e for e in town.journal(case) if e.action == "not_delivered"]
    assert (lost.thing, lost.data["to"], lost.data["notice"]) == ("case", "water.clerk", "dispatched_lead")
    assert (lost.data["channel"], lost.data["reason"]) == ("sms", "no such number")
    assert told(town, case, "unreached") == ["water.head"]
    assert len(town.heard("water.head", case)) == 1


def test_a_call_for_help_that_is_lost_calls_for_no_other(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        everybody = list(session.connection().execute(select(_staff.c.name)).scalars())
    unreachable(town, *everybody)
    case = town.reports(DRAIN)
    for _ in range(5):
        town.turn()
    lost = [e.data["notice"] for e in town.journal(case) if e.action == "not_delivered"]
    assert lost.count("unreached") == lost.count("dispatched_lead") + lost.count("dispatched_co")
    assert town.rows(select(_message).where(_message.c.attend_at.is_not(None))) == []


def test_what_is_lost_of_a_closed_case_is_only_written_down(town: Town) -> None:
    case = town.reports(DRAIN)
    town.turn()
    unreachable(town, "water.clerk")
    town.act(case, "recall", "centre.duty", reason="派错了")
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(_case).where(_case.c.id == case).values(state="closed", attend_at=None))
    town.turn()
    assert [e.data["to"] for e in town.journal(case) if e.action == "not_delivered"] == ["water.clerk"]
    assert told(town, case, "unreached") == []


# gentle units, emergencies --------------------------------------------------------------------------------------------


def test_a_unit_without_penalties_hears_no_red_and_no_word_of_blame(town: Town) -> None:
    case = town.reports(DRAIN)
    town.fast_forward(days=6)
    gentle = [o for o in town.orders(case) if o.code == "chenguang-estate"]
    assert gentle
    assert gentle[0].deemed
    heard = {m.notice for m in town.messages(case) if m.name and m.name.startswith("chenguang-estate.")}
    assert heard <= {"dispatched_co", "clock_remind", "clock_due", "clock_help"}
    assert {"dispatched_co", "clock_due", "clock_help"} <= heard
    assert not any(s.unit_id == gentle[0].unit_id for s in town.supervision(case))


def test_a_red_rung_stamped_on_a_clock_of_such_a_unit_becomes_help(town: Town) -> None:
    ladder(town, "handle_gentle", {"code": "red", "at": "100%", "act": "propose_order", "notice": "clock_red"})
    case = town.reports(DRAIN)
    town.fast_forward(days=6)
    estate = town.unit_id("chenguang-estate")
    (red,) = [e for e in town.journal(case) if e.action == "red" and e.data["unit_id"] == estate]
    assert red.data["skipped"] == "gentle"
    assert [m.notice for m in town.messages(case) if m.seq == red.seq and m.name] == ["clock_help"]
    assert not any(s.unit_id == estate for s in town.supervision(case))


def test_the_calls_of_an_emergency_go_on_until_somebody_gives_a_sign(town: Town) -> None:
    case = town.reports(GAS)
    town.turn()
    assert town.case(case).urgency == "P0"
    lead = next(o for o in town.orders(case) if o.lead)
    town.fast_forward(until=lambda: "call_2" in town.actions(case))
    order = next(o for o in town.orders(case) if o.lead)
    assert order.deemed
    (clock,) = [c for c in town.clocks(case) if (c.kind, c.order_no) == ("acknowledge", order.no)]
    assert town.now - order.sent_at == 4 * (clock.due_at - clock.started_at)
    called = {m.name for m in town.messages(case) if m.notice == "emergency_call" and m.about["unit_id"] == lead.unit_id}
    assert {f"{lead.code}.clerk", f"{lead.code}.head", "centre.head", "chenghu.leader"} <= called
    town.order(case, "acknowledge", f"{lead.code}.clerk")
    before = len(told(town, case, "emergency_call"))
    for other in town.orders(case):
        if other.no != lead.no and other.deemed:
            user = next(p for p in (f"{other.code}.clerk", f"{other.code}.worker") if town.rows(select(_staff).where(_staff.c.name == p)))
            town.order(case, "contact", user, other.code)
        elif other.no != lead.no:
            town.order(case, "acknowledge", f"{other.code}.clerk", other.code)
    town.fast_forward(hours=6)
    assert len(told(town, case, "emergency_call")) == before, "silent from then on"


# the pass -------------------------------------------------------------------------------------------------------------


def test_after_downtime_each_hears_the_highest_whoever_stands_in(town: Town) -> None:
    case = working(town)
    send_away(town, "water.clerk")
    town.now += timedelta(days=4)
    town.turn()
    assert climbed(town, case) == ["remind", "yellow", "red", "escalate_1", "escalate_2"]
    about = [m for m in town.messages(case) if m.about.get("clock") == "handle" and m.about["unit_id"] == town.unit_id("water")]
    assert [m.notice for m in about if m.name == "water.head" and m.notice.startswith("clock_")] == ["clock_red"]
    assert [m.notice for m in about if m.name == "centre.clerk" and m.notice.startswith("clock_")] == ["clock_escalate_1"]


def test_emergencies_do_not_wait_behind_older_clocks(town: Town) -> None:
    cases = [town.reports(DRAIN) for _ in range(5)]
    town.now += timedelta(minutes=5)
    urgent = town.reports(GAS)
    town.turn()
    town.now += timedelta(days=2)
    with town.context.database.unit_of_work() as session:
        claimed = claims.due_clocks(session, Claimer(99, timedelta(seconds=60)), town.now, 3)
        then = claims.due_clocks(session, Claimer(99, timedelta(seconds=60)), town.now, 100)
    assert set(claimed.values()) == {urgent}
    assert urgent in then.values() or set(then.values()) <= {*cases, urgent}


def test_the_index_of_emergencies_names_every_final_state() -> None:
    listed = str(OPEN_EMERGENCY).partition("NOT IN (")[2].rstrip(")")
    assert {name.strip("' ") for name in listed.split(",")} == {state.value for state in FINAL}


def test_two_engines_at_once_fire_each_rung_once(postgres_database: Database, tmp_path: Path) -> None:
    towns = [Town(context_for(postgres_database, tmp_path)) for _ in range(2)]
    cases = [working(towns[0]) for _ in range(8)]
    for town in towns:
        town.now = START + timedelta(days=4)
    together([town.turn for town in towns])
    assert complaints(postgres_database, START + timedelta(days=4)) == []
    assert all(climbed(towns[0], case) == ["remind", "yellow", "red", "escalate_1", "escalate_2"] for case in cases)

"""A red is never the first, a lost message is somebody's call, emergencies do not wait."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from models import Case, Clock, Database, Message, RungFiring, Staff, begin_write, table
from models.case import OPEN_EMERGENCY
from notifications.channels.bus import Channels
from notifications.outcome import Outcome, Outgoing, Verdict
from rules.facts import FINAL
from services.engine import claims
from services.engine.claims import Claimer
from services.seeding import pretend_phone
from tests.conftest import context_for
from tests.support.climbing import DRAIN, climbed, entry, ladder, send_away, skips, told, working
from tests.support.sound import complaints
from tests.support.together import together
from tests.support.town import START, Town

_firing = table(RungFiring)
_message = table(Message)
_clock = table(Clock)
_case = table(Case)
_staff = table(Staff)


GAS = "楼道里闻到燃气泄漏的味道，很浓"  # an emergency


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


# a red is never the first thing a unit hears ---------------------------------------------------------------------------


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


# messages that are lost ------------------------------------------------------------------------------------------------


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


# gentle units, emergencies ---------------------------------------------------------------------------------------------


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


# the pass --------------------------------------------------------------------------------------------------------------


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

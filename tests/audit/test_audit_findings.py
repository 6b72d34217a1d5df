"""What is not sound is found, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, text, update

from models import CalendarDay, Case, Clock, Extension, Journal, Message, RungFiring, SupervisionOrder, Unit, WorkOrder, table
from services import audit
from services.audit import audit_clocks
from services.calendars import OneDay, change_calendars, set_day
from tests.support.auditing import LAG, acknowledged, change, clock, codes, findings, journal_findings
from tests.support.databases import reference_data_changed
from tests.support.town import Town
from wording import LANGUAGES, sentences

_clock = table(Clock)
_firing = table(RungFiring)
_case = table(Case)
_journal = table(Journal)
_order = table(WorkOrder)
_supervision = table(SupervisionOrder)
_extension = table(Extension)


MINUTE = timedelta(minutes=1)


def lawless(town: Town, statement: Any) -> None:
    """Change what the database itself would refuse to have changed."""
    database = town.context.database
    if database.is_sqlite:
        with database.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            connection.rollback()
            driver.execute("PRAGMA foreign_keys=OFF")
            connection.execute(statement)
            connection.commit()
            driver.execute("PRAGMA foreign_keys=ON")
        return
    with database.unit_of_work() as session:
        for name in ("fk_clock_case_id", "fk_clock_unit_id"):
            session.execute(text(f"ALTER TABLE clock DROP CONSTRAINT {name}"))
        session.execute(statement)


def another(row: Any, **other: Any) -> Any:
    """A second clock like this one."""
    return insert(_clock).values({**row._mapping, "id": 90_000, **other})


def spoil(row: Any, **values: Any) -> Any:
    return update(_clock).where(_clock.c.id == row.id).values(**values)


@pytest.fixture
def sound(town: Town) -> Town:
    """A town with one case, handled by two units; its lead has asked for more time and is supervised."""
    case = acknowledged(town, "桥下路灯坏了一周没人修")
    town.order(case, "ask_extension", "municipal.clerk", amount="1wd", reason="等电缆")
    town.supervise(case, "centre.duty", "municipal")
    town.now += timedelta(minutes=10)
    assert findings(town) == []
    return town


def of_handle(**values: Any) -> Callable[[Town], None]:
    return lambda town: change(town, spoil(clock(town, "handle", order_no=1), **values))


def moved(name: str, by: timedelta) -> Callable[[Town], None]:
    def wrong(town: Town) -> None:
        row = clock(town, "handle", order_no=1)
        change(town, spoil(row, **{name: getattr(row, name) + by}))

    return wrong


def stopped(kind: str) -> Callable[[Town], None]:
    return lambda town: change(town, spoil(clock(town, kind), stopped_at=town.now, next_fire_at=None))


def second(kind: str, /, **other: Any) -> Callable[[Town], None]:
    return lambda town: change(town, another(clock(town, kind), **other))


def fired(**values: Any) -> Callable[[Town], None]:
    def wrong(town: Town) -> None:
        firing = {"clock_id": clock(town, "handle", order_no=1).id, "round": 1, "due_at": town.now, "fired_at": town.now}
        change(town, insert(_firing).values({**firing, **values}))

    return wrong


def no_such_calendar(town: Town) -> None:
    change(town, update(table(Unit)).where(table(Unit).c.code == "municipal").values(calendar="gone"))
    with town.context.database.unit_of_work() as session:
        reference_data_changed(session)


def bound_earlier(town: Town) -> None:
    change(town, spoil(clock(town, "handle", order_no=1), bound_at=town.now + timedelta(hours=1), bound_by="note"))


def used_up(town: Town) -> None:
    row = clock(town, "handle", order_no=1)
    change(town, spoil(row, consumed_s=60, budget_s=60, running_since=row.started_at + MINUTE))


def on_hold(town: Town) -> None:
    case = acknowledged(town, "桥东路灯坏了一周没人修")
    town.act(case, "hold", "centre.duty", reason="等电缆到货")


def runs_on_hold(town: Town) -> None:
    on_hold(town)
    row = town.rows(select(_clock).where(_clock.c.running_since.is_(None), _clock.c.stopped_at.is_(None)))[0]
    change(town, spoil(row, running_since=town.now))


def fires_on_hold(town: Town) -> None:
    on_hold(town)
    row = town.rows(select(_clock).where(_clock.c.running_since.is_(None), _clock.c.stopped_at.is_(None)))[0]
    change(town, spoil(row, next_fire_at=town.now + timedelta(days=1)))


def nobodys(town: Town) -> None:
    lawless(town, another(clock(town, "overall"), case_id=77_777))


def on_after_the_end(town: Town) -> None:
    case = town.reports("还有一件事", "说不清")
    town.turn()
    town.act(case, "divert", "centre.duty", reason="属于其他部门")
    accept = next(c for c in town.clocks(case) if c.kind == "accept")
    change(town, spoil(accept, stopped_at=None))


WRONG = {
    "no contact clock": (stopped("contact"), ["clock_missing"]),
    "no clock of an extension": (stopped("extend"), ["clock_missing"]),
    "no clock of a supervision order": (stopped("sign"), ["clock_missing"]),
    "a clock that nothing demands": (second("overall", kind="judge"), ["clock_extra"]),
    "a clock of a case at its end": (on_after_the_end, ["clock_extra"]),
    "two of one": (second("handle"), ["clock_double"]),
    "two of one supervision order": (second("sign"), ["clock_double"]),
    "of no work order": (second("handle", order_no=99), ["clock_orphan"]),
    "of no supervision order": (second("sign", supervision_seq=999), ["clock_orphan"]),
    "of no case": (nobodys, ["clock_orphan"]),
    "of another unit": (of_handle(unit_id=3), ["clock_of_another_unit"]),
    "paused without hold": (of_handle(running_since=None, next_fire_at=None), ["clock_paused"]),
    "running on hold": (runs_on_hold, ["clock_runs_on_hold"]),
    "firing on hold": (fires_on_hold, ["fire_moved"]),
    "never to fire again": (of_handle(next_fire_at=None), ["clock_silent"]),
    "firing a minute later": (moved("next_fire_at", MINUTE), ["fire_moved"]),
    "firing a minute earlier": (moved("next_fire_at", -MINUTE), ["fire_moved"]),
    "due a minute later": (moved("due_at", MINUTE), ["due_moved"]),
    "due a minute earlier": (moved("due_at", -MINUTE), ["due_moved"]),
    "due by another budget": (of_handle(budget_s=3600), ["due_moved"]),
    "due by another kind of time": (of_handle(limit="30m"), ["due_moved"]),
    "due after what binds it": (bound_earlier, ["due_moved"]),
    "due after it was used up": (used_up, ["due_moved"]),
    "a rung that is none": (fired(rung="nonsense"), ["rung_unknown"]),
    "a rung of a round to come": (fired(rung="red", round=2), ["rung_unknown"]),
    "a limit that is none": (of_handle(limit="3 days"), ["limit_unread"]),
    "a limit of half a day": (of_handle(limit="1.5wd"), ["limit_unread"]),
    "a calendar that is none": (no_such_calendar, ["calendar_unknown", "calendar_unknown"]),
    "a ladder that is none": (of_handle(ladder_version=99), ["ladder_unknown"]),
    "less than nothing used": (of_handle(consumed_s=-1), ["consumed_impossible"]),
    "more used than has gone by": (of_handle(consumed_s=1), ["consumed_impossible"]),
    "a request that was decided": (lambda t: change(t, update(_extension).values(state="refused")), ["extension_stray"]),
    "a request of no order": (lambda t: change(t, update(_extension).values(order_no=2)), ["extension_stray", "extension_stray"]),
    "a policy that is none": (lambda t: change(t, update(_case).values(policy_version=99)), ["audit_failed"]),
    "a state that is none": (lambda t: change(t, update(_supervision).values(state="nonsense")), ["audit_failed"]),
    "a level that is none": (lambda t: change(t, update(_case).values(level="nonsense")), ["audit_failed"]),
}


# what is not -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", WRONG)
def test_each_way_of_being_unsound_is_found_and_nothing_else(sound: Town, wrong: str) -> None:
    spoils, expected = WRONG[wrong]
    spoils(sound)
    assert codes(sound) == expected


def test_a_rung_is_late_when_the_engine_did_not_come(sound: Town) -> None:
    first = audit_first_rung(sound)
    sound.now = first + LAG
    assert findings(sound) == []
    sound.now += timedelta(seconds=1)
    assert set(codes(sound)) == {"clock_late"}
    assert findings(sound, timedelta(minutes=5)) == []
    sound.turn()
    assert findings(sound) == []


def audit_first_rung(town: Town) -> Any:
    with town.context.database.unit_of_work() as session:
        return audit.oldest_rung(session)


def test_every_kind_of_finding_is_worded_and_tried() -> None:
    tried = {code for _, expected in WRONG.values() for code in expected} | {"clock_late", "journal_broken"}
    for lang in LANGUAGES:
        assert {key for key in sentences(lang)["audit"] if not key.startswith("about_")} == tried


def test_a_row_that_cannot_be_read_is_a_finding_and_the_others_are_looked_at(sqlite_town: Town) -> None:
    """Only SQLite keeps what is no moment at all."""
    town = sqlite_town
    broken, fine = acknowledged(town, "桥下路灯坏了一周没人修"), acknowledged(town, "桥东路灯坏了一周没人修")
    with town.context.database.unit_of_work() as session:
        session.execute(text("UPDATE clock SET due_at = 'yesterday' WHERE case_id = :case AND kind = 'handle'").bindparams(case=broken))
        session.execute(update(_clock).where(_clock.c.case_id == fine, _clock.c.kind == "overall").values(budget_s=60))
    with town.context.database.unit_of_work() as session:
        found = audit_clocks(session, town.now, LAG)
    assert [(f.code, f.no) for f in found] == [("audit_failed", town.case(broken).no), ("due_moved", town.case(fine).no)]


def test_clocks_that_follow_a_changed_calendar_are_sound_and_those_that_do_not_are_found(town: Town) -> None:
    acknowledged(town, "桥下路灯坏了一周没人修")
    contact, handle = clock(town, "contact"), clock(town, "handle")
    town.now = contact.due_at + timedelta(hours=1)  # one is overdue, the other not
    town.turn()
    assert handle.due_at > town.now
    assert findings(town) == []
    day = OneDay("cn", contact.due_at.date(), working=False, layer="stoppage", reason="台风停工", source="通知")
    with town.context.database.unit_of_work() as session:
        change_calendars(session, set_day(day), "admin", town.now)
    assert clock(town, "contact").due_at == contact.due_at, "a breach is a fact"
    assert clock(town, "handle").due_at > handle.due_at
    assert findings(town) == []
    silent = {"calendar": "cn", "layer": "stoppage", "working": False, "reason": "停工", "source": "", "provisional": False}
    with town.context.database.unit_of_work() as session:
        reference_data_changed(session)
        session.execute(insert(table(CalendarDay)).values(day=handle.due_at.date(), **silent))
    assert ("due_moved", "handle") in findings(town), "nobody told the clocks"
    assert set(codes(town)) == {"due_moved"}


def test_a_case_that_moves_while_it_is_read_is_no_finding(town: Town) -> None:
    """PostgreSQL shows each statement the newest rows: the case before, its clocks after."""
    case = town.reports("桥下路灯坏了一周没人修")
    town.turn()
    units = [order.code for order in town.orders(case)]

    def meanwhile(*about: Any) -> None:
        if units and "FROM work_order" in about[2]:
            unit = units.pop()
            town.order(case, "acknowledge", f"{unit}.clerk", unit)

    engine = town.context.database.engine
    with town.context.database.unit_of_work() as session:
        event.listen(engine, "after_cursor_execute", meanwhile)
        try:
            found = audit_clocks(session, town.now, LAG)
        finally:
            event.remove(engine, "after_cursor_execute", meanwhile)
    assert not units
    assert found == []


# journals and the engine's work ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [{"actor": "somebody"}, {"data": {"reason": "别的"}}, {"hash": "0" * 64}, {"seq": 99}])
def test_an_altered_journal_is_found(town: Town, values: dict[str, Any]) -> None:
    _, second = town.reports("有个事", "想问问"), town.reports("还有一件事", "说不清")
    town.turn()
    assert journal_findings(town, batch=1) == []
    change(town, update(_journal).where(_journal.c.case_id == second, _journal.c.seq == 2).values(**values))
    assert journal_findings(town) == [(town.case(second).no, 2)]


def test_a_journal_that_was_cut_off_is_found(town: Town) -> None:
    case = town.reports("有个事", "想问问")
    town.turn()
    last = town.case(case)
    change(town, delete(_journal).where(_journal.c.case_id == case, _journal.c.seq == last.seq))
    assert journal_findings(town) == [(last.no, last.seq)]
    change(town, delete(_journal).where(_journal.c.case_id == case))
    assert journal_findings(town) == [(last.no, 1)]


def test_the_oldest_rung_and_dead_messages_are_told(sqlite_town: Town) -> None:
    town = sqlite_town
    assert audit_first_rung(town) is None
    acknowledged(town, "桥下路灯坏了一周没人修")
    change(town, update(table(Message)).values(state="dead", attend_at=None))
    assert audit_first_rung(town) > town.now
    with town.context.database.unit_of_work() as session:
        assert audit.dead_messages(session) > 0
        (engine,) = audit.engines_on_record(session)
        assert audit.is_first(session, engine.id)
        assert not audit.is_first(session, engine.id + 1)

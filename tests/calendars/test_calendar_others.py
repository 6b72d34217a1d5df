"""Calendars are changed while others work, and at random."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select

from models import CalendarDay, CalendarYear, Clock, Journal, table
from rules.facts import Refused, Thing
from services.calendars import CalendarUnconfirmed, OneDay, add_calendar, catch_up, change_calendars, set_day, set_hours, use
from services.calendars.layers import Edit
from services.catalogue import catalogue
from services.engine.clocks import fire_due
from services.moves import Intent, Setting, make_moves, one
from tests.support.changing_calendars import DRAIN, LAMP, PARKING, back, change, dispatched, due, entries, off, sound
from tests.support.sound import complaints
from tests.support.together import together
from tests.support.town import Town
from tests.worktime.calendars import window

_clock = table(Clock)
_year = table(CalendarYear)
_day = table(CalendarDay)
_journal = table(Journal)


# others at the same moment ---------------------------------------------------------------------------------------------


def test_a_refused_change_leaves_no_trace_in_this_process(town: Town) -> None:
    change(town, off("2026-11-30"))
    dispatched(town, PARKING)
    with pytest.raises(CalendarUnconfirmed):
        change(town, back("2026-11-30"))
    with town.context.database.unit_of_work() as session:
        assert catalogue(session).calendars["cn"].version == 2
        assert not catalogue(session).calendars["cn"].days[date(2026, 11, 30)]


def test_engines_and_people_at_the_same_moment_lose_nothing(town: Town) -> None:
    cases = [dispatched(town, text) for text in (LAMP, PARKING, LAMP, PARKING, DRAIN)]
    town.now = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # acknowledgements have become due
    database = town.context.database

    def fires() -> None:
        with database.unit_of_work() as session:
            rows = session.connection().execute(select(_clock.c.id, _clock.c.case_id).where(_clock.c.next_fire_at <= town.now))
            fire_due(session, {row.id: row.case_id for row in rows}, Setting(town.now))

    def moves() -> None:
        for case in cases:
            with database.unit_of_work() as session:
                actor = catalogue(session).actor("centre.duty")
                make_moves(session, [Intent(case, "bind", actor, args=BOUND)], Setting(town.now))

    def changes() -> None:
        with database.unit_of_work() as session:
            change_calendars(session, off("2026-11-24"), "admin", town.now)

    together([fires, moves, changes])
    town.turn()
    assert complaints(database, town.now) == []
    assert all(entries(town, case) for case in cases)
    for case in cases:
        rungs = [rung for _, rung, _ in town.fired(case, "acknowledge")]
        assert rungs.count("urge") == len([c for c in town.clocks(case) if c.ladder == "acknowledge" and c.due_at <= town.now])


BOUND = {"due_at": "2026-12-20T17:30+08:00", "by": "upstream", "reason": "12345"}


def test_a_clock_started_by_the_old_calendar_meanwhile_is_caught_up_with(town: Town) -> None:
    case = dispatched(town, PARKING)
    other = town.reports(LAMP)
    with town.context.database.unit_of_work() as session:
        done = change_calendars(session, off("2026-11-24"), "admin", town.now)
    town.turn()
    late = next(c for c in town.clocks(other) if c.kind == "overall")
    with town.context.database.unit_of_work() as session:  # as somebody leaves it who had read the calendar before the change
        old = {"calendar_version": 1, "due_at": late.due_at - timedelta(days=1)}
        session.connection().execute(_clock.update().where(_clock.c.id == late.id).values(old))
    with town.context.database.unit_of_work() as session:
        (move,) = catch_up(session, done, town.now)
    assert (move.clock, move.after) == ("overall", late.due_at)
    assert len(entries(town, case)) == len({e.data["clock_id"] for e in entries(town, case)})
    sound(town)
    with town.context.database.unit_of_work() as session:
        assert catch_up(session, done, town.now) == []


def test_a_limit_from_outside_binds_by_any_calendar(town: Town) -> None:
    case = dispatched(town, PARKING)
    outside = {"due_at": "2026-11-30T17:30+08:00", "by": "upstream", "reason": "12345"}
    town.act(case, "bind", "centre.duty", **outside)
    assert due(town, case, "handle", "hubin") == "11-30 17:30"
    done = change(town, off("2026-11-25"))
    assert due(town, case, "handle", "hubin") == "11-30 17:30"
    assert "handle" not in {m.clock for m in done.moves}
    sound(town)


def test_a_limit_from_outside_stays_at_its_own_moment_when_its_day_is_declared_off(town: Town) -> None:
    case = dispatched(town, PARKING)
    town.act(case, "bind", "centre.duty", due_at="2026-11-24T12:00+08:00", by="upstream", reason="12345")
    for day in ("2026-11-24", "2026-11-23"):
        done = change(town, off(day))
        assert due(town, case, "handle", "hubin") == "11-24 12:00"
        assert not [m for m in done.moves if m.by_s < 0]
        sound(town)
    change(town, back("2026-11-24"), confirm=True)
    assert due(town, case, "handle", "hubin") == "11-24 12:00"
    sound(town)


def test_an_extended_limit_is_moved_with_its_extension(town: Town) -> None:
    case = dispatched(town, PARKING)
    town.order(case, "acknowledge", "hubin.clerk", "hubin")
    town.order(case, "ask_extension", "hubin.clerk", "hubin", amount="3wd", reason="等材料")
    with town.context.database.unit_of_work() as session:
        actor = catalogue(session).actor("centre.duty")
        one(make_moves(session, [Intent(case, "grant", actor, Thing.EXTENSION, 1)], Setting(town.now)))
    assert due(town, case, "handle", "hubin") == "12-16 17:30"
    change(town, off("2026-12-15"))
    assert due(town, case, "handle", "hubin") == "12-17 17:30"
    assert due(town, case, "handle", "traffic") == "12-11 17:30"
    sound(town)


def _live(town: Town, dice: Random, case: int) -> None:
    """Somebody does something with a case, if it can be done."""
    ways = (
        lambda: town.act(case, "hold", "centre.duty", reason="等待"),
        lambda: town.act(case, "resume", "centre.duty"),
        lambda: town.order(case, "acknowledge", f"{town.orders(case)[0].code}.clerk"),
        lambda: town.act(case, "bind", "centre.duty", **BOUND),
        lambda: _extend(town, case),
    )
    with suppress(Refused):
        dice.choice(ways)()


def _extend(town: Town, case: int) -> None:
    town.order(case, "ask_extension", f"{town.orders(case)[0].code}.clerk", amount="2wd", reason="等材料")
    with town.context.database.unit_of_work() as session:
        actor = catalogue(session).actor("centre.duty")
        one(make_moves(session, [Intent(case, "grant", actor, Thing.EXTENSION, 1)], Setting(town.now)))


def _some_edit(dice: Random, day: date) -> Edit:
    code = dice.choice(["cn", "wharf"])
    hours = [window("08:00-12:00", first=day.isoformat()), window("15:00-18:30", first=day.isoformat())]
    rest = [window("09:00-11:00", "restday", first=day.isoformat())]
    said = OneDay(code, day, dice.random() < 0.4, "stoppage", "停工或加班", "")
    ways = (set_day(said), set_day(said), back(day.isoformat(), code), set_hours(code, hours[0], hours), set_hours(code, rest[0], rest))
    return dice.choice(ways)


# anything goes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [3, *(pytest.param(n, marks=pytest.mark.soak) for n in (0, 4, 57))])
def test_after_any_changes_every_clock_is_sound_and_explained(sqlite_town: Town, seed: int) -> None:
    """Stoppages, extra working days and other hours come and go while cases are held, extended, bound and become due."""
    town, dice = sqlite_town, Random(seed)
    change(town, add_calendar("wharf", "滨水片区", "Waterfront", "cn", "area"))
    change(town, use("hubin", "wharf", below=True))
    cases = [dispatched(town, text) for text in (PARKING, LAMP, PARKING)]
    for _ in range(10):
        case, day = dice.choice(cases), (town.now + timedelta(days=dice.randint(-4, 12))).date()
        _live(town, dice, case)
        before = {c.id: c for c in town.rows(select(_clock).where(_clock.c.stopped_at.is_(None)))}
        change(town, _some_edit(dice, day), confirm=True)
        after = {c.id: c for c in town.rows(select(_clock).where(_clock.c.id.in_(before)))}
        gone = [c.id for c in before.values() if c.running_since is not None and c.due_at <= town.now]
        assert {i: after[i].due_at for i in gone} == {i: before[i].due_at for i in gone}
        moved = [c for c in after.values() if c.due_at != before[c.id].due_at]
        assert all(c.due_at >= town.now.replace(microsecond=0) for c in moved)
        town.turn()
        sound(town)
        town.fast_forward(hours=dice.randint(1, 40))

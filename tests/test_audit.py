"""The audits of `doctor` and the engine: what is sound passes on both databases; each way of being unsound is found, and only it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, insert, select, text, update

from models import (
    CalendarDay,
    Case,
    Clock,
    Extension,
    Journal,
    Message,
    RungFiring,
    SupervisionOrder,
    Unit,
    WorkOrder,
    table,
)
from rules.clocks import ClockKind
from services import audit
from services.audit import Watch, audit_clocks, check_journal, keep_round, last_round, look_on, newest_cases, windows
from services.calendars import OneDay, change_calendars, set_day
from tests.support.databases import reference_data_changed
from tests.support.town import Town
from tests.test_rechecks import recheck_wanted
from wording import LANGUAGES, sentences

LAG = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
_case, _clock, _journal, _firing = table(Case), table(Clock), table(Journal), table(RungFiring)
_order, _extension, _supervision = table(WorkOrder), table(Extension), table(SupervisionOrder)


def findings(town: Town, lag: timedelta = LAG, batch: int = audit.BATCH) -> list[tuple[str, str]]:
    with town.context.database.unit_of_work() as session:
        return sorted((f.code, f.detail.get("clock", "")) for f in audit_clocks(session, town.now, lag, batch))


def codes(town: Town) -> list[str]:
    return [code for code, _ in findings(town)]


def journal_findings(town: Town, batch: int = audit.BATCH) -> list[tuple[str, int]]:
    with town.context.database.unit_of_work() as session:
        return [(f.no, f.detail["entry"]) for f in check_journal(session, newest_cases(session, 1000), batch)]


def change(town: Town, statement: Any) -> None:
    with town.context.database.unit_of_work() as session:
        session.execute(statement)


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


def clock(town: Town, kind: str, **where: Any) -> Any:
    """An open clock of this kind."""
    conditions = [_clock.c[name] == value for name, value in where.items()]
    return town.rows(select(_clock).where(_clock.c.kind == kind, _clock.c.stopped_at.is_(None), *conditions).order_by(_clock.c.id))[0]


def another(row: Any, **other: Any) -> Any:
    """A second clock like this one."""
    return insert(_clock).values({**row._mapping, "id": 90_000, **other})


def spoil(row: Any, **values: Any) -> Any:
    return update(_clock).where(_clock.c.id == row.id).values(**values)


# what is sound --------------------------------------------------------------------------------------------------------


def acknowledged(town: Town, subject: str, body: str = "") -> int:
    """A case that all its units have acknowledged."""
    case = town.reports(subject, body)
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    return case


def closed(town: Town) -> int:
    """A case that has gone once around the loop."""
    case = finished(town)
    town.act(case, "rate", "resident:10000000001", solved=True, score=5)
    town.turn()
    assert town.state(case) == "closed"
    return case


def finished(town: Town) -> int:
    """A case whose reporter has been told."""
    case = acknowledged(town, "5号楼前下水道堵了，污水外溢")
    for order in town.orders(case):
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    town.act(case, "pass_check", "hubin.clerk")
    town.turn()
    return case


def every_kind(town: Town) -> None:
    """Cases with every kind of clock that there is, in every way that a clock can have come about."""
    recheck_wanted(town)
    acknowledged(town, "邻居违章搭建", "楼顶违章建筑")  # milestones
    town.reports("燃气泄漏", "闻到很浓的煤气味，燃气泄漏")  # an emergency
    town.reports("有个事", "想问问", phone=None)  # triage
    climbing = town.reports("路灯坏了", "巷口路灯不亮", source="grid_worker")  # a level decides
    asking = acknowledged(town, "桥下路灯坏了一周没人修")
    town.order(asking, "ask_extension", "municipal.clerk", amount="1wd", reason="等电缆")
    granted = acknowledged(town, "桥东路灯坏了一周没人修")
    town.order(granted, "ask_extension", "municipal.clerk", amount="1wd", reason="等电缆")
    town.extension(granted, "grant", "centre.duty")
    held = acknowledged(town, "桥西路灯坏了一周没人修")
    town.act(held, "hold", "centre.duty", reason="等电缆到货")
    bound = acknowledged(town, "桥南路灯坏了一周没人修")
    town.act(bound, "bind", "centre.duty", due_at=(town.now + timedelta(hours=30)).isoformat(), by="upstream", reason="12345")
    again = finished(town)
    town.act(again, "rate", "resident:10000000001", solved=False, score=1)
    town.turn()
    town.act(again, "rework", "centre.duty", reason="现场仍有外溢")
    judged = finished(town)
    town.act(judged, "rate", "resident:10000000001", solved=False, score=1)
    finished(town)  # waits for its reporter
    over = closed(town)
    for made, unit in enumerate(("water", "municipal", "urban", "housing", "planning")):  # each on the closed case, a step further
        town.supervise(over, "centre.duty", unit, limit="5wd")
        moves: list[tuple[str, str, dict[str, Any]]] = [
            ("sign", "centre.head", {}),
            ("reply", f"{unit}.clerk", {"result": "已整改", "after": "整改后照片"}),
            ("pass_check", "centre.duty", {}),
            ("write_off", "centre.duty", {}),
        ]
        for action, who, args in moves[:made]:
            town.sign(over, action, who, **args)
    town.turn()
    handled = acknowledged(town, "5号楼前下水道堵了，污水外溢")
    for order in town.orders(handled):
        town.order(handled, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    recalled = acknowledged(town, "桥北路灯坏了一周没人修")
    town.act(recalled, "recall", "centre.duty", reason="派错了")
    _asked_and_closed_up(town)
    town.reports("楼道灯不亮")  # nobody has looked at it
    assert town.state(climbing) == "reporting"


def _asked_and_closed_up(town: Town) -> None:
    """What waits for somebody else's word, and what the law wants told."""
    returned = town.reports("巷东路灯坏了一周没人修")
    town.turn()
    town.order(returned, "ask_return", "municipal.clerk", "municipal", code="not_our_duty", reason="属街道")
    holding = acknowledged(town, "巷西路灯坏了一周没人修")
    town.act(holding, "ask_hold", "municipal.clerk", code="funding", reason="等经费")
    ending = acknowledged(town, "巷南路灯坏了一周没人修")
    town.act(ending, "ask_void", "centre.duty", reason="误报")
    appealed = finished(town)
    town.act(appealed, "rate", "resident:10000000001", solved=False, score=1)
    town.turn()
    town.act(appealed, "appeal", "water.clerk", reason="非本单位原因")
    town.reports("邻居家孩子被打", "楼上孩子被打，天天哭")


def test_a_town_with_every_kind_of_clock_has_no_findings(town: Town) -> None:
    every_kind(town)
    there = {row.kind for row in town.rows(select(_clock.c.kind).where(_clock.c.stopped_at.is_(None)))}
    assert set(ClockKind) - there <= {"feedback"}, "what is verified is fed back in the same turn"
    assert findings(town) == []
    assert findings(town, batch=2) == []
    for _ in range(6):
        town.fast_forward(days=1)
        assert findings(town) == []
    town.fast_forward(days=30)
    assert findings(town) == []
    assert journal_findings(town) == []


def test_a_hold_that_ends_is_sound_before_the_engine_has_looked(town: Town) -> None:
    case = acknowledged(town, "桥下路灯坏了一周没人修")
    town.fast_forward(days=4)
    assert town.fired(case, "handle")
    town.act(case, "hold", "centre.duty", reason="等电缆到货")
    town.fast_forward(days=3)
    town.act(case, "resume", "centre.duty")
    assert findings(town) == [], "rungs that it has passed are looked at again"
    town.turn()
    assert findings(town) == []


def test_a_clock_whose_last_rung_has_fired_may_be_silent(town: Town) -> None:
    town.reports("有个事", "想问问")
    town.turn()
    town.fast_forward(days=40)
    silent = town.rows(select(_clock.c.id).where(_clock.c.stopped_at.is_(None), _clock.c.next_fire_at.is_(None)))
    assert silent
    assert findings(town) == []
    change(town, delete(_firing))
    assert set(codes(town)) == {"clock_silent"}


def test_supervision_orders_older_than_their_clocks_need_none(town: Town) -> None:
    over = closed(town)
    seq = town.supervise(over, "centre.duty", "water")
    change(town, update(_clock).where(_clock.c.supervision_seq == seq).values(stopped_at=town.now, next_fire_at=None))
    assert findings(town) == [("clock_missing", "sign")]
    change(town, update(_supervision).where(_supervision.c.seq == seq).values(seq=-1))
    assert findings(town) == []


# what is not ----------------------------------------------------------------------------------------------------------


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
    "a request of no order": (
        lambda t: change(t, update(_extension).values(order_no=2)),
        ["extension_stray", "extension_stray"],
    ),
    "a policy that is none": (lambda t: change(t, update(_case).values(policy_version=99)), ["audit_failed"]),
    "a state that is none": (lambda t: change(t, update(_supervision).values(state="nonsense")), ["audit_failed"]),
    "a level that is none": (lambda t: change(t, update(_case).values(level="nonsense")), ["audit_failed"]),
}


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


# round after round ----------------------------------------------------------------------------------------------------


def steps(town: Town, watch: Watch, batch: int = 2) -> int:
    """Go once round; gives back in how many steps."""
    for step in range(1, 100):
        with town.context.database.unit_of_work() as session:
            done = look_on(session, watch, town.now, batch)
            if done is not None:
                keep_round(session, done)
                return step
    raise AssertionError("the round has no end")


def test_the_engine_goes_round_a_few_cases_at_a_time(town: Town) -> None:
    for n in range(5):
        town.reports(f"桥下路灯坏了{n}")
    town.turn()
    watch = Watch()
    with town.context.database.unit_of_work() as session:
        assert last_round(session) is None
    assert steps(town, watch) == 3
    assert watch.last is not None
    assert (watch.last.cases, watch.last.findings, watch.found) == (5, 0, {})
    change(town, update(_clock).where(_clock.c.kind == "handle", _clock.c.case_id == 1).values(due_at=town.now))
    with town.context.database.unit_of_work() as session:
        assert look_on(session, watch, town.now, 2) is None
    assert watch.found == {"due_moved": 2}, "what is found counts before the round is over"
    steps(town, watch)
    with town.context.database.unit_of_work() as session:
        row = last_round(session)
    no = town.case(1).no
    assert (row.cases, row.findings, row.counts) == (5, 2, {"due_moved": 2})
    assert row.first == [{"code": "due_moved", "no": no}, {"code": "due_moved", "no": no}]
    due = select(func.max(_clock.c.next_fire_at)).scalar_subquery()
    assert town.rows(select(due))[0][0] > town.now
    change(town, update(_clock).where(_clock.c.case_id == 1, _clock.c.kind == "handle").values(stopped_at=town.now, next_fire_at=None))
    steps(town, watch)
    assert watch.found == {"clock_missing": 2}, "what is mended is forgotten when the next round is over"


def test_a_window_passes_over_what_has_ended_at_a_bounded_cost(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "SPAN", 2)
    cases = [town.reports("还有一件事", f"说不清{n}") for n in range(9)]
    town.turn()
    for case in cases[:8]:
        town.act(case, "divert", "centre.duty", reason="属于其他部门")
    seq = town.supervise(cases[4], "centre.duty", "water")
    seen, after = [], 0
    with town.context.database.unit_of_work() as session:
        while after is not None:
            window = windows.next_window(session, after, 1)
            seen.append((list(window.ids), window.upto))
            after = window.upto
    assert seen == [([], 2), ([], 4), ([5], 6), ([], 8), ([9], 9), ([], None)]
    change(town, update(_clock).where(_clock.c.supervision_seq == seq).values(due_at=town.now))
    assert findings(town, batch=1) == [("due_moved", "sign")]


# journals and the engine's work ---------------------------------------------------------------------------------------


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

"""What is sound has no findings, round after round."""

import pytest
from sqlalchemy import delete, func, select, update

from models import Case, Clock, Extension, Journal, RungFiring, SupervisionOrder, WorkOrder, table
from rules.clocks import OF_AFFAIRS, ClockKind
from services.audit import Watch, keep_round, last_round, look_on, windows
from tests.support.auditing import acknowledged, change, closed, codes, every_kind, findings, journal_findings
from tests.support.town import Town

_firing = table(RungFiring)
_clock = table(Clock)
_case = table(Case)
_journal = table(Journal)
_order = table(WorkOrder)
_supervision = table(SupervisionOrder)
_extension = table(Extension)


# what is sound ---------------------------------------------------------------------------------------------------------


def test_a_town_with_every_kind_of_clock_has_no_findings(town: Town) -> None:
    every_kind(town)
    there = {row.kind for row in town.rows(select(_clock.c.kind).where(_clock.c.stopped_at.is_(None)))}
    assert set(ClockKind) - OF_AFFAIRS - there <= {"feedback"}, "what is verified is fed back in the same turn"
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


def steps(town: Town, watch: Watch, batch: int = 2) -> int:
    """Go once round; gives back in how many steps."""
    for step in range(1, 100):
        with town.context.database.unit_of_work() as session:
            done = look_on(session, watch, town.now, batch)
            if done is not None:
                keep_round(session, done)
                return step
    raise AssertionError("the round has no end")


# round after round -----------------------------------------------------------------------------------------------------


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

"""The audits that `doctor` makes: what is sound passes on both databases, and each way of being unsound is found."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update

from models import Case, Clock, Journal, Message, RungFiring, table
from services import audit
from services.audit import audit_clocks, check_journal, newest_cases
from tests.support.town import Town

LAG = timedelta(minutes=2)
_case, _clock, _journal = table(Case), table(Clock), table(Journal)


def findings(town: Town, lag: timedelta = LAG) -> list[tuple[str, str]]:
    with town.context.database.unit_of_work() as session:
        return sorted((f.code, f.detail.get("clock", "")) for f in audit_clocks(session, town.now, lag))


def journal_findings(town: Town) -> list[tuple[str, int]]:
    with town.context.database.unit_of_work() as session:
        return [(f.no, f.detail["entry"]) for f in check_journal(session, newest_cases(session, 1000))]


def change(town: Town, statement) -> None:
    with town.context.database.unit_of_work() as session:
        session.execute(statement)


def on_every_step(town: Town) -> list[int]:
    """Cases in several states: dispatched, reporting, waiting for the centre, on hold, closed."""
    blocked = town.reports("晨光小区5号楼下水道堵了", "污水外溢")
    climbing = town.reports("路灯坏了", "巷口路灯不亮", source="grid_worker")
    unclear = town.reports("有个事", "想问问", phone=None)
    held = town.reports("小区停车位太少", "想增加停车位")
    diverted = town.reports("还有一件事", "说不清")
    town.turn()
    town.act(diverted, "divert", "centre.duty", reason="属于其他部门")
    return [blocked, climbing, unclear, held, diverted]


def test_a_sound_town_has_no_findings(town):
    on_every_step(town)
    assert findings(town) == []
    assert journal_findings(town) == []
    town.fast_forward(days=20)
    assert findings(town) == []
    assert journal_findings(town) == []


def test_a_case_on_hold_is_sound_with_its_clocks_paused(town):
    case = town.reports("小区停车位太少，能不能增加车位", "车位不够停")
    town.turn()
    state = town.rows(select(_case.c.state).where(_case.c.id == case))[0].state
    if state == "accepted":
        town.act(case, "file", "centre.duty", category="A01", urgency="P2")
        town.turn()
    for order in town.rows(
        text("select no, unit.code from work_order join unit on unit.id = unit_id where case_id = :c").bindparams(c=case)
    ):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    town.act(case, "hold", "centre.duty", reason="等候立项")
    assert findings(town) == []
    change(town, update(_clock).where(_clock.c.running_since.is_(None), _clock.c.stopped_at.is_(None)).values(running_since=town.now))
    assert {code for code, _ in findings(town)} == {"clock_runs_on_hold"}


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"stopped_at": "now", "next_fire_at": None}, "clock_missing"),
        ({"running_since": None, "next_fire_at": None}, "clock_paused"),
        ({"next_fire_at": "past"}, "clock_late"),
        ({"next_fire_at": None}, "clock_silent"),
        ({"kind": "judge"}, "clock_extra"),
    ],
)
def test_each_way_of_being_unsound_is_found(town, wrong, expected):
    town.reports("晨光小区5号楼下水道堵了", "污水外溢")
    town.turn()
    moments = {"now": town.now, "past": town.now - timedelta(minutes=3)}
    values = {name: moments.get(value, value) for name, value in wrong.items()}
    change(town, update(_clock).where(_clock.c.kind == "acknowledge", _clock.c.stopped_at.is_(None)).values(**values))
    assert expected in {code for code, _ in findings(town)}
    if expected == "clock_late":
        assert findings(town, timedelta(minutes=5)) == []


def test_a_clock_whose_last_rung_has_fired_may_be_silent(town):
    town.reports("有个事", "想问问")
    town.turn()
    town.fast_forward(days=40)
    silent = town.rows(select(_clock.c.id).where(_clock.c.stopped_at.is_(None), _clock.c.next_fire_at.is_(None)))
    assert silent
    assert findings(town) == []
    change(town, delete(table(RungFiring)))
    assert {code for code, _ in findings(town)} == {"clock_silent"}


def test_a_clock_left_running_after_the_end_and_a_second_one_are_found(town):
    *_, diverted = on_every_step(town)
    change(town, update(_clock).where(_clock.c.case_id == diverted, _clock.c.kind == "accept").values(stopped_at=None))
    assert findings(town) == [("clock_extra", "accept")]
    with town.context.database.unit_of_work() as session:
        row = dict(
            session.execute(select(_clock).where(_clock.c.stopped_at.is_(None), _clock.c.kind == "handle").limit(1)).mappings().one()
        )
        del row["id"]
        session.execute(insert(_clock).values(row))
    assert findings(town) == [("clock_extra", "accept"), ("clock_extra", "handle"), ("clock_extra", "handle")]


def test_the_audit_streams_in_batches(town, monkeypatch):
    monkeypatch.setattr(audit, "BATCH", 2)
    on_every_step(town)
    assert findings(town) == []
    assert journal_findings(town) == []
    change(town, update(_clock).where(_clock.c.stopped_at.is_(None)).values(stopped_at=town.now))
    missing = {code for code, _ in findings(town)}
    assert missing == {"clock_missing"}


@pytest.mark.parametrize("values", [{"actor": "somebody"}, {"data": {"reason": "别的"}}, {"hash": "0" * 64}, {"seq": 99}])
def test_an_altered_journal_is_found(town, values):
    first, second, *_ = on_every_step(town)
    change(town, update(_journal).where(_journal.c.case_id == second, _journal.c.seq == 2).values(**values))
    no = town.rows(select(_case.c.no).where(_case.c.id == second))[0].no
    assert journal_findings(town) == [(no, 2)]
    assert first != second


def test_a_journal_that_was_cut_off_is_found(town):
    case = on_every_step(town)[0]
    last = town.rows(select(_case.c.seq, _case.c.no).where(_case.c.id == case))[0]
    change(town, delete(_journal).where(_journal.c.case_id == case, _journal.c.seq == last.seq))
    assert journal_findings(town) == [(last.no, last.seq)]
    change(town, delete(_journal).where(_journal.c.case_id == case))
    assert journal_findings(town) == [(last.no, 1)]


def test_the_oldest_rung_and_dead_messages_are_told(sqlite_town):
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        assert audit.oldest_rung(session) is None
    on_every_step(town)
    change(town, update(table(Message)).values(state="dead", attend_at=None))
    with town.context.database.unit_of_work() as session:
        assert audit.oldest_rung(session) > town.now
        assert audit.dead_messages(session) > 0
        assert len(audit.engines_on_record(session)) == 1

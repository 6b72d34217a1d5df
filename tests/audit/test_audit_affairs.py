"""Clocks of affairs: a missing, an extra, an orphaned and a doubled one are found, and only they; one that is poisoned stops nobody."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import delete, func, insert, select, update

from models import Affair, AffairPart, Case, Clock, Journal, table
from services.audit import audit_clocks
from services.engine import set_aside
from services.privacy.showing import shown
from tests.support.auditing import LAG, change, codes, findings, journal_findings
from tests.support.beside import does, opens, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town

_affair, _part, _clock, _journal = table(Affair), table(AffairPart), table(Clock), table(Journal)
Spoils = Callable[[Any], Any]


def _like(row: Any, **other: Any) -> Any:
    return insert(_clock).values({**row._mapping, "id": 90_000, **other})


def _spoil(row: Any, **values: Any) -> Any:
    return update(_clock).where(_clock.c.id == row.id).values(**values)


FAULTS: Final[tuple[tuple[str, Spoils], ...]] = (
    ("clock_missing", lambda row: delete(_clock).where(_clock.c.id == row.id)),
    ("clock_extra", lambda row: _like(row, kind="solve", part_no=None)),
    ("clock_orphan", lambda row: _like(row, part_no=77)),
    ("clock_orphan", lambda row: _like(row, affair_seq=77, part_no=None)),
    ("clock_double", _like),
    ("clock_of_another_unit", lambda row: _spoil(row, unit_id=1)),
    ("clock_extra", lambda row: update(_affair).where(_affair.c.case_id == row.case_id).values(state="cancelled", ended_at=row.started_at)),
)


@pytest.mark.parametrize("apart", [True, False], ids=["alone", "on a case"])
def test_what_is_not_right_with_clocks_of_affairs_is_found(town: Town, apart: bool) -> None:
    cases = [] if apart else [town.case(town.reports("夜市油烟扰民")).no]
    town.turn()
    began = opens(town, "hubin.clerk", "whistle", *cases, called=(town.unit_id("urban"),), title="联合处置")
    row = town.rows(select(_clock).where(_clock.c.case_id == began.case_id, _clock.c.affair_seq == began.seq))[0]
    affair = town.rows(select(_affair).where(_affair.c.no == began.no))[0]
    assert codes(town) == []
    for code, spoil in FAULTS:
        change(town, spoil(row))
        assert codes(town) == [code], code
        with town.context.database.unit_of_work() as session:
            (found,) = audit_clocks(session, town.now, LAG)
        assert found.detail["affair"] == (77 if spoil is FAULTS[3][1] else began.no)
        change(town, delete(_clock).where(_clock.c.id.in_((90_000, row.id))))
        change(town, insert(_clock).values(dict(row._mapping)))
        change(town, update(_affair).where(_affair.c.no == began.no).values(state=affair.state, ended_at=affair.ended_at))
    assert codes(town) == []


def test_journals_of_files_beside_the_loop_are_checked_too(town: Town) -> None:
    began = opens(town, "hubin.clerk", "whistle", called=(town.unit_id("urban"),), title="联合处置")
    assert journal_findings(town) == []
    change(town, update(_journal).where(_journal.c.case_id == began.case_id, _journal.c.seq == began.seq).values(actor="somebody"))
    assert journal_findings(town) == [(town.case(began.case_id).no, began.seq)]


def test_a_poisoned_affair_is_set_aside_and_the_others_go_on(town: Town) -> None:
    bad, good = (opens(town, "hubin.clerk", "whistle", called=(town.unit_id("urban"),), title=f"联合处置{n}") for n in range(2))
    sound = seen(town, bad.no).parts[0]["limits"]
    change(town, update(_part).where(_part.c.case_id == bad.case_id).values(limits=5))
    town.fast_forward(hours=1)
    assert [seen(town, no).parts[0]["state"] for no in (bad.no, good.no)] == ["called", "absent"]
    (aside,) = town.set_aside(bad.case_id)
    assert (aside.step, aside.resolved_at) == ("clock", None)
    assert town.set_aside(good.case_id) == []
    with town.context.database.unit_of_work() as session:
        assert [row.no for row in set_aside.listed(session)] == [town.case(bad.case_id).no]
        (told,) = shown(session, town.case(bad.case_id).no, None, town.now).story.aside
    assert "TypeError" in told["error"]
    assert {code for code, _ in findings(town)} == {"audit_failed"}, "it cannot be looked at either, and is named for that"
    change(town, update(_part).where(_part.c.case_id == bad.case_id).values(limits=sound))
    with town.context.database.unit_of_work() as session:
        assert set_aside.retry_now(session, bad.case_id, town.now)
    town.fast_forward(hours=1)
    assert seen(town, bad.no).parts[0]["state"] == "absent"
    with town.context.database.unit_of_work() as session:
        assert set_aside.listed(session) == []
    does(town, bad.no, "report_in", "urban.clerk", part_of(town, bad.no, "urban"), way="on_site")
    assert town.rows(select(func.count()).select_from(table(Case)))[0][0] == 2
    assert complaints(town.context.database, town.now) == []

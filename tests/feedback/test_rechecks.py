"""Looks at the place after a case was closed (复查): due twice, never by who handled it, begun anew by a reopened case."""

import pytest
from sqlalchemy import select, update

from models import SlaRow, table
from rules.facts import Refused
from tests.support.databases import reference_data_changed
from tests.support.rated import code, done, fed_back, rates
from tests.support.town import Town


def recheck_wanted(town: Town) -> None:
    """The policy asks for looks 7 and 30 days after the end."""
    row = table(SlaRow)
    with town.context.database.unit_of_work() as session:
        reference_data_changed(session)
        for each in session.connection().execute(select(row.c.id, row.c.limits).where(row.c.urgency.is_not(None))).all():
            limits = {**each.limits, "recheck": "168h", "recheck_late": "720h"}
            session.connection().execute(update(row).where(row.c.id == each.id).values(limits=limits))


def closed(town: Town) -> int:
    recheck_wanted(town)
    case = fed_back(town)
    rates(town, case, code(town, case), True, score=5)
    town.turn()
    assert town.state(case) == "closed"
    return case


def waiting(town: Town, case: int) -> list[str]:
    return [c.kind for c in town.clocks(case) if c.stopped_at is None]


def test_the_grid_is_asked_to_look_and_each_look_stops_one_clock(town: Town) -> None:
    case = closed(town)
    assert waiting(town, case) == ["recheck", "recheck_late"]
    assert {town.unit_code(c.unit_id) for c in town.clocks(case) if c.stopped_at is None} == {"chenguang-1"}
    town.fast_forward(days=7, hours=1)
    assert "复查" in "".join(town.heard("chenguang-1.worker", case))
    with pytest.raises(Refused, match=r"not_yours|checks_own_work"):
        town.act(case, "recheck", "water.clerk", result="没有反弹")
    with pytest.raises(Refused, match="result_missing"):
        town.act(case, "recheck", "chenguang-1.worker", result=" ")
    town.act(case, "recheck", "chenguang-1.worker", result="没有反弹")
    assert (town.case(case).rechecks, waiting(town, case)) == (1, ["recheck_late"])
    town.act(case, "recheck", "chenguang-1.worker", result="仍没有反弹")
    assert (town.case(case).rechecks, waiting(town, case), town.state(case)) == (2, [], "closed")
    with pytest.raises(Refused, match="rechecked_enough"):
        town.act(case, "recheck", "centre.duty", result="再看一次")
    assert [e.data["result"] for e in town.journal(case) if e.action == "recheck"] == ["没有反弹", "仍没有反弹"]


def test_a_unit_over_the_place_that_handled_it_itself_is_not_the_one_asked_to_look(town: Town) -> None:
    recheck_wanted(town)
    case = town.reports("有件事想问问")
    town.turn()
    town.act(case, "self_handle", "chenguang-1.worker", category="A01", urgency="P2", result="当场疏通")
    town.turn()
    rates(town, case, code(town, case), True, score=5)
    town.turn()
    assert {town.unit_code(c.unit_id) for c in town.clocks(case) if c.stopped_at is None} == {"chenguang"}
    town.act(case, "recheck", "chenguang.clerk", result="没有反弹")


def test_what_came_back_is_opened_again_and_looked_at_anew(town: Town) -> None:
    case = closed(town)
    town.act(case, "recheck", "chenguang-1.worker", result="又堵了")
    town.act(case, "reopen", "centre.duty", reason="复查发现反弹")
    assert (town.case(case).rechecks, town.case(case).judged_by, town.case(case).round) == (0, None, 2)
    assert not {"recheck", "recheck_late"} & set(waiting(town, case))
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("water"))
    done(town, case)
    rates(town, case, code(town, case), True, score=5)
    town.turn()
    assert (town.state(case), waiting(town, case)) == ("closed", ["recheck", "recheck_late"])

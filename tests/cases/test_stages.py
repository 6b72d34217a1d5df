"""Milestones (阶段) of illegal building: work stopped, penalty decided, demolished; each under a clock of its own, reached in order."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.facts import Refused
from services.catalogue import catalogue
from tests.support.town import Town


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Local time of Chenghu in 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def illegal_building(town: Town) -> int:
    """A case of D01, acknowledged by its lead at dispatch: Friday 20 November 10:42."""
    case = town.reports("孩子上学的学区怎么划分的")
    town.turn()
    town.act(case, "file", "centre.duty", category="D01", urgency=_own_urgency(town))
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    return case


def _own_urgency(town: Town) -> str:
    with town.context.database.unit_of_work() as session:
        return catalogue(session).categories["D01"].urgency


def stages(town: Town, case: int, *, running: bool = True) -> dict[str, datetime]:
    """The milestones whose clocks are open, with their due moments."""
    found = [c for c in town.clocks(case) if c.kind == "stage" and (c.stopped_at is None) == running]
    return {c.stage: c.due_at for c in found}


def test_each_milestone_has_its_own_clock_from_dispatch(town: Town) -> None:
    case = illegal_building(town)
    assert stages(town, case) == {"stop_work": at(11, 20, 17, 12), "penalty": at(12, 1, 17, 30), "demolish": at(12, 18, 17, 30)}
    assert {c.limit for c in town.clocks(case) if c.kind == "stage"} == {"4wh", "7wd", "20wd"}
    lead = next(o for o in town.orders(case) if o.lead)
    assert {(c.order_no, c.unit_id) for c in town.clocks(case) if c.kind == "stage"} == {(lead.no, lead.unit_id)}


def test_they_are_reached_one_after_the_other_and_only_once(town: Town) -> None:
    case = illegal_building(town)
    lead = next(o for o in town.orders(case) if o.lead)
    user = f"{lead.code}.clerk"
    for wrong in ("penalty", "demolish", "party", None):
        with pytest.raises(Refused, match="not_the_next_stage"):
            town.order(case, "reach", user, stage=wrong)
    town.order(case, "reach", user, stage="stop_work")
    assert set(stages(town, case)) == {"penalty", "demolish"}
    with pytest.raises(Refused, match="not_the_next_stage"):
        town.order(case, "reach", user, stage="stop_work")
    town.order(case, "reach", user, stage="penalty")
    town.order(case, "reach", user, stage="demolish")
    assert stages(town, case) == {}
    assert [e.data["stage"] for e in town.journal(case) if e.action == "reach"] == ["stop_work", "penalty", "demolish"]
    assert next(o for o in town.orders(case) if o.lead).stages == ["stop_work", "penalty", "demolish"]
    with pytest.raises(Refused, match="not_the_next_stage"):
        town.order(case, "reach", user, stage="demolish")


def test_a_milestone_that_is_late_is_urged_by_name_and_stays_late(town: Town) -> None:
    case = illegal_building(town)
    town.fast_forward(until=at(11, 20, 17, 12))
    fired = [(e.data["stage"], e.action) for e in town.journal(case) if e.thing == "clock" and e.data["clock"] == "stage"]
    assert fired == [("stop_work", "remind"), ("stop_work", "urge")]
    town.now = at(11, 23, 9)
    lead = next(o for o in town.orders(case) if o.lead)
    town.order(case, "reach", f"{lead.code}.clerk", stage="stop_work")
    (late,) = [c for c in town.clocks(case) if c.stage == "stop_work"]
    assert late.stopped_at > late.due_at


def test_milestones_pause_on_hold_and_end_with_the_order(town: Town) -> None:
    town.without_photos()
    case = illegal_building(town)
    town.act(case, "hold", "centre.duty", reason="行政复议")
    assert {c.running_since for c in town.clocks(case) if c.kind == "stage"} == {None}
    town.now = at(11, 24, 10, 42)
    town.act(case, "resume", "centre.duty")
    assert stages(town, case)["penalty"] == at(12, 3, 17, 30), "two working days later"
    for order in town.orders(case):
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已自行拆除")
    assert stages(town, case) == {}
    assert set(stages(town, case, running=False)) == {"stop_work", "penalty", "demolish"}


def test_a_co_handler_has_no_milestones(town: Town) -> None:
    case = illegal_building(town)
    helpers = [o for o in town.orders(case) if not o.lead]
    assert helpers
    with pytest.raises(Refused, match="not_the_next_stage"):
        town.order(case, "reach", f"{helpers[0].code}.clerk", helpers[0].code, stage="stop_work")

"""四不两直 (清单式监督): an inspection that is not announced; what it finds is handed out on the spot, and somebody else looks again.

Source: domain of the seeds, row 16. Its plan is hidden from the units that it looks at until it is released.
"""

from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import Actor, Args, Facts, State, Step, Thing, Who
from rules.handling.kinds import AffairKind, PartKind, Timed
from rules.needs import HAS_RESULT, REASON, Need, given
from rules.table import by, moves


class InspectionState(StrEnum):
    """What is true of an inspection."""

    PLANNED = "planned"  #: nobody outside knows of it
    UNDER_WAY = "under_way"  #: inspectors are on the spot; the plan is still hidden
    RELEASED = "released"  #: everybody may read it; what was found is being put right
    SETTLED = "settled"  #: everything that was found is written off: its owner has to close it
    CLOSED = "closed"  #: its owner has said what came of it
    CANCELLED = "cancelled"  #: did not take place; stays hidden


class FindingState(StrEnum):
    """What is true of one problem that was found."""

    FOUND = "found"  #: written down on the spot
    HANDED_OUT = "handed_out"  #: 现场交办: a unit has to put it right by a day
    CORRECTED = "corrected"  #: the unit says that it is put right; somebody else has to look
    WRITTEN_OFF = "written_off"  #: 销号


def _inspects(facts: Facts, actor: Actor, _: Args) -> bool:
    """One of the inspectors, or somebody of the unit whose inspection it is."""
    affair = facts.affair
    if affair is None:
        return False
    named = affair.data.get("inspectors")
    return (isinstance(named, list) and actor.user_id in named) or affair.unit_id in actor.body


def _another(facts: Facts, actor: Actor, _: Args) -> bool:
    """Whoever looks again has neither found it nor put it right, and does not work in the unit that was inspected."""
    part = facts.part
    if part is None or part.unit_id in actor.body:
        return False
    return actor.name not in (part.data.get("found_by"), part.data.get("corrected_by"))


_I, _F = InspectionState, FindingState
_STAFF, _OWNER = by(Who.STAFF), by(Who.OWNER)
_INSPECTS: Final = Need("not_an_inspector", _inspects)
_ANOTHER: Final = Need("rechecks_own_finding", _another)
_PLAN: Final = Need("inspection_plan_missing", given("inspectors", "sites"))
_PROBLEM: Final = Need("finding_missing", given("problem", "place", "unit"))
_DUE: Final = Need("due_missing_here", given("due"))
_AFTER: Final = Need("after_missing", given("after"))
_ALL_OFF: Final = Need(
    "findings_open", lambda f, _a, _x: f.affair is not None and all(p.state == _F.WRITTEN_OFF.value for p in f.affair.parts)
)

KIND: Final = AffairKind(
    Thing.INSPECTION,
    "XJ",
    frozenset({_I.CLOSED, _I.CANCELLED}),
    (
        *moves(Thing.CASE, Step.COLLECT, [
            ("plan_inspection", State.BESIDE, State.BESIDE, by(Who.CENTRE, Who.SIGNER), _PLAN),
        ]),
        *moves(Thing.INSPECTION, Step.COLLECT, [
            ("begin_inspection", _I.PLANNED,   _I.UNDER_WAY, _STAFF, _INSPECTS),
            ("find_problem",     _I.UNDER_WAY, _I.UNDER_WAY, _STAFF, _INSPECTS, _PROBLEM),
            ("release_inspection", _I.UNDER_WAY, _I.RELEASED, by(Who.OWNER, Who.SIGNER)),
            ("cancel_inspection", _I.PLANNED,  _I.CANCELLED, by(Who.OWNER, Who.SIGNER), REASON),
            ("settle_inspection", _I.RELEASED, _I.SETTLED,   by(Who.SYSTEM), "follows"),
            *[("close_inspection", s,          _I.CLOSED,    _OWNER, HAS_RESULT, _ALL_OFF) for s in (_I.RELEASED, _I.SETTLED)],
        ]),
        *moves(Thing.FINDING, Step.HANDLE, [
            ("hand_out",         _F.FOUND,     _F.HANDED_OUT, _STAFF, _INSPECTS, _DUE),
            ("correct_on_spot",  _F.FOUND,     _F.CORRECTED, _STAFF, _INSPECTS, HAS_RESULT, _AFTER),
            ("report_corrected", _F.HANDED_OUT, _F.CORRECTED, by(Who.PARTY, Who.OWNER, Who.SYSTEM), HAS_RESULT),
            ("pass_recheck",     _F.CORRECTED, _F.WRITTEN_OFF, _STAFF, _INSPECTS, _ANOTHER, HAS_RESULT),
            ("fail_recheck",     _F.CORRECTED, _F.HANDED_OUT, _STAFF, _INSPECTS, _ANOTHER, REASON),
        ]),
    ),
    opened_by=frozenset({"plan_inspection"}),
    clocks={_I.PLANNED: Timed(ClockKind.TARGET), _I.UNDER_WAY: Timed(ClockKind.SOLVE), _I.SETTLED: Timed(ClockKind.ASSENT)},
    parts=(
        PartKind(
            Thing.FINDING,
            {_F.FOUND: Timed(ClockKind.ASSENT), _F.HANDED_OUT: Timed(ClockKind.CORRECT), _F.CORRECTED: Timed(ClockKind.FOLLOW_UP)},
        ),
    ),
)  # fmt: skip

"""What waits at a desk: for a dispatcher, for a level of ③, for somebody who rules; the soonest due first. Changes nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import Case, Clock, WorkOrder, connection_of, table
from rules.clocks import BY_REQUEST, ClockKind
from rules.facts import RELATIONS, Actor, Facts, RequestKind, State, Thing
from rules.lifecycle import MOVES
from services.catalogue import Catalogue, catalogue
from services.privacy.masking import masked
from services.visibility import places_of, visible_cases

MOST: Final = 200  #: clocks looked at, the soonest due first
_case, _clock, _order = table(Case), table(Clock), table(WorkOrder)
_OF_CASE: Final = ("no", "version", "state", "subject", "place", "category", "urgency", "area_unit_id", "sensitive", "asks", "submitted_at")
Row = Mapping[str, Any]
#: How a wait for a decision is ended, by the clock under which it waits.
DECISIONS: Final[Mapping[str, tuple[str, ...]]] = {
    ClockKind.RULE: ("uphold_return", "reject_return"),
    ClockKind.EXTEND: ("grant", "refuse"),
    ClockKind.APPROVE: ("approve_hold", "refuse_hold"),
    ClockKind.HOLD_REVIEW: ("review_hold", "resume", "prolong_hold"),
    ClockKind.CONFIRM: ("confirm_end", "refuse_end"),
    ClockKind.APPEAL: ("uphold_appeal", "reject_appeal"),
}
#: Who decides, as the table of moves has it.
_RULERS: Final = {kind: frozenset(w for m in MOVES if m.action in actions for w in m.who) for kind, actions in DECISIONS.items()}


@dataclass(frozen=True, slots=True)
class Waits:
    """One thing that waits at a desk.

    Attributes:
        case: Columns of its case; phone and identity numbers in what people wrote are blotted out.
        thing, no: What is decided about, and its number within the case.
        clock: The clock under which it waits.
    """

    case: Row
    thing: Thing
    no: int | None
    clock: Row

    @property
    def key(self) -> str:
        """Names it in an address and in a form."""
        return f"{self.case['no']}.{self.thing.value}.{self.no or 0}"


def to_dispatch(session: Session, viewer: Actor) -> list[Waits]:
    """Filed cases of a dispatcher's area that nobody has sent to a unit yet; for others nothing waits."""
    known = catalogue(session)
    if "dispatcher" not in viewer.roles:
        return []
    places = sorted(places_of(viewer, known))
    rows = _open(session, viewer, (ClockKind.DISPATCH,), _case.c.state == State.FILED.value, _case.c.area_unit_id.in_(places))
    return [Waits(_case_of(row), Thing.CASE, None, row) for row in rows]


def to_decide(session: Session, viewer: Actor) -> list[Waits]:
    """Cases that the viewer's unit holds in ③: it handles them, reports them up or sends them down."""
    held = (_case.c.state == State.REPORTING.value, _case.c.holder_unit_id == viewer.unit_id)
    return [Waits(_case_of(row), Thing.CASE, None, row) for row in _open(session, viewer, (ClockKind.DECIDE,), *held)]


def to_rule(session: Session, viewer: Actor) -> list[Waits]:
    """Requests (退单, 延期, 挂账, 作废, 终止, 申诉) and holds under review about which the viewer's post decides."""
    known = catalogue(session)
    rows = _open(session, viewer, tuple(DECISIONS))
    mine = (row for row in rows if _may_rule(row, viewer, known))
    return [Waits(_case_of(row), thing, no, row) for row in mine for thing, no in _asked(row)]


def _may_rule(row: Row, viewer: Actor, known: Catalogue) -> bool:
    """Whether the table lets this post decide; whether this person may in this case (nobody in his own), the door says."""
    facts = Facts(State.NOTED, row["case_urgency"], area_line=known.line(row["case_area_unit_id"]))
    return any(RELATIONS[who](viewer, facts) for who in _RULERS[row["kind"]])


def _asked(row: Row) -> Iterator[tuple[Thing, int | None]]:
    if row["kind"] == ClockKind.HOLD_REVIEW:
        yield Thing.CASE, None
    elif row["kind"] == ClockKind.EXTEND:
        yield Thing.EXTENSION, row["extension_no"]
    else:
        for no, kind, order, *_ in row["case_asks"]:
            if BY_REQUEST[RequestKind(kind)] == row["kind"] and order == row["order_no"]:
                yield Thing.REQUEST, no


def _open(session: Session, viewer: Actor, kinds: tuple[str, ...], *conditions: ColumnElement[bool]) -> list[Row]:
    """Open clocks of these kinds in cases that the viewer sees."""
    joined = _clock.join(_case, _case.c.id == _clock.c.case_id)
    joined = joined.outerjoin(_order, (_order.c.case_id == _clock.c.case_id) & (_order.c.no == _clock.c.order_no))
    columns = (*_clock.c, _order.c.extension_no, *(_case.c[name].label(f"case_{name}") for name in _OF_CASE))
    wanted = select(*columns).select_from(joined).where(_clock.c.stopped_at.is_(None), _clock.c.kind.in_([str(k) for k in kinds]))
    wanted = wanted.where(visible_cases(session, viewer), *conditions).order_by(_clock.c.due_at, _clock.c.id).limit(MOST)
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]


def _case_of(row: Row) -> Row:
    case = {name: row[f"case_{name}"] for name in _OF_CASE} | {"id": row["case_id"]}
    return case | {"subject": masked(case["subject"]), "place": masked(case["place"])}


#: Desk → what waits there.
QUEUES: Final[Mapping[str, Callable[[Session, Actor], list[Waits]]]] = {"dispatch": to_dispatch, "level": to_decide, "rulings": to_rule}

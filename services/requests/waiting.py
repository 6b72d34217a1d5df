"""What waits for whose decision: returns, holds, ends, appeals and requests for more time, the soonest due first."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, case, literal, null, select
from sqlalchemy.orm import Session

from models import Case, Clock, Extension, Request, WorkOrder, connection_of, table
from rules.clocks import BY_REQUEST, ClockKind
from rules.facts import ExtensionState, Refused, RequestKind, RequestState
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.reading import is_overdue, plain, unit_id_of

_case, _request, _clock = table(Case), table(Request), table(Clock)
_extension, _order = table(Extension), table(WorkOrder)
EXTENSION: Final = "extension"
#: What a list may be narrowed to.
KINDS: Final = (*(kind.value for kind in RequestKind), EXTENSION)
_SHOWN: Final = ("kind", "unit_id", "due_at", "provisional", "running_since", "stopped_at")
_CLOCK_OF: Final = case({kind.value: clock.value for kind, clock in BY_REQUEST.items()}, value=_request.c.kind)
_RUNNING: Final = and_(
    _clock.c.case_id == _request.c.case_id,
    _clock.c.kind == _CLOCK_OF,
    _clock.c.order_no.is_not_distinct_from(_request.c.order_no),
    _clock.c.stopped_at.is_(None),
)
_OF_CLOCK: Final = [_clock.c[name].label(f"clock_{name}") for name in _SHOWN]
_OF_CASE: Final = [_case.c.no.label("case"), _case.c.urgency, _case.c.category, _case.c.sensitive]
_REQUESTS: Final = (
    select(
        *_OF_CASE,
        *(_request.c[n] for n in ("no", "kind", "order_no", "unit_id", "to_unit_id", "code", "reason", "until", "asked_at", "asked_by")),
        *_OF_CLOCK,
    )
    .select_from(_request.join(_case, _case.c.id == _request.c.case_id).outerjoin(_clock, _RUNNING))
    .where(_request.c.state == RequestState.ASKED.value)
)
_UNDER_EXTEND: Final = and_(
    _clock.c.case_id == _extension.c.case_id,
    _clock.c.kind == ClockKind.EXTEND.value,
    _clock.c.order_no == _extension.c.order_no,
    _clock.c.stopped_at.is_(None),
)
_OWN_ORDER: Final = and_(_order.c.case_id == _extension.c.case_id, _order.c.no == _extension.c.order_no)
_EXTENSIONS: Final = (
    select(
        *_OF_CASE,
        _extension.c.no,
        literal(EXTENSION).label("kind"),
        _extension.c.order_no,
        _order.c.unit_id,
        null().label("to_unit_id"),
        _extension.c.amount.label("code"),
        _extension.c.reason,
        null().label("until"),
        _extension.c.asked_at,
        _extension.c.asked_by,
        *_OF_CLOCK,
    )
    .select_from(_extension.join(_case, _case.c.id == _extension.c.case_id).join(_order, _OWN_ORDER).outerjoin(_clock, _UNDER_EXTEND))
    .where(_extension.c.state == ExtensionState.ASKED.value)
)


def waiting(session: Session, kinds: Collection[str] = (), unit: str | None = None) -> list[Row]:
    """Everything that waits for a decision, the soonest due first; what has no clock comes last.

    Args:
        session: The unit of work.
        kinds: Only these (`KINDS`); none: all.
        unit: Code of the unit that asks; None: any, and what somebody asks for himself.

    Raises:
        Refused: `unknown_request_kind`, `unknown_unit`.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise Refused("unknown_request_kind", given=kind, known=", ".join(KINDS))
    found = _asked(session, _REQUESTS, _request.c.unit_id, unit) + _asked(session, _EXTENSIONS, _order.c.unit_id, unit)
    return sorted((row for row in found if not kinds or row["kind"] in kinds), key=_urgency)


def _asked(session: Session, query: Select[Any], column: Any, unit: str | None) -> list[Row]:  # noqa: ANN401 - a column
    if unit is not None:
        query = query.where(column == unit_id_of(catalogue(session), unit))
    return [dict(row) for row in connection_of(session).execute(query).mappings()]


def _urgency(row: Row) -> tuple[bool, datetime, str, int, str]:
    return (row["clock_due_at"] is None, row["clock_due_at"] or row["asked_at"], row["case"], row["no"], row["kind"])


def waiting_json(row: Row, known: Catalogue, now: datetime) -> dict[str, Any]:
    """One request as plain data; the keys are stable. Of a sensitive case nobody's words are told."""
    clock = {name: row[f"clock_{name}"] for name in _SHOWN}
    told = {name: value for name, value in row.items() if not name.startswith("clock_") and name != "sensitive"}
    told["reason"] = None if row["sensitive"] else row["reason"]
    decision = {"decides_unit_id": clock["unit_id"], "clock": clock["kind"], "due_at": clock["due_at"]}
    overdue = clock["kind"] is not None and is_overdue(clock, now)
    return {**plain(told | decision, known), "provisional": bool(clock["provisional"]), "overdue": overdue}

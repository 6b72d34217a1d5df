"""Returns (退单) and what became of them; only those that were rejected count against a unit (退单未采纳率)."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from models import Case, Request, WorkOrder, connection_of, table
from rules.facts import FINAL, RequestKind, RequestState
from rules.reasons import HOPS
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.reading import plain, unit_id_of

_case, _request, _order = table(Case), table(Request), table(WorkOrder)
_RETURNS: Final = _request.c.kind == RequestKind.RETURN.value
_COLUMNS: Final = ("no", "order_no", "unit_id", "to_unit_id", "code", "reason", "state", "asked_at", "decided_at", "decided_by", "answer")
_LAST_LEAD: Final = select(_order.c.case_id, func.max(_order.c.no).label("no")).where(_order.c.lead).group_by(_order.c.case_id).subquery()
_ENDED: Final = sorted(state.value for state in FINAL)


@dataclass(frozen=True, slots=True)
class Returns:
    """What a unit's returns came to: how many are in which state."""

    unit_id: int
    states: dict[str, int] = field(default_factory=dict)

    @property
    def ruled(self) -> int:
        """Those on which the centre has ruled."""
        return self.states.get(RequestState.GRANTED, 0) + self.states.get(RequestState.REFUSED, 0)

    @property
    def rejected_rate(self) -> float | None:
        """退单未采纳率: rejected of those ruled on; None where none was."""
        return round(self.states.get(RequestState.REFUSED, 0) / self.ruled, 4) if self.ruled else None


def returned(session: Session, unit: str | None = None, limit: int = 50) -> tuple[list[Row], list[Returns]]:
    """Returns, the newest first, and for each unit that asked for any what they came to.

    Args:
        session: The unit of work.
        unit: Code of the unit that asked; None: all.
        limit: The most returns that are listed; the counts know all of them.

    Raises:
        Refused: `unknown_unit`.
    """
    own = [_request.c.unit_id == unit_id_of(catalogue(session), unit)] if unit is not None else []
    rows = (
        select(_case.c.no.label("case"), _case.c.category, _case.c.sensitive, _case.c.hops, *(_request.c[name] for name in _COLUMNS))
        .select_from(_request.join(_case, _case.c.id == _request.c.case_id))
        .where(_RETURNS, *own)
        .order_by(_request.c.asked_at.desc(), _case.c.no.desc(), _request.c.no.desc())
        .limit(limit)
    )
    counts = select(_request.c.unit_id, _request.c.state, func.count().label("n")).where(_RETURNS, *own)
    run, units = connection_of(session).execute, defaultdict[int, dict[str, int]](dict)
    for row in run(counts.group_by(_request.c.unit_id, _request.c.state)):
        units[row.unit_id][row.state] = row.n
    return [dict(row) for row in run(rows).mappings()], [Returns(unit_id, states) for unit_id, states in sorted(units.items())]


def passed_around(session: Session) -> list[Row]:
    """Open cases that went to so many lead units, one after the other, that somebody has to settle whose they are; the most first."""
    own = and_(_order.c.case_id == _case.c.id, _order.c.no == _LAST_LEAD.c.no)
    source = _case.outerjoin(_LAST_LEAD, _LAST_LEAD.c.case_id == _case.c.id).outerjoin(_order, own)
    query = select(_case.c.no.label("case"), _case.c.state, _case.c.category, _case.c.hops, _order.c.unit_id).select_from(source)
    query = query.where(_case.c.hops >= HOPS, _case.c.state.not_in(_ENDED)).order_by(_case.c.hops.desc(), _case.c.no)
    return [dict(row) for row in connection_of(session).execute(query).mappings()]


def returns_json(rows: list[Row], units: list[Returns], around: list[Row], known: Catalogue) -> dict[str, Any]:
    """Returns, what they came to, and cases passed around, as plain data; the keys are stable."""
    whole = Returns(0, {state.value: sum(u.states.get(state, 0) for u in units) for state in RequestState})
    return {
        "returns": [return_json(row, known) for row in rows],
        "units": [{"unit": known.units[u.unit_id].code, **_counts(u)} for u in units],
        "all": _counts(whole),
        "passed_around": [plain(row, known) for row in around],
    }


def return_json(row: Row, known: Catalogue) -> dict[str, Any]:
    """One return as plain data; of a sensitive case nobody's words are told."""
    told = {name: value for name, value in row.items() if name != "sensitive"}
    hidden = dict.fromkeys(("reason", "answer")) if row["sensitive"] else {}
    return plain(told | hidden, known)


def _counts(of: Returns) -> dict[str, Any]:
    return {**{state.value: of.states.get(state, 0) for state in RequestState}, "rejected_rate": of.rejected_rate}

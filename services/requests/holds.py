"""The ledger of holds (挂账): kept and published apart from everything that is on time, so that nothing hides in it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from models import Case, Clock, Request, WorkOrder, connection_of, table
from rules.clocks import ClockKind
from rules.facts import RequestKind, RequestState, State
from services.catalogue import Catalogue
from services.reading import plain

_case, _order = table(Case), table(WorkOrder)
_request = table(Request)
_review, _cap = aliased(Clock), aliased(Clock)
#: Whole days on hold up to which a case counts under a name of the published ledger; what is older is `more`.
AGES: Final[Mapping[str, int]] = {"up_to_30": 30, "up_to_90": 90}
_OLDER: Final = "more"
_NEWEST: Final = (
    select(_request.c.case_id, func.max(_request.c.no).label("no"))
    .where(_request.c.kind == RequestKind.HOLD.value, _request.c.state == RequestState.GRANTED.value)
    .group_by(_request.c.case_id)
    .subquery()
)
_LAST_LEAD: Final = select(_order.c.case_id, func.max(_order.c.no).label("no")).where(_order.c.lead).group_by(_order.c.case_id).subquery()


@dataclass(frozen=True, slots=True)
class Held:
    """One hold of one case.

    Attributes:
        unit_id: Unit that asked for it, else the one that leads.
        since: When it was granted.
        until: Until when it was asked for; of one that was lifted, when that really was.
        open: The case is still on hold.
        review_due: When it is to be reviewed next; None: it was lifted.
        cap_due: Beyond which the district has to say yes; None: lifted, or the policy knows none.
    """

    case: str
    unit_id: int | None
    category: str | None
    code: str | None
    reason: str | None
    since: datetime
    until: datetime | None
    open: bool
    review_due: datetime | None
    cap_due: datetime | None
    sensitive: bool

    def days(self, now: datetime) -> int:
        """Whole days that it has lasted so far, or did."""
        end = now if self.open else self.until or now
        return (end - self.since) // timedelta(days=1)

    def beyond_cap(self, now: datetime) -> bool:
        """Whether it lasts longer than it may without the district's saying so again."""
        return self.cap_due is not None and self.cap_due < now


def held(session: Session, *, lifted: bool = False) -> list[Held]:
    """The holds in force, the longest first; with `lifted` those that have ended as well."""
    clocks = ((_review, ClockKind.HOLD_REVIEW), (_cap, ClockKind.HOLD_CAP))
    source = _request.join(_case, _case.c.id == _request.c.case_id)
    source = source.join(_NEWEST, _NEWEST.c.case_id == _request.c.case_id).outerjoin(_LAST_LEAD, _LAST_LEAD.c.case_id == _case.c.id)
    source = source.outerjoin(_order, and_(_order.c.case_id == _case.c.id, _order.c.no == _LAST_LEAD.c.no))
    for clock, kind in clocks:
        source = source.outerjoin(clock, and_(clock.case_id == _case.c.id, clock.kind == kind.value, clock.stopped_at.is_(None)))
    still = and_(_case.c.state == State.ON_HOLD.value, _request.c.no == _NEWEST.c.no)
    query = select(
        _case.c.no.label("case"),
        func.coalesce(_request.c.unit_id, _order.c.unit_id).label("unit_id"),
        *(_case.c[n] for n in ("category", "sensitive")),
        *(_request.c[n] for n in ("code", "reason", "until")),
        _request.c.decided_at.label("since"),
        still.label("open"),
        _review.due_at.label("review_due"),
        _cap.due_at.label("cap_due"),
    ).select_from(source)
    granted = (_request.c.kind == RequestKind.HOLD.value, _request.c.state == RequestState.GRANTED.value)
    query = query.where(*granted, *([] if lifted else [still])).order_by(_request.c.decided_at, _case.c.no)
    return [_held(dict(row)) for row in connection_of(session).execute(query).mappings()]


def _held(row: dict[str, Any]) -> Held:
    """Of a sensitive case nobody's words are told; the clocks are those of the hold that is in force."""
    secret = row.pop("sensitive") is not None
    there = bool(row["open"])
    own = {name: row[name] if there else None for name in ("review_due", "cap_due")}
    return Held(**{**row, **own, "open": there, "reason": None if secret else row["reason"]}, sensitive=secret)


def ledger_json(hold: Held, known: Catalogue, now: datetime) -> dict[str, Any]:
    """One hold as plain data for staff; the keys are stable."""
    names = ("case", "unit_id", "category", "code", "reason", "since", "until", "open", "review_due", "cap_due")
    told = plain({name: getattr(hold, name) for name in names}, known)
    return {**told, "days": hold.days(now), "beyond_cap": hold.beyond_cap(now)}


def public_ledger(holds: Collection[Held], known: Catalogue, now: datetime) -> dict[str, Any]:
    """The ledger as it is published: counts only, of the holds in force; nothing of a case, a person, or a sensitive case.

    Returns:
        `as_of`, how many there are and how many last beyond the cap, and counts by unit (code), category, reason and age in days;
        the keys are stable.
    """
    shown = [hold for hold in holds if hold.open and not hold.sensitive]

    def counted(by: Callable[[Held], str], of: Iterable[Held] = shown) -> dict[str, int]:
        return dict(sorted(Counter(map(by, of)).items()))

    def unit(hold: Held) -> str:
        return known.units[hold.unit_id].code if hold.unit_id is not None else ""

    beyond = [hold for hold in shown if hold.beyond_cap(now)]
    return {
        "as_of": now.isoformat(),
        "open": len(shown),
        "beyond_cap": len(beyond),
        "by_unit": counted(unit),
        "beyond_cap_by_unit": counted(unit, beyond),
        "by_category": counted(lambda hold: hold.category or ""),
        "by_reason": counted(lambda hold: hold.code or ""),
        "by_age": {name: count for name in (*AGES, _OLDER) if (count := sum(_age(hold.days(now)) == name for hold in shown))},
    }


def _age(days: int) -> str:
    return next((name for name, most in AGES.items() if days <= most), _OLDER)

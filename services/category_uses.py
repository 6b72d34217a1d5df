"""What applies to a category now: its limits, where it goes, which words speak for it, how many cases have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AdminEntry, Case, connection_of, table
from rules.facts import FINAL, Refused
from rules.remits import RouteRow
from rules.routing import breach
from rules.sla import Matter
from services.catalogue import Catalogue, CategoryFacts, catalogue
from services.triage.rules_editing import RuleRow, listed

CLOCKS: Final = ("acknowledge", "contact", "control", "handle")  #: limits that are told
_case, _entry = table(Case), table(AdminEntry)


@dataclass(frozen=True, slots=True)
class Retired:
    """Since when a category is offered no more, by whom and why."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Uses:
    """What applies to a category.

    Attributes:
        cases: How many cases that are not ended have it.
        rules: Words of triage that name it.
        limits: Kind of limit → limit for a matter of no special place, source or person, e.g. `3wd`; None: none.
        own: Kinds of limit that a row of its own gives; the others are those of everything.
        routes: Rows of the routing catalogue in force that name it.
        leads: Units at work of its leading kind, by id; empty: where no row names a unit the centre's desk decides.
        off: Those of `leads` off whose duty list it is: such a case is put before the centre's desk first.
        retired: None as long as it is offered.
    """

    cases: int
    rules: tuple[RuleRow, ...]
    limits: Mapping[str, str | None]
    own: frozenset[str]
    routes: tuple[RouteRow, ...]
    leads: tuple[int, ...]
    off: tuple[int, ...]
    retired: Retired | None


def uses(session: Session, code: str, now: datetime) -> Uses:
    """What applies to a category at this moment. Only looks.

    Args:
        session: The unit of work.
        code: The category.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_category`.
    """
    known = catalogue(session)
    if code not in known.categories:
        raise Refused("unknown_category", category=code)
    facts = known.categories[code]
    ended = [state.value for state in FINAL]
    count = select(func.count()).select_from(_case).where(_case.c.category == code, _case.c.state.not_in(ended))
    limits, own = _limits(known, facts, now)
    leads = tuple(unit.id for unit in known.units.values() if unit.kind == facts.lead and not unit.retired)
    return Uses(
        cases=connection_of(session).execute(count).scalar_one(),
        rules=tuple(rule for rule in listed(session) if rule.target == code),
        limits=limits,
        own=own,
        routes=tuple(row for row in known.routing.routes if row.category == code),
        leads=leads,
        off=tuple(unit for unit in leads if breach(unit, code, known.routing, known.units)),
        retired=_retired(session, code) if facts.retired else None,
    )


def _limits(known: Catalogue, facts: CategoryFacts, now: datetime) -> tuple[Mapping[str, str | None], frozenset[str]]:
    policy, matter = known.policies[known.policy_at(now)], Matter(facts.code, facts.urgency)
    given = {kind: policy.limit(kind, matter) for kind in CLOCKS}
    own = frozenset(kind for kind, each in given.items() if each is not None and each.row.category == facts.code)
    return {kind: None if each is None else str(each.limit) for kind, each in given.items()}, own


def _retired(session: Session, code: str) -> Retired | None:
    """What the last act that retired it says; the act is written in the commit that retires."""
    told = select(_entry).where(_entry.c.action == "category_retired", _entry.c.subject == code).order_by(_entry.c.id.desc()).limit(1)
    row = connection_of(session).execute(told).one_or_none()
    return None if row is None else Retired(row.at, row.actor, str(row.data.get("reason", "")))

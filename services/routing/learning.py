"""A ruling becomes a rule: what the centre decided where the catalogue did not know, as a row of a draft."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, Journal, begin_write, connection_of, table
from rules.facts import SYSTEM, Refused
from rules.remits import COMPONENT, By, RouteRow
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.routing.drafting import add_row, check_person, draft
from services.routing.stored import versions
from services.versions import DRAFT

_case, _journal = table(Case), table(Journal)
#: Journal entries by which the engine left a case to the centre.
LEFT: Final = frozenset({"unclaimed", "no_unit", "outside_duty_list"})
_WANTED: Final = (*sorted(LEFT), "dispatch", "uphold_return", "reassign")
_ENTRIES: Final = select(_journal.c.seq, _journal.c.action, _journal.c.actor, _journal.c.actor_unit_id, _journal.c.data)


@dataclass(frozen=True, slots=True)
class Ruling:
    """Who is to handle a case, as the centre decided.

    Attributes:
        lead: Unit that was ruled to lead.
        co: Co-handlers that were named with it.
    """

    lead: int
    co: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Learnt:
    """The row that a ruling became."""

    version: int
    row: RouteRow


@dataclass(frozen=True, slots=True)
class As:
    """How wide a ruling holds; what is left out follows from the case.

    Attributes:
        into: Draft to add it to; None: the same person's newest one made from what is in force, else a new one.
        area: Code of the unit in whose area it holds; None: that of the case.
        owner: As in `rules.remits.By`; None: by owner for a component, by area for everything else.
    """

    into: int | None = None
    area: str | None = None
    owner: str | None = None


def learn(session: Session, no: str, by: str, now: datetime, wanted: As = As()) -> Learnt:
    """Put the centre's ruling on a case into a draft of the catalogue, with the case as its basis.

    Done twice for the same case it leaves one row.

    Args:
        session: The unit of work.
        no: Number of the case.
        by: User name of whoever drafts.
        now: The instant.
        wanted: How wide it holds.

    Raises:
        RoutingRefused: the row would break a duty list of the draft, or names what is not there.
        Refused: `mechanism_off`; `unknown_case`, `nothing_to_learn`, `unknown_user`, `not_your_routing`, `unknown_routing`,
            `routing_not_a_draft`.
    """
    require(session, "smart_dispatch")
    begin_write(session)
    check_person(session, by)
    case = connection_of(session).execute(select(_case).where(_case.c.no == no.strip().upper())).mappings().one_or_none()
    if case is None:
        raise Refused("unknown_case", case=no)
    ruling = ruling_of(session, case)
    if ruling is None or case["category"] is None:
        raise Refused("nothing_to_learn", no=case["no"])
    version = wanted.into or _own_draft(session, by) or draft(session, None, "", by, now)
    row = _row(catalogue(session), case, ruling, wanted)
    return Learnt(version, replace(row, line=add_row(session, version, row, by, now)))


def ruling_of(session: Session, case: Mapping[Any, Any]) -> Ruling | None:
    """The newest ruling: a return that was upheld, or a person's dispatch after the engine had left the case to the centre."""
    wanted = _ENTRIES.where(_journal.c.case_id == case["id"], _journal.c.action.in_(_WANTED)).order_by(_journal.c.seq)
    entries = connection_of(session).execute(wanted).all()
    return next((found for i in reversed(range(len(entries))) if (found := _ruled(entries, i)) is not None), None)


def _ruled(entries: Sequence[Any], i: int) -> Ruling | None:
    entry = entries[i]
    if entry.action == "uphold_return":
        return Ruling(entry.data["unit"], ())
    asked = any(e.action in LEFT for e in entries[:i])
    if entry.action not in ("dispatch", "reassign") or entry.actor == SYSTEM.name or not asked:
        return None
    return Ruling(entry.data["lead"], tuple(entry.data.get("co") or ()))


def _own_draft(session: Session, by: str) -> int | None:
    """The person's newest draft that was made from what is in force."""
    base = catalogue(session).routing.version
    own = (v.version for v in reversed(versions(session)) if v.state == DRAFT and v.drafted_by == by and (v.base_version or 0) == base)
    return next(own, None)


def _row(known: Catalogue, case: Mapping[Any, Any], ruling: Ruling, wanted: As) -> RouteRow:
    kind = known.categories[case["category"]].kind
    owner = wanted.owner or (By.OWNER if kind == COMPONENT else By.AREA).value
    area = wanted.area or known.units[case["area_unit_id"]].code
    co = tuple(known.units[unit].code for unit in ruling.co if unit != ruling.lead)
    return RouteRow(0, case["category"], area, owner, known.units[ruling.lead].code, co, case["no"])

"""Bursts: many ratings from one device are marked for a person to look at, never dropped."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import Session

from models import Evaluation, WorkOrder, begin_write, connection_of, table
from rules.facts import STEP_OF, SYSTEM
from services.moves import read_drafts, write_drafts
from services.moves.messages import tell

BURST: Final = "burst"
MOST: Final = 3  #: so many from one device are a burst …
SHORT: Final = timedelta(hours=24)  #: … within this time, whatever they are about
LONG: Final = timedelta(days=30)  #: … within this time, about one unit
_evaluation, _order = table(Evaluation), table(WorkOrder)
_RECENT: Final = _evaluation.c.device.is_not(None)


@dataclass(frozen=True, slots=True)
class Said:
    """One rating, as far as a burst is concerned.

    Attributes:
        units: Units that led the case.
    """

    case_id: int
    no: int
    device: str
    at: datetime
    flagged: bool
    units: frozenset[int] = frozenset()


def bursts(said: Iterable[Said]) -> Iterator[list[Said]]:
    """The ratings of each device that are part of a burst, oldest first; devices without one are left out."""
    by_device: dict[str, list[Said]] = defaultdict(list)
    for each in sorted(said, key=lambda s: (s.at, s.case_id, s.no)):
        by_device[each.device].append(each)
    for ratings in by_device.values():
        units = {unit for each in ratings for unit in each.units}
        groups = [_within(ratings, SHORT), *(_within([r for r in ratings if unit in r.units], LONG) for unit in sorted(units))]
        found = {(r.case_id, r.no) for group in groups for r in group}
        if found:
            yield [r for r in ratings if (r.case_id, r.no) in found]


def _within(ratings: Sequence[Said], time: timedelta) -> list[Said]:
    """Those that lie with enough others within a time."""
    taken: dict[tuple[int, int], Said] = {}
    for i, first in enumerate(ratings):
        together = [r for r in ratings[i:] if r.at - first.at <= time]
        if len(together) >= MOST:
            taken.update({(r.case_id, r.no): r for r in together})
    return list(taken.values())


def flag(session: Session, now: datetime) -> int:
    """Mark the ratings of bursts and say so in the journals of their cases; the centre is told once of each device.

    Safe to run again: what is marked is not marked twice, and a burst that grows is not told twice.

    Returns:
        How many were marked.
    """
    if not any(not r.flagged for group in bursts(_recent(session, now)) for r in group):
        return 0
    begin_write(session)
    marked = 0
    for group in bursts(_recent(session, now)):
        new = [r for r in group if not r.flagged]
        if new:
            _mark(session, new, now, count=len(group), known=len(new) < len(group))
        marked += len(new)
    return marked


def _recent(session: Session, now: datetime) -> list[Said]:
    """Ratings of devices that have rated often enough lately; most installations have none."""
    lately = (_RECENT, _evaluation.c.at > now - LONG)
    often = select(_evaluation.c.device).where(*lately).group_by(_evaluation.c.device).having(func.count() >= MOST)
    wanted = select(*(_evaluation.c[n] for n in ("case_id", "no", "device", "at", "flagged"))).where(
        *lately, _evaluation.c.device.in_(often)
    )
    run = connection_of(session).execute
    rows = run(wanted).all()
    units: dict[int, set[int]] = defaultdict(set)
    if rows:
        leads = select(_order.c.case_id, _order.c.unit_id).where(_order.c.lead, _order.c.case_id.in_({r.case_id for r in rows}))
        for order in run(leads):
            units[order.case_id].add(order.unit_id)
    return [Said(r.case_id, r.no, r.device, r.at, r.flagged is not None, frozenset(units[r.case_id])) for r in rows]


def _mark(session: Session, new: Sequence[Said], now: datetime, *, count: int, known: bool) -> None:
    keys = [(r.case_id, r.no) for r in new]
    connection_of(session).execute(
        update(_evaluation).where(tuple_(_evaluation.c.case_id, _evaluation.c.no).in_(keys)).values(flagged=BURST)
    )
    drafts: Mapping[int, Any] = read_drafts(session, {r.case_id for r in new})
    for draft in drafts.values():
        draft.enter(now, SYSTEM, step=STEP_OF[draft.state].value, thing="case", action="rating_burst", data={"count": count})
    if not known:
        newest = drafts[new[-1].case_id]
        lead = newest.lead()
        tell(newest, "rating_burst", now, unit_id=newest.catalogue.desk_id, shown_unit_id=lead["unit_id"] if lead else None, count=count)
    write_drafts(session, drafts.values())

"""The one path of every change of the working calendars: what moves is found out first, and all of it is written together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import CalendarInfo, System, begin_write, connection_of, table, wake
from rules.facts import SYSTEM, Actor, Refused
from services.calendars.checks import Season, check_hours, check_may_change
from services.calendars.layers import Edit
from services.calendars.reproject import Move, reproject
from services.catalogue import Catalogue, catalogue
from services.catalogue.reading import read_catalogue

_info, _system = table(CalendarInfo), table(System)
_REVISION: Final = select(_system.c.revision).with_for_update()


FAR: Final = 60 * 86_400  #: seconds; a clock that ends later by more than this is a slip of the pen, or wants a yes


class CalendarUnconfirmed(Refused):
    """A change that would let open clocks end earlier, or very much later, and nobody has confirmed that.

    Attributes:
        moves: Every clock that it would move.
    """

    def __init__(self, moves: Sequence[Move]) -> None:
        """Take what would move."""
        shorter = sum(move.by_s < 0 for move in moves)
        far = sum(move.by_s > FAR for move in moves)
        super().__init__("calendar_shortens" if shorter else "calendar_delays", count=shorter or far)
        self.moves = moves


@dataclass(frozen=True)
class Done:
    """What a change did.

    Attributes:
        changed: Whether anything is other than before.
        moves: The clocks that moved, by case.
        versions: Version of each calendar that changed, that lies below one, that was added, or that units now work by.
        by: Who made it.
        lost: Public holidays that a notice leaves out of the year that it publishes.
        seasons: Dates for which the hours that were set meet others with dates.
        before: The reference data before it.
    """

    changed: bool
    moves: list[Move] = field(default_factory=list)
    versions: Mapping[str, int] = field(default_factory=dict)
    by: Actor = SYSTEM
    lost: Sequence[str] = ()
    seasons: Sequence[Season] = ()
    before: Catalogue | None = field(default=None, repr=False)


def change_calendars(session: Session, edit: Edit, by: str, now: datetime, *, confirm: bool = False) -> Done:
    """Change the working calendars: days, versions, re-projection of open clocks, journal and messages in one unit of work.

    Whoever asks for a dry run rolls the unit of work back. Done again with the same edit, nothing changes.

    Args:
        session: The unit of work; committed by the caller, who then calls `catch_up` in another.
        edit: What is to be changed (`services.calendars.layers`).
        by: User name of whoever changes it: an administrator, or the head of the district's centre.
        now: The instant: time before it was consumed under the old calendar.
        confirm: Clocks may end earlier, of which the units are told, or later by more than `FAR`; a notice may leave holidays out.

    Raises:
        CalendarUnconfirmed: clocks would end earlier or far later and `confirm` is not given; the unit of work must be rolled back.
        Refused: what the edit refuses, `unknown_user`, `not_your_calendar`, `notice_incomplete` (without `confirm`), `hours_gap`,
            `calendar_without_hours`; the unit of work must be rolled back.
    """
    begin_write(session)
    run = connection_of(session).execute
    before = catalogue(session, run(_REVISION).scalar_one())
    actor, touched = check_may_change(session, by), edit(session, before)
    if not touched:
        return Done(changed=False)
    if touched.lost and not confirm:
        raise Refused("notice_incomplete", holidays="、".join(touched.lost))
    grown = _with_those_below(touched.calendars, before.calendar_above)
    run(update(_info).where(_info.c.code.in_(grown)).values(version=_info.c.version + 1))
    after = read_catalogue(session, before)  # not kept: nobody else may see it before the commit
    check_hours(before, after, grown, now)
    moves = reproject(session, before, after, actor, now)
    if not confirm and any(move.by_s < 0 or move.by_s > FAR for move in moves):
        raise CalendarUnconfirmed(moves)
    run(update(_system).values(revision=_system.c.revision + 1))
    wake(session)
    versions = {code: after.calendars[code].version for code in (touched.about, *grown) if code}
    return Done(True, moves, versions, actor, touched.lost, touched.seasons, before)


def catch_up(session: Session, done: Done, now: datetime) -> list[Move]:
    """Re-project the clocks that others started by the old calendar while the change was being made; safe to run twice.

    Nobody had been promised their old due moment for longer than an instant, so nobody has to confirm it.

    Args:
        session: A unit of work after that of the change; committed by the caller.
        done: What the change did.
        now: The instant.
    """
    if done.before is None:
        return []
    begin_write(session)
    return reproject(session, done.before, catalogue(session), done.by, now, behind=True)


def _with_those_below(codes: Collection[str], above: Mapping[str, str | None]) -> list[str]:
    """These calendars and all that inherit from them."""
    found = set(codes)
    while more := {code for code, upper in above.items() if upper in found} - found:
        found |= more
    return sorted(found)

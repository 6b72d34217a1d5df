"""The one path of every change of the working calendars: what moves is found out first, and all of it is written together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import CalendarInfo, System, begin_write, connection_of, table, wake
from rules.facts import SYSTEM, Actor, Refused
from rules.worktime import seconds
from services.calendars.layers import Edit
from services.calendars.reproject import Move, reproject
from services.catalogue import Catalogue, catalogue
from services.catalogue.reading import read_catalogue

_info, _system = table(CalendarInfo), table(System)
_REVISION: Final = select(_system.c.revision).with_for_update()


class CalendarShortens(Refused):
    """A change that would let open clocks end earlier, and nobody has confirmed that.

    Attributes:
        moves: Every clock that it would move.
    """

    def __init__(self, moves: Sequence[Move]) -> None:
        """Take what would move."""
        super().__init__("calendar_shortens", count=sum(move.by_s < 0 for move in moves))
        self.moves = moves


@dataclass(frozen=True)
class Done:
    """What a change did.

    Attributes:
        changed: Whether anything is other than before.
        moves: The clocks that moved, by case.
        versions: New version of each calendar that changed, or that lies below one.
        by: Who made it.
        before: The reference data before it.
    """

    changed: bool
    moves: list[Move] = field(default_factory=list)
    versions: Mapping[str, int] = field(default_factory=dict)
    by: Actor = SYSTEM
    before: Catalogue | None = field(default=None, repr=False)


def change_calendars(session: Session, edit: Edit, by: str | None, now: datetime, *, confirm: bool = False) -> Done:
    """Change the working calendars: days, versions, re-projection of open clocks, journal and messages in one unit of work.

    Whoever asks for a dry run rolls the unit of work back. Done again with the same edit, nothing changes.

    Args:
        session: The unit of work; committed by the caller, who then calls `catch_up` in another.
        edit: What is to be changed (`services.calendars.layers`).
        by: User name of whoever changes it; None: the system.
        now: The instant: time before it was consumed under the old calendar.
        confirm: Clocks may end earlier; the units are then told.

    Raises:
        CalendarShortens: clocks would end earlier and `confirm` is not given; the unit of work must be rolled back.
        Refused: what the edit refuses, `unknown_user`, `calendar_without_hours`; the unit of work must be rolled back.
    """
    begin_write(session)
    run = connection_of(session).execute
    before = catalogue(session, run(_REVISION).scalar_one())
    actor = before.actor(by) if by else SYSTEM
    touched = edit(session, before)
    if not touched:
        return Done(changed=False)
    grown = _with_those_below(touched.calendars, before.calendar_above)
    run(update(_info).where(_info.c.code.in_(grown)).values(version=_info.c.version + 1))
    after = read_catalogue(session)  # not kept: nobody else may see it before the commit
    _check_hours(after, now)
    moves = reproject(session, before, after, actor, now)
    if not confirm and any(move.by_s < 0 for move in moves):
        raise CalendarShortens(moves)
    run(update(_system).values(revision=_system.c.revision + 1))
    wake(session)
    return Done(changed=True, moves=moves, versions={code: after.calendars[code].version for code in grown}, by=actor, before=before)


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


def _check_hours(known: Catalogue, now: datetime) -> None:
    for code, calendar in known.calendars.items():
        try:
            calendar.add(seconds(now), 1)
        except ValueError:
            raise Refused("calendar_without_hours", calendar=code) from None

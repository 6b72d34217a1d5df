"""五大员: the five offices of block captains as role tags, which decide what kinds of task and notice reach whom."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from models import OfficeTag, table
from rules.facts import Refused
from services.catalogue import Person, catalogue
from services.mechanisms import is_on
from services.recipients import Roll
from services.responsibility.duties import Row, begun
from services.responsibility.reference import offices

_tag = table(OfficeTag)
_NEAR: Final = 2  #: so far up an office reaches: the grid, and its community


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds an office for a place.

    Attributes:
        person: One of the staff; None: a resident.
        requester_id: The resident.
        building: Building in words; empty: all of the area.
    """

    office: str
    area_id: int
    building: str
    person: Person | None
    requester_id: int | None


def in_office(session: Session, areas: Collection[int] | None, now: datetime) -> list[Row]:
    """Offices held at a moment in these areas (None: everywhere), in the order in which they were given out."""
    rows = begun(session, _tag, "area_unit_id", areas, now)
    return sorted((row for row in rows if row["until"] is None or row["until"] > now), key=lambda row: (row["since"], row["id"]))


def people_for(session: Session, office: str, area_unit_id: int, now: datetime, place: str | None = None) -> list[Holder]:
    """Who holds an office for a place now: of its grid and of its community; who is away is replaced by the deputy, who left is out.

    For other mechanisms: a task or notice of theirs goes to these people. Where the mechanism is off nobody holds any office.

    Args:
        session: The unit of work; nothing is changed.
        office: `information`, `publicity`, `agent`, `advocate` or `deliberation`.
        area_unit_id: Smallest unit whose area it lies in.
        now: The moment, aware UTC.
        place: The place in words: whoever holds the office for one building only is left out unless it is named; None: all of them.

    Raises:
        Refused: `unknown_office`.
    """
    if office not in offices():
        raise Refused("unknown_office", given=office, known=", ".join(offices()))
    if not is_on(session, "profiles"):
        return []
    known = catalogue(session)
    rows = [row for row in in_office(session, known.line(area_unit_id)[:_NEAR], now) if row["office"] == office]
    roll = Roll(known, now)
    return [holder for row in rows if reaches(row, place) and (holder := holder_of(row, roll)) is not None]


def hearers(session: Session, kind: str, area_unit_id: int, now: datetime, place: str | None = None) -> list[Holder]:
    """Who hears of a kind of task or notice in a place, by the offices that seeds/offices.toml names for it; nobody twice."""
    found = [
        each for code, office in offices().items() if kind in office.hears for each in people_for(session, code, area_unit_id, now, place)
    ]
    return list({(each.person.id if each.person else None, each.requester_id): each for each in found}.values())


def reaches(tag: Row, place: str | None) -> bool:
    """Whether an office reaches a place: all of its area, or the building that the place names."""
    return place is None or not tag["building"] or "".join(tag["building"].split()) in "".join(place.split())


def holder_of(tag: Row, roll: Roll) -> Holder | None:
    """Who holds an office, or stands in there; None: nobody is there."""
    about = (tag["office"], tag["area_unit_id"], tag["building"])
    if tag["staff_id"] is None:
        return Holder(*about, None, tag["requester_id"])
    person = roll.catalogue.by_id.get(tag["staff_id"])
    deputy = person.deputy_id if person is not None else None
    present = roll.there([tag["staff_id"]]) or roll.there([deputy] if deputy is not None else [])
    return Holder(*about, present[0], None) if present else None

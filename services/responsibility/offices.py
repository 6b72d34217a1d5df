"""五大员: the five offices of block captains as role tags, which decide what kinds of task and notice reach whom."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from models import OfficeTag, table
from services.catalogue import Person, catalogue
from services.mechanisms import is_on
from services.recipients import Roll
from services.responsibility.duties import Row, begun
from services.responsibility.reference import offices

_tag = table(OfficeTag)
_SMALL: Final = ("GRID", "COMMUNITY")  #: kinds of unit small enough that all of it is one neighbourhood


class Reach(StrEnum):
    """How far news goes from the place that it is about."""

    PLACE = "place"  #: officers of the grid and its community; of one building only if the place names it
    ESTATE = "estate"  #: in a grid or community also those below, and of every building unless the place names one
    AREA = "area"  #: the same in an area of any size


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


class Officers:
    """Who holds which office at one moment, read once and asked for many places; nobody where the mechanism is off."""

    def __init__(self, session: Session, now: datetime) -> None:
        """Read the offices held now; nothing is changed."""
        self.known = catalogue(session)
        self._roll = Roll(self.known, now)
        self._tags = in_office(session, None, now) if is_on(session, "profiles") else []

    def areas(self, kinds: Collection[str]) -> frozenset[int]:
        """Areas in which somebody hears of one of these kinds of news."""
        codes = _hearing(*kinds)
        return frozenset(tag["area_unit_id"] for tag in self._tags if tag["office"] in codes)

    def hearers(self, kind: str, area_unit_id: int, place: str | None = None, reach: Reach = Reach.PLACE) -> list[Holder]:
        """Who hears of a kind of news in a place, by the offices that seeds/offices.toml names for it; nobody twice.

        Who is away is replaced by the deputy, who left is out.

        Args:
            kind: As seeds/offices.toml names it under `hears`.
            area_unit_id: Smallest unit whose area it lies in.
            place: The place in words; None: whatever building it is.
            reach: How far it goes.
        """
        codes = _hearing(kind)
        near = [tag for tag in self._tags if tag["office"] in codes and self._is_near(tag["area_unit_id"], area_unit_id, reach)]
        chosen = [tag for tag in near if reaches(tag, place)]
        if reach is not Reach.PLACE and not any(tag["building"] for tag in chosen):
            chosen = near  # no building of anybody's is named: it is everybody's
        found = [holder for tag in chosen if (holder := holder_of(tag, self._roll)) is not None]
        return list({(each.person.id if each.person else None, each.requester_id): each for each in reversed(found)}.values())[::-1]

    def _is_near(self, own: int, area: int, reach: Reach) -> bool:
        """Whether an area somebody holds an office for is concerned: above it the grid and the community, below it what lies there."""
        if own in self.known.line(area):
            return True
        small = self.known.units[area].kind in _SMALL
        return (reach is Reach.AREA or (reach is Reach.ESTATE and small)) and area in self.known.line(own)


def _hearing(*kinds: str) -> frozenset[str]:
    """The offices that hear of one of these kinds."""
    return frozenset(code for code, office in offices().items() if office.hears & set(kinds))


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

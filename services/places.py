"""Places with a code on the wall: made, listed, found again when somebody scans one, and taken out of use."""

import io
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import segno
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import PlaceCode, begin_write, connection_of, table
from rules.facts import Actor, Refused
from rules.geo import Point, checked, distance_m
from services.catalogue import catalogue
from services.moves.proof import legible
from services.ratings.codes import ALPHABET

LENGTH: Final = 6  #: letters and figures of a code that we make
PLACE_MAX: Final = 120
MARGIN: Final = 4  #: modules of white around a QR code, as its standard asks
NEAR_M: Final = 500  #: metres; a place further away says nothing about where somebody stands
_BOX: Final = 0.006  #: degrees of latitude: more than that far
_CODE: Final = re.compile(r"[a-z0-9-]{2,12}")
_place = table(PlaceCode)
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A place that gets a code.

    Attributes:
        area: Code of the unit in whose area it lies.
        words: The place in words, as it goes into reports.
        point: WGS84 degrees, if known.
        code: A code of one's own choice: 2 to 12 small letters, figures and dashes; empty: one is made.
    """

    area: str
    words: str
    point: Point | None = None
    code: str = ""


def add(session: Session, place: Place, actor: Actor, now: datetime) -> str:
    """Give a place a code; not to be run twice, except with a code of one's own, which is then refused.

    Args:
        session: The unit of work; committed by the caller.
        place: The place.
        actor: Who does it: the desk or an administrator.
        now: The instant, aware UTC.

    Returns:
        The code.

    Raises:
        Refused: `places_desk_only`, `unknown_area`, `place_unnamed`, `text_too_long`, `text_unprintable`, `place_code_form`,
            `place_code_taken`, `bad_point`.
    """
    begin_write(session)
    known = catalogue(session)
    if place.area not in known.areas:
        raise Refused("unknown_area", area=place.area)
    _desk_only(session, actor, known.unit_ids[place.area])
    words = legible("place", place.words, PLACE_MAX).strip()
    if not words:
        raise Refused("place_unnamed")
    at = checked(place.point) if place.point else None
    values = {"area_unit_id": known.unit_ids[place.area], "place": words, "made_at": now, "made_by": actor.name}
    values |= {"longitude": at.lon if at else None, "latitude": at.lat if at else None, "code": _free(session, place.code)}
    connection_of(session).execute(insert(_place).values(values))
    return str(values["code"])


def _free(session: Session, wanted: str) -> str:
    """The code that is wanted, or one that nobody has."""
    if wanted and not _CODE.fullmatch(wanted):
        raise Refused("place_code_form", given=wanted)
    code = wanted or _made()
    while _row(session, code) is not None:
        if wanted:
            raise Refused("place_code_taken", given=wanted)
        code = _made()
    return code


def _made() -> str:
    return "".join(secrets.choice(ALPHABET.lower()) for _ in range(LENGTH))


def _desk_only(session: Session, actor: Actor, area_id: int) -> None:
    desk = "dispatcher" in actor.roles and actor.covers in catalogue(session).line(area_id)
    if not (desk or "admin" in actor.roles):
        raise Refused("places_desk_only")


def places(session: Session, *, retired: bool = False) -> list[Row]:
    """The places with a code, by area and place; those out of use only where asked for."""
    wanted = select(_place).order_by(_place.c.area_unit_id, _place.c.place, _place.c.code)
    if not retired:
        wanted = wanted.where(_place.c.retired_at.is_(None))
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]


def place_of(session: Session, code: str) -> Row:
    """The place with this code, also one that is out of use (`retired_at`).

    Raises:
        Refused: `unknown_place_code`.
    """
    plain = code.strip().lower()
    found = _row(session, plain) if _CODE.fullmatch(plain) else None
    if found is None:
        raise Refused("unknown_place_code", given=code[:40])
    return found


def _row(session: Session, code: str) -> Row | None:
    found = connection_of(session).execute(select(_place).where(_place.c.code == code)).mappings().first()
    return dict(found) if found is not None else None


def nearest(session: Session, point: Point) -> tuple[Row, int] | None:
    """The place in use that lies nearest to a point, and how many metres away; None where none is near enough to say anything.

    Args:
        session: The unit of work.
        point: WGS84.

    Raises:
        Refused: `bad_point`.
    """
    here = checked(point)
    around = (
        _place.c.latitude.between(here.lat - _BOX, here.lat + _BOX),
        _place.c.longitude.between(here.lon - 2 * _BOX, here.lon + 2 * _BOX),
    )
    wanted = select(_place).where(_place.c.retired_at.is_(None), *around)
    rows = [dict(row) for row in connection_of(session).execute(wanted).mappings()]
    far = {row["code"]: distance_m(here, Point(row["latitude"], row["longitude"])) for row in rows}
    found = min(rows, key=lambda row: (far[row["code"]], row["code"]), default=None)
    return (found, round(far[found["code"]])) if found is not None and far[found["code"]] <= NEAR_M else None


def retire(session: Session, code: str, actor: Actor, now: datetime) -> bool:
    """Take a code out of use: who scans it is told so. May be run twice.

    Returns:
        Whether it was in use until now.

    Raises:
        Refused: `places_desk_only`, `unknown_place_code`.
    """
    begin_write(session)
    found = place_of(session, code)
    _desk_only(session, actor, found["area_unit_id"])
    connection_of(session).execute(
        update(_place).where(_place.c.code == found["code"], _place.c.retired_at.is_(None)).values(retired_at=now)
    )
    return found["retired_at"] is None


def qr(address: str) -> bytes:
    """A QR code of an address as SVG, black on white, that scales; readable with a quarter of it torn off."""
    out = io.BytesIO()
    segno.make(address, error="q", micro=False).save(out, kind="svg", scale=8, border=MARGIN, dark="#000", light="#fff")
    return out.getvalue()

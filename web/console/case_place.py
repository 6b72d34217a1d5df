"""Where a case is: a sketch without tiles, its photos and papers, and the files themselves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from models import Case, connection_of, table
from rules.geo import Point, distance_m
from services.attachments import attachments_of, is_whole, place_of
from services.privacy.masking import masked
from services.reading import case_id_of
from services.visibility import check_visible
from web.access.visitor import Signed
from web.site import CaseNo, Here
from web.spoken import day_time
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_case = table(Case)
NEAR_M: Final = 300
_WIDTH, _HEIGHT = 340, 170  #: of the sketch; 300 m reach from its middle to its edge
_SCALE: Final = _WIDTH / 2 / NEAR_M
_METRES: Final = 111_320  #: of one degree of latitude
_MOST: Final = 30  #: near cases drawn
_STAGES: Final = {"report": "反映", "before": "处理前", "after": "处理后", "paper": "文书", "other": "其他"}
#: What a browser may show; anything else it is only given to keep.
_INLINE: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})


@dataclass(frozen=True, slots=True)
class Near:
    """A case close by, and where on the sketch."""

    no: str
    subject: str
    metres: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """A map without tiles: the case in its middle.

    Attributes:
        radius: Of the circle in which it lies, as the device said, in units of the sketch.
        near: Cases within 300 m, nearest first.
    """

    radius: float
    accuracy_m: int | None
    near: Sequence[Near]


@dataclass(frozen=True, slots=True)
class File:
    """A photo or a paper."""

    no: int
    caption: str
    picture: bool
    name: str


def sketch_of(session: Session, case: Mapping[str, Any], theirs: ColumnElement[bool]) -> Sketch | None:
    """The sketch; None: the case has no point."""
    if case["lat"] is None or case["lon"] is None:
        return None
    here = Point(case["lat"], case["lon"])
    wide = math.cos(math.radians(here.lat))
    high, broad = NEAR_M / _METRES, NEAR_M / (_METRES * max(wide, 0.01))
    box = _case.c.lat.between(here.lat - high, here.lat + high) & _case.c.lon.between(here.lon - broad, here.lon + broad)
    wanted = select(_case.c.no, _case.c.subject, _case.c.lat, _case.c.lon)
    rows = connection_of(session).execute(wanted.where(box, _case.c.id != case["id"], theirs).limit(_MOST * 4))
    near = [_near(row, here, wide) for row in rows]
    close = sorted((each for each in near if each.metres <= NEAR_M), key=lambda each: each.metres)[:_MOST]
    return Sketch(min((case["accuracy_m"] or 0) * _SCALE, _HEIGHT), case["accuracy_m"], close)


def _near(row: Any, here: Point, wide: float) -> Near:  # noqa: ANN401 - a result row
    x = _WIDTH / 2 + (row.lon - here.lon) * _METRES * wide * _SCALE
    y = _HEIGHT / 2 - (row.lat - here.lat) * _METRES * _SCALE
    return Near(row.no, masked(row.subject), round(distance_m(here, Point(row.lat, row.lon))), round(x, 1), round(y, 1))


def files_of(session: Session, case_id: int, words: Words, now: datetime) -> list[File]:
    """Photos and papers in the order in which they came."""
    return [_file(row, words, now) for row in attachments_of(session, [case_id]).get(case_id, [])]


def _file(row: Mapping[str, Any], words: Words, now: datetime) -> File:
    stage = translated(_STAGES.get(row["stage"], "其他"), words.lang)
    at = day_time(row["taken_at"] or row["added_at"], now, words.known.zone, words.lang)
    return File(row["no"], f"{stage} {at}", row["media"] in _INLINE, row["name"])


@router.get("/cases/{no}/files/{file_no}")
def file(no: CaseNo, file_no: int, who: Signed, site: Here) -> Response:
    """One file of a case that the visitor sees: pictures to look at, anything else to keep."""
    with site.database.unit_of_work() as session:
        check_visible(session, who.actor, no)
        case_id = case_id_of(session, no)
        row = next((r for r in attachments_of(session, [case_id]).get(case_id, []) if r["no"] == file_no), None)
    folder = site.settings.data_dir / "files"
    if row is None or not is_whole(folder, row["sha256"]):
        raise HTTPException(404)
    how = "inline" if row["media"] in _INLINE else "attachment"
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(row['name'])}",
        "Cache-Control": "private, max-age=3600",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return FileResponse(place_of(folder, row["sha256"]), media_type=row["media"], headers=headers)

"""/r/near: which place of ours lies nearest to where a phone is; asked in a form, so that no address says where somebody was."""

from contextlib import suppress

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from rules.facts import Refused
from rules.geo import Datum, Point, checked, datum_named, to_wgs84
from services.catalogue import catalogue
from services.places import nearest
from web.access.visitor import Form
from web.guards import OwnForm
from web.site import Here

router = APIRouter(include_in_schema=False)


@router.post("/r/near", dependencies=[OwnForm])
def near(form: Form, site: Here) -> JSONResponse:
    """The place, the code of its grid or community, and how far it is; empty where none is near. Nothing is kept."""
    point = _point(form.fields.get("lat", ""), form.fields.get("lon", ""), form.fields.get("datum") or Datum.WGS84.value)
    with site.database.unit_of_work() as session:
        found = nearest(session, point)
        known = catalogue(session)
    if found is None:
        return JSONResponse({})
    row, metres = found
    return JSONResponse({"area": known.units[known.present(row["area_unit_id"])].code, "place": row["place"], "metres": metres})


def _point(lat: str, lon: str, datum: str) -> Point:
    """The point as satellites say it, whatever map it was read from.

    Raises:
        Refused: `bad_point`, `unknown_datum`.
    """
    with suppress(ValueError):
        return to_wgs84(checked(Point(float(lat), float(lon))), datum_named(datum))
    raise Refused("bad_point", given=f"{lat},{lon}"[:60])

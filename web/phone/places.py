"""/q: the code that hangs on a wall, as a picture and as a page to print."""

from fastapi import APIRouter, Request, Response

from services import places
from services.catalogue import catalogue
from web.rendering import render
from web.site import Here, Lang, Site

router = APIRouter(include_in_schema=False)
_MEDIA = "image/svg+xml"


@router.get("/q/{code}.svg")
def picture(code: str, site: Here) -> Response:
    """The QR code of a place."""
    with site.database.unit_of_work() as session:
        found = places.place_of(session, code)
    return Response(places.qr(_address(site, found["code"])), media_type=_MEDIA)


@router.get("/q/{code}")
def sheet(request: Request, code: str, site: Here, lang: Lang) -> Response:
    """The page to print."""
    with site.database.unit_of_work() as session:
        found, known = places.place_of(session, code), catalogue(session)
    area = str(getattr(known.names[found["area_unit_id"]], lang))
    retired = found["retired_at"] is not None
    return render(
        request, "phone/code.html", code=found["code"], place=found["place"], area=area, address=_address(site, code), retired=retired
    )


def _address(site: Site, code: str) -> str:
    return f"{site.settings.public_url.rstrip('/')}/r/{code}"

"""The public counter of reports by patrols: a page and JSON for everybody, counted at this very moment, without anything about anybody.

Where patrols are switched off both say that this is not open here, and nothing else.
"""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from rules.facts import Refused
from services import patrols
from services.catalogue import catalogue
from services.patrols import Community, Counted
from web.errors import refusal_in_public
from web.rendering import render
from web.site import Here, Lang, Now, Site

router = APIRouter()
_STATUS: Final = 404  #: of whatever is not there for the public
T = TypeVar("T")


@router.get("/counter", include_in_schema=False)
def page(request: Request, site: Here, now: Now, lang: Lang) -> Response:
    """All communities with their groups and stations."""
    found, zone = _found(site, patrols.counter)
    if isinstance(found, Refused):
        return render(request, "phone/message.html", _STATUS, sentence=refusal_in_public(found, lang))
    return _page(request, now, zone, found)


@router.get("/counter/{scope}/{code}", include_in_schema=False)
def page_of(request: Request, scope: str, code: str, site: Here, now: Now, lang: Lang) -> Response:
    """One community, group or station."""
    found, zone = _found(site, lambda session: patrols.one(session, scope, code))
    if isinstance(found, Refused):
        return render(request, "phone/message.html", _STATUS, sentence=refusal_in_public(found, lang))
    return _page(request, now, zone, [], chosen=found)


@router.get("/api/counter", tags=["counter"], response_model=None)
def figures(site: Here, now: Now, lang: Lang) -> Response | dict[str, Any]:
    """All communities with their groups and stations; needs no token."""
    found, _ = _found(site, patrols.counter)
    if isinstance(found, Refused):
        return _said(found, lang)
    communities = [
        {
            **patrols.told(each.total),
            "groups": [patrols.told(line) for line in each.groups],
            "stations": [patrols.told(line) for line in each.stations],
        }
        for each in found
    ]
    return {"at": now.isoformat(), "communities": communities}


@router.get("/api/counter/{scope}/{code}", tags=["counter"], response_model=None)
def figures_of(scope: str, code: str, site: Here, now: Now, lang: Lang) -> Response | dict[str, Any]:
    """One community, group or station; needs no token."""
    found, _ = _found(site, lambda session: patrols.one(session, scope, code))
    if isinstance(found, Refused):
        return _said(found, lang)
    return {"at": now.isoformat(), **patrols.told(found)}


def _found(site: Site, look: Callable[[Session], T]) -> tuple[T | Refused, tzinfo]:
    """What was looked for, or why it is not there, with the district's zone."""
    with site.database.unit_of_work() as session:
        zone = catalogue(session).zone
        try:
            return look(session), zone
        except Refused as refusal:
            return refusal, zone


def _said(refusal: Refused, lang: str) -> JSONResponse:
    return JSONResponse({"code": refusal.code, "sentence": refusal_in_public(refusal, lang)}, _STATUS)


def _page(request: Request, now: Now, zone: tzinfo, communities: Sequence[Community], chosen: Counted | None = None) -> Response:
    return render(request, "phone/counter.html", communities=communities, chosen=chosen, now=now, zone=zone)

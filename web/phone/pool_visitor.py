"""Which resident comes to the pool from a phone: who has shown number and token of a case of his own; the server knows until when."""

from datetime import datetime
from typing import Final

from fastapi import Request, Response

from services.claims_pool import visits
from web.site import Site

COOKIE: Final = "bihuan_pool"
_PATH: Final = "/pool"
_LONGEST: Final = 80  #: letters of a secret that are looked at


def secret_of(request: Request) -> str:
    """What the browser holds."""
    return request.cookies.get(COOKIE, "")[:_LONGEST]


def hand_out(response: Response, request: Request, secret: str) -> None:
    """Let this browser act for one resident for a while."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(visits.LASTS.total_seconds()),
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def forget(response: Response) -> None:
    """Make the browser forget it."""
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")


def remembered(request: Request, site: Site, now: datetime) -> int | None:
    """Which resident the browser acts for; None: nobody, or no longer."""
    secret = secret_of(request)
    if not secret:
        return None
    with site.database.unit_of_work() as session:
        return visits.known_by(session, secret, now)

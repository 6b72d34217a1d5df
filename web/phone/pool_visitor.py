"""Which resident comes to the pool from a phone: who has shown number and token of a case of his own; a short, signed cookie."""

import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request, Response

from models import Sealed

COOKIE: Final = "bihuan_pool"
LASTS: Final = timedelta(minutes=30)  #: after that number and token are asked for again
_VALUE: Final = re.compile(r"(\d{1,18})\.(\d{1,12})\.([0-9a-f]{64})")
_PATH: Final = "/pool"


def remember(response: Response, request: Request, requester_id: int, now: datetime) -> None:
    """Let this browser act for one resident for a while."""
    ends = int((now + LASTS).timestamp())
    response.set_cookie(
        COOKIE,
        f"{requester_id}.{ends}.{_signed(requester_id, ends)}",
        max_age=int(LASTS.total_seconds()),
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def forget(response: Response) -> None:
    """Make the browser forget it."""
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")


def remembered(request: Request, now: datetime) -> int | None:
    """Which resident the browser acts for; None: nobody, or no longer."""
    found = _VALUE.fullmatch(request.cookies.get(COOKIE, ""))
    if found is None:
        return None
    who, ends = int(found[1]), int(found[2])
    ours = hmac.compare_digest(found[3], _signed(who, ends))
    return who if ours and now.timestamp() < ends else None


def _signed(requester_id: int, ends: int) -> str:
    return Sealed.fingerprint(f"pool cookie {requester_id} {ends}")

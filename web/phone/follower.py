"""Who follows a case: a short, signed cookie for that one case, never anything in the address, which a shared phone would remember."""

import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request, Response

from models import Sealed

COOKIE: Final = "bihuan_case"
LASTS: Final = timedelta(minutes=30)  #: after that number and token are asked for again
_VALUE: Final = re.compile(r"(\d{1,18})\.(\d{1,12})\.([0-9a-f]{64})")


def remember(response: Response, request: Request, no: str, requester_id: int, now: datetime) -> None:
    """Let this browser see one case for a while."""
    ends = int((now + LASTS).timestamp())
    response.set_cookie(
        COOKIE,
        f"{requester_id}.{ends}.{_signed(no, requester_id, ends)}",
        max_age=int(LASTS.total_seconds()),
        path=f"/s/{no}",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def forget(response: Response, no: str) -> None:
    """Make the browser forget it."""
    response.delete_cookie(COOKIE, path=f"/s/{no}", httponly=True, samesite="lax")


def remembered(request: Request, no: str, now: datetime) -> int | None:
    """Which reporter of this case the browser is let in as; None: nobody, or no longer."""
    found = _VALUE.fullmatch(request.cookies.get(COOKIE, ""))
    if found is None:
        return None
    who, ends = int(found[1]), int(found[2])
    ours = hmac.compare_digest(found[3], _signed(no, who, ends))
    return who if ours and now.timestamp() < ends else None


def _signed(no: str, requester_id: int, ends: int) -> str:
    return Sealed.fingerprint(f"follow cookie {no} {requester_id} {ends}")

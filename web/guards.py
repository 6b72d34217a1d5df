"""Who may come in while there is no login: holders of the one token, by Bearer, by Basic, or by a signed cookie."""

import base64
import binascii
import hashlib
import hmac
import logging
import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from web.site import Here, Now, Site

log = logging.getLogger(__name__)
SESSION_COOKIE: Final = "bihuan_session"
SESSION_LENGTH: Final = timedelta(hours=12)
_OWN_PATH: Final = re.compile(r"/(cases(/[A-Za-z0-9-]+)?)?(\?[A-Za-z0-9_=&%-]*)?")


class NotSignedIn(Exception):  # noqa: N818 - an answer: the token, please
    """Nobody we know: a page sends to the form, an API says 401."""


class ForeignForm(Exception):  # noqa: N818 - an answer
    """A form that another site had sent off in the user's name."""


def is_token(given: bytes, site: Site) -> bool:
    """Whether this is the token; takes as long for a nearly right one as for a wrong one."""
    return hmac.compare_digest(given, site.token.encode())


def _signature(expires: str, site: Site) -> str:
    return hmac.new(site.token.encode(), f"bihuan session {expires}".encode(), hashlib.sha256).hexdigest()


def open_session(response: Response, request: Request, site: Site, now: datetime) -> None:
    """Hand out a cookie that proves knowledge of the token without carrying it; a new token ends all sessions."""
    expires = str(int((now + SESSION_LENGTH).timestamp()))
    response.set_cookie(
        SESSION_COOKIE,
        f"{expires}.{_signature(expires, site)}",
        max_age=int(SESSION_LENGTH.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def _has_session(request: Request, site: Site, now: datetime) -> bool:
    expires, _, signature = request.cookies.get(SESSION_COOKIE, "").partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(expires, site).encode()):
        return False
    return now.timestamp() < int(expires)


def _presented(authorization: str) -> bytes:
    """The token in an `Authorization` header: as Bearer, or as the password of Basic; empty when there is none."""
    scheme, _, value = authorization.encode("latin-1").partition(b" ")  # headers are bytes; a token may be in any script
    if scheme.lower() == b"bearer":
        return value.strip()
    if scheme.lower() == b"basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""


def signed_in(request: Request, site: Here, now: Now) -> None:
    """Let in who shows the token, or the cookie got for it.

    Raises:
        NotSignedIn: neither.
    """
    authorization = request.headers.get("authorization")
    if authorization is not None:
        if is_token(_presented(authorization), site):
            return
        log.warning("wrong token from %s", request.client.host if request.client else "?")
        raise NotSignedIn
    if not _has_session(request, site, now):
        raise NotSignedIn


def own_form(request: Request) -> None:
    """Let a form through only when one of our own pages sent it (browsers say so themselves).

    Raises:
        ForeignForm: another site sent it, or nobody can tell.
    """
    fetched_from = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetched_from is not None:
        ours = fetched_from in ("same-origin", "none")
    elif origin is not None:
        ours = urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    else:
        ours = "authorization" in request.headers
    if not ours:
        raise ForeignForm


def own_path(wanted: str) -> str:
    """Where to go after signing in: only to a page of ours, whatever the address says."""
    return wanted if _OWN_PATH.fullmatch(wanted) else "/cases"


SignedIn: Final = Depends(signed_in)
OwnForm: Final = Depends(own_form)

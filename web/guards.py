"""Programs come in with the one token, by Bearer or Basic; forms are taken from pages of our own only."""

import base64
import binascii
import hmac
import logging
import re
from typing import Final
from urllib.parse import urlsplit

from fastapi import Depends, Request

from web.site import Here, Site

log = logging.getLogger(__name__)
_OWN_PATH: Final = re.compile(r"/([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?(\?[A-Za-z0-9_=&%.+-]*)?")


class NotSignedIn(Exception):  # noqa: N818 - an answer: the token, please
    """Nobody we know: a page sends to the form, an API says 401."""


class ForeignForm(Exception):  # noqa: N818 - an answer
    """A form that another site had sent off in the user's name."""


def is_token(given: bytes, site: Site) -> bool:
    """Whether this is the token; takes as long for a nearly right one as for a wrong one."""
    return hmac.compare_digest(given, site.token.encode())


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


def token_shown(request: Request, site: Here) -> None:
    """Let in a program that shows the token.

    Raises:
        NotSignedIn: it does not.
    """
    if is_token(_presented(request.headers.get("authorization", "")), site):
        return
    if "authorization" in request.headers:
        log.warning("wrong token from %s", request.client.host if request.client else "?")
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
    return wanted if _OWN_PATH.fullmatch(wanted) else "/"


TokenShown: Final = Depends(token_shown)
OwnForm: Final = Depends(own_form)

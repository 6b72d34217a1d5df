"""The door's other way: to the identity provider and back."""

import hmac
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote, unquote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from rules.facts import Refused
from services.accounts import oidc
from web.access.pages import door_page
from web.access.visitor import hand_out
from web.errors import refusal_in_words
from web.guards import own_path
from web.site import Here, Lang, Now, Site

router = APIRouter(include_in_schema=False)
_COOKIE: Final = "bihuan_oidc"  #: this try: a secret, when it began, where to go afterwards
_PATH: Final = "/login/oidc"
_BACK: Final = f"{_PATH}/back"


@router.get(_PATH)
def there(request: Request, site: Here, now: Now, lang: Lang) -> Response:
    """Send the browser to the provider."""
    wanted = own_path(request.query_params.get("next", ""))
    kept = f"{secrets.token_urlsafe(32)}.{int(now.timestamp())}.{quote(wanted, safe='')}"
    try:
        _check_configured(site)
        url = oidc.way_there(site.settings, oidc.Attempt(kept), _back(site))
    except Refused as refusal:
        return door_page(request, wanted, 502, sentence=refusal_in_words(refusal, lang))
    answer = RedirectResponse(url, 303)
    age = int(oidc.LASTS.total_seconds())
    answer.set_cookie(_COOKIE, kept, max_age=age, path=_PATH, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return answer


@router.get(_BACK)
def back(request: Request, site: Here, now: Now, lang: Lang) -> Response:
    """Take what the provider sends the browser back with; hand out a session."""
    kept = request.cookies.get(_COOKIE, "")
    wanted = own_path(unquote(kept.rpartition(".")[2]))
    try:
        _check_configured(site)
        code = _code(request, kept, now)
        name = oidc.name_of(site.settings, oidc.Attempt(kept), code, _back(site), now)
        with site.database.unit_of_work() as session:
            secret = oidc.enter(session, name, request.headers.get("user-agent", ""), now, demo=site.settings.demo)
    except Refused as refusal:
        refused = door_page(request, wanted, 401, sentence=refusal_in_words(refusal, lang))
        refused.delete_cookie(_COOKIE, path=_PATH)
        return refused
    answer = RedirectResponse(wanted, 303)
    answer.delete_cookie(_COOKIE, path=_PATH)
    hand_out(answer, request, secret)
    return answer


def _check_configured(site: Site) -> None:
    if not oidc.is_configured(site.settings):
        raise Refused("oidc_off")


def _back(site: Site) -> str:
    return f"{site.settings.public_url}{_BACK}"


def _code(request: Request, kept: str, now: datetime) -> str:
    """The code, if this browser began this try, not long ago.

    Raises:
        Refused: `oidc_wrong`; `oidc_refused`, the provider let nobody in.
    """
    asked = request.query_params
    began = kept.split(".")[1] if kept.count(".") >= 2 else ""
    fresh = began.isascii() and began.isdigit() and len(began) < 13 and 0 <= now.timestamp() - int(began) <= oidc.LASTS.total_seconds()
    if not fresh or not hmac.compare_digest(asked.get("state", "").encode(), oidc.Attempt(kept).state.encode()):
        raise Refused("oidc_wrong")
    if "error" in asked or not asked.get("code"):
        raise Refused("oidc_refused")
    return asked["code"]

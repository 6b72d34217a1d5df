"""Answering without a login: a code from a short message is typed in, a link from an e-mail is followed. Looking never acts."""

import ipaddress
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response

from notifications.answering import Kind, Purpose, next_step
from rules.facts import Refused
from services.answers import Key, Matter, Said, answer, opened
from services.answers.keys import looks_like_code, typed
from services.catalogue import catalogue
from services.moves import Conflict
from web.errors import refusal_in_words
from web.guards import ForeignForm
from web.pages import Form
from web.rendering import render
from web.site import Here, Lang, Now, Site
from wording import LANGUAGES, say

router = APIRouter(include_in_schema=False)
#: The address itself is the secret: it is told to no other site, and found by no search engine.
_HEADERS: Final[Mapping[str, str]] = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
_STATUS: Final[Mapping[str, int]] = {
    "answer_unknown": 404,
    "answer_used": 410,
    "answer_expired": 410,
    "answer_too_many": 429,
    "answer_unsaid": 422,
}
_SOLVED: Final[Mapping[str, bool]] = {"yes": True, "no": False}
_SCORES: Final[Mapping[str, int | None]] = {"": None, **{str(n): n for n in range(1, 6)}}


def from_here(request: Request) -> None:
    """Refuse what another site had sent off. Our own pages, told to pass no address on, send `Origin: null`; the key is the proof.

    Raises:
        ForeignForm: a browser says that another site sent it.
    """
    origin, host = request.headers.get("origin", "null"), request.headers.get("host", "")
    ours = origin == "null" or urlsplit(origin).netloc.lower() == host.lower()
    if not ours or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForeignForm


FromHere: Final = Depends(from_here)


@router.get("/a")
def enter(request: Request, lang: Lang) -> Response:
    """The page on which a code is typed in."""
    return _enter(request, lang)


@router.post("/a", dependencies=[FromHere])
def by_code(request: Request, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Show what a code opens; or, where the form of that page was sent, do it."""
    key = Key(Kind.CODE, typed(form.get("code", "")), _host(request))
    return _act(request, key, form, site, now, lang) if "act" in form else _show(request, key, site, now, lang)


@router.get("/a/{secret}")
def by_link(request: Request, secret: str, site: Here, now: Now, lang: Lang) -> Response:
    """Show what a link opens; whoever wrote a code into the address gets it filled in and has only to send it."""
    if looks_like_code(secret):
        return _enter(request, lang, code=typed(secret))
    return _show(request, Key(Kind.LINK, secret), site, now, lang)


@router.post("/a/{secret}", dependencies=[FromHere])
def act_by_link(request: Request, secret: str, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Do what a link asks."""
    return _act(request, Key(Kind.LINK, secret), form, site, now, lang)


def _show(request: Request, key: Key, site: Site, now: Now, lang: str) -> Response:
    with site.database.unit_of_work() as session:
        found, known = opened(session, key, now), catalogue(session)
    if isinstance(found, Refused):
        return _refused(request, found, lang)
    return _page(request, "answer.html", lang, key, matter=_view(found, lang), zone=known.zone)


def _act(request: Request, key: Key, form: Mapping[str, str], site: Site, now: Now, lang: str) -> Response:
    score, device = form.get("score", ""), f"{_host(request)} {request.headers.get('user-agent', '')}"[:200]
    if score not in _SCORES:
        return _refused(request, Refused("answer_unsaid"), lang)
    said = Said(_SOLVED.get(form.get("solved", "")), _SCORES[score], device)
    with site.database.unit_of_work() as session:
        done = answer(session, key, said, now)
    if isinstance(done, Refused):
        return _refused(request, done, lang)
    if isinstance(done, Conflict):
        return _told(request, lang, say("answer.conflict", lang), 409)
    return _told(request, lang, say(f"answer.done_{done.purpose}", lang, no=done.no))


def _refused(request: Request, refusal: Refused, lang: str) -> Response:
    return _told(request, lang, refusal_in_words(refusal, lang), _STATUS.get(refusal.code, 409))


def _told(request: Request, lang: str, sentence: str, status: int = 200) -> Response:
    return _page(request, "answer_told.html", lang, status=status, sentence=sentence)


def _enter(request: Request, lang: str, code: str = "") -> Response:
    return _page(request, "answer_enter.html", lang, code=code)


def _page(request: Request, template: str, lang: str, key: Key | None = None, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - values of the template
    at, other = _place(key), next(each for each in LANGUAGES if each != lang)
    held = key.secret if key is not None and key.kind is Kind.CODE else ""
    return render(request, template, status, _HEADERS, at=at, switch=f"{at}?lang={other}", other=other, held=held, **values)


def _place(key: Key | None) -> str:
    """Where the form of a page is sent: a code travels in the form, never in an address."""
    return f"/a/{key.secret}" if key is not None and key.kind is Kind.LINK else "/a"


def _view(matter: Matter, lang: str) -> dict[str, Any]:
    """The case as its page shows it: nothing of persons."""
    return {
        "no": matter.no,
        "category": getattr(matter.category, lang) if matter.category else say("answer.untriaged", lang),
        "area": getattr(matter.area, lang),
        "urgency": say(f"urgency.{matter.urgency}", lang),
        "state": say(f"state.{matter.state}", lang),
        "clock": say(f"clock.{matter.clock}", lang) if matter.clock else "",
        "due": matter.due,
        "expires_at": matter.expires_at,
        "purpose": matter.purpose.value,
        "step": next_step(matter.notice, lang) if matter.purpose is Purpose.OPEN else "",
        "where": say("answer.where_resident" if matter.actor.resident_id is not None else "answer.where_staff", lang),
        "acts": matter.acts,
    }


def _host(request: Request) -> str:
    """Where a request comes from; of the newer addresses the network, because one device has many."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network(f"{host}/64", strict=False)) if address.version == 6 else host

"""Answering without a login: a code from a short message is typed in, a link from an e-mail is followed. Looking never acts.

What a key alone is good for it does by itself (taking over, rating); further work on the order by whoever has said who he is: signed in, or
by a code to the registered phone (`web.access.on_link`).
"""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import FileResponse

from notifications.answering import Kind
from rules.facts import Refused
from services.accounts import codes
from services.answers import Key, Matter, Said, answer, do, opened
from services.answers.keys import looks_like_code, typed
from services.attachments import attachments_of, place_of
from services.catalogue import catalogue
from services.moves import Conflict
from services.privacy.showing import shown
from services.reading import case_id_of
from services.visibility import check_visible
from web.access.on_link import Recognised, hand_out_short, own_form_of, recognised
from web.access.visitor import Form, Sent
from web.errors import refusal_in_words
from web.guards import ForeignForm
from web.layers import SECURITY
from web.link_tasks import task_of
from web.link_view import for_staff, in_words
from web.rendering import render
from web.site import CaseNo, Here, Lang, Now, Site
from wording import say

router = APIRouter(include_in_schema=False)
#: The address itself is the secret: it is told to no other site, and found by no search engine; and no script runs where it is shown.
_HEADERS: Final[Mapping[str, str]] = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": f"{SECURITY['Content-Security-Policy']}; script-src 'none'",
}
_STATUS: Final[Mapping[str, int]] = {
    "answer_unknown": 404,
    "answer_used": 410,
    "answer_expired": 410,
    "answer_too_many": 429,
    "answer_unsaid": 422,
    "code_too_often": 429,
    "link_not_you": 403,
    "link_not_yours": 403,
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
def enter(request: Request) -> Response:
    """The page on which a code is typed in."""
    return _enter(request)


@router.post("/a", dependencies=[FromHere])
def by_code(request: Request, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Show what a code opens; or, where the form of that page was sent, do it."""
    return _Room(request, Key(Kind.CODE, typed(form.fields.get("code", "")), _host(request)), site, now, lang).post(form)


@router.get("/a/{secret}")
def by_link(request: Request, secret: str, site: Here, now: Now, lang: Lang) -> Response:
    """Show what a link opens; whoever wrote a code into the address gets it filled in and has only to send it."""
    if looks_like_code(secret):
        return _enter(request, code=typed(secret))
    return _Room(request, Key(Kind.LINK, secret), site, now, lang).show()


@router.post("/a/{secret}", dependencies=[FromHere])
def act_by_link(request: Request, secret: str, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Do what a link asks."""
    return _Room(request, Key(Kind.LINK, secret), site, now, lang).post(form, acts=True)


@router.get("/a/photos/{no}/{file}")
def photo(request: Request, no: CaseNo, file: Annotated[int, Path(ge=1, le=999)], site: Here, now: Now) -> Response:
    """A photo of a case, for somebody who has said who he is and sees the case; everybody else is told that there is none.

    Raises:
        Refused: `unknown_case`.
    """
    with site.database.unit_of_work() as session:
        who = recognised(request, site, session, now)
        if who is None:
            raise Refused("unknown_case", case=no)
        check_visible(session, who.actor, no)
        if not shown(session, no, who.actor, now).seen.opened:
            raise Refused("unknown_case", case=no)
        case_id = case_id_of(session, no)
        row = next((f for f in attachments_of(session, [case_id]).get(case_id, []) if f["no"] == file), None)
    place = None if row is None else place_of(site.settings.data_dir / "files", row["sha256"])
    if row is None or place is None or not place.is_file() or not row["media"].startswith("image/"):
        raise Refused("unknown_case", case=no)
    return FileResponse(place, media_type=row["media"], headers=dict(_HEADERS))


class _Room:
    """One request with one key."""

    def __init__(self, request: Request, key: Key, site: Site, now: Now, lang: str) -> None:
        self.request, self.key, self.site, self.now, self.lang = request, key, site, now, lang

    def post(self, form: Sent, *, acts: bool | None = None) -> Response:
        """Do what a form asks; a code that was typed in asks for nothing yet."""
        asked = form.fields.get("act", "")
        if asked == "send_code":
            return self._send_code()
        if asked == "enter_code":
            return self._enter_code(form)
        if asked == "move":
            return self._move(form)
        return self._answer(form) if (acts if acts is not None else "act" in form.fields) else self.show()

    def show(self, status: int = 200, refusal: Refused | Conflict | None = None, secret: str = "", **more: Any) -> Response:  # noqa: ANN401 - values of the template
        """The page of the case; one that is used up is shown again to whoever has said who he is."""
        with self.site.database.unit_of_work() as session:
            found = opened(session, self.key, self.now, again=True)
            known = catalogue(session)
            who = recognised(self.request, self.site, session, self.now, secret)
            staff = {}
            if not isinstance(found, Refused) and found.actor.resident_id is None:
                staff = for_staff(session, found, who, self.now, self.lang)
        if isinstance(found, Refused):
            return self._refused(found)
        if found.used and who is None and not more:
            return self._used(found)
        nothing: dict[str, Any] = {"hero": None, "limits": [], "unit": None, "scene": None, "work": None, "code_sent": False, "typed": {}}
        values = {"matter": in_words(found, self.lang), "zone": known.zone, "who": who, "csrf": who.csrf if who else ""}
        return self._page("phone/answer.html", status, sentence=self._sentence(refusal), **nothing | values | staff | more)

    def _sentence(self, refusal: Refused | Conflict | None) -> str:
        if refusal is None:
            return ""
        return say("answer.conflict", self.lang) if isinstance(refusal, Conflict) else refusal_in_words(refusal, self.lang)

    def _matter(self) -> Matter | Refused:
        with self.site.database.unit_of_work() as session:
            return opened(session, self.key, self.now, again=True)

    def _answer(self, form: Sent) -> Response:
        score = form.fields.get("score", "")
        if score not in _SCORES:
            return self._refused(Refused("answer_unsaid"))
        device = f"{_host(self.request)} {self.request.headers.get('user-agent', '')}"[:200]
        said = Said(_SOLVED.get(form.fields.get("solved", "")), _SCORES[score], device)
        with self.site.database.unit_of_work() as session:
            done = answer(session, self.key, said, self.now)
        if isinstance(done, Refused):
            return self._refused(done)
        if isinstance(done, Conflict):
            return self._told(say("answer.conflict", self.lang), 409)
        return self._told(say(f"answer.done_{done.purpose}", self.lang, no=done.no), back=done.actor.resident_id is None)

    def _send_code(self) -> Response:
        """Send a code to whom the message was addressed, and to nobody else."""
        found = self._matter()
        if isinstance(found, Refused) or found.actor.user_id is None:
            return self._refused(found if isinstance(found, Refused) else Refused("link_not_here"))
        try:
            with self.site.database.unit_of_work() as session:
                codes.send(session, found.actor.user_id, self.now)
        except Refused as refusal:
            return self.show(_STATUS.get(refusal.code, 409), refusal, code_sent=refusal.code == "code_too_often")
        return self.show(code_sent=True)

    def _enter_code(self, form: Sent) -> Response:
        found = self._matter()
        if isinstance(found, Refused) or found.actor.user_id is None:
            return self._refused(found if isinstance(found, Refused) else Refused("link_not_here"))
        device = self.request.headers.get("user-agent", "")
        with self.site.database.unit_of_work() as session:
            entered = codes.check(session, found.actor.user_id, form.fields.get("signin", ""), device, self.now)
        if isinstance(entered, Refused):
            return self.show(403, entered, code_sent=True)
        page = self.show(secret=entered)
        hand_out_short(page, self.request, entered)
        return page

    def _move(self, form: Sent) -> Response:
        """Make one move of the work order, as whoever has said who he is; what was typed is kept where it cannot be made."""
        found = self._matter()
        if isinstance(found, Refused):
            return self._refused(found)
        with self.site.database.unit_of_work() as session:
            who = recognised(self.request, self.site, session, self.now)
        if who is None or found.actor.resident_id is not None:
            return self.show(403, Refused("link_not_you"), typed=form.fields)
        own_form_of(who, form)
        return self._made(found, who, form)

    def _made(self, found: Matter, who: Recognised, form: Sent) -> Response:
        try:
            task = task_of(form, self.site.settings)
            with self.site.database.unit_of_work() as session:
                do(session, found, who.actor, task, self.now)
        except (Refused, Conflict) as refusal:
            status = 409 if isinstance(refusal, Conflict) else _STATUS.get(refusal.code, 409)
            return self.show(status, refusal, typed=form.fields)
        action = say(f"action.{task.action}", self.lang)
        return self._told(say("answer.moved", self.lang, no=found.no, action=action), back=True)

    def _used(self, found: Matter) -> Response:
        """What is said of a key that has done what it was good for: to go on, one says who one is."""
        sentence = refusal_in_words(Refused("answer_used"), self.lang)
        return self._page("phone/answer_told.html", 410, sentence=sentence, back=False, identify=found.actor.user_id is not None)

    def _refused(self, refusal: Refused) -> Response:
        if refusal.code == "answer_used":
            found = self._matter()
            if isinstance(found, Matter):
                return self._used(found)
        return self._told(refusal_in_words(refusal, self.lang), _STATUS.get(refusal.code, 409))

    def _told(self, sentence: str, status: int = 200, *, back: bool = False) -> Response:
        return self._page("phone/answer_told.html", status, sentence=sentence, back=back, identify=False)

    def _page(self, template: str, status: int, **values: Any) -> Response:  # noqa: ANN401 - values of the template
        held = self.key.secret if self.key.kind is Kind.CODE else ""
        values = {"at": "/a" if held else f"/a/{self.key.secret}", "held": held, "code_sent": False} | values
        return _page(self.request, template, status, **values)


def _enter(request: Request, code: str = "") -> Response:
    return _page(request, "phone/answer_enter.html", 200, at="/a", held="", code=code)


def _page(request: Request, template: str, status: int, **values: Any) -> Response:  # noqa: ANN401 - values of the template
    """A page of answers; a code travels in the forms, never in an address."""
    return render(request, template, status, _HEADERS, **values)


def _host(request: Request) -> str:
    """Where a request comes from; of the newer addresses the network, because one device has many."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network(f"{host}/64", strict=False)) if address.version == 6 else host

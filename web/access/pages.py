"""The door: signing in and out, one's own password, one's own sessions and second factor."""

import re
from datetime import datetime
from typing import Any, Final

import pyotp
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from rules.facts import Refused
from services.accounts import entering, making, oidc, passwords, sessions
from web.access.browsers import browser_of
from web.access.visitor import Form, Posted, Sent, Signed, hand_out, host_of, take_back
from web.console.nav import home_of
from web.console.page import page
from web.errors import refusal_in_words
from web.guards import OwnForm, own_path
from web.rendering import render
from web.site import Here, Lang, Now, Site, site_of

router = APIRouter(include_in_schema=False)
_STATUS: Final = {"code_wanted": 200, "sign_in_too_many": 429}
_SECRET: Final = re.compile(r"[A-Z2-7]{32}")  #: of a second factor, as it is made here
_APP: Final = "Bihuan 闭环"


@router.get("/")
def home(who: Signed) -> Response:
    """Where one begins."""
    return RedirectResponse(home_of(who.actor), 303)


@router.get("/login")
def door(request: Request) -> Response:
    """The form that asks who one is."""
    return door_page(request, own_path(request.query_params.get("next", "")))


@router.post("/login", dependencies=[OwnForm])
def sign_in(request: Request, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Take user name, password and code; hand out a session."""
    name, there = form.fields.get("user", ""), own_path(form.fields.get("next", ""))
    try:
        weighed = _weighed(request, site, name, form, now)
    except Refused as refusal:
        return _again(request, refusal, lang, there, name)
    with site.database.unit_of_work() as session:
        found = entering.enter(session, weighed, now)
    if isinstance(found, Refused):
        return _again(request, found, lang, there, name)
    answer = RedirectResponse(there, 303)
    hand_out(answer, request, found)
    return answer


def _weighed(request: Request, site: Site, name: str, form: Sent, now: datetime, field: str = "password") -> entering.Weighed:
    """What was shown, compared with what is kept.

    Raises:
        Refused: `sign_in_too_many`.
    """
    came = entering.Came(name, host_of(request), request.headers.get("user-agent", ""))
    with site.database.unit_of_work() as session:
        door = entering.approach(session, came, now, demo=site.settings.demo)
    return entering.weigh(door, form.fields.get(field, ""), form.fields.get("code", ""), now)


def _again(request: Request, refusal: Refused, lang: str, there: str, name: str) -> Response:
    """The form once more; a password is never sent back, so it is typed again beside the code."""
    wanted = refusal.code in ("code_wanted", "digits_wrong")
    sentence = refusal_in_words(refusal, lang)
    return door_page(request, there, _STATUS.get(refusal.code, 401), user=name, sentence=sentence, code_wanted=wanted)


def door_page(request: Request, there: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - values of the template
    """The form that asks who one is, with the other way in where there is one."""
    values = {"oidc": oidc.is_configured(site_of(request).settings), **values}
    return render(request, "console/login.html", status, next=there, **{"user": "", "sentence": "", "code_wanted": False, **values})


@router.post("/logout")
def sign_out(_: Posted, who: Signed, site: Here, now: Now) -> Response:
    """End the session, here and on the server."""
    with site.database.unit_of_work() as session:
        sessions.end(session, who.digest, now)
    answer = RedirectResponse("/login", 303)
    take_back(answer)
    return answer


@router.get("/password")
def own_password(request: Request, who: Signed) -> Response:
    """The form for a password of one's own."""
    return page(request, who, "password.html", "me", sentence="", least=passwords.LEAST)


@router.post("/password")
def set_password(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Set a password of one's own, after the present one."""
    new = form.fields.get("new", "")
    try:
        _confirm(request, site, who, form, now)
        if new != form.fields.get("again", ""):
            raise Refused("password_not_twice")
        if new == form.fields.get("present", ""):
            raise Refused("password_same")
        passwords.check(new, who.person.name)
        kept = passwords.hashed(new)
        with site.database.unit_of_work() as session:
            making.own_password(session, who.person.id, who.person.name, new, kept, who.digest, now)
    except Refused as refusal:
        return page(request, who, "password.html", "me", 409, sentence=refusal_in_words(refusal, lang), least=passwords.LEAST)
    return RedirectResponse(home_of(who.actor), 303)


def _confirm(request: Request, site: Site, who: Signed, form: Sent, now: datetime) -> None:
    """Whoever changes how one signs in shows the present password first; wrong ones count as at the door.

    Raises:
        Refused: `password_wrong`, `sign_in_too_many`.
    """
    weighed = _weighed(request, site, who.person.name, form, now, "present")
    with site.database.unit_of_work() as session:
        refusal = entering.confirm(session, weighed, now)
    if refusal is not None:
        raise refusal


@router.get("/me")
def me(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """Who one is, where one is signed in."""
    return _me(request, who, site, now)


def _me(request: Request, who: Signed, site: Site, now: Now, status: int = 200, sentence: str = "", secret: str = "") -> Response:
    with site.database.unit_of_work() as session:
        mine = sessions.sessions_of(session, who.person.id, now)
        (account,) = making.accounts(session, [who.person.id])
    uri = pyotp.TOTP(secret, name=who.person.name, issuer=_APP).provisioning_uri() if secret else ""
    shown = {"sessions": mine, "account": account, "browser_of": browser_of}
    return page(request, who, "me.html", "me", status, sentence=sentence, secret=secret, uri=uri, **shown)


@router.post("/me/sessions")
def end_others(_: Posted, who: Signed, site: Here, now: Now) -> Response:
    """End every other session of one's own."""
    with site.database.unit_of_work() as session:
        sessions.end_all(session, who.person.id, now, but=who.digest)
    return RedirectResponse("/me", 303)


@router.post("/me/factor")
def second_factor(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Begin, confirm or take away the second factor; each needs the present password."""
    given = form.fields.get("secret", "")
    secret = given if _SECRET.fullmatch(given) else ""
    try:
        _confirm(request, site, who, form, now)
        if form.fields.get("do") == "begin":
            return _me(request, who, site, now, secret=pyotp.random_base32())
        step = entering.right_step(secret, form.fields.get("code", ""), now) if secret else None
        if given and step is None:
            raise Refused("digits_wrong")
        with site.database.unit_of_work() as session:
            making.second_factor(session, who.person.id, who.person.name, secret or None, step, now)
    except Refused as refusal:
        return _me(request, who, site, now, 409, refusal_in_words(refusal, lang), secret)
    return RedirectResponse("/me", 303)

"""People and accounts, for administrators: who may sign in, one-time passwords, accounts that rest, sessions that have to end."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused
from services.accounts import making, passwords, people
from services.people.rights import administrator
from web.access.visitor import Posted, Signed, Visitor
from web.console.page import page
from web.errors import refusal_in_words
from web.site import Here, Lang, Now, Site
from wording import say

router = APIRouter(include_in_schema=False)
Change = Callable[[Session, str, str, datetime], object]
#: What an administrator does with an account besides giving it.
_CHANGES: Final[Mapping[str, Change]] = {"unlock": making.unlock, "end": making.end_sessions}


@router.get("/people")
def everybody(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The staff, a page at a time."""
    administrator(who.known, who.person.name)
    return _list(request, who, site, now, lang)


@router.post("/people")
def change(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Give an account or a new one-time password, let an account try again, end its sessions; then the same page."""
    administrator(who.known, who.person.name)
    user, what = form.fields.get("user", ""), form.fields.get("do", "")
    try:
        if what == "give":
            return _list(request, who, site, now, lang, given=(user, _give(site, user, who, now)))
        if what not in _CHANGES:
            raise Refused("unknown_action", action=what)
        with site.database.unit_of_work() as session:
            _CHANGES[what](session, user, who.person.name, now)
    except Refused as refusal:
        return _list(request, who, site, now, lang, 409, sentence=refusal_in_words(refusal, lang, who.known))
    return RedirectResponse(_same(request), 303)


def _give(site: Site, user: str, who: Visitor, now: datetime) -> str:
    """A new one-time password, which is shown once and kept nowhere."""
    password = passwords.invented()
    kept = passwords.hashed(password)
    with site.database.unit_of_work() as session:
        making.give(session, user, kept, who.person.name, now)
    return password


def _same(request: Request) -> str:
    """The page from which a form was sent: its search stands in the form's address."""
    return f"/people?{request.url.query}" if request.url.query else "/people"


def _list(
    request: Request,
    who: Visitor,
    site: Site,
    now: datetime,
    lang: str,
    status: int = 200,
    *,
    sentence: str = "",
    given: tuple[str, str] = ("", ""),
) -> Response:
    words, after = request.query_params.get("q", "")[:60], request.query_params.get("after", "")[:60]
    with site.database.unit_of_work() as session:
        found = people.page_of(session, words, after, now)
    roles = {row.person.role: say(f"role.{row.person.role}", lang) for row in found.rows}
    values = {"found": found, "words": words, "after": after, "sentence": sentence, "given": given, "roles": roles}
    return page(request, who, "people.html", "people", status, **values)

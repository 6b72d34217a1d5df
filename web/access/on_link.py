"""Who somebody is on a page that a link opens: signed in in this browser, or by a code from a short message; else nobody in particular."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import Request, Response
from sqlalchemy.orm import Session

from rules.facts import Actor
from services.accounts import codes, sessions
from services.catalogue import Person, catalogue
from web.access.visitor import CSRF, SESSION_COOKIE, Sent, csrf_of
from web.guards import ForeignForm
from web.site import Site

LINK_COOKIE: Final = "bihuan_link"  #: holds a short session; sent to pages of links only


@dataclass(frozen=True, slots=True)
class Recognised:
    """Somebody of the staff who has shown who he is.

    Attributes:
        csrf: What every form of his carries.
        short: By a code: he is good for links, not for the console.
    """

    person: Person
    actor: Actor
    csrf: str
    short: bool


def recognised(request: Request, site: Site, session: Session, now: datetime, secret: str = "") -> Recognised | None:
    """Who this is; None: nobody has said so. Changes nothing.

    Args:
        request: What came.
        site: The site.
        session: The unit of work.
        now: The instant, aware UTC.
        secret: Of a short session that was opened just now and that the browser does not hold yet.
    """
    given = request.cookies.get(SESSION_COOKIE, "")
    found = sessions.signed_in(session, given, now) if given and not secret else None
    if found is not None and not found.one_time and (site.settings.demo or not found.demo):
        return _somebody(session, found.staff_id, given, short=False)
    given = secret or request.cookies.get(LINK_COOKIE, "")
    staff_id = sessions.signed_in_by_code(session, given, now) if given else None
    return None if staff_id is None else _somebody(session, staff_id, given, short=True)


def _somebody(session: Session, staff_id: int, secret: str, *, short: bool) -> Recognised | None:
    known = catalogue(session)
    person = known.by_id.get(staff_id)
    if person is None or person.left_at is not None:
        return None
    return Recognised(person, known.actor(person.name), csrf_of(secret), short)


def own_form_of(who: Recognised, form: Sent) -> None:
    """Let a form through only when it is one of this session's.

    Raises:
        ForeignForm: it is not.
    """
    if not hmac.compare_digest(form.fields.get(CSRF, "").encode(), who.csrf.encode()):
        raise ForeignForm


def hand_out_short(response: Response, request: Request, secret: str) -> None:
    """Give the browser a short session, for pages of links only."""
    response.set_cookie(
        LINK_COOKIE,
        secret,
        max_age=int(codes.SESSION.total_seconds()),
        path="/a",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )

"""The newcomer's way through a demonstration: one case, step by step, and who acts next is a button away."""

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from models import Case, Message, connection_of, table
from rules.delivery import TAKEN_STATES
from rules.facts import STEP_OF, Refused, State, Step
from services.accounts import sessions
from services.catalogue import catalogue
from services.guide import Onward, may_enter_as, onward
from settings import reachable
from web.access.visitor import Form, hand_out
from web.guards import OwnForm
from web.phone import follower
from web.rendering import TOUR_COOKIE, render
from web.site import Here, Lang, Now, Site, case_number
from web.views import Words

router = APIRouter(include_in_schema=False)
_case, _message = table(Case), table(Message)
RESIDENT: Final = "resident"
_TOLD: Final = 3  #: messages that are shown, newest first


@router.get("/tour")
def tour(request: Request, site: Here, now: Now, lang: Lang) -> Response:
    """Where the newcomer's case stands, and what comes next; without a case: how to begin."""
    _demonstration(site)
    asked = request.query_params.get("no", "")
    given = asked or request.cookies.get(TOUR_COOKIE, "")
    values: dict[str, Any] = {"no": "", "step": "", "inbox": f"http://{reachable(site.settings.sim_host)}:{site.settings.sim_port}"}
    if given:
        try:
            values |= _stands(site, case_number(given), now, lang)
        except Refused:
            if asked:
                raise
            given = ""  # the case of an installation that was set up anew: begin again
    answer = render(request, "phone/tour.html", steps=[step.value for step in Step], sim=site.settings.runs_sim, **values)
    if given:
        answer.set_cookie(TOUR_COOKIE, given, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return answer


@router.post("/tour", dependencies=[OwnForm])
def take_part(request: Request, form: Form, site: Here, now: Now) -> Response:
    """Take the place of whoever acts next, and go where that is done."""
    _demonstration(site)
    no, user = case_number(form.fields.get("no", "")), form.fields.get("as", "")
    with site.database.unit_of_work() as session:
        found = onward(session, no, now)
        if user == RESIDENT and found.requester_id is not None:
            answer = RedirectResponse(f"/s/{no}", 303)
            follower.remember(answer, request, no, found.requester_id, now)
            return answer
        if not may_enter_as(session, user, no):
            raise Refused("unknown_user", user=user[:60])
        staff_id = catalogue(session).people[user].id
        secret = sessions.open_session(session, staff_id, "demo", request.headers.get("user-agent", ""), now)
    answer = RedirectResponse(_where(no, found), 303)
    hand_out(answer, request, secret)
    return answer


def _demonstration(site: Site) -> None:
    """Only a demonstration has this page.

    Raises:
        HTTPException: 404, it is none.
    """
    if not site.settings.demo:
        raise HTTPException(404)


def _where(no: str, found: Onward) -> str:
    """Where the next move is made."""
    if found.thing is None:
        return f"/cases/{no}"
    if found.state is State.ACCEPTED:
        return f"/triage?no={no}"
    order = f"?thing={found.thing.value}&thing_no={found.no}" if found.no is not None else ""
    return f"/cases/{no}/do/{found.action}{order}"


def _stands(site: Site, no: str, now: datetime, lang: str) -> dict[str, Any]:
    with site.database.unit_of_work() as session:
        found, known = onward(session, no, now), catalogue(session)
        subject = connection_of(session).execute(select(_case.c.subject).where(_case.c.no == no)).scalar_one()
        told = _told(session, no)
    words, person = Words(known, lang), found.person
    return {
        "no": no,
        "subject": subject,
        "state": words.word("state", found.state.value),
        "step": STEP_OF[found.state].value,
        "found": found,
        "post": words.named(person.title) if person else "",
        "unit": words.unit(person.unit_id)[1] if person else "",
        "told": [words.word("notice", notice) for notice in told],
    }


def _told(session: Session, no: str) -> list[str]:
    """What the newest messages of the case are about, of those that went out: not what waits, was held back or told another way."""
    joined = _message.join(_case, _case.c.id == _message.c.case_id)
    sent = select(_message.c.notice).select_from(joined).where(_case.c.no == no, _message.c.state.in_(TAKEN_STATES))
    return [str(each) for each in connection_of(session).execute(sent.order_by(_message.c.id.desc()).limit(_TOLD)).scalars()]

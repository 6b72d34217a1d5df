"""Opening an affair: its form, drawn from the table of openings, and the service that opens it."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from services.affairs.offering import openable, openable_on
from services.errands import content
from services.inspections import checklists
from services.moves import Conflict, Draft, Setting
from services.visibility import check_visible
from web.access.once import once
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.affairs.fields import drawn
from web.console.affairs.moves import span_units
from web.console.affairs.openings import OPENINGS, New, Opening
from web.console.affairs.options import Scene
from web.console.affairs.said import said_of
from web.console.affairs.typed import ROWS, read
from web.console.move_fields import Option, spans
from web.console.page import page
from web.site import Here, Lang, Now, Site, case_number, language_of
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)


@router.get("/affairs/new/{code}")
def opening_form(request: Request, code: str, who: Signed, site: Here, now: Now) -> Response:
    """The form with which one kind of affair is opened."""
    opening = _opening(code)
    with site.database.unit_of_work() as session:
        _check_may(session, opening, who, request.query_params.get("case", ""))
    return _form(request, who, site, opening, now)


@router.post("/affairs/new/{code}")
def open_one(request: Request, code: str, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Open it; what is refused is said on the form, with what was typed."""
    opening = _opening(code)
    try:
        given = read(form, opening.wanted(), opening.kinds)
        with site.database.unit_of_work() as session:
            there = once(session, form, who.actor, now, lambda: _make(session, opening, New(given, who.actor, who.known, Setting(now))))
    except Conflict:
        return _form(request, who, site, opening, now, 409, form, translated("这件案件刚被别人改过", lang))
    except Refused as refusal:
        return _form(request, who, site, opening, now, 409, form, said_of(refusal, lang))
    return RedirectResponse(there, 303)


def _make(session: Session, opening: Opening, new: New) -> str:
    """Open it on cases that the person sees; gives back the address of its page."""
    for no in new.given.get("cases", ()):
        check_visible(session, new.actor, case_number(no.strip().upper()))
    return f"/affairs/{opening.make(session, new)}"


def _opening(code: str) -> Opening:
    if code not in OPENINGS:
        raise Refused("unknown_action", action=code)
    return OPENINGS[code]


def _check_may(session: Session, opening: Opening, who: Visitor, case_no: str) -> None:
    """See to it that this person could open one: on a case that he sees the door decides, else by his post.

    Raises:
        Refused: `not_yours`, `unknown_case`.
    """
    if case_no:
        check_visible(session, who.actor, case_number(case_no))
    elif opening.action not in openable(session, who.actor, who.known):
        raise Refused("not_yours", action=opening.action)


def _form(
    request: Request, who: Visitor, site: Site, opening: Opening, now: Now, status: int = 200, form: Sent | None = None, said: str = ""
) -> Response:
    lang = language_of(request)
    with site.database.unit_of_work() as session:
        scene = Scene(Words(who.known, lang), who.actor, items=_items(session, opening, lang, now))
    case_no = request.query_params.get("case", "")[:24]
    typed: Mapping[str, Any] = {"cases": (case_no,)} if case_no else {}
    if form is not None:
        typed = read(form, opening.wanted(), opening.kinds)
    values = {"name": opening.label(lang), "intro": translated(opening.intro, lang), "code": opening.code, "said": said, "rows": ROWS}
    values |= {"fields": drawn(scene, opening.wanted(), opening.kinds, typed), "spans": spans(lang), "span_units": span_units(form)}
    return page(request, who, "affairs/new.html", "affairs", status, **values)


def _items(session: Session, opening: Opening, lang: str, now: Now) -> Mapping[str, list[Option]]:
    """What has to be read to draw the form: the errands that there are, the checklists."""
    if opening.code == "errand":
        return {"errands": [(code, str(getattr(item, lang))) for code, item in content(session, now).items.items()]}
    if opening.code == "inspection":
        return {"checklists": [(code, str(getattr(each, lang))) for code, each in checklists().items()]}
    return {}


def on_case(session: Session, actor: Actor, draft: Draft, lang: str) -> list[tuple[str, str]]:
    """What somebody could open on a case: code and name; only kinds whose form takes a case."""
    mine = openable_on(session, actor, draft)
    return [
        (each.code, each.label(lang))
        for each in OPENINGS.values()
        if each.action in mine and "cases" in each.kinds and "cases?" in each.takes
    ]

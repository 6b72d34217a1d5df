"""One category: what it says and where it is used; making one, and writing one anew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, TriageRule, connection_of, table
from rules.facts import FINAL, Level, Refused
from services import categories
from services.catalogue import URGENCIES, catalogue
from services.categories import PHOTOS, Written
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.categories import KINDS, PHOTO_NAMES, may_keep
from web.console.config.units_choices import kind_options
from web.console.config.units_shown import check_looks
from web.console.config.words import said as sentence_of
from web.console.page import page
from web.site import Here, Now, Site, language_of
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_NEW: Final = "new"
_case, _rule = table(Case), table(TriageRule)


@router.get("/config/categories/{code}")
def category(code: str, request: Request, who: Signed, site: Here) -> Response:
    """A category with the form that writes it anew; `new`: the form of one that is to be made."""
    check_looks(who.actor)
    if code != _NEW and code not in who.known.categories:
        raise HTTPException(404)
    return _page(request, who, site, code)


@router.post("/config/categories/{code}")
def write(code: str, request: Request, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Make it, or write it anew."""
    check_looks(who.actor)
    wanted = _wanted(form, form.fields.get("code", "").strip().upper() if code == _NEW else code)
    try:
        with site.database.unit_of_work() as session:
            _write(session, wanted, who.person.name, now, made=code == _NEW)
    except Refused as refusal:
        return _page(request, who, site, code, 409, wanted, sentence_of(refusal, language_of(request)))
    return RedirectResponse(f"/config/categories/{wanted.code}?done={'add' if code == _NEW else 'change'}", 303)


def _write(session: Session, wanted: Written, by: str, now: datetime, *, made: bool) -> None:
    if made:
        categories.add(session, wanted, by, now)
    else:
        categories.change(session, wanted, by, now)


def _wanted(form: Sent, code: str) -> Written:
    given = {name: form.fields.get(name, "").strip() for name in ("zh", "en", "kind", "urgency", "lead", "authority")}
    closing = tuple(photo for photo in PHOTOS if photo in form.many.get("closing", ()))
    co = tuple(dict.fromkeys(form.many.get("co", ())))
    return Written(code, **given, co=co, verify=form.fields.get("verify") == "yes", closing=closing)


def _page(
    request: Request, who: Visitor, site: Site, code: str, status: int = 200, typed: Written | None = None, sentence: str = ""
) -> Response:
    lang = language_of(request)
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), lang)
        known = typed or (Written("", "", "", "event", "P2", "") if code == _NEW else categories.written(session, code))
        used = {} if code == _NEW else _used(session, code)
        may = may_keep(session, who)
    if code == _NEW and not may:
        raise Refused("not_your_categories", user=who.person.name)
    choices: Mapping[str, Any] = {
        "kinds": [(kind, translated(name, lang)) for kind, name in KINDS.items()],
        "urgencies": [(each, words.word("urgency", each)) for each in sorted(URGENCIES)],
        "leads": kind_options(words),
        "levels": [(level.value, words.word("level", level.value)) for level in Level],
        "photos": [(photo, translated(PHOTO_NAMES[photo], lang)) for photo in PHOTOS],
    }
    values = {"row": known, "is_new": code == _NEW, "used": used, "may": may, "sentence": sentence}
    return page(request, who, "config/category.html", "config", status, done=request.query_params.get("done", ""), **values, **choices)


def _used(session: Session, code: str) -> Mapping[str, int]:
    """How many open cases and words of triage name it."""
    run = connection_of(session).execute
    ended = [state.value for state in FINAL]
    wanted = {
        "cases": select(func.count()).select_from(_case).where(_case.c.category == code, _case.c.state.not_in(ended)),
        "rules": select(func.count()).select_from(_rule).where(_rule.c.category == code),
    }
    return {name: run(query).scalar_one() for name, query in wanted.items()}

"""One category: what it says and where it is used; making one, and writing one anew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Level, Refused
from services import categories
from services.catalogue import URGENCIES, catalogue
from services.categories import PHOTOS, REASON_MOST, Written
from services.category_uses import Uses, uses
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.categories import KINDS, PHOTO_NAMES, may_keep
from web.console.config.units_choices import code_name, kind_options
from web.console.config.units_shown import check_looks
from web.console.config.words import said as sentence_of
from web.console.page import page
from web.site import Here, Now, Site, language_of
from web.views import View, Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_NEW: Final = "new"
_SHOWN: Final = 6  #: words and units that are named; the rest is counted
_TURNS: Final = ("retire", "restore")


@router.get("/config/categories/{code}")
def category(code: str, request: Request, who: Signed, site: Here, now: Now) -> Response:
    """A category, what applies to it and the form that writes it anew; `new`: the form of one that is to be made."""
    check_looks(who.actor)
    if code != _NEW and code not in who.known.categories:
        raise HTTPException(404)
    return _page(request, who, site, code, now)


@router.post("/config/categories/{code}")
def write(code: str, request: Request, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Make it, write it anew, retire or restore it."""
    check_looks(who.actor)
    if form.fields.get("do") in _TURNS:
        return _turn(request, form, who, site, code, now)
    wanted = _wanted(form, form.fields.get("code", "").strip().upper() if code == _NEW else code)
    try:
        with site.database.unit_of_work() as session:
            _write(session, wanted, who.person.name, now, made=code == _NEW)
    except Refused as refusal:
        return _page(request, who, site, code, now, wanted, sentence_of(refusal, language_of(request)))
    return RedirectResponse(f"/config/categories/{wanted.code}?done={'add' if code == _NEW else 'change'}", 303)


def _turn(request: Request, form: Sent, who: Visitor, site: Site, code: str, now: datetime) -> Response:
    """Offer it no more, or again; what was typed is kept after a refusal."""
    do, reason, by = form.fields["do"], form.fields.get("reason", ""), who.person.name
    try:
        with site.database.unit_of_work() as session:
            if do == "retire":
                categories.retire(session, code, reason, by, now)
            else:
                categories.restore(session, code, by, now)
    except Refused as refusal:
        return _page(request, who, site, code, now, None, sentence_of(refusal, language_of(request)), reason)
    return RedirectResponse(f"/config/categories/{code}?done={do}", 303)


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
    request: Request, who: Visitor, site: Site, code: str, now: datetime, typed: Written | None = None, sentence: str = "", reason: str = ""
) -> Response:
    if code != _NEW and code not in who.known.categories:
        raise HTTPException(404)
    lang = language_of(request)
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), lang)
        known = typed or (Written("", "", "", "event", "P2", "") if code == _NEW else categories.written(session, code))
        used = None if code == _NEW else _used(uses(session, code, now), words, words.known.categories[code].lead)
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
    values = {"row": known, "is_new": code == _NEW, "used": used, "may": may, "sentence": sentence, "reason": reason, "most": REASON_MOST}
    done, status = request.query_params.get("done", ""), 409 if sentence else 200
    return page(request, who, "config/category.html", "config", status, done=done, **values, **choices)


def _used(found: Uses, words: Words, lead: str) -> View:
    """What applies to it now, in words."""
    given = [(kind, limit) for kind, limit in found.limits.items() if limit is not None]
    return {
        "cases": found.cases,
        "rules": [each.words for each in found.rules[:_SHOWN]],
        "of_rules": len(found.rules),
        "limits": [(words.word("clock", kind), words.limit(limit), kind in found.own) for kind, limit in given],
        "routes": [(row.line, code_name(row.area, words) if row.area else "", code_name(row.lead, words)) for row in found.routes],
        "everywhere": any(row.area is None for row in found.routes),
        "lead": code_name(lead, words),
        "nobody": not found.leads,
        "off": [words.unit(unit)[1] for unit in found.off[:_SHOWN]],
        "of_off": len(found.off),
        "retired": found.retired,
    }

"""Filling in a score sheet on the spot: a topic, a place, a unit, and what is taken off; items that are not named keep all points."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import STAFF, Refused
from services.moves import Setting
from services.rhythm import sheets, weeks
from services.rhythm.settled import Topic
from services.rhythm.sheets import Filled, Taken
from web.access.once import once
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.page import page
from web.errors import refusal_in_words
from web.intake import kept
from web.site import Here, Lang, Now, Site
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
#: Kinds of unit whose area a sheet names, the smallest first.
_AREAS: Final = ("GRID", "COMMUNITY", "SUBDISTRICT")
#: What the command line says of its own options, said of a form.
_OWN_WORDS: Final[Mapping[str, str]] = {
    "score_photo_missing": "“%(item)s”扣分要附照片。选过的照片请再选一次。",
    "bad_off": "扣分“%(given)s”读不懂，请写数字，如 2 或 1.5。",
    "item_without_points": "选了照片或立案，没有写扣几分：%(items)s。",
}


@router.get("/sheets/new")
def blank(request: Request, who: Signed, site: Here, lang: Lang) -> Response:
    """The form of one topic; without a topic the choice of topics."""
    return _form(request, who, site, lang, request.query_params.get("topic", ""))


@router.post("/sheets/new")
def fill_in(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Keep the sheet as a draft; whoever scored signs it on its page."""
    fields, code = form.fields, form.fields.get("topic", "")
    with site.database.unit_of_work() as session:
        topic = weeks.topic_names(session).get(code)
    try:
        if topic is None:
            raise Refused("unknown_topic_code", given=code, known="")
        taken = _taken(form, topic, site)
        filled = Filled(code, fields.get("area", ""), fields.get("place", ""), fields.get("unit", ""), taken)
        with site.database.unit_of_work() as session:
            there = once(session, form, who.actor, now, lambda: _opened(session, filled, who, now))
    except Refused as refusal:
        return _form(request, who, site, lang, code, form, _sentence(refusal, topic, lang))
    return RedirectResponse(there, 303)


def _opened(session: Session, filled: Filled, who: Visitor, now: datetime) -> str:
    return f"/sheets/{sheets.label(sheets.open_sheet(session, filled, who.actor, Setting(now)).sheet_id)}"


def _taken(form: Sent, topic: Topic, site: Site) -> list[Taken]:
    """What is taken off, item by item; files are kept before anything is written that speaks of them.

    Raises:
        Refused: `bad_off`, `item_without_points`, and what is wrong with a file.
    """
    found, loose = [], []
    for item in topic.items:
        off, photos = form.fields.get(f"off-{item.code}", "").strip(), form.files.get(f"photo-{item.code}", ())
        opens = f"case-{item.code}" in form.fields
        if off and off != "0":
            proof = tuple(each.as_evidence() for each in kept(photos, site.settings))
            found.append(Taken(item.code, _tenths(off), form.fields.get(f"why-{item.code}", ""), proof, opens))
        elif photos or opens:
            loose.append(item.code)
    if loose:
        raise Refused("item_without_points", items=", ".join(loose))
    return found


def _tenths(text: str) -> int:
    """Points as people write them, in tenths.

    Raises:
        Refused: `bad_off`.
    """
    whole, _, part = text.partition(".")
    if not (text.isascii() and len(text) < 8 and whole.isdigit() and (part or "0").isdigit() and len(part) < 2):
        raise Refused("bad_off", given=text[:20])
    return int(whole) * 10 + int(part or 0)


def _sentence(refusal: Refused, topic: Topic | None, lang: str) -> str:
    """A refusal with items called by their names."""
    names = {item.code: str(getattr(item, lang)) for item in topic.items} if topic is not None else {}
    details = dict(refusal.details)
    details |= {"item": names.get(str(details["item"]), details["item"])} if "item" in details else {}
    if "items" in details:
        details["items"] = "、".join(names.get(code, code) for code in str(details["items"]).split(", "))
    own = _OWN_WORDS.get(refusal.code)
    return translated(own, lang, **details) if own is not None else refusal_in_words(Refused(refusal.code, **details), lang)


def _form(request: Request, who: Visitor, site: Site, lang: str, code: str, form: Sent | None = None, sentence: str = "") -> Response:
    if not who.actor.roles & STAFF:
        raise Refused("score_needs_staff")
    with site.database.unit_of_work() as session:
        topics = weeks.topic_names(session)
    topic = topics.get(code)
    return page(
        request,
        who,
        "rhythm/score.html",
        "rhythm",
        409 if sentence else 200,
        sentence=sentence,
        topics=[(each.code, getattr(each, lang), len(each.items)) for each in topics.values()],
        topic=(topic.code, getattr(topic, lang)) if topic is not None else None,
        items=[_item(item, lang) for item in topic.items] if topic is not None else [],
        areas=_areas(who, lang),
        units=_units(who, lang),
        typed=form.fields if form is not None else {},
    )


def _item(item: Any, lang: str) -> dict[str, Any]:  # noqa: ANN401 - services.rhythm.settled.Item
    return {"code": item.code, "name": getattr(item, lang), "points": f"{item.points / 10:g}", "photo": item.photo}


def _areas(who: Visitor, lang: str) -> list[tuple[str, str]]:
    """Grids, communities and streets by code."""
    known, words = who.known, Words(who.known, lang)
    there = [unit for unit in known.units.values() if unit.kind in _AREAS and not unit.retired]
    return sorted((unit.code, words.unit(unit.id)[1] or "") for unit in there)


def _units(who: Visitor, lang: str) -> list[tuple[str, str]]:
    """Units that may be scored, by name; the own unit is not among them."""
    known, words = who.known, Words(who.known, lang)
    own = {*who.actor.body, known.district_id}
    there = [unit for unit in known.units.values() if unit.kind != "GRID" and not unit.retired and unit.id not in own]
    return sorted(((unit.code, words.unit(unit.id)[1] or "") for unit in there), key=lambda pair: pair[1])

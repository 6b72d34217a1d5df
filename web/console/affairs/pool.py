"""认领大厅: what lies open in the pool for whoever looks, what his unit has taken on, and which units are paired with which places."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from rules.facts import Refused
from services.affairs.naming import word
from services.affairs.offering import openable
from services.affairs.pledges import Pledged, pledges_of
from services.claims_pool.board import Open, board
from services.claims_pool.pairing import end_pair, pair, pairs
from services.privacy.masking import masked
from web.access.visitor import Posted, Signed, Visitor
from web.console.affairs.options import Scene, areas, units
from web.console.affairs.said import said_of
from web.console.page import page
from web.console.shown import capital
from web.site import Here, Lang, Now, Site
from web.spoken import day_time
from web.views import Words

router = APIRouter(include_in_schema=False)
_PAIR: Final = frozenset({"admin", "dispatcher", "duty_leader"})  #: who pairs


@router.get("/affairs/pool")
def pool(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The board."""
    return _board(request, who, site, now, lang)


@router.post("/affairs/pool")
def change_pairs(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Pair a unit with a place, or end a pairing."""
    given = form.fields
    try:
        with site.database.unit_of_work() as session:
            if given.get("do") == "end":
                number = given.get("pair", "")
                end_pair(session, int(number[:9]) if number.isascii() and number.isdigit() else 0, who.actor, now)
            else:
                pair(session, given.get("area", ""), given.get("unit", ""), who.actor, now)
    except Refused as refusal:
        return _board(request, who, site, now, lang, 409, said=said_of(refusal, lang), typed=given)
    return RedirectResponse("/affairs/pool#pairs", 303)


def _board(
    request: Request,
    who: Visitor,
    site: Site,
    now: Now,
    lang: str,
    status: int = 200,
    *,
    said: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    words, known = Words(who.known, lang), who.known
    area, skill = request.query_params.get("area", ""), request.query_params.get("skill", "").strip()[:20]
    found: list[Open] = []
    with site.database.unit_of_work() as session:
        try:
            found = board(session, who.actor, now, skill=skill, area=area if area in known.areas else None)
        except Refused as refusal:
            said, status = said_of(refusal, lang), 409
        mine, together = pledges_of(session, who.actor), pairs(session, now)
        posts = "post_order" in openable(session, who.actor, known)
    paired = [{"id": p.id, "area": _name(p.area, words), "unit": _name(p.unit, words), "since": _at(p.since, now, words)} for p in together]
    scene = Scene(words, who.actor)
    values: dict[str, Any] = {"rows": [_open(each, words, now) for each in found], "mine": [_mine(each, words, now) for each in mine]}
    values |= {"pairs": paired, "pairing": bool(who.actor.roles & _PAIR), "posts": posts, "said": said, "typed": typed or {}}
    values |= {"areas": areas(scene), "units": units(scene), "area": area, "skill": skill}
    return page(request, who, "affairs/pool.html", "affairs", status, **values)


def _name(code: str, words: Words) -> str:
    return words.unit(words.known.unit_ids[code])[1] or code


def _at(moment: Any, now: Now, words: Words) -> str:  # noqa: ANN401 - an instant
    return day_time(moment, now, words.known.zone, words.lang)


def _open(each: Open, words: Words, now: Now) -> dict[str, Any]:
    taken = each.quantity - each.free
    return {
        "no": each.no,
        "part": each.part,
        "title": masked(each.title),
        "line": each.line,
        "skill": each.skill,
        "free": f"{each.free}{each.measure}",
        "all": f"{each.quantity}{each.measure}",
        "percent": round(100 * taken / each.quantity) if each.quantity else 0,
        "area": _name(each.area, words),
        "place": masked(each.place or ""),
        "since": _at(each.opened_at, now, words),
        "ours": each.ours,
    }


def _mine(each: Pledged, words: Words, now: Now) -> dict[str, Any]:
    return {
        "no": each.no,
        "title": masked(each.title),
        "line": each.line,
        "amount": f"{each.quantity}{each.measure}",
        "done": f"{each.done}{each.measure}" if each.done else "",
        "state": capital(word("pledge_state", each.state, words.lang)),
        "good": each.state == "confirmed",
        "due": _at(each.due, now, words) if each.due is not None else "",
        "thanks": masked(each.thanks),
    }

"""/pool: what lies open in the pool, for everybody; a resident takes some of it on, delivers, gives back, confirms, says thank you."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Actor, Refused, Thing
from services.affairs import find
from services.affairs.acting import Ask, act
from services.affairs.naming import word
from services.affairs.offering import check_unchanged
from services.affairs.pledges import Pledged, asked_by, pledges_of, version_of
from services.catalogue import Catalogue, catalogue
from services.claims_pool import visits
from services.claims_pool.board import Open, board
from services.claims_pool.posting import Line, Order
from services.claims_pool.wishing import wish
from services.following import follower
from services.moves import Conflict, Setting
from services.privacy.masking import masked
from services.privacy.seeing import ANYBODY
from web.access.visitor import Form, Sent
from web.console.affairs.numbers import AffairNo
from web.console.affairs.said import said_of
from web.console.shown import capital
from web.guards import OwnForm
from web.phone.device import network_of
from web.phone.pool_visitor import forget, hand_out, remembered, secret_of
from web.rendering import render
from web.site import Here, Lang, Now, Site
from web.spoken import day_time
from web.words import translated

router = APIRouter(include_in_schema=False)
Given = Mapping[str, str]
_STATUS: Final = {"answer_too_many": 429, "follow_unknown": 404, "pool_too_many": 429}
_HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow"}
_AREAS: Final = ("SUBDISTRICT", "COMMUNITY")
#: What may be asked for of a pledge, and what is handed in with it.
_TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "deliver": ("quantity",),
    "give_up": ("quantity", "reason"),
    "confirm_pledge": (),
    "send_back": ("reason",),
    "thank": ("words",),
}


@router.get("/pool")
def pool(request: Request, site: Here, now: Now, lang: Lang) -> Response:
    """What nobody has taken on yet; for everybody, so without where exactly somebody lives."""
    area = request.query_params.get("area", "")
    with site.database.unit_of_work() as session:
        known = catalogue(session)
        found = _on_board(session, None, now, area if area in known.areas else None)
    shown = [_shown(each, known, lang) for each in found]
    values: dict[str, Any] = {"rows": shown, "area": area, "areas": _areas(known, lang), "me": remembered(request, site, now) is not None}
    return render(request, "phone/pool.html", **values)


@router.get("/pool/me")
def me(request: Request, site: Here, now: Now, lang: Lang) -> Response:
    """What one has taken on, and what others have of one's own orders; asks who comes where nobody is known."""
    who = remembered(request, site, now)
    return _door(request) if who is None else _own(request, who, site, now, lang)


@router.post("/pool/me", dependencies=[OwnForm])
def enter(request: Request, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Let in whoever shows number and token of a case of his own; or leave these pages."""
    if form.fields.get("do") == "leave":
        with site.database.unit_of_work() as session:
            visits.leave(session, secret_of(request), now)
        left = RedirectResponse("/pool", 303)
        forget(left)
        return left
    no = form.fields.get("no", "").strip().upper()[:20]
    with site.database.unit_of_work() as session:
        found = follower(session, no, form.fields.get("token", ""), network_of(request), now)
        secret = "" if isinstance(found, Refused) else visits.let_in(session, found, now)
    if isinstance(found, Refused):
        return _door(request, _STATUS[found.code], no=no, sentence=said_of(found, lang))
    answer = RedirectResponse("/pool/me", 303)
    hand_out(answer, request, secret)
    return answer


@router.get("/pool/ask")
def ask_form(request: Request, site: Here, now: Now, lang: Lang) -> Response:
    """The form with which a resident asks for something (点单)."""
    return _ask(request, site, lang) if remembered(request, site, now) is not None else _door(request)


@router.post("/pool/ask", dependencies=[OwnForm])
def ask(request: Request, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Ask for something; the community looks at it first and passes it on."""
    who, given = remembered(request, site, now), form.fields
    if who is None:
        return _door(request)
    try:
        with site.database.unit_of_work() as session:
            count = _count(given)
            line = Line(given.get("line", "").strip()[:120], 1 if count is None else count, given.get("measure", "").strip()[:20])
            texts = {name: given.get(name, "").strip()[:120] for name in ("title", "place")}
            order = Order(texts["title"], (line,), place=texts["place"], area=given.get("area") or None, form="wish")
            wish(session, order, who, given.get("form_key", ""), Setting(now))
    except Refused as refusal:
        return _ask(request, site, lang, _STATUS.get(refusal.code, 409), sentence=said_of(refusal, lang), given=given)
    return RedirectResponse("/pool/me?done=ask", 303)


@router.get("/pool/{no}/{part}")
def line(request: Request, no: AffairNo, part: int, site: Here, now: Now, lang: Lang) -> Response:
    """One line of an order: how much of it would you take on?"""
    return _line(request, no, part, site, now, lang)


@router.post("/pool/{no}/{part}", dependencies=[OwnForm])
def move(request: Request, no: AffairNo, part: int, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Take some of a line on; or deliver, give back, confirm, thank for what is taken on."""
    who, what = remembered(request, site, now), form.fields.get("do", "")
    if who is None:
        return _door(request)
    try:
        with site.database.unit_of_work() as session:
            _make(session, no, part, what, form, Actor("resident", resident_id=who), now)
    except Conflict:
        sentence = translated("刚刚有别人也认领了或改了这一单。请看看最新的数，再决定。", lang)
        return _again(request, who, no, part, site, now, lang, what, sentence, form.fields)
    except Refused as refusal:
        status = _STATUS.get(refusal.code, 409)
        return _again(request, who, no, part, site, now, lang, what, said_of(refusal, lang), form.fields, status)
    return RedirectResponse(f"/pool/me?done={what}", 303)


def _make(session: Session, no: str, part: int, what: str, form: Sent, actor: Actor, now: Now) -> None:
    """Make one move as a resident, as he saw the order.

    Raises:
        Refused: what the table and the mechanism say.
        Conflict: the order has changed meanwhile.
    """
    given = form.fields
    check_unchanged(session, find(session, no, Thing.POOL), _number(given.get("version", "")) or -1)
    if what == "claim":
        visits.check_claims(session, actor.resident_id or 0, now)
        args: dict[str, Any] = {"want": part, "quantity": _count(given)}
        act(session, Ask(no, "claim", None, _filled(args)), actor, Setting(now))
    elif what in _TAKES:
        args = {name: _count(given) if name == "quantity" else given.get(name, "").strip() for name in _TAKES[what]}
        act(session, Ask(no, what, part, _filled(args)), actor, Setting(now))
    else:
        raise Refused("unknown_action", action=what)


def _filled(args: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in args.items() if value not in (None, "")}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _count(given: Mapping[str, str]) -> int | None:
    """A quantity; None: all of it.

    Raises:
        Refused: `quantity_not_a_number`.
    """
    text = given.get("quantity", "").strip()
    if text and _number(text) is None:
        raise Refused("quantity_not_a_number")
    return _number(text)


# pages ----------------------------------------------------------------------------------------------------------------


def _on_board(session: Session, who: int | None, now: Now, area: str | None = None) -> list[Open]:
    reader = Actor("resident", resident_id=who) if who is not None else ANYBODY
    return board(session, reader, now, area=area)


def _shown(each: Open, known: Catalogue, lang: str) -> dict[str, Any]:
    taken = each.quantity - each.free
    return {
        "no": each.no,
        "part": each.part,
        "title": masked(each.title),
        "line": masked(each.line),
        "skill": each.skill,
        "free": f"{each.free}{each.measure}",
        "all": f"{each.quantity}{each.measure}",
        "percent": round(100 * taken / each.quantity) if each.quantity else 0,
        "area": str(getattr(known.names[known.unit_ids[each.area]], lang)),
    }


def _areas(known: Catalogue, lang: str) -> list[tuple[str, str]]:
    """Streets and communities, those of one street together."""
    units = [unit for unit in known.units.values() if unit.kind in _AREAS and unit.code in known.areas]
    paths = {unit.id: [known.units[i].code for i in reversed(known.line(unit.id))] for unit in units}
    return [(unit.code, str(getattr(known.names[unit.id], lang))) for unit in sorted(units, key=lambda u: paths[u.id])]


def _door(request: Request, status: int = 200, *, no: str = "", sentence: str = "") -> Response:
    return render(request, "phone/pool_door.html", status, _HEADERS, no=no, sentence=sentence)


def _ask(request: Request, site: Site, lang: str, status: int = 200, *, sentence: str = "", given: Given | None = None) -> Response:
    with site.database.unit_of_work() as session:
        areas = _areas(catalogue(session), lang)
    key = (given or {}).get("form_key") or secrets.token_hex(10)
    return render(request, "phone/pool_ask.html", status, _HEADERS, areas=areas, sentence=sentence, given=given or {}, form_key=key)


def _line(
    request: Request, no: str, part: int, site: Site, now: Now, lang: str, status: int = 200, sentence: str = "", given: Given | None = None
) -> Response:
    who = remembered(request, site, now)
    with site.database.unit_of_work() as session:
        known = catalogue(session)
        found = next((each for each in _on_board(session, who, now) if (each.no, each.part) == (no, part)), None)
        version = version_of(session, no) if found is not None else 0
    row = _shown(found, known, lang) if found is not None else None
    values: dict[str, Any] = {"row": row, "version": version, "sentence": sentence, "given": given or {}, "me": who is not None}
    return render(request, "phone/pool_line.html", status if row else 404, _HEADERS, **values)


def _again(
    request: Request,
    who: int,
    no: str,
    part: int,
    site: Site,
    now: Now,
    lang: str,
    what: str,
    sentence: str,
    given: Given,
    status: int = 409,
) -> Response:
    if what == "claim":
        return _line(request, no, part, site, now, lang, status, sentence, given)
    return _own(request, who, site, now, lang, status, sentence=sentence, given={**given, "at": f"{no}/{part}"})


def _own(
    request: Request, who: int, site: Site, now: Now, lang: str, status: int = 200, *, sentence: str = "", given: Given | None = None
) -> Response:
    with site.database.unit_of_work() as session:
        known = catalogue(session)
        mine, asked = pledges_of(session, Actor("resident", resident_id=who)), asked_by(session, who)
    done = request.query_params.get("done", "")
    return render(
        request,
        "phone/pool_me.html",
        status,
        _HEADERS,
        mine=[_taken(each, known, now, lang) for each in mine],
        asked=[_taken(each, known, now, lang) for each in asked],
        done=done if done in (*_TAKES, "claim", "ask") else "",
        sentence=sentence,
        given=given or {},
    )


def _taken(each: Pledged, known: Catalogue, now: Now, lang: str) -> dict[str, Any]:
    return {
        "no": each.no,
        "part": each.part,
        "title": masked(each.title),
        "place": masked(each.place),
        "line": masked(each.line),
        "amount": f"{each.quantity}{each.measure}",
        "left": each.quantity - each.done,
        "code": each.state,
        "state": capital(word("pledge_state", each.state, lang)),
        "due": day_time(each.due, now, known.zone, lang) if each.due is not None else "",
        "thanks": masked(each.thanks),
        "version": each.version,
    }

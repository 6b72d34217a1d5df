"""交接班: one list of all that a shift leaves open, made by who goes, signed by both; until then whoever goes stays responsible."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from services.desks.shift import affairs, of_theirs, subjects, takers
from services.duty import on_roster
from services.people import handover
from web.access.visitor import Posted, Signed, Visitor
from web.console.desks.doing import sentence_of
from web.console.desks.frame import check_desk, desk_page
from web.console.shown import capital, short
from web.site import Here, Lang, Now, Site, language_of
from web.spoken import day_time
from web.views import Words

router = APIRouter(include_in_schema=False)
_EARLIER: Final = 20  #: lists shown
_MOST: Final = 2**31 - 1
Item = Mapping[str, Any]


@router.get("/desks/shift")
def shift(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """What is open now, the list to be made of it, and the lists of before."""
    return _shift(request, who, site, now)


@router.post("/desks/shift")
def prepare(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Make the list for who takes over."""
    check_desk(who, "shift")
    typed = {"to": form.fields.get("to", ""), "note": form.fields.get("note", "").strip(), "leave_out": form.fields.get("leave_out", "")}
    try:
        with site.database.unit_of_work() as session:
            number = handover.prepare(session, who.person.name, typed["to"], typed["note"], now, leave_out=bool(typed["leave_out"]))
    except Refused as refusal:
        return _shift(request, who, site, now, 409, typed=typed, said=sentence_of(refusal, Words(who.known, lang)))
    return RedirectResponse(f"/desks/shift/{number}?did=prepared", 303)


def _shift(
    request: Request, who: Visitor, site: Site, now: datetime, status: int = 200, *, typed: Mapping[str, str] | None = None, said: str = ""
) -> Response:
    check_desk(who, "shift")
    words = Words(who.known, language_of(request))
    with site.database.unit_of_work() as session:
        items = _items(session, handover.preview(session, who.person.name, now), who.actor, words, now)
        lists = handover.listed(session, party=who.person.id, limit=_EARLIER)
        on_duty = on_roster(session, who.known.units[who.person.unit_id].code, now)
    at = [(row, day_time(row["prepared_at"], now, who.known.zone, words.lang)) for row in lists]
    heads = [{**row, "at": when, "giver": words.actor(row["from"]), "taker": words.actor(row["to"])} for row, when in at]
    return desk_page(
        request,
        who,
        "desks/shift.html",
        "shift",
        status,
        items=items,
        waiting=[head for head in heads if head["state"] in ("waits", "signed_once")],
        earlier=[head for head in heads if head["state"] not in ("waits", "signed_once")],
        takers=[(each.name, words.named(each.title) or each.name) for each in takers(who.known, who.person)],
        duty=[
            (words.actor(r["user"]), *(day_time(r[n], now, who.known.zone, words.lang) for n in ("since", "until"))) for r in on_duty[:6]
        ],
        typed={"to": "", "note": "", "leave_out": "", **(typed or {})},
        said=said,
    )


# one list -------------------------------------------------------------------------------------------------------------


@router.get("/desks/shift/{number}")
def one_list(request: Request, number: int, who: Signed, site: Here, now: Now) -> Response:
    """One list, for the two whose list it is."""
    return _list(request, number, who, site, now)


@router.post("/desks/shift/{number}")
def sign(request: Request, number: int, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Sign the list, or take it back."""
    check_desk(who, "shift")
    what = form.fields.get("do", "")
    try:
        with site.database.unit_of_work() as session:
            of_theirs(session, who.person, min(number, _MOST))
            if what == "sign":
                handover.sign(session, number, who.person.name, now)
            elif what == "cancel":
                handover.cancel(session, number, who.person.name, now)
            else:
                raise Refused("unknown_action", action=what)
    except Refused as refusal:
        if refusal.code == "unknown_handover":
            raise
        return _list(request, number, who, site, now, 409, sentence_of(refusal, Words(who.known, lang)))
    return RedirectResponse(f"/desks/shift/{number}?did={what}", 303)


def _list(request: Request, number: int, who: Visitor, site: Site, now: datetime, status: int = 200, said: str = "") -> Response:
    check_desk(who, "shift")
    words = Words(who.known, language_of(request))
    with site.database.unit_of_work() as session:
        found: Mapping[str, Any] = of_theirs(session, who.person, min(number, _MOST))
        items = _items(session, found["items"], who.actor, words, now)
    moments = {name: found[name] for name in ("prepared_at", "given_at", "taken_at", "cancelled_at")}
    mine = "given_at" if found["from"] == who.person.name else "taken_at"
    open_ = found["state"] in ("waits", "signed_once")
    return desk_page(
        request,
        who,
        "desks/shift_list.html",
        "shift",
        status,
        found=found,
        giver=words.actor(found["from"]),
        taker=words.actor(found["to"]),
        at={name: day_time(at, now, who.known.zone, words.lang) if at is not None else "" for name, at in moments.items()},
        items=items,
        may_sign=open_ and found[mine] is None,
        may_cancel=open_,
        gives=mine == "given_at",
        did=request.query_params.get("did", ""),
        said=said,
    )


def _items(session: Session, items: Iterable[Item], viewer: Actor, words: Words, now: datetime) -> list[dict[str, Any]]:
    """What stands on a list, in words."""
    rows = list(items)
    named = subjects(session, viewer, {row["case"] for row in rows})
    titles = affairs(session, viewer, {row["affair"] for row in rows if row["affair"]})
    return [_item(row, named, titles, words, now) for row in rows]


def _item(row: Item, named: Mapping[str, str], titles: Mapping[str, str], words: Words, now: datetime) -> dict[str, Any]:
    known, due = words.known, datetime.fromisoformat(row["due"])
    return {
        "no": row["case"],
        "short": short(row["case"], now, known),
        "subject": named.get(row["case"], ""),
        "affair": row["affair"] or "",
        "title": titles.get(row["affair"] or "", ""),
        "urgency": row["urgency"],
        "clock": capital(words.word("clock", row["clock"])),
        "due": day_time(due, now, known.zone, words.lang),
        "late": due <= now,
        "own": row["own"],
        "remarks": [words.word("handover_remark", code) for code in row["remarks"]],
        "over": capital(words.word("state", row["over"])) if row.get("over") else "",
    }

"""One supervision order: what is demanded, its clocks and evidence, what became of it, and the move that is next."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Thing
from rules.lifecycle import ACTIONS
from services.attachments import is_whole, place_of
from services.choices import choices
from services.desks import orders
from services.desks.restricted import note_look
from services.privacy.masking import masked
from services.supervision import OrderStory, read_order
from web.access.visitor import Posted, Signed, Visitor
from web.console.desks.doing import among, drafted_by, refused
from web.console.desks.frame import check_desk, desk_page
from web.console.desks.queue import Turn, buttons_for, fields_for
from web.console.desks.supervision import shown
from web.console.move_fields import spans
from web.console.moves import Asked, span_units
from web.console.shown import capital
from web.site import CaseNo, Here, Now, Site, language_of
from web.spoken import day_time
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
#: The usual move first.
_MOVES: Final = ("sign", "reply", "pass_check", "write_off", "fail_check", "dismiss", "list", "unlist", "withdraw")
_INLINE: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")
_STAMPS: Final[Mapping[str, str]] = {"proposed": "提出", "signed": "签发", "replied": "回复", "verified": "核查过", "ended": "结束"}


@router.get("/desks/supervision/{no}/{seq}")
def order(request: Request, no: CaseNo, seq: int, who: Signed, site: Here, now: Now) -> Response:
    """One order."""
    with site.database.unit_of_work() as session:
        note_look(session, no, who.actor, now)
    return _order(request, no, seq, who, site, now, Turn())


@router.post("/desks/supervision/{no}/{seq}")
def act(request: Request, no: CaseNo, seq: int, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Sign it, answer it, look at the result, write it off, …; what the door refuses is said, with what was typed."""
    action = form.fields.get("do", "")
    said = refused(lambda: among(_MOVES, Asked(no, action, Thing.SUPERVISION, seq)), form, who, site, now, language_of(request))
    if said:
        return _order(request, no, seq, who, site, now, Turn(status=409, form=form, said=said))
    return RedirectResponse(f"/desks/supervision/{no}/{seq}?did={action}", 303)


def _order(request: Request, no: str, seq: int, who: Visitor, site: Site, now: datetime, turn: Turn) -> Response:
    check_desk(who, "supervision")
    lang, did = language_of(request), request.query_params.get("did", "")
    words = Words(who.known, lang)
    with site.database.unit_of_work() as session:
        row = orders.one_of(session, who.actor, no, seq)
        story = read_order(session, row["label"])
        values = _form(session, row, story, who, words, now, turn)
    evidence = [_piece(piece, no, seq) for piece in story.evidence]
    return desk_page(
        request,
        who,
        "desks/order.html",
        "supervision",
        turn.status,
        order=shown(row, words, now),
        row=row,
        limit=words.limit(row["limit"]) if row["limit"] else "",
        reply=masked(row["reply"] or ""),
        further=story.cases,
        stamps=list(_stamps(row, words, now)),
        before=[e for e in evidence if e["stage"] == "before"],
        after=[e for e in evidence if e["stage"] != "before"],
        said=turn.said,
        done=capital(words.word("action", did)) if did in ACTIONS else "",
        spans=spans(lang),
        **values,
    )


def _form(session: Session, row: orders.Row, story: OrderStory, who: Visitor, words: Words, now: datetime, turn: Turn) -> dict[str, Any]:
    """The moves that are open to the visitor, as one form."""
    draft = drafted_by(session, row["no"])
    mine = [c for c in choices(draft, who.actor, now) if (c.thing, c.no) == (Thing.SUPERVISION, row["seq"]) and c.action in _MOVES]
    decided = sorted(mine, key=lambda c: _MOVES.index(c.action))
    offered = {"rank": row["rank"], "demand": story.order["demand"]}
    return {
        "fields": fields_for(decided, draft, words, who, offered, turn.form),
        "buttons": buttons_for(decided, words),
        "version": draft.case["version"],
        "span_units": span_units(turn.form),
    }


def _stamps(row: orders.Row, words: Words, now: datetime) -> Iterator[tuple[str, str, str]]:
    """What became of it so far: what, when, by whom."""
    for name, label in _STAMPS.items():
        if row[f"{name}_at"] is not None:
            at = day_time(row[f"{name}_at"], now, words.known.zone, words.lang)
            yield translated(label, words.lang), at, words.actor(row[f"{name}_by"] or "")


# evidence -------------------------------------------------------------------------------------------------------------


def _piece(piece: Mapping[str, Any], no: str, seq: int) -> dict[str, Any]:
    link = f"/desks/supervision/{no}/{seq}/files/{piece['id']}" if piece["sha256"] else ""
    return {
        "stage": piece["stage"],
        "note": masked(piece["note"] or ""),
        "name": piece["name"] or "",
        "link": link,
        "picture": piece["media"] in _INLINE,
    }


@router.get("/desks/supervision/{no}/{seq}/files/{piece}")
def file(no: CaseNo, seq: int, piece: int, who: Signed, site: Here) -> Response:
    """One file of an order that the visitor sees."""
    check_desk(who, "supervision")
    with site.database.unit_of_work() as session:
        row = orders.one_of(session, who.actor, no, seq)
        found = next((e for e in read_order(session, row["label"]).evidence if e["id"] == piece and e["sha256"]), None)
    folder: Path = site.settings.data_dir / "files"
    if found is None or not is_whole(folder, found["sha256"]):
        raise HTTPException(404)
    how = "inline" if found["media"] in _INLINE else "attachment"
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(found['name'] or '')}",
        "Cache-Control": "private, max-age=3600",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return FileResponse(place_of(folder, found["sha256"]), media_type=found["media"], headers=headers)

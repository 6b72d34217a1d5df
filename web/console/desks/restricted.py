"""敏感件: sensitive cases for their readers and for who signs; who may see each, who has looked, and the report that the law wants."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.clocks import ClockKind
from rules.facts import Refused, Thing
from rules.lifecycle import ACTIONS
from services.choices import choices
from services.desks import restricted
from services.privacy.masking import masked
from services.privacy.showing import shown
from services.visibility import check_visible
from web.access.visitor import Posted, Signed, Visitor
from web.console.desks.doing import among, drafted_by, refused
from web.console.desks.frame import check_desk, desk_page
from web.console.desks.queue import Turn, buttons_for, fields_for
from web.console.move_fields import spans
from web.console.moves import Asked, span_units
from web.console.shown import capital, short
from web.site import CaseNo, Here, Now, Site, case_number, language_of
from web.spoken import day_time, standing
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_MOVES: Final = ("report_statutory", "name_reader", "unrestrict")
_LOOKS: Final[Mapping[str, str]] = {restricted.LOOK: "打开了案件", "unmask": "看了反映人是谁"}


@router.get("/desks/restricted")
def listed(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """The sensitive cases that are open to the visitor, without a word of what they are about."""
    check_desk(who, "restricted")
    words = Words(who.known, language_of(request))
    with site.database.unit_of_work() as session:
        rows = restricted.open_to(session, who.actor)
    done, no = request.query_params.get("did", ""), request.query_params.get("of", "")
    said = f"{case_number(no)} · {capital(words.word('action', done))}" if done in ACTIONS and no else ""
    return desk_page(request, who, "desks/restricted.html", "restricted", rows=[_line(row, words, now) for row in rows], done=said)


@router.get("/desks/restricted/{no}")
def one(request: Request, no: CaseNo, who: Signed, site: Here, now: Now) -> Response:
    """One of them; who opens it goes on record."""
    with site.database.unit_of_work() as session:
        check_visible(session, who.actor, no)
        restricted.note_look(session, no, who.actor, now)
    return _one(request, no, who, site, now, Turn())


@router.post("/desks/restricted/{no}")
def act(request: Request, no: CaseNo, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Name somebody, make the report that the law wants, or open the case to all; what the door refuses is said."""
    check_desk(who, "restricted")
    action = form.fields.get("do", "")
    said = refused(lambda: among(_MOVES, Asked(no, action, Thing.CASE, None)), form, who, site, now, language_of(request))
    if said:
        return _one(request, no, who, site, now, Turn(status=409, form=form, said=said))
    return RedirectResponse(f"/desks/restricted?did={action}&of={no}", 303)


def _line(row: restricted.Row, words: Words, now: datetime) -> dict[str, Any]:
    known = words.known
    kind = known.sensitive.get(row["sensitive"])
    wanted = kind.report_to if kind is not None else None
    at = day_time(row["statutory_at"], now, known.zone, words.lang) if row["statutory_at"] else ""
    return {
        "no": row["no"],
        "short": short(row["no"], now, known),
        "kind": words.named(kind.name) if kind is not None else row["sensitive"],
        "state": capital(words.word("state", row["state"])),
        "area": words.unit(row["area_unit_id"])[1] or "",
        "urgency": row["urgency"],
        "at": day_time(row["submitted_at"], now, known.zone, words.lang),
        "readers": len(row["readers"]),
        "report": ("made" if at else "due") if wanted else "",
        "report_at": at,
    }


def _one(request: Request, no: str, who: Visitor, site: Site, now: datetime, turn: Turn) -> Response:
    check_desk(who, "restricted")
    lang = language_of(request)
    words = Words(who.known, lang)
    with site.database.unit_of_work() as session:
        row = next((each for each in restricted.open_to(session, who.actor) if each["no"] == no), None)
        if row is None:
            raise Refused("unknown_case", case=no)
        values = _told(session, row, who, words, now, turn)
    values |= {"line": _line(row, words, now), "said": turn.said, "spans": spans(lang), "span_units": span_units(turn.form)}
    return desk_page(request, who, "desks/restricted_case.html", "restricted", turn.status, **values)


def _told(session: Session, row: restricted.Row, who: Visitor, words: Words, now: datetime, turn: Turn) -> dict[str, Any]:
    """The case, its readers, who has looked, and the moves of the visitor as one form."""
    seen, draft, known = shown(session, row["no"], who.actor, now), drafted_by(session, row["no"]), words.known
    mine = [c for c in choices(draft, who.actor, now) if c.thing is Thing.CASE and c.action in _MOVES]
    decided = sorted(mine, key=lambda c: _MOVES.index(c.action))
    case, people = seen.story.case, [known.by_id[i] for i in row["readers"] if i in known.by_id]
    clock = next((c for c in seen.story.clocks if c["kind"] == ClockKind.STATUTORY and c["stopped_at"] is None), None)
    return {
        "case": case | {"subject": masked(case["subject"]), "body": case["body"] if seen.seen.words else masked(case["body"])},
        "readers": [(words.named(each.title) or each.name, words.unit(each.unit_id)[1]) for each in people],
        "looks": [_look(each, words, now) for each in restricted.looks_at(session, row["no"])],
        "standing": standing(clock, known, now, words.lang) if clock is not None else None,
        "report_to": words.named(known.kind_names.get(_report_to(row, words))),
        "fields": fields_for(decided, draft, words, who, {}, turn.form),
        "buttons": buttons_for(decided, words),
        "version": draft.case["version"],
    }


def _report_to(row: restricted.Row, words: Words) -> str:
    kind = words.known.sensitive.get(row["sensitive"])
    return kind.report_to or "" if kind is not None else ""


def _look(each: restricted.Row, words: Words, now: datetime) -> tuple[str, str, str]:
    """Who looked at what, when; with the reason where one was given."""
    what = " · ".join(filter(None, (translated(_LOOKS[each["action"]], words.lang), each["reason"])))
    return words.actor(each["actor"]), what, day_time(each["at"], now, words.known.zone, words.lang)

"""The page of one case: facts, steps, work orders with their clocks, journal, messages, and what one may do."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import Affair, Case, connection_of, table
from rules.facts import Refused, State
from rules.lifecycle import ACTIONS
from services.choices import drafted_from
from services.desks.restricted import note_look
from services.duplicates.proposing import confirm, refuse
from services.moves import Conflict
from services.privacy.seeing import leads
from services.privacy.showing import Shown, shown_of
from services.privacy.unmasking import REASON_MAX, unmask
from services.reading import CaseStory, read_seen
from services.supplements import supplements_of
from services.visibility import check_visible, visible_cases
from web.access.visitor import Posted, Signed, Visitor
from web.console import prefect_links
from web.console.affairs.begin import on_case
from web.console.case_journal import FILTERS, FIRST, journal_of, messages_of
from web.console.case_orders import held_by, lights_of, orders_of, steps_shown
from web.console.case_place import files_of, sketch_of
from web.console.case_side import links_of, offers_of, rulings_of
from web.console.case_why import bill_of
from web.console.moves import said_of
from web.console.page import page
from web.site import CaseNo, Here, Lang, Now, Site, language_of
from web.spoken import day_time
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_case, _file = table(Case), table(Affair)
_LINKS: Final = {"confirm", "refuse"}


@dataclass(frozen=True, slots=True)
class Around:
    """What has been read of a case, for what is read next to it.

    Attributes:
        story: The case as it is kept.
        seen: The case as the visitor may see it.
        theirs: The condition that lets through the cases that the visitor sees.
    """

    session: Session
    request: Request
    story: CaseStory
    seen: Shown
    theirs: ColumnElement[bool]


@router.get("/cases/{no}")
def case(request: Request, no: CaseNo, who: Signed, site: Here, now: Now) -> Response:
    """The page of one case, as this visitor may see it; of a sensitive one the look goes on record."""
    try:
        return _page(request, who, site, no, now)
    except Refused as refusal:
        there = _affair_in(site, no) if refusal.code == "unknown_case" else None
        if there is None:
            raise
        return RedirectResponse(there, 303)


def _affair_in(site: Site, no: str) -> str | None:
    """The page of the affair whose own file this is: lists of what falls due name it like a case. It looks at who comes by itself."""
    home = _file.join(_case, _case.c.id == _file.c.case_id)
    wanted = select(_file.c.seq).select_from(home).where(_case.c.no == no, _case.c.state == State.BESIDE.value)
    with site.database.unit_of_work() as session:
        seq = connection_of(session).execute(wanted.order_by(_file.c.seq).limit(1)).scalar()
    return None if seq is None else f"/affairs/{no}/{seq}"


@router.post("/cases/{no}/unmask")
def show_reporters(request: Request, no: CaseNo, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Name and phone of the reporters in full, this once; who asked and why goes on record."""
    try:
        with site.database.unit_of_work() as session:
            check_visible(session, who.actor, no)
            named = unmask(session, no, who.person.name, form.fields.get("reason", ""), now)
    except Refused as refusal:
        return _page(request, who, site, no, now, 409, refused=said_of(refusal, lang, who.known))
    return _page(request, who, site, no, now, named=named)


@router.post("/cases/{no}/links")
def decide_link(request: Request, no: CaseNo, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Say of a linked case that it is the same thing come back, or that it is not about the same thing."""
    other, what = form.fields.get("other", ""), form.fields.get("do", "")
    try:
        with site.database.unit_of_work() as session:
            check_visible(session, who.actor, no)
            check_visible(session, who.actor, other)
            if what not in _LINKS:
                raise Refused("unknown_action", action=what)
            if what == "confirm":
                confirm(session, no, other, who.person.name, now)
            else:
                refuse(session, no, other, who.person.name, form.fields.get("reason", ""), now)
    except Conflict:
        return _page(request, who, site, no, now, 409, refused=translated("这件案件刚被别人改过", lang))
    except Refused as refusal:
        return _page(request, who, site, no, now, 409, refused=said_of(refusal, lang, who.known))
    return RedirectResponse(f"/cases/{no}#links", 303)


def _page(request: Request, who: Visitor, site: Site, no: str, now: Now, status: int = 200, **more: Any) -> Response:  # noqa: ANN401 - values
    words = Words(who.known, language_of(request))
    with site.database.unit_of_work() as session:
        theirs = visible_cases(session, who.actor)
        story = read_seen(session, no, theirs, now)
        if story.case["sensitive"] is not None:
            note_look(session, no, who.actor, now)
        seen = shown_of(session, story, who.actor, now)
        values = {**_told(seen, words, now), **_around(Around(session, request, story, seen, theirs), who, words, now)}
    done = request.query_params.get("done", "")
    values |= {"log": _log(request), "done": done if done in ACTIONS else "", "refused": "", "named": (), "reason_max": REASON_MAX}
    values["prefect"] = prefect_links.of_case(site.settings, no, who.actor)
    every = "messages" in request.query_params
    return page(request, who, "case.html", "cases", status, first=None if every else FIRST, **(values | more))


def _log(request: Request) -> str:
    wanted = request.query_params.get("log", "all")
    return wanted if wanted in FILTERS else "all"


def _told(seen: Shown, words: Words, now: Now) -> dict[str, Any]:
    """What the case itself says."""
    story, known = seen.story, words.known
    orders = orders_of(story, words, now)
    category = known.categories.get(story.case["category"] or "")
    source = known.source_names.get(story.source)
    return {
        "case": story.case,
        "category": f"{category.code} {words.named(category.name)}" if category else translated("未定类", words.lang),
        "urgency": words.word("urgency", story.case["urgency"]),
        "state": words.word("state", story.state),
        "area": [words.unit(i)[1] for i in reversed(known.line(story.case["area_unit_id"])[:-1])],
        "source": words.named(source) if source else "",
        "submitted": day_time(story.case["submitted_at"], now, known.zone, words.lang),
        "reporters": 1 + story.case["reporters"],
        "orders": orders,
        "held": held_by(story, orders, words, now),
        "lights": lights_of(story, orders, words, now),
        "steps": steps_shown(story, words, now),
        "messages": messages_of(story, words, now),
        "contacts": seen.contacts,
        "aside": story.aside,
    }


def _around(page: Around, who: Visitor, words: Words, now: Now) -> dict[str, Any]:
    """What else has to be read, and what this visitor may do."""
    session, seen = page.session, page.seen
    case, asked = seen.story.case, page.request.query_params.get("why", "")
    draft = drafted_from(session, page.story)
    older, newer = _beside(session, page.theirs, case["id"])
    clock_id = int(asked[:9]) if asked.isascii() and asked.isdigit() else None
    return {
        "journal": journal_of(seen.story, words, now, _log(page.request)),
        "offers": offers_of(draft, who, words, now),
        "bill": bill_of(session, page.story, seen, words, now, clock_id),
        "sketch": sketch_of(session, case, page.theirs),
        "files": files_of(session, case["id"], words, now),
        "links": links_of(session, case, page.theirs, words),
        "rulings": rulings_of(seen, draft, words, now),
        "added": _added(session, seen, words, now),
        "affairs": [_affair(each, words, now) for each in seen.story.affairs],
        "openings": on_case(session, who.actor, draft, words.lang),
        "supervision": [_supervision(row, words) for row in seen.story.supervision],
        "may_unmask": leads(case, who.actor, who.known) and case["anonymised_at"] is None,
        "decides": who.actor.covers is not None,
        "newer": newer,
        "older": older,
    }


def _added(session: Session, seen: Shown, words: Words, now: Now) -> list[tuple[str, str, bool]]:
    """What reporters have added: when, in what words, whether a call is wanted; only for somebody who may open the case."""
    rows = supplements_of(session, seen.story.case["id"]) if seen.seen.opened else []
    return [(day_time(row["at"], now, words.known.zone, words.lang), row["words"], row["call_back"]) for row in rows]


def _affair(each: Any, words: Words, now: Now) -> dict[str, str]:  # noqa: ANN401 - services.affairs.of_case.Beside
    due = day_time(each.due, now, words.known.zone, words.lang) if each.due is not None else ""
    states = f"{each.thing}_state"
    return {
        "no": each.no,
        "kind": words.word("affair", each.thing),
        "title": each.title,
        "due": due,
        "state": words.word(states, each.state),
    }


def _supervision(row: Any, words: Words) -> dict[str, str]:  # noqa: ANN401 - a row
    unit, form = words.unit(row["unit_id"])[1] or "", words.word("supervision", row["form"])
    return {"form": form, "number": row["number"] or "", "unit": unit, "demand": row["demand"], "state": words.word("state", row["state"])}


def _beside(session: Session, theirs: ColumnElement[bool], case_id: int) -> tuple[str | None, str | None]:
    """The numbers of the next older and the next newer case that the visitor sees."""
    older = select(_case.c.no).where(theirs, _case.c.id < case_id).order_by(_case.c.id.desc()).limit(1)
    newer = select(_case.c.no).where(theirs, _case.c.id > case_id).order_by(_case.c.id).limit(1)
    row = connection_of(session).execute(select(older.scalar_subquery(), newer.scalar_subquery())).one()
    return row[0], row[1]

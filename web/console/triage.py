"""研判台: what waits for triage, one case in full, and one form that files and dispatches it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Actor, Refused, State
from services.attachments import attachments_of
from services.catalogue import Catalogue
from services.desks.restricted import note_look
from services.moves import Conflict, Row
from services.moves.filing import URGENCIES
from services.privacy.showing import shown
from services.rhythm.periods import begin, local_day
from services.routing.explaining import words_of_route
from services.routing.finding import route_of
from services.triage import deciding, desk, undoing
from services.triage.suggesting import Option, Suggestion
from services.visibility import check_visible
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.page import page
from web.errors import refusal_in_words
from web.site import Here, Lang, Now, Site, case_number
from web.spoken import day_time, how_long
from web.views import Words
from web.words import translated
from wording import say

router = APIRouter(include_in_schema=False)
_PICTURES: Final = "image/"
_REASONS: Final = 3  #: of those for being the same case, so many are told
_DONE: Final = {
    "answer": "已即时答复",
    "divert": "已转其他渠道",
    "decline": "已不予受理",
    "merge": "已并入",
    "dispatch": "已立案并派单",
    "undo": "已撤回，请重新研判",
}

_BLANK: Final = dict.fromkeys(("other", "lead", "said", "channel", "override"), "")


@dataclass(frozen=True, slots=True)
class Said:
    """What is said above the page: how the last case went, or why it did not."""

    sentence: str = ""
    status: int = 200
    typed: Mapping[str, str] | None = None


@router.get("/triage")
def triage(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The queue, and the case that was chosen, else the first."""
    return _page(request, who, site, now, lang, request.query_params.get("no", ""), Said())


@router.post("/triage")
def decide(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Make the decision, and go on to the next case; a refusal shows the same case again with what was typed."""
    no, decision = case_number(form.fields.get("no", "")), _decision(form)
    try:
        with site.database.unit_of_work() as session:
            deciding.decide(session, no, decision, who.actor, now)
    except Refused as refusal:
        said = Said(refusal_in_words(refusal, lang, who.known), 409, form.fields)
        return _page(request, who, site, now, lang, no, said)
    except Conflict:
        said = Said(translated("别人刚改动了这件，请看过现状再定。", lang), 409, form.fields)
        return _page(request, who, site, now, lang, no, said)
    return RedirectResponse(f"/triage?done={no}&as={decision.action}", 303)


@router.post("/triage/undo")
def undo(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Take back what was sent a moment ago; then that case again."""
    no = case_number(form.fields.get("no", ""))
    try:
        with site.database.unit_of_work() as session:
            undoing.undo(session, no, who.actor, now)
    except Refused as refusal:
        return _page(request, who, site, now, lang, "", Said(refusal_in_words(refusal, lang, who.known), 409))
    return RedirectResponse(f"/triage?no={no}&done={no}&as=undo", 303)


def _decision(form: Sent) -> deciding.Decision:
    fields, version = form.fields, form.fields.get("version", "")
    return deciding.Decision(
        fields.get("do", ""),
        int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1,  # no case is at this one
        fields.get("category") or fields.get("other", ""),
        fields.get("urgency", ""),
        fields.get("lead", ""),
        form.many.get("co", ()),
        fields.get("said", "")[:2000],
        bool(fields.get("override")),
        fields.get("channel", ""),
        fields.get("into", ""),
    )


def _page(request: Request, who: Visitor, site: Site, now: datetime, lang: str, no: str, said: Said) -> Response:
    if who.actor.covers is None:
        raise Refused("triage_for_desks")
    with site.database.unit_of_work() as session:
        queue = desk.waiting(session, who.actor, now)
        judged, changed = desk.judged(session, who.actor, begin(local_day(now, who.known.zone), who.known.zone))
        chosen = case_number(no) if no else next((row["no"] for row in queue.cases), None)
        case = _case(session, chosen, who.actor, now, lang) if chosen is not None else None
        undone = _undone(session, request, who, now)
    words = Words(who.known, lang)
    lines = [_line(row, words, now) for row in queue.cases]
    longest = max((now - row["submitted_at"] for row in queue.cases), default=None)
    return page(
        request,
        who,
        "triage.html",
        "triage",
        said.status,
        said=said.sentence,
        typed=_BLANK | dict(said.typed or {}),
        done=_done(request, lang),
        undo=undone,
        lines=lines,
        count=queue.count,
        longest=how_long(int(longest.total_seconds()), lang) if longest is not None else "",
        judged=judged,
        changed=changed,
        case=case,
        units=_units(who.known, lang),
        categories=[(code, words.named(facts.name)) for code, facts in sorted(who.known.offered.items())],
        channels=[(code, words.named(name)) for code, name in who.known.diversions.items()],
        urgencies=URGENCIES,
    )


def _undone(session: Session, request: Request, who: Visitor, now: datetime) -> str:
    """The case that was just sent, as long as that can be taken back."""
    if request.query_params.get("as") != deciding.DISPATCH:
        return ""
    no = case_number(request.query_params.get("done", ""))
    return no if undoing.may_undo(session, no, who.actor, now) else ""


def _done(request: Request, lang: str) -> str:
    """How the last case went."""
    no, done = request.query_params.get("done", ""), _DONE.get(request.query_params.get("as", ""))
    return f"{case_number(no)} {translated(done, lang)}" if no and done else ""


def _line(row: Row, words: Words, now: datetime) -> dict[str, Any]:
    waited = int((now - row["submitted_at"]).total_seconds())
    return {**row, "source_name": words.named(words.known.source_names.get(row["source"])), "waited": how_long(waited, words.lang)}


def _units(known: Catalogue, lang: str) -> list[tuple[str, str]]:
    """Units that a case may be sent to by hand."""
    there = [unit for unit in known.units.values() if not unit.retired and unit.kind != "GRID" and unit.id != known.district_id]
    return sorted((unit.code, str(getattr(known.names[unit.id], lang))) for unit in there)


def _case(session: Session, no: str, viewer: Actor, now: datetime, lang: str) -> dict[str, Any]:
    """Everything that the page tells of the chosen case, as far as the viewer may see it."""
    check_visible(session, viewer, no)
    note_look(session, no, viewer, now)
    seen = shown(session, no, viewer, now)
    case, words = seen.story.case, Words(seen.story.known, lang)
    open_ = seen.seen.opened and case["state"] in (State.SUBMITTED, State.ACCEPTED, State.FILED)
    found = desk.suggestion(session, case["id"]) if open_ else None
    photos = [row for row in attachments_of(session, [case["id"]]).get(case["id"], ()) if row["media"].startswith(_PICTURES)]
    options = [_option(session, option, found, case, words, now) for option in found.top] if found is not None else []
    return {
        "row": case,
        "opened": seen.seen.opened,
        "open": open_,
        "state": words.word("state", case["state"]),
        "body": desk.marked(case["body"], found.top[0].words if found is not None and found.top else ()),
        "photos": photos,
        "source": words.named(words.known.source_names.get(seen.story.source)),
        "area": words.unit(case["area_unit_id"])[1],
        "at": day_time(case["submitted_at"], now, words.known.zone, lang),
        "waited": how_long(int((now - case["submitted_at"]).total_seconds()), lang),
        "before": desk.before(session, case, viewer) if open_ else [],
        "alike": [_alike(each, words) for each in desk.alike(session, case, viewer, now)] if open_ else [],
        "options": options,
        "abstained": found is not None and found.abstained,
        "urgency": options[0]["urgency"] if options else case["urgency"],
    }


def _option(session: Session, option: Option, found: Suggestion | None, case: Row, words: Words, now: datetime) -> dict[str, Any]:
    """A category that is suggested: how sure, why, where it would go and until when."""
    known, lang = words.known, words.lang
    route = route_of(known, option.category, case["area_unit_id"])
    urgency = desk.urgency_of(found, option.category, case, known)
    given = desk.limits(case, option.category, urgency, route.lead, known, now)
    return {
        "code": option.category,
        "name": words.named(known.categories[option.category].name),
        "percent": None if option.probability is None else round(option.probability * 100),
        "words": "、".join(option.words) if lang == "zh" else ", ".join(option.words),
        "cases": option.cases,
        "urgency": urgency,
        "lead": words.unit(route.lead)[1],
        "co": _joined([str(words.unit(unit)[1]) for unit in route.co], lang),
        "why": words_of_route(route.told(), known, lang),
        "limits": [(words.word("clock", each.kind), day_time(each.due_at, now, known.zone, lang)) for each in given],
    }


def _joined(names: Sequence[str], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(names)


def _alike(each: desk.Alike, words: Words) -> dict[str, Any]:
    return {
        "case": each.case,
        "state": words.word("state", each.case["state"]),
        "percent": round(each.score * 100),
        "metres": each.metres,
        "reasons": _joined([_reason(reason, words) for reason in each.reasons[:_REASONS]], words.lang),
    }


def _reason(reason: str, words: Words) -> str:
    """Why two cases may be the same, as the command line says it."""
    key, _, about = reason.partition(":")
    return say(f"likeness.{key}", words.lang, about="+".join(words.word("theme", each) for each in about.split("+")))

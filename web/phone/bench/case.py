"""/grid/cases/<no>: one case in the field, and the moves that are made there: check with photos, put right, report up, finish."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from rules.facts import Refused, Thing
from services.attachments import Belongs, attach, attachments_of
from services.choices import Choice, choices, drafted
from services.desks.restricted import note_look
from services.handed_in import looked_up
from services.moves import Draft, Intent, Setting, make_moves, one
from services.privacy.showing import shown
from services.reading import case_id_of
from services.supplements import supplements_of
from services.visibility import check_visible, is_visible
from services.worklist import worklist
from web.access.visitor import Posted, Signed, Visitor
from web.console.move_fields import Around, Field, fields_of, typed_in
from web.console.moves import asked_for, said_of
from web.phone.bench.frame import Again, Call, Pieces, bench_page, once
from web.site import CaseNo, Here, Lang, Now, Site
from web.spoken import day_time, standing
from web.views import Words

router = APIRouter(include_in_schema=False)
#: Moves that are made in the field, in the order of the page: icon, and the stages of the photos that come along.
MOVES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "pass_check": ("i-check", ("other",)),
    "fail_check": ("i-undo", ("other",)),
    "acknowledge": ("i-check", ()),
    "finish": ("i-check", ("before", "after")),
    "self_handle": ("i-wrench", ("before", "after")),
    "handle_here": ("i-home", ()),
    "report_up": ("i-ladder", ()),
    "recheck": ("i-search", ("other",)),
    "contact": ("i-phone", ()),
    "control": ("i-shield", ()),
}
_WITH_PHOTOS: Final = frozenset({"photo_missing"})  #: obstacles that the form itself clears away
_STAGES: Final = ("before", "after", "other")
_KINDS: Final = ("textarea", "select")
_LEFT_OUT: Final = frozenset({"urgency"})  #: follows from the category
_PICTURES: Final = "image/"


@router.get("/grid/cases/{no}")
def case(request: Request, no: CaseNo, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The case; who opens a sensitive one goes on record."""
    with site.database.unit_of_work() as session:
        note_look(session, no, who.actor, now)
    return _page(request, no, who, site, now, lang, Again())


@router.post("/grid/cases/{no}")
def move(request: Request, no: CaseNo, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Make one move of it; photos and move in one commit."""
    call = Call(request, form, who, site, now)

    def does(session: Session, pieces: Pieces) -> str:
        check_visible(session, who.actor, no)
        _make(session, no, call, pieces)
        told = f"&no={no}" if is_visible(session, who.actor, no) else ""
        return f"/grid?done={form.fields.get('action', '')}{told}"

    return once(call, _STAGES, does, lambda again: _page(request, no, who, site, now, lang, again))


def _make(session: Session, no: str, call: Call, pieces: Pieces) -> None:
    """The move that the form asks for.

    Raises:
        Refused: as the door says it, and as what was typed is looked up.
        Conflict: somebody else has changed the case.
    """
    fields, actor = call.form.fields, call.who.actor
    asked = asked_for(no, fields.get("action", ""), fields)
    draft = drafted(session, case_id_of(session, no))
    mine = (c for c in choices(draft, actor, call.now) if c.action in MOVES)
    choice = next((c for c in mine if (c.thing, c.no, c.action) == (asked.thing, asked.thing_no, asked.action)), None)
    if choice is None:
        raise Refused("wrong_state", action=asked.action, state=draft.state.value)
    typed = {name: value for name, value in typed_in(call.form, choice).items() if name not in _LEFT_OUT} | _counted(call, choice)
    order = choice.no if choice.thing is Thing.ORDER else None
    for stage in MOVES[choice.action][1]:
        if pieces.get(stage):
            attach(session, draft.case["id"], pieces[stage], Belongs(stage, order), actor, Setting(call.now))
    args, version = looked_up(session, choice.action, typed, draft), fields.get("version", "")
    seen = int(version[:9]) if version.isascii() and version.isdigit() else -1
    one(make_moves(session, [Intent(draft.case["id"], choice.action, actor, choice.thing, choice.no, args, seen)], Setting(call.now)))


def _counted(call: Call, choice: Choice) -> dict[str, Any]:
    """How much of it was put right; what is no number the move refuses."""
    quantity = call.text("quantity")
    if choice.action != "self_handle" or not quantity:
        return {}
    number = int(quantity) if quantity.isascii() and quantity.isdigit() and len(quantity) < 11 else quantity
    return {"quantity": number, "measure": call.text("measure")}


def _page(request: Request, no: str, who: Visitor, site: Site, now: Now, lang: str, again: Again) -> Response:
    words = Words(who.known, lang)
    with site.database.unit_of_work() as session:
        check_visible(session, who.actor, no)
        found = shown(session, no, who.actor, now)
        draft = drafted(session, found.story.case["id"])
        files = attachments_of(session, [draft.case["id"]]).get(draft.case["id"], []) if found.seen.opened else []
        more = supplements_of(session, draft.case["id"]) if found.seen.opened else []
        mine = next((task for task in worklist(session, who.actor, now) if task.case["no"] == no), None)
    category = who.known.categories.get(draft.case["category"] or "")
    return bench_page(
        request,
        who,
        "case.html",
        again,
        case=found.story.case,
        opened=found.seen.opened,
        area=words.unit(draft.case["area_unit_id"])[1],
        state=words.word("state", draft.state.value),
        category=words.named(category.name) if category else "",
        urgency=(draft.case["urgency"], words.word("urgency", draft.case["urgency"])),
        hero=(words.word("clock", mine.clock["kind"]), standing(mine.clock, who.known, now, lang)) if mine else None,
        photos=[(f["no"], day_time(f["taken_at"] or f["added_at"], now, who.known.zone, lang)) for f in files if _is_picture(f)],
        added=[(day_time(row["at"], now, who.known.zone, lang), row["words"], row["call_back"]) for row in more],
        moves=[_move(choice, draft, who, words, again) for choice in _open(draft, who, now)],
        version=draft.case["version"],
    )


def _is_picture(row: Mapping[str, Any]) -> bool:
    return str(row["media"]).startswith(_PICTURES)


def _open(draft: Draft, who: Visitor, now: Now) -> list[Choice]:
    order = list(MOVES)
    return sorted((c for c in choices(draft, who.actor, now) if c.action in MOVES), key=lambda c: (order.index(c.action), c.no or 0))


def _move(choice: Choice, draft: Draft, who: Visitor, words: Words, again: Again) -> dict[str, Any]:
    typed = again.typed or {}
    own = (typed.get("action"), typed.get("thing"), typed.get("thing_no", "")) == (choice.action, choice.thing.value, str(choice.no or ""))
    wanted: list[Field] = fields_of(Around(choice, draft, who.actor, words), typed if own else {})
    locked = choice.obstacle is not None and choice.obstacle not in _WITH_PHOTOS
    icon, stages = MOVES[choice.action]
    return {
        "action": choice.action,
        "thing": choice.thing.value,
        "no": choice.no,
        "icon": icon,
        "stages": stages,
        "why_not": said_of(Refused(str(choice.obstacle), action=choice.action), words.lang) if locked else "",
        "fields": [f for f in wanted if f.kind in _KINDS and f.name not in _LEFT_OUT and (f.required or f.kind == "textarea")],
        "own": own,
        "counted": choice.action == "self_handle",
    }

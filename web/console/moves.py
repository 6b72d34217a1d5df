"""Making a move of a case: its form, drawn from the table of moves, and the one door through which it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused, Thing
from rules.lifecycle import ACTIONS
from services.attachments import Belongs, Kept, attach
from services.catalogue import Catalogue
from services.choices import Choice, choices, drafted
from services.handed_in import looked_up
from services.moves import Conflict, Draft, Intent, Setting, make_moves, one
from services.privacy.showing import shown
from services.reading import case_id_of
from services.visibility import check_visible, is_visible
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.move_fields import FIELDS, PHOTOS, Around, fields_of, names_of, spans, typed_in
from web.console.page import page
from web.errors import refusal_in_words
from web.intake import kept
from web.site import CaseNo, Here, Lang, Now, Site, language_of
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
Said = tuple[str, str, str]  #: kind of banner, its title, its text
#: Moves that end or undo something: their button is red, and the focus does not begin on it.
GRAVE: Final = frozenset(
    {
        "decline",
        "divert",
        "merge",
        "recall",
        "withdraw",
        "ask_void",
        "ask_terminate",
        "confirm_end",
        "fail_check",
        "dismiss",
        "give_up",
        "hold",
    }
)
#: What follows from a move, in Chinese, as in the catalogues of pages.
FOLLOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "acknowledge": ("签收时钟停，处置时限继续走",),
    "add_co": ("新工单自带时限，该单位会收到派单",),
    "answer": ("反映人会收到答复",),
    "decline": ("反映人会收到告知和理由",),
    "dispatch": ("各单位会收到派单，签收时限开始走", "反映人会收到告知"),
    "divert": ("反映人会收到告知和理由",),
    "fail_check": ("退回主办单位重办，主办会收到通知",),
    "feed_back": ("反映人会收到结果，可以评价",),
    "finish": ("本单位的处置时钟停住，之后由别人核查",),
    "hold": ("处置时钟停住，恢复后接着走", "反映人会收到告知"),
    "merge": ("以后随那一件一起办，反映人会收到告知",),
    "pass_check": ("接着向反映人反馈结果",),
    "reassign": ("原主办的工单撤回，新主办会收到派单",),
    "recall": ("各单位的工单撤回，各单位会收到通知",),
    "rework": ("主办单位重办，时限按政策另算",),
    "sign": ("送达被督办单位，整改时限开始走",),
    "supervise": ("等签发人签发，签发后才送达；责任单位不变",),
    "urge": ("承办单位会收到催办，记入办理记录",),
}
_OWN_WORDS: Final = {"photo_missing": "这个类别办结要有现场照片，请附上处理后的照片。"}  #: where the shared sentence speaks of commands


@dataclass(frozen=True, slots=True)
class Asked:
    """Which move of which thing."""

    no: str
    action: str
    thing: Thing
    thing_no: int | None


def asked_for(no: str, action: str, given: Mapping[str, str]) -> Asked:
    """Which move the address and the form speak of.

    Raises:
        Refused: `unknown_action`, also for a thing that there is not.
    """
    thing, thing_no = given.get("thing") or Thing.CASE.value, given.get("thing_no", "")
    if action not in ACTIONS or thing not in list(Thing) or not (thing_no == "" or (thing_no.isascii() and thing_no.isdigit())):
        raise Refused("unknown_action", action=action)
    return Asked(no, action, Thing(thing), int(thing_no[:9]) if thing_no else None)


@router.get("/cases/{no}/do/{action}")
def move_form(request: Request, no: CaseNo, action: str, who: Signed, site: Here, now: Now) -> Response:
    """The form of one move."""
    return _form(request, who, site, asked_for(no, action, request.query_params), now)


@router.post("/cases/{no}/do/{action}")
def make_move(request: Request, no: CaseNo, action: str, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Make the move; what the door refuses is said on the form, with what was typed."""
    asked = asked_for(no, action, form.fields)
    try:
        with site.database.unit_of_work() as session:
            check_visible(session, who.actor, no)
            draft = drafted(session, case_id_of(session, no))
            choice = choice_of(asked, draft, who, now)
        pieces = pieces_of(form, choice, site)
        with site.database.unit_of_work() as session:
            make(session, asked, choice, form, pieces, who, now)
        with site.database.unit_of_work() as session:
            there = f"/cases/{no}?done={action}" if is_visible(session, who.actor, no) else "/"
    except Conflict:
        said = ("warn", translated("这件案件刚被别人改过", lang), translated("您填的还没有生效。看看最新情况，再决定。", lang))
        return _form(request, who, site, asked, now, 409, form, said)
    except Refused as refusal:
        if refusal.code in ("unknown_case", "unknown_action"):
            raise
        return _form(request, who, site, asked, now, 409, form, ("late", said_of(refusal, lang, who.known), ""))
    return RedirectResponse(there, 303)


def make(
    session: Session, asked: Asked, choice: Choice, form: Sent, pieces: Mapping[str, tuple[Kept, ...]], who: Visitor, now: Now
) -> None:
    """Photos and move in one commit: a refused move leaves nothing behind.

    Raises:
        Refused: as the door says it, and as what was typed is looked up.
        Conflict: somebody else has changed the case.
    """
    draft = drafted(session, case_id_of(session, asked.no))
    typed = typed_in(form, choice)
    args = looked_up(session, asked.action, typed, draft)
    for name in ("before", "after"):
        if pieces.get(name):
            args[name] = (*args.get(name, ()), *(piece.as_evidence() for piece in pieces[name]))
    version = form.fields.get("version", "")
    seen = int(version[:9]) if version.isascii() and version.isdigit() else -1
    order = asked.thing_no if asked.thing is Thing.ORDER else None
    for field, stage in PHOTOS.items():
        if pieces.get(field):
            attach(session, draft.case["id"], pieces[field], Belongs(stage, order), who.actor, Setting(now))
    one(make_moves(session, [Intent(draft.case["id"], asked.action, who.actor, asked.thing, asked.thing_no, args, seen)], Setting(now)))


def pieces_of(form: Sent, choice: Choice, site: Site) -> dict[str, tuple[Kept, ...]]:
    """Files of the move's own fields, kept before anything is written that speaks of them."""
    wanted = [name for name in names_of(choice) if FIELDS[name].kind in ("files", "evidence")]
    return {name: kept(form.files.get(name if name in PHOTOS else f"{name}_files", ()), site.settings) for name in wanted}


def choice_of(asked: Asked, draft: Draft, who: Visitor, now: Now) -> Choice:
    """The move as it is open to this person now.

    Raises:
        Refused: `wrong_state`, it is not (or not any more).
    """
    mine = choices(draft, who.actor, now)
    found = next((c for c in mine if (c.thing, c.no, c.action) == (asked.thing, asked.thing_no, asked.action)), None)
    if found is None:
        raise Refused("wrong_state", action=asked.action, state=draft.state.value)
    return found


def _form(
    request: Request,
    who: Visitor,
    site: Site,
    asked: Asked,
    now: Now,
    status: int = 200,
    form: Sent | None = None,
    said: Said | None = None,
) -> Response:
    """The form of a move, with what was typed and what is to be said of it; without fields where the move is not open any more."""
    lang = language_of(request)
    words = Words(who.known, lang)
    with site.database.unit_of_work() as session:
        check_visible(session, who.actor, asked.no)
        case = shown(session, asked.no, who.actor, now).story.case
        draft = drafted(session, case["id"])
    values: dict[str, Any] = {"fields": (), "locked": True, "typed": {}, "about": _about(asked, draft, words)}
    try:
        choice = choice_of(asked, draft, who, now)
        typed = typed_in(form, choice) if form is not None else {"into": request.query_params.get("into", "")}
        values |= {"fields": fields_of(Around(choice, draft, who.actor, words), typed), "locked": choice.locked}
        if choice.obstacle is not None and choice.locked and said is None:
            said = ("late", said_of(Refused(choice.obstacle, action=asked.action), lang), "")
    except Refused as refusal:
        said, status = said or ("late", said_of(refusal, lang, who.known), ""), 409
    follows = [translated(text, lang) for text in FOLLOWS.get(asked.action, ())]
    shown_units = {"spans": spans(lang), "span_units": span_units(form)}
    named = {"asked": asked, "case": case, "follows": follows, "grave": asked.action in GRAVE, "said": said, "version": case["version"]}
    return page(request, who, "move.html", "cases", status, **named, **shown_units, **values)


def span_units(form: Sent | None) -> dict[str, str]:
    """Of lengths of time the unit that was chosen."""
    return {} if form is None else {name.removesuffix("_unit"): text for name, text in form.fields.items() if name.endswith("_unit")}


def _about(asked: Asked, draft: Draft, words: Words) -> str:
    """The unit whose work order or supervision order this is."""
    rows = {Thing.ORDER: draft.orders, Thing.SUPERVISION: draft.supervision}.get(asked.thing, {})
    row = rows.get(asked.thing_no or 0)
    return words.unit(row["unit_id"])[1] or "" if row is not None else ""


def said_of(refusal: Refused, lang: str, known: Catalogue | None = None) -> str:
    """A refusal as a sentence for a page, with units by their names where the reference data are at hand."""
    own = _OWN_WORDS.get(refusal.code)
    return translated(own, lang) if own is not None else refusal_in_words(refusal, lang, known)

"""Making a move of an affair: its form, drawn from the table of what each move takes, and the one door through which it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused
from services.affairs.naming import action_name
from services.affairs.offering import Floor, Offer, floor
from services.affairs.seen import look_into
from services.moves import Conflict, Setting
from services.privacy.masking import masked
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.affairs.doing import Deed, make
from web.console.affairs.fields import GRAVE, TAKES, drawn, kind_of, taken
from web.console.affairs.numbers import AffairNo
from web.console.affairs.options import Scene
from web.console.affairs.said import said_of
from web.console.affairs.typed import ROWS, read
from web.console.affairs.words import name_of
from web.console.move_fields import spans
from web.console.page import page
from web.console.shown import capital
from web.intake import kept
from web.site import Here, Lang, Now, Site, language_of
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
Said = tuple[str, str, str]  #: kind of banner, its title, its text
_EVIDENCE: Final = ("before", "after")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which move of which part of which affair."""

    no: str
    action: str
    part: int | None


def asked_for(no: str, action: str, given: Mapping[str, str]) -> Asked:
    """Which move the address and the form speak of.

    Raises:
        Refused: `unknown_action`.
    """
    part = given.get("part", "")
    if action not in TAKES or not (part == "" or (part.isascii() and part.isdigit())):
        raise Refused("unknown_action", action=action)
    return Asked(no, action, int(part[:9]) if part else None)


@router.get("/affairs/{no}/do/{action}")
def move_form(request: Request, no: AffairNo, action: str, who: Signed, site: Here, now: Now) -> Response:
    """The form of one move."""
    return _form(request, who, site, asked_for(no, action, request.query_params), now)


@router.post("/affairs/{no}/do/{action}")
def make_move(request: Request, no: AffairNo, action: str, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Make the move; what the door refuses is said on the form, with what was typed."""
    asked = asked_for(no, action, form.fields)
    try:
        with site.database.unit_of_work() as session:
            scene, _ = _scene(session, asked, who, lang, now)
        pieces = {name: kept(form.files.get(f"{name}_files", ()), site.settings) for name in _EVIDENCE}
        with site.database.unit_of_work() as session:
            _make(session, asked, scene, form, pieces, who, now)
    except Conflict:
        said = ("warn", translated("这个事项刚被别人改过", lang), translated("您填的还没有生效。看看最新情况，再决定。", lang))
        return _form(request, who, site, asked, now, 409, form, said)
    except Refused as refusal:
        if refusal.code in ("unknown_affair", "unknown_action"):
            raise
        return _form(request, who, site, asked, now, 409, form, ("late", said_of(refusal, lang), ""))
    return RedirectResponse(f"/affairs/{no}?done={action}", 303)


def _make(session: Session, asked: Asked, scene: Scene, form: Sent, pieces: Mapping[str, Any], who: Visitor, now: Now) -> None:
    """Everything or nothing: a refused move leaves nothing behind.

    Raises:
        Refused: as the door says it, and as what was typed is looked up.
        Conflict: somebody else has changed the case file.
    """
    look_into(session, who.actor, asked.no, now)
    stands = floor(session, asked.no, who.actor)
    offer = _offer(stands, asked)
    wanted = taken(scene)
    given = read(form, wanted, {each.name: kind_of(asked.action, each.name) for each in wanted})
    evidence = {name: tuple(piece.as_evidence() for piece in found) for name, found in pieces.items() if found}
    version = form.fields.get("version", "")
    seen = int(version[:9]) if version.isascii() and version.isdigit() else -1
    make(session, Deed(stands.ref, offer, given, evidence, who.actor, who.known, Setting(now)), seen)


def _offer(stands: Floor, asked: Asked) -> Offer:
    """The move as it is open to this person now.

    Raises:
        Refused: `wrong_state`, it is not (or not any more); what stands in the way.
    """
    found = next((o for o in stands.offers if (o.action, o.part) == (asked.action, asked.part)), None)
    if found is None:
        raise Refused("wrong_state", action=asked.action, state=stands.draft.affairs[stands.ref.seq]["state"])
    if found.obstacle is not None:
        raise found.obstacle
    return found


def _scene(session: Session, asked: Asked, who: Visitor, lang: str, now: Now) -> tuple[Scene, Floor]:
    look_into(session, who.actor, asked.no, now)
    stands = floor(session, asked.no, who.actor)
    part = stands.draft.parts.get(asked.part) if asked.part is not None else None
    row = stands.draft.affairs[stands.ref.seq]
    return Scene(Words(who.known, lang), who.actor, _offer(stands, asked), stands.draft, row, part), stands


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
    fields: list[Any] = []
    with site.database.unit_of_work() as session:
        look_into(session, who.actor, asked.no, now)
        stands = floor(session, asked.no, who.actor)
        try:
            scene, stands = _scene(session, asked, who, lang, now)
            wanted = taken(scene)
            kinds = {each.name: kind_of(asked.action, each.name) for each in wanted}
            fields, locked = drawn(scene, wanted, kinds, _typed(form, request, wanted, kinds)), False
        except Refused as refusal:
            said, status, locked = said or ("late", said_of(refusal, lang), ""), 409, True
    row = stands.draft.affairs[stands.ref.seq]
    part = stands.draft.parts.get(asked.part) if asked.part is not None else None
    about = masked(name_of(part, words)) if part is not None else ""
    named = {"asked": asked, "row": row, "title": masked(row["title"]), "about": about, "said": said, "grave": asked.action in GRAVE}
    shown = {"fields": fields, "locked": locked, "version": stands.draft.case["version"], "rows": ROWS, "spans": spans(lang)}
    names = {"action": capital(action_name(row["thing"], asked.action, lang)), "span_units": span_units(form)}
    return page(request, who, "affairs/move.html", "affairs", status, **named, **shown, **names)


def _typed(form: Sent | None, request: Request, wanted: Any, kinds: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as `fields` names them
    """What was typed, or what a link has chosen beforehand."""
    if form is not None:
        return read(form, wanted, kinds)
    return {each.name: request.query_params[each.name] for each in wanted if each.name in request.query_params}


def span_units(form: Sent | None) -> dict[str, str]:
    """Of lengths of time the unit that was chosen."""
    return {} if form is None else {name.removesuffix("_unit"): text for name, text in form.fields.items() if name.endswith("_unit")}

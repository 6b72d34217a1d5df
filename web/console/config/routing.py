"""The routing catalogue (派单目录): what is in force, who would get a matter, drafts that are edited and published by a second person."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from rules.remits import COMPONENT, By, RouteRow
from services.catalogue import catalogue
from services.policy_files.values import SAID
from services.routing import drafting
from services.routing.explaining import explain, try_route
from services.routing.learning import learn
from services.routing.values import RoutingRefused
from services.visibility import check_visible
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.routing_shown import problem_in_words, shown, way_of
from web.console.config.words import said as sentence_of
from web.console.nav import leads
from web.console.page import page
from web.site import Here, Lang, Now, Site, case_number, language_of
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
#: Where the shared sentence speaks of commands.
_OWN_WORDS: Final = {
    "routing_outdated": "起草之后已有别的版本发布，照样发布会改回那一版改过的内容。请从现行版本重新起草；确认无误的，勾选“照样发布”。",
    "nothing_to_learn": "这件案件没有可写成规则的裁定：须是系统转中心后由人派出的，或准予退单的。",
    "no_such_route": "这一行已经不在草稿里了。",
    "routing_not_a_draft": "这一版已不是草稿，不能再改；请另起草一个版本。",
}
#: Does something with a version (0: none); gives back the address that follows.
Deed = Callable[[Session, int, Sent, str, datetime], str]


@router.get("/config/routing")
def catalogue_page(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """A version of the catalogue, and who would get a matter."""
    check_looks(who.actor)
    return _page(request, who, site, now)


@router.post("/config/routing")
def change(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Draft, edit, learn, publish or withdraw; what is refused is said on the page, with what was typed."""
    deed, version = DEEDS.get(form.fields.get("do", "")), _number(form.fields.get("v", ""))
    try:
        if deed is None:
            raise Refused("unknown_action", action=form.fields.get("do", ""))
        with site.database.unit_of_work() as session:
            there = deed(session, version, form, who.person.name, now)
    except Refused as refusal:
        check_looks(who.actor)
        return _page(request, who, site, now, 409, form, _said(refusal, Words(who.known, lang)))
    return RedirectResponse(there, 303)


def check_looks(actor: Actor) -> None:
    """See to it that somebody may look at the catalogue: centres, duty leaders, administrators, and who may draft.

    Raises:
        Refused: `not_your_routing`.
    """
    if not looks(actor):
        raise Refused("not_your_routing", user=actor.name)


def looks(actor: Actor) -> bool:
    """Whether the catalogue is shown to somebody."""
    return leads(actor) or ("head" in actor.roles and len(actor.unit_line) == 1)


# what is done ---------------------------------------------------------------------------------------------------------


def _draft(session: Session, _version: int, _form: Sent, by: str, now: datetime) -> str:
    return f"/config/routing?v={drafting.draft(session, None, '', by, now)}"


def _add(session: Session, version: int, form: Sent, by: str, now: datetime) -> str:
    fields = form.fields
    category = catalogue(session).categories.get(fields.get("category", ""))
    owner = fields.get("owner") or (By.OWNER if category is not None and category.kind == COMPONENT else By.AREA).value
    co = tuple(code for code in form.many.get("co", ()) if code)
    basis = fields.get("basis", "").strip()
    row = RouteRow(0, fields.get("category", ""), fields.get("area") or None, owner, fields.get("lead", ""), co, basis)
    line = drafting.add_row(session, version, row, by, now)
    return f"/config/routing?v={version}#row-{line}"


def _drop(session: Session, version: int, form: Sent, by: str, now: datetime) -> str:
    drafting.drop_row(session, version, _number(form.fields.get("line", "")), by, now)
    return f"/config/routing?v={version}#rows"


def _learn(session: Session, _version: int, form: Sent, by: str, now: datetime) -> str:
    no = case_number(form.fields.get("no", "").strip().upper())
    check_visible(session, catalogue(session).actor(by), no)
    learnt = learn(session, no, by, now)
    return f"/config/routing?v={learnt.version}#row-{learnt.row.line}"


def _publish(session: Session, version: int, form: Sent, by: str, now: datetime) -> str:
    drafting.publish(session, version, by, now, anyway="anyway" in form.fields)
    return "/config/routing?done=published"


def _withdraw(session: Session, version: int, _form: Sent, by: str, now: datetime) -> str:
    drafting.withdraw(session, version, by, now)
    return "/config/routing?done=withdrawn"


DEEDS: Final[Mapping[str, Deed]] = {
    "draft": _draft,
    "add": _add,
    "drop": _drop,
    "learn": _learn,
    "publish": _publish,
    "withdraw": _withdraw,
}


# the page -------------------------------------------------------------------------------------------------------------


def _page(
    request: Request, who: Visitor, site: Site, now: datetime, status: int = 200, form: Sent | None = None, sentence: str = ""
) -> Response:
    lang = language_of(request)
    asked = form.fields if form is not None else request.query_params
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), lang)
        try:
            values = shown(session, who.actor, words, _number(asked.get("v", "")), request.query_params.get("q", "")[:60], now)
        except Refused as refusal:  # a version that is not there: the one in force is shown
            status, sentence = 409, _said(refusal, words)
            values = shown(session, who.actor, words, 0, "", now)
        tried, problem = _tried(session, request.query_params, who.actor, words)
    typed = {**(form.fields if form is not None else {}), "co": form.many.get("co", ()) if form is not None else ()}
    done = request.query_params.get("done", "")
    more = {"sentence": sentence or problem, "typed": typed, "tried": tried, "done": done, "given": dict(request.query_params)}
    return page(request, who, "config/routing.html", "config", 409 if problem else status, **values, **more)


def _tried(session: Session, query: Mapping[str, str], actor: Actor, words: Words) -> tuple[dict[str, Any], str]:
    """Who would get what was asked about, or the way that a case went; and why it cannot be said."""
    category, area, no = (query.get(name, "").strip() for name in ("category", "area", "no"))
    version = _number(query.get("v", "")) or None
    try:
        if no:
            no = case_number(no.upper())
            check_visible(session, actor, no)
            return {"way": way_of(explain(session, no, words.lang), words), "no": no}, ""
        if category and area:
            found = try_route(session, category, area, version, words.lang)
            to_centre = found.lead is None or found.route.refused is not None
            units = [words.unit(words.known.unit_ids[code])[1] for code in (found.lead, *found.co) if code is not None]
            return {"to_centre": to_centre, "lead": units[:1], "co": units[1:], "why": found.why}, ""
    except Refused as refusal:
        return {}, _said(refusal, words)
    return {}, ""


def _said(refusal: Refused, words: Words) -> str:
    """A refusal in the words of the page; of a row that cannot be used what is wrong with it, units and categories by their names."""
    own = _OWN_WORDS.get(refusal.code)
    if isinstance(refusal, RoutingRefused):
        return " ".join(problem_in_words(problem, words) for problem in refusal.problems[:SAID])
    return translated(own, words.lang) if own is not None else sentence_of(refusal, words.lang)


def _number(text: str) -> int:
    """A number of the address or of a form; 0: none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0

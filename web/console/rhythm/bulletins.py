"""每月一通报: the list, the bulletin as a page, as a PDF and as a workbook, and what people do with it until two of them publish it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import STAFF, Refused
from rules.indicators import Family
from services.ratings.samples import only_centre
from services.rhythm import bulletins, monthly, objections, overview, paper
from services.rhythm.figures import CORRECTIONS
from services.rhythm.periods import WEEK, label_of
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.page import page
from web.console.rhythm.papers import handed_out, pdf
from web.errors import refusal_in_words
from web.site import Here, Lang, Now, Site
from web.spoken import day_time
from web.words import translated
from wording import say

router = APIRouter(include_in_schema=False)
#: How far a bulletin is: in which order, and how each is shown.
_KINDS: Final[Mapping[str, str]] = {"draft": "", "open": " tag--warn", "approved": " tag--accent", "published": " tag--ok"}

#: What takes it a state further; objecting and deciding have forms of their own.
_MOVES: Final = frozenset({"draft", "open", "approve", "publish"})


@router.get("/bulletins")
def index(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """What there is to read of months and of weeks."""
    return _index(request, who, site, now, lang)


@router.post("/bulletins")
def draft(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Draft the bulletin of a month that is over."""
    month = form.fields.get("month", "")[:7]
    try:
        with site.database.unit_of_work() as session:
            _draft(session, month, form, who, now)
    except Refused as refusal:
        return _index(request, who, site, now, lang, refusal_in_words(refusal, lang))
    return RedirectResponse(f"/bulletins/{month}", 303)


def _index(request: Request, who: Visitor, site: Site, now: datetime, lang: str, sentence: str = "") -> Response:
    with site.database.unit_of_work() as session:
        rows = overview.readable(session, who.actor)
        missing = overview.missing_month(session, who.actor, now)
        weeks = overview.weeks(session, who.actor, now)
    told = [
        {
            "month": row["month"],
            "state": say(f"bulletin_state.{row['state']}", lang),
            "kind": _KINDS[row["state"]],
            "since": _since(row, who, now, lang),
        }
        for row in rows
    ]
    shown = [{"monday": each.monday.isoformat(), "label": label_of(WEEK, each.monday.isoformat()), "week": each} for each in weeks]
    values = {"months": told, "weeks": shown, "missing": missing, "sentence": sentence, "scores": bool(who.actor.roles & STAFF)}
    return page(request, who, "rhythm/index.html", "rhythm", 409 if sentence else 200, **values)


def _since(row: Mapping[str, Any], who: Visitor, now: datetime, lang: str) -> str:
    """What of its dates matters as it stands."""
    at = {name: day_time(row[name], now, who.known.zone, lang) for name in ("made_at", "objections_until", "published_at") if row[name]}
    if row["state"] == bulletins.PUBLISHED:
        return translated("%(at)s公布", lang, at=at["published_at"])
    if row["state"] == bulletins.OPEN:
        return translated("异议期到%(at)s", lang, at=at["objections_until"])
    return translated("%(at)s起草", lang, at=at["made_at"])


@router.get("/bulletins/{month}")
def one(request: Request, month: str, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """A bulletin, as far as this person may read it."""
    return _one(request, month, who, site, now, lang)


@router.get("/bulletins/{month}/pdf")
def as_pdf(month: str, who: Signed, site: Here, lang: Lang) -> Response:
    """The same to be printed and filed."""
    with site.database.unit_of_work() as session:
        row = bulletins.read_bulletin(session, month, who.actor)
        document = monthly.document(session, row, lang)
    return pdf(document, row["made_at"], document.title)


@router.get("/bulletins/{month}/xlsx")
def as_workbook(month: str, who: Signed, site: Here, lang: Lang) -> Response:
    """The same with the cases behind every figure, from which anybody recounts."""
    with site.database.unit_of_work() as session:
        row = bulletins.read_bulletin(session, month, who.actor)
        title, data = monthly.document(session, row, lang).title, paper.as_workbook(session, row, lang)
    return handed_out(data, title, "xlsx")


@router.post("/bulletins/{month}")
def act(request: Request, month: str, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Draft anew, open to objections, object, decide, sign, publish; then the same page."""
    what = form.fields.get("do", "")
    try:
        if what not in _ACTS:
            raise Refused("unknown_action", action=what)
        with site.database.unit_of_work() as session:
            _ACTS[what](session, month, form, who, now)
    except Refused as refusal:
        return _one(request, month, who, site, now, lang, form, refusal_in_words(refusal, lang))
    return RedirectResponse(f"/bulletins/{month}{'#objections' if what in ('object', 'decide') else ''}", 303)


def _one(
    request: Request, month: str, who: Visitor, site: Site, now: datetime, lang: str, form: Sent | None = None, sentence: str = ""
) -> Response:
    with site.database.unit_of_work() as session:
        row = bulletins.read_bulletin(session, month, who.actor)
        document, may = monthly.document(session, row, lang), overview.steps(session, row, who.actor, now)
        asked = [each for each in objections.objections(session, month) if each["state"] == bulletins.ASKED] if "decide" in may else []
    open_until = day_time(row["objections_until"], now, who.known.zone, lang) if row["objections_until"] else ""
    return page(
        request,
        who,
        "rhythm/bulletin.html",
        "rhythm",
        409 if sentence else 200,
        sentence=sentence,
        document=document,
        month=row["month"],
        state=row["state"],
        word=say(f"bulletin_state.{row['state']}", lang),
        kind=_KINDS[row["state"]],
        may=may,
        moves=bool(may & _MOVES),
        until=open_until,
        asked=[_asked(each, who, lang) for each in asked],
        corrections=[(code, say(f"objection_state.{code}", lang)) for code in CORRECTIONS],
        families=[(each.value, say(f"family.{each.value}", lang)) for each in Family],
        typed=form.fields if form is not None else {},
    )


def _asked(row: Mapping[str, Any], who: Visitor, lang: str) -> dict[str, Any]:
    unit = getattr(who.known.names[row["unit_id"]], lang)
    return {
        "no": row["no"],
        "case": row["case"],
        "unit": unit,
        "reason": row["reason"] or "",
        "family": say(f"family.{row['family']}", lang),
    }


# what is done with it -------------------------------------------------------------------------------------------------


def _draft(session: Session, month: str, _form: Sent, who: Visitor, now: datetime) -> None:
    only_centre(who.known, who.actor)
    bulletins.draft(session, month, who.actor.name, now)


def _open(session: Session, month: str, _form: Sent, who: Visitor, now: datetime) -> None:
    bulletins.open_to_objections(session, month, who.actor, now)


def _approve(session: Session, month: str, _form: Sent, who: Visitor, now: datetime) -> None:
    bulletins.approve(session, month, who.actor, now)


def _publish(session: Session, month: str, _form: Sent, who: Visitor, now: datetime) -> None:
    bulletins.publish(session, month, who.actor, now)


def _object(session: Session, month: str, form: Sent, who: Visitor, now: datetime) -> None:
    fields = form.fields
    item = fields.get("item", "").strip()
    no = int(item) if item.isascii() and item.isdigit() and len(item) < 10 else None
    against = objections.Against(fields.get("family", ""), fields.get("case", "")[:40], fields.get("reason", ""), no)
    objections.ask(session, month, against, who.actor, now)


def _decide(session: Session, month: str, form: Sent, who: Visitor, now: datetime) -> None:
    no, correction = form.fields.get("no", ""), form.fields.get("correction") or None
    if not (no.isascii() and no.isdigit() and len(no) < 10):
        raise Refused("no_such_objection", no=no)
    objections.decide(session, month, int(no), correction, form.fields.get("answer", ""), who.actor, now)


_ACTS: Final[Mapping[str, Callable[[Session, str, Sent, Visitor, datetime], None]]] = {
    "draft": _draft,
    "open": _open,
    "object": _object,
    "decide": _decide,
    "approve": _approve,
    "publish": _publish,
}

"""每周一测评: the scores of a week as a page, a PDF and a workbook, its score sheets, appeals and their decisions."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused
from services.rhythm import overview, sheets, weekly, weeks
from services.rhythm.document import as_workbook
from services.rhythm.periods import monday_of, read_day
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.page import page
from web.console.rhythm.papers import handed_out, pdf
from web.errors import refusal_in_words
from web.site import Here, Lang, Now, Site
from web.spoken import day_time
from web.views import Words
from wording import say

router = APIRouter(include_in_schema=False)
_KINDS: Final[Mapping[str, str]] = {"appealed": " tag--warn", "published": " tag--ok"}


@router.get("/weeks/{day}")
def one(request: Request, day: str, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The week in which a day lies."""
    return _week(request, day, who, site, now, lang)


@router.get("/weeks/{day}/pdf")
def as_pdf(day: str, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The same to be printed and filed."""
    with site.database.unit_of_work() as session:
        document = weekly.document(session, read_day(day), who.actor, lang)
    return pdf(document, now, document.title)


@router.get("/weeks/{day}/xlsx")
def workbook(day: str, who: Signed, site: Here, lang: Lang) -> Response:
    """The same as a workbook."""
    with site.database.unit_of_work() as session:
        document = weekly.document(session, read_day(day), who.actor, lang)
    return handed_out(as_workbook(document), document.title, "xlsx")


@router.post("/weeks/{day}")
def publish(request: Request, day: str, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Publish the week; then the same page."""
    try:
        with site.database.unit_of_work() as session:
            weeks.publish(session, read_day(day), who.actor, now)
    except Refused as refusal:
        return _week(request, day, who, site, now, lang, refusal_in_words(refusal, lang))
    return RedirectResponse(f"/weeks/{read_day(day)}", 303)


def _week(request: Request, day: str, who: Visitor, site: Site, now: datetime, lang: str, sentence: str = "") -> Response:
    monday = monday_of(read_day(day))
    with site.database.unit_of_work() as session:
        document = weekly.document(session, monday, who.actor, lang)
        may = overview.may_publish_week(session, monday, who.actor, now)
    values = {"document": document, "monday": monday.isoformat(), "may_publish": may, "sentence": sentence}
    return page(request, who, "rhythm/week.html", "rhythm", 409 if sentence else 200, **values)


# one sheet ------------------------------------------------------------------------------------------------------------


@router.get("/sheets/{name}")
def sheet(request: Request, name: str, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """A score sheet, as far as this person may read it."""
    return _sheet(request, name, who, site, now, lang)


@router.post("/sheets/{name}")
def act(request: Request, name: str, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Sign, give up, appeal, decide; then the same page."""
    what = form.fields.get("do", "")
    try:
        if what not in _ACTS:
            raise Refused("unknown_action", action=what)
        with site.database.unit_of_work() as session:
            _ACTS[what](session, _number(name), form, who, now)
    except Refused as refusal:
        return _sheet(request, name, who, site, now, lang, form, refusal_in_words(refusal, lang))
    return RedirectResponse(f"/sheets/{name}", 303)


def _number(name: str) -> int:
    """The sheet that is called so: CP-12.

    Raises:
        Refused: `no_such_sheet`.
    """
    digits = name.removeprefix("CP-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise Refused("no_such_sheet", sheet=name[:20])
    return int(digits)


def _sheet(
    request: Request, name: str, who: Visitor, site: Site, now: datetime, lang: str, form: Sent | None = None, sentence: str = ""
) -> Response:
    with site.database.unit_of_work() as session:
        row = weeks.read_sheet(session, _number(name), who.actor)
        may, topics = overview.sheet_steps(session, row, who.actor, now), weeks.topic_names(session)
    return page(
        request,
        who,
        "rhythm/sheet.html",
        "rhythm",
        409 if sentence else 200,
        sentence=sentence,
        sheet=_told(row, who, now, lang) | {"topic": weekly.topic_name(topics, row["topic"], lang)},
        items=[_item(each, lang) for each in row["items"]],
        may=may,
        typed=form.fields if form is not None else {},
        ticked=form.many.get("item", ()) if form is not None else (),
    )


def _told(row: Mapping[str, Any], who: Visitor, now: datetime, lang: str) -> dict[str, Any]:
    words, zone = Words(who.known, lang), who.known.zone
    at = {
        name: day_time(row[name], now, zone, lang) if row[name] else "" for name in ("scored_at", "signed_at", "appeal_until", "decided_at")
    }
    return {
        **{"label": sheets.label(row["id"]), "monday": row["week"], "place": row["place"], "unit": words.unit(row["unit_id"])[1]},
        **{"area": words.unit(row["area_unit_id"])[1], "scorer": words.actor(row["scorer"]), "state": row["state"]},
        **{"word": say(f"sheet_state.{row['state']}", lang), "kind": _KINDS.get(row["state"], "")},
        **{"score": f"{row['score'] / 10:g}", "full": f"{row['full'] / 10:g}", "appeal": row["appeal"], "answer": row["answer"]},
        **{"upheld": row["upheld"], "at": at},
    }


def _item(row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    return {
        **{"code": row["code"], "name": row[lang], "points": f"{row['points'] / 10:g}", "reason": row["reason"], "case": row["case"]},
        **{"taken": f"-{row['taken'] / 10:g}" if row["taken"] else "", "photos": len(row["photos"])},
        **{"appealed": row["appealed"], "back": row["given_back"]},
    }


def _sign(session: Session, sheet_id: int, _form: Sent, who: Visitor, now: datetime) -> None:
    sheets.sign(session, sheet_id, who.actor, now)


def _drop(session: Session, sheet_id: int, _form: Sent, who: Visitor, _now: datetime) -> None:
    sheets.drop(session, sheet_id, who.actor)


def _appeal(session: Session, sheet_id: int, form: Sent, who: Visitor, now: datetime) -> None:
    weeks.appeal(session, sheet_id, form.many.get("item", ()), form.fields.get("reason", ""), who.actor, now)


def _decide(session: Session, sheet_id: int, form: Sent, who: Visitor, now: datetime) -> None:
    weeks.decide(session, sheet_id, form.many.get("item", ()), form.fields.get("answer", ""), who.actor, now)


_ACTS: Final[Mapping[str, Callable[[Session, int, Sent, Visitor, datetime], None]]] = {
    "sign": _sign,
    "drop": _drop,
    "appeal": _appeal,
    "decide": _decide,
}

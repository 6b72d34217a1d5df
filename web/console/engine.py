"""引擎运行: how the engine stands, what was set aside, what did not arrive; retrying and sending anew are on record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models import begin_write
from rules.facts import Actor, Refused
from services import audit, engines, metrics, set_aside
from services.messages.lost import dead_letters
from services.messages.resending import resend
from services.messages.standing import Standing
from services.moves import Row
from services.people.rights import on_record
from services.reading import case_id_of
from services.visibility import check_visible
from settings import Settings
from web.access.visitor import Posted, Signed, Visitor
from web.console.nav import admin, leads
from web.console.page import page
from web.errors import refusal_in_words
from web.site import Here, Lang, Now, Site, case_number
from web.spoken import day_time, how_long, today
from web.views import Words

router = APIRouter(include_in_schema=False)
_LETTERS: Final = 50  #: of the dead letters so many are looked at
_CASE: Final = "bihuan.case."  #: how the event feed names cases (services/events.py)


@router.get("/engine")
def engine(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """How everything stands now."""
    return _page(request, who, site, now, lang)


@router.post("/engine/retry")
def retry(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Let the engine try a case that was set aside again at once."""
    no = case_number(form.fields.get("no", ""))
    try:
        with site.database.unit_of_work() as session:
            _retry(session, no, who.actor, now)
    except Refused as refusal:
        return _page(request, who, site, now, lang, refusal_in_words(refusal, lang))
    return RedirectResponse("/engine#aside", 303)


def _retry(session: Session, no: str, actor: Actor, now: datetime) -> None:
    if not _may_retry(actor):
        raise Refused("retry_for_duty")
    begin_write(session)
    check_visible(session, actor, no)
    if not set_aside.retry_now(session, case_id_of(session, no), now):
        raise Refused("nothing_aside", no=no)
    on_record(session, actor.name, "case_retried", no, {}, now)


def _may_retry(actor: Actor) -> bool:
    return admin(actor) or (actor.covers is not None and "dispatcher" in actor.roles)


@router.post("/engine/resend")
def send_anew(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Send the chosen dead letters once more; all of them or none."""
    chosen = [int(each) for each in form.many.get("message", ()) if each.isascii() and each.isdigit() and len(each) < 16]
    try:
        if not chosen:
            raise Refused("messages_wanted")
        with site.database.unit_of_work() as session:
            resend(session, chosen, who.actor.name, now)
    except Refused as refusal:
        return _page(request, who, site, now, lang, refusal_in_words(refusal, lang))
    return RedirectResponse("/engine#dead", 303)


def _page(request: Request, who: Visitor, site: Site, now: datetime, lang: str, sentence: str = "") -> Response:
    if not leads(who.actor):
        raise Refused("engine_for_leads")
    words = Words(who.known, lang)
    with site.database.unit_of_work() as session:
        found = metrics.read_figures(session, now)
        running = audit.engines_on_record(session)
        letters = dead_letters(session, most=_LETTERS) if admin(who.actor) else []
        aside, last = set_aside.listed(session), audit.last_round(session)
    return page(
        request,
        who,
        "engine.html",
        "engine",
        409 if sentence else 200,
        sentence=sentence,
        updated=today(now, who.known.zone, lang),
        figures=found,
        late=found.overdue_rung_s > audit.LAG.total_seconds(),
        late_for=how_long(round(found.overdue_rung_s), lang),
        engines=_engines(running, now, lang),
        aside=[_aside(row, site.settings, words, now) for row in aside],
        may_retry=_may_retry(who.actor),
        channels=[_channel(each, words, now) for each in found.channels],
        letters=[_letter(each, words, now) for each in letters],
        may_resend=admin(who.actor),
        last=_last(last, words, now),
        prefect=_prefect(site.settings),
    )


def _prefect(settings: Settings) -> str:
    """Where Prefect's own pages are; empty where runs are not recorded there."""
    return settings.prefect_api_url.rstrip("/").removesuffix("/api") if settings.prefect == "on" else ""


def _feed(settings: Settings, no: str) -> str:
    """The event feed of one case in Prefect."""
    base = _prefect(settings)
    return f"{base}/events?{urlencode({'resource': _CASE + no})}" if base else ""


def _engines(rows: Sequence[Any], now: datetime, lang: str) -> list[dict[str, Any]]:
    ages = [now - row.heartbeat_at for row in rows]
    return [
        {"id": row.id, "host": row.host, "pid": row.pid, "alive": age <= engines.SILENT_AFTER, "age": _seconds(age, lang)}
        for row, age in zip(rows, ages, strict=True)
    ]


def _seconds(age: timedelta, lang: str) -> str:
    """A short age to the second, a longer one as everywhere."""
    whole = max(0, int(age.total_seconds()))
    return f"{whole}s" if whole < 60 else how_long(whole, lang)


def _aside(row: Any, settings: Settings, words: Words, now: datetime) -> Row:  # noqa: ANN401 - a result row
    since = int((now - row.first_at).total_seconds())
    return {
        **{"no": row.no, "step": words.word("step", row.step), "error": row.error, "tries": row.tries, "clock": row.clock_id is not None},
        **{"since": how_long(since, words.lang), "urgency": row.urgency, "feed": _feed(settings, row.no)},
    }


def _channel(each: Standing, words: Words, now: datetime) -> Row:
    rate = each.receipt_rate
    return {
        "name": words.word("channel", each.channel),
        "waiting": sum(each.waiting.values()),
        "recent": [(words.word("delivery", state), n) for state, n in sorted(each.recent.items())],
        "rate": "—" if rate is None else f"{rate:.1%}",
        "open": each.is_open(now),
        "reason": words.word("channel_trouble", each.reason) if each.reason else "",
    }


def _letter(each: Any, words: Words, now: datetime) -> Row:  # noqa: ANN401 - a DeadLetter
    return {
        **{"id": each.id, "no": each.no, "to": each.to, "channel": words.word("channel", each.channel), "error": each.error or ""},
        **{"notice": words.word("notice", each.notice), "state": words.word("delivery", each.state), "attempts": each.attempts},
        "at": day_time(each.queued_at, now, words.known.zone, words.lang),
    }


def _last(row: Any, words: Words, now: datetime) -> Row | None:  # noqa: ANN401 - a result row
    """The last whole round of the engine's own audit."""
    if row is None or row.finished_at is None:
        return None
    zone = words.known.zone
    beat = day_time(row.heartbeat_at, now, zone, words.lang) if row.heartbeat_at is not None else ""
    found = {"cases": row.cases, "findings": row.findings, "counts": sorted(row.counts.items())}
    return found | {"at": day_time(row.finished_at, now, zone, words.lang), "heartbeat": beat}

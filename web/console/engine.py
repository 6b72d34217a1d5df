"""引擎运行: how the engine stands, what was set aside, what did not arrive; retrying and sending anew are on record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models import begin_write
from rules.delivery import TAKEN_STATES
from rules.facts import Actor, Refused
from services import audit, metrics
from services.engine import engines, lateness, set_aside
from services.messages.lost import dead_letters
from services.messages.resending import resend
from services.messages.standing import Standing
from services.moves import Row
from services.people.rights import on_record
from services.reading import case_id_of
from services.visibility import check_visible
from settings import Settings
from web.access.visitor import Posted, Signed, Visitor
from web.charts import Chart, Data, course
from web.console import engine_runs, prefect_links
from web.console.nav import admin, leads
from web.console.page import page
from web.errors import refusal_in_words
from web.site import Here, Lang, Now, Site, case_number
from web.spoken import day_time, how_long, today
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
#: Seconds, and what a delay is told in from twice as many on.
_UNITS: Final = ((3600, "%(h)d小时"), (60, "%(m)d分钟"), (1, "%(s)d秒"))
_LETTERS: Final = 50  #: of the dead letters so many are looked at


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
        hours, queue = lateness.by_hour(session, now), lateness.waiting_cases(session, now)
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
        prefect=prefect_links.base(site.settings),
        batches=prefect_links.batches(site.settings),
        runs=engine_runs.newest(site.settings, words, now),
        queue=queue,
        unsent=[(words.word("delivery", state), n) for state, n in sorted(found.messages_waiting.items()) if n],
        course=_course(hours, words),
    )


def _course(hours: Sequence[lateness.Hour], words: Words) -> Chart:
    """By how much the latest rung of each hour was late, in the unit that suits the worst of them."""
    zone, lang = words.known.zone, words.lang
    worst, fired = max(each.latest for each in hours), sum(each.fired for each in hours)
    size, unit = next((size, unit) for size, unit in _UNITS if worst >= 2 * size or size == 1)
    local = [f"{each.since.astimezone(zone):%H:%M}" for each in hours]
    rows = [(name, str(each.fired), f"{each.latest:.1f}") for name, each in zip(local, hours, strict=True)]
    heads = (translated("一小时，从", lang), translated("触发级数", lang), translated("最晚（秒）", lang))
    sentence = translated("近24小时触发%(n)d级，最晚的迟了%(s)s秒", lang, n=fired, s=f"{worst:.1f}")
    names = [name if i % 6 == 0 else "" for i, name in enumerate(local)]
    values = [each.latest / size for each in hours]
    return course(names, values, lambda n: translated(unit, lang, h=n, m=n, s=n), sentence, Data(heads, rows))


def _engines(rows: Sequence[Any], now: datetime, lang: str) -> list[dict[str, Any]]:
    ages = [now - row.heartbeat_at for row in rows]
    return [
        {"id": row.id, "host": row.host, "pid": row.pid, "alive": age <= engines.SILENT_AFTER, "age": _seconds(age, lang)}
        for row, age in zip(rows, ages, strict=True)
    ]


def _seconds(age: timedelta, lang: str) -> str:
    """A short age to the second, a longer one as everywhere."""
    whole = max(0, int(age.total_seconds()))
    return translated("%(s)d秒", lang, s=whole) if whole < 60 else how_long(whole, lang)


def _aside(row: Any, settings: Settings, words: Words, now: datetime) -> Row:  # noqa: ANN401 - a result row
    since = int((now - row.first_at).total_seconds())
    return {
        **{"no": row.no, "step": words.word("step", row.step), "error": row.error, "tries": row.tries, "clock": row.clock_id is not None},
        **{"since": how_long(since, words.lang), "urgency": row.urgency, "feed": prefect_links.feed(settings, row.no)},
        "runs": prefect_links.runs_of_case(settings, row.no),
    }


def _channel(each: Standing, words: Words, now: datetime) -> Row:
    rate = each.receipt_rate
    return {
        "name": words.word("channel", each.channel),
        "waiting": sum(each.waiting.values()),
        "recent": [(words.word("delivery", state), n) for state, n in sorted(each.recent.items())],
        "rate": f"{rate:.1%}" if rate else "—",
        "no_rate": "" if rate else translated(_why_no_rate(each), words.lang),
        "open": each.is_open(now),
        "reason": words.word("channel_trouble", each.reason) if each.reason else "",
    }


def _why_no_rate(each: Standing) -> str:
    """Why there is no share of arrived messages: nothing went out, nobody ever says what arrived, or nobody has said so yet."""
    if not any(each.recent.get(state) for state in TAKEN_STATES):
        return "还没有发出"
    return "还没有回执" if each.promising else "没有回执"


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

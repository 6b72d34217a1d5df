"""Channels: the ways out with how each stands; tried on oneself, paused, resumed; and the messages that reached nobody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from notifications.channels.secrets import masked_url
from rules.facts import Refused
from services.channels import SYSTEM, Configured, configured
from services.channels.checking import promises_receipts, public_gateways, traits_of
from services.channels.stored import Origin, check_administrator, set_enabled
from services.messages.lost import dead_letters
from services.messages.resending import resend
from services.messages.standing import Standing, standings
from services.messages.trying import Tried, TryOut, try_out
from services.templates.approvals import missing
from settings import Settings
from web.access.visitor import Posted, Signed, Visitor
from web.console.config.channels_words import said
from web.console.page import page
from web.site import Here, Lang, Now, Site, language_of
from web.spoken import day_time
from web.views import Words
from web.words import translated
from wording import say

router = APIRouter(include_in_schema=False)
_FAILED: Final = ("failed_perm", "dead", "unknown", "expired")
_LETTERS: Final = 200  #: on a page
_SWITCHES: Final[Mapping[str, bool]] = {"pause": False, "resume": True}


def letters_lost(session: Session, _now: object, lang: str) -> str:
    """How many messages reached nobody."""
    n = len(dead_letters(session, most=_LETTERS))
    return translated("%(n)s条消息没送到", lang, n=n) if n else ""


@router.get("/config/channels")
def channels(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """Every channel and how it stands."""
    return _page(request, who, site, now)


@router.post("/config/channels")
def change(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Try a channel with a message to oneself, pause it or let it go on."""
    what, code = form.fields.get("do", ""), form.fields.get("channel", "")[:20]
    try:
        if what == "test":
            tried = try_out(site.database, site.settings, TryOut(code, who.actor.name), lambda: now)
            return _page(request, who, site, now, tried=(code, tried))
        if what not in _SWITCHES:
            raise Refused("unknown_action", action=what[:20])
        with site.database.unit_of_work() as session:
            set_enabled(session, code, who.actor.name, now, enabled=_SWITCHES[what])
    except Refused as refusal:
        return _page(request, who, site, now, 409, sentence=said(refusal, lang))
    return RedirectResponse(f"/config/channels?done={what}#{code}", 303)


def _page(
    request: Request,
    who: Visitor,
    site: Site,
    now: datetime,
    status: int = 200,
    *,
    sentence: str = "",
    tried: tuple[str, Tried] | None = None,
) -> Response:
    words, settings = Words(who.known, language_of(request)), site.settings
    with site.database.unit_of_work() as session:
        check_administrator(session, who.actor.name)
        found = configured(session, settings)
        stand = {each.channel: each for each in standings(session, found, now, promising=promises_receipts(found.values(), settings))}
        lost = len(dead_letters(session, most=_LETTERS))
        lacking = {code: len(missing(session, code, settings.lang)) for code in public_gateways(found.values(), settings)}
    rows = [_row(each, stand[code], settings, words, now) | {"lacking": lacking.get(code, 0)} for code, each in found.items()]
    values = {"rows": rows, "lost": lost, "sentence": sentence, "done": request.query_params.get("done", "")}
    return page(request, who, "config/channels.html", "config", status, tried=tried and told(tried, words, now), **values)


def _row(each: Configured, stand: Standing, settings: Settings, words: Words, now: datetime) -> dict[str, Any]:
    traits, rate, lang = traits_of(each.code, each.url, settings), stand.receipt_rate, words.lang
    open_until = stand.open_until if stand.is_open(now) else None
    by = say("channels.demonstration", lang) if each.changed_by == SYSTEM else words.actor(each.changed_by) if each.changed_by else ""
    return {
        **{"code": each.code, "name": words.word("channel", each.code), "url": masked_url(each.url), "note": each.note, "by": by},
        **{"medium": words.word("channel", traits.medium) if traits else "", "public": traits is not None and traits.public},
        **{"enabled": each.enabled, "origin": words.word("channel_origin", each.origin), "at": each.changed_at},
        "stored": each.origin is Origin.STORED,
        "waiting": sum(stand.waiting.values()),
        "delivered": stand.recent.get("delivered", 0),
        "failed": sum(stand.recent.get(state, 0) for state in _FAILED),
        "rate": "—" if rate is None else f"{rate:.0%}",
        "accepted": day_time(stand.accepted_at, now, words.known.zone, lang) if stand.accepted_at else "",
        "rests": day_time(open_until, now, words.known.zone, lang) if open_until else "",
        "reason": words.word("channel_trouble", stand.reason) if stand.reason else "",
        "failures": stand.failures,
    }


def told(tried: tuple[str, Tried], words: Words, now: datetime) -> dict[str, Any]:
    """What a test brought, in the words of the command line."""
    code, (message, outcome) = tried[0], (tried[1].message, tried[1].outcome)
    told = {"channel": words.word("channel", code), "when": day_time(now, now, words.known.zone, words.lang), "ms": "—"}
    sentence = say(f"notify_test.{outcome.verdict}", words.lang, code=outcome.code, words=outcome.words, **told)
    return {"ok": outcome.taken, "message": message, "sentence": sentence}


@router.get("/config/channels/dead")
def dead(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """Messages that reached nobody, with why and when."""
    return _dead(request, who, site, now)


@router.post("/config/channels/dead")
def send_anew(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Send the chosen ones once more; all of them or none."""
    chosen = [int(each) for each in form.many.get("message", ()) if each.isascii() and each.isdigit() and len(each) < 16]
    try:
        if not chosen:
            raise Refused("messages_wanted")
        with site.database.unit_of_work() as session:
            n = resend(session, chosen, who.actor.name, now)
    except Refused as refusal:
        return _dead(request, who, site, now, 409, said(refusal, lang))
    return RedirectResponse(f"/config/channels/dead?done={n}", 303)


def _dead(request: Request, who: Visitor, site: Site, now: datetime, status: int = 200, sentence: str = "") -> Response:
    words, asked = Words(who.known, language_of(request)), request.query_params
    channel, done = asked.get("channel", "")[:20], asked.get("done", "")
    with site.database.unit_of_work() as session:
        check_administrator(session, who.actor.name)
        codes = list(configured(session, site.settings))
        found = dead_letters(session, channel=channel or None, most=_LETTERS)
    values: dict[str, Any] = {"rows": [_letter(each, words, now) for each in found], "channel": channel, "sentence": sentence}
    values |= {
        "channels": [(code, words.word("channel", code)) for code in codes],
        "done": int(done) if done.isdecimal() and len(done) < 5 else 0,
    }
    return page(request, who, "config/dead.html", "config", status, most=_LETTERS, **values)


def for_whom(to: str, words: Words) -> str:
    """Whom a message is for: a post, a unit, or a resident's masked phone; never a person's name."""
    person = words.known.people.get(to)
    if person is not None:
        return words.named(person.title) or ""
    unit = next((each for each in words.known.units.values() if each.code == to), None)
    return to if unit is None else words.named(words.known.names[unit.id]) or ""


def _letter(each: Any, words: Words, now: datetime) -> dict[str, Any]:  # noqa: ANN401 - a DeadLetter
    ours = words.word("delivery_error", each.error) if each.error else ""
    why = ours if ours and ours != each.error else " ".join([words.word("lost_because", each.state), each.code or each.error or ""]).strip()
    return {
        **{
            "id": each.id,
            "no": each.no,
            "to": for_whom(each.to, words),
            "channel": words.word("channel", each.channel),
            "why": why,
            "tries": each.attempts,
        },
        **{"notice": words.word("notice", each.notice), "state": words.word("delivery", each.state)},
        "at": day_time(each.queued_at, now, words.known.zone, words.lang),
    }

"""What gateways decided about the words of one notice: how they are handed in, what came back, and recording it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from notifications.variables import SMS, site_of
from rules.facts import Refused
from services.channels import configured
from services.channels.checking import public_gateways
from services.templates.approvals import handed_in, rulings
from services.templates.previewing import words_of
from services.templates.recording import Decision, record_decision
from services.templates.stored import BUILT_IN, TemplateState, Which
from settings import Settings
from web.access.visitor import Sent, Visitor
from web.site import Site
from web.views import Words
from web.words import translated

_HANDED_IN: Final = (TemplateState.PROPOSED, TemplateState.PUBLISHED)
_FIELDS: Final = ("channel", "code", "state", "reason", "of")
_REASON: Final = 200  #: characters
_OWN: Final = {
    "template_for_sms": "只有短信要报网关审核。",
    "unknown_approval": "请选网关的审核结果。",
    "unknown_channel": "没有通道“%(channel)s”，请从列表里选。",
    "unknown_template_version": "没有这一版，请从列表里选。",
    "template_unanswered": "网关没有回答，没有登记；请先到“消息通道”看通不通，再试。",
    "template_variables_long": "这家网关的变量最长%(most)s个字，这些可能更长：%(names)s。请改用短的变量。",
}


def own_words(refusal: Refused, lang: str) -> str | None:
    """A refusal about gateways in the words of a page; None: the common words will do."""
    said = _OWN.get(refusal.code)
    return None if said is None else translated(said, lang, **refusal.details)


def record_result(site: Site, which: Which, form: Sent, who: Visitor, now: datetime) -> None:
    """Record what a gateway calls the words and what it decided.

    Raises:
        Refused: as `services.templates.recording.record_decision`.
    """
    given = {name: form.fields.get(name, "").strip() for name in _FIELDS}
    version = int(given["of"]) if given["of"].isascii() and given["of"].isdigit() and len(given["of"]) < 5 else BUILT_IN
    decision = Decision(given["channel"][:20], given["code"][:60], given["state"][:20], given["reason"][:_REASON])
    record_decision(site.database, site.settings, which, version, decision, who.actor.name, lambda: now)


def gateways_shown(
    session: Session, settings: Settings, which: Which, rows: Sequence[Any], number: int, words: Words, form: Sent | None
) -> dict[str, Any]:
    """Which public gateways there are, how the newest words are handed in to each, what they said so far, and what stands in the form."""
    if which.medium != SMS:
        return {"rulings": [], "gateways": [], "handed": []}
    found = configured(session, settings)
    codes = public_gateways(found.values(), settings)
    newest = max([number, *(row.version for row in rows if row.state in _HANDED_IN)])
    _, text = words_of(session, which, newest)
    fixed = {"site": site_of(settings.public_url, which.lang)}
    said = [_ruling(row, words) for row in rulings(session, which)]
    return {
        "rulings": said,
        "gateways": [
            {"code": code, "name": words.word("channel", code), "text": handed_in(text.body, found[code].url.partition("://")[0], fixed)}
            for code in codes
        ],
        "handed": sorted({BUILT_IN, number, *(row.version for row in rows if row.state in _HANDED_IN)}, reverse=True),
        "undecided": sum(each["state"] == "pending" for each in said),
        "asked": _asked(said, newest, form),
    }


def _asked(said: Sequence[dict[str, Any]], newest: int, form: Sent | None) -> dict[str, str]:
    """What stands in the form: what was typed, else the words that wait for a decision, else the newest."""
    if form is not None and form.fields.get("do") == "ruling":
        return {name: form.fields.get(name, "")[:_REASON] for name in _FIELDS}
    newest_words: dict[str, Any] = {"channel": "", "version": newest, "code": ""}
    waits = next((each for each in said if each["state"] == "pending"), newest_words)
    return {"channel": waits["channel"], "of": str(waits["version"]), "code": waits["code"], "state": "", "reason": ""}


def _ruling(row: Any, words: Words) -> dict[str, Any]:  # noqa: ANN401 - a result row
    told = {"channel": row.channel, "name": words.word("channel", row.channel), "version": row.version, "code": row.code}
    return told | {
        "state": row.state,
        "reason": row.reason,
        "by": words.actor(row.changed_by),
        "at": row.changed_at,
    }

"""Why is it due then? One clock of a case as a bill: from when, how long, how counted, what came between, and the sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.privacy.showing import Shown
from services.reading import CaseStory
from services.why import Explanation, Which, explain_read, for_public, lines
from services.why.explanation import Extended, Pause, Run
from web.spoken import day_time, how_long
from web.views import Words
from web.words import translated


@dataclass(frozen=True, slots=True)
class Other:
    """A further open clock: what it measures, of whom, and when it is due."""

    id: int
    name: str
    unit: str
    due: str


@dataclass(frozen=True, slots=True)
class Bill:
    """An explanation as a bill.

    Attributes:
        about: Which clock of whom.
        rows: Name, how, and how much.
        due: The sum; `provisional`: on a day that awaits the official notice.
        basis: Where the limit comes from.
        told: The whole explanation, line by line.
        others: Further open clocks, the first that is due first.
    """

    about: str
    rows: tuple[tuple[str, str, str], ...]
    due: str
    provisional: bool
    basis: str
    told: tuple[str, ...]
    others: tuple[Other, ...]


def bill_of(session: Session, story: CaseStory, seen: Shown, words: Words, now: datetime, clock_id: int | None) -> Bill | None:
    """The bill of one open clock: the one that is asked for, else that of the lead's work; None: none is open.

    Args:
        session: The unit of work.
        story: The case as it is kept.
        seen: The case as the visitor may see it.
        words: Words of the visitor's language.
        now: The instant, aware UTC.
        clock_id: The clock that is asked for.
    """
    open_now = [clock for clock in seen.story.clocks if clock["stopped_at"] is None and clock["affair_seq"] is None]
    if not open_now:
        return None
    leads = {order["no"] for order in seen.story.orders if order["lead"]}
    first = min(open_now, key=lambda c: (c["id"] != clock_id, c["kind"] != "handle", c["order_no"] not in leads, c["id"]))
    others = tuple(_other(c, words, now) for c in sorted(open_now, key=lambda c: (c["due_at"], c["id"])) if c is not first)
    (found,) = explain_read(session, story, now, Which(clock_id=first["id"]))
    return _bill(found if seen.seen.words else for_public(found), words, now, others)


def _name(kind: str, unit: str | None, words: Words) -> str:
    return " · ".join(filter(None, (words.word("clock", kind), unit)))


def _other(clock: Mapping[str, Any], words: Words, now: datetime) -> Other:
    due = day_time(clock["due_at"], now, words.known.zone, words.lang)
    return Other(clock["id"], words.word("clock", clock["kind"]), words.unit(clock["unit_id"])[1] or "", due)


def _bill(each: Explanation, words: Words, now: datetime, others: tuple[Other, ...]) -> Bill:
    lang, zone = words.lang, each.zone
    due = day_time(each.due_at or each.stored_due_at, now, zone, lang)
    rule = each.rule
    basis = translated("依据：办理时限 v%(version)d", lang, version=rule.version) if rule is not None else ""
    if rule is not None and rule.suggested:
        basis += translated("，建议值", lang)
    told = tuple(lines(each, lang))
    return Bill(_name(each.kind, words.named(each.unit), words), tuple(_rows(each, words, now)), due, each.provisional, basis, told, others)


def _rows(each: Explanation, words: Words, now: datetime) -> Sequence[tuple[str, str, str]]:
    lang = words.lang
    start = (words.word("action", each.start.action), day_time(each.start.at, now, each.zone, lang)) if each.start is not None else ("", "")
    natural = "自然时，夜里和周末不停表" if each.natural else "工作时间，下班和休息日停表"
    ran = sum(event.seconds for event in each.events if isinstance(event, Run))
    pauses = [event for event in each.events if isinstance(event, Pause)]
    longer = [event for event in each.events if isinstance(event, Extended)]
    none = translated("没有", lang)
    added = " + ".join(words.limit(event.amount) for event in longer)
    rows = (
        ("从何时算", *start),
        ("给多久", _matter(each, words), words.limit(each.limit)),
        ("怎么走", translated(natural, lang), how_long(ran, lang)),
        ("暂停过", translated("%(n)d次", lang, n=len(pauses)) if pauses else none, ""),
        ("延期过", translated("%(n)d次", lang, n=len(longer)) if longer else none, added),
    )
    return [(translated(name, lang), how, much) for name, how, much in rows]


def _matter(each: Explanation, words: Words) -> str:
    """What of the case the limit hangs on."""
    if each.rule is None or each.rule.row is None:
        return words.word("clock", each.kind)
    named = [words.word("urgency", code) if what == "urgency" else words.named(name) or code for what, code, name in each.rule.row.names]
    return " × ".join([*named, words.word("clock", each.kind)])

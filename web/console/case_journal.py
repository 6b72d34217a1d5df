"""The journal of a case as people read it, newest day first, and its messages with their receipts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from rules.facts import SYSTEM
from services.reading import CaseStory
from web.spoken import day_time
from web.views import Words, journal_lines
from web.words import translated

Row = Mapping[str, Any]
#: Which entries are shown.
FILTERS: Final[Mapping[str, Callable[[Row], bool]]] = {
    "all": lambda _: True,
    "people": lambda entry: entry["actor"] != SYSTEM.name,
    "clock": lambda entry: entry["actor"] == SYSTEM.name,
}
_LATE: Final = frozenset({"red", "late", "escalate_1", "escalate_2", "after_1wd", "after_5wd", "overdue"})
_TAGS: Final = {
    **dict.fromkeys(("delivered",), "ok"),
    **dict.fromkeys(("unknown", "failed_temp"), "warn"),
    **dict.fromkeys(("failed_perm", "dead", "expired"), "late"),
}
_ICONS: Final = {"voice": "i-phone", "email": "i-mail", "inbox": "i-inbox"}
FIRST: Final = 8  #: messages shown before all of them are asked for


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the journal."""

    time: str
    kind: str
    who: str
    what: str
    note: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One message and what became of it."""

    icon: str
    to: str
    what: str
    tag: str
    state: str
    line: str


def journal_of(story: CaseStory, words: Words, now: datetime, wanted: str) -> list[tuple[str, list[Line]]]:
    """The entries that are wanted, by local day, both newest first."""
    zone, lang = words.known.zone, words.lang
    units = {entry["seq"]: entry["actor_unit_id"] for entry in story.journal}
    entries = [e for e in reversed(journal_lines(story, words)) if FILTERS[wanted](e)]
    found = []
    for _, of_day in groupby(entries, key=lambda e: e["at"].astimezone(zone).date()):
        rows = list(of_day)
        day = day_time(rows[0]["at"], now, zone, lang)[: -len("00:00")].strip()
        found.append((day, [_line(row, units[row["seq"]], words) for row in rows]))
    return found


def _line(entry: Row, unit_id: int | None, words: Words) -> Line:
    system = entry["actor"] == SYSTEM.name
    kind = "is-late" if entry["action"] in _LATE else "is-auto" if system else "is-step" if entry["after"] != entry["before"] else ""
    who = "" if system else entry["actor_name"] or words.unit(unit_id)[1] or ""
    about = translated("（%(thing)s%(no)s）", words.lang, thing=words.word("thing", entry["thing"]), no=entry["thing_no"])
    what = entry["action_name"] + (about if entry["thing"] in ("order", "extension", "request") else "")
    return Line(f"{entry['at'].astimezone(words.known.zone):%H:%M}", kind, who, what, entry["note"])


def messages_of(story: CaseStory, words: Words, now: datetime) -> list[Sent]:
    """Messages newest first; what they say word for word stays out: it may hold somebody's key."""
    return [_sent(row, words, now) for row in reversed(story.messages)]


def _sent(row: Row, words: Words, now: datetime) -> Sent:
    zone, lang, channel = words.known.zone, words.lang, row["channel"]
    at = day_time(row["sent_at"] or row["queued_at"], now, zone, lang)
    told: Sequence[str] = [f"{at} {words.word('channel', channel)} · {words.word('notice', row['notice'])}"]
    if row["delivered_at"] is not None:
        told = [*told, translated("%(at)s送达", lang, at=day_time(row["delivered_at"], now, zone, lang))]
    if row["read_at"] is not None:
        told = [*told, translated("%(at)s看过", lang, at=day_time(row["read_at"], now, zone, lang))]
    state = words.word("delivery", row["state"])
    return Sent(_ICONS.get(channel, "i-chat"), _to(row, words), "", _TAGS.get(row["state"], ""), state, " · ".join(told))


def _to(row: Row, words: Words) -> str:
    person = words.known.by_id.get(row["staff_id"])
    if person is not None:
        return words.named(person.title) or person.name
    return words.unit(row["unit_id"])[1] or words.word("who", "reporter")

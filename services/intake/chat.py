"""Reading what was copied out of a chat group: who said what, what of it reports nothing, and the reports that the rest is.

Desktop programs copy a group in a few forms, all of them read here: a line with name and time above what was said (WeChat, QQ), a time in
brackets before the name, a name and a colon. Where lines with times occur, a colon inside a message begins nobody's speech.

What only looks like the line of a name belongs to what was said: nothing that may be a report is lost for being taken for a name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from itertools import zip_longest
from typing import Final, NamedTuple

from models import Sealed
from rules.facts import Refused
from rules.triage import Urgent, urgency_of
from seeds import read
from services.intake import LONGEST, Report
from services.intake.chat_times import CLOCK, DAY, WHEN, moment

LONGEST_PASTE: Final = 2_000_000  #: characters
TWICE: Final = 40  #: characters of a line cut in two that stand in both parts, lest a word of urgency be cut
GAP: Final = timedelta(minutes=5)  #: what one person says within this time is one report
_WORDS: Final = read("chat.toml")
_GREETINGS: Final = frozenset(_WORDS["greetings"])
_MEDIA: Final[Mapping[str, str]] = {word: kind for kind, words in _WORDS["media"].items() for word in words}
_SYSTEM: Final = re.compile("|".join(f"(?:{form})" for form in _WORDS["system"]))
_FIELDS: Final = frozenset(_WORDS["fields"]["words"])
_NOBODY: Final = re.compile("|".join(f"(?:{form})" for form in _WORDS["nobody"]))
_BREAK: Final = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_NAME: Final = r"(?P<name>[^\s，。！？；,.!?;:：\[\]][^，。！？；!?;:：\[\]]{0,39}?)"
#: How somebody begins to speak, with the time: above the words, or before them.
_TIMED: Final = (
    re.compile(rf"{_NAME}\s++{WHEN}"),
    re.compile(rf"{DAY}{CLOCK}\s+{_NAME}"),
    re.compile(rf"[\[【(（]{WHEN}[\]】)）]\s*{_NAME}[:：]\s*(?P<text>.*)"),
)
_UNTIMED: Final = re.compile(r"(?P<name>[^\s，。！？；,.!?;:：\[\]/]{1,20})[:：]\s*(?P<text>.*)")
_BRACKETS: Final = re.compile(r"[\[【]([^\[\]【】]{1,12})[\]】]")
_EVERYBODY: Final = re.compile(r"@\s?所有人|@全体成员|@all\b", re.IGNORECASE)
_MENTION: Final = re.compile(r"@[^\s@]{1,20}(?:[\s\u2005]|$)")
_RULE: Final = re.compile(r"[\s\-—–=_*·.]*+(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)?[\s\-—–=_*·.]*")
_WITHOUT_TITLE: Final = re.compile(r"^【[^】]*】|[(（<][^()（）<>]*[)）>]$")
_SIGNS: Final = re.compile(r"(?:[^\w+]|_)+")


@dataclass(frozen=True, slots=True)
class Passed:
    """A line that was passed over.

    Attributes:
        line: 1 being the first.
        text: As it stands there.
        reason: `system`, `greeting`, `everybody` (an announcement), `mention`, `picture`, `voice`, `video`, `sticker`, `file`, `nobody`
            (before anybody speaks), `silent` (a name with nothing said).
    """

    line: int
    text: str
    reason: str


@dataclass(slots=True)
class Said:
    """What one person said in one go, or as much of it as one report takes.

    Attributes:
        line: Where it begins, 1 being the first line.
        name: As the group shows it; empty for an emergency above the first name.
        at: When, local time; None where the copy does not say.
        day_given: Whether the copy says the day too.
        head: The line with the name.
        texts: Line by line.
        size: Characters of it, the end of each line being one.
        last: When the last of it was said.
        announces: It is addressed to everybody, as those who run a group do.
        heard: Something stood below the name, said or passed over.
    """

    line: int
    name: str
    at: datetime | None
    day_given: bool
    head: str = ""
    texts: list[str] = field(default_factory=list)
    size: int = 0
    last: datetime | None = None
    announces: bool = False
    heard: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.texts)

    def takes(self, size: int) -> bool:
        """Whether one report still takes so many characters more."""
        return not self.texts or self.size + size <= LONGEST["body"] + 1

    def add(self, texts: Sequence[str]) -> None:
        """Say more."""
        self.texts += texts
        self.size += sum(len(text) + 1 for text in texts)

    def goes_on_with(self, other: "Said") -> bool:
        """Whether the other is the same person, still speaking of it."""
        if self.name != other.name or (self.last is None) != (other.at is None):
            return False
        return self.last is None or other.at is None or timedelta() <= other.at - self.last <= GAP


@dataclass(slots=True)
class Chat:
    """A copied conversation: what may be reports, and what was passed over."""

    said: list[Said] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)


def read_chat(text: str, now: datetime, zone: tzinfo, urgent: Sequence[Urgent] = ()) -> Chat:
    """Take a copied conversation apart; each of its lines is in what was said, or passed over with the reason, or names who speaks.

    Args:
        text: As it was pasted.
        now: The instant; what names no day was said today, or yesterday if today that hour is still to come.
        zone: The district's zone.
        urgent: Words of urgency: a line that speaks of an emergency is never passed over.

    Raises:
        Refused: `chat_too_long`, `chat_unreadable`: nobody says anything in it.
    """
    if len(text) > LONGEST_PASTE:
        raise Refused("chat_too_long", most=LONGEST_PASTE)
    chat, speakers = Chat(), list[Said]()
    for line, begun in _heads(_lines(text, now.astimezone(zone), urgent)):
        if begun is not None:
            speakers.append(begun.who)
        _hear(chat, speakers, line.text if begun is None else begun.text, line.number, urgent)
    if not speakers:
        raise Refused("chat_unreadable")
    chat.passed += [Passed(each.line, each.head, "silent") for each in speakers if not each.heard]
    return _joined(Chat([each for each in speakers if each.texts], chat.passed))


class _Begun(NamedTuple):
    """Who begins to speak in a line, and what already stands in it."""

    who: Said
    text: str


class _Line(NamedTuple):
    """A line that is not empty, and who begins to speak in it, if it looks so."""

    number: int
    text: str
    begun: _Begun | None


def _lines(text: str, here: datetime, urgent: Sequence[Urgent]) -> list[_Line]:
    """The lines, read with times where any has one."""
    plain = ((number, line.strip("\ufeff\u200b \t\0")) for number, line in enumerate(_BREAK.split(text), start=1))
    lines = [(number, line) for number, line in plain if line]
    timed = any(_begun(line, 1, here, urgent, timed=True) is not None for _, line in lines)
    return [_Line(number, line, _begun(line, number, here, urgent, timed=timed)) for number, line in lines]


def _heads(lines: Sequence[_Line]) -> Iterator[tuple[_Line, _Begun | None]]:
    """Each line with who really begins to speak in it.

    Where nothing stands below a name that is heard nowhere else, and somebody speaks already, it is a line of what that one says.
    """
    empty = [
        line.begun is not None and not line.begun.text and (after is None or after.begun is not None)
        for line, after in zip_longest(lines, lines[1:])
    ]
    names = {line.begun.who.name for line, nothing in zip(lines, empty, strict=True) if line.begun and not nothing}
    speaks = False
    for line, nothing in zip(lines, empty, strict=True):
        begun = line.begun
        if begun is not None and nothing and speaks and begun.who.name not in names:
            begun = None
        speaks |= begun is not None
        yield line, begun


def _begun(line: str, number: int, here: datetime, urgent: Sequence[Urgent], *, timed: bool) -> _Begun | None:
    """Who begins to speak in this line, and what already stands in it; None: nobody does."""
    for form in _TIMED if timed else (_UNTIMED,):
        found = form.fullmatch(line)
        if found is None:
            continue
        parts = found.groupdict()
        name, text = _WITHOUT_TITLE.sub("", parts["name"].strip()).strip(), (parts.get("text") or "").strip()
        if not name or name in _FIELDS or _NOBODY.fullmatch(name) or (_alarms(line, urgent) and not _alarms(text, urgent)):
            return None
        at, day_given = moment(parts, here) if timed else (None, False)
        return _Begun(Said(number, name, at, day_given, line, last=at), text)
    return None


def _alarms(text: str, urgent: Sequence[Urgent]) -> bool:
    return urgency_of(text, urgent)[0] == "P0"


def _hear(chat: Chat, speakers: list[Said], line: str, number: int, urgent: Sequence[Urgent]) -> None:
    """Put a line with whoever speaks, or pass it over."""
    if not line:
        return
    speaking = speakers[-1] if speakers else None
    text, reason = _meant(line)
    if speaking is not None:
        speaking.heard = True
        speaking.announces |= _EVERYBODY.search(line) is not None
        reason = reason or ("everybody" if speaking.announces else "")
    if (reason or speaking is None) and _alarms(line, urgent):
        text, reason = text or line, ""
        if speaking is None:
            speaking = Said(number, "", None, day_given=False, heard=True)
            speakers.append(speaking)
    if speaking is None or reason:
        chat.passed.append(Passed(number, line, reason or "nobody"))
    else:
        _say(speakers, text, number)


def _say(speakers: list[Said], text: str, number: int) -> None:
    """Put words with whoever spoke last, in parts where they are more than one report takes."""
    most = LONGEST["body"]
    for start in range(0, max(len(text) - TWICE, 1), most - TWICE):
        part, speaking = text[start : start + most], speakers[-1]
        if not speaking.takes(len(part) + 1):
            speaking = replace(speaking, texts=[], size=0)
            speakers.append(speaking)
        speaking.line = speaking.line if speaking.texts else number
        speaking.add([part])


def _meant(line: str) -> tuple[str, str]:
    """What a line says once names, faces and signs are off; and why that is nothing, if it is nothing."""
    if _RULE.fullmatch(line) or _SYSTEM.fullmatch(line):
        return "", "system"
    kinds = [_MEDIA[word] for word in _BRACKETS.findall(line) if word in _MEDIA]
    bare = _BRACKETS.sub(lambda found: "" if found[1] in _MEDIA else found[0], line)
    spoken = _MENTION.sub("", _EVERYBODY.sub("", bare)).strip()
    words = [word.lower() for word in _SIGNS.split(spoken) if word]
    if not words:
        return "", kinds[0] if kinds else ("mention" if bare.strip() != spoken else "sticker")
    return spoken, "greeting" if _GREETINGS.issuperset(words) else ""


def _joined(chat: Chat) -> Chat:
    """What one person said within minutes, nobody else speaking in between, is one, as far as one report takes it."""
    found: list[Said] = []
    for said in chat.said:
        if found and found[-1].goes_on_with(said) and found[-1].takes(said.size):
            found[-1].add(said.texts)
            found[-1].last = said.at
        else:
            found.append(said)
    return Chat(found, sorted(chat.passed, key=lambda each: each.line))


def reports_of_chat(said: Sequence[Said], group: str, source: str, area: str | None, place: str = "") -> Iterator[Report]:
    """A report of each thing said; whoever spoke is found again by group and name, and neither is kept in the clear.

    The same copy pasted again has the same keys. A copy that names no day has keys without one, so that it may be pasted tomorrow too.
    """
    for each in said:
        who = f"chat {group} {each.name}"
        when = "" if each.at is None else f"{each.at:%Y-%m-%d %H:%M}" if each.day_given else f"{each.at:%H:%M}"
        print_ = Sealed.fingerprint("\n".join((who, when, each.text)))
        yield Report("", each.text, source, area, place, requester=who if each.name else None, key=f"chat:{print_[:40]}")

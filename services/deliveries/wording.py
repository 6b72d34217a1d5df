"""Putting messages into words and addressing them; one that cannot be is nobody else's trouble."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from notifications.answering import kinds_for
from notifications.channels.schemes import Medium, Traits
from notifications.notices import NOTICES
from notifications.outcome import Outgoing, ProviderWords
from notifications.rendering import Rendered, TemplateText, named, render
from notifications.sms_text import segments
from notifications.variables import site_of
from rules.facts import STEP_OF, State
from services.accounts import codes
from services.answers.minting import mint
from services.catalogue import Catalogue, Named, catalogue
from services.deliveries.loading import address, affairs, orders
from services.deliveries.setup import Setup
from services.privacy.masking import masked
from services.ratings import feedback
from services.ratings.codes import hidden
from services.templates.using import words_for
from wording import say

log = logging.getLogger("bihuan.engine")
NOT_APPROVED: Final = "not_approved"  #: the provider has not approved the words, so the channel cannot be used for them
NO_KEY: Final = "no key opens the address"
HIDDEN: Final = "******"
_KEYS: Final = frozenset({"code", "link"})


@dataclass(frozen=True, slots=True)
class Worded:
    """A message ready to be handed over.

    Attributes:
        kept: The words as they are kept: what only the recipient is to have is left out.
        version: Of the words; 0: those that came with the program.
        segments: Of a short message, so many are charged; else None.
    """

    outgoing: Outgoing
    kept: str
    version: int
    segments: int | None


@dataclass(frozen=True, slots=True)
class Unworded:
    """A message that cannot be handed over.

    Attributes:
        passing: It may be possible later.
    """

    reason: str
    passing: bool = False


def word(session: Session, rows: Sequence[Any], setup: Setup, now: datetime) -> dict[int, Worded | Unworded]:
    """Put messages of one channel into words; none of them holds up another.

    Args:
        session: The unit of work; codes and links that they carry are made in it.
        rows: As `loading.due` gives them, all of the same configured channel.
        setup: How messages leave this installation.
        now: The instant, aware UTC.

    Returns:
        By message.
    """
    if not rows:
        return {}
    desk = _Desk(session, rows, setup, now)
    return {row.id: desk.word(row) for row in rows}


class _Desk:
    """What the words of one portion need, read once."""

    def __init__(self, session: Session, rows: Sequence[Any], setup: Setup, now: datetime) -> None:
        self.setup, self.voice = setup, setup.voice
        self.traits: Traits = setup.channels[rows[0].channel]
        self.known, self.words = catalogue(session), words_for(session, setup)
        self.orders, self.besides = orders(session, rows), feedback.told(session, rows, self.voice.lang)
        self.affairs = affairs(session, rows)
        self.keys = mint(session, self._answerable(rows), now, setup.base_url, kinds_for(self.traits.medium, self.traits.address))
        self.keys |= codes.carried(rows)

    def _answerable(self, rows: Iterable[Any]) -> list[Any]:
        """Messages whose words carry a code or a link."""
        return [row for row in rows if row.notice in NOTICES and _KEYS & named(self._words(row)[1])]

    def _words(self, row: Any) -> tuple[int, TemplateText]:  # noqa: ANN401 - a result row
        return self.words.of(row.notice, self.traits.medium, self.voice.lang, row.channel)

    def word(self, row: Any) -> Worded | Unworded:  # noqa: ANN401 - a result row
        try:
            return self._worded(row)
        except InvalidToken:  # the key that is missing may be put back
            return Unworded(NO_KEY, passing=True)
        except Exception as problem:
            log.exception("message %d cannot be put into words", row.id)
            return Unworded(f"{type(problem).__name__}: {problem}")

    def _worded(self, row: Any) -> Worded | Unworded:  # noqa: ANN401 - a result row
        where, (said, version) = address(row, self.traits.address), self._said(row)
        provided = None
        if self.traits.public and self.traits.medium is Medium.SMS:
            code = self.words.provider(row.channel, row.notice, self.voice.lang, version)
            if code is None:
                return Unworded(NOT_APPROVED)
            provided = ProviderWords(code, said.variables)
        resent = row.attempts > 0
        text = said.text + self._instead_of(row)
        outgoing = Outgoing(row.id, row.channel, where, said.subject, text, provided, urgent=row.haste == 0, resent=resent)
        return Worded(outgoing, self._kept(row, text), version, segments(text) if self.traits.medium is Medium.SMS else None)

    def _kept(self, row: Any, text: str) -> str:  # noqa: ANN401 - a result row
        """The words without what opens anything: the case's record is read by more people than the message."""
        code, link = self.keys.get(row.id, ("", ""))
        for secret in (link.rpartition("/")[2], code):
            text = text.replace(secret, HIDDEN) if secret else text
        return hidden(text)

    def _said(self, row: Any) -> tuple[Rendered, int]:  # noqa: ANN401 - a result row
        version, words = self._words(row)
        code, link = self.keys.get(row.id, ("", ""))
        order = self.orders.get((row.case_id, row.about.get("supervision")))
        told = values(row, order, self.known, self.setup) | self.besides.get(row.id, {}) | {"code": code, "link": link}
        told |= of_affair(self.affairs.get((row.case_id, row.about.get("affair"))), row.about, self.known, self.voice.lang)
        return render(row.notice, self.traits.medium, self.voice.lang, told, words=words, most=self.traits.longest), version

    def _instead_of(self, row: Any) -> str:  # noqa: ANN401 - a result row
        """A last line for who stands in for somebody; an SMS has no room for it, and a voice no time."""
        away = self.known.people.get(row.about.get("instead_of", ""))
        if away is None or self.traits.medium in (Medium.SMS, Medium.VOICE):
            return ""
        return "\n" + say("duty.instead_of", self.voice.lang, post=getattr(away.title, self.voice.lang))


def values(row: Any, order: Any, known: Catalogue, setup: Setup) -> dict[str, Any]:  # noqa: ANN401 - result rows
    """What a template may name: facts of the case, of the supervision order it is about, and what the moment of queueing knew.

    `area` is a name from the catalogue or nothing, and goes into short messages; a `place` that somebody typed goes by e-mail and IM only.

    Args:
        row: A message with its case, as `loading` gives it.
        order: The supervision order that it speaks of, if it speaks of one.
        known: Reference data.
        setup: Language and signature.
    """
    about, lang = row.about, setup.voice.lang
    return {
        **{key: value for key, value in about.items() if isinstance(value, str)},
        **_of_the_case(row, known, lang),
        "sign": setup.voice.sign,
        "site": site_of(setup.base_url, lang),
        "number": (order.number if order else about.get("into")) or "",
        "demand": order.demand if order else "",
        "unit": _name(known.names.get(about.get("unit_id")), lang),
        "clock": say(f"clock.{about['clock']}", lang) if about.get("clock") else "",
        "limit": limit_words(about["limit"], lang) if about.get("limit") else "",
        **{key: local_moment(about[key], known, lang) if about.get(key) else "" for key in ("due", "again", "until")},
        "reason": about.get("reason") or (say(f"action.{about['why']}", lang) if about.get("why") else ""),
        "provisional": bool(about.get("provisional")),
        "count": str(about.get("count", "")),
        "nos": about.get("nos", ""),
        "rating_code": "",
        "promise": "",
    }


def of_affair(affair: Any, about: Mapping[str, Any], known: Catalogue, lang: str) -> dict[str, Any]:  # noqa: ANN401 - a result row
    """What a template may name of the affair that a message speaks of; nothing where it speaks of none.

    Args:
        affair: The affair, as `loading.affairs` gives it.
        about: What the moment of queueing knew; `news` names a sentence under `[news]`, with the other texts as its values.
        known: Reference data.
        lang: Language of the words.
    """
    if affair is None:
        return {"affair": "", "affair_kind": "", "news": ""}
    texts = {key: value for key, value in about.items() if isinstance(value, str | int)}
    at = {"when": local_moment(affair.at.isoformat(), known, lang)} if affair.at else {"when": ""}
    news = say(f"news.{about['news']}", lang, **(texts | at)) if about.get("news") else ""
    named = {"affair": affair.no, "affair_kind": say(f"affair.{affair.thing}", lang), "news": news}
    return named | at | {"title": masked(affair.title), "place": masked(affair.place)}


_UNTRIAGED: Final = frozenset({State.SUBMITTED, State.ACCEPTED})  #: nobody has said yet of which category it is


def _of_the_case(row: Any, known: Catalogue, lang: str) -> dict[str, Any]:  # noqa: ANN401 - a result row
    if row.case_id is None:
        return {"no": row.about.get("no", "")} | dict.fromkeys(("title", "category", "urgency", "area", "place", "step", "result"), "")
    category, triaged = known.categories.get(row.category or ""), row.case_state not in _UNTRIAGED
    area = _name(known.names.get(row.area_unit_id), lang) if row.area_unit_id != known.district_id else ""
    return {
        "no": row.no,
        "title": masked(row.subject),
        "category": _name(category.name if category else None, lang) if category or triaged else say("answer.untriaged", lang),
        "urgency": say(f"urgency.{row.urgency}", lang),
        "area": area,
        "place": area or masked(row.place),
        "step": say(f"step.{STEP_OF[State(row.case_state)].value}", lang),
        "result": row.result or "",
    }


def _name(named: Named | None, lang: str) -> str:
    return "" if named is None else str(getattr(named, lang))


def limit_words(limit: str, lang: str) -> str:
    """A limit in words: `3wd` is 3个工作日."""
    number = limit.rstrip("mhwd")
    return say(f"limit.{limit.removeprefix(number)}", lang, n=number)


def local_moment(moment: str, known: Catalogue, lang: str) -> str:
    """An instant as residents and units read it: 11月20日17:30."""
    local = datetime.fromisoformat(moment).astimezone(known.zone)
    return say("moment.full", lang, month=local.month, day=local.day, time=f"{local:%H:%M}")

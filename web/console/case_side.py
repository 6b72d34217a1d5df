"""What somebody can do with a case now, and what else belongs to it: linked cases, requests and their rulings, supervision orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import Case, CaseLink, connection_of, table
from rules.facts import Refused, Thing
from services.choices import Choice, choices
from services.duplicates.candidates import DUPLICATE, RECURRENCE
from services.duplicates.proposing import PROPOSED
from services.moves import Draft
from services.privacy.masking import masked
from services.privacy.showing import Shown
from web.access.visitor import Visitor
from web.console.moves import GRAVE, said_of
from web.spoken import day_time
from web.views import Words
from wording import say

_case, _link = table(Case), table(CaseLink)
_ICONS: Final = {"urge": "i-bell", "add_co": "i-plus", "supervise": "i-flag", "hold": "i-pausei", "finish": "i-check", "merge": "i-merge"}
_KEYS: Final = {"urge": "U", "supervise": "S"}
_TOLD: Final = 3  #: reasons shown of a link


@dataclass(frozen=True, slots=True)
class Offer:
    """One move that somebody could make; with an obstacle it is locked, and says why."""

    name: str
    about: str
    icon: str
    link: str
    key: str
    obstacle: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A case that may be about the same thing.

    Attributes:
        decide: Whether it waits for a decision: `merge`, `confirm`, or nothing.
        later: The one of the two that was handed in later.
    """

    no: str
    subject: str
    kind: str
    state: str
    reasons: tuple[str, ...]
    decide: str
    later: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """Something that was asked for, and what was decided: a request, more time."""

    name: str
    state: str
    asked: str
    reason: str
    answer: str


def offers_of(draft: Draft, who: Visitor, words: Words, now: datetime) -> list[Offer]:
    """The moves of this person: those that are possible first, what ends or undoes something after the rest, then those that are locked."""
    found = sorted(choices(draft, who.actor, now), key=lambda c: (c.locked, c.action in GRAVE, c.thing is Thing.CASE))
    keys = dict(_KEYS)
    return [_offer(each, draft, words, keys.pop(each.action, "") if not each.locked else "") for each in found]


def _offer(choice: Choice, draft: Draft, words: Words, key: str) -> Offer:
    asked = {"thing": choice.thing.value} | ({"thing_no": choice.no} if choice.no is not None else {})
    obstacle = said_of(Refused(choice.obstacle, action=choice.action), words.lang) if choice.obstacle is not None and choice.locked else ""
    icon = "i-lock" if obstacle else _ICONS.get(choice.action, "i-arrow")
    link = f"/cases/{draft.case['no']}/do/{choice.action}?{urlencode(asked)}"
    return Offer(words.word("action", choice.action), _about(choice, draft, words), icon, link, key, obstacle)


def _about(choice: Choice, draft: Draft, words: Words) -> str:
    """The unit whose work order, request or supervision order it is."""
    rows: Mapping[Thing, Mapping[int, Any]] = {
        Thing.ORDER: draft.orders,
        Thing.SUPERVISION: draft.supervision,
        Thing.REQUEST: draft.requests,
    }
    row = rows.get(choice.thing, {}).get(choice.no or 0)
    named = words.unit(row["unit_id"])[1] if row is not None else None
    return " ".join(filter(None, (named, words.word("thing", choice.thing) if choice.thing is not Thing.CASE else "")))


# linked cases ---------------------------------------------------------------------------------------------------------


def links_of(session: Session, case: Mapping[str, Any], theirs: ColumnElement[bool], words: Words) -> list[Linked]:
    """What the engine has found about this case, the likeliest first; only what leads to cases that the visitor sees."""
    other = (_link.c.case_id == case["id"]) & (_case.c.id == _link.c.other_id)
    other |= (_link.c.other_id == case["id"]) & (_case.c.id == _link.c.case_id)
    columns = (_link.c.case_id, _link.c.kind, _link.c.state, _link.c.reasons, _case.c.id, _case.c.no, _case.c.subject)
    wanted = select(*columns).select_from(_link.join(_case, other)).where(theirs)
    rows = connection_of(session).execute(wanted.order_by(_link.c.score.desc(), _link.c.id).limit(20))
    return [_linked(row, case, words) for row in rows]


def _linked(row: Any, case: Mapping[str, Any], words: Words) -> Linked:  # noqa: ANN401 - a result row
    decide = {DUPLICATE: "merge", RECURRENCE: "confirm"}.get(row.kind, "") if row.state == PROPOSED else ""
    reasons = tuple(_reason(each, words) for each in row.reasons[:_TOLD])
    later = row.no if row.case_id == row.id else case["no"]
    kind, state = words.word("link", row.kind), words.word("link", row.state)
    return Linked(row.no, masked(row.subject), kind, state, reasons, decide, later)


def _reason(reason: str, words: Words) -> str:
    key, _, about = reason.partition(":")
    return say(f"likeness.{key}", words.lang, about="+".join(words.word("theme", each) for each in about.split("+")))


# requests and rulings -------------------------------------------------------------------------------------------------


def rulings_of(seen: Shown, draft: Draft, words: Words, now: datetime) -> list[Ruling]:
    """More time that was asked for, returns, holds, ends and appeals, each with what was decided; newest first."""
    longer = [(row, words.word("request", "extension") + " " + words.limit(row["amount"])) for row in seen.story.extensions]
    asked = [(row, words.word("request", row["kind"])) for row in draft.requests.values()]
    rows = sorted([*longer, *asked], key=lambda each: each[0]["asked_at"], reverse=True)
    return [_ruling(row, name, seen, words, now) for row, name in rows]


def _ruling(row: Mapping[str, Any], name: str, seen: Shown, words: Words, now: datetime) -> Ruling:
    reason = " · ".join(filter(None, (words.word("reason", row.get("code")) if row.get("code") else "", row["reason"])))
    said: Sequence[str] = [text if seen.seen.words else masked(text) for text in (reason, row["answer"] or "")]
    at = day_time(row["asked_at"], now, words.known.zone, words.lang)
    return Ruling(name, words.word("state", row["state"]), at, said[0], said[1])

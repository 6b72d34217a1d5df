"""The page of a link in words: the case without persons, how its clocks stand, and what can be done there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from notifications.answering import Purpose, asked_by, next_step
from rules.facts import Actor, Refused, RequestKind
from rules.reasons import REASONS
from rules.worktime import Limit
from services.answers import Matter, Work, work_of
from services.attachments import attachments_of
from services.moves import Row
from services.privacy.showing import shown
from services.reading import CaseStory
from services.visibility import is_visible
from web.access.on_link import Recognised
from web.errors import refusal_in_words
from web.spoken import day_time, standing
from web.views import Words
from wording import say

_PICTURES: Final = "image/"
#: What a person hands in for each move, and its sign; the first is done by the big button.
MOVES: Final[Mapping[str, str]] = {
    "acknowledge": "i-check",
    "contact": "i-phone",
    "try_contact": "i-phone",
    "ask_return": "i-reply",
    "ask_extension": "i-clock",
    "finish": "i-check",
}
#: What is asked for by what the page hands in itself is no obstacle.
_HANDED_IN: Final = frozenset({"photo_missing"})


def in_words(matter: Matter, lang: str) -> dict[str, Any]:
    """The case as its page shows it to whoever holds the key: nothing of persons."""
    return {
        "no": matter.no,
        "category": getattr(matter.category, lang) if matter.category else say("answer.untriaged", lang),
        "area": getattr(matter.area, lang),
        "urgency": matter.urgency,
        "urgency_word": say(f"urgency.{matter.urgency}", lang),
        "state": say(f"state.{matter.state}", lang),
        "clock": say(f"clock.{matter.clock}", lang) if matter.clock else "",
        "due": matter.due,
        "expires_at": matter.expires_at,
        "purpose": matter.purpose.value,
        "step": next_step(matter.notice, lang) if matter.purpose is Purpose.OPEN else "",
        "where": say("answer.where_resident" if matter.actor.resident_id is not None else "answer.where_staff", lang),
        "acts": matter.acts and not matter.used and asked_by(matter.notice).enough,
    }


def for_staff(session: Session, matter: Matter, who: Recognised | None, now: datetime, lang: str) -> dict[str, Any]:
    """What staff see besides: the clocks of the work order, what can be done, and, once it is known who looks, the scene."""
    holder = matter.actor if who is None else who.actor
    work = work_of(session, matter, holder, now)
    seen = shown(session, matter.no, holder, now)
    order_no = work.order_no if work is not None else matter.order_no
    clocks = [c for c in seen.story.clocks if c["order_no"] == order_no] if order_no is not None and seen.seen.opened else []
    return {
        "hero": _hero(clocks, seen.story, now, lang),
        "limits": [_limit(clock, seen.story, now, lang) for clock in clocks],
        "unit": _unit(seen.story, order_no, lang),
        "scene": _scene(session, matter, seen.story, who.actor, lang) if who is not None and seen.seen.opened else None,
        "work": None if work is None else _work(work, lang),
    }


def _hero(clocks: list[Row], story: CaseStory, now: datetime, lang: str) -> dict[str, Any] | None:
    """The clock of the acknowledgement, which comes first, or else the one that ends first; a paused one where no other is open."""
    is_open = [c for c in clocks if c["stopped_at"] is None]
    is_open.sort(key=lambda c: (c["kind"] != "acknowledge", c["running_since"] is None, c["due_at"]))
    if not is_open:
        return None
    clock, words = is_open[0], Words(story.known, lang)
    return {
        "name": say(f"clock.{clock['kind']}", lang),
        "limit": words.limit(clock["limit"]),
        "stands": standing(clock, story.known, now, lang),
    }


def _limit(clock: Row, story: CaseStory, now: datetime, lang: str) -> dict[str, Any]:
    stopped = clock["stopped_at"]
    return {
        "name": say(f"clock.{clock['kind']}", lang),
        "limit": Words(story.known, lang).limit(clock["limit"]),
        "due": day_time(clock["due_at"], now, story.known.zone, lang),
        "stopped": day_time(stopped, now, story.known.zone, lang) if stopped is not None else "",
    }


def _unit(story: CaseStory, order_no: int | None, lang: str) -> dict[str, Any] | None:
    order = next((o for o in story.orders if o["no"] == order_no), None)
    if order is None:
        return None
    return {"name": getattr(story.known.names[order["unit_id"]], lang), "lead": order["lead"]}


def _scene(session: Session, matter: Matter, story: CaseStory, viewer: Actor, lang: str) -> dict[str, Any] | None:
    """What was reported, where, and its photos; for somebody who sees the case, as he may see it."""
    if not is_visible(session, viewer, matter.no):
        return None
    files = attachments_of(session, [matter.case_id]).get(matter.case_id, [])
    return {
        "subject": story.case["subject"],
        "body": story.case["body"],
        "place": story.case["place"],
        "area": getattr(story.known.names[story.case["area_unit_id"]], lang),
        "photos": [{"no": f["no"], "stage": f["stage"], "at": f["taken_at"] or f["added_at"]} for f in files if _is_picture(f)],
    }


def _is_picture(row: Row) -> bool:
    return str(row["media"]).startswith(_PICTURES)


def _work(work: Work, lang: str) -> dict[str, Any]:
    handle = work.draft.open_clock("handle", work.order_no)
    natural = handle is not None and Limit.parse(handle["limit"]).natural
    return {
        "order_no": work.order_no,
        "version": work.draft.case["version"],
        "moves": [
            {"action": action, "icon": icon, "why_not": _why_not(work.choices[action].obstacle, action, lang)}
            for action, icon in MOVES.items()
            if action in work.choices
        ],
        "missing": work.missing,
        "reasons": [(code, say(f"reason.{code}", lang)) for code in REASONS[RequestKind.RETURN]],
        "unit_of_time": "h" if natural else "wd",
    }


def _why_not(obstacle: str | None, action: str, lang: str) -> str:
    """Why a move is not open now, in one sentence; empty: it is."""
    return "" if obstacle is None or obstacle in _HANDED_IN else refusal_in_words(Refused(obstacle, action=action), lang)

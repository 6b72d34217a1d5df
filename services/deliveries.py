"""Delivering queued messages: load and word them, and record what became of them. Sending itself happens outside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from models import Case, Message, Requester, Staff, begin_write, table
from notifications.channels import Outgoing
from notifications.rendering import render
from rules.facts import STEP_OF, State
from services.catalogue import Catalogue, Named, catalogue
from wording import say

_message, _case, _staff, _requester = table(Message), table(Case), table(Staff), table(Requester)
_LOAD = (
    select(
        _message.c.id,
        _message.c.notice,
        _message.c.channel,
        _message.c.about,
        _message.c.attempts,
        _staff.c.phone,
        _staff.c.email,
        _staff.c.name,
        _requester.c.phone.label("requester_phone"),
        *(_case.c[n] for n in ("no", "subject", "category", "urgency", "place", "area_unit_id", "state", "result")),
    )
    .select_from(
        _message.join(_case, _case.c.id == _message.c.case_id)
        .outerjoin(_staff)
        .outerjoin(_requester, _requester.c.id == _message.c.requester_id)
    )
    .where(_message.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_message.c.id)
)
_RECORD = (
    update(_message)
    .where(_message.c.id == bindparam("key_id"))
    .values(
        {c: bindparam(f"new_{c}") for c in ("state", "attend_at", "attempts", "wording", "sent_at", "error")}
        | {"claimed_by": None, "claimed_until": None}
    )
)
#: Waits between attempts; after the last one the message is dead and listed for a person.
BACK_OFF: Final = tuple(timedelta(minutes=m) for m in (0.5, 2, 10, 60))


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt: an error is None when it was taken."""

    message_id: int
    attempts: int
    wording: str | None
    error: str | None = None
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Voice:
    """How the installation speaks: language and SMS signature."""

    lang: str
    sign: str


def worded(session: Session, ids: Collection[int], voice: Voice) -> tuple[list[tuple[Outgoing, int]], list[Result]]:
    """Put claimed messages into words.

    Returns:
        Messages to send, each with its attempts so far; and results of those whose template failed, which are dead.
    """
    known = catalogue(session)
    out: list[tuple[Outgoing, int]] = []
    broken: list[Result] = []
    for row in session.connection().execute(_LOAD, {"ids": sorted(ids)}):
        try:
            said = render(row.notice, row.channel, voice.lang, values(row, known, voice))
        except Exception as problem:
            broken.append(Result(row.id, row.attempts + 1, None, f"{type(problem).__name__}: {problem}", permanent=True))
            continue
        out.append((Outgoing(row.id, row.channel, _address(row), said.subject, said.text), row.attempts))
    return out, broken


def _address(row: Any) -> str:  # noqa: ANN401 - a result row
    if row.requester_phone:
        return str(row.requester_phone)
    own = row.email if row.channel == "email" else row.phone
    return str(own or row.name or "")


def values(row: Any, known: Catalogue, voice: Voice) -> dict[str, Any]:  # noqa: ANN401 - a result row
    """What a template may name: facts of the case and what the moment of queueing knew."""
    about = row.about

    def name(named: Named | None) -> str:
        return "" if named is None else str(getattr(named, voice.lang))

    category = known.categories.get(row.category or "")
    return {
        "sign": voice.sign,
        "no": row.no,
        "title": row.subject,
        "category": name(category.name if category else None),
        "urgency": say(f"urgency.{row.urgency}", voice.lang),
        "place": name(known.names.get(row.area_unit_id)) if row.area_unit_id != known.district_id else row.place[:12],
        "unit": name(known.names.get(about.get("unit_id"))),
        "clock": say(f"clock.{about['clock']}", voice.lang) if about.get("clock") else "",
        "limit": limit_words(about["limit"], voice.lang) if about.get("limit") else "",
        "due": local_moment(about["due"], known, voice.lang) if about.get("due") else "",
        "reason": about.get("reason") or "",
        "step": say(f"step.{STEP_OF[State(row.state)].value}", voice.lang),
        "result": row.result or "",
        "provisional": bool(about.get("provisional")),
    }


def limit_words(limit: str, lang: str) -> str:
    """A limit in words: `3wd` is 3个工作日."""
    number = limit.rstrip("mhwd")
    return say(f"limit.{limit.removeprefix(number)}", lang, n=number)


def local_moment(moment: str, known: Catalogue, lang: str) -> str:
    """An instant as residents and units read it: 11月20日17:30."""
    local = datetime.fromisoformat(moment).astimezone(known.zone)
    return say("moment.full", lang, month=local.month, day=local.day, time=f"{local:%H:%M}")


def record(session: Session, results: Sequence[Result], now: datetime) -> None:
    """Write down what became of sent messages; what failed for now is tried again later, at most five times."""
    if not results:
        return
    begin_write(session)
    session.connection().execute(_RECORD, [_outcome(r, now) for r in results])


def _outcome(result: Result, now: datetime) -> dict[str, Any]:
    state, again = "accepted", None
    if result.error is not None:
        dead = result.permanent or result.attempts > len(BACK_OFF)
        state = "dead" if dead else "failed_temp"
        again = None if dead else now + BACK_OFF[result.attempts - 1]
    return {
        "key_id": result.message_id,
        "new_state": state,
        "new_attend_at": again,
        "new_attempts": result.attempts,
        "new_wording": result.wording,
        "new_sent_at": now if result.error is None else None,
        "new_error": (result.error or "")[:200] or None,
    }

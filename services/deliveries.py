"""Delivering queued messages: load and word them, and record what became of them. Sending itself happens outside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.fernet import InvalidToken
from sqlalchemy import LargeBinary, bindparam, select, type_coerce, update
from sqlalchemy.orm import Session

from models import Case, Message, Requester, Sealed, Staff, SupervisionOrder, begin_write, table
from notifications.channels import Outgoing
from notifications.notices import SMS
from notifications.rendering import render
from rules.facts import STEP_OF, State
from services.catalogue import Catalogue, Named, catalogue
from services.privacy.masking import masked
from services.ratings import feedback
from services.ratings.codes import hidden
from services.undelivered import LOST, note_undelivered
from wording import say

_message, _case, _staff, _requester = table(Message), table(Case), table(Staff), table(Requester)
_supervision = table(SupervisionOrder)
_LOAD = (
    select(
        _message.c.id,
        _message.c.case_id,
        _message.c.notice,
        _message.c.channel,
        _message.c.about,
        _message.c.attempts,
        _message.c.requester_id,
        _message.c.queued_at,
        # still sealed: one that no key opens must not stop the others
        *(type_coerce(_staff.c[n], LargeBinary).label(n) for n in ("phone", "email")),
        type_coerce(_requester.c.phone, LargeBinary).label("requester_phone"),
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
_ORDERS = select(*(_supervision.c[n] for n in ("case_id", "seq", "number", "demand"))).where(
    _supervision.c.case_id.in_(bindparam("ids", expanding=True))
)
_RECORD = (
    update(_message)
    .where(_message.c.id == bindparam("key_id"), _message.c.claimed_by == bindparam("key_claimer"))
    .values(
        {c: bindparam(f"new_{c}") for c in ("state", "attend_at", "attempts", "wording", "sent_at", "error")}
        | {"claimed_by": None, "claimed_until": None}
    )
)
#: Waits between attempts; after the last one the message is dead and listed for a person.
BACK_OFF: Final = tuple(timedelta(minutes=m) for m in (0.5, 2, 10, 60))


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt.

    Attributes:
        error: None when it was taken.
        final: The state in which it stays when trying again would change nothing.
    """

    message_id: int
    attempts: int
    wording: str | None
    error: str | None = None
    final: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """How the installation speaks: language and SMS signature."""

    lang: str
    sign: str


def worded(session: Session, ids: Collection[int], voice: Voice) -> tuple[list[tuple[Outgoing, int]], list[Result]]:
    """Put claimed messages into words; one that cannot be worded or addressed holds up no other.

    Returns:
        Messages to send, each with its attempts so far; and results of those that cannot be sent.
    """
    known = catalogue(session)
    out: list[tuple[Outgoing, int]] = []
    broken: list[Result] = []
    rows = session.connection().execute(_LOAD, {"ids": sorted(ids)}).all()
    orders, besides = _orders(session, rows), feedback.told(session, rows, voice.lang)
    for row in rows:
        made = _worded(row, orders.get((row.case_id, row.about.get("supervision"))), known, voice, besides.get(row.id, {}))
        if isinstance(made, Result):
            broken.append(made)
        else:
            out.append((made, row.attempts))
    return out, broken


def _orders(session: Session, rows: Sequence[Any]) -> dict[tuple[int, int], Any]:
    """The supervision orders that messages speak of, by case and the journal entry that opened them."""
    ids = sorted({row.case_id for row in rows if row.about.get("supervision")})
    found = session.connection().execute(_ORDERS, {"ids": ids}) if ids else ()
    return {(order.case_id, order.seq): order for order in found}


def _worded(row: Any, order: Any, known: Catalogue, voice: Voice, besides: dict[str, str]) -> Outgoing | Result:  # noqa: ANN401 - result rows
    try:
        address = _address(row)
        if not address:
            return Result(row.id, row.attempts, None, "no address", final="suppressed")
        said = render(row.notice, row.channel, voice.lang, values(row, order, known, voice) | besides)
        text = said.text + _instead_of(row, known, voice)
    except InvalidToken:  # the key that is missing may be put back
        return Result(row.id, row.attempts + 1, None, "InvalidToken: no key opens the address")
    except Exception as problem:
        return Result(row.id, row.attempts + 1, None, f"{type(problem).__name__}: {problem}", final="dead")
    return Outgoing(row.id, row.channel, address, said.subject, text)


def _instead_of(row: Any, known: Catalogue, voice: Voice) -> str:  # noqa: ANN401 - a result row
    """A last line for who stands in for somebody; an SMS has no room for it."""
    away = known.people.get(row.about.get("instead_of", ""))
    return "" if away is None or row.channel == SMS else "\n" + say("duty.instead_of", voice.lang, post=getattr(away.title, voice.lang))


def _address(row: Any) -> str | None:  # noqa: ANN401 - a result row
    """Where it goes: a resident's phone, or the phone or e-mail of staff; None or empty when that is not known."""
    if row.requester_id is not None:
        sealed = row.requester_phone if row.channel != "email" else None
    else:
        sealed = row.email if row.channel == "email" else row.phone
    return _unseal(sealed)


def _unseal(sealed: bytes | None) -> str | None:
    return None if sealed is None else Sealed.unseal(bytes(sealed))


def values(row: Any, order: Any, known: Catalogue, voice: Voice) -> dict[str, Any]:  # noqa: ANN401 - result rows
    """What a template may name: facts of the case, of the supervision order it is about, and what the moment of queueing knew."""
    about = row.about

    def name(named: Named | None) -> str:
        return "" if named is None else str(getattr(named, voice.lang))

    category = known.categories.get(row.category or "")
    return {
        "sign": voice.sign,
        "no": row.no,
        "number": (order.number if order else about.get("into")) or "",
        "demand": order.demand if order else "",
        "title": masked(row.subject),
        "category": name(category.name if category else None),
        "urgency": say(f"urgency.{row.urgency}", voice.lang),
        "place": name(known.names.get(row.area_unit_id)) if row.area_unit_id != known.district_id else row.place[:12],
        "unit": name(known.names.get(about.get("unit_id"))),
        "clock": say(f"clock.{about['clock']}", voice.lang) if about.get("clock") else "",
        "limit": limit_words(about["limit"], voice.lang) if about.get("limit") else "",
        "due": local_moment(about["due"], known, voice.lang) if about.get("due") else "",
        "reason": about.get("reason") or (say(f"action.{about['why']}", voice.lang) if about.get("why") else ""),
        "step": say(f"step.{STEP_OF[State(row.state)].value}", voice.lang),
        "result": row.result or "",
        "provisional": bool(about.get("provisional")),
        "count": str(about.get("count", "")),
        "rating_code": "",
        "promise": "",
    }


def limit_words(limit: str, lang: str) -> str:
    """A limit in words: `3wd` is 3个工作日."""
    number = limit.rstrip("mhwd")
    return say(f"limit.{limit.removeprefix(number)}", lang, n=number)


def local_moment(moment: str, known: Catalogue, lang: str) -> str:
    """An instant as residents and units read it: 11月20日17:30."""
    local = datetime.fromisoformat(moment).astimezone(known.zone)
    return say("moment.full", lang, month=local.month, day=local.day, time=f"{local:%H:%M}")


def record(session: Session, results: Sequence[Result], claimer_id: int, now: datetime) -> None:
    """Write down what became of sent messages; what failed for now is tried again later, at most five times.

    Args:
        session: The unit of work.
        results: What became of each.
        claimer_id: The engine that claimed them; what another has taken over since is left alone.
        now: The instant.
    """
    if not results:
        return
    begin_write(session)
    outcomes = [_outcome(r, now) for r in results]
    lost = {o["key_id"]: o["new_error"] or "" for o in outcomes if o["new_state"] in LOST}
    if lost:
        note_undelivered(session, lost, claimer_id, now)
    session.connection().execute(_RECORD, [{"key_claimer": claimer_id} | o for o in outcomes])


def _outcome(result: Result, now: datetime) -> dict[str, Any]:
    state, again = "accepted", None
    if result.error is not None:
        state = result.final or ("dead" if result.attempts > len(BACK_OFF) else "failed_temp")
        again = now + BACK_OFF[result.attempts - 1] if state == "failed_temp" else None
    return {
        "key_id": result.message_id,
        "new_state": state,
        "new_attend_at": again,
        "new_attempts": result.attempts,
        "new_wording": hidden(result.wording) if result.wording else None,
        "new_sent_at": now if result.error is None else None,
        "new_error": (result.error or "")[:200] or None,
    }

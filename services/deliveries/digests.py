"""Many waiting messages in one: a digest carries them, and what becomes of the digest becomes of them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from models import Case, Message, connection_of, table, wake
from rules.delivery import SOON, TAKEN_STATES, Numbers, Reason, State
from rules.facts import FINAL
from services.recipients import recipient_of

DIGEST: Final = "digest"
NAMED: Final = 2  #: so many case numbers are named, the most pressing first
_LEAST: Final = 2  #: a digest of fewer is none
_ALONE: Final = timedelta(minutes=1)
_message, _case = table(Message), table(Case)
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
#: Digests that wait and that nobody holds: they can still take more.
_WAITING: Final = (
    select(_message.c.id, _message.c.recipient)
    .where(
        _message.c.recipient.in_(bindparam("recipients", expanding=True)),
        _message.c.channel == bindparam("channel"),
        _message.c.notice == DIGEST,
        _message.c.state == State.QUEUED.value,
        _message.c.attempts == 0,
        or_(_message.c.claimed_until.is_(None), _message.c.claimed_until < bindparam("now")),
    )
    .order_by(_message.c.id.desc())
    .with_for_update(skip_locked=True)
)
_INSERT: Final = insert(_message).returning(_message.c.id, _message.c.recipient)
_POINT: Final = (
    update(_message)
    .where(_message.c.id.in_(_IDS))
    .values(
        digest_id=bindparam("carrier"),
        state=State.SUPPRESSED.value,
        error=Reason.IN_DIGEST.value,
        attend_at=None,
        claimed_by=None,
        claimed_until=None,
    )
)
_LATER: Final = (
    update(_message)
    .where(_message.c.id.in_(_IDS))
    .values(attend_at=bindparam("until"), error=Reason.BUDGET.value, claimed_by=None, claimed_until=None)
)
_CARRIED: Final = (
    select(
        *(_message.c[n] for n in ("id", "digest_id", "useful_until", "about", "reminder", "staff_id")),
        *(_case.c[n] for n in ("no", "state", "sensitive", "readers")),
    )
    .select_from(_message.outerjoin(_case, _case.c.id == _message.c.case_id))
    .where(_message.c.digest_id.in_(_IDS), _message.c.state == State.SUPPRESSED.value)
    .order_by(_message.c.id)
)
_OUT: Final = update(_message).where(_message.c.id.in_(_IDS))
_SAY: Final = update(_message).where(_message.c.id == bindparam("carrier")).values(about=bindparam("new_about"))


def merge(session: Session, rows: Sequence[Any], channel: str, now: datetime, numbers: Numbers) -> list[int]:
    """Put messages into digests, one for each recipient: the one that waits already, or a new one that is due at once.

    To be called by whoever holds the write lock and has claimed these messages; they are given back. One that would be alone in a new
    digest goes by itself, a minute later.

    Args:
        session: The unit of work.
        rows: Messages of one channel, with `id`, `recipient`, `staff_id` and `unit_id`.
        channel: Its code.
        now: The instant, aware UTC.
        numbers: The numbers in force; a digest of fewer than two is none.

    Returns:
        Ids of the digests.
    """
    if not rows:
        return []
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.recipient].append(row)
    asked = {"recipients": sorted(groups), "channel": channel, "now": now}
    carriers = {row.recipient: row.id for row in connection_of(session).execute(_WAITING, asked)}
    alone = [found[0].id for who, found in groups.items() if who not in carriers and len(found) < min(_LEAST, numbers.digest_from)]
    carriers |= _new(session, [found for who, found in groups.items() if who not in carriers and found[0].id not in alone], channel, now)
    for who, found in groups.items():
        if who in carriers:
            connection_of(session).execute(_POINT, {"ids": [row.id for row in found], "carrier": carriers[who]})
    if alone:
        connection_of(session).execute(_LATER, {"ids": alone, "until": now + _ALONE})
    used = sorted(carriers[who] for who in groups if who in carriers)
    _say_what_they_carry(session, used)
    wake(session)
    return used


def refresh(session: Session, carriers: Collection[int], now: datetime) -> set[int]:
    """Look again at what digests carry, before they go out: a digest may have waited a whole night.

    What would mislead by now expires; what may have to be told otherwise, or not at all, is queued again, singly. To be called by whoever
    holds the write lock.

    Args:
        session: The unit of work.
        carriers: Digests that were not sent yet.
        now: The instant, aware UTC.

    Returns:
        Those that carry less than two and are to be dissolved; what the others say was counted anew.
    """
    if not carriers:
        return set()
    run = connection_of(session).execute
    rows = run(_CARRIED, {"ids": sorted(carriers)}).all()
    expired = {row.id for row in rows if row.useful_until is not None and row.useful_until <= now}
    doubted = {row.id for row in rows if _is_doubted(row)} - expired
    if expired:
        values = {"state": State.EXPIRED.value, "error": Reason.EXPIRED.value, "digest_id": None}
        run(_OUT.values(values), {"ids": sorted(expired)})
    if doubted:
        run(_OUT.values(_becoming(State.DEAD, now)[0]), {"ids": sorted(doubted)})
    left = Counter(row.digest_id for row in rows if row.id not in expired | doubted)
    _say_what_they_carry(session, sorted(left))
    return {carrier for carrier in carriers if left[carrier] < _LEAST}


def _is_doubted(row: Any) -> bool:  # noqa: ANN401 - a result row
    """Whether something has become of the case since: it has ended, or not everybody may know of it any more."""
    ended = row.reminder and row.state in FINAL and row.about.get("affair") is None
    return bool(ended or (row.sensitive is not None and row.staff_id not in row.readers))


def settle(session: Session, carriers: Mapping[int, State], now: datetime) -> None:
    """Let messages know what became of the digest that speaks for them; digests that are none, or still under way, change nothing.

    Taken: they are taken too. Lost or dissolved: they are queued again, singly. Unknown for good: so are they. May run twice; a receipt
    may turn one into the other. To be called by whoever holds the write lock.

    Args:
        session: The unit of work.
        carriers: State of each message that is, or may be, a digest.
        now: The instant, aware UTC.
    """
    by_state: dict[State, list[int]] = defaultdict(list)
    for carrier, state in carriers.items():
        by_state[state].append(carrier)
    for state, ids in by_state.items():
        values, of = _becoming(state, now)
        if values:
            of_these = (_message.c.digest_id.in_(sorted(ids)), _message.c.state.in_([s.value for s in of]))
            done = connection_of(session).execute(update(_message).where(*of_these).values(values))
            if values["attend_at"] is not None and done.rowcount:
                wake(session)


def _becoming(state: State, now: datetime) -> tuple[dict[str, Any], Collection[State]]:
    """What messages in a digest become, and from which states, when the digest has come to a state."""
    kept = {"state": state.value, "attend_at": None, "error": None}
    if state in TAKEN_STATES:
        arrived = {"delivered_at": now} if state is State.DELIVERED else {}
        before = (State.SUPPRESSED, State.UNKNOWN, *([State.ACCEPTED] if arrived else []))
        return {**kept, "sent_at": func.coalesce(_message.c.sent_at, now), **arrived}, before
    if state is State.UNKNOWN:
        return kept, (State.SUPPRESSED,)
    if state in (State.QUEUED, State.SENDING, State.FAILED_TEMP):
        return {}, ()
    again = {"attempts": _message.c.attempts + 1, "digest_id": None, "sent_at": None}
    queued = {"state": State.QUEUED.value, "attend_at": now, "error": None}
    return {**queued, **again}, (State.SUPPRESSED, State.ACCEPTED, State.UNKNOWN)


def _new(session: Session, groups: Iterable[Sequence[Any]], channel: str, now: datetime) -> dict[str, int]:
    """New digests, one for each group of one recipient, by recipient. A message is carried once, so its id names its digest."""
    rows = [
        {
            "dedupe_key": f"{DIGEST}:{min(row.id for row in group)}:{channel}",
            "notice": DIGEST,
            "channel": channel,
            "staff_id": group[0].staff_id,
            "unit_id": group[0].unit_id,
            "recipient": recipient_of(group[0].staff_id, None, group[0].unit_id),
            "haste": SOON,
            "about": {},
            "state": State.QUEUED.value,
            "queued_at": now,
            "attend_at": now,
        }
        for group in groups
    ]
    return {row.recipient: row.id for row in connection_of(session).execute(_INSERT, rows)} if rows else {}


def _say_what_they_carry(session: Session, carriers: Collection[int]) -> None:
    """Count what digests carry: how many matters, the most pressing cases, the earliest end."""
    carried: dict[int, list[Any]] = defaultdict(list)
    for row in connection_of(session).execute(_CARRIED, {"ids": sorted(carriers)}) if carriers else ():
        carried[row.digest_id].append(row)
    said = [{"carrier": carrier, "new_about": _about(rows)} for carrier, rows in carried.items()]
    if said:
        connection_of(session).execute(_SAY, said)


def _about(rows: Sequence[Any]) -> dict[str, Any]:
    """Matters are cases, and messages without one; who is told twice of one case has one thing to look at."""
    pressing = sorted(rows, key=lambda row: row.about.get("due") or "~")
    nos = list(dict.fromkeys(row.no for row in pressing if row.no))
    matters = len(nos) + sum(1 for row in rows if row.no is None)
    ends = pressing[0]
    about = {"count": matters, "nos": "、".join(nos[:NAMED]), "due": ends.about.get("due"), "provisional": ends.about.get("provisional")}
    return {name: value for name, value in about.items() if value}

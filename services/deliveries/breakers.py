"""How channels stand: one that is broken is left alone for a while, then tried with one message; the administrators hear of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, and_, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import ChannelState, Message, connection_of, table
from notifications.outcome import Outcome
from rules.delivery import Breaker, Numbers, Reason, State
from services.alarms import alarm, key_of
from services.deliveries.numbers import numbers_at
from wording import say

_state, _message = table(ChannelState), table(Message)
_READ: Final = select(_state).where(_state.c.code == bindparam("code"))
_HOLD: Final = select(_state.c.code).where(_state.c.code == bindparam("code")).with_for_update()
_COLUMNS: Final = ("failures", "trips", "open_until", "reason", "alarmed_at", "accepted_at")
DOWN_NOTICE: Final = "channel_down"
_UP_NOTICE: Final = "channel_up"
_MOMENT: Final = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one channel stands.

    Attributes:
        reason: What it suffered from last (notifications.outcome.Trouble), worded under `[channel_trouble]`; None: nothing.
        alarmed_at: Since when the administrators know that it is broken.
        accepted_at: When it took a message last.
    """

    code: str
    breaker: Breaker
    reason: str | None = None
    alarmed_at: datetime | None = None
    accepted_at: datetime | None = None

    def after(self, outcomes: Iterable[tuple[Outcome, datetime]], numbers: Numbers) -> "Standing":
        """How it stands after these attempts, in the order in which they ended."""
        now = self
        for outcome, at in outcomes:
            trouble = outcome.trouble.value if outcome.trouble else None
            breaker = now.breaker.after(trouble, numbers, at)
            reason = trouble if breaker.failures else None
            now = replace(now, breaker=breaker, reason=reason, accepted_at=at if outcome.taken else now.accepted_at)
        return now


def standing(session: Session, channel: str) -> Standing:
    """How a channel stands as the database knows it."""
    row = connection_of(session).execute(_READ, {"code": channel}).first()
    if row is None:
        return Standing(channel, Breaker())
    return Standing(channel, Breaker(row.failures, row.trips, row.open_until), row.reason, row.alarmed_at, row.accepted_at)


def held(session: Session, channel: str) -> Standing:
    """How a channel stands, locked until the end of this unit of work: of two engines the second sees what the first has made of it.

    To be called by whoever holds the write lock, and before messages are locked.
    """
    run = connection_of(session).execute
    if run(_HOLD, {"code": channel}).first() is None:
        run(_build(session)(_state).values(code=channel).on_conflict_do_nothing(index_elements=["code"]))
        run(_HOLD, {"code": channel})
    return standing(session, channel)


def keep(session: Session, before: Standing, after: Standing, now: datetime) -> None:
    """Write down how a channel stands; when it breaks or is whole again, tell the administrators, each time once.

    To be called by whoever holds the write lock.
    """
    if after == before:
        return
    broken = after.breaker.open_until is not None
    if broken and after.alarmed_at is None:
        after = replace(after, alarmed_at=_not_well_yet(session, after.code) or now)
        reason = say(f"channel_trouble.{after.reason}")
        _tell(session, DOWN_NOTICE, after, now, now, reason=reason, again=_until(after))
    elif not broken and after.alarmed_at is not None:
        _withdraw(session, _key(after))
        _tell(session, _UP_NOTICE, after, now + timedelta(minutes=numbers_at(session, now).well_minutes), now)
        after = replace(after, alarmed_at=None)
    _write(session, after)


def _tell(session: Session, notice: str, state: Standing, at: datetime, now: datetime, **about: Any) -> None:  # noqa: ANN401 - values
    """Tell it from a moment on; who was told already is not told again, but who was to be told and was spared is."""
    key = _key(state)
    alarm(session, notice, now, key=key, channel=state.code, **about)
    mine = (_message.c.dedupe_key.startswith(key_of(key, notice), autoescape=True), _message.c.tried_at.is_(None))
    spared = and_(_message.c.state == State.SUPPRESSED.value, _message.c.error == Reason.SUPERSEDED.value)
    fresh = and_(_message.c.state == State.QUEUED.value, _message.c.queued_at == now)
    told = update(_message).where(*mine, or_(fresh, spared))
    connection_of(session).execute(told.values(state=State.QUEUED.value, queued_at=now, attend_at=at, error=None))


def _not_well_yet(session: Session, channel: str) -> datetime | None:
    """Since when a channel has been breaking again and again: nobody has heard yet that it is whole, and nobody hears it any more."""
    said = (_message.c.notice == _UP_NOTICE, _message.c.dedupe_key.startswith(f"alarm:{channel}:", autoescape=True))
    waits = (_message.c.state == State.QUEUED.value, _message.c.tried_at.is_(None), _message.c.attend_at.is_not(None))
    gone = {"state": State.SUPPRESSED.value, "attend_at": None, "error": Reason.SUPERSEDED.value}
    taken_back = update(_message).where(*said, *waits).values(**gone).returning(_message.c.dedupe_key)
    keys = sorted(connection_of(session).execute(taken_back).scalars())
    return datetime.strptime(keys[-1].split(":")[2], _MOMENT).replace(tzinfo=UTC) if keys else None


def _withdraw(session: Session, key: str) -> None:
    """Who has not heard yet that the channel is down need not hear it any more: it is whole again."""
    told = (_message.c.dedupe_key.startswith(key_of(key, DOWN_NOTICE), autoescape=True), _message.c.attend_at.is_not(None))
    waits = _message.c.state.in_([State.QUEUED.value, State.FAILED_TEMP.value])
    gone = {"state": State.SUPPRESSED.value, "attend_at": None, "error": Reason.SUPERSEDED.value}
    connection_of(session).execute(update(_message).where(*told, waits).values(**gone))


def _until(state: Standing) -> str | None:
    return state.breaker.open_until.isoformat() if state.breaker.open_until else None


def _key(state: Standing) -> str:
    """What is told once: this channel, broken since that moment."""
    return f"{state.code}:{state.alarmed_at:{_MOMENT}}"


def _write(session: Session, state: Standing) -> None:
    breaker = state.breaker
    values: dict[str, Any] = {
        "failures": breaker.failures,
        "trips": breaker.trips,
        "open_until": breaker.open_until,
        "reason": state.reason[:200] if state.reason else None,
        "alarmed_at": state.alarmed_at,
        "accepted_at": state.accepted_at,
    }
    made = _build(session)(_state).values(code=state.code, **values)
    connection_of(session).execute(made.on_conflict_do_update(index_elements=["code"], set_={c: made.excluded[c] for c in _COLUMNS}))


def _build(session: Session) -> Callable[[Table], Any]:
    return postgresql.insert if connection_of(session).dialect.name == "postgresql" else sqlite.insert

"""One-time codes by short message to a registered phone: six digits that open a short session for the work behind one link, no console."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from models import Message, Sealed, SignInCode, Staff, begin_write, connection_of, table, wake
from notifications.notices import SMS
from rules.delivery import NOW, State
from rules.facts import Refused
from services.accounts import sessions
from services.recipients import recipient_of

_code, _staff, _message = table(SignInCode), table(Staff), table(Message)
NOTICE: Final = "sign_in_code"
WAY: Final = sessions.BY_CODE
LASTS: Final = timedelta(minutes=10)  #: so long a code is taken
TRIES: Final = 5  #: wrong ones after which a code is none any more
SESSION: Final = timedelta(minutes=30)  #: so long its session lasts
#: So many codes of one person within such a time: with `TRIES` each, a guesser hits one in some 20 000 days.
LIMITS: Final = ((1, timedelta(minutes=1)), (5, timedelta(hours=1)), (10, timedelta(days=1)))
_DIGITS: Final = 6


def send(session: Session, staff_id: int, now: datetime) -> None:
    """Send somebody a code, by SMS to the phone on record and by no other way; codes sent before open nothing any more.

    The code is derived from the message that carries it and kept nowhere; the database holds a digest.

    Args:
        session: The unit of work; committed by the caller.
        staff_id: To whom.
        now: The instant, aware UTC.

    Raises:
        Refused: `code_no_phone`; `code_too_often` (minutes), the limits are reached.
    """
    begin_write(session)
    run = connection_of(session).execute
    person = run(select(_staff.c.phone, _staff.c.left_at).where(_staff.c.id == staff_id).with_for_update()).one()
    if person.left_at is not None or not person.phone:
        raise Refused("code_no_phone")
    _check_limits(session, staff_id, now)
    open_ones = (_code.c.staff_id == staff_id, _code.c.used_at.is_(None), _code.c.until > now)
    run(update(_code).where(*open_ones).values(until=now))
    until = now + LASTS
    message_id = run(insert(_message).values(**_queued(staff_id, until, now)).returning(_message.c.id)).scalar_one()
    row = {"staff_id": staff_id, "digest": _digest(staff_id, _derived(message_id, now)), "made_at": now, "until": until, "tries": 0}
    run(insert(_code), [row])
    wake(session)


def _check_limits(session: Session, staff_id: int, now: datetime) -> None:
    for most, within in LIMITS:
        counted = select(func.count(), func.min(_code.c.made_at)).where(_code.c.staff_id == staff_id, _code.c.made_at > now - within)
        n, first = connection_of(session).execute(counted).one()
        if n >= most:
            raise Refused("code_too_often", minutes=int((first + within - now).total_seconds()) // 60 + 1)


def _queued(staff_id: int, until: datetime, now: datetime) -> dict[str, Any]:
    recipient = recipient_of(staff_id, None)
    row = {"notice": NOTICE, "channel": SMS, "staff_id": staff_id, "recipient": recipient, "haste": NOW, "reminder": False, "about": {}}
    row |= {"state": State.QUEUED.value, "queued_at": now, "attend_at": now, "useful_until": until, "attempts": 0}
    return row | {"dedupe_key": f"signin:{now.timestamp()}:{recipient}:{SMS}"}


def carried(rows: Collection[Any]) -> dict[int, tuple[str, str]]:
    """The codes that messages carry, by message, as `services.answers.minting.mint` gives them: code and no link.

    Args:
        rows: Messages of any notice: id, notice, queued_at.
    """
    return {row.id: (_derived(row.id, row.queued_at), "") for row in rows if row.notice == NOTICE}


def check(session: Session, staff_id: int, given: str, device: str, now: datetime) -> str | Refused:
    """Take a code; gives back the secret of a short session, or why there is none. To be committed either way: wrong tries count.

    Args:
        session: The unit of work.
        staff_id: Whose code it has to be.
        given: As it was typed; blanks do not matter.
        device: What the browser calls itself.
        now: The instant, aware UTC.

    Returns:
        The secret; or `Refused` with `sms_code_gone` (none is open: used, too old, too many wrong tries) or `sms_code_wrong` (left).
    """
    begin_write(session)
    open_ones = (_code.c.staff_id == staff_id, _code.c.used_at.is_(None), _code.c.until > now, _code.c.tries < TRIES)
    run = connection_of(session).execute
    row = run(select(_code).where(*open_ones).order_by(_code.c.id.desc()).limit(1).with_for_update()).first()
    if row is None:
        return Refused("sms_code_gone")
    this = update(_code).where(_code.c.id == row.id)
    if row.digest != _digest(staff_id, "".join(given.split())):
        run(this.values(tries=row.tries + 1))
        return Refused("sms_code_wrong", left=TRIES - row.tries - 1)
    run(this.values(used_at=now))
    return sessions.open_session(session, staff_id, WAY, device, now, SESSION)


def _derived(message_id: int, queued_at: datetime) -> str:
    return f"{int(Sealed.fingerprint(f'sign in by {message_id} {queued_at.isoformat()}'), 16) % 10**_DIGITS:0{_DIGITS}d}"


def _digest(staff_id: int, code: str) -> str:
    return Sealed.fingerprint(f"sign in code {staff_id} {code}")

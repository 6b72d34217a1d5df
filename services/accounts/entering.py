"""Signing in by password and, where there is one, second factor. Wrong tries are counted, and after some the account rests for a while.

What is answered to a wrong try is the same whether there is such an account, whether it rests, or whether the password alone is wrong.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pyotp
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Account, Staff, begin_write, connection_of, table
from rules.facts import Refused
from services.accounts import sessions, tries
from services.accounts.passwords import is_right
from services.people.rights import on_record

_account, _staff = table(Account), table(Staff)
TRIES: Final = 5  #: wrong ones in a row
REST: Final = timedelta(minutes=15)
_STEP_S: Final = 30  #: RFC 6238
_DRIFT: Final = 1  #: steps by which a phone's clock may be off


@dataclass(frozen=True, slots=True)
class Came:
    """Who is at the door: the user name as typed, and where from.

    Attributes:
        host: The address, by which wrong tries are counted.
        device: What the browser calls itself.
    """

    name: str
    host: str
    device: str


@dataclass(frozen=True, slots=True)
class Door:
    """What stands before somebody who wants to come in; read in one unit of work, weighed outside of any.

    Attributes:
        row: The account with its user name; None: there is none of this name, or nobody may sign in with it.
    """

    came: Came
    row: Any


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was shown at the door.

    Attributes:
        password: Whether it is the right one.
        code: Whether a code was shown at all.
        step: The time step of the right code; None: none was right.
    """

    door: Door
    password: bool
    code: bool
    step: int | None


def approach(session: Session, came: Came, now: datetime, *, demo: bool) -> Door:
    """Read what is needed to weigh a password.

    Args:
        session: The unit of work; nothing is changed.
        came: Who is at the door.
        now: The instant, aware UTC.
        demo: Whether this installation is a demonstration.

    Raises:
        Refused: `sign_in_too_many`, this device has been wrong too often.
    """
    tries.check(session, came.host, now)
    columns = (_staff.c.name, _staff.c.left_at, *_account.c)
    name = came.name.strip().replace("\0", "")  # which no database takes
    wanted = select(*columns).select_from(_account.join(_staff, _staff.c.id == _account.c.staff_id)).where(_staff.c.name == name)
    row = connection_of(session).execute(wanted).first()
    return Door(came, row if row is not None and row.left_at is None and (demo or not row.demo) else None)


def weigh(door: Door, password: str, code: str, now: datetime) -> Weighed:
    """Compare password and code with what is kept; slow on purpose, so outside of any unit of work."""
    row = door.row
    right = is_right(password, None if row is None else row.password)
    step = None if row is None or not row.totp else right_step(row.totp, code, now)
    return Weighed(door, right, bool(code.strip()), step)


def right_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step to which a code belongs; None: to none near now."""
    steps, factor = int(now.timestamp()) // _STEP_S, pyotp.TOTP(secret)
    typed = "".join(code.split())
    return next((s for s in range(steps - _DRIFT, steps + _DRIFT + 1) if typed and factor.generate_otp(s) == typed), None)


def enter(session: Session, weighed: Weighed, now: datetime) -> str | Refused:
    """Let somebody in, or count the try; gives back the secret of a new session or why there is none. To be committed either way.

    Args:
        session: The unit of work.
        weighed: What was shown.
        now: The instant, aware UTC.

    Returns:
        The secret; or `Refused`: `sign_in_wrong` (tries, minutes), the same for no such account, one that rests and a wrong password;
        after the right password `code_wanted` or `code_wrong`.
    """
    begin_write(session)
    fresh = _fresh(session, weighed.door)
    refusal = _wrong(weighed, fresh, now)
    if refusal is None:
        _let_in(session, fresh, weighed.step)
        return sessions.open_session(session, fresh.staff_id, "password", weighed.door.came.device, now)
    if refusal.code != "code_wanted":
        _count(session, weighed.door.came, fresh, now)
    return refusal


def confirm(session: Session, weighed: Weighed, now: datetime) -> Refused | None:
    """Whether somebody who is signed in has shown the present password once more; to be committed either way, for wrong tries count.

    Returns:
        None: it is right; else `password_wrong`, also while the account rests.
    """
    begin_write(session)
    fresh = _fresh(session, weighed.door)
    if fresh is not None and not _rests(fresh, now) and _is_password(weighed, fresh):
        return None
    _count(session, weighed.door.came, fresh, now)
    return Refused("password_wrong")


def _fresh(session: Session, door: Door) -> Any:  # noqa: ANN401 - a row
    """The account as it is now, kept for this unit of work; None: there is none."""
    if door.row is None:
        return None
    return connection_of(session).execute(select(_account).where(_account.c.staff_id == door.row.staff_id).with_for_update()).first()


def _rests(fresh: Any, now: datetime) -> bool:  # noqa: ANN401 - a row
    return fresh.locked_until is not None and now < fresh.locked_until


def _is_password(weighed: Weighed, fresh: Any) -> bool:  # noqa: ANN401 - a row
    return weighed.password and fresh.password == weighed.door.row.password


def _wrong(weighed: Weighed, fresh: Any, now: datetime) -> Refused | None:  # noqa: ANN401 - a row
    if fresh is None or _rests(fresh, now) or not _is_password(weighed, fresh):
        return Refused("sign_in_wrong", tries=TRIES, minutes=int(REST.total_seconds()) // 60)
    if not fresh.totp:
        return None
    if not weighed.code:
        return Refused("code_wanted")
    used = weighed.step is not None and fresh.totp_step is not None and weighed.step <= fresh.totp_step
    return Refused("digits_wrong") if weighed.step is None or used else None


def _let_in(session: Session, fresh: Any, step: int | None) -> None:  # noqa: ANN401 - a row
    _set(session, fresh.staff_id, failures=0, locked_until=None, totp_step=step if fresh.totp else fresh.totp_step)


def _count(session: Session, came: Came, fresh: Any, now: datetime) -> None:  # noqa: ANN401 - a row
    """Count a wrong try: of the device, and of the account unless it rests already."""
    tries.count(session, came.host, now)
    if fresh is None or _rests(fresh, now):
        return
    failures = fresh.failures + 1
    rests = failures >= TRIES
    _set(session, fresh.staff_id, failures=0 if rests else failures, locked_until=now + REST if rests else None)
    if rests:
        name = came.name.strip()
        on_record(session, name, "account_rests", name, {"tries": failures}, now)


def _set(session: Session, staff_id: int, **values: Any) -> None:  # noqa: ANN401 - columns
    connection_of(session).execute(update(_account).where(_account.c.staff_id == staff_id).values(**values))

"""Hooks: one supplier each, with the secret it signs its pushes with; shown once, rotated with an overlap, stopped."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from models import Prepared, SensorDelivery, SensorHook, begin_write, connection_of, read_together, table
from rules.facts import Refused
from services.catalogue import catalogue
from services.mechanisms import require
from services.moves.proof import legible
from services.people.rights import administrator, on_record
from services.sensors.devices import MECHANISM
from services.sensors.kinds import OVERLAP, PER_MINUTE, WINDOW_S

_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
_MINUTE: Final = timedelta(minutes=1)
_NAME_MOST: Final = 80
_WINDOWS: Final = range(30, 3601)  #: seconds
_OVERLAP_MOST: Final = timedelta(days=30)
#: Statements with their rows, to be written in one go.
Writes = Sequence[tuple[Prepared, list[dict[str, Any]]]]
_hook, _delivery = table(SensorHook), table(SensorDelivery)
_OPENED = Prepared(select(_hook).where(_hook.c.code == bindparam("code"), _hook.c.stopped_at.is_(None)))
_IN_FORCE = select(_hook.c.minute, _hook.c.in_minute).where(_hook.c.id == bindparam("hook"))
_USED = select(_delivery.c.at).where(_delivery.c.hook_id == bindparam("hook"), _delivery.c.nonce == bindparam("nonce"))
_OLDEST = select(func.min(_delivery.c.at).label("at")).where(_delivery.c.hook_id == bindparam("hook"))
_LATELY: Final = tuple(map(Prepared, (_IN_FORCE, _USED, _OLDEST)))
_PUSHED = Prepared(insert(_delivery))
_COUNTED = Prepared(update(_hook).where(_hook.c.id == bindparam("key_id")).values(minute=bindparam("since"), in_minute=bindparam("taken")))
_SHOWN: Final = ("id", "code", "name", "window_s", "per_minute", "made_at", "made_by", "before_until", "stopped_at")


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook that takes alarms.

    Attributes:
        secrets: Those that are good at this moment, the newest first.
        case_id: Newest case about devices of it that nobody has registered.
    """

    id: int
    code: str
    secrets: tuple[str, ...] = field(repr=False)
    window_s: int
    per_minute: int
    case_id: int | None


def make(session: Session, code: str, name: str, by: str, now: datetime, *, window_s: int = WINDOW_S, per_minute: int = PER_MINUTE) -> str:
    """Make a hook for a supplier.

    Args:
        session: The unit of work; committed by the caller.
        code: Part of its address: 1 to 20 of a-z, 0-9 and -.
        name: The supplier.
        by: User name of an administrator.
        now: The instant, aware UTC.
        window_s: Seconds by which its clock may differ from ours.
        per_minute: Most alarms taken in a minute.

    Returns:
        Its secret, which nobody can look up afterwards.

    Raises:
        Refused: `mechanism_off`, `admins_only`, `unknown_user`, `hook_code`, `hook_known`, `hook_name_missing`, `hook_window`,
            `hook_rate`, `text_too_long`, `text_unprintable`.
    """
    _begin(session, by)
    written = legible("name", name, _NAME_MOST)
    _check(code, written, window_s, per_minute)
    if connection_of(session).execute(select(_hook.c.id).where(_hook.c.code == code)).first():
        raise Refused("hook_known", hook=code)
    secret = secrets.token_urlsafe(32)
    values = {
        "code": code,
        "name": written,
        "secret": secret,
        "window_s": window_s,
        "per_minute": per_minute,
        "made_at": now,
        "made_by": by,
    }
    connection_of(session).execute(insert(_hook).values(**values))
    on_record(session, by, "hook_made", code, {"name": written}, now)
    return secret


def _check(code: str, name: str, window_s: int, per_minute: int) -> None:
    if not _CODE.fullmatch(code):
        raise Refused("hook_code", given=code[:20])
    if not name:
        raise Refused("hook_name_missing")
    if window_s not in _WINDOWS:
        raise Refused("hook_window", least=_WINDOWS.start, most=_WINDOWS.stop - 1)
    if per_minute < 1:
        raise Refused("hook_rate")


def rotate(session: Session, code: str, by: str, now: datetime, overlap: timedelta = OVERLAP) -> tuple[str, datetime | None]:
    """Give a hook a new secret; the one before is still taken for so long, so that no alarm is lost while the supplier changes over.

    The secret of a hook that was stopped never comes back: it may have been stopped because the secret leaked.

    Returns:
        The new secret, and until when the one before is taken; None: it is not.

    Raises:
        Refused: `mechanism_off`, `admins_only`, `unknown_user`, `unknown_hook`, `hook_overlap`.
    """
    _begin(session, by)
    if not timedelta(0) <= overlap <= _OVERLAP_MOST:
        raise Refused("hook_overlap", days=_OVERLAP_MOST.days)
    row, secret = _row(session, code), secrets.token_urlsafe(32)
    before, until = (row["secret"], now + overlap) if row["stopped_at"] is None else (None, None)
    values = {"secret": secret, "before": before, "before_until": until, "stopped_at": None}
    connection_of(session).execute(update(_hook).where(_hook.c.id == row["id"]).values(**values))
    on_record(session, by, "hook_rotated", code, {"overlap_until": until.isoformat() if until else None}, now)
    return secret, until


def stop(session: Session, code: str, by: str, now: datetime) -> None:
    """Take nothing from a supplier any more; `rotate` opens it again. May run twice.

    Raises:
        Refused: `mechanism_off`, `admins_only`, `unknown_user`, `unknown_hook`.
    """
    _begin(session, by)
    row = _row(session, code)
    connection_of(session).execute(update(_hook).where(_hook.c.id == row["id"], _hook.c.stopped_at.is_(None)).values(stopped_at=now))
    on_record(session, by, "hook_stopped", code, {}, now)


def hooks(session: Session) -> list[dict[str, Any]]:
    """All hooks by code, without their secrets."""
    wanted = select(*(_hook.c[name] for name in _SHOWN)).order_by(_hook.c.code)
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]


def opened(session: Session, code: str, now: datetime) -> Hook | None:
    """The hook at this address with the secrets that are good now; None: there is none, or it was stopped."""
    (found,) = read_together(connection_of(session), [(_OPENED, {"code": code})])
    if not found:
        return None
    (row,) = found
    still = row["before"] is not None and row["before_until"] > now
    good = (row["secret"], row["before"]) if still else (row["secret"],)
    return Hook(row["id"], row["code"], good, row["window_s"], row["per_minute"], row["case_id"])


def admit(session: Session, hook: Hook, nonce: str, alarms: int, now: datetime) -> Writes:
    """Take a push once, and not more of them than the hook may bring; to be called by whoever holds the lock of intake.

    Returns:
        What has to be written with it, so that it is taken once.

    Raises:
        Refused: `nonce_used`, `too_many_alarms`.
    """
    connection, kept_since = connection_of(session), now - max(_MINUTE, 2 * timedelta(seconds=hook.window_s))
    given = {"hook": hook.id, "nonce": nonce}
    (counted,), used, (oldest,) = read_together(connection, [(question, given) for question in _LATELY])
    if used:
        raise Refused("nonce_used")
    same = counted["minute"] is not None and counted["minute"] <= now < counted["minute"] + _MINUTE
    since, taken = (counted["minute"], counted["in_minute"] + alarms) if same else (now, alarms)
    if taken > hook.per_minute:
        raise Refused("too_many_alarms", most=hook.per_minute)
    if oldest["at"] is not None and oldest["at"] < kept_since - _MINUTE:  # not at every push
        connection.execute(delete(_delivery).where(_delivery.c.hook_id == hook.id, _delivery.c.at < kept_since))
    return [
        (_PUSHED, [{"hook_id": hook.id, "nonce": nonce, "at": now}]),
        (_COUNTED, [{"key_id": hook.id, "since": since, "taken": taken}]),
    ]


def _begin(session: Session, by: str) -> None:
    require(session, MECHANISM)
    begin_write(session)
    administrator(catalogue(session), by)


def _row(session: Session, code: str) -> Mapping[str, Any]:
    found = connection_of(session).execute(select(_hook).where(_hook.c.code == code)).mappings().first()
    if found is None:
        raise Refused("unknown_hook", hook=code[:20])
    return dict(found)

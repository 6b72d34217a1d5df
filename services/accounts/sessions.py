"""Sessions: who is signed in in which browser. The browser holds a secret, the database its digest; both end by themselves."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from models import Account, Prepared, System, WebSession, begin_write, connection_of, read_together, table

_session, _account = table(WebSession), table(Account)
IDLE: Final = timedelta(hours=2)  #: unused for so long, it has ended
LONGEST: Final = timedelta(hours=12)  #: a shift
KEPT: Final = timedelta(days=30)  #: so long is known of a session that has ended
BY_CODE: Final = "code"  #: the way of a short session: good for the work behind one link, not for the console
TOUCH: Final = timedelta(minutes=5)  #: so exactly is known when it was used last
_OWN = (_session.c.staff_id, _session.c.digest, _session.c.seen_at, _session.c.until, _account.c.one_time, _account.c.demo)
#: Asked for every page: it goes to the driver as it is.
_SIGNED_IN: Final = Prepared(
    select(*_OWN, select(table(System).c.revision).scalar_subquery().label("revision"))
    .select_from(_session.join(_account, _account.c.staff_id == _session.c.staff_id))
    .where(
        _session.c.digest == bindparam("mine", type_=_session.c.digest.type),
        _session.c.ended_at.is_(None),
        _session.c.way != bindparam("code", type_=_session.c.way.type),
    )
)
_SHOWN: Final = ("digest", "opened_at", "seen_at", "until", "device", "way")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is.

    Attributes:
        digest: Of the session's secret; names it, and opens nothing.
        one_time: A password of one's own has to be set before anything else.
        demo: The account is for the demonstration only.
        stale: It was seen last more than `TOUCH` ago: to be touched.
        revision: Of the reference data, as it is when the session is looked up.
    """

    staff_id: int
    digest: str
    one_time: bool
    demo: bool
    stale: bool
    revision: int | None


def digest_of(secret: str) -> str:
    """The digest under which a session is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_session(session: Session, staff_id: int, way: str, device: str, now: datetime, lasts: timedelta = LONGEST) -> str:
    """Open a session; gives back the secret for the browser, which is kept nowhere. Old ones of the person are forgotten.

    Args:
        session: The unit of work.
        staff_id: Who has signed in.
        way: `password`, `code` or `oidc`.
        device: What the browser calls itself.
        now: The instant, aware UTC.
        lasts: It ends after so long at the latest.
    """
    run = connection_of(session).execute
    run(delete(_session).where(_session.c.staff_id == staff_id, _session.c.until < now - KEPT))
    secret = secrets.token_urlsafe(32)
    row = {"digest": digest_of(secret), "staff_id": staff_id, "opened_at": now, "seen_at": now, "until": now + lasts}
    run(insert(_session), [{**row, "device": device.replace("\0", "")[:120], "way": way}])
    return secret


def signed_in(session: Session, secret: str, now: datetime) -> SignedIn | None:
    """Whose session a secret opens; None: nobody's, it has ended, or it was opened by a code from a short message. Changes nothing."""
    [found] = read_together(connection_of(session), [(_SIGNED_IN, {"mine": digest_of(secret), "code": BY_CODE})])
    row = found[0] if found else None
    if row is None or now >= row["until"] or now - row["seen_at"] >= IDLE:
        return None
    names = ("staff_id", "digest", "one_time", "demo", "revision")
    return SignedIn(**{name: row[name] for name in names}, stale=now - row["seen_at"] >= TOUCH)


def signed_in_by_code(session: Session, secret: str, now: datetime) -> int | None:
    """Who of the staff holds a short session; None: nobody, or it has ended. Changes nothing."""
    mine = (_session.c.digest == digest_of(secret), _session.c.ended_at.is_(None), _session.c.way == BY_CODE, _session.c.until > now)
    found: int | None = connection_of(session).execute(select(_session.c.staff_id).where(*mine)).scalar()
    return found


def touch(session: Session, digest: str, now: datetime) -> None:
    """Note that a session was used; may run any number of times."""
    begin_write(session)
    connection_of(session).execute(update(_session).where(_session.c.digest == digest, _session.c.seen_at < now).values(seen_at=now))


def end(session: Session, digest: str, now: datetime) -> None:
    """End a session; may run twice."""
    begin_write(session)
    connection_of(session).execute(update(_session).where(_session.c.digest == digest, _session.c.ended_at.is_(None)).values(ended_at=now))


def end_all(session: Session, staff_id: int, now: datetime, but: str | None = None) -> int:
    """End every session of somebody, but for one; gives back how many there were."""
    mine = update(_session).where(_session.c.staff_id == staff_id, _session.c.ended_at.is_(None), _session.c.digest != (but or ""))
    return connection_of(session).execute(mine.values(ended_at=now)).rowcount


def open_now(session: Session, staff_ids: Collection[int], now: datetime) -> dict[int, int]:
    """How many sessions of these people are open, by person; people without any are left out."""
    wanted = select(_session.c.staff_id, func.count()).where(_session.c.staff_id.in_(staff_ids), *_alive(now)).group_by(_session.c.staff_id)
    return {row[0]: row[1] for row in connection_of(session).execute(wanted)}


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return _session.c.ended_at.is_(None), _session.c.until > now, _session.c.seen_at > now - IDLE


def sessions_of(session: Session, staff_id: int, now: datetime) -> Sequence[Any]:
    """Sessions of somebody that are open, the newest use first."""
    wanted = select(*(_session.c[n] for n in _SHOWN)).where(_session.c.staff_id == staff_id, *_alive(now))
    return connection_of(session).execute(wanted.order_by(_session.c.seen_at.desc())).all()

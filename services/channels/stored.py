"""The ways out that are configured: by the environment, by an administrator in table `channel`, or none yet."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from models import Channel, ChannelState, Message, Sealed, begin_write, connection_of, table, wake
from rules.delivery import Reason, State
from rules.facts import Refused
from services.catalogue import catalogue, reference_changed
from services.people.rights import on_record
from settings import Settings

_channel, _state, _message = table(Channel), table(ChannelState), table(Message)
_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")
#: Who configures what nobody configured: the demonstration.
SYSTEM: Final = "system"
#: Where messages go while nothing is configured: they are recorded, not sent.
RECORDED: Final[Mapping[str, str]] = {"sms": "record://", "email": "record://"}
#: The inbox needs no provider and cannot be removed.
ALWAYS: Final[Mapping[str, str]] = {"inbox": "inbox://"}


class Origin(StrEnum):
    """Who says where a channel leads."""

    ENVIRONMENT = "environment"  #: BIHUAN_CHANNELS; stands above everything else
    STORED = "stored"  #: a row that an administrator, or the demonstration, has written
    DEFAULT = "default"  #: nothing is configured: messages are recorded
    BUILT_IN = "built_in"  #: the inbox


@dataclass(frozen=True, slots=True)
class Configured:
    """One channel as it is configured.

    Attributes:
        url: Apprise address; may hold secrets: shown by `masked_url` only.
        enabled: False while an administrator has paused it; its messages then take another way.
        public: A public gateway: approved templates only, no links or mobile numbers as variables.
        calls_back: Whether there is a secret path for its receipts and replies.
    """

    code: str
    url: str
    origin: Origin
    enabled: bool = True
    public: bool = False
    calls_back: bool = False
    note: str = ""
    changed_at: datetime | None = None
    changed_by: str | None = None


def configured(session: Session, settings: Settings) -> dict[str, Configured]:
    """Every channel by its code: what the environment names stands above the rows; where neither says anything, messages are recorded."""
    rows = session.connection().execute(select(_channel).order_by(_channel.c.code)).all()
    of_rows = {row.code: _of(row) for row in rows}
    given = settings.channels if "channels" in settings.model_fields_set else {}
    named = {code: Configured(code, url, Origin.ENVIRONMENT) for code, url in given.items()}
    default = {} if of_rows or named else {code: Configured(code, url, Origin.DEFAULT) for code, url in RECORDED.items()}
    own = {code: Configured(code, url, Origin.BUILT_IN) for code, url in ALWAYS.items()}
    return own | default | of_rows | named


def urls(session: Session, settings: Settings) -> dict[str, str]:
    """The addresses of the channels that can be used, by code."""
    return {code: each.url for code, each in configured(session, settings).items() if each.enabled}


def _of(row: Any) -> Configured:  # noqa: ANN401 - a result row
    made = (row.note, row.changed_at, row.changed_by)
    return Configured(row.code, row.url, Origin.STORED, row.enabled, row.public, True, *made)


def check_code(code: str) -> None:
    """Whether a channel may be called so.

    Raises:
        Refused: `channel_code_wrong`.
    """
    if not _CODE.fullmatch(code) or code in ALWAYS:
        raise Refused("channel_code_wrong", given=code)


def check_administrator(session: Session, user: str) -> None:
    """Whether this person may configure channels and send messages anew.

    Raises:
        Refused: `unknown_user`, `left`; `channel_admins_only`.
    """
    if "admin" not in catalogue(session).actor(user).roles:
        raise Refused("channel_admins_only", user=user)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A channel as somebody wants it to be."""

    code: str
    url: str
    public: bool = False
    note: str = ""
    replace: bool = False

    @property
    def address(self) -> str:
        """The address, saying of itself that it is a public gateway's where it was declared to be one."""
        if not self.public or "public=" in self.url:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}public=yes"


def may_configure(session: Session, wanted: Wanted, by: str) -> None:
    """Whether this person may configure this channel; to be asked before anything is tried over the network.

    Raises:
        Refused: `channel_admins_only`, `unknown_user`, `left`, `channel_code_wrong`; `channel_taken`, somebody has configured it already.
    """
    if by != SYSTEM:
        check_administrator(session, by)
    check_code(wanted.code)
    present = _row(session, wanted.code)
    if present is not None and present.changed_by != SYSTEM and not wanted.replace:
        raise Refused("channel_taken", channel=wanted.code)


def configure(session: Session, wanted: Wanted, by: str, now: datetime, *, secret: str | None = None) -> str | None:
    """Write a channel down; running engines and web processes open it at their next look.

    Args:
        session: The unit of work.
        wanted: The channel; its address was checked before (`services.channels.checking`).
        by: User name of an administrator, or `SYSTEM`.
        now: The instant.
        secret: The secret in the path of its receipts and replies; None: one is made where there is none yet, or only the demonstration's.

    Returns:
        The new secret, to be shown this once; None where the channel keeps the one it has.

    Raises:
        Refused: as `may_configure`.
    """
    begin_write(session)
    may_configure(session, wanted, by)
    present = _row(session, wanted.code)
    if secret is None and (present is None or present.changed_by == SYSTEM != by):
        secret = secrets.token_urlsafe(24)
    values: dict[str, object] = {"url": wanted.address, "enabled": True, "public": wanted.public, "note": wanted.note}
    values |= {"changed_at": now, "changed_by": by, **({"callback": Sealed.fingerprint(secret)} if secret else {})}
    this = insert(_channel).values(code=wanted.code) if present is None else update(_channel).where(_channel.c.code == wanted.code)
    connection_of(session).execute(this.values(**values))
    told = {"scheme": wanted.url.partition("://")[0], "public": wanted.public, "note": wanted.note}
    on_record(session, by, "channel_added" if present is None else "channel_replaced", wanted.code, told, now)
    _try_at_once(session, wanted.code, now)
    reference_changed(session)
    return secret


def set_enabled(session: Session, code: str, by: str, now: datetime, *, enabled: bool) -> None:
    """Pause a channel, or let it go on; twice is once. One that was left alone because it failed is tried at once, paused or not.

    Raises:
        Refused: `channel_admins_only`, `unknown_user`, `left`, `unknown_channel`, `channel_built_in`.
    """
    differs = _changing(session, code, by).enabled != enabled
    rested = enabled and _try_at_once(session, code, now)
    if differs or rested:
        _change(session, code, {"enabled": enabled}, "channel_resumed" if enabled else "channel_paused", by, now)


def new_secret(session: Session, code: str, by: str, now: datetime) -> str:
    """Give a channel another secret for its receipts and replies; the one before is refused from now on.

    Returns:
        The secret, to be shown this once.

    Raises:
        Refused: `channel_admins_only`, `unknown_user`, `left`, `unknown_channel`, `channel_built_in`.
    """
    _changing(session, code, by)
    secret = secrets.token_urlsafe(24)
    _change(session, code, {"callback": Sealed.fingerprint(secret)}, "channel_callback", by, now)
    return secret


def remove(session: Session, code: str, by: str, now: datetime) -> None:
    """Take a channel away; what waits for it takes another way, what was sent by it stays on record.

    Raises:
        Refused: `channel_admins_only`, `unknown_user`, `left`, `unknown_channel`, `channel_built_in`.
    """
    _changing(session, code, by)
    connection_of(session).execute(delete(_channel).where(_channel.c.code == code))
    on_record(session, by, "channel_removed", code, {}, now)
    reference_changed(session)


def code_of_callback(session: Session, secret: str) -> str | None:
    """The channel whose receipts and replies come by this secret; None: it is none of ours."""
    wanted = select(_channel.c.code).where(_channel.c.callback == Sealed.fingerprint(secret))
    found: str | None = session.connection().execute(wanted).scalar()
    return found


def _row(session: Session, code: str) -> Any:  # noqa: ANN401 - a result row, or None
    return session.connection().execute(select(_channel).where(_channel.c.code == code)).one_or_none()


def _changing(session: Session, code: str, by: str) -> Any:  # noqa: ANN401 - a result row
    """The row that this person is about to change, with nobody else at it."""
    begin_write(session)
    check_administrator(session, by)
    found = _row(session, code)
    if found is None:
        raise Refused("channel_built_in" if code in ALWAYS else "unknown_channel", channel=code)
    return found


def _change(session: Session, code: str, values: Mapping[str, object], action: str, by: str, now: datetime) -> None:
    connection_of(session).execute(update(_channel).where(_channel.c.code == code).values(**values, changed_at=now, changed_by=by))
    on_record(session, by, action, code, {}, now)
    reference_changed(session)


def _try_at_once(session: Session, code: str, now: datetime) -> bool:
    """A channel that was left alone because it failed, and that somebody has put right, is tried now, and what waits for it with it.

    Returns:
        Whether it was left alone, or anything waited for it.
    """
    run, this = connection_of(session).execute, _state.c.code == code
    until = run(select(_state.c.open_until).where(this, _state.c.open_until > now)).scalar()
    if until is not None:
        run(update(_state).where(this).values(open_until=now, trips=0))
    failed = (_message.c.error == Reason.CHANNEL_DOWN.value, _message.c.state == State.FAILED_TEMP.value)
    held = or_(*failed, _message.c.attend_at == until)
    waits = (_message.c.channel == code, _message.c.attend_at > now, held)
    hurried: Any = run(update(_message).where(*waits).values(attend_at=now))
    wake(session)
    return until is not None or bool(hurried.rowcount)

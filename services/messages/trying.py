"""A test message to one's own phone or mailbox, or to another one: on record before it goes out, sent outside of any unit of work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Database, Staff, connection_of, table
from notifications.channels.bus import Channels
from notifications.channels.schemes import AddressKind
from notifications.outcome import Outcome
from rules.facts import Refused
from services.channels import configured, opened
from services.channels.stored import check_administrator
from services.deliveries.setup import Setup, Voice
from services.messages.testing import begin, record
from settings import Settings

_staff = table(Staff)


@dataclass(frozen=True, slots=True)
class TryOut:
    """What is to be tried.

    Attributes:
        channel: Its code.
        by: User name of an administrator.
        to: Phone, mailbox or user, as the channel needs it; None: where this administrator is reached.
        url: An address that is not written down yet; None: the one on record.
    """

    channel: str
    by: str
    to: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test message.

    Attributes:
        message: Its number on record.
        outcome: What the channel said.
    """

    message: int
    outcome: Outcome
    begun_at: datetime
    ended_at: datetime


def try_out(database: Database, settings: Settings, test: TryOut, clock: Callable[[], datetime]) -> Tried:
    """Send a real message by a channel; every call sends another one.

    Args:
        database: Units of work are opened here, none around the sending.
        settings: Of this process.
        test: By which channel, to whom.
        clock: Tells the instant, aware UTC.

    Raises:
        Refused: `unknown_channel`, `channel_is_paused`; `test_no_own_address`, the channel needs an address that is not on record; as
            `services.messages.testing.begin`.
    """
    with database.unit_of_work() as session:
        check_administrator(session, test.by)
        url = test.url if test.url is not None else _in_use(session, settings, test.channel)
    channels = opened({test.channel: url}, settings)
    try:
        return _sent(database, settings, channels, test, clock)
    finally:
        channels.close()


def _in_use(session: Session, settings: Settings, channel: str) -> str:
    """The address of a channel that is there and not paused.

    Raises:
        Refused: `unknown_channel`, `channel_is_paused`.
    """
    found = configured(session, settings).get(channel)
    if found is None:
        raise Refused("unknown_channel", channel=channel)
    if not found.enabled:
        raise Refused("channel_is_paused", channel=channel)
    return found.url


def _sent(database: Database, settings: Settings, channels: Channels, test: TryOut, clock: Callable[[], datetime]) -> Tried:
    traits = channels.traits(test.channel)
    setup = Setup(Voice(settings.lang, settings.sms_sign), {test.channel: traits}, settings.public_url)
    with database.unit_of_work() as session:
        to = _own(session, traits.address, test.by) if test.to is None else test.to
        trial = begin(session, test.channel, to, setup, test.by, clock())
    outcome = channels.send(trial.outgoing)
    ended = clock()
    with database.unit_of_work() as session:
        record(session, trial, outcome, ended)
    return Tried(trial.outgoing.message_id, outcome, trial.begun_at, ended)


def _own(session: Session, kind: AddressKind, user: str) -> str:
    """Where this person is reached.

    Raises:
        Refused: `test_no_own_address`.
    """
    if kind is AddressKind.NONE:
        return ""
    found = connection_of(session).execute(select(_staff.c[kind.value]).where(_staff.c.name == user)).scalar()
    if not found:
        raise Refused("test_no_own_address", address_kind=kind.value)
    return str(found)

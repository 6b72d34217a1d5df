"""A test message to one's own phone or mailbox, from a page: on record before it goes out, sent outside of any unit of work."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Database, Staff, connection_of, table
from notifications.channels.bus import Channels
from notifications.channels.schemes import AddressKind
from notifications.outcome import Outcome
from rules.facts import Refused
from services.channels import configured, open_channels
from services.channels.stored import check_administrator
from services.deliveries.setup import Setup, Voice
from services.messages.testing import begin, record
from settings import Settings

_staff = table(Staff)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test message.

    Attributes:
        message: Its number on record.
        outcome: What the channel said.
    """

    message: int
    outcome: Outcome


def try_on_oneself(database: Database, settings: Settings, channel: str, by: str, now: datetime) -> Tried:
    """Send a real message by a channel to the administrator who asks for it; every call sends another one.

    Args:
        database: Units of work are opened here, none around the sending.
        settings: Of this process.
        channel: Code of a channel in use.
        by: User name of an administrator.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_channel`, `channel_is_paused`; `test_no_own_address`, the channel needs an address that is not on record; as
            `services.messages.testing.begin`.
    """
    with database.unit_of_work() as session:
        check_administrator(session, by)
        found = configured(session, settings)
    if channel not in found:
        raise Refused("unknown_channel", channel=channel)
    if not found[channel].enabled:
        raise Refused("channel_is_paused", channel=channel)
    channels = open_channels(database, settings)
    try:
        return _sent(database, settings, channels, channel, by, now)
    finally:
        channels.close()


def _sent(database: Database, settings: Settings, channels: Channels, channel: str, by: str, now: datetime) -> Tried:
    traits = channels.traits(channel)
    setup = Setup(Voice(settings.lang, settings.sms_sign), {channel: traits}, settings.public_url)
    with database.unit_of_work() as session:
        trial = begin(session, channel, _own(session, traits.address, by), setup, by, now)
    outcome = channels.send(trial.outgoing)
    with database.unit_of_work() as session:
        record(session, trial, outcome, now)
    return Tried(trial.outgoing.message_id, outcome)


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

"""Adding a channel or putting another in its place: may this person, can it be used, and only then is it written down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from models import Database, begin_write
from notifications.callbacks.readers import reader_for
from notifications.chains import IN_CHAINS
from notifications.outcome import Finding
from rules.facts import Refused
from services.channels.checking import check_url, parsed
from services.channels.forms import ChannelUnusable
from services.channels.stored import Origin, Wanted, configure, configured, may_configure
from settings import Settings
from wording import say


@dataclass(frozen=True, slots=True)
class SetUp:
    """A channel that was written down.

    Attributes:
        findings: What was found when it was looked at.
        secret: Of the path by which its receipts and replies come, to be shown this once; None: it keeps the one it has.
        called_back: Its provider pushes receipts or replies.
        spare: Notices do not take it by themselves.
    """

    findings: list[Finding]
    secret: str | None
    called_back: bool
    spare: bool


def set_up(
    database: Database,
    settings: Settings,
    wanted: Wanted,
    by: str,
    clock: Callable[[], datetime],
    *,
    ask: bool = True,
    seen: datetime | None = None,
) -> SetUp:
    """Look at a channel and write it down; the network is asked between two units of work, never within one.

    Args:
        database: Units of work are opened here.
        settings: Of this process.
        wanted: The channel.
        by: User name of an administrator.
        clock: Tells the instant, aware UTC.
        ask: Whether the provider is asked; else only the address is read.
        seen: When the row that it takes the place of was changed last, as this person saw it; None: whatever is there.

    Raises:
        Refused: as `services.channels.stored.may_configure`; `channel_unusable` (`ChannelUnusable`);
            `channel_changed`, somebody else has changed or removed it since `seen`.
    """
    with database.unit_of_work() as session:
        may_configure(session, wanted, by)
    findings = look(settings, wanted, ask=ask)
    refuse_unusable(wanted.code, findings)
    with database.unit_of_work() as session:
        begin_write(session)
        present = configured(session, settings).get(wanted.code)
        if seen is not None and (present is None or present.changed_at not in (None, seen)):
            raise Refused("channel_changed", channel=wanted.code)
        secret = configure(session, wanted, by, clock())
    return SetUp(findings, secret, reader_for(wanted.address) is not None, wanted.code not in IN_CHAINS)


def look(settings: Settings, wanted: Wanted, *, ask: bool = True) -> list[Finding]:
    """What is found about a channel that need not be written down; over the network where `ask` says so."""
    return (check_url if ask else parsed)(wanted.code, wanted.address, settings)


def refuse_unusable(code: str, findings: list[Finding]) -> None:
    """A channel that cannot be used is not written down.

    Raises:
        ChannelUnusable: with every reason in words.
    """
    reasons = [say(finding.key, None, **finding.values) for finding in findings if not finding.ok]
    if reasons:
        raise ChannelUnusable(code, findings, say("channel_form.comma").join(reasons))


def callback_address(settings: Settings, code: str, secret: str) -> str:
    """Where the provider is to bring receipts and replies."""
    return f"{settings.public_url}/callbacks/{code}/{secret}"


def check_own(origin: Origin, code: str) -> None:
    """Whether a page may change a channel: what the environment says stands above it.

    Raises:
        Refused: `channel_of_environment`, `channel_built_in`.
    """
    if origin is Origin.ENVIRONMENT:
        raise Refused("channel_of_environment", channel=code)
    if origin is Origin.BUILT_IN:
        raise Refused("channel_built_in", channel=code)

"""What `bihuan doctor` looks at in the delivery of messages: channels, breakers, dead letters, templates, numbers, replies."""

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import func, select

from commands.screen import to_the_second, word
from commands.upkeep.patient import Check, Patient, said
from models import FailingNumber, Reply, table
from services import audit
from services.catalogue import catalogue
from services.channels import Configured, configured
from services.channels.checking import check_channels, public_gateways
from services.channels.stored import Origin
from services.messages.standing import standings
from services.templates.approvals import missing
from settings import Settings
from wording import say

_failing, _reply = table(FailingNumber), table(Reply)
SHOWN: Final = 12  #: of the notices without approved words, so many are named


def usable(found: Mapping[str, Configured], settings: Settings) -> Check:
    """Whether every channel in use can be used; asks the providers, so outside of a unit of work."""
    in_use = [channel for channel in found.values() if channel.enabled]
    bad = [checked for checked in check_channels(in_use, settings) if not checked.ok]
    paused = [say("doctor.channel_paused", channel=channel.code) for channel in found.values() if not channel.enabled]
    lines = [
        say("doctor.channel", channel=each.channel.code, reason=say(finding.key, None, **finding.values))
        for each in bad
        for finding in each.findings
        if not finding.ok
    ]
    if not bad and any(channel.origin is Origin.DEFAULT for channel in in_use):
        return Check("channels", ok=True, text=say("doctor.channels_default"))
    return said("channels", ok=not bad, n=len(bad), all=len(in_use), lines=[*lines, *paused])


def _breakers(patient: Patient) -> Check:
    """Channels that are left alone because they failed."""
    known = catalogue(patient.session)
    down = [s for s in standings(patient.session, configured(patient.session, patient.settings), patient.now) if s.open_until is not None]
    lines = [
        say(
            "doctor.breaker",
            channel=word("channel", s.channel),
            until=to_the_second(s.open_until, known.zone),
            reason=word("channel_trouble", s.reason or "-"),
        )
        for s in down
    ]
    return said("breakers", ok=not down, n=len(down), lines=lines)


def _messages(patient: Patient) -> Check:
    dead = audit.dead_messages(patient.session)
    return said("messages", ok=not dead, n=dead)


def _templates(patient: Patient) -> Check:
    """Notices that a public gateway cannot send, because it has not approved their words: they take another way."""
    public = public_gateways(configured(patient.session, patient.settings).values(), patient.settings)
    found = {code: missing(patient.session, code, patient.settings.lang) for code in public}
    n = sum(map(len, found.values()))
    lines = [
        say("doctor.template", channel=code, notice=each.notice, state=word("approval", each.state or "missing"))
        for code, lacking in found.items()
        for each in lacking
    ]
    shown = [*lines[:SHOWN], say("doctor.more", n=n - SHOWN)] if n > SHOWN else lines
    return said("templates", ok=not n, n=n, lines=shown)


def _numbers(patient: Patient) -> Check:
    wanted = select(func.count()).select_from(_failing).where(_failing.c.cleared_at.is_(None))
    n = int(patient.session.connection().execute(wanted).scalar_one())
    return said("numbers", ok=not n, n=n)


def _replies(patient: Patient) -> Check:
    wanted = select(func.count()).select_from(_reply).where(_reply.c.settled_at.is_(None))
    n = int(patient.session.connection().execute(wanted).scalar_one())
    return said("replies", ok=not n, n=n)


MESSAGE_CHECKS: Final[tuple[Callable[[Patient], Check], ...]] = (_breakers, _messages, _templates, _numbers, _replies)

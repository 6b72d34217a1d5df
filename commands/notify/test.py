"""`bihuan notify test`: one real message, to see whether a channel works."""

from typing import TYPE_CHECKING, Annotated

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from notifications.outcome import Outcome
    from services.channels import Configured
    from services.messages.testing import Trial


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan notify`."""

    @group.command(help=say("notify_test.help"))
    def test(
        channel: Annotated[str, typer.Argument(help=say("channels.code"))],
        user: Annotated[str, typer.Option("--as", help=say("channels.as"))],
        to: Annotated[str, typer.Option(help=say("notify_test.to"))] = "",
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _test(channel, to, user, as_json=as_json)


def _test(channel: str, to: str, user: str, *, as_json: bool) -> None:
    """Put it on record, send it outside of any unit of work, put on record what became of it; exit code 1 where it was not taken."""
    from clock import utcnow
    from commands.opening import database
    from services.channels import configured, open_channels
    from services.deliveries.setup import Setup, Voice
    from services.messages.testing import begin, record
    from settings import get_settings

    settings = get_settings()
    with database() as opened:
        with opened.unit_of_work() as session:
            _check_in_use(configured(session, settings), channel)
        channels = open_channels(opened, settings)
        try:
            setup = Setup(Voice(settings.lang, settings.sms_sign), {channel: channels.traits(channel)}, settings.public_url)
            with opened.unit_of_work() as session:
                trial = begin(session, channel, to, setup, user, utcnow())
            outcome = channels.send(trial.outgoing)
            ended = utcnow()
            with opened.unit_of_work() as session:
                record(session, trial, outcome, ended)
        finally:
            channels.close()
    _say(trial, outcome, ended, as_json=as_json)
    raise typer.Exit(0 if outcome.taken else 1)


def _check_in_use(found: "Mapping[str, Configured]", channel: str) -> None:
    """Whether there is such a channel and it is not paused.

    Raises:
        Refused: `unknown_channel`, `channel_is_paused`.
    """
    if channel not in found:
        raise Refused("unknown_channel", channel=channel)
    if not found[channel].enabled:
        raise Refused("channel_is_paused", channel=channel)


def _say(trial: "Trial", outcome: "Outcome", ended: "datetime", *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue

    message, milliseconds = trial.outgoing.message_id, round((ended - trial.begun_at).total_seconds() * 1000)
    if as_json:
        told = {
            "message": message,
            "channel": trial.outgoing.channel,
            "outcome": outcome.verdict,
            "code": outcome.code,
            "words": outcome.words,
        }
        print_json({**told, "provider_id": outcome.provider_id, "sent_at": trial.begun_at.isoformat(), "ms": milliseconds})
        return
    with unit_of_work() as session:
        when = f"{ended.astimezone(catalogue(session).zone):%Y-%m-%d %H:%M:%S}"
    values = {"channel": trial.outgoing.channel, "when": when, "ms": milliseconds, "code": outcome.code, "words": outcome.words}
    typer.echo(say(f"notify_test.{outcome.verdict}", None, **values))
    said = "provider_id" if outcome.provider_id else "number_only"
    if not outcome.taken:
        typer.echo(say("notify_test.next", channel=trial.outgoing.channel))
    typer.echo(say(f"notify_test.{said}", None, id=outcome.provider_id, message=message))

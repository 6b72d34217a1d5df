"""`bihuan notify test`: one real message, to see whether a channel works."""

from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from services.messages.trying import Tried


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
    """Send it and say what became of it; exit code 1 where it was not taken."""
    from clock import utcnow
    from commands.opening import database
    from services.messages.trying import TryOut, try_out
    from settings import get_settings

    with database() as opened:
        tried = try_out(opened, get_settings(), TryOut(channel, user, to), utcnow)
    _say(channel, tried, as_json=as_json)
    raise typer.Exit(0 if tried.outcome.taken else 1)


def _say(channel: str, tried: "Tried", *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue

    outcome, milliseconds = tried.outcome, round((tried.ended_at - tried.begun_at).total_seconds() * 1000)
    if as_json:
        told = {"message": tried.message, "channel": channel, "outcome": outcome.verdict, "code": outcome.code, "words": outcome.words}
        print_json({**told, "provider_id": outcome.provider_id, "sent_at": tried.begun_at.isoformat(), "ms": milliseconds})
        return
    with unit_of_work() as session:
        when = f"{tried.ended_at.astimezone(catalogue(session).zone):%Y-%m-%d %H:%M:%S}"
    values = {"channel": channel, "when": when, "ms": milliseconds, "code": outcome.code, "words": outcome.words}
    typer.echo(say(f"notify_test.{outcome.verdict}", None, **values))
    said = "provider_id" if outcome.provider_id else "number_only"
    if not outcome.taken:
        typer.echo(say("notify_test.next", channel=channel))
    typer.echo(say(f"notify_test.{said}", None, id=outcome.provider_id, message=tried.message))

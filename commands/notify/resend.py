"""`bihuan notify resend`: dead letters are tried once more."""

from collections.abc import Sequence
from typing import Annotated

import typer

from rules.facts import Refused
from wording import say


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan notify`."""

    @group.command(help=say("notify_resend.help"))
    def resend(
        user: Annotated[str, typer.Option("--as", help=say("channels.as"))],
        messages: Annotated[list[int] | None, typer.Argument(help=say("notify_resend.messages"))] = None,
        every: Annotated[bool, typer.Option("--all-dead", help=say("notify_resend.all"))] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _resend(messages or [], user, every=every, as_json=as_json)


def _resend(messages: Sequence[int], user: str, *, every: bool, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import joined, print_json
    from services.messages import resending

    if bool(messages) == every:
        raise Refused("messages_wanted")
    with unit_of_work() as session:
        if every:
            (count, late), failing = resending.resend_all(session, user, utcnow()), []
        else:
            failing = resending.still_failing(session, messages)
            count, late = resending.resend(session, messages, user, utcnow()), 0
    if as_json:
        print_json({"queued": count, "too_late": late})
        return
    if failing:
        typer.echo(say("notify_resend.failing", messages=joined(failing)))
    typer.echo(say("notify_resend.done", n=count))
    if late:
        typer.echo(say("notify_resend.late", n=late))

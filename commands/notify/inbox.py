"""`bihuan notify inbox`: what somebody was told, whatever the channel, newest first."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from datetime import tzinfo

    from services.inbox import Item


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan notify`."""

    @group.command(help=say("inbox.help"))
    def inbox(
        user: Annotated[str, typer.Option("--as", help=say("inbox.as"))],
        everything: Annotated[bool, typer.Option("--all", help=say("inbox.all"))] = False,
        read: Annotated[bool, typer.Option("--read", help=say("inbox.read"))] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _inbox(user, everything=everything, read=read, as_json=as_json)


def _inbox(user: str, *, everything: bool, read: bool, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from rules.facts import Refused
    from services.catalogue import catalogue
    from services.deliveries.wording import HIDDEN
    from services.inbox import inbox, mark_read

    with unit_of_work() as session:
        known = catalogue(session)
        person = known.people.get(user)
        if person is None:
            raise Refused("unknown_user", user=user)
        found = inbox(session, person.id, everything=everything)
    if as_json:
        print_json(plain([{**asdict(item), "arrived": item.arrived} for item in found]))
    elif found:
        columns = ("new", "when", "case", "notice", "said", "how")
        print_table(say("inbox.title", user=user, n=len(found)), columns, (_row(item, known.zone) for item in found), on=screen())
        if any(HIDDEN in (item.text or "") for item in found):
            typer.echo(say("inbox.hidden"))
    else:
        typer.echo(say("inbox.empty", user=user))
    if read:
        with unit_of_work() as session:
            mark_read(session, person.id, [i for item in found for i in item.ids], utcnow())


def _row(item: "Item", zone: "tzinfo") -> tuple[object, ...]:
    from commands.screen import joined, local, word

    ways = joined(say("inbox.way", channel=word("channel", channel), state=word("delivery", state)) for channel, state in item.ways)
    new = None if item.read else say("inbox.urgent" if item.urgent else "inbox.new")
    return new, local(item.at, zone), item.no, word("notice", item.notice), item.text or say("inbox.no_words"), ways

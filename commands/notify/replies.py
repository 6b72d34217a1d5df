"""`bihuan notify replies`: short messages from people that nobody could place, and saying that one was seen to."""

from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.moves import Row


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan notify`."""

    @group.command(help=say("replies.help"))
    def replies(
        settle: Annotated[int | None, typer.Option(help=say("replies.settle"))] = None,
        user: Annotated[str | None, typer.Option("--as", help=say("replies.as"))] = None,
        everything: Annotated[bool, typer.Option("--all", help=say("replies.all"))] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        if settle is None:
            _list(user, everything=everything, as_json=as_json)
        else:
            _settle(settle, user, as_json=as_json)


def _list(user: str | None, *, everything: bool, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.reading import plain
    from services.waiting_replies import replies

    with unit_of_work() as session:
        known = catalogue(session)
        found = replies(session, known.actor(user) if user else None, settled=everything)
    if as_json:
        print_json([plain(row, known) for row in found])
    else:
        _print(found, known.zone)


def _print(found: "Sequence[Row]", zone: tzinfo) -> None:
    from commands.screen import local, print_table, screen, word

    def row(reply: "Row") -> tuple[Any, ...]:
        said = say("replies.hidden") if reply["text"] is None else reply["text"]
        why = word("reply_outcome", reply["outcome"])
        return (reply["id"], local(reply["received_at"], zone), reply["channel"], reply["phone"], said, reply["no"], why)

    if not found:
        typer.echo(say("replies.none"))
    print_table("", ("reply_id", "when", "channel", "phone", "said", "case", "why_waiting"), map(row, found), on=screen())


def _settle(reply_id: int, user: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import NOTHING, print_json
    from services.waiting_replies import settle

    if user is None:
        raise Refused("who_settles")
    with unit_of_work() as session:
        done = settle(session, reply_id, user, utcnow())
    if as_json:
        print_json(done)
    else:
        typer.echo(say("replies.settled", id=reply_id, phone=done["phone"], text=done["text"], no=done["no"] or NOTHING))

"""`bihuan upstream`: tickets that were passed on to us, and whether their answer has gone back."""

from dataclasses import asdict
from typing import Annotated

import typer

from wording import say


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("intake.upstream"), no_args_is_help=True)
    app.add_typer(group, name="upstream")

    @group.callback()
    def everywhere() -> None:
        """So that `list` stays a word of its own."""

    @group.command("list", help=say("intake.upstream_list"))
    def list_them(
        open_only: Annotated[bool, typer.Option("--open", help=say("intake.upstream_open"))] = False,
        limit: Annotated[int, typer.Option(min=1, max=100_000, help=say("cli.list_limit"))] = 200,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _list(open_only=open_only, limit=limit, as_json=as_json)


def _list(*, open_only: bool, limit: int, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.upstream import tickets

    with unit_of_work() as session:
        found, zone = tickets(session, open_only=open_only, limit=limit), catalogue(session).zone
    if as_json:
        moments = ("due_at", "replied_at")
        print_json([{k: v.isoformat() if k in moments and v else v for k, v in asdict(each).items()} for each in found])
        return
    columns = ("upstream_system", "upstream_no", "no", "state", "subject", "upstream_due", "reply_to", "replied_at")
    rows = [
        (t.system, t.upstream_no, t.no, word("state", t.state), t.subject, local(t.due_at, zone), t.reply_to, local(t.replied_at, zone))
        for t in found
    ]
    print_table("", columns, rows, on=screen())
    if not rows:
        typer.echo(say("intake.no_upstream"))

"""`bihuan notify numbers`: phones and mailboxes at which somebody cannot be reached: list, flag (a reissued number), clear."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from wording import say

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_All = Annotated[bool, typer.Option("--all", help=say("numbers.all"))]
_Who = Annotated[str, typer.Argument(help=say("numbers.who"))]
_As = Annotated[str, typer.Option("--as", help=say("numbers.as"))]
_Kind = Annotated[str, typer.Option(help=say("numbers.kind"))]


def add(group: typer.Typer) -> None:
    """Add the commands to `bihuan notify`."""
    numbers = typer.Typer(help=say("numbers.help"), invoke_without_command=True)
    group.add_typer(numbers, name="numbers")

    @numbers.callback()
    def start(context: typer.Context, everything: _All = False, as_json: _Json = False) -> None:
        if context.invoked_subcommand is None:
            _list(everything=everything, as_json=as_json)

    @numbers.command("list", help=say("numbers.list"))
    def list_them(everything: _All = False, as_json: _Json = False) -> None:
        _list(everything=everything, as_json=as_json)

    @numbers.command(help=say("numbers.flag"))
    def flag(
        who: _Who,
        user: _As,
        kind: _Kind = "phone",
        reason: Annotated[str, typer.Option(help=say("numbers.reason"))] = "reissued",
        as_json: _Json = False,
    ) -> None:
        _flag(who, kind, reason, user, as_json=as_json)

    @numbers.command(help=say("numbers.clear"))
    def clear(who: _Who, user: _As, kind: _Kind = "phone", as_json: _Json = False) -> None:
        _clear(who, kind, user, as_json=as_json)


def _list(*, everything: bool, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.deliveries.failing_numbers import listed

    with unit_of_work() as session:
        known, found = catalogue(session), listed(session, cleared=everything)
    if as_json:
        print_json(plain([asdict(each) for each in found]))
        return
    if not found:
        typer.echo(say("numbers.none"))
        return
    columns = ("recipient", "whose", "kind", "why_failing", "code", "since", *(("cleared",) if everything else ()))
    rows = [
        (
            *(each.recipient, each.who or say("numbers.resident"), word("address_kind", each.kind), word("number_reason", each.reason)),
            *(each.code, local(each.since, known.zone), local(each.cleared_at, known.zone)),
        )[: len(columns)]
        for each in found
    ]
    print_table(say("numbers.title", n=len(found)), columns, rows, on=screen())
    typer.echo(say("numbers.how"))


def _flag(who: str, kind: str, reason: str, user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.deliveries.reports import report

    with unit_of_work() as session:
        found = report(session, who, kind, reason, user, utcnow())
    _answer("flagged", found, as_json=as_json)


def _clear(who: str, kind: str, user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.deliveries.reports import restore

    with unit_of_work() as session:
        found = restore(session, who, kind, user, utcnow())
    _answer("cleared", found, as_json=as_json)


def _answer(what: str, found: Sequence[str], *, as_json: bool) -> None:
    from commands.screen import print_json

    if as_json:
        print_json({what: list(found)})
    else:
        typer.echo(say(f"numbers.{what}", who=", ".join(found)) if found else say(f"numbers.{what}_before"))

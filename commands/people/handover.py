"""`bihuan handover`: handing a shift over, with a list that both sign."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from wording import say

_Number = Annotated[int, typer.Argument(help=say("handover.number"))]
_As = Annotated[str, typer.Option("--as", help=say("handover.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("handover.help"), no_args_is_help=True)
    app.add_typer(group, name="handover")
    _add_moves(group)
    _add_cancel(group)

    @group.command(help=say("handover.show"))
    def show(number: _Number, as_json: _Json = False) -> None:
        from commands.opening import unit_of_work
        from services.people.handover import shown

        with unit_of_work() as session:
            found = shown(session, number)
        _print(found, as_json=as_json)

    @group.command("list", help=say("handover.list"))
    def list_them(
        open_only: Annotated[bool, typer.Option("--open", help=say("handover.open"))] = False,
        as_json: _Json = False,
    ) -> None:
        _list(open_only=open_only, as_json=as_json)


def _add_moves(group: typer.Typer) -> None:
    @group.command(help=say("handover.prepare"))
    def prepare(
        user: Annotated[str, typer.Option("--as", help=say("handover.giver"))],
        to: Annotated[str, typer.Option(help=say("handover.taker"))],
        note: Annotated[str, typer.Option(help=say("handover.note"))] = "",
        leave_out: Annotated[bool, typer.Option("--leave-out", help=say("handover.leave_out"))] = False,
        as_json: _Json = False,
    ) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.people import handover

        with unit_of_work() as session:
            found = handover.shown(session, handover.prepare(session, user, to, note, utcnow(), leave_out=leave_out))
        _print(found, as_json=as_json)

    @group.command(help=say("handover.sign"))
    def sign(number: _Number, user: _As, as_json: _Json = False) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.people import handover

        with unit_of_work() as session:
            found = handover.sign(session, number, user, utcnow())
        _print(found, as_json=as_json)


def _add_cancel(group: typer.Typer) -> None:
    @group.command(help=say("handover.cancel"))
    def cancel(number: _Number, user: _As) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.people import handover

        with unit_of_work() as session:
            handover.cancel(session, number, user, utcnow())
        typer.echo(say("handover.cancelled", number=number))


def _print(found: Mapping[str, Any], *, as_json: bool) -> None:
    from commands.affairs.words import affair_name
    from commands.moments import plain
    from commands.screen import joined, local, print_json, print_table, screen, word

    if as_json:
        print_json(plain(found))
        return
    zone = _zone()
    told = {name: found[name] for name in ("number", "unit", "from", "to")}
    typer.echo(say("handover.head", **told, state=word("handover_state", found["state"]), count=len(found["items"])))
    if found["note"]:
        typer.echo(say("handover.noted", note=found["note"]))
    lines = [
        [
            item["case"],
            item["order"],
            joined((word("clock", item["clock"]), item.get("affair") and affair_name(item["affair"], item["part"]))),
            local(datetime.fromisoformat(item["due"]), zone),
            say("handover.own") if item["own"] else "",
            joined([*(word("handover_remark", code) for code in item["remarks"]), word("state", item["over"]) if item["over"] else ""]),
        ]
        for item in found["items"]
    ]
    print_table(say("handover.items"), ["no", "order", "clock", "due", "own", "remark"], lines, on=screen())


def _list(*, open_only: bool, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.people.handover import listed

    with unit_of_work() as session:
        rows = listed(session, open_only=open_only)
    if as_json:
        print_json(plain(rows))
        return
    zone = _zone()
    lines = [
        [r["number"], r["unit"], r["from"], r["to"], word("handover_state", r["state"]), r["items"], local(r["prepared_at"], zone)]
        for r in rows
    ]
    print_table(say("handover.title"), ["number", "unit", "giver", "taker", "state", "cases", "prepared_at"], lines, on=screen())
    if not lines:
        typer.echo(say("handover.none"))


def _zone() -> Any:  # noqa: ANN401 - a tzinfo
    from commands.opening import unit_of_work
    from services.catalogue import catalogue

    with unit_of_work() as session:
        return catalogue(session).zone

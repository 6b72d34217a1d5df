"""`bihuan mechanism`: which ways of handling are on in this installation."""

from typing import Annotated

import typer

from wording import say

_Code = Annotated[str, typer.Argument(help=say("mechanisms.code"))]
_User = Annotated[str, typer.Option("--as", help=say("mechanisms.as_admin"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("mechanisms.help"), no_args_is_help=True)
    app.add_typer(group, name="mechanism")

    @group.command("list", help=say("mechanisms.list"))
    def list_them(as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False) -> None:
        _list(as_json=as_json)

    @group.command("on", help=say("mechanisms.on"))
    def switch_on(code: _Code, user: _User = "admin") -> None:
        _switch(code, user, on=True)

    @group.command("off", help=say("mechanisms.off"))
    def switch_off(code: _Code, user: _User = "admin") -> None:
        _switch(code, user, on=False)


def _list(*, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import joined, local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.mechanisms import standings

    with unit_of_work() as session:
        found, zone = standings(session), catalogue(session).zone
    if as_json:
        rows = [{"code": s.code, "name": word("mechanism", s.code), "on": s.on, "rows": s.rows, "by": s.by} for s in found]
        print_json([{**row, "since": s.since.isoformat() if s.since else None} for row, s in zip(rows, found, strict=True)])
        return
    standing = {True: say("mechanisms.is_on"), False: say("mechanisms.is_off")}
    lines = [(s.code, word("mechanism", s.code), standing[s.on], joined(s.rows), local(s.since, zone), s.by) for s in found]
    print_table("", ("code", "mechanism", "standing", "rows", "since", "by"), lines, on=screen())


def _switch(code: str, user: str, *, on: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.mechanisms import switch

    with unit_of_work() as session:
        changed = switch(session, code, catalogue(session).actor(user), utcnow(), on=on)
    typer.echo(say(f"mechanisms.{'now' if changed else 'already'}_{'on' if on else 'off'}", code=code))

"""`bihuan doctor`: is everything well, and if not, what needs a person."""

from typing import Annotated

import typer

from wording import say


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("cli.doctor"))
    def doctor(as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False) -> None:
        _doctor(as_json=as_json)


def _doctor(*, as_json: bool) -> None:
    from dataclasses import asdict

    from clock import utcnow
    from commands.screen import print_json, screen
    from commands.upkeep.checks import examine
    from settings import get_settings

    checks = examine(get_settings(), utcnow())
    well = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": well, "checks": [asdict(check) for check in checks]})
    else:
        out = screen()
        for check in checks:
            out.print(f"{'✓' if check.ok else '✗'} {check.text}", style="" if check.ok else "bold red")
            for line in check.lines:
                out.print(f"    {line}")
        out.print(say("doctor.well" if well else "doctor.not_well", n=sum(not check.ok for check in checks)))
    raise typer.Exit(0 if well else 1)

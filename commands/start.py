"""`bihuan up`: everything on one machine, until Ctrl-C."""

import typer

from wording import say


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("cli.up"))
    def up() -> None:
        from commands.up import run
        from settings import get_settings

        raise typer.Exit(run(get_settings()))

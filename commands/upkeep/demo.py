"""`bihuan demo`: a plausible district of any size."""

from typing import Annotated

import typer

from wording import say


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("demo.help"))
    def demo(
        cases: Annotated[int, typer.Option(min=1, max=1_000_000, help=say("demo.cases"))] = 60,
        days: Annotated[int, typer.Option(min=1, max=3650, help=say("demo.days"))] = 30,
    ) -> None:
        from rich.console import Console

        from clock import utcnow
        from commands.progress import bar
        from flows.demonstration import demonstrate
        from settings import get_settings

        with bar(say("demo.running"), Console(stderr=True)) as progress:
            made, closed = demonstrate(get_settings(), cases, days, utcnow(), progress)
        typer.echo(say("demo.done", cases=made, closed=closed) if made else say("demo.known", cases=cases))

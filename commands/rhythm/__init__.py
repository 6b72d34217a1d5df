"""`bihuan daily`, `weekly`, `bulletin`: the day, the week and the month of governance. One of them a file."""

import typer

from commands.rhythm import bulletin, daily, weekly


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for each in (daily, weekly, bulletin):
        each.add(app)

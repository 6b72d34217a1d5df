"""`bihuan notify`: messages to people: how they stand, what became of them, what they say, how much is sent. One subject a file."""

import typer

from commands.notify import dead, inbox, limits, numbers, preview, replies, resend, status, template, test
from wording import say


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("notify.help"), no_args_is_help=True)
    app.add_typer(group, name="notify")
    for subject in (test, status, dead, resend, inbox, replies, numbers, limits, preview, template):
        subject.add(group)

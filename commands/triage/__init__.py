"""`bihuan triage`: what a message is probably about: learn from decisions, measure, suggest, edit the words."""

from pathlib import Path
from typing import Annotated

import typer

from commands.triage import words
from wording import say

_As = Annotated[str, typer.Option("--as", help=say("triage.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_Plain = Annotated[bool, typer.Option("--plain", help=say("triage.plain"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("triage.help"), no_args_is_help=True)
    app.add_typer(group, name="triage")
    _add_measuring(group)
    _add_learning(group)
    _add_suggesting(group)
    words.add(group)


def _add_measuring(group: typer.Typer) -> None:
    @group.command(help=say("triage.evaluate"))
    def evaluate(
        train: Annotated[Path, typer.Option(help=say("triage.train_file"))],
        test: Annotated[Path | None, typer.Option(help=say("triage.test_file"))] = None,
        taxonomy: Annotated[Path | None, typer.Option(help=say("triage.taxonomy"))] = None,
        plain: _Plain = False,
        json_to: Annotated[str | None, typer.Option("--json", metavar="FILE", help=say("triage.json_to"))] = None,
    ) -> None:
        from commands.triage.measuring import Asked, measure

        measure(Asked(train, test, taxonomy, plain=plain, json_to=json_to))


def _add_learning(group: typer.Typer) -> None:
    @group.command(help=say("triage.train"))
    def train(user: _As = "admin", plain: _Plain = False, as_json: _Json = False) -> None:
        from commands.triage.learning import learn

        learn(user, plain=plain, as_json=as_json)

    @group.command(help=say("triage.status"))
    def status(as_json: _Json = False) -> None:
        from commands.triage.learning import show_standing

        show_standing(as_json=as_json)


def _add_suggesting(group: typer.Typer) -> None:
    @group.command(help=say("triage.suggest"))
    def suggest(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        user: Annotated[str | None, typer.Option("--as", help=say("privacy.look_as"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.triage.suggesting import suggest_for

        suggest_for(no, user, as_json=as_json)

    @group.command(help=say("triage.disagreements"))
    def disagreements(as_json: _Json = False) -> None:
        from commands.triage.suggesting import show_disagreements

        show_disagreements(as_json=as_json)

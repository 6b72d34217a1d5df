"""`bihuan seeds`: the mechanisms that communities described, and the story test that shows each."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from wording import language, say


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("seeds.help"))
    def seeds(json_to: Annotated[str | None, typer.Option("--json", metavar="FILE", help=say("seeds.json_to"))] = None) -> None:
        _seeds(json_to)


def _seeds(json_to: str | None) -> None:
    from commands.screen import joined, print_table, screen, word
    from services.seed_rows import seed_rows

    rows = seed_rows()
    if json_to is None:
        lines = [
            (
                r.row,
                getattr(r, language()),
                r.seed,
                joined(word("mechanism", code) for code in r.mechanisms),
                r.test or say(f"seeds.{r.why}"),
            )
            for r in rows
        ]
        print_table("", ("row", "mechanism", "seed", "mechanisms", "test"), lines, on=screen())
        return
    found = [asdict(r) | {"name": getattr(r, language())} for r in rows]
    text = json.dumps({"rows": found}, ensure_ascii=False, indent=2) + "\n"
    if json_to == "-":
        typer.echo(text, nl=False)
    else:
        Path(json_to).write_text(text, encoding="utf-8")

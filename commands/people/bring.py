"""`bihuan staff import` and `bihuan visit import`: people and rounds of visits as tables; run again, nothing is there twice."""

from pathlib import Path
from typing import Annotated, Final

import typer

from wording import say

BATCH: Final = 500  #: visits in one commit: short enough that nobody waits for the write lock
_File = Annotated[Path, typer.Argument(help=say("bring.file"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add_people(group: typer.Typer) -> None:
    """Add `import` to `bihuan staff`."""

    @group.command("import", help=say("bring.people"))
    def import_people(file: _File, by: Annotated[str, typer.Option("--as", help=say("unit.as"))], as_json: _Json = False) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from commands.screen import print_json
        from services.people.roster import bring

        with unit_of_work() as session:
            done = bring(session, file, by, utcnow())
        if as_json:
            print_json({"new": done.new, "known": done.known})
        else:
            typer.echo(say("bring.people_done", new=done.new, known=done.known))


def add_visits(group: typer.Typer) -> None:
    """Add `import` to `bihuan visit`."""

    @group.command("import", help=say("bring.visits"))
    def import_visits(file: _File, as_json: _Json = False) -> None:
        from commands.screen import print_json

        visits, known, cases = _bring_visits(file)
        if as_json:
            print_json({"visits": visits, "known": known, "cases": cases})
        else:
            typer.echo(say("bring.visits_done", n=visits, known=known, cases=cases))


def _bring_visits(file: Path) -> tuple[int, int, int]:
    """How many visits are new, how many were there, how many cases came of the new ones; each batch is all or nothing."""
    from clock import utcnow
    from commands.opening import database
    from services.catalogue import catalogue
    from services.intake.visit_tables import visits_of
    from services.intake.visits import open_visits
    from services.moves import Setting

    with database() as opened:
        with opened.unit_of_work() as session:
            entries = visits_of(file, catalogue(session))
        done = []
        for first in range(0, len(entries), BATCH):
            with opened.unit_of_work() as session:
                done += open_visits(session, entries[first : first + BATCH], Setting(utcnow()))
    known = sum(each.known for each in done)
    return len(done) - known, known, sum(not case.known for each in done for case in each.cases)

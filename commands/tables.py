"""`bihuan import`: hand in a whole table of reports; run again, nothing is handed in twice."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wording import say

if TYPE_CHECKING:
    from models import Database
    from services.importing import Reading
    from services.tables import Reject

BATCH: Final = 50  #: reports in one commit: short enough that nobody waits for the write lock
SHOWN: Final = 20  #: rejected rows named on the screen


@dataclass(slots=True)
class Tally:
    """What became of a table; the keys of `--json`."""

    rows: int = 0
    new: int = 0
    known: int = 0
    rejected: int = 0
    cases: list[dict[str, object]] = field(default_factory=list)


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command("import", help=say("cli.import"))
    def import_table(
        file: Annotated[Path, typer.Argument(help=say("cli.import_file"))],
        source: Annotated[str, typer.Option(help=say("cli.source"))] = "resident",
        rejects: Annotated[Path | None, typer.Option(help=say("cli.import_rejects"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _import(file, source, rejects, as_json=as_json)


def _import(file: Path, source: str, rejects: Path | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import database
    from commands.progress import bar
    from commands.screen import errors, print_json
    from services.catalogue import catalogue
    from services.importing import REQUIRED, reports_of
    from services.tables import read_table, write_rejects

    table = read_table(file, REQUIRED)
    with database() as opened:
        with opened.unit_of_work() as session:
            reading = reports_of(table, source, catalogue(session), utcnow())
        if rejects is not None:
            write_rejects(rejects, table.header, reading.rejects)
        tally = Tally(len(reading.reports) + len(reading.rejects), rejected=len(reading.rejects))
        with bar(say("cli.importing"), errors()) as show:
            _hand_in(opened, reading, tally, show)
    _complain(reading.rejects, rejects)
    if as_json:
        print_json({**asdict(tally), "rejects": [{"line": r.line, "code": r.code, "detail": r.detail} for r in reading.rejects]})
    else:
        _sum_up(tally)


def _sum_up(tally: Tally) -> None:
    from commands.screen import joined

    typer.echo(say("cli.imported", rows=tally.rows, new=tally.new, known=tally.known, rejected=tally.rejected))
    for sentence, known in (("cli.imported_new", False), ("cli.imported_known", True)):
        numbers = list(dict.fromkeys(case["no"] for case in tally.cases if case["known"] is known))
        if numbers:
            more = say("cli.imported_more", n=len(numbers) - SHOWN) if len(numbers) > SHOWN else ""
            typer.echo(say(sentence, None, cases=joined(numbers[:SHOWN]), more=more))


def _hand_in(opened: "Database", reading: "Reading", tally: Tally, show: Callable[[int, int], None]) -> None:
    """A batch is one commit: killed half-way, the batches before are in, and the next run knows them."""
    from clock import utcnow
    from services.intake import submit
    from services.moves import Setting

    whole = len(reading.reports)
    for start in range(0, whole, BATCH):
        show(start, whole)
        with opened.unit_of_work() as session:
            done = submit(session, reading.reports[start : start + BATCH], Setting(utcnow()))
        known = sum(each.known for each in done)
        tally.known += known
        tally.new += len(done) - known
        rows = reading.rows[start : start + BATCH]
        tally.cases += [{"line": r.line, "id": r.values["id"], "no": d.no, "known": d.known} for r, d in zip(rows, done, strict=True)]
    show(whole, whole)


def _complain(rejects: "Sequence[Reject]", file: Path | None) -> None:
    from commands.screen import errors
    from services.tables import reason_of

    out = errors()
    for reject in rejects[:SHOWN]:
        out.print(say("cli.rejected", line=reject.line, reason=reason_of(reject)))
    if len(rejects) > SHOWN:
        out.print(say("cli.rejected_more", n=len(rejects) - SHOWN))
    if rejects:
        out.print(say("cli.rejects_in", path=file) if file is not None else say("cli.rejects_nowhere"))

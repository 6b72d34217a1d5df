"""`bihuan import`: hand in a whole table of reports; run again, nothing is handed in twice."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from rules.facts import SYSTEM, Actor, Refused
from wording import say

if TYPE_CHECKING:
    from models import Database
    from services.intake import Report
    from services.intake.importing import Reading
    from services.tables import Reject, Table, TableRow

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
        user: Annotated[str | None, typer.Option("--as", help=say("intake.as_user"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _import(file, source, rejects, user, as_json=as_json)


def _import(file: Path, source: str, rejects: Path | None, user: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import database
    from commands.progress import bar
    from commands.screen import errors, print_json
    from services.catalogue import catalogue
    from services.intake.importing import REQUIRED, emergencies, reports_of
    from services.tables import read_table, write_rejects

    table = read_table(file, REQUIRED)
    with database() as opened:
        with opened.unit_of_work() as session:
            known = catalogue(session)
            actor = known.actor(user) if user else SYSTEM
            reading = reports_of(table, source, known, utcnow(), by_one_of_us=user is not None)
        tally = Tally(len(reading.reports) + len(reading.rejects))
        with bar(say("cli.importing"), errors()) as show:
            _hand_in(opened, table, reading, tally, actor, show)
    tally.rejected = len(reading.rejects)
    if rejects is not None:
        write_rejects(rejects, table.header, reading.rejects)
    _warn(emergencies(reading.rejects, known))
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


def _hand_in(opened: "Database", table: "Table", reading: "Reading", tally: Tally, actor: Actor, show: Callable[[int, int], None]) -> None:
    """A batch is one commit: killed half-way, the batches before are in, and the next run knows them.

    Where one row of a batch is refused its rows go in one by one: nobody's report waits for somebody else's mistake.
    """
    from commands.trouble import refusal

    whole = len(reading.reports)
    for start in range(0, whole, BATCH):
        show(start, whole)
        batch = list(zip(reading.rows, reading.reports, strict=True))[start : start + BATCH]
        try:
            _submit(opened, batch, tally, actor)
        except Refused:
            for each in batch:
                try:
                    _submit(opened, [each], tally, actor)
                except Refused as refused:
                    reading.rejects.append(table.reject(each[0], "refused", refusal(refused)))
    show(whole, whole)


def _submit(opened: "Database", batch: "Sequence[tuple[TableRow, Report]]", tally: Tally, actor: Actor) -> None:
    from clock import utcnow
    from services.intake import submit
    from services.moves import Setting

    with opened.unit_of_work() as session:
        done = submit(session, [report for _, report in batch], Setting(utcnow()), actor)
    known = sum(each.known for each in done)
    tally.known += known
    tally.new += len(done) - known
    tally.cases += [{"line": r.line, "id": r.values["id"], "no": d.no, "known": d.known} for (r, _), d in zip(batch, done, strict=True)]


def _warn(rejects: "Sequence[Reject]") -> None:
    """Say first, and of all of them, what sounds like an emergency and is not in."""
    from commands.screen import errors
    from services.tables import reason_of

    for reject in rejects:
        errors().print(say("intake.emergency_left", line=reject.line, reason=reason_of(reject)))


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

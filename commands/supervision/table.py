"""`bihuan supervise issue`: a whole table of supervision orders, with a result for each row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from wording import say

if TYPE_CHECKING:
    from services.supervision import Line, Sheet

BATCH: Final = 200  #: rows in one commit: a day's worth of a district is one


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked: the table, as whom, whether only to rehearse, and where refused rows go."""

    file: Path
    user: str
    dry_run: bool
    rejects: Path | None


def issue_table(wanted: Wanted, *, as_json: bool) -> None:
    """Propose what the rows ask for and say what became of each; rows that are refused hold up no other.

    Raises:
        TableRefused: the table as a whole cannot be used.
        typer.Exit: with 1, some rows were refused.
    """
    sheet, lines = _issued(wanted)
    refused = [line for line in lines if line.refusal is not None]
    if wanted.rejects is not None:
        _write_rejects(wanted.rejects, sheet, refused)
    if as_json:
        _print_json(wanted, sheet, lines)
    else:
        _say(wanted, sheet, lines)
    if refused or sheet.table.rejects:
        raise typer.Exit(1)


def _issued(wanted: Wanted) -> "tuple[Sheet, list[Line]]":
    """A batch is one commit; killed half-way, the batches before are in, and the next run refuses them as open already."""
    from clock import utcnow
    from commands.opening import database
    from services.catalogue import catalogue
    from services.moves import Setting
    from services.supervision import issue, read_sheet

    lines: list[Line] = []
    with database() as opened:
        with opened.unit_of_work() as session:
            sheet, actor = read_sheet(wanted.file, catalogue(session)), catalogue(session).actor(wanted.user)
        batches = [sheet.asked[at : at + BATCH] for at in range(0, len(sheet.asked), BATCH)] or [[]]
        for i, asked in enumerate(batches):
            with opened.unit_of_work() as session:
                lines += issue(session, replace(sheet, asked=asked, unusable=[] if i else sheet.unusable), actor, Setting(utcnow()))
                if wanted.dry_run:
                    session.rollback()
    return sheet, sorted(lines, key=lambda line: line.row.line)


def _write_rejects(path: Path, sheet: "Sheet", refused: "Sequence[Line]") -> None:
    from services.tables import write_rejects

    named = [
        sheet.table.reject(line.row, "refused", say("supervise.field_refused", field=_field(line), reason=_reason(line)))
        for line in refused
    ]
    write_rejects(path, sheet.table.header, [*sheet.table.rejects, *named])


def _field(line: "Line") -> str:
    from commands.screen import word

    return word("supervise_field", line.field)


def _reason(line: "Line") -> str:
    from commands.supervision.screen import reason_of

    return reason_of(line.refusal) if line.refusal is not None else ""


def _print_json(wanted: Wanted, sheet: "Sheet", lines: "Sequence[Line]") -> None:
    from commands.screen import print_json
    from services.tables import reason_of

    told: list[dict[str, Any]] = [
        {
            "line": line.row.line,
            "case": line.opened.case_no if line.opened else None,
            "order": line.opened.label if line.opened else None,
            "field": line.field,
            "code": getattr(line.refusal, "code", "conflict") if line.refusal else None,
            "reason": _reason(line) or None,
        }
        for line in lines
    ]
    broken = [
        {"line": r.line, "case": None, "order": None, "field": None, "code": r.code, "reason": reason_of(r)} for r in sheet.table.rejects
    ]
    print_json({**_counts(sheet, lines), "dry_run": wanted.dry_run, "lines": sorted(told + broken, key=lambda each: each["line"])})


def _counts(sheet: "Sheet", lines: "Sequence[Line]") -> dict[str, int]:
    new = sum(line.opened is not None for line in lines)
    rows = len(lines) + len(sheet.table.rejects)
    return {"rows": rows, "new": new, "refused": rows - new}


def _say(wanted: Wanted, sheet: "Sheet", lines: "Sequence[Line]") -> None:
    from commands.screen import errors
    from services.tables import reason_of

    out, counts = errors(), _counts(sheet, lines)
    for reject in sheet.table.rejects:
        out.print(say("cli.rejected", line=reject.line, reason=reason_of(reject)))
    for line in lines:
        if line.refusal is not None:
            out.print(say("supervise.line_refused", line=line.row.line, field=_field(line), reason=_reason(line)))
    typer.echo(say("supervise.rehearsed" if wanted.dry_run else "supervise.issued", None, **counts))
    if wanted.rejects is not None and counts["refused"]:
        out.print(say("cli.rejects_in", path=wanted.rejects))
    if counts["new"] and not wanted.dry_run:
        out.print(say("supervise.next_sign_all"))

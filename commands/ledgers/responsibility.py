"""`bihuan responsibility`: who is responsible for this place and this matter today, and the tables behind it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from commands.ledgers import responsibility_grid
from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.duty import Wrong
    from services.responsibility.asking import Answer
    from services.responsibility.duties import Duty
    from services.responsibility.gaps import Report

SHOWN: Final = 20  #: wrong rows named on the screen
#: Columns that are too long for a screen: they stand in the JSON and in what is exported.
_IN_FULL: Final = frozenset({"post", "deputy", "promise", "promise_en", "duty_en", "place", "hours"})
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_As = Annotated[str, typer.Option("--as", help=say("responsibility.as"))]
_Kind = Annotated[str, typer.Option(help=say("responsibility.kind"))]
_Area = Annotated[str | None, typer.Option(help=say("responsibility.area"))]
_At = Annotated[str | None, typer.Option(help=say("responsibility.at"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("responsibility.help"), no_args_is_help=True)
    app.add_typer(group, name="responsibility")
    _add_asking(group)
    _add_tables(group)
    responsibility_grid.add(group)


def _add_asking(group: typer.Typer) -> None:
    @group.command(help=say("responsibility.who"))
    def who(
        area: Annotated[str, typer.Option(help=say("responsibility.area"))],
        category: Annotated[str | None, typer.Option(help=say("responsibility.category"))] = None,
        place: Annotated[str, typer.Option(help=say("responsibility.place"))] = "",
        at: _At = None,
        as_json: _Json = False,
    ) -> None:
        _who(area, category, place, at, as_json=as_json)

    @group.command(help=say("responsibility.gaps"))
    def gaps(area: _Area = None, at: _At = None, as_json: _Json = False) -> None:
        _gaps(area, at, as_json=as_json)


def _add_tables(group: typer.Typer) -> None:
    @group.command("import", help=say("responsibility.import"))
    def import_table(file: Annotated[Path, typer.Argument(help=say("responsibility.file"))], user: _As, kind: _Kind = "matrix") -> None:
        _import(file, user, kind)

    @group.command(help=say("responsibility.export"))
    def export(file: Annotated[Path, typer.Argument(help=say("responsibility.file"))], kind: _Kind = "matrix", area: _Area = None) -> None:
        _export(file, kind, area)

    @group.command("list", help=say("responsibility.list"))
    def list_them(kind: _Kind = "matrix", area: _Area = None, as_json: _Json = False) -> None:
        _list(kind, area, as_json=as_json)

    @group.command(help=say("responsibility.end"))
    def end(
        row: Annotated[int, typer.Argument(help=say("responsibility.id"))],
        user: _As,
        kind: _Kind = "matrix",
        at: _At = None,
    ) -> None:
        _end(kind, row, user, at)


def _who(area: str, category: str | None, place: str, at: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import moment
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from rules.facts import Refused
    from services.catalogue import catalogue
    from services.responsibility.asking import responsible

    with unit_of_work() as session:
        known = catalogue(session)
        if area not in known.areas:
            raise Refused("unknown_area", area=area)
        found = responsible(session, known.unit_ids[area], category, moment(at, known.zone, utcnow()), place)
    if as_json:
        print_json(_as_json(found, known))
    else:
        _tell(found, known)


def _as_json(found: "Answer", known: "Catalogue") -> Mapping[str, Any]:
    duty, there = found.duty, found.there.person
    about = {name: getattr(duty, name) for name in ("id", "section", "matter", "post", "promise", "document")} if duty else {}
    return {
        "origin": duty.origin.value if duty else None,
        **about,
        "unit": known.units[found.unit_id].code if found.unit_id is not None else None,
        "user": found.person.name if found.person else None,
        "there": there.name if there else None,
        "how": found.there.how,
        "reasons": list(found.reasons),
        "beaten": len(found.beaten),
    }


def _tell(found: "Answer", known: "Catalogue") -> None:
    from commands.screen import joined, name_of, unit_name, word

    duty = found.duty
    if duty is None:
        typer.echo(say("responsibility.gap"))
        return
    who = name_of(found.person.title) if found.person else None
    typer.echo(say("responsibility.answer", who=joined((duty.post, who)) or "—", unit=unit_name(known, found.unit_id)))
    typer.echo(say(f"responsibility.there_{found.there.how}", user=found.there.person.name if found.there.person else ""))
    for line in (duty.promise, duty.document):
        if line:
            typer.echo(line)
    typer.echo(say("responsibility.because", reasons=joined(word("responsibility_reason", code) for code in found.reasons)))
    if found.beaten:
        typer.echo(say("responsibility.beaten", n=len(found.beaten)))


def _gaps(area: str | None, at: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import moment, plain
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.responsibility.gaps import gaps

    with unit_of_work() as session:
        known = catalogue(session)
        found = gaps(session, moment(at, known.zone, utcnow()), area)
    if as_json:
        print_json(plain(_gaps_json(found, known)))
    else:
        _show_gaps(found, known)


def _gaps_json(found: "Report", known: "Catalogue") -> Mapping[str, Any]:
    def code(unit_id: int) -> str:
        return known.units[unit_id].code

    return {
        "uncovered": [{"grid": code(e.grid_id), "categories": e.categories, "staffed": e.staffed} for e in found.uncovered],
        "overlaps": [{"area": code(e.area_id), "section": e.section, "matter": e.matter, "ids": e.ids} for e in found.overlaps],
        "vacant": [{"origin": e.origin.value, "id": e.id, "area": code(e.area_id), "matter": e.matter} for e in found.vacant],
        "expiring": [{"id": row["id"], "area": code(row["area_unit_id"]), "until": row["until"]} for row in found.expiring],
    }


def _show_gaps(found: "Report", known: "Catalogue") -> None:
    from commands.screen import joined, local, print_table, screen, unit_name
    from services.responsibility.duties import ends

    out, all_of_them = screen(), len(known.offered)
    open_grids = (
        (
            unit_name(known, e.grid_id),
            say("responsibility.all_matters") if len(e.categories) == all_of_them else joined(e.categories),
            say("responsibility.staffed" if e.staffed else "responsibility.unstaffed"),
        )
        for e in found.uncovered
    )
    print_table(say("responsibility.uncovered"), ("resp_grid", "resp_categories", "resp_meanwhile"), open_grids, on=out)
    doubled = ((unit_name(known, e.area_id), e.section, e.matter, joined(e.ids)) for e in found.overlaps)
    print_table(say("responsibility.overlaps"), ("resp_area", "resp_section", "resp_matter", "resp_rows"), doubled, on=out)
    nobody = (_vacant(duty, known) for duty in found.vacant)
    print_table(say("responsibility.vacant"), ("resp_area", "resp_section", "resp_matter", "resp_name"), nobody, on=out)
    soon = ((row["id"], unit_name(known, row["area_unit_id"]), row["document"], local(ends(row), known.zone)) for row in found.expiring)
    print_table(say("responsibility.expiring"), ("resp_id", "resp_area", "resp_document", "resp_to"), soon, on=out)
    if not (found.uncovered or found.overlaps or found.vacant or found.expiring):
        typer.echo(say("responsibility.no_gaps"))


def _vacant(duty: "Duty", known: "Catalogue") -> tuple[object, ...]:
    from commands.screen import unit_name

    person = known.by_id.get(duty.staff_id) if duty.staff_id is not None else None
    return unit_name(known, duty.area_id), duty.section, duty.matter, person.name if person else unit_name(known, duty.unit_id)


def _import(file: Path, user: str, kind: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.responsibility.entering import SheetRefused, enter
    from services.responsibility.sheets import kind_of
    from services.tables import read_table

    table = read_table(file, kind_of(kind).required)
    try:
        with unit_of_work() as session:
            done = enter(session, kind, table, catalogue(session).actor(user), utcnow())
    except SheetRefused as refused:
        _complain(refused.wrong)
        raise
    typer.echo(say("responsibility.imported", new=done.new, known=done.known, following=done.following, kind=kind))


def _complain(wrong: "Sequence[Wrong]") -> None:
    from commands.screen import errors, word
    from services.tables import reason_of

    out = errors()
    for each in wrong[:SHOWN]:
        column = word("column", f"resp_{each.column}") if each.column else say("responsibility.wrong_row")
        out.print(say("responsibility.wrong", line=each.reject.line, column=column, reason=reason_of(each.reject)))
    if len(wrong) > SHOWN:
        out.print(say("responsibility.wrong_more", n=len(wrong) - SHOWN))


def _export(file: Path, kind: str, area: str | None) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.responsibility.listing import as_written, rows_of, written
    from wording import language

    with unit_of_work() as session:
        rows = as_written(session, kind, rows_of(session, kind, utcnow(), area), language())
    file.write_bytes(written(rows, file.suffix))
    typer.echo(say("responsibility.exported", rows=len(rows) - 1, path=file))


def _list(kind: str, area: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen, word
    from services.responsibility.listing import as_written, rows_of

    with unit_of_work() as session:
        rows = rows_of(session, kind, utcnow(), area)
        head, *lines = as_written(session, kind, rows, "en")
    about = [(row["id"], row["stands"], row["superseded_by"]) for row in rows]
    if as_json:
        print_json(
            [
                {"id": a[0], **dict(zip(head, line, strict=True)), "stands": a[1], "superseded_by": a[2]}
                for a, line in zip(about, lines, strict=True)
            ]
        )
        return
    if not rows:
        typer.echo(say("responsibility.none", kind=kind))
    shown = [i for i, name in enumerate(head) if name not in _IN_FULL]
    columns = [f"resp_{name}" for name in ("id", *(head[i] for i in shown), "stands", "superseded_by")]
    cells = (
        (a[0], *(_cell(head[i], line[i]) for i in shown), word("responsibility_stands", a[1]), a[2])
        for a, line in zip(about, lines, strict=True)
    )
    print_table(word("responsibility_kind", kind), columns, cells, on=screen())


def _cell(column: str, text: str) -> str:
    """A cell as a screen shows it: an office and a line by name; what is exported, and the JSON, have codes."""
    from commands.screen import name_of
    from services.responsibility.reference import lines, offices

    named = offices().get(text) if column == "office" else lines().get(text) if column == "line" else None
    return (name_of(named.name) if named is not None else None) or text


def _end(kind: str, row: int, user: str, at: str | None) -> None:
    from clock import utcnow
    from commands.moments import moment
    from commands.opening import unit_of_work
    from commands.screen import local
    from services.catalogue import catalogue
    from services.responsibility.entering import end

    with unit_of_work() as session:
        known, now = catalogue(session), utcnow()
        ends_at = moment(at, known.zone, now)
        end(session, kind, row, ends_at, known.actor(user), now)
    typer.echo(say("responsibility.ended", id=row, at=local(ends_at, known.zone)))

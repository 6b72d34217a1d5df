"""`bihuan unit`: units that are renamed, merged or split, shown before they are."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.catalogue import Catalogue
    from services.units.splitting import Part

_PARTS: Final = 3  #: what a new unit is written as: code, name in Chinese, name in English
_Code = Annotated[str, typer.Argument(help=say("unit.code"))]
_From = Annotated[str | None, typer.Option("--from", help=say("unit.from"))]
_As = Annotated[str | None, typer.Option("--as", help=say("unit.as"))]
_Dry = Annotated[bool, typer.Option("--dry-run/--apply", help=say("unit.dry_run"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
#: Asks for the change in a unit of work: the moment, who, now; gives back its number.
Ask = Callable[["Session", datetime, str, datetime], int]
UnitOfWork = Callable[[], AbstractContextManager["Session"]]
SHOWN: Final = 12  #: of what is touched, how many are named on the screen


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("unit.help"), no_args_is_help=True)
    app.add_typer(group, name="unit")
    _add_changes(group)
    _add_split(group)
    _add_duty_phone(group)
    _add_looking(group)


def _add_changes(group: typer.Typer) -> None:
    @group.command(help=say("unit.rename"))
    def rename(
        code: _Code,
        zh: Annotated[str, typer.Option(help=say("unit.zh"))],
        en: Annotated[str, typer.Option(help=say("unit.en"))],
        since: _From = None,
        user: _As = None,
        dry_run: _Dry = True,
        as_json: _Json = False,
    ) -> None:
        from services.units.asking import ask_rename

        def ask(session: "Session", at: datetime, by: str, now: datetime) -> int:
            return ask_rename(session, code, zh, en, at, by, now)

        _change(code, since, user, ask, dry_run=dry_run, as_json=as_json, moves=False)

    @group.command(help=say("unit.merge"))
    def merge(
        code: _Code,
        into: Annotated[str, typer.Option(help=say("unit.into"))],
        since: _From = None,
        user: _As = None,
        dry_run: _Dry = True,
        as_json: _Json = False,
    ) -> None:
        from services.units.asking import ask_merge

        _change(code, since, user, lambda s, at, by, now: ask_merge(s, code, into, at, by, now), dry_run=dry_run, as_json=as_json)


def _add_split(group: typer.Typer) -> None:
    @group.command(help=say("unit.split"))
    def split(
        code: _Code,
        into: Annotated[list[str], typer.Option(help=say("unit.parts"))],
        by: Annotated[Path, typer.Option(help=say("unit.by"))],
        since: _From = None,
        user: _As = None,
        dry_run: _Dry = True,
        as_json: _Json = False,
    ) -> None:
        parts = [_part(text) for text in into]
        _change(code, since, user, _splitting(code, parts, by), dry_run=dry_run, as_json=as_json)


def _add_duty_phone(group: typer.Typer) -> None:
    @group.command("duty-phone", help=say("unit.duty_phone"))
    def duty_phone(
        code: _Code,
        phone: Annotated[str, typer.Argument(help=say("unit.duty_phone_number"))],
        user: Annotated[str, typer.Option("--as", help=say("unit.as"))],
    ) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.people.addresses import set_duty_phone

        with unit_of_work() as session:
            set_duty_phone(session, code, phone, user, utcnow())
        typer.echo(say("unit.duty_phone_set", unit=code))


def _part(text: str) -> "Part":
    from services.units.splitting import Part

    words = [word.strip() for word in text.split(":")]
    if len(words) != _PARTS or not all(words):
        raise Refused("part_wrong", given=text)
    return Part(*words)


def _splitting(code: str, parts: list["Part"], file: Path) -> Ask:
    from services.tables import read_table
    from services.units.splitting import REQUIRED, read_shares

    rows = read_table(file, REQUIRED)

    def ask(session: "Session", at: datetime, by: str, now: datetime) -> int:
        from services.catalogue import catalogue
        from services.units.asking import ask_split, unit_id_of

        known = catalogue(session)
        shares = read_shares(rows, known, unit_id_of(known, code), [part.code for part in parts])
        return ask_split(session, code, parts, shares, at, by, now)

    return ask


def _change(code: str, since: str | None, user: str | None, ask: Ask, *, dry_run: bool, as_json: bool, moves: bool = True) -> None:
    """Show what a change touches, if it moves anything; with --apply ask for it, and bring it into force at once if its moment has come."""
    from clock import utcnow
    from commands.moments import moment
    from commands.opening import database
    from services.catalogue import catalogue

    now = utcnow()
    if user is None and not dry_run:
        raise Refused("who_asks")
    with database() as opened:
        with opened.unit_of_work() as session:
            known = catalogue(session)
            at = moment(since, known.zone, now)
            touched = _touched(session, known, code, now) if moves else {}
        number = tried(opened.unit_of_work, lambda s: ask(s, at, user or "admin", now), dry_run=dry_run)
        if not dry_run:
            bring_into_force(opened.unit_of_work, now)
    answer = {"unit": code, "from": at, "number": None if dry_run else number, "touches": touched}
    _print(answer, at, now, dry_run=dry_run, as_json=as_json)


def _touched(session: "Session", known: "Catalogue", code: str, now: datetime) -> dict[str, Any]:
    from services.units.affected import affected
    from services.units.asking import unit_id_of

    return affected(session, known, unit_id_of(known, code), now).plain()


class _TriedOutError(Exception):
    """Everything that was checked holds; nothing of it is to stay."""


def tried(unit_of_work: UnitOfWork, ask: Callable[["Session"], int], *, dry_run: bool) -> int:
    """Ask for a change; a dry run asks too, so that it is refused for the same reasons, and is rolled back."""
    number = 0
    try:
        with unit_of_work() as session:
            number = ask(session)
            if dry_run:
                raise _TriedOutError
    except _TriedOutError:
        pass
    return number


def bring_into_force(unit_of_work: UnitOfWork, now: datetime) -> None:
    """Step by step, as the engine would; what an engine is at already is left to it."""
    from services.units.applying import apply_due

    done: int | None = 0
    while done is not None:
        with unit_of_work() as session:
            done = apply_due(session, now)


def _print(answer: Mapping[str, Any], at: datetime, now: datetime, *, dry_run: bool, as_json: bool) -> None:
    from commands.moments import plain
    from commands.screen import print_json

    if as_json:
        print_json(plain(answer))
        return
    for line in touched_lines(answer["touches"]):
        typer.echo(line)
    said = "dry" if dry_run else "done" if at <= now else "planned"
    typer.echo(say(f"unit.{said}", unit=answer["unit"], at=_local(at), number=answer["number"]))


def _local(at: datetime) -> str | None:
    from commands.opening import unit_of_work
    from commands.screen import local
    from services.catalogue import catalogue

    with unit_of_work() as session:
        return local(at, catalogue(session).zone)


def touched_lines(touches: Mapping[str, Any], *, own: bool = False) -> list[str]:
    """What is touched, a line each; nothing is said of what is not. `own`: a person's, not a unit's."""
    from commands.screen import joined, word

    lines = []
    for name, found in touches.items():
        what = word("touched_own" if own else "touched", name)
        if isinstance(found, int) and found:
            lines.append(say("unit.count", what=what, count=found))
        elif found:
            more = "…" if len(found) > SHOWN else ""
            lines.append(say("unit.line", what=what, count=len(found), which=joined(found[:SHOWN]) + more))
    return lines or [say("unit.nothing")]


def _add_looking(group: typer.Typer) -> None:
    @group.command(help=say("unit.changes"))
    def changes(
        waiting: Annotated[bool, typer.Option("--waiting", help=say("unit.waiting"))] = False,
        as_json: _Json = False,
    ) -> None:
        _changes(waiting=waiting, as_json=as_json)

    @group.command(help=say("unit.cancel"))
    def cancel(
        number: Annotated[int, typer.Argument(help=say("unit.number"))],
        user: Annotated[str, typer.Option("--as", help=say("unit.as"))],
    ) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.units import asking

        with unit_of_work() as session:
            asking.cancel(session, number, user, utcnow())
        typer.echo(say("unit.cancelled", number=number))


def _changes(*, waiting: bool, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.units import asking

    with unit_of_work() as session:
        rows, known = asking.changes(session, waiting=waiting), catalogue(session)
    told = [{**row, "unit": known.units[row["unit_id"]].code} for row in rows]
    if as_json:
        print_json(plain(told))
        return
    columns = ["number", "change", "unit", "from", "applied_at", "cancelled_at"]
    moments = ("effective_at", "applied_at", "cancelled_at")
    lines = [[r["id"], word("unit_change", r["kind"]), r["unit"], *(local(r[n], known.zone) for n in moments)] for r in told]
    print_table(say("unit.changes_title"), columns, lines, on=screen())
    if not lines:
        typer.echo(say("unit.no_changes"))

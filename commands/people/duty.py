"""`bihuan duty`: who is away, who stands in, who is on duty."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.duty import Wrong

SHOWN: Final = 20  #: wrong rows named on the screen
_User = Annotated[str, typer.Argument(help=say("duty.user"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("duty.help"), no_args_is_help=True)
    app.add_typer(group, name="duty")
    _add_people(group)
    _add_rosters(group)


def _add_people(group: typer.Typer) -> None:
    @group.command(help=say("duty.away"))
    def away(
        user: _User,
        since: Annotated[str, typer.Option("--from", help=say("duty.from"))],
        until: Annotated[str | None, typer.Option("--to", help=say("duty.to"))] = None,
        reason: Annotated[str, typer.Option(help=say("duty.reason"))] = "",
    ) -> None:
        _away(user, since, until, reason)

    @group.command(help=say("duty.back"))
    def back(user: _User) -> None:
        _back(user)

    @group.command(help=say("duty.deputy"))
    def deputy(
        user: _User,
        deputy: Annotated[str | None, typer.Argument(help=say("duty.deputy_user"))] = None,
        none: Annotated[bool, typer.Option("--none", help=say("duty.no_deputy"))] = False,
    ) -> None:
        if (deputy is None) != none:
            raise Refused("deputy_wanted")
        _deputy(user, deputy)

    @group.command("list", help=say("duty.list"))
    def list_them(as_json: _Json = False) -> None:
        _list(as_json=as_json)


def _add_rosters(group: typer.Typer) -> None:
    @group.command(help=say("duty.roster"))
    def roster(unit: Annotated[str, typer.Argument(help=say("duty.unit"))], as_json: _Json = False) -> None:
        _roster(unit, as_json=as_json)

    @group.command(help=say("duty.load"))
    def load(file: Annotated[Path, typer.Argument(help=say("duty.file"))]) -> None:
        _load(file)


def _away(user: str, since: str, until: str | None, reason: str) -> None:
    from clock import utcnow
    from commands.moments import read
    from commands.opening import unit_of_work
    from commands.screen import local
    from services.catalogue import catalogue
    from services.duty import set_away

    with unit_of_work() as session:
        zone = catalogue(session).zone
        begins, ends = read(since, zone), None if until is None else read(until, zone, ends=True)
        new = set_away(session, user, begins, ends, reason, utcnow())
    said = {"since": local(begins, zone), "until": local(ends, zone) or say("duty.until_open")}
    typer.echo(say("duty.away_set", user=user, **said) if new else say("duty.away_again", user=user))


def _back(user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.duty import set_back

    with unit_of_work() as session:
        set_back(session, user, utcnow())
    typer.echo(say("duty.back_set", user=user))


def _deputy(user: str, deputy: str | None) -> None:
    from commands.opening import unit_of_work
    from services.duty import set_deputy

    with unit_of_work() as session:
        set_deputy(session, user, deputy)
    typer.echo(say("duty.deputy_set", user=user, deputy=deputy) if deputy else say("duty.deputy_gone", user=user))


def _load(file: Path) -> None:
    from commands.opening import unit_of_work
    from services.duty import REQUIRED, load_roster
    from services.tables import read_table

    table = read_table(file, REQUIRED)
    with unit_of_work() as session:
        reading = load_roster(session, table)
    if reading.wrong:
        _complain(reading.wrong)
        raise Refused("roster_refused", rows=len(reading.wrong))
    rows, known = len(reading.rows), reading.known
    typer.echo(say("duty.loaded", rows=rows, new=rows - known, known=known))


def _complain(wrong: "Sequence[Wrong]") -> None:
    from commands.screen import errors
    from services.tables import reason_of

    out = errors()
    for each in wrong[:SHOWN]:
        field = say(f"duty_field.{each.column or 'row'}")
        out.print(say("duty.refused_line", line=each.reject.line, field=field, reason=reason_of(each.reject)))
    if len(wrong) > SHOWN:
        out.print(say("duty.refused_more", n=len(wrong) - SHOWN))


def _roster(unit: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import name_of
    from services.catalogue import catalogue
    from services.duty import on_roster

    with unit_of_work() as session:
        rows, known = on_roster(session, unit, utcnow()), catalogue(session)
    if as_json:
        _print_json(rows)
    else:
        _print_tables(known, (say("duty.roster_title", unit=name_of(known.names[known.unit_ids[unit]])), rows))


def _list(*, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.duty import away, deputies

    with unit_of_work() as session:
        known = catalogue(session)
        gone, pairs = away(session, utcnow()), list(deputies(known))
    if as_json:
        _print_json({"away": gone, "deputies": pairs})
    else:
        _print_tables(known, (say("duty.away_title"), gone), (say("duty.deputies_title"), pairs))


def _print_json(value: object) -> None:
    from commands.screen import print_json

    print_json(_plain(value))


def _plain(value: object) -> object:
    """Instants as text, whatever they lie in."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _print_tables(known: "Catalogue", *tables: tuple[str, Sequence[Mapping[str, Any]]]) -> None:
    from commands.screen import local, print_table, screen

    for title, rows in tables:
        lines = [[local(v, known.zone) if isinstance(v, datetime) else v for v in row.values()] for row in rows]
        if lines:
            print_table(title, list(rows[0]), lines, on=screen())
    if not any(rows for _, rows in tables):
        typer.echo(say("duty.nothing"))

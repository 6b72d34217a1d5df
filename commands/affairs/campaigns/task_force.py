"""`bihuan campaign force`: task forces (专班), units with an end date."""

from typing import Annotated

import typer

from wording import say

_Code = Annotated[str, typer.Argument(help=say("force.code"))]
_User = Annotated[str, typer.Option("--as", help=say("campaign.as_user"))]
_Until = Annotated[str, typer.Option(help=say("force.until"))]


def add(group: typer.Typer) -> None:
    """Add the commands to the group."""
    force = typer.Typer(help=say("force.help"), no_args_is_help=True)
    group.add_typer(force, name="force")

    @force.command("add", help=say("force.add"))
    def set_up(
        code: _Code,
        user: _User,
        zh: Annotated[str, typer.Option(help=say("force.zh"))],
        en: Annotated[str, typer.Option(help=say("force.en"))],
        parent: Annotated[str, typer.Option(help=say("force.parent"))],
        until: _Until,
        successor: Annotated[str | None, typer.Option(help=say("force.successor"))] = None,
    ) -> None:
        _set_up(code, user, zh, en, parent, until, successor)

    @force.command("list", help=say("force.list"))
    def list_them(as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False) -> None:
        _list(as_json=as_json)

    @force.command(help=say("force.end"))
    def end(code: _Code, user: _User, until: _Until) -> None:
        _end(code, user, until)


def _set_up(code: str, user: str, zh: str, en: str, parent: str, until: str, successor: str | None) -> None:
    from clock import utcnow
    from commands.affairs.campaigns.campaign import moment_of
    from commands.opening import unit_of_work
    from commands.screen import local, unit_name
    from services.catalogue import catalogue
    from services.units.task_forces import Force, set_up

    moment = moment_of(until)
    with unit_of_work() as session:
        set_up(session, [Force(code, zh, en, parent, moment, successor)], user, utcnow())
        known = catalogue(session)
    heir = unit_name(known, known.unit_ids[successor or parent])
    typer.echo(say("force.added", code=code, until=local(moment, known.zone), successor=heir))


def _end(code: str, user: str, until: str) -> None:
    from clock import utcnow
    from commands.affairs.campaigns.campaign import moment_of
    from commands.opening import unit_of_work
    from commands.screen import local
    from services.catalogue import catalogue
    from services.units.task_forces import move_end

    now = utcnow()
    moment = now if until == "now" else moment_of(until)
    with unit_of_work() as session:
        move_end(session, code, moment, user, now)
        zone = catalogue(session).zone
    typer.echo(say("force.moved", code=code, until=local(moment, zone)))


def _list(*, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, unit_name
    from services.catalogue import catalogue
    from services.reading import plain
    from services.units.task_forces import forces

    with unit_of_work() as session:
        known = catalogue(session)
        found = forces(session)
    if as_json:
        print_json([plain(dict(row), known) for row in found])
        return
    if not found:
        typer.echo(say("force.none"))
    zone = known.zone
    rows = (
        (
            row["code"],
            unit_name(known, row["unit_id"]),
            local(row["until"], zone),
            unit_name(known, row["successor_id"]),
            local(row["ended_at"], zone),
        )
        for row in found
    )
    print_table("", ("code", "unit", "last_day", "successor", "ended"), rows, on=screen())

"""`bihuan staff`: who works where, taking somebody on, and somebody who leaves."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from commands.people import bring
from rules.facts import Refused
from wording import say

_User = Annotated[str, typer.Argument(help=say("staff.user"))]
_By = Annotated[str, typer.Option("--as", help=say("unit.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("staff.help"), no_args_is_help=True)
    app.add_typer(group, name="staff")
    _add_looking(group)
    _add_changing(group)
    bring.add_people(group)
    _add_address(group)
    _add_leaving(group)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("staff.list"))
    def list_them(
        unit: Annotated[str | None, typer.Option(help=say("staff.unit"))] = None,
        everybody: Annotated[bool, typer.Option("--all", help=say("staff.all"))] = False,
        as_json: _Json = False,
    ) -> None:
        _list(unit, everybody=everybody, as_json=as_json)

    @group.command(help=say("staff.show"))
    def show(user: _User, as_json: _Json = False) -> None:
        _show(user, as_json=as_json)


def _add_changing(group: typer.Typer) -> None:
    @group.command("add", help=say("staff.add"))
    def take_on(
        user: _User,
        unit: Annotated[str, typer.Option(help=say("staff.unit"))],
        role: Annotated[str, typer.Option(help=say("staff.role"))],
        zh: Annotated[str, typer.Option(help=say("staff.zh"))],
        en: Annotated[str, typer.Option(help=say("staff.en"))],
        by: _By,
        phone: Annotated[str | None, typer.Option(help=say("staff.phone"))] = None,
        email: Annotated[str | None, typer.Option(help=say("staff.email"))] = None,
    ) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.people import staff

        with unit_of_work() as session:
            staff.take_on(session, staff.Post(user, unit, role, zh, en, phone, email), by, utcnow())
        typer.echo(say("staff.added", user=user, unit=unit))


def _add_address(group: typer.Typer) -> None:
    @group.command(help=say("staff.address"))
    def address(
        user: _User,
        by: _By,
        phone: Annotated[str | None, typer.Option(help=say("staff.phone"))] = None,
        email: Annotated[str | None, typer.Option(help=say("staff.email"))] = None,
        im: Annotated[str | None, typer.Option(help=say("staff.im"))] = None,
    ) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.people.addresses import set_addresses

        given = {kind: text for kind, text in (("phone", phone), ("email", email), ("im", im)) if text is not None}
        with unit_of_work() as session:
            set_addresses(session, user, given, by, utcnow())
        typer.echo(say("staff.address_set", user=user))


def _add_leaving(group: typer.Typer) -> None:
    @group.command(help=say("staff.leave"))
    def leave(
        user: _User,
        by: _By,
        to: Annotated[str | None, typer.Option(help=say("staff.to"))] = None,
        at: Annotated[str | None, typer.Option(help=say("unit.from"))] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help=say("staff.dry_run"))] = False,
        as_json: _Json = False,
    ) -> None:
        _leave(user, to, by, at, dry_run=dry_run, as_json=as_json)

    @group.command(help=say("duty.deputy"))
    def deputy(
        user: _User,
        deputy: Annotated[str | None, typer.Argument(help=say("duty.deputy_user"))] = None,
        none: Annotated[bool, typer.Option("--none", help=say("duty.no_deputy"))] = False,
    ) -> None:
        from commands.opening import unit_of_work
        from services.duty import set_deputy

        if (deputy is None) != none:
            raise Refused("deputy_wanted")
        with unit_of_work() as session:
            set_deputy(session, user, deputy)
        typer.echo(say("duty.deputy_set", user=user, deputy=deputy) if deputy else say("duty.deputy_gone", user=user))


def _list(unit: str | None, *, everybody: bool, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.people.staff import staff
    from wording import language

    with unit_of_work() as session:
        known = catalogue(session)
    rows = staff(known, unit, everybody=everybody)
    if as_json:
        print_json(plain(rows))
        return
    columns = ["user", "post", "unit", "role", "deputy", *(["left_at"] if everybody else [])]
    lines = [
        [r["user"], r[language()], r["unit"], word("role", r["role"]), r["deputy"], local(r["left_at"], known.zone)][: len(columns)]
        for r in rows
    ]
    print_table(say("staff.title"), columns, lines, on=screen())


def _show(user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.people.staff import about
    from wording import language

    with unit_of_work() as session:
        found = about(session, user, utcnow())
    if as_json:
        print_json(plain(found))
        return
    typer.echo(say("staff.head", user=found["user"], post=found[language()], unit=found["unit"]))
    _touches(found)


def _leave(user: str, to: str | None, by: str, at: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Show all that is somebody's; unless it is a dry run, let him or her leave, at once if the moment has come."""
    from clock import utcnow
    from commands.moments import moment, plain
    from commands.opening import database
    from commands.people.unit import bring_into_force, tried
    from commands.screen import local, print_json
    from services.catalogue import catalogue
    from services.people.leaving import ask_leave, leaving, person_of

    now = utcnow()
    with database() as opened:
        with opened.unit_of_work() as session:
            known = catalogue(session)
            since = moment(at, known.zone, now)
            found = leaving(session, known, person_of(known, user), since).plain()
        number = tried(opened.unit_of_work, lambda s: ask_leave(s, user, to, since, by, now), dry_run=dry_run)
        if not dry_run:
            bring_into_force(opened.unit_of_work, now)
    if as_json:
        print_json(plain({"user": user, "to": to, "at": since, "number": None if dry_run else number, "touches": found}))
        return
    _touches(found)
    said = "dry" if dry_run else "left" if since <= now else "planned"
    typer.echo(say(f"staff.{said}", user=user, to=to or "—", at=local(since, known.zone)))


def _touches(found: Mapping[str, Any]) -> None:
    from commands.people.unit import touched_lines
    from services.people.inventory import Leaving

    for line in touched_lines({name: found[name] for name in Leaving.__dataclass_fields__}, own=True):
        typer.echo(line)

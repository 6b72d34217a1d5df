"""`bihuan visit`: home visits, from which several cases may come."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.people import bring
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.intake import Report
    from services.intake.visits import Told, Visited

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("intake.visit"), no_args_is_help=True)
    app.add_typer(group, name="visit")
    _add_open(group)
    bring.add_visits(group)

    @group.command("list", help=say("intake.visit_list"))
    def list_them(
        user: Annotated[str | None, typer.Option("--as", help=say("intake.visit_of"))] = None,
        limit: Annotated[int, typer.Option(min=1, max=10_000, help=say("cli.list_limit"))] = 50,
        as_json: _Json = False,
    ) -> None:
        _list(user, limit, as_json=as_json)

    @group.command(help=say("intake.visit_show"))
    def show(
        visit: Annotated[int, typer.Argument(help=say("intake.visit_id"))],
        user: Annotated[str | None, typer.Option("--as", help=say("intake.visit_as"))] = None,
        as_json: _Json = False,
    ) -> None:
        _show(visit, user, as_json=as_json)


def _add_open(group: typer.Typer) -> None:
    @group.command("open", help=say("intake.visit_open"))
    def open_one(
        user: Annotated[str, typer.Option("--as", help=say("intake.as_user"))],
        area: Annotated[str | None, typer.Option(help=say("intake.visit_area"))] = None,
        place: Annotated[str, typer.Option(help=say("intake.visit_place"))] = "",
        note: Annotated[str, typer.Option(help=say("intake.visit_note"))] = "",
        matter: Annotated[list[str] | None, typer.Option(help=say("intake.visit_matter"))] = None,
        file: Annotated[str | None, typer.Option(help=say("intake.visit_file"))] = None,
        at: Annotated[str | None, typer.Option(help=say("intake.visit_at"))] = None,
        key: Annotated[str | None, typer.Option(help=say("intake.visit_key"))] = None,
        phone: Annotated[str | None, typer.Option(help=say("intake.visit_phone"))] = None,
        name: Annotated[str | None, typer.Option(help=say("intake.visit_name"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.moments import typed
        from services.intake.visits import Visited

        visited = Visited(area, place, note, typed(at), key)
        _open(visited, _matters(matter or [], file, phone, name, key), user, as_json=as_json)


def _matters(said: Sequence[str], file: str | None, phone: str | None, name: str | None, key: str | None) -> "list[Report]":
    """A report of each matter: those typed, then those of the list.

    Raises:
        Refused: `bad_phone`, `undecodable_text`.
        OSError: the list cannot be read.
    """
    from commands.cases.submit import found_again_by, text_from
    from services.intake import Report, dialled
    from services.intake.importing import is_phone

    number = dialled(phone) if phone else None
    if number and not is_phone(number):
        raise Refused("bad_phone")
    lines = [line.strip() for line in text_from(file).splitlines() if line.strip()] if file else []
    who = found_again_by(number, name, key)
    return [Report("", matter, requester=who, name=name, phone=number) for matter in (*said, *lines)]


def _open(visited: "Visited", matters: "list[Report]", user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import errors, joined, print_json
    from services.catalogue import catalogue
    from services.intake.visits import open_visit
    from services.moves import Setting

    with unit_of_work() as session:
        done = open_visit(session, visited, matters, catalogue(session).actor(user), Setting(utcnow()))
    if as_json:
        print_json({"visit": done.visit_id, "known": done.known, "cases": [{"no": c.no, "known": c.known} for c in done.cases]})
        return
    numbers = [case.no for case in done.cases]
    said = say("intake.visited", None, id=done.visit_id, n=len(numbers), cases=joined(numbers))
    typer.echo(said if numbers else say("intake.visited_none", None, id=done.visit_id))
    if done.known:
        errors().print(say("intake.visited_before", None, id=done.visit_id))


def _list(user: str | None, limit: int, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import joined, local, print_json, print_table, screen, unit_name
    from services.catalogue import catalogue
    from services.intake.visits import visits

    with unit_of_work() as session:
        known = catalogue(session)
        viewer = known.actor(user) if user is not None else None
        found = visits(session, user=viewer.name if viewer is not None else None, viewer=viewer, limit=limit)
    if as_json:
        print_json([_told(each, known) for each in found])
        return
    rows = [(v.id, local(v.visited_at, known.zone), v.staff, unit_name(known, v.area_unit_id), v.place, _numbers(v, joined)) for v in found]
    print_table("", ("visit", "visited_at", "visited_by", "visit_area", "place", "visit_cases"), rows, on=screen())
    if not rows:
        typer.echo(say("intake.no_visits"))


def _numbers(told: "Told", joined: Any) -> str:  # noqa: ANN401 - commands.screen.joined
    return str(joined(case["no"] for case in told.cases))


def _show(visit_id: int, user: str | None, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, unit_name, word
    from services.catalogue import catalogue
    from services.intake.visits import visit

    with unit_of_work() as session:
        known = catalogue(session)
        found = visit(session, visit_id, known.actor(user) if user is not None else None)
    if as_json:
        print_json(_told(found, known))
        return
    about = {"when": local(found.visited_at, known.zone), "staff": found.staff, "area": unit_name(known, found.area_unit_id)}
    typer.echo(say("intake.visit_heading", None, id=found.id, place=found.place, **about).rstrip())
    if found.note:
        typer.echo(found.note)
    rows = [(case["no"], case["urgency"], word("state", case["state"]), case["subject"]) for case in found.cases]
    print_table("", ("no", "urgency", "state", "subject"), rows, on=screen())


def _told(told: "Told", known: "Catalogue") -> dict[str, Any]:
    area, when = known.units[told.area_unit_id].code, _iso(told.visited_at)
    about = {"visit": told.id, "visited_at": when, "staff": told.staff, "area": area, "place": told.place, "note": told.note}
    return about | {"cases": [dict(case) for case in told.cases]}


def _iso(at: datetime) -> str:
    return at.isoformat()

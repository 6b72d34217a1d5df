"""Drafting, editing, publishing and withdrawing versions of the routing catalogue."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from wording import say

if TYPE_CHECKING:
    from services.routing.learning import As


@dataclass(frozen=True, slots=True)
class Written:
    """A row as it was written on the command line."""

    version: int
    category: str
    area: str | None
    owner: str | None
    lead: str
    co: tuple[str, ...]
    basis: str


def make_draft(file: Path | None, user: str, *, as_json: bool) -> None:
    """Put a file, or what is in force, into the database as a draft."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.routing.drafting import draft
    from services.routing.files import read_routing_file

    written = None if file is None else read_routing_file(file)
    with unit_of_work() as session:
        version = draft(session, written, "" if file is None else file.name, user, utcnow())
    if as_json:
        print_json({"version": version})
    else:
        typer.echo(say("route.drafted", version=version))


def write_row(written: Written, user: str, *, as_json: bool) -> None:
    """Add a row to a draft, or replace the one for the same category, area and owner kind."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from rules.remits import COMPONENT, By, RouteRow
    from services.catalogue import catalogue
    from services.routing.drafting import add_row

    with unit_of_work() as session:
        category = catalogue(session).categories.get(written.category.upper())
        owner = written.owner or (By.OWNER if category is not None and category.kind == COMPONENT else By.AREA).value
        row = RouteRow(0, written.category.upper(), written.area, owner, written.lead, written.co, written.basis)
        line = add_row(session, written.version, row, user, utcnow())
    _added(written.version, line, as_json=as_json)


def _added(version: int, line: int, *, as_json: bool) -> None:
    from commands.screen import print_json

    if as_json:
        print_json({"version": version, "line": line})
    else:
        typer.echo(say("route.added", version=version, line=line))


def drop_line(version: int, line: int, user: str) -> None:
    """Take a row out of a draft."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.routing.drafting import drop_row

    with unit_of_work() as session:
        drop_row(session, version, line, user, utcnow())
    typer.echo(say("route.dropped", version=version, line=line))


def learn_from(no: str, user: str, wanted: "As", *, as_json: bool) -> None:
    """Put the centre's ruling on a case into a draft."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.routing.learning import learn

    with unit_of_work() as session:
        learnt = learn(session, no, user, utcnow(), wanted)
    _added(learnt.version, learnt.row.line, as_json=as_json)


def publish_draft(version: int, user: str, *, anyway: bool, as_json: bool) -> None:
    """Publish a draft."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.routing.drafting import publish

    with unit_of_work() as session:
        publish(session, version, user, utcnow(), anyway=anyway)
    if as_json:
        print_json({"version": version, "published_by": user})
    else:
        typer.echo(say("route.published", version=version))


def withdraw_draft(version: int, user: str) -> None:
    """Withdraw a draft."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.routing.drafting import withdraw

    with unit_of_work() as session:
        withdraw(session, version, user, utcnow())
    typer.echo(say("route.withdrawn", version=version))

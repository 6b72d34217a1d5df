"""Showing versions of the routing catalogue, one in full, and what two of them say otherwise."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.catalogue import Catalogue
    from services.routing.values import RoutingFile


def version_in_force(session: "Session", version: int | None) -> int:
    """The version that was named, else the one in force now."""
    from services.catalogue import catalogue

    return catalogue(session).routing.version if version is None else version


def list_versions(*, as_json: bool) -> None:
    """Print every version."""
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen
    from services.catalogue import catalogue
    from services.routing.stored import versions

    with unit_of_work() as session:
        found, known = versions(session), catalogue(session)
    now = known.routing.version
    if as_json:
        plain = ({k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in asdict(each).items()} for each in found)
        print_json([{**each, "in_force": each["version"] == now} for each in plain])
        return
    rows = (
        (
            f"v{v.version}" + (say("policy.in_force") if v.version == now else ""),
            say(f"policy.state_{v.state}"),
            v.drafted_by,
            v.published_by,
            local(v.published_at, known.zone),
            v.note,
        )
        for v in found
    )
    print_table("", ("version", "policy_state", "drafted_by", "published_by", "published", "note"), rows, on=screen())


def print_toml(version: int | None) -> None:
    """Print a version as a file that `route draft` reads.

    Raises:
        Refused: `unknown_routing`.
    """
    from commands.opening import unit_of_work
    from services.routing.files import write_routing
    from services.routing.stored import routing_file

    with unit_of_work() as session:
        sys.stdout.write(write_routing(routing_file(session, version_in_force(session, version))))


def show_version(version: int | None, *, as_json: bool) -> None:
    """Print routes, duty lists and rights of the levels of a version.

    Raises:
        Refused: `unknown_routing`.
    """
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.routing.stored import routing_file

    with unit_of_work() as session:
        number, known = version_in_force(session, version), catalogue(session)
        file = routing_file(session, number)
    if as_json:
        print_json({"version": number, **as_plain(file)})
    else:
        _print_version(number, file, known)


def as_plain(file: "RoutingFile") -> dict[str, Any]:
    """A catalogue as plain data."""
    return {
        "routes": [asdict(row) for row in file.routes],
        "duties": {duty.unit: list(duty.categories) for duty in file.duties},
        "levels": [{"level": x.level, "category": x.category, "may": list(x.may)} for x in file.levels],
    }


def _print_version(number: int, file: "RoutingFile", known: "Catalogue") -> None:
    from commands.screen import joined, print_table, screen, word

    out = screen()
    out.print(say("route.title", version=number), style="bold")
    routes = (
        (
            row.line,
            category_name(row.category, known),
            named(row.area, known) or say("route.everywhere"),
            say(f"route.owner_{row.owner}"),
            named(row.lead, known),
            joined(named(name, known) for name in row.co),
            row.basis,
        )
        for row in file.routes
    )
    print_table(say("route.routes"), ("line", "category", "area", "owner", "lead", "co", "basis"), routes, on=out)
    duties = ((named(duty.unit, known), joined(duty.categories)) for duty in file.duties)
    print_table(say("route.duties"), ("unit", "categories"), duties, on=out)
    levels = ((word("level", level), joined(categories), rights(may)) for (level, may), categories in _by_level(file).items())
    print_table(say("route.levels"), ("level", "categories", "may"), levels, on=out)


def _by_level(file: "RoutingFile") -> Mapping[tuple[str, tuple[str, ...]], list[str]]:
    lines: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for each in file.levels:
        lines.setdefault((each.level, each.may), []).append(each.category or say("route.any_category"))
    return lines


def rights(may: Iterable[str]) -> str:
    """What a level may do, in words."""
    from commands.screen import joined

    return joined(say(f"route.may_{right}") for right in may) or say("route.may_nothing")


def named(code: str | None, known: "Catalogue") -> str | None:
    """A unit with its code and name; a kind of unit as it is written."""
    from commands.screen import unit_name

    unit = known.unit_ids.get(code or "")
    return code if unit is None else f"{code} {unit_name(known, unit)}"


def category_name(code: str, known: "Catalogue") -> str:
    """A category with its code and name."""
    from commands.screen import name_of

    category = known.categories.get(code)
    return code if category is None else f"{code} {name_of(category.name)}"


def show_difference(first: int, second: int | None, *, as_json: bool) -> None:
    """Print what two versions say otherwise; with one, what it says otherwise than the version in force.

    Raises:
        Refused: `unknown_routing`.
    """
    from commands.opening import unit_of_work
    from commands.screen import joined, print_json, print_table, screen
    from services.routing.difference import difference
    from services.routing.stored import routing_file

    with unit_of_work() as session:
        pair = (first, second) if second is not None else (version_in_force(session, None), first)
        lines = difference(routing_file(session, pair[0]), routing_file(session, pair[1]))
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    if not lines:
        typer.echo(say("route.same", first=pair[0], second=pair[1]))
        return
    rows = ((say(f"route.part_{line.part}"), joined(line.names), line.before, line.after) for line in lines)
    print_table(say("route.difference", first=pair[0], second=pair[1]), ("part", "holds_for", "before", "after"), rows, on=screen())

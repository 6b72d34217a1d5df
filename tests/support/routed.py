"""Catalogues for tests: what is in force with some of it said otherwise, published by a second person."""

from collections.abc import Mapping
from dataclasses import replace

from rules.remits import RouteRow
from services.catalogue import catalogue
from services.routing.drafting import draft, publish
from services.routing.stored import routing_file
from services.routing.values import DutyList, LevelLine, RoutingFile
from tests.support.town import Town

Rights = Mapping[tuple[str, str | None], tuple[str, ...]]


def in_force(town: Town) -> RoutingFile:
    """The catalogue that cases go by now."""
    with town.context.database.unit_of_work() as session:
        return routing_file(session, catalogue(session).routing.version)


def publish_file(town: Town, file: RoutingFile) -> int:
    """Draft it as the administrator, publish it as the head of the centre."""
    with town.context.database.unit_of_work() as session:
        version = draft(session, file, "test.toml", "admin", town.now)
        publish(session, version, "centre.head", town.now)
    return version


def republish(
    town: Town, *, rows: tuple[RouteRow, ...] = (), lists: Mapping[str, tuple[str, ...]] | None = None, rights: Rights | None = None
) -> int:
    """Publish these routes, and what is in force with some duty lists and rights of levels replaced."""
    file = in_force(town)
    duties = {duty.unit: duty.categories for duty in file.duties} | dict(lists or {})
    levels = {(each.level, each.category): each.may for each in file.levels} | dict(rights or {})
    made = replace(
        file,
        routes=rows,
        duties=tuple(DutyList(0, unit, categories) for unit, categories in duties.items()),
        levels=tuple(LevelLine(0, level, category, may) for (level, category), may in levels.items()),
    )
    return publish_file(town, made)

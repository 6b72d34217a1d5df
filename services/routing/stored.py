"""Versions of the routing catalogue as they stand in the database, and what was done to them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session

from models import AdminEntry, LevelRow, RemitRow, RoutingVersion, UnitKind, connection_of, table
from models import RouteRow as StoredRoute
from rules.remits import RouteRow
from services.catalogue import catalogue
from services.routing.values import DutyList, KnownCodes, LevelLine, RoutingFile
from services.versions import Version, every_version, one_version

_version, _route, _remit, _level = table(RoutingVersion), table(StoredRoute), table(RemitRow), table(LevelRow)
_admin = table(AdminEntry)


def versions(session: Session) -> list[Version]:
    """Every version, oldest first."""
    return every_version(session, _version, Version)


def version_of(session: Session, version: int) -> Version:
    """One version.

    Raises:
        Refused: `unknown_routing`.
    """
    return one_version(session, _version, Version, version, "unknown_routing")


def routing_file(session: Session, version: int) -> RoutingFile:
    """A version in full, as it can be written to a file and read again; version 0, before any, is empty.

    Raises:
        Refused: `unknown_routing`.
    """
    if version == 0:
        return RoutingFile()
    head = version_of(session, version)
    run = connection_of(session).execute
    routes = run(select(_route).where(_route.c.version == version).order_by(_route.c.line)).all()
    lists: dict[str, list[str]] = defaultdict(list)
    for row in run(select(_remit).where(_remit.c.version == version).order_by(_remit.c.id)):
        lists[row.unit].append(row.category)
    levels = run(select(_level).where(_level.c.version == version).order_by(_level.c.id)).all()
    return RoutingFile(
        tuple(RouteRow(r.line, r.category, r.area, r.owner, r.lead, tuple(r.co), r.basis) for r in routes),
        tuple(DutyList(i, unit, tuple(categories)) for i, (unit, categories) in enumerate(lists.items(), 1)),
        tuple(LevelLine(i, r.level, r.category, tuple(r.may)) for i, r in enumerate(levels, 1)),
        head.note,
    )


def store(connection: Connection, head: Mapping[str, Any], file: RoutingFile) -> None:
    """Write a version with all its rows; rows are numbered in the order of the file."""
    version = head["version"]
    routes = [
        {"version": version, "line": i, "category": r.category, "area": r.area, "owner": r.owner, "lead": r.lead}
        | {"co": list(r.co), "basis": r.basis}
        for i, r in enumerate(file.routes, 1)
    ]
    remits = [{"version": version, "unit": duty.unit, "category": c} for duty in file.duties for c in dict.fromkeys(duty.categories)]
    levels = [{"version": version, "level": x.level, "category": x.category, "may": list(x.may)} for x in file.levels]
    connection.execute(insert(_version), [dict(head)])
    for target, rows in ((_route, routes), (_remit, remits), (_level, levels)):
        if rows:
            connection.execute(insert(target), rows)


def known_names(session: Session) -> KnownCodes:
    """The codes that a catalogue may name, as they stand in the database."""
    known = catalogue(session)
    kinds = frozenset(connection_of(session).execute(select(table(UnitKind).c.code)).scalars())
    return KnownCodes(frozenset(known.categories), known.areas, kinds, known.units, known.unit_ids)


def subject(version: int) -> str:
    """What the record of administrators' acts calls a version."""
    return f"routing v{version}"


def record(session: Session, by: str, action: str, version: int, now: datetime, **data: object) -> None:
    """Write down who did what to a version."""
    entry = {"at": now, "actor": by, "action": action, "subject": subject(version), "data": data}
    connection_of(session).execute(insert(_admin), [entry])


def editors(session: Session, version: int) -> frozenset[str]:
    """Everybody who wrote something into a draft."""
    wanted = select(_admin.c.actor).where(_admin.c.subject == subject(version)).distinct()
    return frozenset(connection_of(session).execute(wanted).scalars())

"""Drafts of the routing catalogue: made from a file or from what is in force, edited row by row, published by a second person."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from models import RouteRow as StoredRoute
from models import RoutingVersion, begin_write, connection_of, table
from rules.facts import Actor, Refused
from rules.remits import RouteRow
from services.catalogue import catalogue, reference_changed
from services.routing.seeding import seeded_routing
from services.routing.stored import editors, known_names, record, routing_file, store, version_of
from services.routing.values import RoutingFile, RoutingRefused
from services.versions import DRAFT, PUBLISHED, WITHDRAWN, Version

_version, _route = table(RoutingVersion), table(StoredRoute)
MAY_PUBLISH: Final = frozenset({"admin", "head"})
MAY_DRAFT: Final = MAY_PUBLISH | {"dispatcher"}  #: whoever rules what is unclear may propose that it become a rule


def check_person(session: Session, user: str, roles: Collection[str] = MAY_DRAFT) -> Actor:
    """The person, if he may deal with the catalogue: of the district or its 网格中心, in one of these roles.

    Raises:
        Refused: `unknown_user`, `not_your_routing`.
    """
    known = catalogue(session)
    actor = known.actor(user)
    if not actor.roles & set(roles) or actor.unit_id not in (known.district_id, known.desk_id):
        raise Refused("not_your_routing", user=user)
    return actor


def draft(session: Session, file: RoutingFile | None, name: str, by: str, now: datetime) -> int:
    """Put a catalogue into the database as a draft; nothing changes for any case.

    Args:
        session: The unit of work.
        file: What was read; None: as it is in force, to be edited; as the seeds suggest where none is.
        name: What to call it in a refusal.
        by: User name of whoever drafts.
        now: The instant.

    Returns:
        The number of the version.

    Raises:
        RoutingRefused: with every problem and its place.
        Refused: `unknown_user`, `not_your_routing`.
    """
    begin_write(session)
    actor = check_person(session, by)
    base = catalogue(session).routing.version
    own = routing_file(session, base) if base else seeded_routing(connection_of(session))
    whole = own if file is None else file
    if file is not None and (found := whole.problems(known_names(session))):
        raise RoutingRefused(name, found)
    run = connection_of(session)
    version = int(run.execute(select(func.coalesce(func.max(_version.c.version), 0))).scalar_one()) + 1
    head = {"version": version, "state": DRAFT, "note": whole.note, "base_version": base or None}
    store(run, {**head, "drafted_by": actor.name, "drafted_at": now}, whole)
    record(session, actor.name, "routing_drafted", version, now, rows=len(whole.routes))
    return version


def add_row(session: Session, version: int, row: RouteRow, by: str, now: datetime) -> int:
    """Add a row to a draft; one for the same category, area and owner kind is replaced.

    Args:
        session: The unit of work.
        version: The draft.
        row: The row; its line is given here.
        by: User name of whoever adds it.
        now: The instant.

    Returns:
        The line of the row.

    Raises:
        RoutingRefused: it names what is not there, or breaks a duty list of the draft.
        Refused: `unknown_routing`, `routing_not_a_draft`, `unknown_user`, `not_your_routing`.
    """
    actor = _editing(session, version, by)
    file = routing_file(session, version)
    same = next((r.line for r in file.routes if r.key == row.key), None)
    line = same or max((r.line for r in file.routes), default=0) + 1
    placed = replace(row, line=line)
    alone = replace(file, routes=(placed,), levels=())
    if found := [p for p in alone.problems(known_names(session)) if p.key != "duties"]:
        raise RoutingRefused(f"v{version}", found)
    run = connection_of(session).execute
    run(delete(_route).where(_route.c.version == version, _route.c.line == line))
    values: dict[str, Any] = {"version": version, "line": line, "category": row.category, "area": row.area, "owner": row.owner}
    run(insert(_route), [values | {"lead": row.lead, "co": list(row.co), "basis": row.basis}])
    record(session, actor.name, "route_added", version, now, line=line, category=row.category, lead=row.lead, basis=row.basis)
    return line


def drop_row(session: Session, version: int, line: int, by: str, now: datetime) -> None:
    """Take a row out of a draft; the lines of the others stay.

    Raises:
        Refused: `unknown_routing`, `routing_not_a_draft`, `unknown_user`, `not_your_routing`, `no_such_route`.
    """
    actor = _editing(session, version, by)
    done = connection_of(session).execute(delete(_route).where(_route.c.version == version, _route.c.line == line))
    if not done.rowcount:
        raise Refused("no_such_route", version=version, line=line)
    record(session, actor.name, "route_dropped", version, now, line=line)


def withdraw(session: Session, version: int, by: str, now: datetime) -> None:
    """Withdraw a draft; it stays on record.

    Raises:
        Refused: `unknown_routing`, `routing_not_a_draft`, `unknown_user`, `not_your_routing`.
    """
    actor = _editing(session, version, by)
    _leave_draft(session, version, {"state": WITHDRAWN})
    record(session, actor.name, "routing_withdrawn", version, now)


def publish(session: Session, version: int, by: str, now: datetime, *, anyway: bool = False) -> None:
    """Publish a draft: from now on cases go by it; those that are with units stay there.

    Args:
        session: The unit of work.
        version: The draft.
        by: User name of whoever publishes: nobody who has written anything into it.
        now: The instant.
        anyway: Also when another version was published since it was drafted, whose changes it would undo.

    Raises:
        RoutingRefused: something that it names is gone since it was drafted.
        Refused: `unknown_routing`, `routing_not_a_draft`, `unknown_user`, `not_your_routing`, `second_person`, `routing_outdated`.
    """
    begin_write(session)
    actor = check_person(session, by, MAY_PUBLISH)
    head = _draft_of(session, version)
    if actor.name == head.drafted_by or actor.name in editors(session, version):
        raise Refused("second_person", user=by)
    if found := routing_file(session, version).problems(known_names(session)):
        raise RoutingRefused(f"v{version}", found)
    newest = catalogue(session).routing.version
    if (head.base_version or 0) != newest and not anyway:
        raise Refused("routing_outdated", version=version, base=head.base_version or 0, newest=newest)
    values = {"state": PUBLISHED, "effective_at": now, "published_by": actor.name, "published_at": now}
    _leave_draft(session, version, values)
    record(session, actor.name, "routing_published", version, now)
    reference_changed(session)


def _leave_draft(session: Session, version: int, values: Mapping[str, object]) -> None:
    """Let a draft become something else; nobody else may have been faster."""
    done = connection_of(session).execute(update(_version).where(_version.c.version == version, _version.c.state == DRAFT).values(values))
    if not done.rowcount:
        raise Refused("routing_not_a_draft", version=version)


def _editing(session: Session, version: int, by: str) -> Actor:
    begin_write(session)
    actor = check_person(session, by)
    _draft_of(session, version)
    return actor


def _draft_of(session: Session, version: int) -> Version:
    head = version_of(session, version)
    if head.state != DRAFT:
        raise Refused("routing_not_a_draft", version=version)
    return head

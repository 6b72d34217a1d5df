"""The first version of the routing catalogue: what the seeds say, published."""

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

from sqlalchemy import Connection, select

from models import RoutingVersion, Unit, table
from services.routing.files import read_routing
from services.routing.stored import store
from services.routing.values import RoutingFile
from services.versions import PUBLISHED

_version, _unit = table(RoutingVersion), table(Unit)
#: Long before any case.
SINCE: Final = datetime(2000, 1, 1, tzinfo=UTC)


def seed_routing(connection: Connection) -> bool:
    """Write version 1, published: duty lists and rights of the levels; the demonstration's routes where its units are there.

    Uses Core statements only, so that a migration may call it. Does nothing where there is any version already.

    Returns:
        Whether it was written.
    """
    if connection.execute(select(_version.c.version)).first() is not None:
        return False
    head: dict[str, Any] = {"version": 1, "state": PUBLISHED, "effective_at": SINCE}
    store(connection, head | {"note": "建议值 / suggested values"}, seeded_routing(connection))
    return True


def seeded_routing(connection: Connection) -> RoutingFile:
    """What the seed files say, as far as the units that they name are there."""
    general, local = _read("routing.toml"), _read("routing_chenghu.toml")
    there = set(connection.execute(select(_unit.c.code)).scalars())
    routes = tuple(row for row in local.routes if {row.lead, row.area} <= there)
    return RoutingFile((*general.routes, *routes), general.duties, general.levels)


def _read(name: str) -> RoutingFile:
    return read_routing(files("seeds").joinpath(name).read_bytes(), name)

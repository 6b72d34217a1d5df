"""Versions of what is drafted, published and withdrawn, the policy and the routing catalogue alike, as they stand in the database."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Column, Table, select
from sqlalchemy.orm import Session

from models import connection_of
from rules.facts import Refused

DRAFT: Final = "draft"
PUBLISHED: Final = "published"
WITHDRAWN: Final = "withdrawn"


@dataclass(frozen=True, slots=True)
class Version:
    """One version, without its rows."""

    version: int
    state: str
    effective_at: datetime | None
    note: str
    base_version: int | None
    drafted_by: str | None
    drafted_at: datetime | None
    published_by: str | None
    published_at: datetime | None


V = TypeVar("V", bound=Version)


def every_version(session: Session, rows: Table, kind: type[V]) -> list[V]:
    """Every version in a table, oldest first, with what this kind of version has."""
    return [kind(*row) for row in connection_of(session).execute(select(*_columns(rows, kind)).order_by(rows.c.version))]


def one_version(session: Session, rows: Table, kind: type[V], version: int, unknown: str) -> V:
    """One version.

    Raises:
        Refused: with the code `unknown`, there is none.
    """
    row = connection_of(session).execute(select(*_columns(rows, kind)).where(rows.c.version == version)).one_or_none()
    if row is None:
        raise Refused(unknown, version=version)
    return kind(*row)


def _columns(rows: Table, kind: type[Version]) -> list[Column[Any]]:
    return [rows.c[field.name] for field in fields(kind)]

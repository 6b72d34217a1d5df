"""Versions of the policy as they stand in the database."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import LadderVersion, SlaPolicy, SlaRow, connection_of, table
from rules.facts import Refused
from rules.ladder_checks import WrittenLadder
from rules.sla import row_of
from services.policy_values import PolicyFile

_policy, _row, _ladder = table(SlaPolicy), table(SlaRow), table(LadderVersion)
DRAFT: Final = "draft"
PUBLISHED: Final = "published"
WITHDRAWN: Final = "withdrawn"


class Treatment(StrEnum):
    """What becomes of cases that are open when a version comes into force."""

    KEEP = "keep"  #: every promise made is kept
    EARLIER = "earlier"  #: a clock that would end earlier under it does; nothing ends later
    REPROJECT = "reproject"  #: everything is computed anew under it; what was due stays due


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the policy, without its rows."""

    version: int
    state: str
    effective_from: date
    effective_at: datetime | None
    note: str
    base_version: int | None
    drafted_by: str | None
    drafted_at: datetime | None
    published_by: str | None
    published_at: datetime | None
    treatment: str | None
    apply_after: int | None


_COLUMNS: Final = [_policy.c[name] for name in Version.__dataclass_fields__]


def versions(session: Session) -> list[Version]:
    """Every version, oldest first."""
    return [Version(*row) for row in connection_of(session).execute(select(*_COLUMNS).order_by(_policy.c.version))]


def version_of(session: Session, version: int) -> Version:
    """One version.

    Raises:
        Refused: `unknown_policy`.
    """
    row = connection_of(session).execute(select(*_COLUMNS).where(_policy.c.version == version)).one_or_none()
    if row is None:
        raise Refused("unknown_policy", version=version)
    return Version(*row)


def policy_file(session: Session, version: int) -> PolicyFile:
    """A version in full, as it can be written to a file and read again.

    Raises:
        Refused: `unknown_policy`.
    """
    head = version_of(session, version)
    run = connection_of(session).execute
    clocks: dict[str, str] = run(select(_policy.c.ladders).where(_policy.c.version == version)).scalar_one()
    rows = run(select(_row).where(_row.c.version == version).order_by(_row.c.line, _row.c.id)).all()
    return PolicyFile(
        tuple(row_of(row) for row in rows),
        tuple(_written(session, stamp) for stamp in dict.fromkeys(clocks.values())),
        {clock: stamp.partition("@")[0] for clock, stamp in clocks.items()},
        head.note,
        head.effective_from,
    )


def _written(session: Session, stamp: str) -> WrittenLadder:
    code, _, version = stamp.partition("@")
    wanted = select(_ladder).where(_ladder.c.code == code, _ladder.c.version == int(version))
    row: Any = connection_of(session).execute(wanted).one()
    return WrittenLadder(0, row.code, row.zh, row.en, tuple(row.rungs))

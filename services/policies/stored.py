"""Versions of the policy as they stand in the database."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import LadderVersion, SlaPolicy, SlaRow, connection_of, table
from rules.ladder_checks import WrittenLadder
from rules.sla import row_of
from services.policy_files.values import PolicyFile
from services.versions import Version, every_version, one_version

_policy, _row, _ladder = table(SlaPolicy), table(SlaRow), table(LadderVersion)


class Treatment(StrEnum):
    """What becomes of cases that are open when a version comes into force."""

    KEEP = "keep"  #: every promise made is kept
    EARLIER = "earlier"  #: a clock that would end earlier under it does; nothing ends later
    REPROJECT = "reproject"  #: everything is computed anew under it; what was due stays due


@dataclass(frozen=True, slots=True)
class PolicyVersion(Version):
    """One version of the policy, without its rows."""

    effective_from: date
    treatment: str | None
    apply_after: int | None


def versions(session: Session) -> list[PolicyVersion]:
    """Every version, oldest first."""
    return every_version(session, _policy, PolicyVersion)


def version_of(session: Session, version: int) -> PolicyVersion:
    """One version.

    Raises:
        Refused: `unknown_policy`.
    """
    return one_version(session, _policy, PolicyVersion, version, "unknown_policy")


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

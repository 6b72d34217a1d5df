"""Drafts of the policy: made from a file, checked at the door, shown against what is in force, withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from models import LadderVersion, SlaPolicy, SlaRow, begin_write, connection_of, table
from rules.facts import Actor, Refused
from rules.ladder_checks import WrittenLadder
from rules.sla import Row
from services.catalogue import catalogue, known_codes, reference_changed
from services.policies.stored import policy_file, version_of
from services.policy_files.values import PolicyFile, PolicyRefused, ladder_row
from services.versions import DRAFT, WITHDRAWN

_policy, _row, _ladder = table(SlaPolicy), table(SlaRow), table(LadderVersion)
MAY_POLICY = frozenset({"admin", "head"})  #: roles that may draft, publish and confirm, if they are of the centre or the district


def check_person(session: Session, user: str) -> Actor:
    """The person, if he may deal with policies: an administrator, or the head of the district's 网格中心.

    Raises:
        Refused: `unknown_user`, `not_your_policy`.
    """
    known = catalogue(session)
    actor = known.actor(user)
    if not actor.roles & MAY_POLICY or actor.unit_id not in (known.district_id, known.desk_id):
        raise Refused("not_your_policy", user=user)
    return actor


def draft(session: Session, file: PolicyFile, name: str, by: str, now: datetime) -> int:
    """Put a policy into the database as a draft; nothing changes for any case.

    What the file leaves out of ladders and clocks stays as it is in force. Numbers that are the same as in the version in force
    stay confirmed by whom they were.

    Args:
        session: The unit of work.
        file: What was read.
        name: What to call it in a refusal.
        by: User name of whoever drafts.
        now: The instant.

    Returns:
        The number of the version.

    Raises:
        PolicyRefused: with every problem and its place.
        Refused: `unknown_user`, `not_your_policy`.
    """
    begin_write(session)
    actor = check_person(session, by)
    base = catalogue(session).policy_at(now)
    before = policy_file(session, base)
    whole = replace(file, ladders=file.ladders or before.ladders, clocks=file.clocks or before.clocks)
    if found := whole.problems(known_codes(session)):
        raise PolicyRefused(name, found)
    version = int(connection_of(session).execute(select(func.max(_policy.c.version))).scalar_one()) + 1
    head = {
        "version": version,
        "state": DRAFT,
        "effective_from": whole.effective_from or now.astimezone(catalogue(session).zone).date(),
        "note": whole.note,
        "ladders": _stamped(session, whole),
        "base_version": base,
        "drafted_by": actor.name,
        "drafted_at": now,
    }
    run = connection_of(session).execute
    run(insert(_policy), [head])
    run(insert(_row), [{**row.stored(), "line": i, "version": version} for i, row in enumerate(confirmed(whole.rows, before.rows), 1)])
    reference_changed(session)
    return version


def confirmed(rows: Sequence[Row], before: Sequence[Row]) -> list[Row]:
    """What somebody confirmed stays confirmed where it is unchanged; a changed number is somebody's decision, made by publishing."""
    known = {row.key: row for row in before}
    return [replace(row, confirmed_by=old.confirmed_by) if (old := known.get(row.key)) == row else row for row in rows]


def _stamped(session: Session, file: PolicyFile) -> dict[str, str]:
    """Clock → ladder with its version; a ladder that is not known word for word becomes a new version of its code."""
    stamps = {ladder.code: ladder_version(session, ladder) for ladder in file.ladders}
    return {clock: f"{code}@{stamps[code]}" for clock, code in file.clocks.items()}


def ladder_version(session: Session, ladder: WrittenLadder) -> int:
    """The version of a ladder with just these rungs; written if there is none."""
    run = connection_of(session).execute
    rows = run(select(_ladder).where(_ladder.c.code == ladder.code).order_by(_ladder.c.version.desc())).mappings().all()
    wanted = ladder_row(ladder)
    for row in rows:
        if _same(row, wanted):
            return int(row["version"])
    version = max((int(row["version"]) for row in rows), default=0) + 1
    run(insert(_ladder), [{**wanted, "version": version}])
    return version


def _same(row: Mapping[Any, Any], wanted: Mapping[str, Any]) -> bool:
    return all(row[name] == value for name, value in wanted.items())


def withdraw(session: Session, version: int, by: str, now: datetime) -> None:
    """Withdraw a draft, or a published version that has not come into force; it stays on record.

    Raises:
        Refused: `unknown_policy`, `policy_in_force`, `policy_withdrawn`, `unknown_user`, `not_your_policy`.
    """
    begin_write(session)
    check_person(session, by)
    head = version_of(session, version)
    if head.state == WITHDRAWN:
        raise Refused("policy_withdrawn", version=version)
    if head.state != DRAFT and (head.effective_at is None or head.effective_at <= now):
        raise Refused("policy_in_force", version=version)
    connection_of(session).execute(update(_policy).where(_policy.c.version == version).values(state=WITHDRAWN, apply_after=None))
    reference_changed(session)


def confirm(session: Session, version: int, by: str, lines: Sequence[int] = ()) -> int:
    """Confirm numbers that so far were suggested values (建议值): those of some rows, or of all.

    Args:
        session: The unit of work.
        version: The version.
        by: User name of whoever confirms.
        lines: Rows by their line; none: all.

    Returns:
        How many rows were confirmed that had not been.

    Raises:
        Refused: `unknown_policy`, `unknown_user`, `not_your_policy`, `no_such_line`.
    """
    begin_write(session)
    actor = check_person(session, by)
    there = {row.line for row in policy_file(session, version).rows}
    if missing := set(lines) - there:
        raise Refused("no_such_line", line=min(missing), version=version)
    wanted = update(_row).where(_row.c.version == version, _row.c.confirmed_by.is_(None)).values(confirmed_by=actor.name)
    done = connection_of(session).execute(wanted.where(_row.c.line.in_(lines)) if lines else wanted)
    reference_changed(session)
    return int(done.rowcount)

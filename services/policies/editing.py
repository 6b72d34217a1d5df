"""Editing a draft of the policy row by row and ladder by ladder; every edit is checked with the whole, and put on record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from models import AdminEntry, SlaPolicy, SlaRow, begin_write, connection_of, table
from rules.facts import Actor, Refused
from rules.ladder_checks import WrittenLadder
from rules.sla import Row
from services.catalogue import catalogue, known_codes, reference_changed
from services.people.rights import on_record
from services.policies.drafting import check_person, confirmed, draft, ladder_version, withdraw
from services.policies.stored import policy_file, version_of
from services.policy_files.values import PolicyFile, PolicyRefused
from services.versions import DRAFT

_policy, _row, _admin = table(SlaPolicy), table(SlaRow), table(AdminEntry)
_EDITS: Final = ("policy_row", "policy_row_dropped", "policy_ladder")  #: whoever did one of these has written into the draft


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did with a version besides drafting and publishing it.

    Attributes:
        action: `policy_row`, `policy_row_dropped`, `policy_ladder`, `policy_submitted` or `policy_turned_down`.
        data: The particulars: `line` and `changes`, `ladder`, `note`, `reason`.
    """

    at: datetime
    actor: str
    action: str
    data: dict[str, Any]


def start(session: Session, by: str, now: datetime) -> int:
    """Draft what is in force, to be edited; nothing changes for any case.

    Args:
        session: The unit of work.
        by: User name of whoever drafts.
        now: The instant.

    Returns:
        The number of the version.

    Raises:
        Refused: `unknown_user`, `not_your_policy`.
    """
    begin_write(session)
    base = catalogue(session).policy_at(now)
    return draft(session, replace(policy_file(session, base), note="", effective_from=None), f"v{base}", by, now)


def put_row(session: Session, version: int, row: Row, by: str, now: datetime) -> int:
    """Write a row of a draft: that of its line anew, or with line 0 one more.

    Args:
        session: The unit of work.
        version: The draft.
        row: The row as it shall be.
        by: User name of whoever writes it.
        now: The instant.

    Returns:
        Its line.

    Raises:
        PolicyRefused: the draft would not hold together with it; every problem with its place.
        Refused: `unknown_policy`, `policy_not_a_draft`, `unknown_user`, `not_your_policy`, `no_such_line`.
    """
    actor, file = _editing(session, version, by)
    before = _row_at(file, version, row.line) if row.line else None
    placed = replace(row, line=row.line or max(each.line for each in file.rows) + 1)
    others = [each for each in file.rows if each.line != placed.line]
    _check(session, version, replace(file, rows=(*others, placed)))
    if before == placed:
        return placed.line
    _write(session, version, placed)
    _record(session, actor, "policy_row", version, now, line=placed.line, changes=_changes(before, placed))
    return placed.line


def _write(session: Session, version: int, row: Row) -> None:
    """Put a row in the place of its line; what is as it was in the version before stays confirmed."""
    base = version_of(session, version).base_version
    known = policy_file(session, base).rows if base is not None else ()
    run = connection_of(session).execute
    run(delete(_row).where(_row.c.version == version, _row.c.line == row.line))
    run(insert(_row), [{**confirmed((row,), known)[0].stored(), "version": version}])


def drop_row(session: Session, version: int, line: int, by: str, now: datetime) -> None:
    """Take a row out of a draft; the lines of the others stay.

    Raises:
        PolicyRefused: the draft would not hold together without it.
        Refused: `unknown_policy`, `policy_not_a_draft`, `unknown_user`, `not_your_policy`, `no_such_line`.
    """
    actor, file = _editing(session, version, by)
    gone = _row_at(file, version, line)
    _check(session, version, replace(file, rows=tuple(each for each in file.rows if each is not gone)))
    connection_of(session).execute(delete(_row).where(_row.c.version == version, _row.c.line == line))
    _record(session, actor, "policy_row_dropped", version, now, line=line, names=gone.names)


def put_ladder(session: Session, version: int, ladder: WrittenLadder, by: str, now: datetime) -> None:
    """Write a ladder of a draft anew, all its rungs; clocks that climb it will climb the new one.

    Raises:
        PolicyRefused: a rung cannot be used, or the draft would not hold together with it.
        Refused: `unknown_policy`, `policy_not_a_draft`, `unknown_user`, `not_your_policy`, `unknown_ladder`.
    """
    actor, file = _editing(session, version, by)
    before = next((each for each in file.ladders if each.code == ladder.code), None)
    if before is None:
        raise Refused("unknown_ladder", ladder=ladder.code)
    if before == ladder:
        return
    _check(session, version, replace(file, ladders=tuple(ladder if each is before else each for each in file.ladders)))
    stamp = f"{ladder.code}@{ladder_version(session, ladder)}"
    run = connection_of(session).execute
    clocks: dict[str, str] = run(select(_policy.c.ladders).where(_policy.c.version == version)).scalar_one()
    stamps = {clock: stamp if old.partition("@")[0] == ladder.code else old for clock, old in clocks.items()}
    run(update(_policy).where(_policy.c.version == version).values(ladders=stamps))
    reference_changed(session)
    _record(session, actor, "policy_ladder", version, now, ladder=ladder.code)


def submit(session: Session, version: int, note: str, effective_from: date | None, by: str, now: datetime) -> None:
    """Hand a draft to whoever may publish it: what was changed and why, and from which local day it shall hold.

    Raises:
        Refused: `unknown_policy`, `policy_not_a_draft`, `unknown_user`, `not_your_policy`, `effective_past`.
    """
    actor, _ = _editing(session, version, by)
    today = now.astimezone(catalogue(session).zone).date()
    if effective_from is not None and effective_from < today:
        raise Refused("effective_past", day=effective_from)
    values = {"note": note, "effective_from": effective_from or today}
    connection_of(session).execute(update(_policy).where(_policy.c.version == version).values(values))
    _record(session, actor, "policy_submitted", version, now, note=note)


def turn_down(session: Session, version: int, reason: str, by: str, now: datetime) -> None:
    """Withdraw a draft, or a version that is not in force yet, and say why; it stays on record.

    Raises:
        Refused: as `services.policies.drafting.withdraw`.
    """
    withdraw(session, version, by, now)
    _record(session, catalogue(session).actor(by), "policy_turned_down", version, now, reason=reason)


def record_of(session: Session, version: int) -> list[Entry]:
    """What was done with a version, oldest first."""
    columns = (_admin.c.at, _admin.c.actor, _admin.c.action, _admin.c.data)
    wanted = select(*columns).where(_admin.c.subject == _subject(version)).order_by(_admin.c.id)
    return [Entry(*row) for row in connection_of(session).execute(wanted)]


def editors(session: Session, version: int) -> frozenset[str]:
    """Everybody who has written something into a draft after it was made."""
    return frozenset(entry.actor for entry in record_of(session, version) if entry.action in _EDITS)


def _subject(version: int) -> str:
    return f"policy v{version}"


def _record(session: Session, actor: Actor, action: str, version: int, now: datetime, **data: object) -> None:
    on_record(session, actor.name, action, _subject(version), data, now)


def _editing(session: Session, version: int, by: str) -> tuple[Actor, PolicyFile]:
    begin_write(session)
    actor = check_person(session, by)
    if version_of(session, version).state != DRAFT:
        raise Refused("policy_not_a_draft", version=version)
    return actor, policy_file(session, version)


def _row_at(file: PolicyFile, version: int, line: int) -> Row:
    found = next((each for each in file.rows if each.line == line), None)
    if found is None:
        raise Refused("no_such_line", line=line, version=version)
    return found


def _check(session: Session, version: int, file: PolicyFile) -> None:
    if found := file.problems(known_codes(session)):
        raise PolicyRefused(f"v{version}", found)


def _changes(before: Row | None, after: Row) -> Sequence[tuple[str, str | None, str | None]]:
    old = before.limits if before else {}
    kinds = dict.fromkeys((*old, *after.limits))
    return [(kind, old.get(kind), after.limits.get(kind)) for kind in kinds if old.get(kind) != after.limits.get(kind)]

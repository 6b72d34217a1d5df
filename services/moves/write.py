"""Writing drafts: one statement a table, everything about a case together or not at all."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from models import (
    Case,
    Clock,
    EventOut,
    Journal,
    Message,
    Prepared,
    RungFiring,
    SupervisionOrder,
    WorkOrder,
    begin_write,
    connection_of,
    table,
    together,
    wake,
)
from services.moves.draft import Draft, Row

_case, _order, _clock, _supervision = table(Case), table(WorkOrder), table(Clock), table(SupervisionOrder)
_CASE_COLUMNS: Final = (
    "state",
    "version",
    "seq",
    "journal_hash",
    "urgency",
    "category",
    "level",
    "authority",
    "holder_unit_id",
    "needs_check",
    "solved",
    "score",
    "round",
    "result",
    "merged_into_id",
    "policy_version",
    "attend_at",
)
_ORDER_COLUMNS: Final = ("assigned_unit_id", "state", "acknowledged_at", "deemed", "contacted_at", "controlled_at", "finished_at", "result")
_CLOCK_COLUMNS: Final = ("consumed_s", "running_since", "stopped_at", "due_at", "provisional", "next_fire_at")
_SUPERVISION_COLUMNS: Final = ("state", "decided_at", "decided_by")


def _updating(target: Table, keys: Collection[str], columns: Iterable[str]) -> Prepared:
    where = [target.c[k] == bindparam(f"key_{k}") for k in keys]
    return Prepared(update(target).where(*where).values({c: bindparam(f"new_{c}") for c in columns}))


_UPDATE_CASE = _updating(_case, ("id",), _CASE_COLUMNS)
_UPDATE_ORDER = _updating(_order, ("case_id", "no"), _ORDER_COLUMNS)
_UPDATE_CLOCK = _updating(_clock, ("id",), _CLOCK_COLUMNS)
_UPDATE_SUPERVISION = _updating(_supervision, ("id",), _SUPERVISION_COLUMNS)
_INSERTS: Final = {
    model: Prepared(insert(table(model))) for model in (WorkOrder, Clock, SupervisionOrder, Journal, Message, RungFiring, EventOut)
}
_SEQS = select(_case.c.id, _case.c.seq).where(_case.c.id.in_(bindparam("ids", expanding=True)))


def _values(row: Mapping[str, Any], keys: Iterable[str], columns: Iterable[str]) -> Row:
    return {**{f"key_{k}": row[k] for k in keys}, **{f"new_{c}": row[c] for c in columns}}


def write_drafts(session: Session, drafts: Collection[Draft]) -> set[int]:
    """Write what changed, if the cases are still as they were read.

    Returns:
        Ids of cases that somebody else has changed meanwhile; nothing of theirs was written.
    """
    drafts = [d for d in drafts if d.entries or d.touched_clocks]
    if not drafts:
        return set()
    begin_write(session)
    stale = _stale(session, drafts)
    fresh = [d for d in drafts if d.case["id"] not in stale]
    if fresh:
        _write(session, fresh)
    return stale


def _stale(session: Session, drafts: Collection[Draft]) -> set[int]:
    """On PostgreSQL the rows were locked when they were read; on SQLite somebody may have been faster."""
    connection = connection_of(session)
    before = [d for d in drafts if not d.locked]
    if connection.dialect.name != "sqlite" or not before:
        return set()
    seqs = {row.id: row.seq for row in connection.execute(_SEQS, {"ids": [d.case["id"] for d in before]})}
    return {d.case["id"] for d in before if seqs[d.case["id"]] != d.seq}


def _write(session: Session, drafts: Collection[Draft]) -> None:
    connection = connection_of(session)
    with together(connection):
        for statement, rows in _rows(drafts):
            statement.write(connection, rows)
        if any(d.messages or d.case["attend_at"] is not None for d in drafts):
            wake(session)


def _rows(drafts: Collection[Draft]) -> Iterator[tuple[Prepared, list[Row]]]:
    """What is written, table by table."""
    clocks = [c for d in drafts for c in d.touched_clocks]
    yield _UPDATE_CASE, [_values(d.case, ("id",), _CASE_COLUMNS) for d in drafts]
    yield _INSERTS[WorkOrder], [d.orders[no] for d in drafts for no in sorted(d.new_orders)]
    yield _UPDATE_ORDER, [_values(d.orders[no], ("case_id", "no"), _ORDER_COLUMNS) for d in drafts for no in sorted(d.touched_orders)]
    yield _INSERTS[Clock], [c for c in clocks if c["id"] is None]
    yield _UPDATE_CLOCK, [_values(c, ("id",), _CLOCK_COLUMNS) for c in clocks if c["id"] is not None]
    yield _UPDATE_SUPERVISION, [_values(d.supervision[i], ("id",), _SUPERVISION_COLUMNS) for d in drafts for i in d.touched_supervision]
    yield _INSERTS[SupervisionOrder], [p for d in drafts for p in d.proposals]
    yield _INSERTS[RungFiring], [f for d in drafts for f in d.firings]
    yield _INSERTS[Journal], [e for d in drafts for e in d.entries]
    yield _INSERTS[Message], [m for d in drafts for m in d.messages]
    told = [(d, e) for d in drafts if d.catalogue.events_on for e in d.entries]
    yield _INSERTS[EventOut], [{"case_id": e["case_id"], "seq": e["seq"], "run_id": d.run_id} for d, e in told]

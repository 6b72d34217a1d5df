"""Writing drafts: one statement a table, everything about a case together or not at all."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from models import (
    Affair,
    AffairCase,
    AffairPart,
    Case,
    CaseReporter,
    Clock,
    Evaluation,
    EventOut,
    Evidence,
    Extension,
    Journal,
    Message,
    Prepared,
    Request,
    RungFiring,
    SupervisionCase,
    SupervisionOrder,
    WorkOrder,
    begin_write,
    connection_of,
    table,
    together,
    wake,
)
from services.moves.draft import Draft, Row

_case, _order, _clock = table(Case), table(WorkOrder), table(Clock)
_extension, _request, _supervision = table(Extension), table(Request), table(SupervisionOrder)
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
    "policy_version",
    "outside_due_at",
    "outside_by",
    "outside_note",
    "hops",
    "attend_at",
)
#: What few moves change: written where a draft says so. One of them points to another case: where an update names such a column,
#: SQLite writes every index of the table anew, changed or not.
_RARE_COLUMNS: Final = (
    "merged_into_id",
    "requester_id",
    "contact_allowed",
    "sensitive",
    "readers",
    "statutory_at",
    "upstream_replied_at",
    "reporters",
    "asks",
    "orders_before",
    "rechecks",
    "judged_by",
    "topic_id",
    "channel",
)
_ORDER_COLUMNS: Final = (
    "assigned_unit_id",
    "state",
    "acknowledged_at",
    "deemed",
    "contacted_at",
    "controlled_at",
    "finished_at",
    "result",
    "stages",
    "extension_no",
    "handler_id",
    "returnable",
    "tries",
)
_CLOCK_COLUMNS: Final = ("round", "budget_s", "consumed_s", "running_since", "stopped_at", "due_at", "provisional", "next_fire_at")
#: What only a change of policy, calendar or outside limit changes besides.
_CLOCK_STAMPS: Final = ("limit", "policy_version", "source_row", "calendar_version", "ladder", "ladder_version", "bound_at", "bound_by")
_EXTENSION_COLUMNS: Final = ("state", "amount", "decided_at", "decided_by", "answer")
_REQUEST_COLUMNS: Final = ("state", "to_unit_id", "until", "decided_at", "decided_by", "answer")
_REPORTER_COLUMNS: Final = ("until",)
_EVALUATION_COLUMNS: Final = ("flagged", "counted")
_LAPSED_COLUMNS: Final = ("state", "decided_at", "decided_by")
_SUPERVISION_COLUMNS: Final = (
    "state",
    "number",
    "rank",
    "demand",
    "limit",
    "signed_at",
    "signed_by",
    "replied_at",
    "replied_by",
    "reply",
    "verified_at",
    "verified_by",
    "ended_at",
    "ended_by",
)


_affair, _part = table(Affair), table(AffairPart)
#: Of an affair and its parts everything may change but what they are and how they came about.
_AFFAIR_KEPT: Final = frozenset({"case_id", "seq", "thing", "no", "opened_at", "opened_by"})
_PART_KEPT: Final = frozenset({"case_id", "no", "seq", "thing", "added_at"})
_AFFAIR_COLUMNS: Final = tuple(c.name for c in _affair.c if c.name not in _AFFAIR_KEPT)
_PART_COLUMNS: Final = tuple(c.name for c in _part.c if c.name not in _PART_KEPT)


def _updating(target: Table, keys: Collection[str], columns: Iterable[str]) -> Prepared:
    where = [target.c[k] == bindparam(f"key_{k}") for k in keys]
    return Prepared(update(target).where(*where).values({c: bindparam(f"new_{c}") for c in columns}))


_UPDATE_CASE = _updating(_case, ("id",), _CASE_COLUMNS)
_UPDATE_ORDER = _updating(_order, ("case_id", "no"), _ORDER_COLUMNS)
_UPDATE_CLOCK = _updating(_clock, ("id",), _CLOCK_COLUMNS)
_RESTAMP_CLOCK = _updating(_clock, ("id",), _CLOCK_STAMPS)
_UPDATE_EXTENSION = _updating(_extension, ("case_id", "no"), _EXTENSION_COLUMNS)
_LAPSE_EXTENSION = _updating(_extension, ("case_id", "no"), _LAPSED_COLUMNS)
_LAPSE_REQUEST = _updating(_request, ("case_id", "no"), _LAPSED_COLUMNS)
_UPDATE_RARE = _updating(_case, ("id",), _RARE_COLUMNS)
_UPDATE_REQUEST = _updating(_request, ("case_id", "no"), _REQUEST_COLUMNS)
_UPDATE_REPORTER = _updating(table(CaseReporter), ("case_id", "via_case_id"), _REPORTER_COLUMNS)
_UPDATE_EVALUATION = _updating(table(Evaluation), ("case_id", "no"), _EVALUATION_COLUMNS)
_UPDATE_SUPERVISION = _updating(_supervision, ("case_id", "seq"), _SUPERVISION_COLUMNS)
_UPDATE_AFFAIR = _updating(_affair, ("case_id", "seq"), _AFFAIR_COLUMNS)
_UPDATE_PART = _updating(_part, ("case_id", "no"), _PART_COLUMNS)
_WRITTEN: Final = (
    *(Affair, AffairPart, AffairCase),
    *(WorkOrder, Clock, Extension, Request, CaseReporter, Evaluation, SupervisionOrder, SupervisionCase, Evidence),
    *(Journal, Message, RungFiring, EventOut),
)
_INSERTS: Final = {model: Prepared(insert(table(model))) for model in _WRITTEN}
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
    yield _UPDATE_RARE, [_values(d.case, ("id",), _RARE_COLUMNS) for d in drafts if d.changed_rarely]
    yield _INSERTS[WorkOrder], [d.orders[no] for d in drafts for no in sorted(d.new_orders)]
    yield _UPDATE_ORDER, [_values(d.orders[no], ("case_id", "no"), _ORDER_COLUMNS) for d in drafts for no in sorted(d.touched_orders)]
    yield _INSERTS[Clock], [c for c in clocks if c["id"] is None]
    yield _UPDATE_CLOCK, [_values(c, ("id",), _CLOCK_COLUMNS) for c in clocks if c["id"] is not None]
    yield _RESTAMP_CLOCK, [_values(c, ("id",), _CLOCK_STAMPS) for c in clocks if c["id"] is not None and c.get("restamped")]
    yield from _things(drafts)
    yield _INSERTS[RungFiring], [f for d in drafts for f in d.firings]
    yield _INSERTS[Journal], [e for d in drafts for e in d.entries]
    yield _INSERTS[Message], [m for d in drafts for m in d.messages]
    told = [(d, e) for d in drafts if d.catalogue.events_on for e in d.entries]
    yield _INSERTS[EventOut], [{"case_id": e["case_id"], "seq": e["seq"], "run_id": d.run_id, "tries": 0} for d, e in told]


def _things(drafts: Collection[Draft]) -> Iterator[tuple[Prepared, list[Row]]]:
    """Extensions and supervision orders; those of which only the number was known lapse."""
    asked = [d.extensions[no] for d in drafts for no in sorted(d.touched_extensions - d.new_extensions)]
    yield _INSERTS[Extension], [d.extensions[no] for d in drafts for no in sorted(d.new_extensions)]
    whole = [e for e in asked if "asked_at" in e]
    yield _UPDATE_EXTENSION, [_values(e, ("case_id", "no"), _EXTENSION_COLUMNS) for e in whole]
    yield _LAPSE_EXTENSION, [_values(e, ("case_id", "no"), _LAPSED_COLUMNS) for e in asked if "asked_at" not in e]
    yield from _people(drafts)
    new = [d.supervision[seq] for d in drafts for seq in sorted(d.new_supervision)]
    yield _INSERTS[SupervisionOrder], [{k: v for k, v in row.items() if k != "cases"} for row in new]
    yield _INSERTS[SupervisionCase], [{"home_id": r["case_id"], "seq": r["seq"], "case_id": i} for r in new for i in r.get("cases", ())]
    yield _INSERTS[Evidence], [e for d in drafts for e in d.evidence]
    told = [d.supervision[seq] for d in drafts for seq in sorted(d.touched_supervision - d.new_supervision)]
    yield _UPDATE_SUPERVISION, [_values(row, ("case_id", "seq"), _SUPERVISION_COLUMNS) for row in told]
    if beside := [d for d in drafts if d.affairs]:
        yield from _affairs(beside)


def _affairs(drafts: Collection[Draft]) -> Iterator[tuple[Prepared, list[Row]]]:
    """Affairs, their parts, and the further cases that they are about."""
    new = [d.affairs[seq] for d in drafts for seq in sorted(d.new_affairs)]
    yield _INSERTS[Affair], [{k: v for k, v in row.items() if k not in ("cases", "linked")} for row in new]
    old = [d.affairs[seq] for d in drafts for seq in sorted(d.touched_affairs - d.new_affairs)]
    yield _UPDATE_AFFAIR, [_values(row, ("case_id", "seq"), _AFFAIR_COLUMNS) for row in old]
    yield _INSERTS[AffairPart], [d.parts[no] for d in drafts for no in sorted(d.new_parts)]
    changed = [d.parts[no] for d in drafts for no in sorted(d.touched_parts - d.new_parts)]
    yield _UPDATE_PART, [_values(row, ("case_id", "no"), _PART_COLUMNS) for row in changed]
    linked = [(row["case_id"], row["seq"], i) for row in (*new, *old) for i in row.pop("linked", ())]
    yield _INSERTS[AffairCase], [{"home_id": home, "seq": seq, "case_id": i} for home, seq, i in linked]


def _people(drafts: Collection[Draft]) -> Iterator[tuple[Prepared, list[Row]]]:
    """Requests, reporters and ratings; requests of which only the number was known lapse."""
    yield _INSERTS[Request], [d.requests[no] for d in drafts for no in sorted(d.new_requests)]
    decided = [d.requests[no] for d in drafts for no in sorted(d.touched_requests - d.new_requests)]
    yield _UPDATE_REQUEST, [_values(r, ("case_id", "no"), _REQUEST_COLUMNS) for r in decided if "asked_at" in r]
    yield _LAPSE_REQUEST, [_values(r, ("case_id", "no"), _LAPSED_COLUMNS) for r in decided if "asked_at" not in r]
    yield _INSERTS[CaseReporter], [r for d in drafts for r in d.new_reporters]
    yield _UPDATE_REPORTER, [_values(r, ("case_id", "via_case_id"), _REPORTER_COLUMNS) for d in drafts for r in d.touched_reporters]
    yield _INSERTS[Evaluation], [e for d in drafts for e in d.new_evaluations]
    yield _UPDATE_EVALUATION, [_values(e, ("case_id", "no"), _EVALUATION_COLUMNS) for d in drafts for e in d.touched_evaluations]

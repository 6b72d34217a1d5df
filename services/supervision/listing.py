"""Supervision orders as people look at them: a list with the soonest due first, and everything about one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from models import Case, Clock, Evidence, Journal, SupervisionCase, SupervisionOrder, connection_of, table
from rules.facts import OPEN_SUPERVISION, Refused, SupervisionState
from services import reading
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.supervision.references import label_of, ref_of

_case, _order, _clock = table(Case), table(SupervisionOrder), table(Clock)
_journal, _evidence, _linked = table(Journal), table(Evidence), table(SupervisionCase)
_OPEN: Final = [state.value for state in OPEN_SUPERVISION]
_RUNNING: Final = and_(_clock.c.case_id == _order.c.case_id, _clock.c.supervision_seq == _order.c.seq, _clock.c.stopped_at.is_(None))
_LINES: Final = select(
    *_order.c,
    *(_case.c[name] for name in ("no", "subject", "place", "area_unit_id")),
    _case.c.state.label("case_state"),
    *(_clock.c[name].label(f"clock_{name}") for name in ("kind", "unit_id", "due_at", "provisional", "running_since", "stopped_at")),
).select_from(_order.join(_case, _case.c.id == _order.c.case_id).outerjoin(_clock, _RUNNING))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which supervision orders a list is to show; None: any that is open.

    Attributes:
        state: One state, or `all`.
        unit: Code of the unit addressed.
        listed: Only those that are listed (挂牌), or only those that are not.
        due: Those whose present clock is due by then, aware.
    """

    state: str | None = None
    unit: str | None = None
    listed: bool | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderStory:
    """Everything about one supervision order: its row with what its clock says, further cases, evidence, clocks, journal entries."""

    order: Row
    cases: list[str]
    evidence: list[Row]
    clocks: list[Row]
    journal: list[Row]
    known: Catalogue

    @property
    def label(self) -> str:
        """What it is called."""
        return label_of(self.order["number"], self.order["no"], self.order["seq"])


def list_orders(session: Session, wanted: Wanted, limit: int) -> list[Row]:
    """Supervision orders, the soonest due first; those that have ended come last.

    Raises:
        Refused: `unknown_state`, `unknown_unit`.
    """
    query = _LINES.where(*_conditions(session, wanted))
    return _rows(session, query.order_by(_clock.c.due_at.is_(None), _clock.c.due_at, _order.c.case_id, _order.c.seq).limit(limit))


def _conditions(session: Session, wanted: Wanted) -> list[Any]:
    conditions: list[Any] = []
    if wanted.state is None:
        conditions.append(_order.c.state.in_(_OPEN))
    elif wanted.state != "all":
        if wanted.state not in list(SupervisionState):
            raise Refused("unknown_state", given=wanted.state, known=", ".join((*SupervisionState, "all")))
        conditions.append(_order.c.state == wanted.state)
    if wanted.unit is not None:
        conditions.append(_order.c.unit_id == reading.unit_id_of(catalogue(session), wanted.unit))
    if wanted.listed is not None:
        conditions.append((_order.c.rank == "listed") if wanted.listed else (_order.c.rank != "listed"))
    if wanted.due is not None:
        conditions.append(_clock.c.due_at <= wanted.due)
    return conditions


def _rows(session: Session, query: Select[Any]) -> list[Row]:
    return [dict(row) for row in connection_of(session).execute(query).mappings()]


def read_order(session: Session, name: str) -> OrderStory:
    """Read one supervision order with all that belongs to it.

    Raises:
        Refused: as `refs_of` says.
    """
    ref = ref_of(session, name)
    (order,) = _rows(session, _LINES.where(_order.c.case_id == ref.case_id, _order.c.seq == ref.seq))
    clocks = select(_clock).where(_clock.c.case_id == ref.case_id, _clock.c.supervision_seq == ref.seq).order_by(_clock.c.id)
    proof = select(_evidence).where(_evidence.c.case_id == ref.case_id, _evidence.c.seq == ref.seq).order_by(_evidence.c.id)
    more = select(_case.c.no).select_from(_linked.join(_case, _case.c.id == _linked.c.case_id))
    more = more.where(_linked.c.home_id == ref.case_id, _linked.c.seq == ref.seq).order_by(_case.c.no)
    journal = select(_journal).where(_journal.c.case_id == ref.case_id).order_by(_journal.c.seq)
    return OrderStory(
        order=order,
        cases=[row["no"] for row in _rows(session, more)],
        evidence=_rows(session, proof),
        clocks=_rows(session, clocks),
        journal=[entry for entry in _rows(session, journal) if _is_about(entry, ref.seq)],
        known=catalogue(session),
    )


def _is_about(entry: Mapping[str, Any], seq: int) -> bool:
    if entry["thing"] == "clock":
        return bool(entry["data"].get("supervision") == seq)
    return bool(entry["seq"] == seq or (entry["thing"] == "supervision" and entry["thing_no"] == seq))


def order_json(row: Row, known: Catalogue, now: datetime) -> dict[str, Any]:
    """One supervision order as plain data; the keys are stable."""
    clock = {name: row[f"clock_{name}"] for name in ("kind", "unit_id", "due_at", "provisional", "running_since", "stopped_at")}
    told = {name: value for name, value in row.items() if not name.startswith("clock_") and name not in ("id", "case_id", "no")}
    shown = {"clock": clock["kind"], "turn_unit_id": clock["unit_id"], "due_at": clock["due_at"], "provisional": bool(clock["provisional"])}
    overdue = clock["kind"] is not None and reading.is_overdue(clock, now)
    about = {"order": label_of(row["number"], row["no"], row["seq"]), "case": row["no"]}
    return {**about, **reading.plain(told | shown, known), "overdue": overdue}


def story_json(story: OrderStory, now: datetime) -> dict[str, Any]:
    """Everything about one supervision order as plain data; the keys are stable."""

    def many(rows: list[Row], *without: str) -> list[dict[str, Any]]:
        return [{k: v for k, v in reading.plain(row, story.known).items() if k not in ("case_id", *without)} for row in rows]

    return {
        **order_json(story.order, story.known, now),
        "further_cases": story.cases,
        "evidence": many(story.evidence, "id", "seq"),
        "clocks": many(story.clocks, "id"),
        "journal": many(story.journal),
    }

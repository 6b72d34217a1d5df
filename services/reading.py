"""Reading cases for people: everything about one, or a list with the soonest due first. Changes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, Table, func, or_, select
from sqlalchemy.orm import Session

from models import Case, Clock, Extension, Journal, Message, RungFiring, SetAside, SupervisionOrder, WorkOrder, table
from rules.facts import FINAL, STEP_OF, Refused, State, Step
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.moves.effects import URGENCIES

_case, _order, _clock, _journal = table(Case), table(WorkOrder), table(Clock), table(Journal)
_message, _supervision, _firing, _aside = table(Message), table(SupervisionOrder), table(RungFiring), table(SetAside)
_extension = table(Extension)
_ENDED: Final = sorted(state.value for state in FINAL)
#: Columns that speak of the engine's work, not of the case.
_INTERNAL: Final = frozenset({"claimed_by", "claimed_until", "attend_at", "idempotency_key", "dedupe_key", "requester_id", "staff_id"})


@dataclass(frozen=True, slots=True)
class StepSpan:
    """One of the six steps of a case: when it was first reached and last left, and how long the case was in it in all."""

    step: Step
    since: datetime | None = None
    until: datetime | None = None
    spent: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Held:
    """One stretch of the held-by trail: whose ball it was (None: the resident's), in which step, from when to when (None: still)."""

    unit_id: int | None
    step: Step
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CaseStory:
    """Everything about one case, as rows, with the names that go with them."""

    case: Row
    orders: list[Row]
    clocks: list[Row]
    journal: list[Row]
    messages: list[Row]
    supervision: list[Row]
    extensions: list[Row]
    aside: list[Row]
    known: Catalogue

    @property
    def state(self) -> State:
        """Present state of the case."""
        return State(self.case["state"])


def case_id_of(session: Session, no: str) -> int:
    """The id of the case with this number.

    Raises:
        Refused: `unknown_case`.
    """
    found = session.connection().execute(select(_case.c.id).where(_case.c.no == no.strip().upper())).scalar()
    if found is None:
        raise Refused("unknown_case", case=no)
    return int(found)


def read_case(session: Session, no: str) -> CaseStory:
    """Read one case with all that belongs to it.

    Raises:
        Refused: `unknown_case`.
    """
    case_id = case_id_of(session, no)
    story = CaseStory(
        case=_rows(session, _of(_case, case_id, "id"))[0],
        orders=_rows(session, _of(_order, case_id).order_by(_order.c.no)),
        clocks=_rows(session, _of(_clock, case_id).order_by(_clock.c.id)),
        journal=_rows(session, _of(_journal, case_id).order_by(_journal.c.seq)),
        messages=_rows(session, _of(_message, case_id).order_by(_message.c.id)),
        supervision=_rows(session, _of(_supervision, case_id).order_by(_supervision.c.id)),
        extensions=_rows(session, _of(_extension, case_id).order_by(_extension.c.no)),
        aside=_rows(session, _of(_aside, case_id).where(_aside.c.resolved_at.is_(None))),
        known=catalogue(session),
    )
    _add_fired(session, story.clocks)
    _add_recipients(story)
    return story


def _of(of: Table, case_id: int, column: str = "case_id") -> Select[Any]:
    return select(of).where(of.c[column] == case_id)


def _rows(session: Session, wanted: Select[Any]) -> list[Row]:
    return [dict(row) for row in session.connection().execute(wanted).mappings()]


def _add_fired(session: Session, clocks: list[Row]) -> None:
    by_id: dict[int, list[str]] = {clock["id"]: [] for clock in clocks}
    wanted = select(_firing).where(_firing.c.clock_id.in_(by_id)).order_by(_firing.c.fired_at, _firing.c.due_at)
    for row in session.connection().execute(wanted):
        by_id[row.clock_id].append(row.rung)
    for clock in clocks:
        clock["fired"] = by_id[clock["id"]]


def _add_recipients(story: CaseStory) -> None:
    names = {person.id: person.name for person in story.known.people.values()}
    for message in story.messages:
        message["to"] = names.get(message["staff_id"], "resident")


def _states(journal: Iterable[Row]) -> list[tuple[datetime, State]]:
    """When the case entered which state."""
    return [(e["at"], State(e["after"])) for e in journal if e["thing"] == "case" and e["after"] is not None]


def steps_of(story: CaseStory, now: datetime) -> list[StepSpan]:
    """The six steps in order, each with when; a step that was gone through twice counts both times."""
    spans = {step: StepSpan(step) for step in Step}
    entered = _states(story.journal)
    for i, (at, state) in enumerate(entered):
        known = spans[STEP_OF[state]]
        end = entered[i + 1][0] if i + 1 < len(entered) else (at if state in FINAL else None)
        spans[known.step] = StepSpan(known.step, known.since or at, end, known.spent + ((end or now) - at))
    return list(spans.values())


def held_by(story: CaseStory) -> list[Held]:
    """Who held the ball, in order; what follows the end of the case is nobody's."""
    trail: list[Held] = []
    state = State.SUBMITTED
    for entry in story.journal:
        if entry["thing"] == "case" and entry["after"] is not None:
            state = State(entry["after"])
        unit_id, step = entry["ball_unit_id"], STEP_OF[state]
        if trail and state not in FINAL and (trail[-1].unit_id, trail[-1].step, trail[-1].until) == (unit_id, step, None):
            continue
        if trail and trail[-1].until is None:
            trail[-1] = Held(trail[-1].unit_id, trail[-1].step, trail[-1].since, entry["at"])
        if state not in FINAL:
            trail.append(Held(unit_id, step, entry["at"], None))
    return [held for held in trail if held.since != held.until]


# a list ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases a list is to show; None: any.

    Attributes:
        open_only: Whether cases that have ended are left out.
    """

    state: str | None = None
    urgency: str | None = None
    unit: str | None = None
    open_only: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list: the case, and the clock of it that is due first, with the number of its supervision order."""

    case: Row
    clock: Row = field(default_factory=dict)


def list_cases(session: Session, wanted: Wanted, limit: int) -> list[Listed]:
    """Cases with the soonest due first; those without a running clock come last, and those that have ended, supervised or not.

    Raises:
        Refused: `unknown_state`, `unknown_urgency`, `unknown_unit`.
    """
    running = (_clock.c.stopped_at.is_(None), _clock.c.running_since.is_not(None))
    counts = (*running, or_(_clock.c.supervision_seq.is_(None), _case.c.state.not_in(_ENDED)))
    soonest = select(_clock.c.case_id, func.min(_clock.c.due_at).label("due"))
    due = soonest.select_from(_clock.join(_case, _case.c.id == _clock.c.case_id)).where(*counts).group_by(_clock.c.case_id).subquery()
    columns = [c for c in _case.c if c.name != "body"]
    query = select(*columns, due.c.due).select_from(_case.outerjoin(due, due.c.case_id == _case.c.id))
    query = query.where(*_conditions(session, wanted)).order_by(due.c.due.is_(None), due.c.due, _case.c.id).limit(limit)
    found = _rows(session, query)
    first: dict[int, Row] = {}
    own = (_supervision.c.case_id == _clock.c.case_id) & (_supervision.c.seq == _clock.c.supervision_seq)
    clocks = select(_clock, _supervision.c.number.label("supervision_no")).select_from(_clock.outerjoin(_supervision, own))
    clocks = clocks.where(_clock.c.case_id.in_([row["id"] for row in found]), *running).order_by(_clock.c.due_at, _clock.c.id)
    for clock in _rows(session, clocks):
        first.setdefault(clock["case_id"], clock)
    return [Listed(row, first.get(row["id"], {})) for row in found]


def _conditions(session: Session, wanted: Wanted) -> list[Any]:
    conditions: list[Any] = []
    if wanted.state is not None:
        if wanted.state not in list(State):
            raise Refused("unknown_state", given=wanted.state, known=", ".join(State))
        conditions.append(_case.c.state == wanted.state)
    if wanted.open_only:
        conditions.append(_case.c.state.not_in(_ENDED))
    if wanted.urgency is not None:
        if wanted.urgency.upper() not in URGENCIES:
            raise Refused("unknown_urgency", urgency=wanted.urgency)
        conditions.append(_case.c.urgency == wanted.urgency.upper())
    if wanted.unit is not None:
        unit_id = unit_id_of(catalogue(session), wanted.unit)
        conditions.append(_case.c.id.in_(select(_clock.c.case_id).where(_clock.c.unit_id == unit_id, _clock.c.stopped_at.is_(None))))
    return conditions


def unit_id_of(known: Catalogue, code: str) -> int:
    """The id of the unit with this code.

    Raises:
        Refused: `unknown_unit`.
    """
    found = known.unit_ids.get(code)
    if found is None:
        raise Refused("unknown_unit", unit=code)
    return found


# as plain data --------------------------------------------------------------------------------------------------------


def plain(row: Mapping[str, Any], known: Catalogue) -> dict[str, Any]:
    """A row as JSON can say it: instants in ISO form (UTC), units by their codes, nothing of the engine's own book-keeping."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        if key in _INTERNAL:
            continue
        if key.endswith("unit_id"):
            found[key.removesuffix("_id")] = None if value is None else known.units[value].code
        else:
            found[key] = value.isoformat() if isinstance(value, datetime) else value
    return found


def as_json(story: CaseStory, now: datetime) -> dict[str, Any]:
    """Everything about one case as plain data; the keys are stable."""
    known = story.known

    def many(rows: Iterable[Row], *without: str) -> list[dict[str, Any]]:
        return [{k: v for k, v in plain(row, known).items() if k not in ("case_id", *without)} for row in rows]

    spans = ({"step": s.step, "since": s.since, "until": s.until, "hours": hours(s.spent)} for s in steps_of(story, now))
    trail = (
        {"unit_id": h.unit_id, "step": h.step, "since": h.since, "until": h.until, "hours": hours((h.until or now) - h.since)}
        for h in held_by(story)
    )
    return {
        **plain(story.case, known),
        "step": STEP_OF[story.state],
        "steps": many(spans),
        "held_by": many(trail),
        "orders": many(story.orders),
        "clocks": [{**clock, "overdue": is_overdue(row, now)} for clock, row in zip(many(story.clocks), story.clocks, strict=True)],
        "supervision": many(story.supervision),
        "extensions": many(story.extensions),
        "journal": many(story.journal),
        "messages": many(story.messages),
        "set_aside": many(story.aside),
    }


def hours(spent: timedelta) -> float:
    """A stretch of time in natural hours."""
    return round(spent.total_seconds() / 3600, 2)


def is_overdue(clock: Mapping[str, Any], now: datetime) -> bool:
    """Whether a clock was late when it stopped, or is late now; one that is on hold is not."""
    end = clock["stopped_at"] or (now if clock["running_since"] is not None else None)
    return end is not None and end > clock["due_at"]


def listed_json(listed: Listed, known: Catalogue, now: datetime) -> dict[str, Any]:
    """One line of a list as plain data; the keys are stable."""
    case, clock = listed.case, listed.clock
    names = ("no", "state", "urgency", "category", "subject", "place", "source", "submitted_at", "version", "area_unit_id")
    soonest = {"clock": clock.get("kind"), "unit_id": clock.get("unit_id"), "due_at": clock.get("due_at")}
    soonest["provisional"] = bool(clock.get("provisional"))
    return {
        **plain({name: case[name] for name in names} | soonest, known),
        "step": STEP_OF[State(case["state"])],
        "overdue": bool(clock) and is_overdue(clock, now),
    }

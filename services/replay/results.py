"""What a replay showed: counts, times and breaches, as people want to read them and as JSON with stable keys."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from statistics import median, quantiles
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, Clock, Journal, Message, RungFiring, SupervisionOrder, WorkOrder, table
from rules.facts import STEP_OF, State, Step
from rules.worktime import seconds
from services.catalogue import Catalogue, catalogue
from services.hearing import TAKEN
from services.replay import decided
from services.replay.lines import Line, lines
from services.replay.messages import Message as Real

_case, _clock, _journal = table(Case), table(Clock), table(Journal)
_message, _firing, _order, _supervision = table(Message), table(RungFiring), table(WorkOrder), table(SupervisionOrder)
RUNGS: Final = ("remind", "yellow", "red", "escalate_1", "escalate_2")
LIMIT_WD: Final = 15  #: working days after which a reply is called late, whatever the policy (Beijing's fourth tier, domain rule 15天)
#: Actions that the script made, not the data and not the engine.
SCRIPTED: Final = (
    "file",
    "report_up",
    "handle_here",
    "dispatch",
    "ask_return",
    "uphold_return",
    "reject_return",
    "acknowledge",
    "contact",
    "control",
    "finish",
    "fail_check",
    "pass_check",
    "report_statutory",
    "rate",
    "close",
)


@dataclass(slots=True)
class Results:
    """Everything a replay is asked for."""

    cases: int
    closed: int
    states: dict[str, int]
    fired: dict[str, int]
    other_rungs: dict[str, int]
    proposed_orders: int
    notices: dict[str, int]
    on_time_rate: float | None
    steps: dict[str, dict[str, float | None]]
    violations: list[dict[str, Any]]
    unclaimed: int
    rejected: int
    scripted: dict[str, int]
    triage: dict[str, Any]
    routing: dict[str, Any]
    by_category: dict[str, Line] = field(default_factory=dict)
    by_unit: dict[str, Line] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as plain data with stable keys."""
        return asdict(self)


def results(session: Session, messages: Sequence[Real], rejected: int, until: datetime | None) -> Results:
    """Count what a replay left in its database.

    Args:
        session: A unit of work on the replay's database.
        messages: The messages replayed.
        rejected: Rows of the file that could not be used.
        until: Virtual moment at which it was stopped; replies after it are not judged.
    """
    known = catalogue(session)
    run = session.connection().execute
    cases = {row.id: row for row in run(select(_case).where(_case.c.idempotency_key.like("replay:%")))}
    states = Counter(row.state for row in cases.values())
    fired = Counter({r.rung: r.n for r in run(select(_firing.c.rung, func.count().label("n")).group_by(_firing.c.rung))})
    notices = {
        r.notice: r.n
        for r in run(select(_message.c.notice, func.count().label("n")).where(_message.c.state.in_(TAKEN)).group_by(_message.c.notice))
    }
    clocks = run(select(_clock).where(_clock.c.kind.in_(("acknowledge", "handle")))).all()
    orders = {(o.case_id, o.no): o for o in run(select(_order))}
    lead = [c for c in clocks if c.kind == "handle" and c.stopped_at is not None and orders[c.case_id, c.order_no].lead]
    proposed = run(select(func.count()).select_from(_supervision).where(_supervision.c.form != "bulletin")).scalar_one()
    found = Results(
        cases=len(cases),
        closed=states[State.CLOSED.value],
        states=dict(sorted(states.items())),
        fired={code: fired[code] for code in RUNGS},
        other_rungs={code: n for code, n in sorted(fired.items()) if code not in RUNGS},
        proposed_orders=proposed,
        notices=dict(sorted(notices.items())),
        on_time_rate=round(sum(c.stopped_at <= c.due_at for c in lead) / len(lead), 4) if lead else None,
        steps=_steps(session),
        violations=_violations(messages, cases, known, until),
        unclaimed=run(select(func.count()).select_from(_journal).where(_journal.c.action == "unclaimed")).scalar_one(),
        rejected=rejected,
        scripted=_scripted(session, len(cases), states),
        triage=decided.triage(session, cases),
        routing=decided.routing(session, cases),
    )
    found.by_category, found.by_unit = lines(session, cases, clocks, list(orders.values()), known)
    return found


def _steps(session: Session) -> dict[str, dict[str, float | None]]:
    """Natural hours that cases spent in each step: median and 90th percentile over the cases that have left it."""
    spent: dict[tuple[int, Step], float] = defaultdict(float)
    entries = select(_journal.c.case_id, _journal.c.at, _journal.c.after).where(_journal.c.thing == "case", _journal.c.after.is_not(None))
    before: dict[int, tuple[Step, datetime]] = {}
    for row in session.connection().execute(entries.order_by(_journal.c.case_id, _journal.c.seq)):
        if row.case_id in before:
            step, since = before[row.case_id]
            spent[row.case_id, step] += (row.at - since).total_seconds() / 3600
        before[row.case_id] = (STEP_OF[State(row.after)], row.at)
    return {step.value: _spread([h for (_, s), h in spent.items() if s is step]) for step in Step}


def _spread(hours: list[float]) -> dict[str, float | None]:
    if not hours:
        return {"median_h": None, "p90_h": None}
    p90 = quantiles(hours, n=10, method="inclusive")[-1] if len(hours) > 1 else hours[0]
    return {"median_h": round(median(hours), 2), "p90_h": round(p90, 2)}


def _violations(messages: Sequence[Real], cases: dict[int, Any], known: Catalogue, until: datetime | None) -> list[dict[str, Any]]:
    calendar = known.calendars["cn"]
    numbers = {row.idempotency_key: row.no for row in cases.values()}
    late = []
    for m in messages:
        replied = m.replied_at if until is None else min(m.replied_at, until)
        start, end = seconds(m.submitted_at), seconds(replied)
        if m.submitted_at <= replied and end > calendar.close_of(start, LIMIT_WD):
            days = calendar.working_days_between(start, end)
            late.append({"id": m.id, "case": numbers.get(f"replay:{m.id}"), "working_days": days})
    return late


def _scripted(session: Session, cases: int, states: Counter[str]) -> dict[str, int]:
    """How much of what happened was script: everything but the two moments of each message."""
    wanted = (
        select(_journal.c.action, func.count().label("n"))
        .where(_journal.c.action.in_(SCRIPTED), _journal.c.actor != "system")
        .group_by(_journal.c.action)
    )
    counts = {row.action: row.n for row in session.connection().execute(wanted)}
    silent = select(func.count()).select_from(_journal).where(_journal.c.action == "close_unrated")
    return {"source_and_grid": cases, **dict(sorted(counts.items())), "silence": session.connection().execute(silent).scalar_one()}

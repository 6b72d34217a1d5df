"""Applying a published version to the cases that are open: some hundreds a commit, taken up where it was after a kill."""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models import Case, SlaPolicy, begin_write, connection_of, table
from rules.facts import FINAL, STEP_OF, Actor
from services.catalogue import catalogue
from services.moves import Draft, Row, read_drafts, write_drafts
from services.moves.clockwork import follow_state, project
from services.moves.messages import tell
from services.policies.stored import Treatment
from services.policies.treating import SHORTER, Change, Past, Trial, change_of, moved, read_past
from services.versions import PUBLISHED

_case, _policy = table(Case), table(SlaPolicy)
_FINAL: Final = [state.value for state in FINAL]
BATCH: Final = 200  #: cases a commit
_DUE: Final = (
    select(_policy.c.version, _policy.c.treatment, _policy.c.apply_after, _policy.c.published_by)
    .where(_policy.c.state == PUBLISHED, _policy.c.apply_after.is_not(None))
    .order_by(_policy.c.effective_at, _policy.c.version)
    .limit(1)
)


class CaseFailedError(RuntimeError):
    """One case cannot be treated; what it was is the cause.

    Attributes:
        case_id: Which case.
    """

    def __init__(self, case_id: int) -> None:
        """Name the case."""
        super().__init__(f"case {case_id} cannot be treated")
        self.case_id = case_id


def apply_due(session: Session, now: datetime, batch: int = BATCH) -> int | None:
    """Take the next step of applying whichever published version is due to be applied; safe to run twice, and by several at once.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant.
        batch: How many cases at most.

    Returns:
        How many cases were looked at; None: there is nothing to apply.

    Raises:
        CaseFailedError: one of the cases raised; nothing of the batch may be committed then.
    """
    run = connection_of(session).execute
    if run(_DUE.where(_policy.c.effective_at <= now)).first() is None:
        return None
    begin_write(session)
    head = run(_DUE.where(_policy.c.effective_at <= now).with_for_update(skip_locked=True)).one_or_none()
    if head is None:
        return None
    wanted = select(_case.c.id).where(_case.c.state.not_in(_FINAL), _case.c.id > head.apply_after).order_by(_case.c.id).limit(batch)
    ids = list(run(wanted).scalars())
    trial = Trial(catalogue(session), head.version, Treatment(head.treatment), now)
    drafts = read_drafts(session, ids)
    past = read_past(session, [c for d in drafts.values() for c in d.clocks])
    for case_id, draft in drafts.items():
        try:
            treat(draft, trial, past, head.published_by)
        except Exception as problem:
            raise CaseFailedError(case_id) from problem
    write_drafts(session, list(drafts.values()))
    last = ids[-1] if len(ids) == batch else None
    run(update(_policy).where(_policy.c.version == head.version).values(apply_after=last))
    return len(ids)


def pass_over(session: Session, now: datetime, case_id: int) -> bool:
    """Leave out a case that cannot be treated, if it is the next one; it keeps its clocks and its stamp.

    Returns:
        Whether it was left out now; not if somebody else has done so, or gone on, meanwhile.
    """
    run = connection_of(session).execute
    begin_write(session)
    head = run(_DUE.where(_policy.c.effective_at <= now).with_for_update()).one_or_none()
    if head is None or head.apply_after >= case_id:
        return False
    run(update(_policy).where(_policy.c.version == head.version).values(apply_after=case_id))
    return True


def next_application(session: Session) -> datetime | None:
    """When the next published version is to be applied; None: none is."""
    wanted = select(_policy.c.effective_at).where(_policy.c.state == PUBLISHED, _policy.c.apply_after.is_not(None))
    found: datetime | None = connection_of(session).execute(wanted.order_by(_policy.c.effective_at).limit(1)).scalar()
    return found


def treat(draft: Draft, trial: Trial, past: Past, by: str) -> list[Change]:
    """Treat one open case under a version, in its draft: clocks, journal, messages.

    Args:
        draft: The case, changed in place.
        trial: The version.
        past: What the journal says of its clocks.
        by: User name of whoever published it.
    """
    case = draft.case
    if not trial.known.precedes(case["policy_version"], trial.version):
        return []  # stamped with it, or with one that came into force after it
    leads = {no: bool(order["lead"]) for no, order in draft.orders.items()}
    for clock in draft.clocks:
        clock["lead"] = leads.get(clock["order_no"], True)
    actor = Actor(by, system=True)
    changes = [_move(draft, trial, past, actor, clock, new) for clock, new in moved(trial, case, draft.clocks, past)]
    if trial.treatment is Treatment.REPROJECT:
        changes += _restamp(draft, trial, actor)
    return changes


def _move(draft: Draft, trial: Trial, past: Past, actor: Actor, clock: Row, new: Row) -> Change:
    change = change_of(trial, draft.case["no"], clock, new, past)
    before = clock["due_at"]
    clock.update(new)
    if clock["running_since"] is not None:
        ladder = trial.known.ladders[clock["ladder"], clock["ladder_version"]]
        project(clock, ladder, trial.known.calendar_by(clock), past.fired.get((clock["id"], clock["round"]), frozenset()))
    if not any(c is clock for c in draft.touched_clocks):
        draft.touched_clocks.append(clock)
    data = {
        "why": "policy",
        "clock_id": clock["id"],
        "from": before.isoformat(),
        "to": clock["due_at"].isoformat(),
        "limit_before": change.limit_before,
        "consumed_s": clock["consumed_s"],
        "budget_s": clock["budget_s"],
        "calendar_version": clock["calendar_version"],
        "policy_version": trial.version,
        "round": clock["round"],
    }
    draft.enter_clock(trial.now, actor, clock, "reprojected", data)
    if SHORTER in change.notices:
        about = {"clock": clock["kind"], "due": clock["due_at"].isoformat(), "provisional": clock["provisional"] or None}
        tell(draft, SHORTER, trial.now, unit_id=clock["unit_id"], **about)
    return change


def _restamp(draft: Draft, trial: Trial, actor: Actor) -> list[Change]:
    """Stamp the case with the version; clocks that only one of the two gives are started or stopped."""
    old, draft.case["policy_version"] = draft.case["policy_version"], trial.version
    data = {"why": "policy", "from": old, "to": trial.version}
    draft.enter(trial.now, actor, step=STEP_OF[draft.state].value, thing="case", action="policy_changed", data=data)
    before = {id(clock): clock for clock in draft.clocks}
    follow_state(draft, trial.now)
    after = {id(clock): clock for clock in draft.clocks}
    started = [_other(draft, clock, started=True) for key, clock in after.items() if key not in before]
    return [*started, *(_other(draft, clock, started=False) for key, clock in before.items() if key not in after)]


def _other(draft: Draft, clock: Row, *, started: bool) -> Change:
    limits = (None, clock["limit"]) if started else (clock["limit"], None)
    moments = (None, clock["due_at"]) if started else (clock["due_at"], None)
    return Change(draft.case["no"], clock["id"], clock["kind"], clock["stage"], clock["order_no"], clock["unit_id"], *limits, *moments)


def open_cases(session: Session) -> int:
    """How many cases are open."""
    return int(connection_of(session).execute(select(func.count()).where(_case.c.state.not_in(_FINAL))).scalar_one())

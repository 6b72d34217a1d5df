"""What raised is set aside with its error on record, so that everything else goes on."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, insert, not_, or_, select, update
from sqlalchemy.orm import Session

from models import Case, Clock, SetAside, begin_write, table, wake
from rules.facts import FINAL, SYSTEM
from services.moves import Setting, read_drafts, write_drafts
from services.moves.messages import tell

_aside, _case, _clock = table(SetAside), table(Case), table(Clock)
RETRY_AFTER: Final = timedelta(hours=1)
_engine_waits = (
    exists()
    .where(_case.c.id == _aside.c.case_id, _case.c.attend_at.is_not(None), _case.c.state.not_in([s.value for s in FINAL]))
    .correlate(_aside)
)
_clock_runs = exists().where(_clock.c.id == _aside.c.clock_id, _clock.c.stopped_at.is_(None)).correlate(_aside)
#: Still to be put right: once a person has taken the case on, or the clock has stopped, there is nothing left to try again.
STILL_OPEN: Final[ColumnElement[bool]] = and_(
    _aside.c.resolved_at.is_(None), or_(and_(_aside.c.clock_id.is_(None), _engine_waits), and_(_aside.c.clock_id.is_not(None), _clock_runs))
)


def set_aside(session: Session, case_id: int, step: str, error: str, setting: Setting, clock_id: int | None = None) -> str:
    """Put a case, or one clock of it, off for an hour and record why; an emergency goes to the duty officer at once.

    The engine tries again by itself each hour; `doctor` lists it until it has worked, or a person has taken the matter on. Of the
    error only the first line is kept: a database puts its statement behind it.

    Returns:
        The case's number.
    """
    error = error.strip().partition("\n")[0]
    begin_write(session)
    run = session.connection().execute
    same = (
        _aside.c.case_id == case_id,
        _aside.c.step == step,
        _aside.c.clock_id.is_not_distinct_from(clock_id),
        _aside.c.resolved_at.is_(None),
    )
    again = run(update(_aside).where(*same).values(last_at=setting.now, error=error, tries=_aside.c.tries + 1))
    if again.rowcount == 0:
        run(insert(_aside).values(case_id=case_id, clock_id=clock_id, step=step, error=error, first_at=setting.now, last_at=setting.now))
        _record(session, case_id, step, error, setting)
    later = setting.now + RETRY_AFTER
    if clock_id is None:
        run(update(_case).where(_case.c.id == case_id).values(attend_at=later, claimed_by=None, claimed_until=None))
    else:
        run(update(_clock).where(_clock.c.id == clock_id).values(claimed_by=None, claimed_until=later))
    return str(run(select(_case.c.no).where(_case.c.id == case_id)).scalar_one())


def _record(session: Session, case_id: int, step: str, error: str, setting: Setting) -> None:
    """Journal it, and tell the duty officer by every channel when it is an emergency, the administrators otherwise."""
    for draft in read_drafts(session, [case_id]).values():
        draft.enter(setting.now, SYSTEM, step=step, thing="case", action="set_aside", data={"error": error[:500]})
        if draft.case["urgency"] == "P0":
            tell(draft, "set_aside", setting.now, unit_id=draft.catalogue.desk_id, reason=error[:200])
        else:
            tell(draft, "set_aside_admin", setting.now, unit_id=draft.catalogue.desk_id, reason=error[:200])
        write_drafts(session, [draft])


def resolve(session: Session, now: datetime, *, cases: Collection[int] = (), clocks: Collection[int] = ()) -> None:
    """Close what is over: what was worked on in this turn without raising again, and what people have settled meanwhile.

    Args:
        session: The unit of work.
        now: The instant of the turn; what was set aside in it stays open.
        cases: Cases that were worked on to the end.
        clocks: Clocks that were worked on to the end.
    """
    worked_on = or_(_aside.c.clock_id.in_(clocks), and_(_aside.c.case_id.in_(cases), _aside.c.clock_id.is_(None)))
    over = and_(_aside.c.resolved_at.is_(None), or_(and_(worked_on, _aside.c.last_at < now), not_(STILL_OPEN)))
    if session.connection().execute(select(_aside.c.id).where(over).limit(1)).first() is not None:
        begin_write(session)
        session.connection().execute(update(_aside).where(over).values(resolved_at=now))


def retry_now(session: Session, case_id: int, now: datetime) -> bool:
    """Let the engine try what is set aside of a case again at once: the case, its clocks, or both.

    Returns:
        Whether there was anything set aside.
    """
    begin_write(session)
    run = session.connection().execute
    clocks = list(run(select(_aside.c.clock_id).where(_aside.c.case_id == case_id, STILL_OPEN)).scalars())
    if None in clocks:
        run(update(_case).where(_case.c.id == case_id).values(attend_at=now, claimed_until=None))
    run(update(_clock).where(_clock.c.id.in_([c for c in clocks if c is not None])).values(claimed_until=None))
    if clocks:
        wake(session)
    return bool(clocks)


def listed(session: Session) -> list[Any]:
    """Everything set aside that is still to be put right, with the case number, oldest first."""
    joined = _aside.join(_case, _case.c.id == _aside.c.case_id)
    wanted = select(_aside, _case.c.no, _case.c.urgency).select_from(joined).where(STILL_OPEN).order_by(_aside.c.first_at)
    return list(session.connection().execute(wanted).all())

"""What raised is set aside with its error on record, so that everything else goes on."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import Case, Clock, SetAside, begin_write, table
from rules.facts import SYSTEM
from services.moves import Setting, read_drafts, write_drafts
from services.moves.messages import tell

_aside, _case, _clock = table(SetAside), table(Case), table(Clock)
RETRY_AFTER: Final = timedelta(hours=1)


def set_aside(session: Session, case_id: int, step: str, error: str, setting: Setting, clock_id: int | None = None) -> str:
    """Put a case, or one clock of it, off for an hour and record why; an emergency goes to the duty officer at once.

    The engine tries again by itself each hour; `doctor` lists it until it has worked.

    Returns:
        The case's number.
    """
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
    """What was set aside before this turn has now been worked on without raising again."""
    which = _aside.c.clock_id.in_(clocks) if clocks else _aside.c.case_id.in_(cases) & _aside.c.clock_id.is_(None)
    earlier = (_aside.c.resolved_at.is_(None), _aside.c.last_at < now, which)
    if session.connection().execute(select(_aside.c.id).where(*earlier).limit(1)).first() is not None:
        begin_write(session)
        session.connection().execute(update(_aside).where(*earlier).values(resolved_at=now))


def retry_now(session: Session, case_id: int, now: datetime) -> bool:
    """Let the engine try a set-aside case again at once.

    Returns:
        Whether there was anything set aside.
    """
    begin_write(session)
    found = session.connection().execute(select(_aside.c.clock_id).where(_aside.c.case_id == case_id, _aside.c.resolved_at.is_(None))).all()
    if found:
        session.connection().execute(update(_case).where(_case.c.id == case_id).values(attend_at=now, claimed_until=None))
        clocks = [row.clock_id for row in found if row.clock_id is not None]
        session.connection().execute(update(_clock).where(_clock.c.id.in_(clocks)).values(claimed_until=None))
    return bool(found)


def listed(session: Session) -> list[Any]:
    """Everything set aside and not yet resolved, with the case number, oldest first."""
    joined = _aside.join(_case, _case.c.id == _aside.c.case_id)
    wanted = (
        select(_aside, _case.c.no, _case.c.urgency).select_from(joined).where(_aside.c.resolved_at.is_(None)).order_by(_aside.c.first_at)
    )
    return list(session.connection().execute(wanted).all())

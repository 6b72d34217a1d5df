"""The cases that a change of the rules touches, as far as whoever looks may see them."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, Clock, connection_of, table
from rules.facts import Actor
from services.privacy.masking import masked
from services.visibility import visible_cases

_case, _clock = table(Case), table(Clock)


def subjects(session: Session, viewer: Actor, numbers: Iterable[str]) -> dict[str, str]:
    """What the cases with these numbers are about, without what is personal; those that the viewer does not see are left out."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    query = select(_case.c.no, _case.c.subject).where(_case.c.no.in_(wanted), visible_cases(session, viewer))
    return {no: masked(subject) for no, subject in connection_of(session).execute(query)}


def awaiting_notice(session: Session) -> int:
    """How many cases have an open clock whose due moment is provisional: the holidays of its year are not published yet."""
    query = select(func.count(_clock.c.case_id.distinct())).where(_clock.c.stopped_at.is_(None), _clock.c.provisional)
    return int(connection_of(session).execute(query).scalar_one())

"""Looking whether a topic is solved: the program says that it has eased, a person says that it is solved."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Affair, Case, connection_of, table
from rules.facts import SYSTEM, Thing
from rules.handling.topics import TopicState
from services.mechanisms import is_on
from services.moves import Intent, Moved, Setting, make_moves
from services.topics.finding import NOTHING_SAID
from services.topics.policy import CODE, policy

_affair, _case = table(Affair), table(Case)


def ease(session: Session, now: datetime) -> list[str]:
    """Mark topics whose count has fallen below the number set for the time set, both counted from the approval of the plan.

    Safe to run again; nothing is locked while there is nothing to mark.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.

    Returns:
        Numbers of the topics that a person may now call solved.
    """
    if not is_on(session, CODE):
        return []
    since = now - policy().quiet
    there = (_case.c.topic_id == _affair.c.case_id, _case.c.submitted_at > since, _case.c.state.not_in(NOTHING_SAID))
    counted = select(func.count()).where(*there).scalar_subquery()
    wanted = select(_affair, counted.label("n")).where(_affair.c.thing == Thing.TOPIC.value, _affair.c.state == TopicState.APPROVED.value)
    eased = [
        row
        for row in connection_of(session).execute(wanted.order_by(_affair.c.no))
        if row.n < policy().below and datetime.fromisoformat(row.data["approved_at"]) <= since
    ]
    if not eased:
        return []
    intents = [Intent(row.case_id, "ease_topic", SYSTEM, Thing.TOPIC, row.seq) for row in eased]
    made = make_moves(session, intents, Setting(now))
    return [row.no for row, outcome in zip(eased, made, strict=True) if isinstance(outcome, Moved)]

"""What people do with topics: say which unit deals with one and how, approve that, choose the topic of a month, say that it is solved."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, begin_write, connection_of, table
from rules.facts import Actor, Refused, Thing
from rules.handling.topics import TopicState
from services.affairs.whose import naming_whose
from services.catalogue import catalogue
from services.mechanisms import require
from services.moves import Intent, Moved, Setting, make_moves, one
from services.topics.policy import CODE
from services.topics.reading import ref_of

_affair = table(Affair)
#: How a topic comes to its end, by the state it is in.
_ENDS: Final = {TopicState.EASED.value: "confirm_solved"}


def act(session: Session, topic: str | int, action: str, actor: Actor, now: datetime, **args: Any) -> Moved:  # noqa: ANN401 - of the move
    """Make a move of a topic.

    Raises:
        Refused: `mechanism_off`, `unknown_topic`, and what the table says.
        Conflict: the topic has changed meanwhile.
    """
    require(session, CODE)
    ref = ref_of(session, topic)
    with naming_whose(session, ref.case_id, ref.seq):
        return one(make_moves(session, [Intent(ref.case_id, action, actor, Thing.TOPIC, ref.seq, args)], Setting(now)))


def take(session: Session, topic: str | int, unit: str, plan: str, actor: Actor, now: datetime) -> None:
    """Say which unit deals with a topic at its root, and how; said again, the newest holds and has to be approved anew.

    Raises:
        Refused: `unknown_topic`, `unknown_unit`, `unit_retired`, `not_yours`, `plan_missing`, `text_too_long`, `text_unprintable`.
    """
    unit_id = catalogue(session).unit_ids.get(unit)
    if unit_id is None:
        raise Refused("unknown_unit", unit=unit)
    act(session, topic, "take_topic", actor, now, unit=unit_id, plan=plan)


def choose(session: Session, topic: str | int, month: str, actor: Actor, now: datetime) -> None:
    """每月一题: make it the topic of a month (YYYY-MM); a month has one.

    Raises:
        Refused: `bad_month`; `month_has_one`, with its number; `not_yours`, `unknown_topic`.
    """
    begin_write(session)
    act(session, topic, "choose_topic", actor, now, month=month)


def close(session: Session, topic: str | int, result: str, actor: Actor, now: datetime) -> None:
    """Say what came of a topic: that it is solved, where it has eased; before that only the centre may end it.

    Raises:
        Refused: `unknown_topic`, `topic_closed`, `not_yours`, `checks_own_work`, `result_missing`, `text_too_long`, `text_unprintable`.
    """
    ref = ref_of(session, topic)
    state = (
        connection_of(session)
        .execute(select(_affair.c.state).where(_affair.c.case_id == ref.case_id, _affair.c.seq == ref.seq))
        .scalar_one()
    )
    if state == TopicState.CLOSED:
        raise Refused("topic_closed", given=ref.no)
    act(session, topic, _ENDS.get(state, "close_topic"), actor, now, result=result)

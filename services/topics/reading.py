"""Reading topics: a list, and one with its cases."""

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Affair, Case, Clock, connection_of, table
from rules.facts import Refused, Thing
from rules.handling.topics import TopicState
from services.affairs import Ref, find
from services.moves import Row

STATES: Final = tuple(state.value for state in TopicState)
ENDED: Final = TopicState.CLOSED.value
_affair, _case, _clock = table(Affair), table(Case), table(Clock)


def topics(session: Session, state: str | None = None) -> list[Row]:
    """Topics in this state, or all that are not closed, with how many cases each has and when its time is up; the newest first.

    Raises:
        Refused: `unknown_topic_state`.
    """
    if state is not None and state not in STATES:
        raise Refused("unknown_topic_state", given=state, known=", ".join(STATES))
    wanted = _rows().where(_affair.c.state == state if state else _affair.c.state != ENDED)
    return [_plain(row) for row in connection_of(session).execute(wanted.order_by(_affair.c.opened_at.desc(), _affair.c.no.desc()))]


def topic_of(session: Session, given: str | int) -> tuple[Row, list[Row]]:
    """A topic and its cases (no, subject, state, submitted_at), the oldest first.

    Raises:
        Refused: `unknown_topic`.
    """
    ref, run = ref_of(session, given), connection_of(session).execute
    found = run(_rows().where(_affair.c.case_id == ref.case_id, _affair.c.seq == ref.seq)).one()
    columns = (_case.c[n] for n in ("no", "subject", "state", "submitted_at"))
    wanted = select(*columns).where(_case.c.topic_id == ref.case_id, _case.c.sensitive.is_(None))
    return _plain(found), [dict(row) for row in run(wanted.order_by(_case.c.id)).mappings()]


def ref_of(session: Session, given: str | int) -> Ref:
    """Where a topic is kept: by its number, or by the plain number that it had before topics were affairs.

    Raises:
        Refused: `unknown_topic`.
    """
    text = str(given).strip().upper()
    if text.isdigit():
        wanted = select(_affair).where(_affair.c.thing == Thing.TOPIC.value)
        rows = connection_of(session).execute(wanted.order_by(_affair.c.no))
        text = next((row.no for row in rows if row.data.get("old") == int(text)), text)
    try:
        return find(session, text, Thing.TOPIC)
    except Refused:
        raise Refused("unknown_topic", given=given) from None


def _rows() -> Any:  # noqa: ANN401 - a select
    """Topics with how many cases they have, and when their time is up."""
    cases = select(func.count()).where(_case.c.topic_id == _affair.c.case_id).scalar_subquery()
    own = (_clock.c.case_id == _affair.c.case_id, _clock.c.affair_seq == _affair.c.seq, _clock.c.stopped_at.is_(None))
    due = select(func.min(_clock.c.due_at)).where(*own).correlate(_affair).scalar_subquery()
    return select(_affair, cases.label("cases"), due.label("due_at")).where(_affair.c.thing == Thing.TOPIC.value)


def _plain(row: Any) -> Row:  # noqa: ANN401 - a result row
    kept = ("no", "state", "title", "place", "area_unit_id", "unit_id", "opened_at", "result", "cases", "due_at")
    found = {name: getattr(row, name) for name in kept}
    ended = {"closed_at": row.ended_at, "closed_by": row.ended_by, "month": row.data.get("month"), "returned": row.data.get("returned", [])}
    return found | {"category": row.form, "plan": row.body} | ended

"""The outbox of events for Prefect: a row per journal entry, deleted when Prefect says that it has stored it."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from models import Case, EventOut, Journal, System, begin_write, table

KEPT_FOR: Final = timedelta(minutes=1)  #: by then a server has stored what it took, or lost it
TRIES: Final = 20  #: a server that forgets an event so often will not store it
_out, _journal, _case = table(EventOut), table(Journal), table(Case)


def waiting(session: Session, limit: int) -> list[tuple[int, dict[str, Any]]]:
    """The oldest events not yet acknowledged, as (outbox id, event in the form of Prefect's API).

    No personal data: numbers, steps and codes only, because Prefect knows no roles.
    """
    joined = _out.join(_journal, (_journal.c.case_id == _out.c.case_id) & (_journal.c.seq == _out.c.seq)).join(
        _case, _case.c.id == _out.c.case_id
    )
    wanted = (
        select(
            _out.c.id,
            _out.c.run_id,
            _journal,
            _case.c.no,
            _case.c.category,
            _case.c.urgency,
            select(System.installation).scalar_subquery().label("installation"),
        )
        .select_from(joined)
        .where(_out.c.sent_at.is_(None))
        .order_by(_out.c.id)
        .limit(limit)
    )
    return [(row.id, _event(row)) for row in session.connection().execute(wanted)]


def _event(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a result row
    resource = f"bihuan.case.{row.no}"
    event: dict[str, Any] = {
        "id": _event_id(row),
        "event": f"bihuan.case.{row.step}.{row.action}",
        "resource": {"prefect.resource.id": resource, "prefect.resource.name": row.no},
        "related": [],
        "payload": {
            "seq": row.seq,
            "at": row.at.isoformat(),
            "before": row.before,
            "after": row.after,
            "thing": row.thing,
            "thing_no": row.thing_no,
            "category": row.category,
            "urgency": row.urgency,
            "unit_id": row.actor_unit_id,
            "ball_unit_id": row.ball_unit_id,
        },
    }
    if row.run_id:
        event["related"] = [{"prefect.resource.id": f"prefect.flow-run.{row.run_id}", "prefect.resource.role": "flow-run"}]
    return event


def _event_id(row: Any) -> str:  # noqa: ANN401 - a result row
    return str(uuid5(NAMESPACE_URL, f"{row.installation}/bihuan.case.{row.no}/{row.seq}"))


def taken(session: Session, ids: list[int], now: datetime) -> None:
    """Prefect's API has taken these; it still holds them in memory for a moment, so the outbox keeps them until they are stored."""
    begin_write(session)
    session.connection().execute(update(_out).where(_out.c.id.in_(ids)).values(sent_at=now, tries=_out.c.tries + 1))


def refused(session: Session, ids: list[int]) -> None:
    """Prefect calls these malformed, and would again."""
    begin_write(session)
    session.connection().execute(delete(_out).where(_out.c.id.in_(ids)))


def taken_long_ago(session: Session, now: datetime, limit: int) -> list[tuple[int, str]]:
    """What Prefect took long enough ago to have stored it, oldest first: outbox ids with the events' ids."""
    return _named(session, _out.c.sent_at < now - KEPT_FOR, limit)


def in_doubt(session: Session, limit: int) -> list[tuple[int, str]]:
    """What Prefect may or may not have: all that it took of late, and the oldest of what waits, which may have been under way.

    Args:
        session: The unit of work.
        limit: How many of those that wait.

    Returns:
        Outbox ids with the events' ids.
    """
    return _named(session, _out.c.sent_at.is_not(None)) + _named(session, _out.c.sent_at.is_(None), limit)


def _named(session: Session, wanted: ColumnElement[bool], limit: int | None = None) -> list[tuple[int, str]]:
    joined = _out.join(_case, _case.c.id == _out.c.case_id)
    query = select(_out.c.id, _out.c.seq, _case.c.no, select(System.installation).scalar_subquery().label("installation"))
    rows = session.connection().execute(query.select_from(joined).where(wanted).order_by(_out.c.id).limit(limit))
    return [(row.id, _event_id(row)) for row in rows]


def settle(session: Session, stored: list[int], lost: list[int]) -> int:
    """Forget what Prefect says it has stored, send again what it has not: ids make sure that it keeps one of each.

    Args:
        session: The unit of work.
        stored: Outbox ids, a page of them at most.
        lost: The same.

    Returns:
        How many were given up, because Prefect has taken them often and never stored them.
    """
    begin_write(session)
    run, again = session.connection().execute, _out.c.id.in_(lost)
    run(delete(_out).where(_out.c.id.in_(stored)))
    given_up = run(delete(_out).where(again, _out.c.tries >= TRIES)).rowcount
    run(update(_out).where(again).values(sent_at=None))
    return given_up

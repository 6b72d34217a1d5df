"""The outbox of events for Prefect: a row per journal entry, deleted when Prefect has surely stored it."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import Case, EventOut, Journal, System, begin_write, table

KEPT_FOR: Final = timedelta(minutes=1)  #: longer than a server's queue of events, shorter than anybody's patience
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
        "id": str(uuid5(NAMESPACE_URL, f"{row.installation}/{resource}/{row.seq}")),
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


def taken(session: Session, ids: list[int], now: datetime) -> None:
    """Prefect's API has taken these; it still holds them in memory for a moment, so the outbox keeps them for a while."""
    begin_write(session)
    session.connection().execute(update(_out).where(_out.c.id.in_(ids)).values(sent_at=now))


def forget(session: Session, now: datetime) -> None:
    """Forget what Prefect took so long ago that it has stored it."""
    old = _out.c.sent_at < now - KEPT_FOR
    if session.connection().execute(select(_out.c.id).where(old).limit(1)).first() is not None:
        begin_write(session)
        session.connection().execute(delete(_out).where(old))


def send_again(session: Session) -> None:
    """Prefect was away: what it took shortly before may never have reached its store; ids make sure that it keeps one of each."""
    begin_write(session)
    session.connection().execute(update(_out).where(_out.c.sent_at.is_not(None)).values(sent_at=None))

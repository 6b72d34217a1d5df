"""What was done about ratings outside of a case's own moves, put on record where nothing is taken out again."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models import AdminEntry, begin_write, connection_of, table

WRONG_CODE: Final = "rating_code_wrong"
SLIP: Final = "rating_slip_printed"
DRAWN: Final = "call_backs_drawn"
_entry = table(AdminEntry)


def keep(session: Session, now: datetime, actor: str, action: str, subject: str, **data: Any) -> None:  # noqa: ANN401 - JSON
    """Put something on record."""
    begin_write(session)
    connection_of(session).execute(insert(_entry).values(at=now, actor=actor, action=action, subject=subject, data=data))


def count(session: Session, action: str, subject: str, since: datetime) -> int:
    """How often something was put on record after a moment."""
    wanted = select(func.count()).select_from(_entry).where(_entry.c.at > since, _entry.c.action == action, _entry.c.subject == subject)
    return int(connection_of(session).execute(wanted).scalar_one())


def newest(session: Session, action: str, subject: str) -> Any:  # noqa: ANN401 - a result row
    """The newest record of its kind about a subject; None: there is none."""
    wanted = select(_entry).where(_entry.c.action == action, _entry.c.subject == subject).order_by(_entry.c.id.desc()).limit(1)
    return connection_of(session).execute(wanted).first()

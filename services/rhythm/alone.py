"""One at a time: whoever makes lists, sheets and bulletins waits for the other, so that none is made twice and numbers have no gaps."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from models import begin_write, connection_of

_ONE: Final = text("SELECT pg_advisory_xact_lock(hashtext('bihuan rhythm'))")


def alone(session: Session) -> None:
    """Wait until nobody else is at it, until the commit; what is read after this is as the one before left it. May be asked again."""
    begin_write(session)
    if connection_of(session).dialect.name == "postgresql":
        session.execute(_ONE)

"""New cases compared with what is open, some seconds after they were handed in: the hot path does not wait for it."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import WRITING, Case, System, begin_write, connection_of, table
from models.session import CONNECTION
from services.duplicates.proposing import propose
from services.logs import about

_case, _system = table(Case), table(System)
AT_ONCE: Final = 50  #: cases compared in one unit of work
log = logging.getLogger("bihuan.engine")


def propose_new(session: Session, now: datetime) -> int:
    """Compare the cases that were handed in since it was looked last; what was found waits for a person.

    To be called by one engine at a time, with a unit of work that has written nothing. May run twice: a case that is compared again is
    not proposed again. A case that cannot be compared is logged and passed over, so that those after it are.

    Returns:
        How many cases were looked at; as many as `AT_ONCE` means that more wait.
    """
    last = select(_system.c.compared_id).scalar_subquery()
    wanted = select(_case.c.id, _case.c.no).where(_case.c.id > last).order_by(_case.c.id).limit(AT_ONCE)
    cases = [(row.id, row.no) for row in connection_of(session).execute(wanted)]
    if not cases:
        return 0
    try:
        propose(session, [case_id for case_id, _ in cases], now)
    except OperationalError:  # the database, not a case: looked at again later
        raise
    except Exception:  # one bad case must not keep all others waiting for ever
        log.exception("%d new cases could not be compared together; they are compared one by one", len(cases))
        _one_by_one(session, cases, now)
    begin_write(session)
    connection_of(session).execute(update(_system).values(compared_id=cases[-1][0]))
    return len(cases)


def _one_by_one(session: Session, cases: Sequence[tuple[int, str]], now: datetime) -> None:
    """Start the unit of work afresh, and compare each case behind a savepoint of its own."""
    session.rollback()
    session.info.pop(WRITING, None)
    session.info[CONNECTION] = session.connection()
    begin_write(session)
    for case_id, no in cases:
        try:
            with about(no), connection_of(session).begin_nested():
                propose(session, [case_id], now)
        except OperationalError:
            raise
        except Exception:
            with about(no):
                log.exception("not compared with other cases: passed over")

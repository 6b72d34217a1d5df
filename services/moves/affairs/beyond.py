"""What moves of affairs ask of the database besides the case files that were read: whoever asks for a move cannot say it himself."""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Affair, Case, connection_of, table
from rules.facts import State, Thing

MOST: Final = 2**31 - 1  #: as much as a column holds
_affair, _case = table(Affair), table(Case)


class Beyond:
    """Answers from outside a draft, asked for within the unit of work that makes the move."""

    def __init__(self, session: Session) -> None:
        """Ask nothing yet.

        Args:
            session: The unit of work; it holds the write lock where only one may win.
        """
        self._run = connection_of(session).execute

    def is_case(self, case_id: object) -> bool:
        """Whether there is a case with this id, one of the loop."""
        if not isinstance(case_id, int) or isinstance(case_id, bool) or not 0 < case_id <= MOST:
            return False
        found = self._run(select(_case.c.state).where(_case.c.id == case_id)).scalar()
        return found is not None and found != State.BESIDE

    def open_under(self, case_id: int, seq: int) -> int:
        """How many affairs that belong to this one have not ended."""
        under = (_affair.c.parent_case_id == case_id, _affair.c.parent_seq == seq, _affair.c.ended_at.is_(None))
        return int(self._run(select(func.count()).select_from(_affair).where(*under)).scalar_one())

    def topic_of_month(self, month: str, but: str) -> str | None:
        """The number of the topic of a month (YYYY-MM), other than this one; None: it has none."""
        rows = self._run(select(_affair.c.no, _affair.c.data).where(_affair.c.thing == Thing.TOPIC.value).order_by(_affair.c.no))
        return next((row.no for row in rows if row.data.get("month") == month and row.no != but), None)

"""Tables of responsibility for tests: entered as people write them, all rows or none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from models import Database
from services.catalogue import catalogue
from services.responsibility.entering import Entered, enter
from services.responsibility.sheets import as_table
from tests.support.town import START


def local(day: int, hour: int = 0, month: int = 11, year: int = 2026) -> datetime:
    """Local time of Chenghu, aware UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC) - timedelta(hours=8)


def entered(database: Database, code: str, columns: str, *rows: Sequence[str], user: str = "admin") -> Entered:
    """Enter rows at the town's first moment."""
    with database.unit_of_work() as session:
        return enter(session, code, as_table(code, columns, rows), catalogue(session).actor(user), START)

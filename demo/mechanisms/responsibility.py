"""责任书·片长制 of the street 湖滨: a chief for each of two roads, one for the look of the streets, one for next year."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.responsibility.entering import enter
from services.responsibility.listing import rows_of
from services.responsibility.sheets import as_table

COLUMNS: Final = "area section matter user deputy post promise document from to"
#: The letters of this year, and one of the next that is signed already.
LETTERS: Final = (
    ("hubin", "湖滨南路", "", "hubin.head", "hubin.clerk", "片长", "十五分钟到场", "责〔2026〕1号", "2026-01-01", "2026-12-31"),
    ("hubin", "湖滨南路", "", "hubin.clerk", "hubin.head", "片长", "十五分钟到场", "责〔2027〕1号", "2027-01-01", "2027-12-31"),
    ("hubin", "湖滨北路", "", "hubin-works.head", "hubin-works.clerk", "片长", "半小时到场", "责〔2026〕2号", "2026-01-01", ""),
    ("hubin", "", "C", "urban-hubin.head", "urban-hubin.clerk", "市容负责人", "半天处置", "责〔2026〕3号", "2026-01-01", ""),
)


def show(session: Session, now: datetime) -> None:
    """Make the example; does nothing where it is made."""
    if not rows_of(session, "matrix", now):
        enter(session, "matrix", as_table("matrix", COLUMNS, LETTERS), catalogue(session).actor("admin"), now)

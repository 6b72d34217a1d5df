"""1+X 多格合一 in the community 晨光: four professional lines over its three grids, and a station of urban management."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.responsibility.entering import enter
from services.responsibility.listing import rows_of
from services.responsibility.sheets import as_table

SINCE: Final = "2026-01-01"
GRIDS: Final = ("chenguang-1", "chenguang-2", "chenguang-3")
LINES: Final = (
    ("police", "湖滨警务3格", "police-hubin"),
    ("urban", "湖滨城管2片", "urban-hubin"),
    ("sanitation", "环卫12段", "sanitation"),
    ("fire", "消防湖滨片", "fire"),
)
STATION: Final = ("chenguang-cgz", "晨光近邻城管工作站", "urban", "chenguang", "urban-hubin", "晨光路8号", "每天9:00–18:00", SINCE)


def show(session: Session, now: datetime) -> None:
    """Make the example; does nothing where it is made."""
    if rows_of(session, "lines", now):
        return
    admin = catalogue(session).actor("admin")
    rows = [(grid, *line, SINCE) for grid in GRIDS for line in LINES]
    enter(session, "lines", as_table("lines", "grid line name unit from", rows), admin, now)
    enter(session, "stations", as_table("stations", "code name line area unit place hours from", [STATION]), admin, now)

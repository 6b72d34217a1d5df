"""The boards (社情民意, 志愿服务): how much was earned on each by which account; accounts are told by number, never by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import PointEntry, connection_of, table
from services.mechanisms import require
from services.points import ledger
from services.points.accounts import stamps
from services.points.scheme import MECHANISM, Board, in_force, schemes

_entry = table(PointEntry)


@dataclass(frozen=True, slots=True)
class Standing:
    """One board: all points earned on it, and by account the points and stamps."""

    board: Board
    points: int
    accounts: tuple[Mapping[str, Any], ...]


def boards(
    session: Session, now: datetime, *, since: datetime | None = None, until: datetime | None = None, limit: int = 20
) -> list[Standing]:
    """Every board of the rules in force, those who earned most first.

    Args:
        session: The unit of work.
        now: The instant.
        since: Only what was booked from this moment on, aware.
        until: Only what was booked before this moment, aware.
        limit: How many accounts of each board.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, MECHANISM)
    when = [*([_entry.c.at >= since] if since else []), *([_entry.c.at < until] if until else [])]
    columns = (_entry.c.board, _entry.c.account_id, func.sum(_entry.c.points).label("points"))
    wanted = select(*columns).where(_entry.c.kind.in_(ledger.ON_BOARD), *when).group_by(_entry.c.board, _entry.c.account_id)
    found = sorted(connection_of(session).execute(wanted), key=lambda row: (-row.points, row.account_id))
    standings = []
    for board in in_force(schemes(session), now).boards.values():
        own = [(row.account_id, int(row.points)) for row in found if row.board == board.code]
        lines = tuple({"account": i, "points": points, "stamps": stamps(points, board.stamp_every)} for i, points in own[:limit])
        standings.append(Standing(board, sum(points for _, points in own), lines))
    return standings

"""The ledger of points: entries are added and nothing else; what an account holds is their sum."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from models import Case, PointEntry, begin_write, connection_of, table
from services.catalogue import catalogue
from services.patrols.fates import fates
from services.points.scheme import GIVEN, SOLVED, VERIFIED

EARNED: Final = (VERIFIED, SOLVED, GIVEN)
REDEEMED, RETURNED, REVERSED, EXPIRED = "redeemed", "returned", "reversed", "expired"
#: What counts on a board: spending points takes no stamp away, a report that was false does.
ON_BOARD: Final = (*EARNED, REVERSED)
CAPPED: Final = "capped"  #: note of an entry that is worth less, or nothing, because the day's cap was reached
_ONE_LEDGER: Final = text("SELECT pg_advisory_xact_lock(hashtext('bihuan points'))")
_entry, _case = table(PointEntry), table(Case)


def alone(session: Session) -> None:
    """One at a time gives and takes back points, so that caps hold; until the commit. May be asked for again."""
    begin_write(session)
    if connection_of(session).dialect.name == "postgresql":
        session.execute(_ONE_LEDGER)


def entry(session: Session, account_id: int, key: str, kind: str, points: int, now: datetime, by: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - columns
    """A row for the ledger, of the local day of `now` unless `more` names another."""
    row = {"key": key, "account_id": account_id, "kind": kind, "points": points, "at": now, "by": by}
    empty = {"board": "", "case_id": None, "rule": "", "scheme": 0, "of_id": None, "redemption_id": None, "note": ""}
    return {**empty, "day": now.astimezone(catalogue(session).zone).date(), **row, **more}


def write(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add entries; the same key twice is an error, kept out by the database."""
    if rows:
        connection_of(session).execute(insert(_entry), [dict(row) for row in rows])


def balance(session: Session, account_id: int) -> int:
    """What an account holds; below zero after a reversal of what was spent already."""
    wanted = select(func.coalesce(func.sum(_entry.c.points), 0)).where(_entry.c.account_id == account_id)
    return int(connection_of(session).execute(wanted).scalar_one())


def known(session: Session, key: str) -> Any:  # noqa: ANN401 - a result row
    """The entry with this key; None: there is none."""
    return connection_of(session).execute(select(_entry).where(_entry.c.key == key)).one_or_none()


def entries(session: Session, account_id: int, limit: int = 50) -> list[Mapping[str, Any]]:
    """The entries of an account, the newest first.

    Of a case that has become sensitive since, or part of one that is, the points stay and nothing that names it.
    """
    run, own = connection_of(session).execute, _entry.c.account_id == account_id
    rows = run(select(_entry).where(own).order_by(_entry.c.id.desc()).limit(limit)).mappings()
    fate = fates(select(_entry.c.case_id).where(own, _entry.c.case_id.is_not(None)))
    hidden = set(run(select(fate.c.case_id).join(_case, _case.c.id == fate.c.at_id).where(_case.c.sensitive.is_not(None))).scalars())
    return [row | _unnamed(row) if row["case_id"] in hidden else row for row in map(dict[str, Any], rows)]


def _unnamed(row: Mapping[str, Any]) -> dict[str, Any]:
    """What takes the place of all by which a case could be told."""
    return {"case_id": None, "key": "", "note": CAPPED if row["note"] == CAPPED else ""}

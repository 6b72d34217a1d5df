"""The tables as they stand, for screens and for files: what is in force, what was, what is to come, and what follows what."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Requester, connection_of, table
from rules.facts import Refused
from services.catalogue import Catalogue, catalogue
from services.privacy.masking import masked_phone
from services.responsibility.duties import Row, ends
from services.responsibility.sheets import Kind, kind_of
from services.sheets import workbook

FUTURE, NOW, PAST = "future", "now", "past"
BOM: Final = "\ufeff"
_requester = table(Requester)


def rows_of(session: Session, code: str, now: datetime, area: str | None = None) -> list[dict[str, Any]]:
    """The rows of a kind of table in order, each with how it stands now and which row follows it.

    Args:
        session: The unit of work.
        code: Kind of table.
        now: The moment, aware UTC.
        area: Code of a unit: only rows in its area; None: all.

    Raises:
        Refused: `unknown_sheet`, `unknown_area`.
    """
    kind, known = kind_of(code), catalogue(session)
    if area is not None and area not in known.areas:
        raise Refused("unknown_area", area=area)
    within = known.unit_ids[area] if area is not None else None
    of = table(kind.model)
    rows = [dict(row) for row in connection_of(session).execute(select(of).order_by(of.c[kind.area], of.c.since, of.c.id)).mappings()]
    chosen = [row for row in rows if within is None or within in known.line(row[kind.area])]
    _follow(chosen, kind, now)
    return chosen


def _follow(rows: Iterable[dict[str, Any]], kind: Kind, now: datetime) -> None:
    """Say of each row by which it is followed, and how it stands: a row that is followed ends when the next begins."""
    versions: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    apart = [name for name in kind.same if name != "since"]
    for row in rows:
        versions.setdefault(tuple(row[name] for name in apart), []).append(row)
    for each in versions.values():
        for row, after in zip(each, [*each[1:], None], strict=True):
            row["superseded_by"] = after["id"] if after else None
            closes = [moment for moment in (ends(row), after["since"] if after else None) if moment is not None]
            row["stands"] = FUTURE if row["since"] > now else PAST if closes and min(closes) <= now else NOW


def as_written(session: Session, code: str, rows: Iterable[Row], lang: str) -> list[list[str]]:
    """Rows as a table that can be entered again: headings in the language, codes and local days; residents' numbers are masked.

    Raises:
        Refused: `unknown_sheet`.
    """
    kind, known = kind_of(code), catalogue(session)
    given = list(rows)
    numbers = _numbers(session, given)
    head = [column.zh if lang == "zh" else column.name for column in kind.columns]
    return [head, *([_cell(column.name, row, kind, known, numbers) for column in kind.columns] for row in given)]


def _numbers(session: Session, rows: Iterable[Row]) -> Mapping[int, str]:
    ids = sorted({row["requester_id"] for row in rows if row.get("requester_id") is not None})
    found = connection_of(session).execute(select(_requester.c.id, _requester.c.phone).where(_requester.c.id.in_(ids))) if ids else ()
    return {row.id: masked_phone(row.phone or "") for row in found}


#: Columns whose heading is not the name of ours that they are read from.
_FROM_OURS: Final[Mapping[str, str]] = {"duty": "duty_zh", "promise": "promise_zh", "name": "shown_name"}


def _cell(name: str, row: Row, kind: Kind, known: Catalogue, numbers: Mapping[int, str]) -> str:
    if name in ("from", "to"):
        return local_day(row["since"] if name == "from" else row["until"], known.zone, ends=name == "to")
    if name in ("area", "grid"):
        return known.units[row[kind.area]].code
    if name == "unit":
        return known.units[row["unit_id"]].code
    if name in ("user", "deputy"):
        return _user(known, row["staff_id" if name == "user" else "deputy_id"])
    if name == "holder":
        return _user(known, row["staff_id"]) or numbers.get(row["requester_id"], "")
    value = row[name] if name in row else row[_FROM_OURS[name]]
    return "" if value is None else str(value)


def _user(known: Catalogue, staff_id: int | None) -> str:
    return known.by_id[staff_id].name if staff_id is not None and staff_id in known.by_id else ""


def local_day(moment: datetime | None, zone: tzinfo, *, ends: bool = False) -> str:
    """A moment as it is written in a table: a day where it is one (the last one of a stretch), else with its time."""
    if moment is None:
        return ""
    local = moment.astimezone(zone)
    if (local.hour, local.minute, local.second) != (0, 0, 0):
        return f"{local:%Y-%m-%dT%H:%M}"
    return f"{local - timedelta(days=1) if ends else local:%Y-%m-%d}"


def _as_csv(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return (BOM + out.getvalue()).encode()


_FILES: Final[Mapping[str, Callable[[list[list[str]]], bytes]]] = {
    ".csv": _as_csv,
    ".xlsx": lambda rows: workbook({"1": rows}),
}


def written(rows: list[list[str]], suffix: str) -> bytes:
    """A table as a file, CSV (UTF-8 with a mark) or a spreadsheet, by the file's suffix.

    Raises:
        Refused: `sheet_suffix`.
    """
    if suffix.lower() not in _FILES:
        raise Refused("sheet_suffix", given=suffix, known=", ".join(_FILES))
    return _FILES[suffix.lower()](rows)

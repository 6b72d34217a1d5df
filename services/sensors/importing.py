"""Registering many devices from a table (CSV or a spreadsheet): all of it, or nothing and what is wrong with each row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from models import begin_write
from rules.facts import Refused
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.people.rights import administrator
from services.sensors.devices import COLUMNS, MECHANISM, Written, row_of, save
from services.tables import Table, TableRefused, TableRow, read_table, reason_of

REQUIRED: Final = ("code", "kind", "place", "area")
#: Headings that people write, besides those of services/tables.py (`编号` is read as `id` there, `地点` as `place`, …).
_HEADINGS: Final[Mapping[str, str]] = {
    "id": "code",
    "设备编号": "code",
    "设备": "code",
    "类型": "kind",
    "安装位置": "place",
    "社区": "community",
    "物业": "property",
    "消防": "fire",
    "消防联络": "fire",
    "升级联系人": "escalate_to",
    "责任人": "people",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one row.

    Attributes:
        line: Line of the file, 1 being the first.
        field: Column; empty: the row as a whole.
        refusal: Why; None where `reason` says it in words already.
    """

    line: int
    field: str
    refusal: Refused | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a table."""

    added: int = 0
    changed: int = 0
    same: int = 0
    wrong: list[Wrong] = field(default_factory=list)


def import_devices(session: Session, file: Path, by: str, now: datetime, lang: str | None = None) -> Imported:
    """Register the devices of a table; nothing is written while any row cannot be used. Safe to run twice.

    Args:
        session: The unit of work; committed by the caller.
        file: CSV (UTF-8 or GB18030) or spreadsheet.
        by: User name of an administrator.
        now: The instant, aware UTC.
        lang: Language of what is said of rows that could not even be taken apart.

    Raises:
        Refused: `mechanism_off`, `admins_only`, `unknown_user`.
        TableRefused: The table as a whole cannot be used.
        OSError: the file cannot be opened.
    """
    require(session, MECHANISM)
    table = read_table(file, ())
    names = {name: _HEADINGS.get(name, name) for name in table.header}
    missing = [name for name in REQUIRED if name not in names.values()]
    if missing:
        raise TableRefused("table_columns_missing", file=file.name, columns=", ".join(missing))
    begin_write(session)
    known = catalogue(session)
    administrator(known, by)
    rows, wrong = _read(table, names, known)
    wrong += [Wrong(reject.line, "", None, reason_of(reject, lang)) for reject in table.rejects]
    if wrong:
        return Imported(wrong=sorted(wrong, key=lambda w: w.line))
    return Imported(*save(session, rows, by, now))


def _read(table: Table, names: Mapping[str, str], known: Catalogue) -> tuple[list[dict[str, object]], list[Wrong]]:
    rows, wrong, seen = list[dict[str, object]](), list[Wrong](), set[str]()
    for row in table.rows:
        try:
            rows.append(row_of(_written(row, names), known))
            code = str(rows[-1]["code"])
            if code in seen:
                raise Refused("device_twice", device=code, field="code")
            seen.add(code)
        except Refused as refusal:
            wrong.append(Wrong(row.line, str(refusal.details.get("field", "")), refusal))
    return rows, wrong


def _written(row: TableRow, names: Mapping[str, str]) -> Written:
    values = {names[name]: value for name, value in row.values.items()}
    return Written(**{name: values.get(name, "") for name in COLUMNS})

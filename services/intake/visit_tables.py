"""Rounds of home visits as a table (CSV, XLSX), as workers and officials bring them back: one line a door, what people said in one cell."""

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Final

from rules.facts import Refused
from services.catalogue import Catalogue
from services.duty import moment_of
from services.intake import Report, dialled
from services.intake.importing import codes_of, is_phone
from services.intake.visits import Entry, Visited
from services.tables import TableRow, read_table

REQUIRED: Final = ("user", "at", "place")
_APART: Final = re.compile(r"[;；\n]")  #: between several matters of one door


def visits_of(path: Path, known: Catalogue) -> list[Entry]:
    """Read visits: `user`, `at` (local where it names no zone), `place`, and where given `area`, `note`, `matter`, `phone`, `name`.

    Several matters in one cell are kept apart by a semicolon. A line that was handed in before is known by who was where and when.

    Args:
        path: CSV or XLSX.
        known: The reference data.

    Raises:
        TableRefused: as `read_table`.
        Refused: `list_row_wrong`, with line, column and what stands there; nothing is taken then.
    """
    table = read_table(path, REQUIRED)
    if table.rejects:
        raise Refused("list_row_wrong", line=table.rejects[0].line, field="*", given=table.rejects[0].raw)
    areas = codes_of({code: known.names[known.unit_ids[code]] for code in known.areas})
    return [_entry(row, known, areas) for row in table.rows]


def _entry(row: TableRow, known: Catalogue, areas: dict[str, str]) -> Entry:
    given = {name: row.values.get(name, "").strip() for name in (*REQUIRED, "area", "note", "matter", "phone", "name")}
    person, number = known.people.get(given["user"]), dialled(given["phone"]) if given["phone"] else None
    try:
        at: datetime | None = moment_of(given["at"], known.zone)
    except ValueError:
        at = None
    area = areas.get(given["area"])
    checks = {
        "user": person is not None and person.left_at is None,
        "at": at is not None,
        "area": area is not None or not given["area"],
        "phone": number is None or is_phone(number),
    }
    wrong = next((column for column, right in checks.items() if not right), None)
    if wrong is not None:
        raise Refused("list_row_wrong", line=row.line, field=wrong, given=given[wrong] or "—")
    said = [text.strip() for text in _APART.split(given["matter"]) if text.strip()]
    key = hashlib.sha256("\n".join(given[name] for name in ("user", "at", "area", "place")).encode()).hexdigest()[:32]
    who = number or (f"once:{key}" if given["name"] else None)  # a name alone does not say who it is: many share one
    matters = [Report("", text, requester=who, name=given["name"] or None, phone=number) for text in said]
    return Entry(Visited(area, given["place"], given["note"], at, key), matters, known.actor(given["user"]))

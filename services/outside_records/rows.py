"""Lists of records that people bring (CSV, XLSX): taken whole, or given back with line and column."""

from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from pathlib import Path
from typing import Final

from rules.facts import Refused
from rules.handling.outside_records import FORMS
from services.outside_records.recording import Record
from services.tables import read_table
from wording import LANGUAGES, say

REQUIRED: Final = ("organisation", "form", "reason", "basis")


def read_records(path: Path, zone: tzinfo) -> list[Record]:
    """Read a list: `organisation` (code or name), `form`, `reason`, `basis`, and where given `at`, `until` (days), `before`.

    Raises:
        TableRefused: as `read_table`.
        Refused: `list_row_wrong`, with line, column and what stands there.
    """
    table = read_table(path, REQUIRED)
    if table.rejects:
        raise Refused("list_row_wrong", line=table.rejects[0].line, field="*", given=table.rejects[0].raw)
    return [_record(row.line, row.values, zone) for row in table.rows]


def _record(line: int, given: Mapping[str, str], zone: tzinfo) -> Record:
    forms = {say(f"record_form.{form}", lang): form for form in FORMS for lang in LANGUAGES} | {form: form for form in FORMS}
    empty = next((name for name in REQUIRED if not given[name]), None)
    if empty is not None or given["form"] not in forms:
        raise Refused("list_row_wrong", line=line, field=empty or "form", given=given[empty or "form"] or "—")
    before = (given["before"],) if given.get("before") else ()
    at, until = (_day(line, name, given.get(name, ""), zone) for name in ("at", "until"))
    return Record(forms[given["form"]], given["organisation"], given["reason"], given["basis"], at, until, before)


def _day(line: int, name: str, text: str, zone: tzinfo) -> datetime | None:
    """A day: its beginning where something was, its end where something counts until then."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text[:10].replace("/", "-")), time(23, 59) if name == "until" else time(), zone)
    except ValueError:
        raise Refused("list_row_wrong", line=line, field=name, given=text) from None

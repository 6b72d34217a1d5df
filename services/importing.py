"""Handing in a whole table of reports: what can be used goes in, what cannot is set aside with its line, and twice is once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rules.facts import Refused
from services.catalogue import Catalogue
from services.intake import Report
from services.tables import Reject, Table, TableRow

REQUIRED: Final = ("id", "subject", "body")
KEY_MAX, PLACE_MAX = 120, 120  #: as long as their columns
DATES: Final = ("%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d", "%Y年%m月%d日")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table holds for us: reports to hand in, and the rows set aside (those of the table's own reading included)."""

    reports: list[Report]
    rejects: list[Reject]


def reports_of(table: Table, source: str, known: Catalogue) -> Reading:
    """Make a report of every row that can be used.

    The key of a report is `import:<id>`, so that the same table handed in twice opens no case twice. Columns besides the required:
    `user` (by whom the reporter is found again), `submitted_at` (must be a date; the case begins now), `area`, `place`, `phone`.

    Raises:
        Refused: `unknown_source`.
    """
    if source not in known.sources:
        raise Refused("unknown_source", source=source)
    reports: list[Report] = []
    rejects = list(table.rejects)
    seen: set[str] = set()
    for row in table.rows:
        wrong = next(_wrong(row.values, seen, known), None)
        if wrong is not None:
            rejects.append(_reject(table, row, wrong))
            continue
        seen.add(row.values["id"])
        reports.append(_report(row.values, source))
    return Reading(reports, sorted(rejects, key=lambda reject: reject.line))


def _reject(table: Table, row: TableRow, wrong: tuple[str, str]) -> Reject:
    return table.reject(row, *wrong)


#: What can be wrong with one row: code, column that the sentence names, and how it shows.
_Values = Mapping[str, str]
_CHECKS: Final[tuple[tuple[str, str, Callable[[_Values], bool]], ...]] = (
    ("id_missing", "id", lambda v: not v["id"]),
    ("empty_body", "body", lambda v: not v["body"]),
    ("unprintable", "id", lambda v: any("\0" in text for text in v.values())),
    ("id_too_long", "id", lambda v: len(key_of(v["id"])) > KEY_MAX),
    ("place_too_long", "place", lambda v: len(v.get("place", "")) > PLACE_MAX),
    ("bad_date", "submitted_at", lambda v: bool(v.get("submitted_at")) and not is_date(v["submitted_at"])),
)


def _wrong(values: _Values, seen: set[str], known: Catalogue) -> Iterator[tuple[str, str]]:
    """What is wrong with a row: code and what the sentence names."""
    yield from ((code, values.get(column, "")) for code, column, wrong in _CHECKS if wrong(values))
    if values["id"] in seen:
        yield "duplicate_id", values["id"]
    if values.get("area") and values["area"] not in known.unit_ids:
        yield "unknown_area", values["area"]


def key_of(row_id: str) -> str:
    """The idempotency key of a row."""
    return f"import:{row_id}"


def is_date(text: str) -> bool:
    """Whether a text is a date, with or without a time, as people and spreadsheet programs write it."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return any(_fits(text, form) for form in DATES)
    return True


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only asked whether it is a date
    except ValueError:
        return False
    return True


def _report(values: _Values, source: str) -> Report:
    phone = values.get("phone") or None
    return Report(
        subject=values["subject"],
        body=values["body"],
        source=source,
        area=values.get("area") or None,
        place=values.get("place", ""),
        requester=values.get("user") or phone,
        phone=phone,
        key=key_of(values["id"]),
    )

"""A table of supervision orders to open (CSV or XLSX): case or place and problem, unit, demand, limit, listed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rules.facts import Refused
from services.catalogue import Catalogue
from services.intake.importing import codes_of
from services.supervision.opening import Spot, Wish
from services.tables import Table, TableRefused, TableRow, read_table

REQUIRED: Final = ("unit", "demand")
#: Headings that people write besides the names of the columns; `id`, `body` and the like are what the reader makes of 编号, 内容 and so on.
HEADINGS: Final[Mapping[str, str]] = {
    "案件": "case",
    "案件编号": "case",
    "id": "case",
    "问题": "problem",
    "body": "problem",
    "单位": "unit",
    "督办单位": "unit",
    "被督办单位": "unit",
    "要求": "demand",
    "整改要求": "demand",
    "督办要求": "demand",
    "时限": "limit",
    "整改时限": "limit",
    "挂牌": "listed",
}
_LISTED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("是", "挂牌", "yes", "y", "true", "1"), "listed"),
    **dict.fromkeys(("", "否", "日常", "no", "n", "false", "0"), "daily"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One good row: what is wished, and of which case or which problem on the spot."""

    row: TableRow
    wish: Wish
    case_no: str | None
    spot: Spot | None


@dataclass(frozen=True, slots=True)
class Unusable:
    """One row that says something that cannot be used, and why."""

    row: TableRow
    refusal: Refused


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a table holds.

    Attributes:
        table: The table as it was read, for writing its rows out again.
        asked: Rows that can be used.
        unusable: Rows that cannot; `table.rejects` are those that could not even be taken apart.
    """

    table: Table
    asked: list[Asked] = field(default_factory=list)
    unusable: list[Unusable] = field(default_factory=list)


def read_sheet(path: Path, known: Catalogue) -> Sheet:
    """Read a table of supervision orders; units and areas by code or by name.

    Columns: `unit`, `demand`, and `case` or `area`, `place`, `problem`; `limit` (else the policy's) and `listed` (yes/no) where wanted.
    A row that names a case is about that case, whatever else it says.

    Raises:
        TableRefused: the table as a whole cannot be used.
    """
    table = read_table(path, ())
    columns = {HEADINGS.get(name, name) for name in table.header}
    missing = [name for name in REQUIRED if name not in columns] + ([] if columns & {"case", "problem"} else ["case"])
    if missing:
        raise TableRefused("table_columns_missing", file=path.name, columns=", ".join(missing))
    units = codes_of({code: known.names[unit_id] for code, unit_id in known.unit_ids.items()})
    areas = codes_of({code: known.names[known.unit_ids[code]] for code in known.areas})
    sheet = Sheet(table)
    for row in table.rows:
        try:
            sheet.asked.append(_asked(row, units, areas, known))
        except Refused as refusal:
            sheet.unusable.append(Unusable(row, refusal))
    return sheet


def _asked(row: TableRow, units: Mapping[str, str], areas: Mapping[str, str], known: Catalogue) -> Asked:
    get = {HEADINGS.get(name, name): value for name, value in row.values.items()}.get
    unit, listed, case = get("unit", ""), get("listed", "").casefold(), get("case", "").upper()
    if unit not in units:
        raise Refused("unknown_unit", unit=unit)
    if listed not in _LISTED:
        raise Refused("bad_yes_no", given=get("listed", ""))
    wish = Wish(known.unit_ids[units[unit]], get("demand", ""), get("limit") or None, rank=_LISTED[listed])
    if case:
        return Asked(row, wish, case, None)
    if not get("problem"):
        raise Refused("case_or_problem_missing")
    return Asked(row, wish, None, Spot(areas.get(get("area", ""), get("area", "")), get("place", ""), get("problem", "")))

"""Reading a notice of holidays and make-up working days: a table of days, refused as a whole when one line cannot be used."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from rules.facts import Refused
from services.tables import Table, TableRefused, TableRow, read_table, reason_of
from wording import say

SAID: Final = 3  #: problems that the sentence of a refusal names; all are in its list
NAME_MAX: Final = 60
#: Headings that people write, and the column each of them means.
HEADINGS: Final = {"日期": "date", "at": "date", "上班": "working", "是否上班": "working", "名称": "name", "节日": "name", "来源": "source"}
REQUIRED: Final = ("date", "working", "name")
_DATE: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 00:00:00)?")
_FLAGS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("1", "true", "yes", "y", "是", "班", "上班", "调休上班", "工作日"), True),
    **dict.fromkeys(("0", "false", "no", "n", "否", "休", "放假", "休息", "停工"), False),
}


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """One line of a notice."""

    line: int
    day: date
    working: bool
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a notice that cannot be used.

    Attributes:
        line: Line where it stands, 1 being the first of the file.
        field: The column; empty: the whole line.
        code: What is wrong; worded in locales/ under `[notice_fault]`, for a whole line under `[reject]`.
        given: What stands there.
    """

    line: int
    field: str
    code: str
    given: str = ""


class NoticeRefused(Refused):
    """A notice that cannot be used.

    Attributes:
        faults: All that is wrong, each with its place.
    """

    def __init__(self, file: str, found: Sequence[tuple[Fault, str]]) -> None:
        """Take the name of the file and what is wrong with it, each in words; at least one."""
        more = [say("notice_fault.more", count=len(found) - SAID)] if len(found) > SAID else []
        super().__init__("bad_notice", file=file, reason=" ".join([words for _, words in found[:SAID]] + more))
        self.faults = [fault for fault, _ in found]


def read_notice(path: Path) -> list[NoticeDay]:
    """Read a notice: CSV (UTF-8 or GB18030) or a spreadsheet with the columns date, working, name and, where wanted, source.

    Dates as 2027-02-06, 2027/2/6 or 2027年2月6日; working as 1 or 0, 是 or 否, 班 or 休. Chinese headings (`HEADINGS`) mean the same.

    Raises:
        NoticeRefused: lines that cannot be used, all of them named.
        TableRefused: the file as a whole cannot be read, or lacks a column.
    """
    table = read_table(path, ())
    columns = {HEADINGS.get(name, name): name for name in reversed(table.header)}
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise TableRefused("table_columns_missing", file=path.name, columns=", ".join(missing))
    read = [_day(row, columns) for row in table.rows]
    days = [found for found in read if isinstance(found, NoticeDay)]
    faults = [*_rejected(table), *((f, _worded(f)) for f in [*(f for f in read if isinstance(f, Fault)), *_twice(days)])]
    if faults:
        raise NoticeRefused(path.name, sorted(faults, key=lambda found: found[0].line))
    return days


def _rejected(table: Table) -> Iterator[tuple[Fault, str]]:
    """Lines that could not even be taken apart."""
    for reject in table.rejects:
        fault = Fault(reject.line, "", reject.code, reject.raw)
        yield fault, say("notice_fault.line", line=reject.line, reason=reason_of(reject))


def _worded(fault: Fault) -> str:
    reason = say(f"notice_fault.{fault.code}", None, given=fault.given)
    return say("notice_fault.field", line=fault.line, field=fault.field, reason=reason)


def _day(row: TableRow, columns: Mapping[str, str]) -> NoticeDay | Fault:
    def cell(name: str) -> str:
        return row.values.get(columns.get(name, name), "")

    day, working = day_of(cell("date")), _FLAGS.get(cell("working").casefold())
    if day is None:
        return Fault(row.line, "date", "bad_date", cell("date"))
    if working is None:
        return Fault(row.line, "working", "bad_flag", cell("working"))
    for name in ("name", "source"):
        if len(cell(name)) > NAME_MAX:
            return Fault(row.line, name, "too_long", cell(name)[:NAME_MAX])
    if not cell("name"):
        return Fault(row.line, "name", "no_name")
    return NoticeDay(row.line, day, working, cell("name"), cell("source"))


def day_of(text: str) -> date | None:
    """Read a day as people write it; None: it is none."""
    found = _DATE.fullmatch(text.strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _twice(days: Sequence[NoticeDay]) -> Iterator[Fault]:
    first: dict[date, int] = {}
    for each in days:
        if first.setdefault(each.day, each.line) != each.line:
            yield Fault(each.line, "date", "day_twice", str(first[each.day]))

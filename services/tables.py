"""Reading tables that people bring: CSV in UTF-8 or GB18030, or a spreadsheet. A bad row never spoils its neighbours."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from rules.facts import Refused
from wording import say

BOM: Final = b"\xef\xbb\xbf"
SPREADSHEET: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  #: how an .xlsx and an .xls begin
ENCODINGS: Final = ("utf-8", "gb18030")
LOOKED_AT: Final = 4096  #: bytes by which a file that lacks our columns is told from no table at all
IN_FRONT: Final = ("line", "reason")  #: what a file of rejects has before the columns of the table
#: Headings that people write, and the column each of them means.
HEADINGS: Final = {
    "编号": "id",
    "单位": "unit",
    "开始": "from",
    "结束": "to",
    "标题": "subject",
    "主题": "subject",
    "内容": "body",
    "正文": "body",
    "诉求内容": "body",
    "反映人": "name",
    "姓名": "name",
    "电话": "phone",
    "手机": "phone",
    "区域": "area",
    "地点": "place",
    "地址": "place",
    "来源": "source",
    "提交时间": "submitted_at",
    "上级期限": "due",
    "期限出处": "due_note",
    "特殊群体": "group",
    "上级工单号": "upstream_no",
    "上级系统": "upstream_system",
    "回复方式": "upstream_reply_to",
    "坐标": "point",
    "坐标系": "datum",
    "精度": "accuracy",
    "可否联系": "contact",
    "用户": "user",
    "答复": "reply",
    "答复时间": "replied_at",
    "路段": "section",
    "事项": "matter",
    "岗位": "post",
    "邮箱": "email",
    "走访情况": "note",
    "b角": "deputy",
    "承诺": "promise",
    "承诺（英文）": "promise_en",
    "职责": "duty",
    "职责（英文）": "duty_en",
    "责任书": "document",
    "网格": "grid",
    "条线": "line",
    "名称": "name",
    "角色": "slot",
    "楼栋": "building",
    "职务": "office",
    "任职人": "holder",
    "代码": "code",
    "开放时间": "hours",
    "数量": "quantity",
    "计量单位": "measure",
    "协办单位": "with",
    "完成期限": "until",
    "方案": "plan",
    "类别": "category",
    "权重": "weight",
    "整治前": "before",
    "整治后": "after",
    "序号": "no",
    "完成数": "done",
    "专班代码": "force",
    "专班名称": "force_name",
    "组织": "organisation",
    "种类": "form",
    "理由": "reason",
    "依据": "basis",
    "日期": "at",
    "有效期至": "until",
}
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f]")  #: bytes that stand in pictures and programs, not in text


class TableRefused(Refused):
    """The table as a whole cannot be used: not there, empty, or without a column that is needed."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One good row: the line where it starts (sheet row in a spreadsheet) and its values by column."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reject:
    r"""One row that was set aside.

    Attributes:
        line: Line where the row starts, 1 being the first of the file.
        code: What is wrong with it; worded in locales/ under `[reject]`.
        raw: The row as it stood there, as CSV; bytes that could not be decoded are written as `\xff`.
        detail: What the sentence names.
    """

    line: int
    code: str
    raw: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read: its columns, its good rows and what was set aside."""

    header: tuple[str, ...]
    rows: list[TableRow]
    rejects: list[Reject] = field(default_factory=list)

    def reject(self, row: TableRow, code: str, detail: str = "") -> Reject:
        """Make a reject of a row that was read well but says something that cannot be used."""
        return Reject(row.line, code, _csv_line([row.values.get(name, "") for name in self.header]), detail)


@dataclass(frozen=True, slots=True)
class _Raw:
    """One row before it is judged; a code says that it could not even be taken apart."""

    line: int
    raw: str
    cells: list[str]
    code: str = ""


def read_table(path: Path, required: Sequence[str]) -> Table:
    """Read a CSV file or the first sheet of a spreadsheet.

    Args:
        path: The file; what it is shows in its first bytes, not in its name.
        required: Columns that must be there; others are read as well. Chinese headings (`HEADINGS`) mean the same.

    Raises:
        TableRefused: `table_missing`, `table_unreadable`, `table_empty`, `table_columns_missing`, `table_no_rows`.
        OSError: the file is there, but cannot be opened.
    """
    data = _bytes_of(path)
    if not data.removeprefix(BOM).strip():
        raise TableRefused("table_empty", file=path.name)
    rows = _sheet_rows(data, path) if data.startswith(SPREADSHEET) else _csv_rows(data)
    head = next(rows, None)
    if head is None:
        raise TableRefused("table_empty", file=path.name)
    columns = _columns(head.cells)
    missing = [name for name in required if name not in columns]
    if missing:
        refuse_other_files(data, path)
        raise TableRefused("table_columns_missing", file=path.name, columns=", ".join(missing))
    table = Table(tuple(name for name in columns if name), [], [])
    for row in rows:
        _take(table, columns, row)
    if not table.rows and not table.rejects:
        refuse_other_files(data, path)
        raise TableRefused("table_no_rows", file=path.name)
    return table


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise TableRefused("table_missing", file=str(path)) from None


def _columns(heads: Sequence[str]) -> list[str]:
    """The columns by their own names; of two headings that mean the same column, the first is it."""
    columns: list[str] = []
    for head in heads:
        name = head.strip().casefold()
        meant = HEADINGS.get(name, name)
        columns.append(name if meant in columns else meant)
    return columns


def refuse_other_files(data: bytes, path: Path) -> None:
    """Tell a picture or a program from a table that lacks something.

    Raises:
        TableRefused: `table_unreadable`.
    """
    if not data.startswith(SPREADSHEET) and _CONTROL.search(data[:LOOKED_AT]):
        raise TableRefused("table_unreadable", file=path.name)


def _take(table: Table, columns: Sequence[str], row: _Raw) -> None:
    """Put a row where it belongs: among the good ones or among the rejects."""
    code = row.code
    if not code and len(row.cells) != len(columns):
        code = "too_few_fields" if len(row.cells) < len(columns) else "too_many_fields"
    if code:
        table.rejects.append(Reject(row.line, code, row.raw, f"{len(row.cells)}/{len(columns)}"))
        return
    values = {name: cell.replace("\r\n", "\n").strip() for name, cell in zip(columns, row.cells, strict=True) if name}
    if any(values.values()):
        table.rows.append(TableRow(row.line, values))


# CSV ------------------------------------------------------------------------------------------------------------------


def encoding_of(data: bytes) -> str:
    """Decide for a whole file: UTF-8 unless more of it is spoilt in that than makes sense; some bad bytes change nothing.

    GB18030 accepts almost any bytes, so it is not asked: text in it shows by how little of it is UTF-8.
    """
    text = data.decode("utf-8", errors="surrogateescape")
    bad = sum("\udc80" <= character <= "\udcff" for character in text)
    good = sum(character > "\x7f" for character in text) - bad
    return ENCODINGS[0] if bad <= good else ENCODINGS[1]


def _csv_rows(data: bytes) -> Iterator[_Raw]:
    """Take a file apart into rows.

    Separators, quotes and line ends are never part of a longer character in either encoding, so the file is taken apart as
    bytes (written as Latin-1) and each cell decoded by itself: bytes that mean nothing spoil only their own row.
    """
    data = data.removeprefix(BOM)
    encoding = encoding_of(data)
    lines = [f"{line}\n" for line in data.decode("latin-1").split("\n")]
    at = 0
    while at < len(lines):
        cells, count = _record(lines, at)
        raw = "".join(lines[at : at + count]).rstrip("\r\n")
        if cells is None:
            yield _Raw(at + 1, _decoded(raw, encoding), [], "malformed")
        elif any(cell.strip() for cell in cells):
            yield _judged(at + 1, raw, cells, encoding)
        at += count


def _record(lines: Sequence[str], at: int) -> tuple[list[str] | None, int]:
    """The cells of the row that starts at this line, and how many lines it takes.

    A row that cannot be taken apart (a quote that never ends) is None and counts as one line: the next line is tried by
    itself, so that one lost quote does not swallow the rest of the file.
    """
    reader = csv.reader((lines[i] for i in range(at, len(lines))), strict=True)
    try:
        return next(reader), reader.line_num
    except csv.Error:
        return None, 1


def _judged(line: int, raw: str, cells: Sequence[str], encoding: str) -> _Raw:
    try:
        return _Raw(line, _decoded(raw, encoding), [cell.encode("latin-1").decode(encoding) for cell in cells])
    except UnicodeDecodeError:
        return _Raw(line, _decoded(raw, encoding), [_decoded(cell, encoding) for cell in cells], "undecodable")


def _decoded(text: str, encoding: str) -> str:
    """Decode what was read as Latin-1; bytes that mean nothing stay visible."""
    return text.encode("latin-1").decode(encoding, errors="backslashreplace")


# spreadsheets ---------------------------------------------------------------------------------------------------------


def _sheet_rows(data: bytes, path: Path) -> Iterator[_Raw]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, IndexError):
        raise TableRefused("table_unreadable", file=path.name) from None
    width = 0
    for line, values in enumerate(rows, start=1):
        cells = [_text(value) for value in values]
        used = max((i for i, cell in enumerate(cells, start=1) if cell.strip()), default=0)
        if used:
            width = width or used
            filled = cells[: max(width, used)]
            yield _Raw(line, _csv_line(filled), filled)


#: How a cell of a spreadsheet is written as text; the first kind that fits decides.
_TEXTS: Final[tuple[tuple[type, Callable[[Any], str]], ...]] = (
    (bool, lambda value: str(value).lower()),
    (float, lambda value: str(int(value)) if value.is_integer() else repr(value)),
    (datetime, lambda value: value.isoformat(sep=" ")),
    (date, date.isoformat),
    (time, time.isoformat),
)


def _text(value: object) -> str:
    return next((write(value) for kind, write in _TEXTS if isinstance(value, kind)), str(value))


# what was set aside ---------------------------------------------------------------------------------------------------


def _csv_line(cells: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def reason_of(reject: Reject, lang: str | None = None) -> str:
    """Say in words why a row was set aside."""
    return say(f"reject.{reject.code}", lang, detail=reject.detail)


def write_rejects(path: Path, table_header: Sequence[str], rejects: Iterable[Reject]) -> int:
    """Write rejected rows as they stood there, with line and reason in front: mended, the file can be read again as it is.

    A row whose quotes are broken stands in one cell. UTF-8 with a mark that spreadsheet programs look for.

    Returns:
        How many rows were written.
    """
    ordered = sorted(rejects, key=lambda reject: reject.line)
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        out.write(_csv_line([*IN_FRONT, *table_header]) + "\n")
        for reject in ordered:
            front = [str(reject.line), reason_of(reject)]
            whole = _csv_line([*front, reject.raw]) if reject.code == "malformed" else f"{_csv_line(front)},{reject.raw}"
            out.write(whole + "\n")
    return len(ordered)

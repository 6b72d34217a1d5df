"""Workbooks (.xlsx): sheets of texts in, sheets of texts out."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final
from xml.sax.saxutils import escape

from services.tables import TableRefused

_SCHEMAS: Final = "http://schemas.openxmlformats.org"
_MAIN: Final = f"{_SCHEMAS}/spreadsheetml/2006/main"
_LINKS: Final = f"{_SCHEMAS}/officeDocument/2006/relationships"
_PACKAGE: Final = f"{_SCHEMAS}/package/2006"
_BOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  #: characters that XML cannot hold
_MADE: Final = (1980, 1, 1, 0, 0, 0)  #: the same sheets are the same bytes
Sheet = Sequence[Sequence[str]]


def read_workbook(data: bytes, file: str) -> dict[str, list[list[str]]]:
    """The sheets of a workbook by name, each as rows from its first one on; a cell is text without spaces around it.

    Raises:
        TableRefused: `table_unreadable`, it is not a workbook.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (CalamineError, OSError):
        raise TableRefused("table_unreadable", file=file) from None
    return {name.strip(): [[_text(cell).strip() for cell in row] for row in rows] for name, rows in sheets.items()}


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a cell may hold
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat() if isinstance(value, date) else str(value)


def workbook(sheets: Mapping[str, Sheet]) -> bytes:
    """A workbook of these sheets, every cell as text, so that no program takes `001` for a number or `1-2` for a day."""
    numbers = range(1, len(sheets) + 1)
    names = "".join(f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, sheets, strict=True))
    links = "".join(_link(n, "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
    parts = "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_BOOK}.worksheet+xml"/>' for n in numbers)
    xml = '<Default Extension="xml" ContentType="application/xml"/>'
    main = f'<Override PartName="/xl/workbook.xml" ContentType="{_BOOK}.sheet.main+xml"/>'
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{rels}{xml}{main}{parts}</Types>',
        "_rels/.rels": _links(_link(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _links(links),
    }
    files |= {f"xl/worksheets/sheet{n}.xml": _sheet(rows) for n, rows in zip(numbers, sheets.values(), strict=True)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in files.items():
            part = zipfile.ZipInfo(name, _MADE)
            part.compress_type = zipfile.ZIP_DEFLATED
            book.writestr(part, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}')
    return out.getvalue()


def _link(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="r{number}" Type="{_LINKS}/{kind}" Target="{target}"/>'


def _links(links: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'


def _sheet(rows: Sheet) -> str:
    lines = "".join(
        f'<row r="{n}">{"".join(_cell(i, n, text) for i, text in enumerate(row) if text)}</row>' for n, row in enumerate(rows, 1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'


def _cell(column: int, line: int, text: str) -> str:
    inside = escape(_UNFIT.sub("", text), {"\r": "&#13;"})
    return f'<c r="{_letters(column)}{line}" t="inlineStr"><is><t xml:space="preserve">{inside}</t></is></c>'


def _letters(column: int) -> str:
    """The name of a column: A, B, … Z, AA, …."""
    above, rest = divmod(column, 26)
    return (_letters(above - 1) if above else "") + chr(ord("A") + rest)

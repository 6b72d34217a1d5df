"""Workbooks (.xlsx): sheets of texts in, sheets of texts out."""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

from services.tables import TableRefused

_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  #: characters that XML cannot hold
_MADE: Final = datetime(1980, 1, 1)  # noqa: DTZ001 - a workbook's own clock has no zone  #: the same sheets are the same bytes
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
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, text in enumerate(row):
                    if text:
                        sheet.write_string(line, column, _UNFIT.sub("", text))
    return out.getvalue()

"""A paper as its parts, whatever it is read on: a page, a PDF, a workbook all show the same tables with the same words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.sheets import workbook

_SHEET: Final = 31  #: characters that the name of a sheet may have
_UNFIT: Final = str.maketrans("[]:*?/\\", "       ")


@dataclass(frozen=True, slots=True)
class Part:
    """A table below a heading.

    Attributes:
        title: The heading.
        heads: What stands above each column; the first column names the row.
        rows: As wide as the heads; a row of one cell heads the rows below it.
        notes: Sentences below the table.
        code: Names the part where a page shows it otherwise than the rest; empty for most.
        texts: Columns, by number, that hold words and stand at the left; the first one always does.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    texts: frozenset[int] = frozenset()
    code: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A paper.

    Attributes:
        title: What it is.
        about: Short lines below it: how it stands, when it was made.
        parts: Its tables; those without rows are left out by whoever makes it.
        lang: The language that it is written in.
    """

    title: str
    about: Sequence[str]
    parts: Sequence[Part]
    lang: str
    notes: Sequence[str] = field(default=())


def as_workbook(document: Document) -> bytes:
    """The paper as a workbook, a sheet for each part; what stands above and below the parts is the first sheet."""
    first = [[document.title], *([line] for line in (*document.about, *document.notes))]
    sheets: dict[str, Sequence[Sequence[str]]] = {document.title.translate(_UNFIT)[:_SHEET]: first}
    for part in document.parts:
        sheets[_free(part.title, sheets)] = [part.heads, *part.rows, *([note] for note in part.notes)]
    return workbook(sheets)


def _free(title: str, taken: Mapping[str, object]) -> str:
    """The name of a sheet: without what a program cannot read, and not one that is there."""
    name, no = title.translate(_UNFIT)[:_SHEET], 1
    while name in taken:
        no += 1
        name = f"{title.translate(_UNFIT)[: _SHEET - 4]} {no}"
    return name

"""A paper as a PDF: A4, a font that holds Chinese embedded, so that it reads and prints the same on every machine."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode, XPos, YPos
from fpdf.fonts import FontFace
from noto_cjk_sans_otc import FONT_PATH

from services.rhythm.document import Document, Part
from wording import say

_FAMILY: Final = "cjk"
_SIMPLIFIED: Final = 2  #: which font of the collection
_INK, _FAINT, _RULE, _SHADE = (22, 32, 46), (91, 103, 117), (195, 202, 211), (236, 239, 243)
_TITLE, _HEAD, _BODY, _SMALL = 16, 11, 8.5, 8
_MARGIN: Final = 14  #: millimetres
_LINE: Final = 1.55
_POINT: Final = 25.4 / 72  #: millimetres
_LEAST: Final = 0.6  #: of the width of the widest column, so that no column is a row of single characters


class _Paper(FPDF):
    """A4 with the paper's name and the number of the page below each page."""

    def __init__(self, name: str, lang: str) -> None:
        super().__init__(format="A4")
        self._name, self._lang = name, lang
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=18)
        self.add_font(_FAMILY, fname=str(FONT_PATH), collection_font_number=_SIMPLIFIED)
        self.set_font(_FAMILY, size=_BODY)

    def footer(self) -> None:
        """Called by the library at the end of each page."""
        self.set_y(-13)
        self.ink(_SMALL, _FAINT)
        self.cell(self.epw / 2, text=self._name)
        self.cell(self.epw / 2, text=say("papers.page", self._lang, n=self.page_no()), align="R")

    def ink(self, size: float, colour: tuple[int, int, int] = _INK) -> None:
        """Write in this size and colour from now on."""
        self.set_font_size(size)
        self.set_text_color(*colour)

    def lines(self, texts: Sequence[str], size: float, colour: tuple[int, int, int] = _INK) -> None:
        """Paragraphs below each other."""
        self.ink(size, colour)
        for text in texts:
            mode = WrapMode.CHAR if self._lang == "zh" else WrapMode.WORD
            self.multi_cell(self.epw, size * _POINT * _LINE, text, wrapmode=mode, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def as_pdf(document: Document, made_at: datetime) -> bytes:
    """The paper as a PDF; the same paper of the same moment is the same bytes.

    Args:
        document: What it says.
        made_at: When what it says was worked out, aware; stands in the file as its date.
    """
    paper = _Paper(document.title, document.lang)
    paper.set_title(document.title)
    paper.set_lang("zh-CN" if document.lang == "zh" else "en")
    paper.set_creation_date(made_at)
    paper.add_page()
    paper.lines([document.title], _TITLE)
    paper.lines(document.about, _SMALL, _FAINT)
    for part in document.parts:
        _part(paper, part, document.lang)
    if document.notes:
        paper.ln(4)
        paper.lines(document.notes, _SMALL, _FAINT)
    return bytes(paper.output())


def _part(paper: _Paper, part: Part, lang: str) -> None:
    paper.ln(5)
    if paper.get_y() > paper.eph - 25:  # a heading never stands alone at the foot of a page
        paper.add_page()
    paper.lines([part.title], _HEAD)
    paper.ln(1)
    paper.ink(_BODY)
    paper.set_draw_color(*_RULE)
    aligned = tuple("LEFT" if column == 0 or column in part.texts else "RIGHT" for column in range(len(part.heads)))
    style = FontFace(emphasis="", color=_FAINT, fill_color=_SHADE)
    with paper.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        col_widths=_widths(paper, part),
        headings_style=style,
        line_height=_BODY * _POINT * _LINE,
        padding=(0.7, 1.5),
        text_align=aligned,
        width=paper.epw,
        wrapmode=WrapMode.CHAR if lang == "zh" else WrapMode.WORD,
    ) as table:
        table.row(part.heads)
        for cells in part.rows:
            if len(cells) == 1:
                table.row().cell(cells[0], colspan=len(part.heads), style=FontFace(emphasis="", color=_FAINT))
            else:
                table.row(cells)
    if part.notes:
        paper.ln(1)
        paper.lines(part.notes, _SMALL, _FAINT)


def _widths(paper: _Paper, part: Part) -> tuple[float, ...]:
    """Shares of the width: what the longest text of a column needs, long texts with less of it, for they wrap."""
    full = [row for row in (part.heads, *part.rows) if len(row) == len(part.heads)]
    longest = [max(paper.get_string_width(row[column]) for row in full) + 4 for column in range(len(part.heads))]
    even = paper.epw / len(longest)
    return tuple(each if each <= even else even + (each - even) * _LEAST if sum(longest) > paper.epw else each for each in longest)

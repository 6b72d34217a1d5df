"""The tables that a district brings: which columns each kind has, how a cell is read, and what is wrong with one that cannot be."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from models import GridPost, GridStation, OfficeTag, ProfessionalGrid, Profile, Responsibility
from rules.facts import Refused
from services.catalogue import Catalogue
from services.catalogue.known import AREA_KINDS
from services.duty import moment_of
from services.intake import requester_key
from services.intake.importing import is_phone
from services.responsibility.reference import SLOTS, lines, matters, offices
from services.tables import Table, TableRow

_GRID: Final = "GRID"


class CellError(ValueError):
    """A cell that cannot be used; the code is worded under `[reject]`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reader:
    """What cells are read with: the reference data, and the ids of residents by the key of their number."""

    known: Catalogue
    residents: Mapping[str, int]

    @property
    def zone(self) -> tzinfo:
        """The local zone."""
        return self.known.zone


Read = Callable[[str, Reader], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, how it is read, whether it must be filled in, and the heading in Chinese."""

    name: str
    zh: str
    read: Read
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of table.

    Attributes:
        model: Table of ours that its rows go into.
        mechanism: The mechanism that it belongs to.
        area: Column of ours with the unit in whose area a row holds.
        same: Columns by which a row is told from another; with the same ones the rest must be the same too.
    """

    code: str
    model: type
    mechanism: str
    area: str
    same: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def required(self) -> tuple[str, ...]:
        """Headings without which a table cannot be read."""
        return tuple(column.name for column in self.columns if column.wanted)


def _unit(name: str) -> Read:
    def read(text: str, to: Reader) -> dict[str, Any]:
        if not text:
            return {name: None}
        if text not in to.known.unit_ids:
            raise CellError("unknown_unit")
        return {name: to.known.present(to.known.unit_ids[text])}

    return read


def _area(name: str, kinds: tuple[str, ...]) -> Read:
    def read(text: str, to: Reader) -> dict[str, Any]:
        unit = to.known.units.get(to.known.unit_ids.get(text, -1))
        if unit is None or unit.kind not in kinds:
            raise CellError("not_a_grid" if kinds == (_GRID,) else "unknown_area")
        return {name: unit.id}

    return read


def _person(name: str) -> Read:
    def read(text: str, to: Reader) -> dict[str, Any]:
        if not text:
            return {name: None}
        person = to.known.people.get(text)
        if person is None or person.left_at is not None:
            raise CellError("unknown_user")
        return {name: person.id}

    return read


def _holder(text: str, to: Reader) -> dict[str, Any]:
    """One of the staff by user name, or a resident by his or her number."""
    if not is_phone(text):
        return {**_person("staff_id")(text or "?", to), "requester_id": None}
    return {"staff_id": None, "requester_id": to.residents[requester_key(text)]}


def _moment(name: str, *, closes: bool = False) -> Read:
    def read(text: str, to: Reader) -> dict[str, Any]:
        if closes and not text:
            return {name: None}
        try:
            return {name: moment_of(text, to.zone, ends=closes)}
        except ValueError:
            raise CellError("bad_moment") from None

    return read


def _text(name: str, most: int) -> Read:
    def read(text: str, _to: Reader) -> dict[str, Any]:
        if len(text) > most or "\0" in text:
            raise CellError("cell_too_long")
        return {name: text}

    return read


def _one_of(name: str, code: str, among: Callable[[Catalogue], Any]) -> Read:
    def read(text: str, to: Reader) -> dict[str, Any]:
        if text not in among(to.known):
            raise CellError(code)
        return {name: text}

    return read


def _shown_name(text: str, to: Reader) -> dict[str, Any]:
    return {"shown_name": _text("shown_name", 60)(text, to)["shown_name"] or None}


_FROM, _TO = Column("from", "开始", _moment("since"), wanted=True), Column("to", "结束", _moment("until", closes=True))
_UNIT, _USER = Column("unit", "单位", _unit("unit_id")), Column("user", "用户", _person("staff_id"))
_WANTED_USER: Final = Column("user", "用户", _person("staff_id"), wanted=True)
_GRID_COLUMN: Final = Column("grid", "网格", _area("grid_id", (_GRID,)), wanted=True)
_LINE: Final = _one_of("line", "unknown_line", lambda _: lines())
_OPTIONAL_LINE: Final = _one_of("line", "unknown_line", lambda _: {"", *lines()})

_KINDS: Final = (
    Kind(
        "matrix",
        Responsibility,
        "responsibility",
        "area_unit_id",
        ("area_unit_id", "section", "matter", "unit_id", "since"),
        (
            Column("area", "区域", _area("area_unit_id", AREA_KINDS), wanted=True),
            Column("section", "路段", _text("section", 120)),
            Column("matter", "事项", _one_of("matter", "unknown_matter", matters)),
            _WANTED_USER,
            Column("post", "岗位", _text("post", 60), wanted=True),
            Column("deputy", "B角", _person("deputy_id")),
            _UNIT,
            Column("promise", "承诺", _text("promise", 500)),
            Column("document", "责任书", _text("document", 120)),
            _FROM,
            _TO,
        ),
    ),
    Kind(
        "lines",
        ProfessionalGrid,
        "professional_grids",
        "grid_id",
        ("grid_id", "line", "since"),
        (
            _GRID_COLUMN,
            Column("line", "条线", _LINE, wanted=True),
            Column("name", "名称", _text("name", 60), wanted=True),
            Column("unit", "单位", _unit("unit_id"), wanted=True),
            _USER,
            _FROM,
            _TO,
        ),
    ),
    Kind(
        "posts",
        GridPost,
        "staffing",
        "grid_id",
        ("grid_id", "slot", "staff_id", "since"),
        (_GRID_COLUMN, Column("slot", "角色", _one_of("slot", "unknown_slot", lambda _: SLOTS), wanted=True), _WANTED_USER, _FROM, _TO),
    ),
    Kind(
        "offices",
        OfficeTag,
        "profiles",
        "area_unit_id",
        ("office", "area_unit_id", "building", "staff_id", "requester_id", "since"),
        (
            Column("area", "区域", _area("area_unit_id", (_GRID, "COMMUNITY")), wanted=True),
            Column("building", "楼栋", _text("building", 40)),
            Column("office", "职务", _one_of("office", "unknown_office", lambda _: offices()), wanted=True),
            Column("holder", "任职人", _holder, wanted=True),
            _FROM,
            _TO,
        ),
    ),
    Kind(
        "stations",
        GridStation,
        "professional_grids",
        "area_unit_id",
        ("code",),
        (
            Column("code", "代码", _text("code", 40), wanted=True),
            Column("name", "名称", _text("name", 60), wanted=True),
            Column("line", "条线", _OPTIONAL_LINE),
            Column("area", "区域", _area("area_unit_id", AREA_KINDS), wanted=True),
            Column("unit", "单位", _unit("unit_id"), wanted=True),
            Column("place", "地点", _text("place", 120)),
            Column("hours", "开放时间", _text("hours", 60)),
            _FROM,
            _TO,
        ),
    ),
    Kind(
        "profiles",
        Profile,
        "profiles",
        "unit_id",
        ("unit_id", "staff_id", "since"),
        (
            _UNIT,
            _USER,
            Column("name", "姓名", _shown_name),
            Column("duty", "职责", _text("duty_zh", 500), wanted=True),
            Column("duty_en", "职责（英文）", _text("duty_en", 500)),
            Column("promise", "承诺", _text("promise_zh", 500), wanted=True),
            Column("promise_en", "承诺（英文）", _text("promise_en", 500)),
            _FROM,
            _TO,
        ),
    ),
)
#: The kinds of table by code.
KINDS: Final[Mapping[str, Kind]] = {kind.code: kind for kind in _KINDS}


def kind_of(code: str) -> Kind:
    """The kind of table with this code.

    Raises:
        Refused: `unknown_sheet`.
    """
    kind = KINDS.get(code)
    if kind is None:
        raise Refused("unknown_sheet", given=code, known=", ".join(KINDS))
    return kind


def as_table(code: str, columns: str, rows: Iterable[Sequence[str]]) -> Table:
    """A table of a kind from rows in hand, as if it had been read from a file.

    Args:
        code: Kind of table.
        columns: Names of the columns, apart by blanks; empty: all of the kind, in its order.
        rows: Cells in the order of the columns.
    """
    header = tuple(columns.split()) or tuple(column.name for column in KINDS[code].columns)
    return Table(header, [TableRow(line, dict(zip(header, row, strict=True))) for line, row in enumerate(rows, start=2)])

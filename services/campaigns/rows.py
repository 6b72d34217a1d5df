"""Lists that people bring (CSV, XLSX): lines of a campaign, or its projects. A list goes in whole, or comes back with line and column."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from pathlib import Path
from typing import Any, Final

from rules.facts import Refused
from rules.worktime import Limit
from services.campaigns.acting import Done
from services.campaigns.opening import Campaign, Listed
from services.catalogue import Catalogue
from services.intake.importing import codes_of
from services.moves import Row
from services.tables import read_table

LONGEST: Final = {"name": 120, "place": 120, "measure": 20, "plan": 2000, "before": 500}
MOST: Final = 2_000_000_000  #: as much as a column holds
LONG: Final = 9  #: digits of a number that a column holds
APART: Final = str.maketrans("、，;；", ",,,,")  #: how people write several units in one cell


def lines_of(path: Path, known: Catalogue) -> list[Row]:
    """Read the lines of a list: `name`, and where given `unit`, `with`, `quantity`, `measure`, `until`, `plan`, `place`, `category`.

    Units are written by code or name; `until` as a day, a moment with its zone, or a limit.

    Raises:
        TableRefused: as `read_table`.
        Refused: `list_row_wrong`, with line, column and what stands there; nothing is taken then.
    """
    reader = _Reader(known)
    lines = []
    for line, given in _rows(path):
        row = {name: reader.read(line, name, given.get(name, "")) for name in _READ}
        lines.append({"title": row.pop("name"), "target": row.pop("until"), **{k: v for k, v in row.items() if v not in (None, "", [])}})
    return lines


def projects_of(path: Path, known: Catalogue) -> list[Listed]:
    """Read a list of projects (一场一策一专班): `name`, `plan`, `place`, `area`, `until`, and `unit`, or `force` and `force_name`.

    Raises:
        TableRefused: as `read_table`.
        Refused: `list_row_wrong`.
    """
    reader, found = _Reader(known), []
    for line, given in _rows(path):
        row = {
            name: reader.read(line, name, given.get(name, "")) for name in ("name", "plan", "place", "unit", "area", "until", "quantity")
        }
        force = given.get("force") or None
        if force is None and given.get("force_name"):
            raise Refused("list_row_wrong", line=line, field="force", given="—")
        unit, until = row.pop("unit"), row["until"]
        code = force or (known.units[unit].code if unit is not None else None)
        project = Campaign(
            title=row["name"],
            plan=row["plan"],
            unit=code,
            area=row["area"],
            place=row["place"],
            target=until,
            quantity=row["quantity"],
            measure=given.get("measure", ""),
        )
        day = datetime.fromisoformat(until) if until is not None and "T" in until else None
        found.append(Listed(project, force, given.get("force_name") or None, day))
    return found


def done_of(text: str) -> Done:
    """How far one line is, as people write it: `12=30`.

    Raises:
        Refused: `done_wrong`.
    """
    no, equals, done = text.partition("=")
    if not equals or not no.isdigit() or not done.isdigit() or len(no) > LONG or len(done) > LONG:
        raise Refused("done_wrong", task=text)
    return Done(int(no), int(done))


def done_of_table(path: Path) -> list[Done]:
    """How far lines are, from a table: `no`, `done`, and where given `after`.

    Raises:
        TableRefused: as `read_table`.
        Refused: `list_row_wrong`.
    """
    table, found = read_table(path, ("no", "done")), []
    for row in table.rows:
        wrong = next((name for name in ("no", "done") if not row.values[name].isdigit() or len(row.values[name]) > LONG), None)
        if wrong is not None or table.rejects:
            raise Refused("list_row_wrong", line=row.line, field=wrong or "*", given=row.values[wrong] if wrong else table.rejects[0].raw)
        found.append(Done(int(row.values["no"]), int(row.values["done"]), row.values.get("after", "")))
    return found


def _rows(path: Path) -> list[tuple[int, Mapping[str, str]]]:
    table = read_table(path, ("name",))
    if table.rejects:
        raise Refused("list_row_wrong", line=table.rejects[0].line, field="*", given=table.rejects[0].raw)
    return [(row.line, row.values) for row in table.rows]


def target_of(text: str, zone: tzinfo) -> str | None:
    """A target as people write it: a limit, a day (its end, local time), or a moment with its zone. None: nothing is written.

    Raises:
        ValueError: none of these.
    """
    written = text.strip()
    if not written:
        return None
    if written[-1].isalpha():
        return str(Limit.parse(written))
    if len(written) <= len("2026-12-01"):
        return datetime.combine(date.fromisoformat(written.replace("/", "-")), time(23, 59), zone).isoformat()
    moment = datetime.fromisoformat(written)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


class _Reader:
    """Reads cells; who writes what cannot be used is told where."""

    def __init__(self, known: Catalogue) -> None:
        self.known = known
        self.units = codes_of({unit.code: known.names[unit.id] for unit in known.units.values() if not unit.retired})

    def read(self, line: int, name: str, text: str) -> Any:  # noqa: ANN401 - as its column says
        """One cell.

        Raises:
            Refused: `list_row_wrong`.
        """
        try:
            if len(text) > LONGEST.get(name, len(text)) or (name == "name" and not text):
                raise ValueError(name)
            return _READ[name](self, text) if name in _READ else _READ_MORE[name](self, text)
        except (ValueError, KeyError):
            raise Refused("list_row_wrong", line=line, field=name, given=text or "—") from None

    def unit(self, text: str) -> int | None:
        """A unit by code or name."""
        return self.known.unit_ids[self.units[text]] if text else None

    def several(self, text: str) -> list[int]:
        """Units in one cell."""
        return [self.known.unit_ids[self.units[each.strip()]] for each in text.translate(APART).split(",") if each.strip()]

    def area(self, text: str) -> str | None:
        """An area by code or name."""
        if text and self.units[text] not in self.known.areas:
            raise ValueError(text)
        return self.units[text] if text else None

    def category(self, text: str) -> str | None:
        """A category by code."""
        if text and text not in self.known.categories:
            raise ValueError(text)
        return text or None


def _number(_: _Reader, text: str) -> int | None:
    if text and not 1 <= int(text) <= MOST:
        raise ValueError(text)
    return int(text) if text else None


def _words(_: _Reader, text: str) -> str:
    return text


_READ: Final[Mapping[str, Callable[[_Reader, str], Any]]] = {
    "name": _words,
    "unit": _Reader.unit,
    "with": _Reader.several,
    "quantity": _number,
    "measure": _words,
    "until": lambda reader, text: target_of(text, reader.known.zone),
    "plan": _words,
    "place": _words,
    "before": _words,
    "category": _Reader.category,
    "weight": _number,
}
_READ_MORE: Final[Mapping[str, Callable[[_Reader, str], Any]]] = {"area": _Reader.area}

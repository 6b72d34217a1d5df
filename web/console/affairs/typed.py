"""What was typed into a form of an affair: read back for the form itself, and put as the door takes it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from rules.facts import Refused
from rules.shares import basis_points
from services.affairs.voices import Voice
from services.catalogue import Catalogue
from services.claims_pool import parse_line
from services.duty import moment_of
from services.intake.importing import is_phone
from services.reading import unit_id_of
from web.access.visitor import Sent
from web.console.affairs.fields import Kind, Taken

ROWS: Final = 4  #: of things that are typed in rows
_SPANS: Final = ("wd", "wh", "h", "m")
_NUMBER_MOST: Final = 9


def read(form: Sent, wanted: Sequence[Taken], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """What was typed, by name, as the form shows it again; what is empty is left out. Files stay aside."""
    found = {name: _READ.get(kinds[name].kind, _text)(form, name) for name, _ in wanted}
    return {name: value for name, value in found.items() if value not in (None, "", (), {}, [])}


def _text(form: Sent, name: str) -> str:
    return form.fields.get(name, "").strip()


def _several(form: Sent, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in form.many.get(name, ()) if value.strip()))


def _span(form: Sent, name: str) -> str:
    text, unit = _text(form, name), form.fields.get(f"{name}_unit", "")
    return f"{text}{unit}" if text.isdigit() and unit in _SPANS else text


def _keyed(form: Sent, name: str) -> dict[str, str]:
    """Fields `name:key`, those that were filled in, by key."""
    start = f"{name}:"
    return {key.removeprefix(start): text.strip() for key, text in form.fields.items() if key.startswith(start) and text.strip()}


def _rows(form: Sent, name: str) -> list[dict[str, str]]:
    """Rows of a small table: fields `name.column` that are there several times; rows without words are left out."""
    columns = {key.removeprefix(f"{name}."): values for key, values in form.many.items() if key.startswith(f"{name}.")}
    rows = [dict(zip(columns, each, strict=True)) for each in zip(*columns.values(), strict=False)]
    return [{key: text.strip() for key, text in row.items()} for row in rows if row.get("words", "").strip()]


_READ: Final[Mapping[str, Callable[[Sent, str], Any]]] = {
    "many": _several,
    "boxes": _several,
    "lines": lambda form, name: tuple(line.strip() for line in form.fields.get(name, "").splitlines() if line.strip()),
    "evidence": lambda form, name: tuple(filter(None, (_text(form, name),))),
    "yesno": lambda form, name: {"yes": True, "no": False}.get(form.fields.get(name, "")),
    "check": lambda form, name: True if name in form.fields else None,
    "span": _span,
    "shares": _keyed,
    "counts": _keyed,
    "terms": _rows,
    "sites": _rows,
    "files": lambda _form, _name: None,
}


# as the door takes it -------------------------------------------------------------------------------------------------


def number(text: str, name: str) -> int:
    """A whole number.

    Raises:
        Refused: `list_unreadable`.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _NUMBER_MOST):
        raise Refused("list_unreadable", name=name)
    return int(text)


def numbers(texts: Sequence[str], name: str) -> tuple[int, ...]:
    """Whole numbers.

    Raises:
        Refused: `list_unreadable`.
    """
    return tuple(number(text, name) for text in texts)


def moment(text: str, zone: tzinfo) -> str:
    """A local moment as ISO writes it, with its zone.

    Raises:
        Refused: `bad_local_moment`.
    """
    try:
        return moment_of(text, zone).isoformat()
    except ValueError:
        raise Refused("bad_local_moment", given=text) from None


def unit(known: Catalogue, code: str) -> int:
    """Id of a unit.

    Raises:
        Refused: `unknown_unit`.
    """
    return unit_id_of(known, code)


def people(units: Sequence[str], lines: Sequence[str], role: str = "") -> list[Voice]:
    """Who takes part: units by code, and people, each `who=role@area`, by phone or as they are called.

    Raises:
        Refused: `voice_unreadable`.
    """
    return [*(Voice(unit=code, role=role) for code in units), *(_person(line, role) for line in lines)]


def _person(line: str, role: str) -> Voice:
    who, equals, rest = line.partition("=")
    head, at, area = (rest if equals else who).partition("@")
    name = who if equals else head
    kind = "resident" if is_phone(name.strip()) else "label"
    capacity = head.strip() if equals and head.strip() else role
    return Voice.parse(f"{kind}:{name.strip()}{f'={capacity}' if capacity else ''}{f'@{area.strip()}' if at else ''}")


def basis(shares: Mapping[str, str]) -> list[tuple[str, int]]:
    """Shares in basis points, by whose they are.

    Raises:
        Refused: `share_unreadable`.
    """
    return [(key, basis_points(text)) for key, text in shares.items()]


def lines_of(texts: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Lines of an order.

    Raises:
        Refused: `line_unreadable`.
    """
    found = [parse_line(text.replace("：", ":")) for text in texts]
    return tuple({"title": line.title, "quantity": line.quantity, "measure": line.measure, "skill": line.skill} for line in found)

"""The catalogue of errands: seeds/errands.toml until an administrator imports a version with an effective date."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models import ErrandList, begin_write, connection_of, table
from rules.facts import Actor, Refused
from rules.worktime import Limit
from seeds import read
from services.mechanisms import require
from services.people.rights import on_record

_list = table(ErrandList)
SEEDED: Final = 0  #: version of what comes with the program
_OPTIONAL: Final = "?"  #: a paper that is asked for where it applies


@dataclass(frozen=True, slots=True)
class Item:
    """One errand of the catalogue.

    Attributes:
        group: What it belongs with, e.g. social, civil, housing.
        limit: Of the errand as a whole.
        materials: Each with code, zh, en, needed.
        steps: Each with code, zh, en, limit (None: only the whole has one), in order.
        home: Done at the resident's home where that is wanted.
    """

    code: str
    zh: str
    en: str
    group: str
    limit: str
    materials: tuple[Mapping[str, Any], ...]
    steps: tuple[Mapping[str, Any], ...]
    home: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A place where machines serve round the clock; `items` are what can be done there."""

    code: str
    area: str
    zh: str
    en: str
    place: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """A version of the catalogue; 0 is the one that comes with the program."""

    version: int
    source: str
    items: Mapping[str, Item]
    points: tuple[Point, ...]


def content(session: Session, now: datetime) -> Content:
    """The catalogue in force at this moment.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, "errands")
    query = select(_list).where(_list.c.since <= now).order_by(_list.c.since.desc(), _list.c.version.desc()).limit(1)
    row = connection_of(session).execute(query).one_or_none()
    return _seeded() if row is None else _checked(row.content, row.version, row.source)


@cache
def _seeded() -> Content:
    return _checked(read("errands.toml"), SEEDED, "seeds/errands.toml")


def item_of(session: Session, code: str, now: datetime) -> tuple[Item, int]:
    """An item of the catalogue in force, and the version that it is of.

    Raises:
        Refused: `mechanism_off`, `unknown_errand_item`.
    """
    found = content(session, now)
    item = found.items.get(code)
    if item is None:
        raise Refused("unknown_errand_item", item=code)
    return item, found.version


def read_content(text: str) -> dict[str, Any]:
    """Read a catalogue as it is written in TOML (like seeds/errands.toml), and check it.

    Raises:
        Refused: `errand_list_unreadable`, with where; `errand_list_bad`, with the item and what is wrong with it.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise Refused("errand_list_unreadable", problem=str(problem)) from problem
    _checked(found, SEEDED, "")
    return found


def import_list(session: Session, given: Mapping[str, Any], source: str, actor: Actor, since: datetime, now: datetime) -> int:
    """Put a version of the catalogue in force from a moment on; errands that are under way keep theirs.

    Args:
        session: The unit of work.
        given: What `read_content` gave.
        source: Document or file that it comes from.
        actor: An administrator.
        since: From when, aware; not before now.
        now: The instant.

    Returns:
        Its version.

    Raises:
        Refused: `mechanism_off`, `admins_only`, `errand_list_past`, `errand_list_bad`.
    """
    require(session, "errands")
    if "admin" not in actor.roles:
        raise Refused("admins_only", user=actor.name)
    if since < now:
        raise Refused("errand_list_past", since=since.isoformat())
    checked = _checked(given, SEEDED, source)
    begin_write(session)
    run = connection_of(session).execute
    version = int(run(select(func.coalesce(func.max(_list.c.version), SEEDED))).scalar_one()) + 1
    row = {"version": version, "since": since, "content": dict(given), "source": source[:120], "entered_at": now, "entered_by": actor.name}
    run(insert(_list).values(row))
    on_record(session, actor.name, "errand_list", str(version), {"items": len(checked.items), "since": since.isoformat()}, now)
    return version


# reading what was written ---------------------------------------------------------------------------------------------


def _checked(given: Mapping[str, Any], version: int, source: str) -> Content:
    """What was written, put together.

    Raises:
        Refused: `errand_list_bad`.
    """
    items: dict[str, Item] = {}
    for at, each in enumerate(_tables(given, "item"), start=1):
        item = _item(each, given, str(each.get("code") or f"#{at}"))
        if item.code in items:
            raise Refused("errand_list_bad", item=item.code, problem="code: twice")
        items[item.code] = item
    if not items:
        raise Refused("errand_list_bad", item="#1", problem="item: none")
    return Content(version, source, items, tuple(_point(p, items) for p in _tables(given, "point")))


def _tables(given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = given.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise Refused("errand_list_bad", item=name, problem=f"[[{name}]]: not a list of tables")
    return found


def _item(each: Mapping[str, Any], given: Mapping[str, Any], name: str) -> Item:
    texts = {field: _text(each, field, name) for field in ("code", "zh", "en", "group", "limit")}
    materials, shared = _mapping(given, "material"), _mapping(given, "step")
    papers = tuple(_paper(code, materials, name) for code in _codes(each, "materials", name))
    steps = tuple(_step(code, shared, name) for code in _codes(each, "steps", name))
    if not steps:
        raise Refused("errand_list_bad", item=name, problem="steps: none")
    _limit(texts["limit"], name)
    return Item(**texts, materials=papers, steps=steps, home=each.get("home") is True)


def _paper(code: str, known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    plain = code.removesuffix(_OPTIONAL)
    words = known.get(plain)
    if not isinstance(words, Mapping):
        raise Refused("errand_list_bad", item=name, problem=f"materials: {plain}")
    return {"code": plain, "zh": _text(words, "zh", name), "en": _text(words, "en", name), "needed": not code.endswith(_OPTIONAL)}


def _step(code: str, known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    words = known.get(code)
    if not isinstance(words, Mapping):
        raise Refused("errand_list_bad", item=name, problem=f"steps: {code}")
    limit = words.get("limit")
    if limit is not None:
        _limit(limit, name)
    return {"code": code, "zh": _text(words, "zh", name), "en": _text(words, "en", name), "limit": limit}


def _point(each: Mapping[str, Any], items: Mapping[str, Item]) -> Point:
    name = str(each.get("code") or "point")
    texts = {field: _text(each, field, name) for field in ("code", "area", "zh", "en", "place")}
    codes = _codes(each, "items", name)
    unknown = [code for code in codes if code not in items]
    if unknown:
        raise Refused("errand_list_bad", item=name, problem=f"items: {unknown[0]}")
    return Point(**texts, items=codes)


def _text(of: Mapping[str, Any], field: str, name: str) -> str:
    found = of.get(field)
    if not isinstance(found, str) or not found.strip() or len(found) > 120:
        raise Refused("errand_list_bad", item=name, problem=field)
    return found.strip()


def _codes(of: Mapping[str, Any], field: str, name: str) -> tuple[str, ...]:
    found = of.get(field, [])
    if not isinstance(found, list) or not all(isinstance(code, str) for code in found):
        raise Refused("errand_list_bad", item=name, problem=field)
    return tuple(found)


def _mapping(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name, {})
    return found if isinstance(found, Mapping) else {}


def _limit(text: object, name: str) -> None:
    try:
        Limit.parse(str(text))
    except ValueError as problem:
        raise Refused("errand_list_bad", item=name, problem=f"limit: {text}") from problem

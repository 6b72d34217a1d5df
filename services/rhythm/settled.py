"""What the district has settled about its rhythm: hours, recipients, topics and their items, windows; a version is never changed."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import RhythmRules, connection_of, table
from rules.facts import Refused
from rules.indicators import LEAST_SMALL
from rules.ladder import Post
from rules.worktime import Limit
from seeds import read
from services.catalogue import catalogue
from services.people.rights import administrator, on_record
from services.rhythm.alone import alone

_rules = table(RhythmRules)
OF: Final = ("district", "street", "unit")
FULL: Final = 1000  #: tenths of points of a topic
_LONGEST: Final = {"code": 20, "zh": 60, "en": 80}


@dataclass(frozen=True, slots=True)
class To:
    """Whom something goes to: a post, of the district or of each street or unit that it is about."""

    of: str
    post: Post


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a topic.

    Attributes:
        points: To be had, in tenths.
        photo: Points are taken off with a photo only; else none is taken.
    """

    code: str
    zh: str
    en: str
    points: int
    photo: bool


@dataclass(frozen=True, slots=True)
class Topic:
    """What a sheet is about."""

    code: str
    zh: str
    en: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """One version of all of it; `version` 0 is what came with the program (seeds/rhythm.toml)."""

    version: int
    at: time
    daily_to: tuple[To, ...]
    appeal: str
    small_sheets: int
    weekly_to: tuple[To, ...]
    objections: str
    small: int
    bulletin_to: tuple[To, ...]
    topics: Mapping[str, Topic]


def in_force(session: Session) -> Settled:
    """The newest version."""
    row = connection_of(session).execute(select(_rules).order_by(_rules.c.version.desc()).limit(1)).first()
    return _settled(row.version, tomllib.loads(row.body["toml"])) if row is not None else _settled(0, read("rhythm.toml"))


def put(session: Session, text: str, user: str, now: datetime) -> Settled:
    """Put a new version in force from now on; sheets and bulletins that were begun keep what they were begun with.

    Args:
        session: The unit of work.
        text: As seeds/rhythm.toml.
        user: An administrator.
        now: The instant, aware UTC.

    Raises:
        Refused: `admins_only`, `unknown_user`, `left`; `rhythm_unreadable`, `rhythm_wrong` with the place that is wrong.
    """
    administrator(catalogue(session), user)
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise Refused("rhythm_unreadable", problem=str(problem)) from None
    alone(session)
    found = _settled(in_force(session).version + 1, body)
    connection_of(session).execute(insert(_rules).values(version=found.version, body={"toml": text}, put_at=now, put_by=user))
    on_record(session, user, "rhythm_rules", str(found.version), {}, now)
    return found


def _settled(version: int, body: Mapping[str, Any]) -> Settled:
    daily, weekly, bulletin = (_part(body, name) for name in ("daily", "weekly", "bulletin"))
    topics = [_topic(each, f"topic {no}") for no, each in enumerate(_many(body, "topic", ""), start=1)]
    _distinct((topic.code for topic in topics), "topic")
    return Settled(
        version,
        _time(daily),
        _to(daily, "daily"),
        _limit(weekly, "appeal", "weekly"),
        _count(weekly, "small", "weekly", 1),
        _to(weekly, "weekly"),
        _limit(bulletin, "objections", "bulletin"),
        _count(bulletin, "small", "bulletin", LEAST_SMALL),
        _to(bulletin, "bulletin"),
        {topic.code: topic for topic in topics},
    )


def _wrong(where: str, given: object) -> Refused:
    return Refused("rhythm_wrong", where=where, given=given)


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    if not isinstance(found, dict):
        raise _wrong(f"[{name}]", found)
    return found


def _many(part: Mapping[str, Any], name: str, where: str) -> Sequence[Mapping[str, Any]]:
    found = part.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        raise _wrong(f"{where} {name}".strip(), found)
    return found


def _time(part: Mapping[str, Any]) -> time:
    try:
        found = time.fromisoformat(str(part.get("at")))
    except ValueError:
        raise _wrong("daily at", part.get("at")) from None
    if found.tzinfo is not None:
        raise _wrong("daily at", part.get("at"))
    return found


def _limit(part: Mapping[str, Any], name: str, where: str) -> str:
    try:
        return str(Limit.parse(str(part.get(name))))
    except ValueError:
        raise _wrong(f"{where} {name}", part.get(name)) from None


def _count(part: Mapping[str, Any], name: str, where: str, least: int) -> int:
    found = part.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found < least:
        raise _wrong(f"{where} {name} (>= {least})", found)
    return found


def _to(part: Mapping[str, Any], where: str) -> tuple[To, ...]:
    found = []
    for no, each in enumerate(_many(part, "to", where), start=1):
        try:
            post = Post.parse(str(each.get("post")))
        except ValueError:
            raise _wrong(f"{where} to {no} post", each.get("post")) from None
        if each.get("of") not in OF or post.role == "reporter":
            raise _wrong(f"{where} to {no}", each)
        found.append(To(str(each["of"]), post))
    return tuple(found)


def _topic(each: Mapping[str, Any], where: str) -> Topic:
    items = tuple(_item(item, f"{where} item {no}") for no, item in enumerate(_many(each, "item", where), start=1))
    _distinct((item.code for item in items), f"{where} item")
    if sum(item.points for item in items) != FULL:
        raise _wrong(f"{where} points (sum 100)", sum(item.points for item in items) / 10)
    code, zh, en = (_text(each, name, where) for name in _LONGEST)
    return Topic(code, zh, en, items)


def _item(each: Mapping[str, Any], where: str) -> Item:
    points, photo = each.get("points"), each.get("photo")
    if not isinstance(points, int | float) or isinstance(points, bool) or not 0 < points <= 100 or points * 2 % 1:
        raise _wrong(f"{where} points", points)
    if not isinstance(photo, bool):
        raise _wrong(f"{where} photo", photo)
    code, zh, en = (_text(each, name, where) for name in _LONGEST)
    return Item(code, zh, en, round(points * 10), photo)


def _text(each: Mapping[str, Any], name: str, where: str) -> str:
    found = each.get(name)
    if not isinstance(found, str) or not 0 < len(found.strip()) <= _LONGEST[name]:
        raise _wrong(f"{where} {name}", found)
    return found.strip()


def _distinct(codes: Iterable[str], where: str) -> None:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise _wrong(f"{where} code", code)
        seen.add(code)

"""Categories of matters, kept by administrators: made and changed at once, checked at the door, on record."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import AdminEntry, Category, begin_write, connection_of, table
from rules.facts import Level, Refused
from services.catalogue import URGENCIES, Catalogue, catalogue, reference_changed

MAY: Final = frozenset({"admin", "head"})  #: roles that may, if they are of the centre or the district
KINDS: Final = ("component", "event", "service", "sensor")
PHOTOS: Final = ("photo_before", "photo_after")
LONGEST: Final = 60  #: letters of a name
CO_MOST: Final = 6
_CODE: Final = re.compile(r"[A-Z][0-9]{2,4}", re.ASCII)
REASON_MOST: Final = 200  #: letters of a reason
_EXPERIENCE: Final = "c"  #: what a category of one's own rests on, until somebody names more in the limits
_NEVER: Final = "DISTRICT"
_category, _entry = table(Category), table(AdminEntry)


@dataclass(frozen=True, slots=True)
class Written:
    """A category as somebody writes it.

    Attributes:
        code: A capital and two to four digits, `H01`; never changed.
        zh, en: Its names.
        kind: One of `KINDS`.
        urgency: `P0` to `P3`: how urgent such a matter is as a rule.
        lead: Kind of the unit that leads where the routing catalogue names no other.
        co: Kinds of unit that help.
        authority: The lowest level that may dispatch it.
        verify: Whether somebody other than the handler looks at the result.
        closing: Photos that the lead shows when it finishes, of `PHOTOS`.
    """

    code: str
    zh: str
    en: str
    kind: str
    urgency: str
    lead: str
    co: tuple[str, ...] = ()
    authority: str = Level.COMMUNITY.value
    verify: bool = True
    closing: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As data, for programs and for the record."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def check_person(session: Session, by: str) -> Catalogue:
    """The reference data, if this person may keep the categories.

    Raises:
        Refused: `unknown_user`, `not_your_categories`.
    """
    known = catalogue(session)
    actor = known.actor(by)
    if not actor.roles & MAY or actor.unit_id not in (known.district_id, known.desk_id):
        raise Refused("not_your_categories", user=by)
    return known


def written(session: Session, code: str) -> Written:
    """A category as it stands.

    Raises:
        Refused: `unknown_category`.
    """
    row = connection_of(session).execute(select(_category).where(_category.c.code == code)).mappings().one_or_none()
    if row is None:
        raise Refused("unknown_category", category=code)
    values = {name: row[name] for name in ("code", "zh", "en", "kind", "urgency", "lead", "authority", "verify")}
    return Written(**values, co=tuple(row["co"]), closing=tuple(row["closing"]))


def add(session: Session, wanted: Written, by: str, now: datetime) -> Written:
    """Make a category. Its limits are those of its urgency until a policy names some, and it goes to units of its leading kind.

    Args:
        session: The unit of work.
        wanted: What it is to be.
        by: User name of whoever makes it.
        now: The instant, aware UTC.

    Raises:
        Refused: `not_your_categories`, `category_code_unclear`, `category_exists`, and what `change` says.
    """
    begin_write(session)
    known = check_person(session, by)
    if not _CODE.fullmatch(wanted.code):
        raise Refused("category_code_unclear", given=wanted.code[:20])
    if wanted.code in known.categories:
        raise Refused("category_exists", category=wanted.code)
    _check(wanted, known)
    connection_of(session).execute(insert(_category), wanted.plain() | {"basis": _EXPERIENCE})
    _keep(session, "category_added", wanted.code, {"after": wanted.plain()}, by, now)
    return wanted


def change(session: Session, wanted: Written, by: str, now: datetime) -> Written:
    """Write a category anew; holds at once, for cases under way from their next step on. Without a difference nothing happens.

    Args:
        session: The unit of work.
        wanted: What it is to be; its code says which.
        by: User name of whoever changes it.
        now: The instant, aware UTC.

    Returns:
        The category as it was.

    Raises:
        Refused: `not_your_categories`, `unknown_category`, `category_incomplete`, `category_field_unknown`.
    """
    begin_write(session)
    known = check_person(session, by)
    before = written(session, wanted.code)
    _check(wanted, known)
    if wanted != before:
        connection_of(session).execute(update(_category).where(_category.c.code == wanted.code).values(wanted.plain()))
        _keep(session, "category_changed", wanted.code, {"before": before.plain(), "after": wanted.plain()}, by, now)
    return before


def retire(session: Session, code: str, reason: str, by: str, now: datetime) -> bool:
    """Offer a category no more: no case is filed under it and its words fall silent; cases that have it keep it and go on.

    Args:
        session: The unit of work.
        code: The category.
        reason: Why; kept on record.
        by: User name of whoever retires it.
        now: The instant, aware UTC.

    Returns:
        Whether it was offered until now; run again, nothing happens.

    Raises:
        Refused: `not_your_categories`, `unknown_category`, `category_reason_unclear`.
    """
    reason = reason.strip()
    if not 2 <= len(reason) <= REASON_MOST or not reason.isprintable():
        raise Refused("category_reason_unclear", most=REASON_MOST)
    return _turn(session, code, now, {"reason": reason}, by, now)


def restore(session: Session, code: str, by: str, now: datetime) -> bool:
    """Offer a retired category again, with the words it had.

    Args:
        session: The unit of work.
        code: The category.
        by: User name of whoever restores it.
        now: The instant, aware UTC.

    Returns:
        Whether it was retired until now; run again, nothing happens.

    Raises:
        Refused: `not_your_categories`, `unknown_category`.
    """
    return _turn(session, code, None, {}, by, now)


def _turn(session: Session, code: str, retired_at: datetime | None, data: Mapping[str, object], by: str, now: datetime) -> bool:
    begin_write(session)
    known = check_person(session, by)
    if code not in known.categories:
        raise Refused("unknown_category", category=code)
    retires = retired_at is not None
    if known.categories[code].retired == retires:
        return False
    connection_of(session).execute(update(_category).where(_category.c.code == code).values(retired_at=retired_at))
    _keep(session, "category_retired" if retires else "category_restored", code, data, by, now)
    return True


def _check(wanted: Written, known: Catalogue) -> None:
    """See to it that a category says all it must, and nothing that is not known.

    Raises:
        Refused: `category_incomplete`, `category_field_unknown`; `field` says where.
    """
    for field in ("zh", "en"):
        text = getattr(wanted, field)
        if not 1 <= len(text) <= LONGEST or not text.isprintable():
            raise Refused("category_incomplete", field=field, most=LONGEST)
    kinds = known.kind_names.keys() - {_NEVER}
    allowed: Mapping[str, Any] = {
        "kind": KINDS,
        "urgency": URGENCIES,
        "lead": kinds,
        "authority": tuple(level.value for level in Level),
    }
    for field, values in allowed.items():
        if getattr(wanted, field) not in values:
            raise Refused("category_field_unknown", field=field, given=str(getattr(wanted, field))[:40])
    for field, each in (*(("co", co) for co in wanted.co), *(("closing", photo) for photo in wanted.closing)):
        if each not in (kinds - {wanted.lead} if field == "co" else PHOTOS) or len(wanted.co) > CO_MOST:
            raise Refused("category_field_unknown", field=field, given=each[:40])


def _keep(session: Session, action: str, code: str, data: Mapping[str, object], by: str, now: datetime) -> None:
    row = {"at": now, "actor": by, "action": action, "subject": code, "data": dict(data)}
    connection_of(session).execute(insert(_entry), row)
    reference_changed(session)

"""Asking for a change of the units: checked at the door, put on record, in force from its moment on (services/units/applying.py)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import UnitChange, begin_write, connection_of, table
from rules.facts import Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.catalogue.known import AREA_KINDS
from services.people.rights import administrator, on_record
from services.units.splitting import Part, Share

_change = table(UnitChange)
LONGEST: Final = {"code": 40, "zh": 60, "en": 80}
#: Kinds of unit that are found by their place in the tree: only one of the same kind can go on with their work.
_PLACED: Final = (*AREA_KINDS, "GRID_CENTRE")


def unit_id_of(known: Catalogue, code: str) -> int:
    """The id of a unit that is not retired.

    Raises:
        Refused: `unknown_unit`, `unit_retired`.
    """
    found = known.unit_ids.get(code)
    if found is None:
        raise Refused("unknown_unit", unit=code)
    known.check_present(found)
    return found


def ask_rename(session: Session, code: str, zh: str, en: str, since: datetime, by: str, now: datetime) -> int:
    """Let a unit be called otherwise from a moment on; its history keeps the old name.

    Returns:
        The number of the change.

    Raises:
        Refused: `unknown_unit`, `unit_retired`, `name_missing`, `name_too_long`, `name_unchanged`, `unit_change_waits`, `admins_only`,
            `unknown_user`, `left`.
    """
    known, actor, unit_id = _begin(session, code, by)
    zh, en = zh.strip(), en.strip()
    check_name(zh, en)
    if (known.names[unit_id].zh, known.names[unit_id].en) == (zh, en):
        raise Refused("name_unchanged", unit=code)
    return _put(session, "rename", unit_id, {"zh": zh, "en": en}, since, actor, now)


def ask_merge(session: Session, code: str, into: str, since: datetime, by: str, now: datetime) -> int:
    """Let another unit go on with all that is a unit's, from a moment on.

    Returns:
        The number of the change.

    Raises:
        Refused: `unknown_unit`, `unit_retired`, `merge_into_itself`, `merge_into_own_section`, `district_stays`, `kinds_differ`,
            `desk_stays`, `unit_change_waits`, `admins_only`, `unknown_user`, `left`.
    """
    known, actor, unit_id = _begin(session, code, by)
    heir = unit_id_of(known, into)
    check_merge(known, unit_id, heir)
    _refuse_two(session, heir, into)
    return _put(session, "merge", unit_id, {"into": heir}, since, actor, now)


def check_merge(known: Catalogue, unit_id: int, heir: int) -> None:
    """See whether a unit can go on with another's work.

    Raises:
        Refused: `merge_into_itself`, `merge_into_own_section`, `district_stays`, `kinds_differ`, `desk_stays`.
    """
    unit, other = known.units[unit_id], known.units[heir]
    if unit_id == heir:
        raise Refused("merge_into_itself", unit=unit.code)
    if known.district_id in (unit_id, heir):
        raise Refused("district_stays")
    if unit_id in known.line(heir):
        raise Refused("merge_into_own_section", unit=unit.code, into=other.code)
    if unit.kind != other.kind and (unit.kind in _PLACED or other.kind in AREA_KINDS):
        raise Refused("kinds_differ", unit=unit.code, into=other.code)
    if unit_id == known.desk_id and other.parent_id != known.district_id:
        raise Refused("desk_stays", unit=unit.code)


def ask_split(session: Session, code: str, parts: Sequence[Part], shares: Sequence[Share], since: datetime, by: str, now: datetime) -> int:
    """Let new units take over parts of a unit's work from a moment on; the unit itself goes on with the rest.

    Args:
        session: The unit of work.
        code: The unit.
        parts: The units that are made; each of the same kind, at the same place in the tree, with the same calendar.
        shares: What goes to which part (`services.units.splitting.read_shares`).
        since: From when on.
        by: User name of an administrator.
        now: The instant.

    Returns:
        The number of the change.

    Raises:
        Refused: `unknown_unit`, `unit_retired`, `district_stays`, `desk_stays`, `code_taken`, `code_wrong`, `name_missing`,
            `name_too_long`, `unit_change_waits`, `admins_only`, `unknown_user`, `left`.
    """
    known, actor, unit_id = _begin(session, code, by)
    check_parts(known, unit_id, parts)
    to = {"parts": [{"code": p.code, "zh": p.zh.strip(), "en": p.en.strip()} for p in parts], "shares": [share.plain() for share in shares]}
    return _put(session, "split", unit_id, to, since, actor, now)


def check_parts(known: Catalogue, unit_id: int, parts: Sequence[Part]) -> None:
    """See whether these units can be made of a unit.

    Raises:
        Refused: `district_stays`, `desk_stays`, `code_taken`, `code_wrong`, `name_missing`, `name_too_long`.
    """
    if unit_id == known.district_id:
        raise Refused("district_stays")
    if known.units[unit_id].kind == "GRID_CENTRE":
        raise Refused("desk_stays", unit=known.units[unit_id].code)
    seen: set[str] = set()
    for part in parts:
        if part.code in known.unit_ids or part.code in seen:
            raise Refused("code_taken", given=part.code)
        plain = part.code.isascii() and part.code.replace("-", "").isalnum() and part.code == part.code.lower()
        if not plain or len(part.code) > LONGEST["code"]:
            raise Refused("code_wrong", given=part.code)
        check_name(part.zh, part.en)
        seen.add(part.code)


def cancel(session: Session, number: int, by: str, now: datetime) -> None:
    """Take back a change whose moment has not come.

    Raises:
        Refused: `unknown_change`, `change_begun`, `admins_only`, `unknown_user`, `left`.
    """
    begin_write(session)
    actor, run = administrator(catalogue(session), by), connection_of(session).execute
    row = run(select(_change).where(_change.c.id == number)).one_or_none()
    if row is None:
        raise Refused("unknown_change", number=number)
    if row.applied_at is not None or row.cancelled_at is not None or "begun_at" in row.to:
        raise Refused("change_begun", number=number)
    run(update(_change).where(_change.c.id == number).values(cancelled_at=now))
    on_record(session, actor.name, "unit_change_cancelled", str(number), {"kind": row.kind}, now)


def changes(session: Session, *, waiting: bool = False) -> list[Mapping[str, Any]]:
    """Changes of units that were asked for, oldest first; `waiting`: only those that are not in force and not taken back."""
    open_ones = (_change.c.applied_at.is_(None), _change.c.cancelled_at.is_(None)) if waiting else ()
    wanted = select(_change).where(_change.c.kind != "leave", *open_ones).order_by(_change.c.effective_at, _change.c.id)
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]


def _begin(session: Session, code: str, by: str) -> tuple[Catalogue, Actor, int]:
    begin_write(session)
    known = catalogue(session)
    actor, unit_id = administrator(known, by), unit_id_of(known, code)
    _refuse_two(session, unit_id, code)
    return known, actor, unit_id


def _refuse_two(session: Session, unit_id: int, code: str) -> None:
    """One change of a unit at a time: what a second one would do nobody could have seen in its dry run."""
    waits = (_change.c.unit_id == unit_id, _change.c.applied_at.is_(None), _change.c.cancelled_at.is_(None), _change.c.kind != "leave")
    found = connection_of(session).execute(select(_change.c.id).where(*waits)).scalar()
    if found is not None:
        raise Refused("unit_change_waits", unit=code, number=found)


def check_name(zh: str, en: str) -> None:
    """See whether something can be called so in both languages.

    Raises:
        Refused: `name_missing`, `name_too_long`.
    """
    zh, en = zh.strip(), en.strip()
    if not zh or not en:
        raise Refused("name_missing")
    if len(zh) > LONGEST["zh"] or len(en) > LONGEST["en"]:
        raise Refused("name_too_long", zh=LONGEST["zh"], en=LONGEST["en"])


def _put(session: Session, kind: str, unit_id: int, to: Mapping[str, Any], since: datetime, actor: Actor, now: datetime) -> int:
    values = {"kind": kind, "unit_id": unit_id, "to": dict(to), "effective_at": since, "asked_at": now, "asked_by": actor.name}
    done = connection_of(session).execute(insert(_change).values(values).returning(_change.c.id))
    number = int(done.scalar_one())
    on_record(session, actor.name, f"unit_{kind}_asked", str(number), {"unit": unit_id, "from": since.isoformat()}, now)
    return number

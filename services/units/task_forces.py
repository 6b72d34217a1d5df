"""专班: a unit with an end date. Set up for one purpose; on its last day what is open goes to its successor, and nothing new reaches it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from models import Affair, Staff, Unit, UnitChange, UnitKind, begin_write, connection_of, table
from rules.facts import Actor, Refused, Thing
from rules.handling.deliberation import MeetingState
from seeds import read
from services.catalogue import Catalogue, catalogue, reference_changed
from services.mechanisms import require
from services.people.rights import administrator, on_record
from services.units.asking import LONGEST, check_name, unit_id_of

CODE: Final = "task_forces"  #: the mechanism
KIND: Final = "TASK_FORCE"  #: the kind of such a unit
_unit, _staff, _change, _kind, _affair = table(Unit), table(Staff), table(UnitChange), table(UnitKind), table(Affair)
_WAITING: Final = (_change.c.kind == "merge", _change.c.applied_at.is_(None), _change.c.cancelled_at.is_(None))
#: The accounts that a task force begins with; people are added with `bihuan staff add`.
_POSTS: Final = (("clerk", "经办", "clerk"), ("head", "负责人", "head"))


@dataclass(frozen=True, slots=True)
class Force:
    """A task force.

    Attributes:
        code: Its code, as of every unit.
        zh, en: Its name.
        parent: Code of the unit in whose tree it stands, e.g. the street that set it up.
        until: Its end: from then on its successor goes on.
        successor: Code of the unit that goes on with what is open; None: the parent.
        supervising: Code of the unit that hears when it is late; None: the parent.
    """

    code: str
    zh: str
    en: str
    parent: str
    until: datetime
    successor: str | None = None
    supervising: str | None = None


def set_up(session: Session, forces: Sequence[Force], by: str, now: datetime) -> list[int]:
    """Set up task forces, all or none; each has a clerk and a head, and an end that comes by itself.

    Args:
        session: The unit of work; committed by the caller.
        forces: What is to be set up.
        by: User name of an administrator.
        now: The instant.

    Returns:
        Ids of the new units, in order.

    Raises:
        Refused: `mechanism_off`, `unknown_user`, `admins_only`, `unknown_unit`, `unit_retired`, `code_taken`, `code_wrong`,
            `name_missing`, `name_too_long`, `force_end_past`, `force_heir`.
    """
    require(session, CODE)
    begin_write(session)
    known = catalogue(session)
    actor, run = administrator(known, by), connection_of(session).execute
    heirs = _checked(known, forces, now)
    _have_kind(session)
    first = int(run(select(func.max(_unit.c.id))).scalar_one()) + 1  # seeded ids do not count the database's own sequence on
    ids = list(range(first, first + len(forces)))
    if not forces:
        return []
    run(insert(_unit), [_row(known, force, unit_id) for force, unit_id in zip(forces, ids, strict=True)])
    run(insert(_staff), [_post(force, unit_id, post) for force, unit_id in zip(forces, ids, strict=True) for post in _POSTS])
    ends = [_end(unit_id, heirs[force.code], force.until, actor, now) for force, unit_id in zip(forces, ids, strict=True)]
    run(insert(_change), ends)
    for force in forces:
        on_record(session, actor.name, "task_force_set_up", force.code, {"until": force.until.isoformat()}, now)
    reference_changed(session)
    return ids


def _checked(known: Catalogue, forces: Sequence[Force], now: datetime) -> dict[str, int]:
    """The successors' ids, once it is sure that all of them can be set up."""
    heirs: dict[str, int] = {}
    for force in forces:
        if force.code in known.unit_ids or force.code in heirs:
            raise Refused("code_taken", given=force.code)
        plain = force.code.isascii() and force.code.replace("-", "").isalnum() and force.code == force.code.lower()
        if not plain or len(force.code) > LONGEST["code"]:
            raise Refused("code_wrong", given=force.code)
        check_name(force.zh, force.en)
        for code in (force.parent, force.supervising or force.parent):
            unit_id_of(known, code)
        heirs[force.code] = _heir(known, force.successor or force.parent)
        _check_end(force.until, now)
    return heirs


def _heir(known: Catalogue, code: str) -> int:
    """Who goes on: any unit that works; the district itself handles nothing."""
    unit_id = unit_id_of(known, code)
    if unit_id == known.district_id:
        raise Refused("force_heir", unit=code)
    return unit_id


def _check_end(until: datetime, now: datetime) -> None:
    if until <= now:
        raise Refused("force_end_past", given=until.isoformat())


def _have_kind(session: Session) -> None:
    """An installation of an older version has no such kind of unit yet."""
    run = connection_of(session).execute
    if run(select(_kind.c.code).where(_kind.c.code == KIND)).first() is None:
        found = next(kind for kind in read("unit_kinds.toml")["kind"] if kind["code"] == KIND)
        run(insert(_kind), {"vertical": False, **found})


def _row(known: Catalogue, force: Force, unit_id: int) -> dict[str, Any]:
    parent = known.unit_ids[force.parent]
    above = known.unit_ids[force.supervising or force.parent]
    names = {"zh": force.zh.strip(), "en": force.en.strip()}
    places = {"parent_id": parent, "supervising_id": above, "calendar": known.calendars_of[parent]}
    return {"id": unit_id, "code": force.code, "kind": KIND, **names, **places}


def _post(force: Force, unit_id: int, post: tuple[str, str, str]) -> dict[str, Any]:
    role, zh, en = post
    names = {"name": f"{force.code}.{role}", "zh": f"{force.zh.strip()}{zh}"[:60], "en": f"{force.en.strip()} {en}"[:80]}
    return {**names, "unit_id": unit_id, "role": role}


def _end(unit_id: int, heir: int, until: datetime, actor: Actor, now: datetime) -> dict[str, Any]:
    """Its end is a merger into its successor: orders, affairs, people, clocks and history go the way that every merger goes."""
    asked = {"asked_at": now, "asked_by": actor.name}
    return {"kind": "merge", "unit_id": unit_id, "to": {"into": heir, "force": True}, "effective_at": until, **asked}


def move_end(session: Session, code: str, until: datetime, by: str, now: datetime) -> None:
    """Let a task force end on another day: later, or at once (`until` = `now`); its standing meetings end with it.

    Raises:
        Refused: `mechanism_off`, `unknown_user`, `admins_only`, `unknown_unit`, `unit_retired`, `no_task_force`, `force_end_past`.
    """
    require(session, CODE)
    begin_write(session)
    known = catalogue(session)
    actor, unit_id = administrator(known, by), unit_id_of(known, code)
    if until < now:
        raise Refused("force_end_past", given=until.isoformat())
    run = connection_of(session).execute
    waits = run(select(_change).where(_change.c.unit_id == unit_id, *_WAITING)).first()
    if known.units[unit_id].kind != KIND or waits is None or "begun_at" in waits.to:
        raise Refused("no_task_force", unit=code)
    run(update(_change).where(_change.c.id == waits.id).values(effective_at=until))
    of_force = (_affair.c.thing == Thing.MEETING.value, _affair.c.state == MeetingState.STANDING.value, _affair.c.unit_id == unit_id)
    run(update(_affair).where(*of_force, _affair.c.until == waits.effective_at).values(until=until))
    on_record(session, actor.name, "task_force_end_moved", code, {"until": until.isoformat()}, now)


def forces(session: Session) -> list[Mapping[str, Any]]:
    """Task forces with their end and successor, those that have ended too: unit id, code, until, successor id, ended at."""
    joined = _unit.join(_change, (_change.c.unit_id == _unit.c.id) & (_change.c.kind == "merge") & _change.c.cancelled_at.is_(None))
    wanted = select(_unit, _change.c.effective_at, _change.c.to).select_from(joined).where(_unit.c.kind == KIND)
    return [
        {"unit_id": row.id, "code": row.code, "until": row.effective_at, "successor_id": row.to["into"], "ended_at": row.retired_at}
        for row in connection_of(session).execute(wanted.order_by(_unit.c.id))
    ]

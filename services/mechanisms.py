"""Which mechanisms are on (rules/handling): asked at the door of each, switched by an administrator."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import AdminEntry, MechanismSwitch, begin_write, connection_of, table
from rules import handling
from rules.facts import Actor, Refused

_switch = table(MechanismSwitch)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mechanism stands: on or off, and since when by whom where that is not how it came."""

    code: str
    rows: tuple[int, ...]
    on: bool
    since: datetime | None = None
    by: str | None = None


def is_on(session: Session, code: str) -> bool:
    """Whether a mechanism is there and on."""
    row = handling.HANDLING.get(code)
    if row is None:
        return False
    said = connection_of(session).execute(select(_switch.c.on).where(_switch.c.code == code)).scalar_one_or_none()
    return row.on if said is None else bool(said)


def switched_on(session: Session) -> frozenset[str]:
    """The codes of all mechanisms that are there and on, in one statement."""
    said = {row.code: bool(row.on) for row in connection_of(session).execute(select(_switch.c.code, _switch.c.on))}
    return frozenset(code for code, row in handling.HANDLING.items() if said.get(code, row.on))


def require(session: Session, code: str) -> None:
    """See to it that a mechanism is on.

    Raises:
        Refused: `mechanism_off`.
    """
    if not is_on(session, code):
        raise Refused("mechanism_off", mechanism=code, mechanism_code=code)


def standings(session: Session) -> list[Standing]:
    """All mechanisms, in the order of the table."""
    said = {row.code: row for row in connection_of(session).execute(select(_switch))}
    return [
        Standing(code, row.rows, said[code].on, said[code].since, said[code].by) if code in said else Standing(code, row.rows, row.on)
        for code, row in handling.HANDLING.items()
    ]


def switch(session: Session, code: str, actor: Actor, now: datetime, *, on: bool) -> bool:
    """Switch a mechanism on or off; what is under way goes on. Safe to repeat.

    Returns:
        Whether that changed anything.

    Raises:
        Refused: `unknown_mechanism`; `mechanism_core`, the loop rests on it; `not_yours`, only administrators switch.
    """
    if code not in handling.HANDLING:
        raise Refused("unknown_mechanism", mechanism=code, known=", ".join(handling.HANDLING))
    if handling.HANDLING[code].core:
        raise Refused("mechanism_core", mechanism=code)
    if "admin" not in actor.roles:
        raise Refused("not_yours", action="switch", posts=("admin",))
    begin_write(session)
    if is_on(session, code) == on:
        return False
    run = connection_of(session).execute
    run(_switch.delete().where(_switch.c.code == code))
    run(insert(_switch), {"code": code, "on": on, "since": now, "by": actor.name})
    entry = {"at": now, "actor": actor.name, "action": "mechanism_on" if on else "mechanism_off", "subject": code, "data": {}}
    run(insert(table(AdminEntry)), entry)
    return True

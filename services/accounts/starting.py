"""The first accounts of an installation: everybody's of the demonstration, or the administrators'. Passwords are hashed here."""

from collections.abc import Collection
from datetime import datetime
from itertools import chain, count
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import Account, Database, Staff, Unit, begin_write, connection_of, table
from services.accounts.making import put
from services.accounts.passwords import hashed, invented, is_right
from services.catalogue import reference_changed
from settings import Settings

_account, _staff, _unit = table(Account), table(Staff), table(Unit)
DISTRICT: Final = {"code": "district", "zh": "本区", "en": "District", "kind": "DISTRICT"}
ADMINISTRATOR: Final = {"zh": "配置管理员", "en": "administrator", "role": "admin"}
SYSTEM: Final = "system"  #: by whom an account was made that nobody has touched yet


def given(database: Database, settings: Settings, now: datetime) -> list[tuple[str, str]]:
    """See to it that somebody can sign in: everybody of a demonstration, otherwise the administrators; to be run at every start.

    Returns:
        Administrators with their one-time passwords, as `first_administrators` says; empty for a demonstration.
    """
    with database.unit_of_work() as session:
        if not settings.demo:
            return first_administrators(session, now)
        demonstration(session, settings.demo_password(), now)
        renew_demonstration(session, settings.demo_password(), now)
        return []


def demonstration(session: Session, password: str, now: datetime) -> None:
    """Give everybody of the demonstration who has no account one with the same password; may run at every start.

    Args:
        session: The unit of work.
        password: Everybody's.
        now: The instant, aware UTC.
    """
    begin_write(session)
    run = connection_of(session).execute
    without = select(_staff.c.id).where(_staff.c.left_at.is_(None), _staff.c.id.not_in(select(_account.c.staff_id)))
    people = run(without).scalars().all()
    if people:
        row = {"password": hashed(password), "one_time": False, "demo": True, "failures": 0, "changed_at": now, "changed_by": SYSTEM}
        run(insert(_account), [{**row, "staff_id": each} for each in people])


def renew_demonstration(session: Session, password: str, now: datetime) -> None:
    """See to it that the demonstration's accounts have this password, whatever they had before; those changed by their owners stay."""
    begin_write(session)
    run = connection_of(session).execute
    ours = (_account.c.demo, _account.c.changed_by == SYSTEM)
    kept = run(select(_account.c.password).where(*ours).limit(1)).scalar()
    if kept is not None and not is_right(password, kept):
        run(update(_account).where(*ours).values(password=hashed(password), changed_at=now))


def first_administrators(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Accounts for administrators where none of them has ever signed in; every start gives new passwords until one has.

    Where there is no administrator at all, in an empty installation, the person `admin` is made.

    Returns:
        User names with one-time passwords, to be printed once and kept nowhere; empty where an administrator's account is in use.
    """
    begin_write(session)
    if has_administrator(session):
        return []
    wanted = select(_staff.c.id, _staff.c.name).where(*_ADMINISTRATORS).order_by(_staff.c.id)
    run = connection_of(session).execute
    if run(wanted).first() is None:
        _make_administrator(session)
    made = [(row.id, row.name, invented()) for row in run(wanted)]
    for staff_id, _, password in made:
        put(session, staff_id, {"password": hashed(password), "one_time": True, "demo": False}, SYSTEM, now)
    return [(name, password) for _, name, password in made]


def _make_administrator(session: Session) -> None:
    """The person `admin` of the district; where nothing has been set up yet, of a new district, to be renamed by him or her."""
    run = connection_of(session).execute
    unit_id = run(select(_unit.c.id).where(_unit.c.kind == "DISTRICT").limit(1)).scalar()
    if unit_id is None:
        unit_id = run(insert(_unit).values(**DISTRICT).returning(_unit.c.id)).scalar_one()
    taken = set(run(select(_staff.c.name)).scalars())  # by somebody who has left
    run(insert(_staff).values(**ADMINISTRATOR, name=_free(taken), unit_id=unit_id))
    reference_changed(session)


def _free(taken: Collection[str]) -> str:
    return next(name for name in chain(["admin"], (f"admin-{n}" for n in count(2))) if name not in taken)


def has_administrator(session: Session) -> bool:
    """Whether an administrator has an account that is no demonstration's and that somebody has taken into use."""
    waiting = _account.c.one_time & (_account.c.changed_by == SYSTEM)
    joined = _account.join(_staff, _staff.c.id == _account.c.staff_id)
    wanted = select(_staff.c.id).select_from(joined).where(*_ADMINISTRATORS, ~_account.c.demo, ~waiting).limit(1)
    return connection_of(session).execute(wanted).first() is not None


_ADMINISTRATORS = (_staff.c.role == "admin", _staff.c.left_at.is_(None))

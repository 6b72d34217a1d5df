"""Who works where: looking, and taking somebody on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from models import Staff, begin_write, connection_of, table
from rules.facts import STAFF, Refused
from services.catalogue import Catalogue, Person, catalogue, reference_changed
from services.people.addresses import checked
from services.people.leaving import leaving
from services.people.rights import administrator, all_on_record
from services.units.asking import check_name, unit_id_of

ROLES: Final = (*sorted(STAFF), "admin")
LONGEST: Final = 60  #: characters of a user name


def told(known: Catalogue, person: Person) -> dict[str, Any]:
    """Somebody as a list shows him or her: no phone, no address."""
    deputy = known.by_id.get(person.deputy_id) if person.deputy_id is not None else None
    return {
        "user": person.name,
        "zh": person.title.zh,
        "en": person.title.en,
        "unit": known.units[person.unit_id].code,
        "role": person.role,
        "deputy": deputy.name if deputy else None,
        "left_at": person.left_at,
    }


def staff(known: Catalogue, unit: str | None = None, *, everybody: bool = False) -> list[Mapping[str, Any]]:
    """The people of a unit, or of all; by unit and name.

    Args:
        known: The reference data.
        unit: Code of the unit; None: all.
        everybody: Also those who have left.

    Raises:
        Refused: `unknown_unit`.
    """
    if unit is not None and unit not in known.unit_ids:
        raise Refused("unknown_unit", unit=unit)
    chosen = [p for p in known.people.values() if everybody or p.left_at is None]
    rows = [told(known, p) for p in chosen if unit is None or known.units[p.unit_id].code == unit]
    return sorted(rows, key=lambda row: (row["unit"], row["user"]))


def about(session: Session, user: str, now: datetime) -> dict[str, Any]:
    """One person, with all that is in his or her name.

    Raises:
        Refused: `unknown_user`.
    """
    known = catalogue(session)
    person = known.people.get(user)
    if person is None:
        raise Refused("unknown_user", user=user)
    return {**told(known, person), **leaving(session, known, person, now).plain()}


@dataclass(frozen=True, slots=True)
class Post:
    """Somebody to be taken on.

    Attributes:
        user: User name, in ascii.
        unit: Code of the unit.
        role: As in `ROLES`.
        zh: The post in Chinese, no personal name.
        en: The post in English.
        phone: Kept encrypted.
        email: Kept encrypted.
    """

    user: str
    unit: str
    role: str
    zh: str
    en: str
    phone: str | None = None
    email: str | None = None


def take_on(session: Session, post: Post, by: str, now: datetime) -> None:
    """Take somebody on.

    Args:
        session: The unit of work.
        post: Who, and as what.
        by: User name of an administrator.
        now: The instant.

    Raises:
        Refused: `user_taken`, `user_wrong`, `role_wrong`, `name_missing`, `name_too_long`, `unknown_unit`, `unit_retired`, `admins_only`;
            `phone_form`, `phone_no_sms`, `mailbox_form`.
    """
    take_on_all(session, [post], by, now)


def take_on_all(session: Session, posts: Sequence[Post], by: str, now: datetime) -> None:
    """Take many on in one statement, all or none.

    Raises:
        Refused: as `take_on`.
    """
    begin_write(session)
    known, taken = catalogue(session), set[str]()
    actor, rows = administrator(known, by), []
    for post in posts:
        rows.append(row_of(known, post, taken))
        taken.add(post.user)
    if rows:
        connection_of(session).execute(insert(table(Staff)), rows)
        all_on_record(session, actor.name, "staff_added", {post.user: {"unit": post.unit, "role": post.role} for post in posts}, now)
        reference_changed(session)


def row_of(known: Catalogue, post: Post, taken: Collection[str] = ()) -> dict[str, Any]:
    """Somebody as the database keeps people, once it is sure that he or she can be taken on.

    Args:
        known: The reference data.
        post: Who, and as what.
        taken: User names that others are to have.

    Raises:
        Refused: as `take_on`.
    """
    unit_id = unit_id_of(known, post.unit)
    if post.user in known.people or post.user in taken:
        raise Refused("user_taken", user=post.user)
    if not post.user.isascii() or not post.user.replace(".", "").replace("-", "").isalnum() or len(post.user) > LONGEST:
        raise Refused("user_wrong", user=post.user)
    if post.role not in ROLES:
        raise Refused("role_wrong", given=post.role, known=", ".join(ROLES))
    check_name(post.zh, post.en)
    reached = checked({"phone": post.phone, "email": post.email})
    return {"name": post.user, "zh": post.zh.strip(), "en": post.en.strip(), "unit_id": unit_id, "role": post.role, **reached}

"""The numbers of delivery in force: read once per revision of the reference data, changed by administrators, version by version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from models import DeliveryPolicy, begin_write, connection_of, table
from rules.delivery_numbers import NAMES, BadNumber, Numbers, bounds
from rules.facts import Refused
from services.catalogue import catalogue, reference_changed
from services.catalogue.reading import CHANGED
from services.people.rights import on_record

_policy = table(DeliveryPolicy)
_READ: Final = select(_policy).order_by(_policy.c.version)
#: How a number is written, by what was wrong with it.
_FORMS: Final = {"not_a_number": "3", "not_a_time": "21:00", "not_a_list": "30,120,600", "not_per_channel": "sms:300,voice:60"}
_cache: "WeakKeyDictionary[Engine, tuple[int, tuple[Version, ...]]]" = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the numbers; version 0 is what came with the program."""

    version: int
    numbers: Numbers
    since: datetime | None
    changed_by: str


_BUILT_IN: Final = Version(0, Numbers(), None, "")


def numbers_at(session: Session, now: datetime) -> Numbers:
    """The numbers in force at this moment."""
    return in_force(session, now).numbers


def in_force(session: Session, now: datetime) -> Version:
    """The version in force at this moment: the newest that has begun, else what came with the program."""
    begun = [each for each in _versions(session) if each.since is not None and each.since <= now]
    return begun[-1] if begun else _BUILT_IN


def change(session: Session, given: Mapping[str, str], by: str, now: datetime) -> Version:
    """Write a new version, in force at once: the present one with some numbers changed. Nothing is written when nothing changes.

    Args:
        session: The unit of work.
        given: What is typed, by name.
        by: User name of an administrator.
        now: The instant, aware UTC.

    Returns:
        The version in force afterwards.

    Raises:
        Refused: `unknown_user`, `left`, `limits_admins_only`; `limit_unknown`, `limit_form`, `limit_range`, `limit_order`.
    """
    begin_write(session)
    if "admin" not in catalogue(session).actor(by).roles:
        raise Refused("limits_admins_only", user=by)
    before = in_force(session, now)
    wanted = _read(before.numbers, given)
    if wanted == before.numbers:
        return before
    made = Version(max((each.version for each in _versions(session)), default=0) + 1, wanted, now, by)
    row = {"version": made.version, "numbers": wanted.stored(), "since": now, "changed_by": by}
    connection_of(session).execute(insert(_policy).values(row))
    on_record(session, by, "limits_changed", str(made.version), differences(before.numbers, wanted), now)
    reference_changed(session)
    return made


def differences(before: Numbers, after: Numbers) -> dict[str, Any]:
    """What changed between two sets of numbers: name → [before, after], as they are stored."""
    old, new = before.stored(), after.stored()
    return {name: [old[name], new[name]] for name in NAMES if old[name] != new[name]}


def _read(before: Numbers, given: Mapping[str, str]) -> Numbers:
    try:
        return Numbers.read({**before.stored(), **given})
    except BadNumber as bad:
        raise _refusal(bad, given) from None


def _refusal(bad: BadNumber, given: Mapping[str, str]) -> Refused:
    match bad.problem:
        case "unknown":
            return Refused("limit_unknown", field=bad.field, known=", ".join(NAMES))
        case "out_of_range":
            least, most = bounds(bad.field)
            return Refused("limit_range", field=bad.field, given=given.get(bad.field, ""), least=least, most=most)
        case "not_in_order":
            return Refused("limit_order", field=bad.field, other=bad.other)
        case _:
            return Refused("limit_form", field=bad.field, given=given.get(bad.field, ""), form=_FORMS[bad.problem])


def _versions(session: Session) -> Sequence[Version]:
    """All versions, oldest first; read anew only when the reference data have changed, and never kept while they are being changed."""
    revision, engine = catalogue(session).revision, session.get_bind()
    kept = _cache.get(engine) if isinstance(engine, Engine) else None
    if kept is not None and kept[0] == revision:
        return kept[1]
    rows = connection_of(session).execute(_READ)
    found = tuple(Version(row.version, _stored(row.numbers), row.since, row.changed_by) for row in rows)
    if isinstance(engine, Engine) and CHANGED not in session.info:
        _cache[engine] = revision, found
    return found


def _stored(kept: Mapping[str, Any]) -> Numbers:
    """The numbers of a version; names that this release does not know are a later one's and are passed over."""
    return Numbers.read({name: value for name, value in kept.items() if name in NAMES})

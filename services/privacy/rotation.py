"""Changing the key: a new one goes in front, and everything sealed is sealed anew under it, batch by batch.

At no moment is anything unreadable: the new key is in the file, where every process looks before it seals and whenever no key of its
own opens something, before the first row is sealed under it; and the old keys stay there until nothing needs them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, LargeBinary, Table, bindparam, func, insert, select, type_coerce, update

from models import AdminEntry, Base, Database, Sealed, begin_write, connection_of, table
from rules.facts import SYSTEM, Refused
from services.privacy.keyring import KeyFile, load, of_environment, short
from settings import Settings

_admin = table(AdminEntry)
BATCH: Final = 200  #: rows of one commit
#: How long a key must have been in front before older ones are let go: whatever was sealed just before is committed by then.
SETTLED: Final = timedelta(hours=1)
Shown = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Held:
    """A key of the installation.

    Attributes:
        name: By which it is spoken of.
        values: How many sealed values only it opens; of a key in front: that it sealed.
        seals: It stands in front: everything new is sealed under it.
        hashes: It stands last: the keyed hashes are made with it.
    """

    name: str
    values: int
    seals: bool
    hashes: bool


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did, or would do.

    Attributes:
        key: Name of the key in front; of a dry run: of the one that is there now.
        made: Whether a new key was made for it; else an earlier rotation was brought to its end.
        values: Sealed values under older keys that were (would be) sealed anew.
    """

    key: str
    made: bool
    values: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A column of sealed values."""

    of: Table
    column: Column[Any]

    @property
    def key(self) -> Column[Any]:
        (key,) = self.of.primary_key.columns
        return key

    @property
    def sealed(self) -> Any:  # noqa: ANN401 - a column read as it is stored
        return type_coerce(self.column, LargeBinary)


def places() -> list[_Place]:
    """Every column in which personal data are sealed."""
    return [_Place(t, c) for t in Base.metadata.sorted_tables for c in t.columns if isinstance(c.type, Sealed)]


def status(database: Database, settings: Settings) -> list[Held]:
    """The keys, newest first, and how many values are sealed under each.

    Raises:
        Refused: `keys_broken`, `key_broken`.
        InvalidToken: none of the keys opens a value.
    """
    keys = load(settings)
    sealed = Counter(_under(value, keys) for place in places() for rows in _batches(database, place) for _, value in rows)
    last = len(keys) - 1
    return [Held(short(key), sealed[i], i == 0, i == last) for i, key in enumerate(keys)]


def _under(value: bytes, keys: Sequence[bytes]) -> int:
    """The place of the key under which a value was sealed."""
    for i, key in enumerate(keys):
        try:
            Fernet(key).decrypt(value)
        except InvalidToken:
            continue
        return i
    raise InvalidToken


def _batches(database: Database, place: _Place) -> Iterator[list[tuple[int, bytes]]]:
    """All sealed values of a column with their row's key, a batch at a time."""
    after = -1
    later = (place.column.is_not(None), place.key > bindparam("after"))
    wanted = select(place.key, place.sealed).where(*later).order_by(place.key).limit(BATCH)
    while True:
        with database.unit_of_work() as session:
            rows = [(int(key), bytes(value)) for key, value in connection_of(session).execute(wanted, {"after": after})]
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def rotate(database: Database, settings: Settings, now: datetime, shown: Shown, *, dry_run: bool = False) -> Rotated:
    """Put a new key in front and seal everything anew under it; or bring an earlier rotation to its end, which makes no new key.

    May be interrupted at any moment and run again: what is under the newest key already is passed over. Keys of the environment
    are the operator's: the new one is put in front by hand, and this seals everything anew under it.

    Args:
        database: The installation's.
        settings: Where the keys are.
        now: The instant, aware UTC.
        shown: Called with how many values were looked at, of how many.
        dry_run: Only count.

    Raises:
        Refused: `keys_from_environment`, everything is under the first key there: put the new one in front of it; `keys_broken`,
            `key_broken`.
        InvalidToken: none of the keys opens a value.
    """
    file = KeyFile(settings.key_file)
    if of_environment(settings):
        return _rotate(database, settings, now, shown, None, dry_run=dry_run)
    with file.alone():
        return _rotate(database, settings, now, shown, file, dry_run=dry_run)


def _rotate(database: Database, settings: Settings, now: datetime, shown: Shown, file: KeyFile | None, *, dry_run: bool) -> Rotated:
    held = status(database, settings)
    older, whole = sum(each.values for each in held[1:]), sum(each.values for each in held)
    if not older and file is None:
        raise Refused("keys_from_environment")
    if dry_run:
        return Rotated(held[0].name, made=not older, values=older or whole)
    if not older and file is not None:
        file.write([Fernet.generate_key(), *load(settings)])
        _note(database, now, "key_made", short(load(settings)[0]), {})
    keys = load(settings)
    done = _sealed_anew(database, keys, shown)
    _note(database, now, "keys_rotated", short(keys[0]), {"values": done, "keys": len(keys)})
    return Rotated(short(keys[0]), made=not older, values=done)


def _note(database: Database, now: datetime, action: str, subject: str, data: dict[str, object]) -> None:
    with database.unit_of_work() as session:
        begin_write(session)
        row = {"at": now, "actor": SYSTEM.name, "action": action, "subject": subject, "data": data}
        connection_of(session).execute(insert(_admin).values(row))


def _sealed_anew(database: Database, keys: Sequence[bytes], shown: Shown) -> int:
    """Seal anew whatever is not under the newest key.

    Returns:
        How many values.
    """
    whole, seen, done = _count(database), 0, 0
    for place in places():
        for rows in _batches(database, place):
            older = [(key, value) for key, value in rows if _under(value, keys)]
            done += _put(database, place, older)
            seen += len(rows)
            shown(seen, max(whole, seen))
    return done


def _count(database: Database) -> int:
    with database.unit_of_work() as session:
        counts = [connection_of(session).execute(select(func.count(place.column))).scalar_one() for place in places()]
    return sum(counts)


def _put(database: Database, place: _Place, older: Sequence[tuple[int, bytes]]) -> int:
    """Write values sealed anew; one that somebody changed meanwhile is left as it is, for it is under the newest key."""
    if not older:
        return 0
    rows = [{"key_id": key, "was": value, "anew": _anew(value)} for key, value in older]
    own = (place.key == bindparam("key_id"), place.sealed == bindparam("was", type_=LargeBinary))
    statement = update(place.of).where(*own).values({place.column: type_coerce(bindparam("anew", type_=LargeBinary), LargeBinary)})
    with database.unit_of_work() as session:
        begin_write(session)
        connection_of(session).execute(statement, rows)
    return len(rows)


def _anew(value: bytes) -> bytes:
    return Sealed.seal(Sealed.unseal(value))


def retire(database: Database, settings: Settings, now: datetime) -> list[str]:
    """Take keys out of the key file that open nothing any more; the first one seals, the last one hashes, and both stay.

    Returns:
        Names of those that were taken out.

    Raises:
        Refused: `keys_in_environment`, the operator takes them out; `key_too_young`, the first key has been in front for less than an
            hour, so that something sealed under an older one may not be committed yet; `keys_broken`, `key_broken`.
    """
    if of_environment(settings):
        raise Refused("keys_in_environment")
    file = KeyFile(settings.key_file)
    with file.alone():
        if now - datetime.fromtimestamp(file.path.stat().st_mtime, UTC) < SETTLED:
            raise Refused("key_too_young", minutes=SETTLED // timedelta(minutes=1))
        held, keys = status(database, settings), load(settings)
        idle = [i for i, each in enumerate(held) if not (each.values or each.seals or each.hashes)]
        if idle:
            file.write([key for i, key in enumerate(keys) if i not in idle])
            load(settings)
            _note(database, now, "keys_retired", held[0].name, {"keys": [held[i].name for i in idle]})
    return [held[i].name for i in idle]

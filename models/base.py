"""What all tables share: naming of constraints, aware UTC columns, encrypted columns."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock
from typing import Any, Final, Protocol

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import DateTime, Dialect, LargeBinary, MetaData, Table
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

_NAIVE: Final = "naive instant {0!r}: give aware UTC"
_NO_KEY: Final = "no encryption key: call Sealed.use_keys first"


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMES)


def table(model: type[Base]) -> Table:
    """The Core table of a model, for the hot paths."""
    found = model.__table__
    if not isinstance(found, Table):
        raise TypeError(model)
    return found


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python, refused when naive, stored without a zone on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive instants.

        Raises:
            ValueError: the value has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(_NAIVE.format(value))
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """On SQLite the text itself, as SQLAlchemy writes it: its own way through three functions takes four times as long."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """On SQLite straight from the text."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(_NAIVE.format(value))
    return _utc_text(value if value.tzinfo is UTC else value.astimezone(UTC))


@lru_cache(maxsize=512)
def _utc_text(value: datetime) -> str:
    """One move writes the same instant into ten columns and more; in UTC alone are equal instants always one and the same."""
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


class KeySource(Protocol):
    """Where the keys come from, so that a process that has run for weeks learns of a new one."""

    def changed(self) -> list[bytes] | None:
        """The keys, newest first, if they changed since they were read; None: they did not, or cannot be read now."""


class Sealed(TypeDecorator[str]):
    """Personal text (name, phone), encrypted at rest with the deployer's key; newest key first."""

    impl = LargeBinary
    cache_ok = True
    keys: MultiFernet | None = None
    oldest: bytes = b""
    _source: KeySource | None = None
    _from_source: MultiFernet | None = None
    _looking = Lock()

    @classmethod
    def use_keys(cls, keys: list[bytes], source: KeySource | None = None) -> None:
        """Hand over the keys, newest first; called once when the database is opened.

        Args:
            keys: At least one; the last one serves the keyed hashes, for good.
            source: Asked before each text is sealed, and when none of the keys opens one: a new key needs no restart.

        Raises:
            ValueError: one is no key.
            IndexError: there is none.
        """
        ring = MultiFernet([Fernet(k) for k in keys])
        cls.oldest = keys[-1]
        cls.keys, cls._source, cls._from_source = ring, source, ring

    @classmethod
    def _look_again(cls) -> None:
        """Take over keys that changed meanwhile, one thread at a time; not where others than the source's are in use."""
        if cls._source is None or cls.keys is not cls._from_source:
            return
        with cls._looking:
            found = cls._source.changed()
            if found is not None:
                cls.use_keys(found, cls._source)

    @classmethod
    def fingerprint(cls, text: str) -> str:
        """A keyed hash by which personal text is found again without being kept; it outlives the rotation of keys."""
        if not cls.oldest:
            raise RuntimeError(_NO_KEY)
        return hmac.new(cls.oldest, text.encode(), hashlib.sha256).hexdigest()

    @classmethod
    def seal(cls, text: str) -> bytes:
        """Encrypt under the newest key.

        Raises:
            RuntimeError: there is no key.
        """
        cls._look_again()
        if cls.keys is None:
            raise RuntimeError(_NO_KEY)
        return cls.keys.encrypt(text.encode())

    @classmethod
    def unseal(cls, sealed: bytes) -> str:
        """Decrypt under whichever key it was sealed.

        Raises:
            InvalidToken: no key opens it, or there is none.
        """
        ring = cls.keys
        if ring is None:
            raise InvalidToken
        try:
            return ring.decrypt(sealed).decode()
        except InvalidToken:
            cls._look_again()
            if cls.keys is None or cls.keys is ring:
                raise
        return cls.keys.decrypt(sealed).decode()

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> Any:  # noqa: ANN401 - SQLAlchemy's own signature
        """Encrypt on the way in."""
        return None if value is None else self.seal(value)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> str | None:
        """Decrypt on the way out; without any key nothing is shown."""
        return None if value is None or self.keys is None else self.unseal(value)

"""What all tables share: naming of constraints, aware UTC columns, encrypted columns."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
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
            msg = f"naive instant {value!r}: give aware UTC"
            raise ValueError(msg)
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sealed(TypeDecorator[str]):
    """Personal text (name, phone), encrypted at rest with the deployer's key; newest key first."""

    impl = LargeBinary
    cache_ok = True
    keys: MultiFernet | None = None
    oldest: bytes = b""

    @classmethod
    def use_keys(cls, keys: list[bytes]) -> None:
        """Hand over the keys, newest first; called once when the database is opened."""
        cls.keys = MultiFernet([Fernet(k) for k in keys])
        cls.oldest = keys[-1]

    @classmethod
    def fingerprint(cls, text: str) -> str:
        """A keyed hash by which personal text is found again without being kept; it outlives the rotation of keys."""
        if not cls.oldest:
            msg = "no encryption key: call Sealed.use_keys first"
            raise RuntimeError(msg)
        return hmac.new(cls.oldest, text.encode(), hashlib.sha256).hexdigest()

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> Any:  # noqa: ANN401 - SQLAlchemy's own signature
        """Encrypt on the way in."""
        if value is None:
            return None
        if self.keys is None:
            msg = "no encryption key: call Sealed.use_keys first"
            raise RuntimeError(msg)
        return self.keys.encrypt(value.encode())

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> str | None:
        """Decrypt on the way out."""
        if value is None or self.keys is None:
            return None
        return self.keys.decrypt(value).decode()

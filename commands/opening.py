"""Opening the database for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from settings import get_settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from models import Database


@contextmanager
def database() -> Iterator["Database"]:
    """The installation's database.

    Raises:
        Refused: `key_broken`, the key that encrypts names and phones is not one.
    """
    from services.upkeep import opened

    with opened(get_settings()) as opened_database:
        yield opened_database


@contextmanager
def unit_of_work() -> Iterator["Session"]:
    """One unit of work on the installation's database."""
    with database() as opened_database, opened_database.unit_of_work() as session:
        yield session

"""How much something asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from models import Database


@contextmanager
def asked_of(database: Database) -> Iterator[list[str]]:
    """The reading statements that an SQLite database is asked while this lasts, in order; those too that go past SQLAlchemy."""
    found: list[str] = []

    def note(statement: str) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            found.append(statement)

    def listen(connection: object, *_: object) -> None:
        connection.set_trace_callback(note)  # type: ignore[attr-defined]

    def leave(connection: object, *_: object) -> None:
        connection.set_trace_callback(None)  # type: ignore[attr-defined]

    hooks = (("checkout", listen), ("checkin", leave))
    for name, hook in hooks:
        event.listen(database.engine, name, hook)
    try:
        yield found
    finally:
        for name, hook in hooks:
            event.remove(database.engine, name, hook)

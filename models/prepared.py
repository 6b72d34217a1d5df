"""Statements of the hot paths: compiled once for each kind of database, then handed to its driver as they are.

SQLAlchemy's work at each execution (cache keys, contexts, result metadata) costs three times what the statement itself costs SQLite.
What a statement means is still written in Core, types still convert, and errors are still SQLAlchemy's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Float, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from models.errors import without_values

Convert = Callable[[Any], Any]
Row = dict[str, Any]
Question = tuple["Prepared", Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement as one driver takes it.

    Attributes:
        names: Those of the parameters, in the order of the question marks where they have none there.
        parameters: Name and conversion of each of them.
        defaults: Values of columns that are not given.
        columns: Names of a result's columns.
        conversions: Position and conversion of those columns that need one.
    """

    sql: str
    positional: bool
    names: tuple[str, ...]
    parameters: tuple[tuple[str, Convert | None], ...]
    defaults: Mapping[str, Any]
    columns: tuple[str, ...]
    conversions: tuple[tuple[int, Convert], ...]

    def bound(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a tuple or a mapping, as the driver wants it
        """The values as the driver takes them."""
        get = {**self.defaults, **values}.get if self.defaults else values.get
        bound = [v if c is None or v is None else c(v) for n, c in self.parameters for v in (get(n),)]
        return bound if self.positional else dict(zip(self.names, bound, strict=True))

    def row(self, raw: Sequence[Any]) -> Row:
        """One row of the result."""
        values = list(raw)
        for i, convert in self.conversions:
            if (value := values[i]) is not None:
                values[i] = convert(value)
        return dict(zip(self.columns, values, strict=True))


def _compiled(statement: Select[Any] | Insert | Update, dialect: Dialect) -> _Text:
    keys = None
    defaults: dict[str, Any] = {}
    if isinstance(statement, Insert):
        keys = [c.name for c in statement.table.c if c is not getattr(statement.table, "autoincrement_column", None)]
        defaults = {c.name: c.default.arg for c in statement.table.c if isinstance(c.default, ScalarElementColumnDefault)}
    done = statement.compile(dialect=dialect, column_keys=keys)
    if not isinstance(done, SQLCompiler):
        raise TypeError(statement)
    names = done.positiontup if done.positiontup is not None else list(done.binds)
    parameters = tuple((n, done.binds[n].type.dialect_impl(dialect).bind_processor(dialect)) for n in names)
    columns = list(statement.selected_columns) if isinstance(statement, Select) else []
    kinds = ((i, c.type) for i, c in enumerate(columns) if not isinstance(c.type, Float))  # drivers give floats as floats
    converts = ((i, kind.dialect_impl(dialect).result_processor(dialect, None)) for i, kind in kinds)
    conversions = tuple((i, convert) for i, convert in converts if convert is not None)
    return _Text(str(done), done.positional, tuple(names), parameters, defaults, tuple(str(c.key) for c in columns), conversions)


class Prepared:
    """One statement of Core without lists of its own (`IN`); prepared for each kind of database at its first use there."""

    def __init__(self, statement: Select[Any] | Insert | Update) -> None:
        self._statement = statement.inline() if isinstance(statement, Insert) else statement
        self._texts: dict[str, _Text] = {}

    def text(self, dialect: Dialect) -> _Text:
        """The statement as this database takes it."""
        found = self._texts.get(dialect.name)
        if found is None:
            found = self._texts[dialect.name] = _compiled(self._statement, dialect)
        return found

    def write(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert or update once for each row."""
        if rows:
            text = self.text(connection.dialect)
            bound = [text.bound(row) for row in rows]
            run_plain(connection, text.sql, bound if len(bound) > 1 else bound[0], many=len(bound) > 1)


def read_together(connection: Connection, questions: Sequence[Question]) -> list[list[Row]]:
    """The rows of several selects, asked in one go where the driver can."""
    texts = [(prepared.text(connection.dialect), values) for prepared, values in questions]
    with together(connection):
        cursors = [run_plain(connection, text.sql, text.bound(values)) for text, values in texts]
    return [[text.row(raw) for raw in cursor.fetchall()] for (text, _), cursor in zip(texts, cursors, strict=True)]


def run_plain(connection: Connection, sql: str, values: Any = (), *, many: bool = False) -> Any:  # noqa: ANN401 - a driver's cursor
    """Run a statement in the driver's own words, in this connection's transaction."""
    cursor = connection.connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(sql, values)
    except connection.dialect.loaded_dbapi.Error as problem:
        raise _as_ours(connection, problem, sql) from problem
    return cursor


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Statements inside travel to PostgreSQL in one go and their errors come out at the end; SQLite has no way to go."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as problem:
        raise _as_ours(connection, problem, "") from problem


def _as_ours(connection: Connection, problem: Exception, sql: str) -> BaseException:
    """The error as SQLAlchemy would have raised it; a connection that is gone leaves the pool."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(problem, connection.connection, None)  # type: ignore[arg-type]
    if gone:
        connection.invalidate(problem)
    without_values(problem)
    return DBAPIError.instance(sql, None, problem, dialect.loaded_dbapi.Error, connection_invalidated=gone, dialect=dialect)

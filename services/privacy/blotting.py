"""Blotting phone and identity numbers out of what is kept in columns: text, or JSON with text anywhere in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Table, bindparam, select, update
from sqlalchemy.orm import Session

from models import connection_of
from services.privacy.masking import masked


def blot(session: Session, of: Table, columns: Sequence[str], which: Any) -> int:  # noqa: ANN401 - a condition
    """Blot numbers out of some columns; rows without any stay untouched, so it may run twice.

    Args:
        session: The unit of work.
        of: The table.
        columns: Its columns of text or JSON.
        which: Which rows.

    Returns:
        How many rows were changed.
    """
    keys: list[Column[Any]] = list(of.primary_key.columns)
    run = connection_of(session).execute
    changed = []
    for row in run(select(*keys, *(of.c[name] for name in columns)).where(which)).mappings():
        anew = {name: _without_numbers(row[name]) for name in columns}
        if any(anew[name] != row[name] for name in columns):
            changed.append({f"key_{key.name}": row[key.name] for key in keys} | {f"new_{name}": value for name, value in anew.items()})
    if changed:
        own = (key == bindparam(f"key_{key.name}") for key in keys)
        run(update(of).where(*own).values({name: bindparam(f"new_{name}", type_=of.c[name].type) for name in columns}), changed)
    return len(changed)


def _without_numbers(value: Any) -> Any:  # noqa: ANN401 - text, or anything that JSON can hold
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {key: _without_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_numbers(each) for each in value]
    return value

"""Labelled messages and taxonomies from tables that people bring; one bad row, and nothing is used."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rules.facts import Refused
from services.tables import Table, TableRow, read_table, reason_of
from services.triage.texts import Message, Prototype
from wording import say

COLUMNS: Final = ("id", "subject", "body", "label")
LEVELS: Final = ("level1", "level2", "level3")
BESIDE: Final = "taxonomy_three_levels.csv"  #: taken as the taxonomy where it lies beside the training file
SAID: Final = 3  #: bad rows that a refusal names


def read_messages(path: Path) -> list[Message]:
    """Read messages whose class is known: `id, user, subject, submitted_at, body, label`; `user` and `submitted_at` may be missing.

    Raises:
        TableRefused: as `services.tables.read_table`.
        Refused: `bad_messages`, with line and column of what cannot be used.
    """
    table = read_table(path, COLUMNS)
    seen: dict[str, int] = {}
    wrong = [problem for row in table.rows for problem in _problems(row, seen)]
    _refuse(path, table, wrong)
    return [_message(row) for row in table.rows]


def read_taxonomy(path: Path) -> list[Prototype]:
    """Read a taxonomy of three levels; the first is the class, the others are words of it.

    Raises:
        TableRefused: as `services.tables.read_table`.
        Refused: `bad_messages`, with line and column of what cannot be used.
    """
    table = read_table(path, LEVELS)
    wrong = [(row.line, "level1", "label_missing", "") for row in table.rows if not row.values["level1"]]
    _refuse(path, table, wrong)
    return [Prototype("，".join(filter(None, (r.values["level2"], r.values["level3"]))), r.values["level1"]) for r in table.rows]


_Problem = tuple[int, str, str, str]


def _problems(row: TableRow, seen: dict[str, int]) -> Iterator[_Problem]:
    """What is wrong with a row: line, column, code, what the sentence names."""
    values = row.values
    if not values["id"]:
        yield row.line, "id", "id_missing", ""
    elif (first := seen.setdefault(values["id"], row.line)) != row.line:
        yield row.line, "id", "id_twice", str(first)
    if not values["label"]:
        yield row.line, "label", "label_missing", ""
    if not any(c.isalnum() for c in values["subject"] + values["body"]):
        yield row.line, "body", "text_missing", ""


def _refuse(path: Path, table: Table, wrong: Sequence[_Problem]) -> None:
    said = [(r.line, say("triage_row.unreadable", line=r.line, reason=reason_of(r))) for r in table.rejects]
    said += [(line, say(f"triage_row.{code}", line=line, column=column, detail=detail)) for line, column, code, detail in wrong]
    if said:
        said.sort()
        more = [say("triage_row.more", count=len(said) - SAID)] if len(said) > SAID else []
        raise Refused("bad_messages", file=path.name, reason=" ".join([sentence for _, sentence in said[:SAID]] + more))


def _message(row: TableRow) -> Message:
    values = row.values
    return Message(values["id"], values.get("user") or f"row {row.line}", values["subject"], values["body"], values["label"])

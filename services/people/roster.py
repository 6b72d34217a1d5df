"""The people that a district brings as a table (CSV, XLSX): taken on all or none, the same table any number of times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from rules.facts import Refused
from services.catalogue import Catalogue, catalogue
from services.intake.importing import codes_of
from services.people.staff import Post, row_of, take_on_all
from services.tables import TableRow, read_table

REQUIRED: Final = ("user", "unit", "post", "name")
#: The column that a refusal of a person is about.
_COLUMN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("user_taken", "user_wrong"), "user"),
    **dict.fromkeys(("unknown_unit", "unit_retired"), "unit"),
    **dict.fromkeys(("name_missing", "name_too_long"), "name"),
    **dict.fromkeys(("phone_form", "phone_no_sms"), "phone"),
    "role_wrong": "post",
    "mailbox_form": "email",
}


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a table of people: taken on, and there already."""

    new: int
    known: int


def bring(session: Session, path: Path, by: str, now: datetime) -> Brought:
    """Take on everybody whom a table names, in one statement, all or none. May run twice: who works there as such already is passed over.

    Args:
        session: The unit of work.
        path: CSV or XLSX: `user`, `unit` (code or name), `post` (as `ROLES`), `name` (of the post), and where given `name_en`,
            `phone`, `email`.
        by: User name of an administrator.
        now: The instant, aware UTC.

    Raises:
        TableRefused: as `read_table`.
        Refused: `list_row_wrong`, with line, column and what stands there; `unknown_user`, `left`, `admins_only`.
    """
    known, table = catalogue(session), read_table(path, REQUIRED)
    if table.rejects:
        raise Refused("list_row_wrong", line=table.rejects[0].line, field="*", given=table.rejects[0].raw)
    units = codes_of({unit.code: known.names[unit.id] for unit in known.units.values() if not unit.retired})
    posts: dict[str, Post] = {}
    for row in table.rows:
        post = _post(row, units)
        if not _works(known, post):
            _check(known, post, row, posts)
            posts[post.user] = post
    take_on_all(session, list(posts.values()), by, now)
    return Brought(len(posts), len(table.rows) - len(posts))


def _post(row: TableRow, units: Mapping[str, str]) -> Post:
    given = row.values
    unit, zh = units.get(given["unit"], given["unit"]), given["name"]
    return Post(given["user"], unit, given["post"], zh, given.get("name_en") or zh, given.get("phone") or None, given.get("email") or None)


def _works(known: Catalogue, post: Post) -> bool:
    """Whether somebody with this user name works in this unit as such already."""
    there = known.people.get(post.user)
    return there is not None and there.left_at is None and (known.units[there.unit_id].code, there.role) == (post.unit, post.role)


def _check(known: Catalogue, post: Post, row: TableRow, taken: Mapping[str, Post]) -> None:
    try:
        row_of(known, post, taken)
    except Refused as wrong:
        column = _COLUMN.get(wrong.code, "*")
        raise Refused("list_row_wrong", line=row.line, field=column, given=row.values.get(column) or "—") from wrong

"""Reading messages for a replay: what somebody wrote, when, and when the answer really came."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Final

from seeds import read
from services.tables import Table, TableRow, read_table

COLUMNS: Final = ("id", "user", "subject", "submitted_at", "body", "reply", "replied_at")
LAST: Final = date(2100, 12, 31)  #: whoever writes a later one has mistyped
_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True)
class Message:
    """One real message and the two moments that are known of it (aware UTC)."""

    id: str
    user: str
    subject: str
    body: str
    reply: str
    submitted_at: datetime
    replied_at: datetime


def read_messages(path: Path, zone: tzinfo) -> tuple[list[Message], Table]:
    """Read a file of messages; rows that cannot be used are among the table's rejects, with the line where they start.

    Args:
        path: CSV (UTF-8 or GB18030) or XLSX with the columns `COLUMNS`.
        zone: Zone of its local times.

    Raises:
        TableRefused: the file cannot be read or lacks a column.
    """
    table = read_table(path, COLUMNS)
    first: date = read("calendar/cn.toml")["first"]
    messages: list[Message] = []
    seen: dict[str, int] = {}
    for row in table.rows:
        found = _message(row, zone, first, seen)
        if isinstance(found, Message):
            seen[found.id] = row.line
            messages.append(found)
        else:
            table.rejects.append(table.reject(row, *found))
    table.rejects.sort(key=lambda r: r.line)
    return messages, table


def _message(row: TableRow, zone: tzinfo, first: date, seen: dict[str, int]) -> Message | tuple[str, str]:
    """The message of a row, or why it is none: a code of `[reject]` and what its sentence names."""
    v = row.values
    submitted, replied = (_moment(v[name], zone, first) for name in ("submitted_at", "replied_at"))
    problems = (
        (not v["id"], "id_missing", ""),
        (v["id"] in seen, "duplicate_id", f"{v['id']} ({seen.get(v['id'])})"),
        (not v["body"], "empty_body", ""),
        (submitted is None, "bad_date", v["submitted_at"]),
        (replied is None, "bad_date", v["replied_at"]),
    )
    for wrong, code, detail in problems:
        if wrong:
            return code, detail
    if submitted is None or replied is None or replied <= submitted:
        return "replied_too_early", v["replied_at"]
    return Message(v["id"], v["user"], v["subject"], v["body"], v["reply"], submitted, replied)


def _moment(text: str, zone: tzinfo, first: date) -> datetime | None:
    """A local time in one of the known forms, within the days that a calendar can be asked about in earnest."""
    for form in _FORMATS:
        try:
            found = datetime.strptime(text.strip(), form).replace(tzinfo=zone)
        except ValueError:
            continue
        return found.astimezone(UTC) if first <= found.date() <= LAST else None
    return None

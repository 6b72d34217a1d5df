"""A table of messages to look for duplicates in: liberal in its headings, strict in its rows."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from rules.facts import Refused
from services.duplicates.marks import Message
from services.tables import Table, TableRow, read_table, reason_of, refuse_other_files

#: What a column may be called besides its first name; of several the first that is there is read.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "no", "key", "留言编号", "工单编号"),
    "body": ("body", "text", "message", "content", "description", "留言详情", "诉求"),
    "subject": ("subject", "title", "summary", "留言主题"),
    "at": ("submitted_at", "at", "time", "date", "created_at", "datetime", "timestamp", "requested_datetime", "时间", "日期", "留言时间"),
    "place": ("place", "address", "location"),
    "user": ("user", "user_id", "author", "reporter", "phone", "name", "留言用户"),
    "area": ("area", "community", "grid", "社区", "网格"),
    "category": ("category", "类别", "分类"),
    "lat": ("lat", "latitude", "纬度"),
    "lon": ("lon", "lng", "long", "longitude", "经度"),
}
_FORMS: Final = tuple(
    f"{day}{time}"
    for day in ("%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d", "%Y年%m月%d日")
    for time in ("", " %H:%M", " %H:%M:%S", "%H:%M", "%H时%M分", " %H时%M分")
)


def messages_of(path: Path, zone: tzinfo) -> list[Message]:
    """Read the messages of a CSV file or a spreadsheet, in their order; ids stay as they stand there.

    Needed are an id, a text (body or subject) and a moment; a moment without a zone is local. Points are WGS84 degrees.

    Args:
        path: The file.
        zone: Where moments without a zone are at home.

    Raises:
        TableRefused: there is no such table, or it lacks a column.
        Refused: `bad_row` or `bad_field`: a row cannot be read; with its line and what is wrong.
    """
    table = read_table(path, ())
    columns = _columns(table, path)
    if table.rejects:
        first = table.rejects[0]
        raise Refused("bad_row", line=first.line, reason=reason_of(first))
    messages: dict[str, Message] = {}
    for row in table.rows:
        message = _message(row, columns, zone)
        if message.key in messages:
            raise Refused("bad_field", line=row.line, field=columns["id"], given=message.key)
        messages[message.key] = message
    return list(messages.values())


def _columns(table: Table, path: Path) -> dict[str, str]:
    """Which of the table's columns is what."""
    found = {name: next((c for c in called if c in table.header), "") for name, called in COLUMNS.items()}
    missing = [name for name in ("id", "at") if not found[name]] + ([] if found["body"] or found["subject"] else ["body"])
    if missing:
        refuse_other_files(path.read_bytes(), path)
        raise Refused("table_columns_missing", file=path.name, columns=", ".join(COLUMNS[name][0] for name in missing))
    return found


def _message(row: TableRow, columns: Mapping[str, str], zone: tzinfo) -> Message:
    said = {name: row.values.get(column, "") if column else "" for name, column in columns.items()}
    at = moment(said["at"], zone)
    if not said["id"]:
        raise _bad("id", row, said, columns)
    if not (said["body"] or said["subject"]):
        raise _bad("body", row, said, columns)
    if at is None:
        raise _bad("at", row, said, columns)
    return Message(
        key=said["id"],
        at=at,
        subject=said["subject"],
        body=said["body"],
        place=said["place"],
        author=said["user"],
        area=said["area"],
        category=said["category"],
        point=_point(row, said, columns),
    )


def _bad(name: str, row: TableRow, said: Mapping[str, str], columns: Mapping[str, str]) -> Refused:
    return Refused("bad_field", line=row.line, field=columns[name] or COLUMNS[name][0], given=said[name])


def _point(row: TableRow, said: Mapping[str, str], columns: Mapping[str, str]) -> tuple[float, float] | None:
    """Both coordinates, or neither."""
    if not said["lat"] and not said["lon"]:
        return None
    lat, lon = _degrees(said["lat"], 90), _degrees(said["lon"], 180)
    if lat is None:
        raise _bad("lat", row, said, columns)
    if lon is None:
        raise _bad("lon", row, said, columns)
    return lat, lon


def _degrees(text: str, limit: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -limit <= value <= limit else None


def moment(text: str, zone: tzinfo) -> datetime | None:
    """The moment that people and programs write, 2019/12/30 17:06:14 or 2026-11-20T08:31:00+08:00; a day alone is its beginning."""
    written = text.strip()
    found = next((m for m in (_read(written, form) for form in (None, *_FORMS)) if m is not None), None)
    if found is None:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _read(text: str, form: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007 - asked for by the caller
    except ValueError:
        return None

"""Handing in a whole table of reports: what can be used goes in, what cannot is set aside with its line, and twice is once."""

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final

from rules.facts import Refused
from rules.geo import ACCURACY_MOST, datum_named, parse_point
from rules.triage import urgency_of
from services.catalogue import Catalogue, Named
from services.intake import HOTLINE, LONGEST, Report, Where, dialled
from services.moves.effects import FURTHEST
from services.tables import Reject, Table, TableRow

REQUIRED: Final = ("id", "subject", "body")
KEY_MAX, PLACE_MAX, NAME_MAX = LONGEST["key"], LONGEST["place"], 60
NO_CONTACT: Final = frozenset({"no", "n", "0", "false", "否", "不", "不同意", "不可以"})
YES_CONTACT: Final = frozenset({"yes", "y", "1", "true", "是", "同意", "可以", ""})
PHONE: Final = re.compile(r"\+?\d{5,20}")
MOMENTS: Final = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H时%M分")
DATES: Final = ("%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d", "%Y年%m月%d日")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table holds for us.

    Attributes:
        rows: Rows that can be used.
        reports: The report of each of them.
        rejects: The rows set aside, those of the table's own reading included.
    """

    rows: list[TableRow] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Codes:
    """What people write for areas and sources, the codes of special groups, and the moment and place of the import.

    Attributes:
        by_staff: Sources that only somebody of ours may use; none where one does the import.
    """

    areas: Mapping[str, str]
    sources: Mapping[str, str]
    by_staff: frozenset[str]
    groups: Mapping[str, str]
    now: datetime
    zone: tzinfo


def reports_of(table: Table, source: str, known: Catalogue, now: datetime, *, by_one_of_us: bool = False) -> Reading:
    """Make a report of every row that can be used.

    The key of a report is made of its id, subject and body: the same row handed in twice is one case, and another text under an id
    that was used before is a case of its own. Columns besides the required: `user` (by whom the reporter is found again, else by
    the phone), `name`, `phone`, `place`, `submitted_at` (must be a date; the case begins now), `area`, `source` and `group` (special group)
    by code or name, `due` (limit set upstream: day and time; the district's local time where no zone is written) and `due_note`,
    `upstream_no`, `upstream_system` (12345 where it is left out) and `upstream_reply_to`: the same number upstream twice is one case;
    `point` (latitude,longitude), `datum` and `accuracy`, `contact` (no: the handling unit may not get in touch).

    Args:
        table: What was read.
        source: Source of the rows that name none.
        known: The district.
        now: The instant of the import; a limit set upstream must lie ahead of it.
        by_one_of_us: Whether somebody of ours does the import, and may use the sources that ask for it.

    Raises:
        Refused: `unknown_source`, `source_needs_staff`.
    """
    codes = _codes(known, now, by_one_of_us=by_one_of_us)
    if source not in known.sources:
        raise Refused("unknown_source", source=source)
    if source in codes.by_staff:
        raise Refused("source_needs_staff", source=source)
    reading = Reading(rejects=list(table.rejects))
    seen: set[str] = set()
    for row in table.rows:
        values = row.values | {"source": row.values.get("source") or source}
        wrong = next(_wrong(values, seen, codes), None)
        if wrong is not None:
            reading.rejects.append(table.reject(row, *wrong))
            continue
        seen.add(values["id"])
        reading.rows.append(row)
        reading.reports.append(_report(values, codes))
    reading.rejects.sort(key=lambda reject: reject.line)
    return reading


def emergencies(rejects: Sequence[Reject], known: Catalogue) -> list[Reject]:
    """Rows set aside that speak of an emergency: somebody has to see to them now, whatever else is wrong with the row."""
    return [reject for reject in rejects if urgency_of(reject.raw, known.urgent_rules)[0] == "P0"]


def _codes(known: Catalogue, now: datetime, *, by_one_of_us: bool) -> _Codes:
    areas = codes_of({code: known.names[known.unit_ids[code]] for code in known.areas})
    ours = frozenset() if by_one_of_us else frozenset(code for code, facts in known.source_facts.items() if facts.by_staff)
    return _Codes(areas, codes_of(known.source_names), ours, codes_of(known.groups), now, known.zone)


def codes_of(names: Mapping[str, Named]) -> dict[str, str]:
    """The codes by what people write: the code itself, or the name in either language where only one has that name."""
    written: dict[str, set[str]] = {}
    for code, name in names.items():
        for text in {name.zh, name.en}:
            written.setdefault(text, set()).add(code)
    return {text: min(codes) for text, codes in written.items() if len(codes) == 1} | {code: code for code in names}


_UPSTREAM: Final = ("upstream_system", "upstream_no", "upstream_reply_to")
#: What can be wrong with one row: code, column that the sentence names, and how it shows.
_Values = Mapping[str, str]
_CHECKS: Final[tuple[tuple[str, str, Callable[[_Values], bool]], ...]] = (
    ("id_missing", "id", lambda v: not v["id"]),
    ("empty_body", "body", lambda v: not v["body"]),
    ("unprintable", "id", lambda v: any("\0" in text for text in v.values())),
    ("id_too_long", "id", lambda v: len(_key(v)) > KEY_MAX),
    ("body_too_long", "id", lambda v: len(v["body"]) > LONGEST["body"]),
    ("place_too_long", "place", lambda v: len(v.get("place", "")) > PLACE_MAX),
    ("name_too_long", "id", lambda v: len(v.get("name", "")) > NAME_MAX),
    ("bad_phone", "id", lambda v: bool(v.get("phone")) and not is_phone(v["phone"])),
    ("due_note_too_long", "id", lambda v: len(v.get("due_note", "")) > LONGEST["due_note"]),
    ("due_missing", "due_note", lambda v: bool(v.get("due_note")) and not v.get("due")),
    ("bad_date", "submitted_at", lambda v: bool(v.get("submitted_at")) and not is_date(v["submitted_at"])),
    ("upstream_too_long", "id", lambda v: any(len(v.get(name, "")) > LONGEST[name] for name in _UPSTREAM)),
    ("upstream_incomplete", "id", lambda v: not v.get("upstream_no") and any(v.get(name) for name in _UPSTREAM)),
    ("bad_point", "point", lambda v: not _is_place(v)),
    ("bad_accuracy", "accuracy", lambda v: bool(v.get("accuracy")) and _metres(v["accuracy"]) is None),
    ("bad_contact", "contact", lambda v: v.get("contact", "").lower() not in NO_CONTACT | YES_CONTACT),
)


def _wrong(values: _Values, seen: set[str], codes: _Codes) -> Iterator[tuple[str, str]]:
    """What is wrong with a row: code and what the sentence names."""
    yield from ((code, values.get(column, "")) for code, column, wrong in _CHECKS if wrong(values))
    if values["id"] in seen:
        yield "duplicate_id", values["id"]
    for column, there in (("area", codes.areas), ("source", codes.sources), ("group", codes.groups)):
        if values.get(column) and values[column] not in there:
            yield f"unknown_{column}", values[column]
    if codes.sources[values["source"]] in codes.by_staff:
        yield "source_needs_staff", values["source"]
    if values.get("due") and ((due := moment(values["due"], codes.zone)) is None or not codes.now < due <= codes.now + FURTHEST):
        yield "bad_due", values["due"]


def _key(values: _Values) -> str:
    """The idempotency key of a row."""
    text = hashlib.sha256(f"{values['subject']}\n{values['body']}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"import:{values['id']}:{text[:16]}"


def _is_place(values: _Values) -> bool:
    """Whether point and datum can be read, where there are any."""
    try:
        _where(values)
    except Refused:
        return False
    return True


def _where(values: _Values) -> Where | None:
    """The point of a row.

    Raises:
        Refused: `bad_point`, `unknown_datum`.
    """
    if not values.get("point"):
        return None
    datum = datum_named(values.get("datum") or "WGS84")
    return Where(parse_point(values["point"]), datum, _metres(values.get("accuracy", "")))


def _metres(text: str) -> int | None:
    """An accuracy in whole metres, rounded up; None where there is none, or no number."""
    try:
        found = math.ceil(float(text.removesuffix("米").removesuffix("m")))
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found <= ACCURACY_MOST else None


def is_phone(text: str) -> bool:
    """Whether a text is a phone number, however it was typed."""
    return PHONE.fullmatch(dialled(text)) is not None


def is_date(text: str) -> bool:
    """Whether a text is a date, with or without a time, as people and spreadsheet programs write it."""
    return any(_read(text, form) is not None for form in (None, *DATES))


def moment(text: str, zone: tzinfo) -> datetime | None:
    """The moment that people write, day and time; without a zone it is local time. None: no moment, or a day only."""
    written = text.strip()
    found = next((m for m in (_read(written, form) for form in (None, *MOMENTS)) if m is not None), None)
    if found is None or len(written) <= len("2026-12-01"):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _read(text: str, form: str | None) -> datetime | None:
    """A text read in one form (None: the ISO one); None when it is not written so."""
    try:
        return datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007 - asked for afterwards
    except ValueError:
        return None


def _report(values: _Values, codes: _Codes) -> Report:
    phone, name, key = dialled(values.get("phone", "")) or None, values.get("name") or None, _key(values)
    return Report(
        subject=values["subject"],
        body=values["body"],
        source=codes.sources[values["source"]],
        area=codes.areas.get(values.get("area", "")),
        place=values.get("place", ""),
        requester=values.get("user") or phone or (f"once:{key}" if name else None),  # many share a name
        name=name,
        phone=phone,
        key=key,
        special_group=codes.groups.get(values.get("group", "")),
        due_at=moment(values.get("due", ""), codes.zone),
        due_note=values.get("due_note") or None,
        where=_where(values),
        contact_allowed=values.get("contact", "").lower() not in NO_CONTACT,
        upstream_system=(values.get("upstream_system") or HOTLINE) if values.get("upstream_no") else None,
        upstream_no=values.get("upstream_no") or None,
        upstream_reply_to=values.get("upstream_reply_to") or None,
    )

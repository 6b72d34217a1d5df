"""What somebody hands in, and whether it can be taken: looked at before anything is written."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from rules.facts import Actor, Refused
from rules.geo import ACCURACY_MOST, Datum, Point, checked, to_wgs84
from services.attachments import Kept, check_number
from services.catalogue import Catalogue
from services.moves.effects import FURTHEST

SUBJECT_MAX: Final = 200
#: Characters of a report's fields.
LONGEST: Final = {
    "body": 20_000,
    "place": 120,
    "key": 120,
    "due_note": 120,
    "upstream_system": 20,
    "upstream_no": 60,
    "upstream_reply_to": 200,
}
HOTLINE: Final = "12345"  #: who passes tickets on to us, unless another is named
_UNPRINTABLE: Final = re.compile("[\x00\ud800-\udfff]")  #: what no database keeps: NUL and lone surrogates
_WRITTEN: Final = ("subject", *LONGEST)
PLACES: Final = 7  #: decimals of a degree that are kept: a centimetre


@dataclass(frozen=True, slots=True)
class Where:
    """The point that a report gives.

    Attributes:
        point: As it was given.
        datum: What it is measured against.
        accuracy_m: Metres, as the device said.
    """

    point: Point
    datum: Datum = Datum.WGS84
    accuracy_m: int | None = None

    def kept(self) -> Point:
        """The point as it is kept: WGS84, to the centimetre."""
        found = to_wgs84(self.point, self.datum)
        return Point(round(found.lat, PLACES), round(found.lon, PLACES))


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody hands in.

    Attributes:
        subject: One line; the first words of the body when empty.
        body: In the reporter's own words.
        source: Code of a source (seeds/sources.toml).
        area: Code of the unit in whose area it lies; the district when not known.
        place: The address, in words.
        requester: By what the reporter is found again (phone, account); None for anonymous.
        name: The reporter's name, if given.
        phone: The reporter's phone, if given.
        key: Idempotency key: the same key twice is one case.
        special_group: Code of the special group of the people it is about, if any.
        due_at: Limit that whoever passed it on has set (12345 and the like), aware; binds where it is earlier than ours.
        due_note: What that limit rests on, e.g. the upstream ticket's number.
        where: The point, if known.
        contact_allowed: Whether the handling unit may get in touch with the reporter; else it never learns who it is.
        upstream_system: Who passed it on to us, where it has a number there.
        upstream_no: That number, in capitals and with single blanks however it was typed: the same number twice is one case.
        upstream_reply_to: Where and how the answer goes back.
        visit_id: Home visit from which it came.
        files: Photos and papers, kept already.
        urgency: P0 to P3, where whoever hands it in knows; else the words of it say (a device's kind knows).
        escalate_to: Id of the person who hears when nobody acknowledges it.
    """

    subject: str
    body: str
    source: str = "resident"
    area: str | None = None
    place: str = ""
    requester: str | None = None
    name: str | None = None
    phone: str | None = None
    key: str | None = None
    special_group: str | None = None
    due_at: datetime | None = None
    due_note: str | None = None
    where: Where | None = None
    contact_allowed: bool = True
    upstream_system: str | None = None
    upstream_no: str | None = None
    upstream_reply_to: str | None = None
    visit_id: int | None = None
    files: tuple[Kept, ...] = field(default=(), repr=False)
    urgency: str | None = None
    escalate_to: int | None = None

    def __post_init__(self) -> None:
        """A number upstream and its system are written in one form, by whichever door they came."""
        for name in ("upstream_system", "upstream_no"):
            text = getattr(self, name)
            if text is not None:
                object.__setattr__(self, name, " ".join(unicodedata.normalize("NFKC", text).casefold().upper().split()))

    def identities(self) -> Iterator[tuple[str, ...]]:
        """By what it is known as the same submission: its key, and its number upstream."""
        if self.key is not None:
            yield ("key", self.key)
        if self.ticket is not None:
            yield ("upstream", *self.ticket)

    @property
    def ticket(self) -> tuple[str, str] | None:
        """System and number of the ticket upstream, if there is one."""
        return (self.upstream_system or HOTLINE, self.upstream_no) if self.upstream_no else None


def check(report: Report, known: Catalogue, actor: Actor, *, ours: bool = False) -> None:
    """Refuse what cannot be taken; of a submission that is known already the limit is not looked at (`check_due`).

    Args:
        report: What is handed in.
        known: The reference data.
        actor: Who hands it in.
        ours: The program itself opens it (the file of an affair), so that a source for staff may be used without a person.

    Raises:
        Refused: `empty_report`, `report_too_long`, `unprintable_report`, `unknown_source`, `source_needs_staff`, `unknown_area`,
            `unknown_group`, `upstream_incomplete`, `bad_point`, `bad_accuracy`, `too_many_files`.
    """
    _check_words(report)
    _check_codes(report, known, by_us=ours or actor.user_id is not None)
    if not report.upstream_no and (report.upstream_system or report.upstream_reply_to):
        raise Refused("upstream_incomplete")
    if report.where is not None:
        _check_where(report.where)
    check_number(report.files)


def _check_words(report: Report) -> None:
    if not report.body.strip() and not report.subject.strip():
        raise Refused("empty_report")
    for name, most in LONGEST.items():
        if len(getattr(report, name) or "") > most:
            raise Refused("report_too_long", field=name, most=most)
    if _UNPRINTABLE.search("".join(getattr(report, name) or "" for name in _WRITTEN)):
        raise Refused("unprintable_report")


def _check_codes(report: Report, known: Catalogue, *, by_us: bool) -> None:
    if report.source not in known.sources:
        raise Refused("unknown_source", source=report.source)
    if known.source_facts[report.source].by_staff and not by_us:
        raise Refused("source_needs_staff", source=report.source)
    if report.area is not None and report.area not in known.areas:
        raise Refused("unknown_area", area=report.area)
    if report.special_group is not None and report.special_group not in known.groups:
        raise Refused("unknown_group", group=report.special_group)


def _check_where(where: Where) -> None:
    checked(where.point)
    if where.accuracy_m is not None and not 0 <= where.accuracy_m <= ACCURACY_MOST:
        raise Refused("bad_accuracy", given=where.accuracy_m)


def without_vain_limit(report: Report, now: datetime) -> Report:
    """The same report, without a limit from outside that has passed or lies nowhere: what an emergency is not kept out for."""
    ahead = report.due_at is not None and now < report.due_at <= now + FURTHEST
    return report if ahead else replace(report, due_at=None, due_note=None)


def check_due(report: Report, now: datetime) -> None:
    """The limit it brought along lies ahead; of a report that is known already nobody asks.

    Raises:
        Refused: `deadline_past`, `deadline_too_far`, `due_missing`.
    """
    if report.due_note and report.due_at is None:
        raise Refused("due_missing")
    if report.due_at is not None and report.due_at <= now:
        raise Refused("deadline_past", given=report.due_at.isoformat())
    if report.due_at is not None and report.due_at > now + FURTHEST:
        raise Refused("deadline_too_far", given=report.due_at.isoformat())

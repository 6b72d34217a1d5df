"""What may be handed in, in what form, and how it becomes one case however often it is sent."""

import logging
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from starlette.datastructures import UploadFile

from models import Case, Database, table
from rules.geo import ACCURACY_MOST, Datum, Point, datum_named, parse_point
from services.attachments import MB, Kept, check_number, keep
from services.catalogue import Catalogue
from services.intake import HOTLINE, Report, Where, dialled, submit
from services.logs import about
from services.moves import Setting
from settings import Settings

log = logging.getLogger(__name__)
_case = table(Case)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_AREAS: Final = ("SUBDISTRICT", "COMMUNITY", "GRID")
_PHONE: Final = re.compile(r"\+?\d{5,20}")


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError("control_characters", "control characters")
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _dialled(phone: str) -> str:
    """A phone number in one form, so that the same person is found again however it was typed."""
    digits = re.sub(r"[\s()-]", "", phone)
    if digits and not _PHONE.fullmatch(digits):
        raise PydanticCustomError("phone", "not a phone number")
    return dialled(phone)


Printable: Final = AfterValidator(_printable)
OneLine: Final = AfterValidator(_one_line)
Urgency = Literal["P0", "P1", "P2", "P3"]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]


class Requester(BaseModel):
    """Who reports, as far as given; kept encrypted, never shown by this API."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(max_length=60), Printable, OneLine] = ""
    phone: Annotated[str, StringConstraints(max_length=40), AfterValidator(_dialled)] = ""


class Spot(BaseModel):
    """Where it is, as a device or a map says."""

    model_config = ConfigDict(extra="forbid")

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    datum: Datum = Datum.WGS84
    accuracy_m: Annotated[int, Field(ge=0, le=ACCURACY_MOST)] | None = None

    def where(self) -> Where:
        """The point as services take it."""
        return Where(Point(self.lat, self.lon), self.datum, self.accuracy_m)


class Upstream(BaseModel):
    """The ticket of whoever passed it on: the same number twice is one case."""

    model_config = ConfigDict(extra="forbid")

    system: Annotated[str, StringConstraints(min_length=1, max_length=20), Printable, OneLine] = HOTLINE
    no: Annotated[str, StringConstraints(min_length=1, max_length=60), Printable, OneLine]
    reply_to: Annotated[str, StringConstraints(max_length=200), Printable, OneLine] = ""


class HandedIn(BaseModel):
    """One report."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[str, StringConstraints(max_length=200), Printable, OneLine] = ""
    body: Annotated[str, StringConstraints(max_length=20_000), Printable]
    source: Code = "resident"
    area: Code | None = None
    place: Annotated[str, StringConstraints(max_length=120), Printable, OneLine] = ""
    requester: Requester | None = None
    special_group: Code | None = None
    due_at: AwareDatetime | None = None
    due_note: Annotated[str, StringConstraints(max_length=120), Printable, OneLine] = ""
    point: Spot | None = None
    contact_allowed: bool = True
    upstream: Upstream | None = None

    def report(self, key: str | None) -> Report:
        """The report as services take it."""
        who = self.requester or Requester()
        # a name alone does not tell two people apart, so such a reporter is a new one each time
        found_by = who.phone or (f"once {secrets.token_hex(16)}" if who.name else None)
        return Report(
            subject=self.subject,
            body=self.body,
            source=self.source,
            area=self.area,
            place=self.place,
            requester=found_by,
            name=who.name or None,
            phone=who.phone or None,
            key=key,
            special_group=self.special_group,
            due_at=self.due_at,
            due_note=self.due_note or None,
            where=self.point.where() if self.point else None,
            contact_allowed=self.contact_allowed,
            upstream_system=self.upstream.system if self.upstream else None,
            upstream_no=self.upstream.no if self.upstream else None,
            upstream_reply_to=(self.upstream.reply_to or None) if self.upstream else None,
        )


#: The fields of the form, empty.
EMPTY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("subject", "body", "area", "place", "name", "phone", "point", "no_contact"), ""),
    "source": "resident",
    "datum": Datum.WGS84.value,
}


def of_form(given: Mapping[str, str]) -> HandedIn:
    """What was filled in on the page, as if it had been sent to the API.

    Raises:
        ValidationError: a field cannot be used.
        Refused: `bad_point`, `unknown_datum`.
    """
    written: dict[str, Any] = {name: given[name] for name in ("subject", "body", "source", "place")}
    written |= {"area": given["area"] or None, "requester": {"name": given["name"], "phone": given["phone"]}}
    written["contact_allowed"] = not given["no_contact"]
    if given["point"].strip():
        point = parse_point(given["point"])
        written["point"] = {"lat": point.lat, "lon": point.lon, "datum": datum_named(given["datum"])}
    return HandedIn.model_validate(written)


def kept(uploads: Iterable[UploadFile], settings: Settings) -> tuple[Kept, ...]:
    """Keep what was sent along, before anything is written that speaks of it; more than may be handed in is not even read.

    Raises:
        Refused: `too_many_files`, `file_empty`, `file_too_big`, `file_kind`, `picture_broken`, `picture_too_large`.
    """
    sent, most = list(uploads), settings.file_max_mb * MB
    check_number(sent)
    return tuple(keep(settings.data_dir / "files", each.file.read(most + 1), each.filename or "", most) for each in sent)


#: Refusals of intake that are about one field of what was handed in.
FIELD_OF: Final = {
    "empty_report": "body",
    "unknown_source": "source",
    "unknown_area": "area",
    "unknown_group": "special_group",
    "deadline_past": "due_at",
    "deadline_too_far": "due_at",
    "due_missing": "due_at",
    "source_needs_staff": "source",
    **dict.fromkeys(("bad_point", "unknown_datum"), "point"),
    **dict.fromkeys(("too_many_files", "file_empty", "file_too_big", "file_kind", "picture_broken", "picture_too_large"), "photos"),
}


def hand_in(database: Database, report: Report, now: datetime, files: tuple[Kept, ...] = ()) -> tuple[bool, dict[str, Any]]:
    """Open the case; of two at the same instant with one key, the second gets the first one's case.

    Nobody of ours is known to hand it in here, so sources that only staff may use are refused.

    Returns:
        Whether the case was known already, and its number, state and moment of submission.

    Raises:
        Refused: the report cannot be taken.
    """
    with database.unit_of_work() as session:
        (case,) = submit(session, [replace(report, files=files)], Setting(now))
        wanted = select(_case.c.no, _case.c.state, _case.c.submitted_at).where(_case.c.id == case.case_id)
        row = dict(session.connection().execute(wanted).mappings().one())
    with about(case.no):
        log.info("handed in again" if case.known else "handed in")
    return case.known, row


def choices(known: Catalogue, lang: str) -> dict[str, list[tuple[str, str]]]:
    """What the form offers: sources that anybody may use, and areas in the order of the tree, as (code, name)."""
    areas = [u for u in known.units.values() if u.kind in _AREAS and known.units[u.parent_id or u.id].kind != u.kind]
    return {
        "sources": [(code, str(getattr(name, lang))) for code, name in known.source_names.items() if not known.source_facts[code].by_staff],
        "areas": [(u.code, str(getattr(known.names[u.id], lang))) for u in areas],
    }

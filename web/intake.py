"""What may be handed in, in what form, and how it becomes one case however often it is sent."""

import logging
import re
import secrets
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError
from sqlalchemy import select

from models import Case, Database, table
from services.catalogue import Catalogue
from services.intake import Report, dialled, submit
from services.logs import about
from services.moves import Setting

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
        )


#: Refusals of intake that are about one field of what was handed in.
FIELD_OF: Final = {
    "empty_report": "body",
    "unknown_source": "source",
    "unknown_area": "area",
    "unknown_group": "special_group",
    "deadline_past": "due_at",
    "deadline_too_far": "due_at",
    "due_missing": "due_at",
}


def hand_in(database: Database, report: Report, now: datetime) -> tuple[bool, dict[str, Any]]:
    """Open the case; of two at the same instant with one key, the second gets the first one's case.

    Returns:
        Whether the case was known already, and its number, state and moment of submission.

    Raises:
        Refused: the report cannot be taken.
    """
    with database.unit_of_work() as session:
        (case,) = submit(session, [report], Setting(now))
        wanted = select(_case.c.no, _case.c.state, _case.c.submitted_at).where(_case.c.id == case.case_id)
        row = dict(session.connection().execute(wanted).mappings().one())
    with about(case.no):
        log.info("handed in again" if case.known else "handed in")
    return case.known, row


def choices(known: Catalogue, lang: str) -> dict[str, list[tuple[str, str]]]:
    """What the form offers: sources, and areas in the order of the tree, as (code, name)."""
    areas = [u for u in known.units.values() if u.kind in _AREAS and known.units[u.parent_id or u.id].kind != u.kind]
    return {
        "sources": [(code, str(getattr(name, lang))) for code, name in known.source_names.items()],
        "areas": [(u.code, str(getattr(known.names[u.id], lang))) for u in areas],
    }

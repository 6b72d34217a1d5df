"""What may be handed in, in what form, and how it becomes one case however often it is sent."""

import logging
import re
import secrets
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import Case, Database, table
from services.catalogue import catalogue
from services.intake import Report, submit
from services.logs import about
from services.moves import Setting

log = logging.getLogger(__name__)
_case = table(Case)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
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
    return re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", digits)


Text = Annotated[str, AfterValidator(_printable)]
Line = Annotated[Text, AfterValidator(_one_line)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]


class Requester(BaseModel):
    """Who reports, as far as given; kept encrypted, never shown by this API."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(max_length=60)] = ""
    phone: Annotated[str, StringConstraints(max_length=40), AfterValidator(_dialled)] = ""


class HandedIn(BaseModel):
    """One report."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[Line, Field(max_length=200)] = ""
    body: Annotated[Text, Field(max_length=20_000)]
    source: Code = "resident"
    area: Code | None = None
    place: Annotated[Line, Field(max_length=120)] = ""
    requester: Requester | None = None

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
        )


#: Refusals of intake that are about one field of what was handed in.
FIELD_OF: Final = {"empty_report": "body", "unknown_source": "source", "unknown_area": "area"}


def hand_in(database: Database, report: Report, now: datetime) -> tuple[bool, dict[str, Any]]:
    """Open the case; of two at the same instant with one key, the second gets the first one's case.

    Returns:
        Whether the case was known already, and its number, state and moment of submission.

    Raises:
        Refused: the report cannot be taken.
    """
    try:
        return _hand_in(database, report, now)
    except IntegrityError:
        return _hand_in(database, report, now)


def _hand_in(database: Database, report: Report, now: datetime) -> tuple[bool, dict[str, Any]]:
    with database.unit_of_work() as session:
        (case,) = submit(session, [report], Setting(now))
        wanted = select(_case.c.no, _case.c.state, _case.c.submitted_at).where(_case.c.id == case.case_id)
        row = dict(session.connection().execute(wanted).mappings().one())
    with about(case.no):
        log.info("handed in again" if case.known else "handed in")
    return case.known, row


def choices(database: Database, lang: str) -> dict[str, list[tuple[str, str]]]:
    """What the form offers: sources, and areas in the order of the tree, as (code, name)."""
    with database.unit_of_work() as session:
        known = catalogue(session)
    areas = [u for u in known.units.values() if u.kind in ("SUBDISTRICT", "COMMUNITY", "GRID") and known.units[u.parent_id or u.id].kind != u.kind]
    return {
        "sources": [(code, str(getattr(name, lang))) for code, name in known.source_names.items()],
        "areas": [(u.code, str(getattr(known.names[u.id], lang))) for u in areas],
    }


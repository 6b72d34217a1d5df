"""Residents report for themselves: one case however often a form is sent, not too many from one device, and a token to follow it by."""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, Clock, Sealed, connection_of, table
from rules.clocks import ClockKind
from rules.facts import Refused
from services.duplicates.proposing import propose_said
from services.following import token_of
from services.intake import Report, submit
from services.moves import Setting

MOST: Final = 20  #: reports of one device …
WITHIN: Final = timedelta(hours=1)  #: … within this time; a family, or a whole stairwell behind one address, stays below it
_FIRST: Final = (ClockKind.ACCEPT.value, ClockKind.TRIAGE.value)
_case, _clock = table(Case), table(Clock)


@dataclass(frozen=True, slots=True)
class Received:
    """A report that was taken.

    Attributes:
        token: By which its reporter follows the case.
        known: It had been handed in before.
        until: When the reporter is told at the latest whether it is taken up, aware UTC; None: no such clock runs.
    """

    no: str
    requester_id: int
    token: str
    known: bool
    until: datetime | None


def form_key(device: str) -> str:
    """What a new form carries: the same key twice is one case. Says from which device the form was fetched, and that it is ours."""
    key = f"phone {Sealed.fingerprint(f'report device {device}')[:16]} {secrets.token_hex(8)}"
    return f"{key} {_signed(key)}"


def is_form(form: str) -> bool:
    """Whether this is the key of a form of ours."""
    key, _, signature = form.rpartition(" ")
    return bool(key) and hmac.compare_digest(signature.encode(), _signed(key).encode())


def _signed(key: str) -> str:
    return Sealed.fingerprint(f"report form {key}")[:24]


def may_report(session: Session, form: str, now: datetime) -> bool:
    """Refuse a form that is none of ours, and a device that has sent too many; a form that was sent before may come again.

    Returns:
        Whether it was sent before.

    Raises:
        Refused: `report_form_old`, `report_too_many`.
    """
    if not is_form(form):
        raise Refused("report_form_old")
    device = " ".join(form.split(" ")[:2]) + " "
    run = connection_of(session).execute
    if run(select(_case.c.id).where(_case.c.idempotency_key == form)).first() is not None:
        return True
    lately = (_case.c.idempotency_key.startswith(device, autoescape=True), _case.c.submitted_at > now - WITHIN)
    if run(select(func.count()).select_from(_case).where(*lately)).scalar_one() >= MOST:
        raise Refused("report_too_many", most=MOST)
    return False


def receive(session: Session, report: Report, same: str | None, now: datetime) -> Received:
    """Open the case of a report; who leaves no phone is a reporter too, known by the token alone. May be run twice.

    Args:
        session: The unit of work; committed by the caller.
        report: What is handed in; `key` is that of the form.
        same: Number of the open case that the reporter says it is the same as: the desk sees it proposed.
        now: The instant, aware UTC.

    Raises:
        Refused: as `services.intake.submit`; `unknown_case`.
    """
    (found,) = submit(session, [replace(report, requester=report.requester or f"once {report.key}")], Setting(now))
    if same is not None and not found.known:
        propose_said(session, found.case_id, same, now)
    run = connection_of(session).execute
    who = int(run(select(_case.c.requester_id).where(_case.c.id == found.case_id)).scalar_one())
    first = (_clock.c.case_id == found.case_id, _clock.c.kind.in_(_FIRST), _clock.c.stopped_at.is_(None))
    until = run(select(func.min(_clock.c.due_at)).where(*first)).scalar_one_or_none()
    return Received(found.no, who, token_of(found.no, who), found.known, until)

"""Addresses at which somebody cannot be reached: 空号, a number given to somebody else, a mailbox that is gone. Flagged until put right."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography.fernet import InvalidToken
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from models import Case, FailingNumber, Message, Requester, Staff, Unit, begin_write, connection_of, table
from rules.ladder import Post
from services.alarms import alarm
from services.catalogue import Catalogue, Named, catalogue
from services.people.rights import on_record
from services.privacy.masking import masked_phone
from wording import language, say

_failing, _case, _message = table(FailingNumber), table(Case), table(Message)
#: Where the phone of a recipient stands, by the first letter of what lists call him, her or it.
_PHONES: Final = {"s": table(Staff).c.phone, "r": table(Requester).c.phone, "u": table(Unit).c.duty_phone}
_OPEN: Final = _failing.c.cleared_at.is_(None)
_FLAGGED: Final = select(_failing.c.recipient, _failing.c.kind, _failing.c.reason).where(
    _failing.c.recipient.in_(bindparam("recipients", expanding=True)), _OPEN
)
_BEFORE: Final = select(func.count(), func.count().filter(_OPEN)).where(
    _failing.c.recipient == bindparam("recipient"), _failing.c.kind == bindparam("kind")
)
_LISTED: Final = select(_failing).order_by(_failing.c.cleared_at.is_not(None), _failing.c.since.desc(), _failing.c.id.desc())


class Why(StrEnum):
    """Why an address does not work."""

    EMPTY = "empty"  #: 空号, 停机: nobody has the number
    REISSUED = "reissued"  #: somebody else has it now, and says so
    REFUSED = "refused"  #: the provider does not take it, the mailbox does not exist


@dataclass(frozen=True, slots=True)
class Failing:
    """One address that does not work, as people see it.

    Attributes:
        recipient: s12, r5 or u7.
        who: User name, or unit code; empty of a resident, who is not named.
        kind: phone, email or im.
        code: What the provider calls it, or who said so.
    """

    recipient: str
    who: str
    kind: str
    reason: str
    code: str
    since: datetime
    cleared_at: datetime | None
    cleared_by: str | None


def flagged(session: Session, recipients: Collection[str]) -> Mapping[tuple[str, str], str]:
    """Which addresses of these recipients do not work: (recipient, kind) → reason."""
    if not recipients:
        return {}
    rows = connection_of(session).execute(_FLAGGED, {"recipients": sorted(set(recipients))})
    return {(row.recipient, row.kind): row.reason for row in rows}


def flag(session: Session, recipient: str, kind: str, reason: str, code: str, now: datetime) -> bool:
    """Flag an address and tell who can put it right: the unit's head and the administrators; of a resident, the district's centre.

    To be called by whoever holds the write lock. May run twice: one that is flagged stays as it is.

    Args:
        session: The unit of work.
        recipient: s12, r5 or u7.
        kind: phone, email or im.
        reason: As in `Why`.
        code: The provider's own code, or who said so.
        now: The instant, aware UTC.

    Returns:
        Whether it was not flagged before.
    """
    whose = {"recipient": recipient, "kind": kind}
    before, still = connection_of(session).execute(_BEFORE, whose).one()
    if still:
        return False
    values = {**whose, "reason": Why(reason).value, "code": code[:60], "since": now}
    connection_of(session).execute(insert(_failing).values(values))
    _tell(session, recipient, kind, reason, before, now)
    return True


def clear(session: Session, recipient: str, kind: str, by: str, now: datetime) -> bool:
    """Use an address again: it was changed, or somebody says that it is right. On record; may run twice.

    Args:
        session: The unit of work.
        recipient: s12, r5 or u7.
        kind: phone, email or im.
        by: User name.
        now: The instant, aware UTC.

    Returns:
        Whether it was flagged.
    """
    begin_write(session)
    these = (_failing.c.recipient == recipient, _failing.c.kind == kind, _OPEN)
    done = connection_of(session).execute(update(_failing).where(*these).values(cleared_at=now, cleared_by=by[:60]))
    if not done.rowcount:
        return False
    on_record(session, by, "number_cleared", recipient, {"kind": kind}, now)
    return True


def listed(session: Session, *, cleared: bool = False) -> Sequence[Failing]:
    """Addresses that do not work, the newest first; those put right after them, if asked for."""
    known = catalogue(session)
    rows = connection_of(session).execute(_LISTED if cleared else _LISTED.where(_OPEN))
    return [Failing(r.recipient, name_of(known, r.recipient), r.kind, r.reason, r.code, r.since, r.cleared_at, r.cleared_by) for r in rows]


def name_of(known: Catalogue, recipient: str) -> str:
    """User name or unit code of a recipient; empty of a resident."""
    number = int(recipient[1:])
    if recipient.startswith("s"):
        return known.by_id[number].name if number in known.by_id else ""
    return known.units[number].code if recipient.startswith("u") and number in known.units else ""


def whose(known: Catalogue, recipient: str) -> str:
    """Whose address it is, as people say it: a unit and a post, a unit's duty phone, or somebody who reported, who is not named."""
    number = int(recipient[1:])
    if recipient.startswith("s") and number in known.by_id:
        person = known.by_id[number]
        return say("number_of.person", None, unit=name_in(known.names.get(person.unit_id)), post=name_in(person.title), user=person.name)
    if recipient.startswith("u") and number in known.units:
        return say("number_of.duty_phone", unit=name_in(known.names.get(number)))
    return say("number_of.resident", recipient=recipient)


def name_in(named: Named | None) -> str:
    """A name in the language of this installation."""
    return "" if named is None else str(getattr(named, language()))


def _number_of(session: Session, recipient: str) -> str:
    """The number, all but its beginning and end blotted out; one that no key opens is not shown at all."""
    model = _PHONES[recipient[0]]
    try:
        found = connection_of(session).execute(select(model).where(model.table.c.id == int(recipient[1:]))).scalar()
    except InvalidToken:
        return ""
    return masked_phone(found or "")


def _last_case(session: Session, recipient: str) -> str | None:
    """The number of the case that was last to be told of there; of a sensitive case nothing is said."""
    told = select(_case.c.no).join(_message, _message.c.case_id == _case.c.id)
    mine = told.where(_message.c.recipient == recipient, _case.c.sensitive.is_(None))
    found: str | None = connection_of(session).execute(mine.order_by(_message.c.id.desc()).limit(1)).scalar()
    return found


def _tell(session: Session, recipient: str, kind: str, reason: str, before: int, now: datetime) -> None:
    """Who can put it right; told once for each time it is flagged, in the language of this installation."""
    known, number = catalogue(session), int(recipient[1:])
    person = known.by_id.get(number) if recipient.startswith("s") else None
    unit_id = person.unit_id if person else number if recipient.startswith("u") else None
    alarm(
        session,
        "number_failing",
        now,
        key=f"number:{recipient}:{kind}:{before}",
        unit_id=unit_id,
        to=(Post("centre"),) if unit_id is None else (),
        person=whose(known, recipient),
        phone=_number_of(session, recipient) if kind == "phone" else None,
        no=_last_case(session, recipient) or "",
        command=f"bihuan notify numbers clear {name_of(known, recipient) or recipient}{'' if kind == 'phone' else f' --kind {kind}'}",
        kind=say(f"address_kind.{kind}"),
        reason=say(f"number_reason.{reason}"),
    )

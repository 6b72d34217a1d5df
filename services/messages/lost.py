"""Dead letters: messages that did not arrive and that nobody tries to send any more, each with what went out in its place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from models import Attempt, Case, Message, Requester, table
from rules.delivery import LOST, TAKEN_STATES, Reason, State
from services.catalogue import Catalogue, catalogue
from services.privacy.masking import masked_phone

_message, _attempt, _case, _requester = table(Message), table(Attempt), table(Case), table(Requester)
#: A digest is no letter of its own: those that it spoke for are queued anew, each by itself. A test is for who makes it, and a code for
#: who waits for it, and nobody else.
NO_LETTERS: Final = ("digest", "channel_test", "sign_in_code")
MOST: Final = 1000  #: listed at once, newest first
_LONGEST_CHAIN: Final = 10  #: ways that one message may take, one after the other

#: Reasons for which a message was never sent although somebody should have heard; who has left no address at all is noted in the case.
NEVER_SENT: Final = (Reason.NO_CHANNEL, Reason.NUMBER_FAILING, Reason.NOTICE_BUDGET)
_never_sent = and_(_message.c.state == State.SUPPRESSED, _message.c.error.in_([reason.value for reason in NEVER_SENT]))
#: At an end, and not arrived; what is `unknown` with nothing left to be done may have arrived, so that a person has to judge.
AT_AN_END: Final[ColumnElement[bool]] = and_(
    or_(_message.c.state.in_([*sorted(LOST), State.UNKNOWN]), _never_sent),
    _message.c.attend_at.is_(None),
    _message.c.notice.not_in(NO_LETTERS),
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that did not arrive, or of which nobody knows.

    Attributes:
        no: Number of the case; None: it speaks of none.
        to: User name, code of the unit whose duty phone it is, or a resident's phone, masked.
        error: Why, as the pipeline put it.
        code: The provider's own code at the last attempt.
        instead: Channel by which the same went out in its place and was taken; None: it reached nobody.
    """

    id: int
    no: str | None
    notice: str
    channel: str
    to: str
    state: str
    error: str | None
    code: str | None
    attempts: int
    queued_at: datetime
    tried_at: datetime | None
    instead: str | None


def dead_letters(
    session: Session, *, channel: str | None = None, since: datetime | None = None, everything: bool = False, most: int = MOST
) -> list[DeadLetter]:
    """Messages at an end that did not arrive, newest first; of one message and its fall-backs the first that failed.

    Args:
        session: The unit of work; nothing is changed.
        channel: Of this channel only.
        since: Queued from then on only.
        everything: Each one by itself, also where the same reached somebody by another way, or is still on one.
        most: So many are looked at.
    """
    wanted = select(_message, _case.c.no.label("case_no")).outerjoin(_case, _case.c.id == _message.c.case_id).where(AT_AN_END)
    if channel is not None:
        wanted = wanted.where(_message.c.channel == channel)
    if since is not None:
        wanted = wanted.where(_message.c.queued_at >= since)
    rows = session.connection().execute(wanted.order_by(_message.c.id.desc()).limit(most)).all()
    family = families(session, [row.id for row in rows])
    fates = _fates(session, set(family.values()))
    chosen = rows if everything else _of_each_lost_family(rows, family, fates)
    codes, names = _codes(session, chosen), names_of(session, chosen, catalogue(session))
    return [_letter(row, names[row.id], codes.get(row.id), fates[family[row.id]].taken_by) for row in chosen]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message and everything that went out in its place.

    Attributes:
        taken_by: The channel that took one of them.
        under_way: Something is still to be done about one of them.
    """

    taken_by: str | None = None
    under_way: bool = False

    def with_one(self, row: Any) -> "Fate":  # noqa: ANN401 - a result row
        """The same with one more of them."""
        taken = row.channel if row.state in TAKEN_STATES else None
        return Fate(self.taken_by or taken, self.under_way or row.attend_at is not None)


def families(session: Session, messages: Sequence[int]) -> dict[int, int]:
    """For each message the one that it, in the end, goes out in place of; itself, if it is the first."""
    first = {message: message for message in messages}
    for _ in range(_LONGEST_CHAIN):
        of = select(_message.c.id, _message.c.fallback_of_id).where(_message.c.id.in_(set(first.values())))
        before = {row.id: row.fallback_of_id for row in session.connection().execute(of.where(_message.c.fallback_of_id.is_not(None)))}
        if not before:
            break
        first = {message: before.get(at, at) for message, at in first.items()}
    return first


def _fates(session: Session, firsts: Collection[int]) -> dict[int, Fate]:
    one = select(_message.c.id, _message.c.fallback_of_id, _message.c.state, _message.c.channel, _message.c.attend_at)
    rows = session.connection().execute(one.where(_message.c.id.in_(firsts))).all()
    fates = dict.fromkeys(firsts, Fate())
    of = {row.id: row.id for row in rows}
    for _ in range(_LONGEST_CHAIN):
        for row in rows:
            fates[of[row.id]] = fates[of[row.id]].with_one(row)
        rows = session.connection().execute(one.where(_message.c.fallback_of_id.in_([row.id for row in rows]))).all() if rows else []
        of = {row.id: of[row.fallback_of_id] for row in rows}
    return fates


def _of_each_lost_family(rows: Sequence[Any], family: Mapping[int, int], fates: Mapping[int, Fate]) -> list[Any]:
    """The first that failed of each family that reached nobody and is on no other way any more."""
    lost = [row for row in rows if fates[family[row.id]] == Fate()]
    first = {family[row.id]: row.id for row in lost}  # the rows come newest first: the oldest stays
    return [row for row in lost if first[family[row.id]] == row.id]


def _codes(session: Session, rows: Sequence[Any]) -> dict[int, str]:
    """The provider's code at the last attempt of each message."""
    last = select(_attempt.c.message_id, func.max(_attempt.c.no).label("no")).where(_attempt.c.message_id.in_([row.id for row in rows]))
    newest = last.group_by(_attempt.c.message_id).subquery()
    same = and_(_attempt.c.message_id == newest.c.message_id, _attempt.c.no == newest.c.no)
    return {
        row.message_id: row.code for row in session.connection().execute(select(_attempt.c.message_id, _attempt.c.code).join(newest, same))
    }


def names_of(session: Session, rows: Sequence[Any], known: Catalogue) -> Mapping[int, str]:
    """For each message (by id) whom it is for: a user name, the code of a unit, or a resident's phone, masked."""
    residents = {row.requester_id for row in rows if row.requester_id is not None}
    phones = session.connection().execute(select(_requester.c.id, _requester.c.phone).where(_requester.c.id.in_(residents)))
    masked = {row.id: masked_phone(row.phone or "") for row in phones}
    return {row.id: _name(row, known, masked) for row in rows}


def _name(row: Any, known: Catalogue, masked: Mapping[int, str]) -> str:  # noqa: ANN401 - a result row
    if row.staff_id is not None:
        person = known.by_id.get(row.staff_id)
        return person.name if person else f"#{row.staff_id}"
    if row.unit_id is not None and row.unit_id in known.units:
        return known.units[row.unit_id].code
    return masked.get(row.requester_id, "")


def _letter(row: Any, to: str, code: str | None, instead: str | None) -> DeadLetter:  # noqa: ANN401 - a result row
    what = (row.id, row.case_no, row.notice, row.channel, to, row.state)
    return DeadLetter(*what, row.error, code or None, row.attempts, row.queued_at, row.tried_at, instead)

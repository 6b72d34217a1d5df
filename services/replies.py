"""Short messages that people send back: Y or N is a rating, TD ends the messages; what cannot be told for sure waits for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Case, Evaluation, Message, Reply, Requester, Sealed, Staff, begin_write, connection_of, table
from notifications.answering import Purpose, asked_by
from notifications.notices import NOTICES
from notifications.outcome import Inbound
from rules.delivery import State as Sending
from rules.facts import STEP_OF, SYSTEM, Actor, State
from rules.replies import Meaning, meaning_of
from services.intake import dialled, requester_key
from services.moves import Intent, Moved, Setting, make_moves, read_drafts, write_drafts
from services.moves.messages import tell

_case, _message, _evaluation = table(Case), table(Message), table(Evaluation)
_reply, _requester, _staff = table(Reply), table(Requester), table(Staff)
DONE: Final = "done"
CHANNEL: Final = "sms"  #: by which such a rating came, as kept with it
#: Outcomes of which the centre hears at once, because the resident has said something about a case that nobody has understood.
_TO_BE_READ: Final = frozenset({"reply_unclear", "reply_which_case"})
_ID_LONGEST: Final = 80
_TEXT_LONGEST: Final = 1000
_LATEST: Final = 20  #: of the cases that somebody was asked about, these are looked at
_SKEW: Final = timedelta(minutes=1)  #: by which a provider's clock may be behind ours
#: Notices that ask whether it is solved.
_ASKING: Final = tuple(code for code in NOTICES if asked_by(code).purpose is Purpose.RATE)
#: States in which a question may have been read; one that was refused or never went out asked nothing.
_READ: Final = tuple(state.value for state in (Sending.SENDING, Sending.UNKNOWN, Sending.ACCEPTED, Sending.DELIVERED))


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one short message.

    Attributes:
        outcome: `done`, or why a person has to look.
        settled: Nobody has to look.
    """

    outcome: str
    case_id: int | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class _Sender:
    """Whose number it is; None: nobody's whom we know."""

    requester_id: int | None
    staff_id: int | None


@dataclass(frozen=True, slots=True)
class _Said:
    """What came in, as it is judged.

    Attributes:
        at: Until when he or she can have been asked, aware UTC.
    """

    requester_id: int
    solved: bool
    at: datetime


def take(session: Session, channel: str, inbound: Sequence[Inbound], now: datetime) -> list[Taken]:
    """Take short messages that came in; one that was taken before is passed over, so a provider may bring the same twice.

    Args:
        session: The unit of work; committed by the caller.
        channel: Code of the channel on which they came.
        inbound: The messages.
        now: The instant, aware UTC.

    Returns:
        What became of each that is new.
    """
    if not inbound:
        return []
    begin_write(session)
    return [taken for each in inbound if (taken := _one(session, channel, each, now)) is not None]


def _one(session: Session, channel: str, said: Inbound, now: datetime) -> Taken | None:
    meaning, sender = meaning_of(said.text), _sender(session, said.phone)
    row = {
        "channel": channel,
        "provider_id": _provider_id(said),
        "requester_id": sender.requester_id,
        "staff_id": sender.staff_id,
        "phone": dialled(said.phone)[:40],
        "text": said.text[:_TEXT_LONGEST],
        "received_at": now,
        "meaning": meaning.value,
        "outcome": "",
    }
    reply_id = _first_time(session, row)
    if reply_id is None:
        return None
    taken = _judged(session, sender, meaning, min(said.at or now, now), now)
    values = {"outcome": taken.outcome, "case_id": taken.case_id, "settled_at": now if taken.settled else None}
    connection_of(session).execute(update(_reply).where(_reply.c.id == reply_id).values(values))
    if taken.outcome in _TO_BE_READ and taken.case_id is not None:
        _tell_centre(session, taken.case_id, now)
    return taken


def _tell_centre(session: Session, case_id: int, now: datetime) -> None:
    """The centre hears that a reply is to be read; what it says stands neither in the message nor in the journal, which forgets nothing."""
    draft = read_drafts(session, [case_id])[case_id]
    draft.enter(now, SYSTEM, step=STEP_OF[draft.state].value, thing="case", action="reply_unclear")
    tell(draft, "reply_unclear", now, unit_id=draft.catalogue.desk_id)
    write_drafts(session, [draft])


def _provider_id(said: Inbound) -> str:
    """What the provider calls it; where it says nothing, the same words from the same number at the same moment are one."""
    given = said.provider_id.strip()
    if given and len(given) <= _ID_LONGEST:
        return given
    moment = said.at.isoformat() if said.at else ""
    return Sealed.fingerprint(f"reply {given} {dialled(said.phone)} {said.text} {moment}")


def _first_time(session: Session, row: dict[str, Any]) -> int | None:
    """Write it down before anything is done about it; of two at once the second waits, and finds it there."""
    connection = connection_of(session)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    found: int | None = connection.execute(insert(_reply).values(row).on_conflict_do_nothing().returning(_reply.c.id)).scalar()
    return found


def _sender(session: Session, phone: str) -> _Sender:
    run = connection_of(session).execute
    requester_id = run(select(_requester.c.id).where(_requester.c.key == requester_key(phone))).scalar()
    if requester_id is not None:
        return _Sender(requester_id, None)
    here = run(select(_staff.c.id, _staff.c.phone).where(_staff.c.left_at.is_(None), _staff.c.phone.is_not(None)))
    return _Sender(None, next((row.id for row in here if dialled(row.phone) == dialled(phone)), None))


def _judged(session: Session, sender: _Sender, meaning: Meaning, at: datetime, now: datetime) -> Taken:
    if sender.requester_id is None:
        return Taken("reply_unknown_sender" if sender.staff_id is None else "reply_from_staff")
    if meaning is Meaning.STOP:
        _stop(session, sender.requester_id, min(at + _SKEW, now))
        return Taken(DONE, settled=True)
    said = _Said(sender.requester_id, meaning is Meaning.SOLVED, at)
    asked = _asked(session, said)
    if meaning is Meaning.UNCLEAR or not asked:
        return Taken("reply_unclear" if meaning is Meaning.UNCLEAR else "reply_not_asked", asked[0].case_id if asked else None)
    return _rated(session, said, asked, now)


def _stop(session: Session, requester_id: int, at: datetime) -> None:
    """No more messages about what was handed in until then; a TD that comes late silences nothing newer, and never takes one back."""
    earlier = or_(_requester.c.unsubscribed_at.is_(None), _requester.c.unsubscribed_at < at)
    stop = update(_requester).where(_requester.c.id == requester_id, earlier).values(unsubscribed_at=at)
    connection_of(session).execute(stop)


def _asked(session: Session, said: _Said) -> list[Any]:
    """The times this resident was asked for a rating and may have read it, the last one first."""
    moment = func.coalesce(_message.c.sent_at, _message.c.tried_at)
    columns = (_message.c.case_id, _message.c.about, _case.c.state, _case.c.round)
    his = (_message.c.recipient == f"r{said.requester_id}", _message.c.notice.in_(_ASKING))
    read = (_message.c.state.in_(_READ), moment <= said.at + _SKEW)
    wanted = select(*columns).join(_case, _case.c.id == _message.c.case_id).where(*his, *read)
    newest_first = wanted.order_by(moment.desc(), _message.c.id.desc()).limit(_LATEST)
    return list(connection_of(session).execute(newest_first))


def _rated(session: Session, said: _Said, asked: Sequence[Any], now: datetime) -> Taken:
    """Let the rating through the door, if only one of the cases asked about can still be rated: a Y names none, and nobody guesses."""
    rated = _rated_rounds(session, said, asked)
    still = [a for a in asked if a.state == State.FED_BACK and _of_this_round(a) and (a.case_id, a.round) not in rated]
    if not still:
        newest = asked[0]
        return Taken("rated_already" if (newest.case_id, newest.round) in rated else "rating_not_open", newest.case_id)
    last = still[0]
    if len({a.case_id for a in still}) > 1:
        return Taken("reply_which_case", last.case_id)
    actor = Actor("resident", resident_id=said.requester_id)
    intent = Intent(last.case_id, "rate", actor, args={"solved": said.solved, "channel": CHANNEL})
    outcome = make_moves(session, [intent], Setting(now))[0]
    if isinstance(outcome, Moved):
        return Taken(DONE, last.case_id, settled=True)
    return Taken(getattr(outcome, "code", "conflict"), last.case_id)


def _of_this_round(asked: Any) -> bool:  # noqa: ANN401 - a row
    return bool(asked.about.get("round", asked.round) == asked.round)


def _rated_rounds(session: Session, said: _Said, asked: Sequence[Any]) -> set[tuple[int, int]]:
    his = (_evaluation.c.requester_id == said.requester_id, _evaluation.c.case_id.in_({a.case_id for a in asked}))
    rows = connection_of(session).execute(select(_evaluation.c.case_id, _evaluation.c.round).where(*his))
    return {(row.case_id, row.round) for row in rows}

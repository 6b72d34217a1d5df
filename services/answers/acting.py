"""Answering by a key: the work order is taken over, or the result rated, by whom the key was made for; once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import AnswerCode, begin_write, connection_of, table
from notifications.answering import Purpose, asked_by
from rules.facts import Refused, Thing
from services.answers.keys import Key
from services.answers.opening import Matter, opened
from services.moves import Conflict, Intent, Moved, Setting, make_moves

_answer = table(AnswerCode)
CHANNEL: Final = "link"  #: by which such a rating came, as kept with it


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody answers.

    Attributes:
        solved: Of a rating: whether it is solved.
        score: 1 very dissatisfied to 5 very satisfied; None: not said.
        device: What tells one device from another, by which bursts of ratings are found; only a keyed hash of it is kept.
    """

    solved: bool | None = None
    score: int | None = None
    device: str = ""


def answer(session: Session, key: Key, said: Said, now: datetime) -> Matter | Refused | Conflict:
    """Do what a key is good for, through the one door and as the person it was made for; then it opens nothing any more.

    A refusal is given back, not raised, because a wrong code is counted in the same unit of work: commit it.

    Args:
        session: The unit of work; committed by the caller.
        key: What was shown.
        said: The answer.
        now: The instant, aware UTC.

    Returns:
        What was answered; or `Refused` as `opened` has it, with `answer_reads_only` (nothing is asked), `answer_settled` (somebody was
        faster, or it is needless by now), `link_not_you` (the key alone is not enough for its notice), `answer_unsaid` (a rating that
        does not say whether it is solved), or what the table of moves says; or `Conflict`.
    """
    begin_write(session)
    matter = opened(session, key, now)
    if isinstance(matter, Refused):
        return matter
    if not asked_by(matter.notice).enough:
        return Refused("link_not_you")
    intent = _intent(matter, said)
    if isinstance(intent, Refused):
        return intent
    outcome = make_moves(session, [intent], Setting(now))[0]
    if not isinstance(outcome, Moved):
        return outcome
    connection_of(session).execute(update(_answer).where(_answer.c.id == matter.id).values(used_at=now))
    return matter


def _intent(matter: Matter, said: Said) -> Intent | Refused:
    asked = _MOVES.get(matter.purpose)
    if asked is None:
        return Refused("answer_reads_only")
    return asked(matter, said) if matter.acts else Refused("answer_settled")


def _acknowledge(matter: Matter, _said: Said) -> Intent:
    return Intent(matter.case_id, "acknowledge", matter.actor, Thing.ORDER, matter.order_no)


def _rate(matter: Matter, said: Said) -> Intent | Refused:
    if said.solved is None:
        return Refused("answer_unsaid")
    args = {"solved": said.solved, "score": said.score, "channel": CHANNEL, "device": said.device}
    return Intent(matter.case_id, "rate", matter.actor, args={name: value for name, value in args.items() if value not in (None, "")})


_MOVES: Final[Mapping[Purpose, Callable[[Matter, Said], Intent | Refused]]] = {Purpose.ACKNOWLEDGE: _acknowledge, Purpose.RATE: _rate}

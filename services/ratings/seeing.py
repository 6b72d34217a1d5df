"""Who may see what residents said of a result: who handled it sees nothing before the window ends, and never who said it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Clock, Evaluation, connection_of, table
from rules.facts import RELATIONS, Actor, Facts, Refused, Who
from services.moves import Draft, Row, read_drafts
from services.privacy.masking import masked

_evaluation, _clock = table(Evaluation), table(Clock)
#: What tells who rated, or nearly so: left out for everybody who may not know.
RATER: Final = frozenset({"reporter", "channel", "at", "by", "by_unit_id", "flagged"})
_NEVER: Final = frozenset({"case_id", "device", "requester_id"})


class Sight(StrEnum):
    """How much of the ratings of a case somebody may see."""

    ALL = "all"  #: the centre, and who may sign
    UNNAMED = "unnamed"  #: once the window has ended, without who said it
    OWN = "own"  #: a resident: what he said himself
    NOTHING = "nothing"  #: a sensitive case, to somebody who is no reader


@dataclass(frozen=True, slots=True)
class Window:
    """The moments at which rating windows of a case began and end or would have ended, whatever happened meanwhile."""

    spans: tuple[tuple[datetime, datetime], ...]

    def over(self, rated_at: datetime, now: datetime) -> bool:
        """Whether the window in which something was said has ended; not as long as none is known."""
        ends = [end for began, end in self.spans if began <= rated_at]
        return bool(ends) and ends[-1] <= now


def sight_of(facts: Facts, viewer: Actor, handled: Sequence[int]) -> Sight:
    """How much of the ratings somebody may see.

    Args:
        facts: The case.
        viewer: Who looks.
        handled: Units that ever had a work order of it: whoever works for one sees as a handler does, whatever else he is.
    """
    if viewer.system:
        return Sight.ALL
    if viewer.resident_id is not None:
        return Sight.OWN
    signer = RELATIONS[Who.SIGNER](viewer, facts)
    if facts.sensitive is not None and not signer and viewer.user_id not in facts.readers:
        return Sight.NOTHING
    if set(handled) & set(viewer.unit_line):
        return Sight.UNNAMED
    return Sight.ALL if signer or RELATIONS[Who.CENTRE](viewer, facts) else Sight.UNNAMED


def window_of(session: Session, case_id: int) -> Window:
    """When the rating windows of a case end."""
    wanted = select(_clock.c.started_at, _clock.c.due_at).where(_clock.c.case_id == case_id, _clock.c.kind == "evaluate")
    return Window(tuple((row.started_at, row.due_at) for row in connection_of(session).execute(wanted.order_by(_clock.c.id))))


def ratings_for(session: Session, case_id: int, viewer: Actor, now: datetime) -> list[Row]:
    """What this person may see of what residents said, in order.

    Args:
        session: The unit of work; nothing is changed.
        case_id: Which case.
        viewer: Who looks.
        now: The instant, aware UTC.

    Returns:
        Ratings: no, round, solved, score, words, counted; and for the resident himself and those who may know all: `reporter`
        (1 for the first of the case's reporters; None: nobody is known), channel, at, by, by_unit_id, flagged. Whoever may not
        know who said it reads no phone number in the words.

    Raises:
        Refused: `unknown_case`; `restricted`, the case is sensitive and the viewer no reader.
    """
    draft = read_drafts(session, [case_id], lock=False).get(case_id)
    if draft is None:
        raise Refused("unknown_case", case=case_id)
    sight = sight_of(draft.facts(), viewer, [o["unit_id"] for o in draft.orders.values()])
    if sight is Sight.NOTHING:
        raise Refused("restricted")
    wanted = select(_evaluation).where(_evaluation.c.case_id == case_id).order_by(_evaluation.c.no)
    rows = [dict(row) for row in connection_of(session).execute(wanted).mappings()]
    if sight is Sight.OWN:
        rows = [row for row in rows if row["requester_id"] == viewer.resident_id]
    if sight is Sight.UNNAMED:
        window = window_of(session, case_id)
        rows = [row for row in rows if window.over(row["at"], now)]
    return [_seen(row, draft, sight) for row in rows]


def _seen(row: Row, draft: Draft, sight: Sight) -> Row:
    hidden, row = _NEVER if sight is Sight.ALL else _NEVER | {"flagged"}, dict(row)
    if sight is Sight.UNNAMED:
        hidden, row["words"] = _NEVER | RATER, masked(row["words"]) if row["words"] else None
    number = {requester: n for n, requester in enumerate(_in_order(draft), start=1)}
    return {name: value for name, value in (row | {"reporter": number.get(row["requester_id"])}).items() if name not in hidden}


def _in_order(draft: Draft) -> list[int]:
    """The reporters, the first one first; those who have left keep their number."""
    return list(dict.fromkeys(i for i in (draft.case["requester_id"], *(r["requester_id"] for r in draft.co_reporters)) if i is not None))

"""What affairs know of residents: let go once the affair has ended long enough ago, whatever has become of its case."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, Message, OfficeTag, connection_of, table
from rules.facts import Thing
from services.privacy.blotting import blot
from services.recipients import recipient_of

_affair, _part, _case, _message, _tag = table(Affair), table(AffairPart), table(Case), table(Message), table(OfficeTag)
BATCH: Final = 200  #: affairs of one commit
_OF_AFFAIR: Final = ("title", "body", "place", "result", "data")
_OF_PART: Final = ("title", "words", "data")
#: Parts whose title is the name of a person, or the door of a household.
_NAMED: Final = (Thing.VOICE.value, Thing.ANSWER.value)
Key = tuple[int, int]
START: Final[Key] = (0, 0)


def waits(before: datetime) -> ColumnElement[bool]:
    """Whether a case file waits for an affair kept with it: for one that goes on, or that ended later than this instant, aware UTC."""
    late = or_(_affair.c.ended_at.is_(None), _affair.c.ended_at >= before)
    return exists().where(_affair.c.case_id == _case.c.id, late).correlate(_case)


def ended(session: Session, before: datetime, after: Key) -> list[Key]:
    """The next affairs that ended before this instant and may still know somebody: those whose case file was not emptied since.

    Args:
        session: The unit of work.
        before: Aware UTC.
        after: The last one looked at, by case file and entry; `START` at the beginning.
    """
    later = or_(_affair.c.case_id > after[0], and_(_affair.c.case_id == after[0], _affair.c.seq > after[1]))
    kept = or_(_case.c.anonymised_at.is_(None), _case.c.anonymised_at < _affair.c.ended_at)
    wanted = select(_affair.c.case_id, _affair.c.seq).join(_case, _case.c.id == _affair.c.case_id)
    wanted = wanted.where(_affair.c.ended_at < before, later, kept).order_by(_affair.c.case_id, _affair.c.seq).limit(BATCH)
    return [(row.case_id, row.seq) for row in connection_of(session).execute(wanted)]


def empty(session: Session, keys: Sequence[Key], nobody: Callable[[Session], int]) -> tuple[int, set[int]]:
    """Blot numbers out of what was written in some affairs, and put nobody where residents stood; may run twice.

    Args:
        session: The unit of work; holds the write lock.
        keys: The affairs, by case file and entry.
        nobody: Who stands where a resident stood; asked only when somebody did.

    Returns:
        How many affairs were changed, and the residents whom they named.
    """
    changed, known = 0, set[int]()
    for key in keys:
        named = _let_go(session, key, nobody)
        own, parts = (and_(of.c.case_id == key[0], of.c.seq == key[1]) for of in (_affair, _part))
        theirs = (_part.c.thing.in_(_NAMED), _part.c.unit_id.is_(None), _part.c.staff_id.is_(None), _part.c.title != "")
        names = connection_of(session).execute(update(_part).where(parts, *theirs).values(title="")).rowcount
        words = blot(session, _affair, _OF_AFFAIR, own) + blot(session, _part, _OF_PART, parts)
        changed += bool(named or names or words)
        known |= named
    return changed, known


def _let_go(session: Session, key: Key, nobody: Callable[[Session], int]) -> set[int]:
    """Put nobody where an affair and its parts name residents, and empty what these were told of it."""
    run = connection_of(session).execute
    own, parts = (and_(of.c.case_id == key[0], of.c.seq == key[1]) for of in (_affair, _part))
    named = {
        i for c, where in ((_affair.c.asker_id, own), (_part.c.requester_id, parts)) for i in run(select(c).where(where)).scalars() if i
    }
    if not named or not (named := named - {nobody(session)}):
        return set()
    instead = nobody(session)
    run(update(_affair).where(own, _affair.c.asker_id.is_not(None)).values(asker_id=instead))
    run(update(_part).where(parts, _part.c.requester_id.is_not(None)).values(requester_id=instead))
    told = run(select(_message.c.id, _message.c.about).where(_message.c.case_id == key[0], _message.c.requester_id.in_(named)))
    ids = [row.id for row in told if row.about.get("affair") == key[1]]
    emptied: dict[str, Any] = {"wording": None, "requester_id": instead, "recipient": recipient_of(None, instead)}
    run(update(_message).where(_message.c.id.in_(ids)).values(emptied))
    return named


def of_offices(session: Session, before: datetime, nobody: Callable[[Session], int]) -> set[int]:
    """Put nobody where residents held an office that ended before this instant, aware UTC.

    Returns:
        The residents.
    """
    run, over = connection_of(session).execute, (_tag.c.until < before, _tag.c.requester_id.is_not(None))
    found = {int(i) for i in run(select(_tag.c.requester_id).where(*over)).scalars()}
    if found:
        found.discard(instead := nobody(session))
        run(update(_tag).where(*over).values(requester_id=instead))
    return found

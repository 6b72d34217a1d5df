"""What the engine proposes of new cases: links that wait for a person, each with its reasons, and a line in the journal."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from models import Case, CaseLink, begin_write, connection_of, table
from rules.facts import STEP_OF, SYSTEM, Actor, Refused, is_centre
from services.catalogue import catalogue
from services.duplicates.candidates import DUPLICATE, RECURRENCE, SAME_MATTER, Candidate, find, same_matter
from services.moves.draft import Row
from services.moves.intents import Conflict
from services.moves.snapshot import read_drafts
from services.moves.write import write_drafts
from services.reading import case_id_of

PROPOSED, CONFIRMED, REFUSED = "proposed", "confirmed", "refused"
#: What the journal of the later case calls it.
ACTIONS: Final[Mapping[str, str]] = {DUPLICATE: "duplicate_found", SAME_MATTER: "linked", RECURRENCE: "recurred"}
SAID: Final = "resident_says"  #: the reason of a link that its reporter asked for
_case, _link = table(Case), table(CaseLink)
_earlier = table(Case).alias("earlier")


def propose(session: Session, case_ids: Collection[int], now: datetime) -> list[Candidate]:
    """Look where new cases belong, and write down what was found for people to decide.

    The same resident's open case of the same matter is linked at once; duplicates and recurrences (复发) wait for a person. May run
    twice: what was found before is not written again, and what somebody has refused does not come back.

    Args:
        session: The unit of work.
        case_ids: Cases that have just been accepted.
        now: The instant, aware UTC.

    Returns:
        What is new.
    """
    own = same_matter(session, case_ids, now)
    told = {(each.case_id, each.other_id) for each in own}
    found = [*own, *(each for each in find(session, case_ids, now) if (each.case_id, each.other_id) not in told)]
    return _write(session, found, now) if found else []


def propose_said(session: Session, case_id: int, other_no: str, now: datetime) -> None:
    """Write down that whoever reported a new case says it is the same as an earlier one; a person decides. May run twice.

    Raises:
        Refused: `unknown_case`.
    """
    _write(session, [Candidate(case_id, case_id_of(session, other_no), 1.0, (SAID,))], now)


def _write(session: Session, found: Sequence[Candidate], now: datetime) -> list[Candidate]:
    begin_write(session)  # what was looked for without the lock is written under it: nobody changes these cases in between
    drafts = read_drafts(session, {each.case_id for each in found})
    known = _known(session, list(drafts))
    new = [each for each in found if (each.case_id, each.other_id, each.kind) not in known]
    numbers = _numbers(session, [each.other_id for each in new])
    for each in new:
        draft = drafts[each.case_id]
        data = {"other": numbers[each.other_id], "score": each.score, "reasons": list(each.reasons)}
        draft.enter(now, SYSTEM, step=STEP_OF[draft.state].value, thing="case", action=ACTIONS[each.kind], data=data)
    stale = write_drafts(session, list(drafts.values()))
    written = [each for each in new if each.case_id not in stale]
    if written:
        connection_of(session).execute(insert(_link), [_row(each, now) for each in written])
    return written


def _row(each: Candidate, now: datetime) -> Row:
    linked = each.kind == SAME_MATTER
    return {
        "case_id": each.case_id,
        "other_id": each.other_id,
        "kind": each.kind,
        "score": each.score,
        "reasons": list(each.reasons),
        "state": CONFIRMED if linked else PROPOSED,
        "at": now,
        "by": SYSTEM.name,
        "decided_at": now if linked else None,
        "decided_by": SYSTEM.name if linked else None,
    }


def _known(session: Session, case_ids: Sequence[int]) -> set[tuple[int, int, str]]:
    wanted = select(_link.c.case_id, _link.c.other_id, _link.c.kind).where(_link.c.case_id.in_(case_ids))
    return {(row.case_id, row.other_id, row.kind) for row in connection_of(session).execute(wanted)}


def _numbers(session: Session, case_ids: Sequence[int]) -> dict[int, str]:
    return {row.id: row.no for row in connection_of(session).execute(select(_case.c.id, _case.c.no).where(_case.c.id.in_(case_ids)))}


def listed(session: Session, state: str | None = PROPOSED) -> list[Row]:
    """Links in a state (None: all), the likeliest first, with number, subject and state of both cases; sensitive cases stay out.

    Args:
        session: The unit of work; nothing is written.
        state: `proposed` (waits for a decision), `confirmed` or `refused`.
    """
    both = _link.join(_case, _case.c.id == _link.c.case_id).join(_earlier, _earlier.c.id == _link.c.other_id)
    columns: list[ColumnElement[Any]] = [c for c in _link.c if c.name not in ("id", "case_id", "other_id")]
    columns += [_case.c[n].label(f"case_{n}") for n in ("no", "subject", "state")]
    columns += [_earlier.c[n].label(f"other_{n}") for n in ("no", "subject", "state")]
    wanted = select(*columns).select_from(both).where(_case.c.sensitive.is_(None), _earlier.c.sensitive.is_(None))
    if state is not None:
        wanted = wanted.where(_link.c.state == state)
    wanted = wanted.order_by(_link.c.score.desc(), _link.c.id)
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]


def refuse(session: Session, no: str, other_no: str, user: str, reason: str, now: datetime) -> list[str]:
    """Say that two cases are not about the same thing; the engine does not propose it again.

    Args:
        session: The unit of work.
        no: Number of one case.
        other_no: Number of the other; the order makes no difference.
        user: Who decides: somebody of the centre that serves the case's area.
        reason: Why; kept in the journal of the later case.
        now: The instant, aware UTC.

    Returns:
        The kinds of link that were refused.

    Raises:
        Refused: `link_reason_missing`, `unknown_case`, `unknown_user`, `restricted`, `not_yours_to_link`, `no_such_link`.
        Conflict: somebody else has just changed the case.
    """
    if not reason.strip():
        raise Refused("link_reason_missing")
    return _decide(session, (no, other_no), user, now, to=REFUSED, kinds=(DUPLICATE, RECURRENCE, SAME_MATTER), reason=reason.strip())


def confirm(session: Session, no: str, other_no: str, user: str, now: datetime) -> list[str]:
    """Say that a case is the recurrence (复发) of an earlier one. Duplicates are confirmed by merging them.

    Raises:
        Refused: `unknown_case`, `unknown_user`, `restricted`, `not_yours_to_link`, `no_such_link`.
        Conflict: somebody else has just changed the case.
    """
    return _decide(session, (no, other_no), user, now, to=CONFIRMED, kinds=(RECURRENCE,), reason="")


def merged(session: Session, case_id: int, into_id: int, actor: Actor, now: datetime) -> None:
    """Note that a person has merged two cases: what was proposed of them is thereby decided. May run twice."""
    pair = _link.c.case_id.in_((case_id, into_id)), _link.c.other_id.in_((case_id, into_id))
    values = {"state": CONFIRMED, "decided_at": now, "decided_by": actor.name}
    begin_write(session)
    connection_of(session).execute(update(_link).where(*pair, _link.c.kind == DUPLICATE, _link.c.state == PROPOSED).values(values))


def split(session: Session, case_id: int, actor: Actor, now: datetime) -> None:
    """Note that a case was split off again: it is not what others are about, and not proposed as such again. May run twice."""
    values = {"state": REFUSED, "decided_at": now, "decided_by": actor.name}
    begin_write(session)
    either = (_link.c.case_id == case_id) | (_link.c.other_id == case_id)
    connection_of(session).execute(update(_link).where(either, _link.c.kind == DUPLICATE).values(values))


def _decide(
    session: Session, numbers: tuple[str, str], user: str, now: datetime, *, to: str, kinds: Collection[str], reason: str
) -> list[str]:
    actor = catalogue(session).actor(user)
    later, earlier = sorted((case_id_of(session, each) for each in numbers), reverse=True)
    draft = read_drafts(session, [later])[later]
    if draft.case["sensitive"] and actor.user_id not in draft.case["readers"]:
        raise Refused("restricted")
    if not is_centre(actor, draft.facts()):
        raise Refused("not_yours_to_link", user=user)
    about = (_link.c.case_id.in_((later, earlier)), _link.c.other_id.in_((later, earlier)), _link.c.kind.in_(kinds))
    wanted = select(_link.c.id, _link.c.kind).where(*about, _link.c.state != to)
    found: list[Any] = list(connection_of(session).execute(wanted.order_by(_link.c.id)))
    if not found:
        raise Refused("no_such_link", case=numbers[0], other=numbers[1])
    other_no = _numbers(session, [earlier])[earlier]
    data = {"other": other_no, "kinds": [row.kind for row in found]} | ({"reason": reason} if reason else {})
    draft.enter(now, actor, step=STEP_OF[draft.state].value, thing="case", action=f"link_{to}", data=data)
    if write_drafts(session, [draft]):
        raise Conflict(later, draft.case["version"])
    values = {"state": to, "decided_at": now, "decided_by": actor.name}
    connection_of(session).execute(update(_link).where(_link.c.id.in_([row.id for row in found])).values(values))
    return [row.kind for row in found]

"""What a key opens: one case for one person, without anything personal, and only as long as that person may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import WRITING, AnswerCode, Evaluation, Message, begin_write, connection_of, table
from notifications.answering import Kind, Purpose
from rules.facts import Actor, OrderState, Refused, State
from services.answers import tries
from services.answers.keys import Key, typed
from services.catalogue import Catalogue, Named, catalogue
from services.moves import Draft, read_drafts
from services.privacy.seeing import may_open

_answer, _message, _evaluation = table(AnswerCode), table(Message), table(Evaluation)
_FOUND: Final = select(_answer, _message.c.about, _message.c.notice).join(_message, _message.c.id == _answer.c.message_id)
#: The clocks whose end is shown, best first: of the work order, or else of the case.
_CLOCKS: Final = {Purpose.ACKNOWLEDGE: ("acknowledge", "handle"), Purpose.RATE: ("evaluate",), Purpose.OPEN: ()}
#: What a resident was promised; the clocks of desks are the office's own.
_PROMISED: Final = ("evaluate", "handle")


@dataclass(frozen=True, slots=True)
class Matter:
    """What a key opens.

    Attributes:
        id: Of the key's row.
        actor: Who holds it: staff, or a resident.
        order_no: The work order to be taken over.
        no: Number of the case.
        category: None: not sorted yet.
        area: The grid, community or street; never a street number that somebody wrote.
        notice: What told its holder of it.
        clock: The clock whose end `due` is; empty: none runs.
        due: When what is asked is due, or else what the case waits for; None: no clock runs.
        acts: Whether what it asks can still be done; otherwise it was done, or has become needless.
        used: A work order was taken over by it: it acts no more, and shows the case to whoever says who he is.
    """

    id: int
    purpose: Purpose
    actor: Actor
    case_id: int
    order_no: int | None
    no: str
    category: Named | None
    area: Named
    urgency: str
    state: State
    notice: str
    clock: str
    due: datetime | None
    acts: bool
    expires_at: datetime
    used: bool = False


def opened(session: Session, key: Key, now: datetime, *, again: bool = False) -> Matter | Refused:
    """What this key opens; a refusal is given back, not raised, because a wrong code is counted in the same unit of work: commit it.

    Looking at a link changes nothing. Who has left, may no longer see the case, or no longer speaks for it holds a key to nothing.

    Args:
        session: The unit of work; committed by the caller.
        key: What was shown.
        now: The instant, aware UTC.
        again: Open it as well where a work order was taken over by it (`Matter.used`).

    Returns:
        The matter; or `Refused` with `answer_unknown`, `answer_used`, `answer_expired`, or `answer_too_many` (wrong codes).
    """
    if key.kind is Kind.CODE:
        begin_write(session)
        if not tries.may_try(session, key.device, now):
            return Refused("answer_too_many")
    row = _row(session, key) if key.possible else None
    if row is None:
        if key.kind is Kind.CODE:
            tries.count(session, key.device, now)
        return Refused("answer_unknown")
    if row.used_at is not None and not (again and row.purpose == Purpose.ACKNOWLEDGE):
        return Refused("answer_used")
    draft = read_drafts(session, [row.case_id], lock=False)[row.case_id]
    if _is_over(row, draft, now):
        return Refused("answer_expired")
    known = catalogue(session)
    actor = _holder(row, draft, known)
    return Refused("answer_unknown") if actor is None else _matter(session, row, draft, actor, known)


def _row(session: Session, key: Key) -> Any:  # noqa: ANN401 - a row
    """The key's row; held until the commit by who is about to write, so that two who use it at once come one after the other."""
    wanted = _FOUND.where(_answer.c.digest == key.digest)
    return connection_of(session).execute(wanted.with_for_update(of=_answer) if session.info.get(WRITING) else wanted).first()


def _holder(row: Any, draft: Draft, known: Catalogue) -> Actor | None:  # noqa: ANN401 - a row
    if row.requester_id is not None:
        return Actor("resident", resident_id=row.requester_id) if row.requester_id in draft.reporter_ids() else None
    person = known.by_id.get(row.staff_id)
    if person is None or person.left_at is not None:
        return None
    actor = known.actor(person.name)
    return actor if may_open(draft.case, actor, known) else None


def _matter(session: Session, row: Any, draft: Draft, actor: Actor, known: Catalogue) -> Matter:  # noqa: ANN401 - a row
    case, purpose = draft.case, Purpose(row.purpose)
    category, clock = known.categories.get(case["category"] or ""), _clock(draft, row, purpose)
    return Matter(
        row.id,
        purpose,
        actor,
        row.case_id,
        row.order_no,
        case["no"],
        category.name if category else None,
        known.names[case["area_unit_id"]],
        case["urgency"],
        draft.state,
        row.notice,
        clock["kind"] if clock else "",
        clock["due_at"] if clock else None,
        _acts(session, row, draft),
        row.expires_at,
        row.used_at is not None,
    )


def _clock(draft: Draft, row: Any, purpose: Purpose) -> Any:  # noqa: ANN401 - rows
    """The clock whose end is shown: of what is asked, of what was told, or else the one of the case that ends first; None: none runs."""
    kinds: Sequence[str] = (*_CLOCKS[purpose], *[k for k in (row.about.get("clock"),) if k])
    found = (draft.open_clock(kind, no) for kind in kinds for no in (row.order_no, None))
    running = sorted((c for c in draft.clocks if c["stopped_at"] is None), key=lambda c: (c["due_at"], c["kind"]))
    rest = (c for c in running if row.requester_id is None or c["kind"] in _PROMISED)
    return next((clock for clock in (*found, *rest) if clock is not None), None)


def _acts(session: Session, row: Any, draft: Draft) -> bool:  # noqa: ANN401 - a row
    if row.purpose == Purpose.ACKNOWLEDGE:
        order = draft.orders[row.order_no]
        return order["state"] == OrderState.SENT or (order["state"] == OrderState.WORKING and bool(order["deemed"]))
    return row.purpose == Purpose.RATE and draft.state is State.FED_BACK and not has_rated(session, draft, row.requester_id)


def has_rated(session: Session, draft: Draft, requester_id: int) -> bool:
    """Whether a reporter has rated the present round of a case."""
    this = (_evaluation.c.case_id == draft.case["id"], _evaluation.c.round == draft.case["round"])
    found = connection_of(session).execute(select(_evaluation.c.no).where(*this, _evaluation.c.requester_id == requester_id))
    return found.first() is not None


def rater_of(session: Session, draft: Draft, given: str, now: datetime) -> int | None:
    """The resident whose code for rating this case this is, as somebody typed it along with the case's number; None: nobody's.

    One that is used up is known as well: the door says that its owner has rated. The caller counts wrong ones.
    """
    key = Key(Kind.CODE, typed(given))
    row = _row(session, key) if key.possible else None
    if row is None or (row.case_id, row.purpose) != (draft.case["id"], Purpose.RATE) or _is_over(row, draft, now):
        return None
    return int(row.requester_id)


def _is_over(row: Any, draft: Draft, now: datetime) -> bool:  # noqa: ANN401 - a row
    """Whether it has expired, or was made for an earlier round."""
    ended: bool = row.expires_at <= now
    return ended or row.about.get("round", draft.case["round"]) != draft.case["round"]

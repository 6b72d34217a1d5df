"""Somebody leaves: what is his or hers goes to another, nothing is sent there any more, and what was done stays on record."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from models import (
    Absence,
    Case,
    DutyRoster,
    Handover,
    Message,
    Request,
    Staff,
    SupervisionOrder,
    UnitChange,
    WorkOrder,
    begin_write,
    connection_of,
    table,
)
from rules.facts import OPEN_ORDER, STEP_OF, Actor, Refused, RequestState, SupervisionState
from services.catalogue import Catalogue, Person, catalogue
from services.moves import Draft, write_drafts
from services.moves.messages import queue
from services.people.beside import affairs_of, case_files_of, pass_on
from services.people.entrusted import entrusted_to, let_go
from services.people.inventory import Leaving
from services.people.rights import administrator, on_record
from services.recipients import Addressee, recipient_of

_case, _order, _staff, _change = table(Case), table(WorkOrder), table(Staff), table(UnitChange)
_roster, _absence, _handover = table(DutyRoster), table(Absence), table(Handover)
_request, _supervision, _message = table(Request), table(SupervisionOrder), table(Message)
WORKS: Final = frozenset({"clerk", "worker", "dispatcher"})  #: roles of those who do the work in a unit
_OPEN: Final = [state.value for state in OPEN_ORDER]
#: A supervision order waits for a signature: to be signed, or to be written off.
_TO_SIGN: Final = [SupervisionState.PROPOSED.value, SupervisionState.VERIFIED.value]
ENTRY: Final = "handed_over"  #: what the journal of each case says


# before ---------------------------------------------------------------------------------------------------------------


def ask_leave(session: Session, user: str, to: str | None, since: datetime, by: str, now: datetime) -> int:
    """Let somebody leave at a moment; what is his or hers goes to another then (services/units/applying.py).

    Args:
        session: The unit of work.
        user: Who leaves.
        to: Who goes on, a person of the same unit; None: nobody is needed, because nothing is in his or her own name.
        since: From when on.
        by: User name of an administrator.
        now: The instant.

    Returns:
        The number of the change.

    Raises:
        Refused: `unknown_user`, `left`, `own_successor`, `not_of_one_unit`, `last_clerk`, `last_admin`, `successor_wanted`,
            `leaves_already`, `admins_only`.
    """
    begin_write(session)
    known = catalogue(session)
    actor = administrator(known, by)
    person, other = check_leave(session, known, user, to)
    values = {"kind": "leave", "unit_id": person.unit_id, "to": {"person": person.id, "other": other.id if other else None}}
    stamps = {"effective_at": since, "asked_at": now, "asked_by": actor.name}
    number = int(connection_of(session).execute(insert(_change).values(**values, **stamps).returning(_change.c.id)).scalar_one())
    on_record(session, actor.name, "leave_asked", user, {"to": to, "from": since.isoformat(), "number": number}, now)
    return number


def check_leave(session: Session, known: Catalogue, user: str, to: str | None) -> tuple[Person, Person | None]:
    """See whether somebody can leave, with what is then to be done by whom.

    Raises:
        Refused: as `ask_leave` says.
    """
    person = person_of(known, user)
    other = person_of(known, to) if to is not None else None
    waits = select(_change).where(_change.c.kind == "leave", _change.c.applied_at.is_(None), _change.c.cancelled_at.is_(None))
    if any(row.to["person"] == person.id for row in connection_of(session).execute(waits)):
        raise Refused("leaves_already", user=user)
    if other is person:
        raise Refused("own_successor", user=user)
    if other is not None and other.unit_id != person.unit_id:
        raise Refused("not_of_one_unit", user=user, other=other.name)
    _check_last(known, person, other)
    own = connection_of(session).execute(select(func.count()).select_from(_order).where(*_own(person.id))).scalar_one()
    if other is None and own:
        raise Refused("successor_wanted", user=user, count=own)
    return person, other


def person_of(known: Catalogue, user: str) -> Person:
    """Somebody who works here.

    Raises:
        Refused: `unknown_user`, `left`.
    """
    known.actor(user)
    return known.people[user]


def _check_last(known: Catalogue, person: Person, other: Person | None) -> None:
    """Nobody goes whose unit would be left with nobody to do the work, nor the last who may change units and people."""
    rest = [p for p in known.by_unit.get(person.unit_id, ()) if p is not person]
    unit = known.units[person.unit_id].code
    if person.role in WORKS and other is None and not any(p.role in WORKS for p in rest):
        raise Refused("last_clerk", user=person.name, unit=unit)
    if person.role == "admin" and not any(p.role == "admin" and p.left_at is None for p in known.people.values() if p is not person):
        raise Refused("last_admin", user=person.name)


def _own(person: int) -> tuple[ColumnElement[bool], ...]:
    return _order.c.handler_id == person, _order.c.state.in_(_OPEN)


def leaving(session: Session, known: Catalogue, person: Person, at: datetime) -> Leaving:
    """All that is somebody's at a moment. Changes nothing."""
    run = connection_of(session).execute
    orders = select(_case.c.no, _order.c.no).join_from(_order, _case, _case.c.id == _order.c.case_id).where(*_own(person.id))
    asked = select(_request.c.case_id).where(_request.c.asked_by == person.name, _request.c.state == RequestState.ASKED.value)
    signs = {person.name} <= {p.name for p in _signers(known)}
    waits = select(_supervision.c.case_id).where(_supervision.c.state.in_(_TO_SIGN))
    return Leaving(
        **entrusted_to(session, known, person.id, at),
        affairs=affairs_of(session, person.id),
        orders=[f"{row[0]}/{row[1]}" for row in run(orders.order_by(_case.c.id, _order.c.no))],
        readers=[row.no for row in _read_by(session, person.id, 0)],
        rosters=int(run(select(func.count()).select_from(_roster).where(*_duties(person.id, at))).scalar_one()),
        deputies=sorted(p.name for p in known.people.values() if p.deputy_id == person.id and p.left_at is None),
        absences=int(run(select(func.count()).select_from(_absence).where(*_absences(person.id, at))).scalar_one()),
        handovers=list(run(select(_handover.c.id).where(*_handovers(person.id)).order_by(_handover.c.id)).scalars()),
        requests=list(run(select(_case.c.no).where(_case.c.id.in_(asked)).order_by(_case.c.id)).scalars()),
        to_sign=list(run(select(_case.c.no).where(_case.c.id.in_(waits)).order_by(_case.c.id)).scalars()) if signs else [],
        signers=sorted(p.name for p in _signers(known) if p.id != person.id) if signs else [],
        messages=int(run(select(func.count()).select_from(_message).where(*_queued(person.id))).scalar_one()),
    )


def _signers(known: Catalogue) -> Sequence[Person]:
    """Who may sign supervision orders: the head of the centre, the duty leader."""
    heads = [p for p in known.by_unit.get(known.desk_id or 0, ()) if p.role == "head"]
    return [*heads, *(p for p in known.people.values() if p.role == "duty_leader" and p.left_at is None)]


def _read_by(session: Session, person: int, after: int) -> list[Any]:
    """Sensitive cases that are open and name somebody as a reader: there are never many."""
    wanted = select(_case.c.id, _case.c.no, _case.c.readers).where(_case.c.sensitive.is_not(None), _case.c.id > after)
    return [row for row in connection_of(session).execute(wanted.order_by(_case.c.id)) if person in row.readers]


def _duties(person: int, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return _roster.c.staff_id == person, _roster.c.until > at


def _absences(person: int, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return _absence.c.staff_id == person, or_(_absence.c.until.is_(None), _absence.c.until > at)


def _handovers(person: int) -> tuple[ColumnElement[bool], ...]:
    party = or_(_handover.c.from_id == person, _handover.c.to_id == person)
    unsigned = or_(_handover.c.given_at.is_(None), _handover.c.taken_at.is_(None))
    return party, unsigned, _handover.c.cancelled_at.is_(None)


def _queued(person: int) -> tuple[ColumnElement[bool], ...]:
    return _message.c.staff_id == person, _message.c.attend_at.is_not(None), _message.c.state.in_(("queued", "failed_temp"))


# in force -------------------------------------------------------------------------------------------------------------


def begin(session: Session, known: Catalogue, change: Any, now: datetime) -> Mapping[str, Any]:  # noqa: ANN401 - a result row
    """The person acts and is told no more; duties, deputies and messages are the other's; in one commit."""
    run, person, at = connection_of(session).execute, change.to["person"], change.effective_at
    other = known.by_id.get(change.to["other"])
    heir = other.id if other is not None and other.left_at is None else None
    run(update(_staff).where(_staff.c.id == person).values(left_at=at))
    run(update(_staff).where(_staff.c.deputy_id == person).values(deputy_id=heir))
    run(update(_staff).where(_staff.c.deputy_id == _staff.c.id).values(deputy_id=None))
    _pass_duties_on(session, person, heir, at)
    let_go(session, person, heir, at, change.asked_by, now)
    run(delete(_absence).where(_absence.c.staff_id == person, _absence.c.since >= at))
    run(update(_absence).where(*_absences(person, at)).values(until=at))
    run(update(_handover).where(*_handovers(person)).values(cancelled_at=now))
    _pass_messages_on(session, person, heir)
    return {"other": heir}


def _pass_messages_on(session: Session, person: int, heir: int | None) -> None:
    """What waits is the other's, but for what is about sensitive cases that only the person reads: planning tells another reader."""
    run = connection_of(session).execute
    if heir is None:
        run(update(_message).where(*_queued(person)).values(state="suppressed", attend_at=None, error="left"))
        return
    open_to_all = select(_case.c.id).where(_case.c.sensitive.is_(None))
    passed = or_(_message.c.case_id.is_(None), _message.c.case_id.in_(open_to_all))
    run(update(_message).where(*_queued(person), passed).values(staff_id=heir, recipient=recipient_of(heir, None)))


def _pass_duties_on(session: Session, person: int, heir: int | None, at: datetime) -> None:
    """Duties to come are the other's, also the rest of one under way; nobody's where there is no other."""
    run = connection_of(session).execute
    under_way = run(select(_roster).where(*_duties(person, at), _roster.c.since < at)).mappings().all()
    run(update(_roster).where(*_duties(person, at), _roster.c.since < at).values(until=at))
    ahead = (_roster.c.staff_id == person, _roster.c.since >= at)
    if heir is None:
        run(delete(_roster).where(*ahead))
        return
    run(update(_roster).where(*ahead).values(staff_id=heir))
    if under_way:
        run(insert(_roster), [{"unit_id": r["unit_id"], "staff_id": heir, "since": at, "until": r["until"]} for r in under_way])


def cases(session: Session, change: Any, after: int, most: int) -> Sequence[int]:  # noqa: ANN401 - a result row
    """Cases in which anything is in the name of who leaves, in order."""
    person = change.to["person"]
    wanted = select(_order.c.case_id).where(*_own(person), _order.c.case_id > after).distinct().order_by(_order.c.case_id).limit(most)
    own = set(connection_of(session).execute(wanted).scalars())
    beside = case_files_of(session, person, after, most)
    return sorted({*own, *beside, *(row.id for row in _read_by(session, person, after))})[:most]


def move(session: Session, change: Any, drafts: Mapping[int, Draft], now: datetime) -> None:  # noqa: ANN401 - a result row
    """Hand the work in these cases to the other, with a journal entry and word to him or her for each."""
    person, other = change.to["person"], change.to["other"]
    by = Actor(change.asked_by, system=True)
    for draft in drafts.values():
        reads = person in draft.case["readers"]
        affairs = pass_on(draft, person, other)
        hand_over(draft, person, other, by, now, **({"reader": True} if reads else {}), **({"affairs": affairs} if affairs else {}))
        if reads:
            draft.change(readers=[reader for reader in draft.case["readers"] if reader != person])
    write_drafts(session, [draft for draft in drafts.values() if draft.entries])


def hand_over(draft: Draft, person: int, other: int | None, by: Actor, now: datetime, **about: object) -> list[int]:
    """Give the open work orders that somebody does to somebody else; in the draft, with an entry and word to the other.

    Args:
        draft: The case; changed in place.
        person: Id of who did them.
        other: Id of who does them from now on; None: the unit. Of a sensitive case only a reader of it does.
        by: Who says so.
        now: The instant.
        about: What the entry says besides.

    Returns:
        Numbers of the work orders.
    """
    if draft.case["sensitive"] and other not in draft.case["readers"]:
        other = None
    nos = [o["no"] for o in draft.orders.values() if o["handler_id"] == person and o["state"] in OPEN_ORDER]
    for no in nos:
        draft.touch_order(no, handler_id=other)
    known = draft.catalogue
    names = {"from": known.by_id[person].name, "to": known.by_id[other].name if other is not None else None}
    data = {**names, "orders": nos, **about}
    draft.enter(now, by, step=STEP_OF[draft.state].value, thing="case", action=ENTRY, data=data)
    if other is not None and nos:
        clock = draft.open_clock("handle", nos[0])
        due = {"clock": "handle", "due": clock["due_at"].isoformat(), "provisional": clock["provisional"] or None} if clock else {}
        unit = draft.orders[nos[0]]["unit_id"]
        queue(draft, "handed_to", now, Addressee(known.by_id[other], "email"), {"unit_id": unit, **due})
    return nos

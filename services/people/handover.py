"""Handing a shift over (交接班): a list of what is open, signed by both; until then whoever hands over stays responsible."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.orm import Session

from models import Affair, Case, Clock, Handover, WorkOrder, begin_write, connection_of, table
from rules.clocks import ClockKind
from rules.facts import FINAL, OPEN_ORDER, Actor, OrderState, Refused, State
from services.catalogue import Catalogue, Person, catalogue
from services.moves import read_drafts, write_drafts
from services.people.leaving import hand_over, person_of
from services.privacy.seeing import may_open
from services.units.affected import open_handovers

_case, _order, _clock, _handover, _affair = table(Case), table(WorkOrder), table(Clock), table(Handover), table(Affair)
LONGEST_NOTE: Final = 500
FRESH: Final = timedelta(hours=24)  #: how long a list may be signed after it was made
#: Clocks under which nobody of the unit has anything to do: they count along with another, or wait for the resident.
_WAITING: Final = (ClockKind.OVERALL.value, ClockKind.HOLD_CAP.value, ClockKind.EVALUATE.value)
_OPEN: Final = [state.value for state in OPEN_ORDER]
_DESK: Final = "dispatcher"  #: the post without which nobody can do what waits at a centre's desk
LEFT_OUT: Final = "left_out"  #: remark on a sensitive case that stays with who hands over
Item = dict[str, Any]


# the list -------------------------------------------------------------------------------------------------------------


def prepare(session: Session, user: str, to: str, note: str, now: datetime, *, leave_out: bool = False) -> int:
    """Make the list of a shift: all that is open for the unit, its sections' desks, and in the name of who hands over.

    Sensitive cases that who hands over may not see are not on it.

    Args:
        session: The unit of work.
        user: Who hands over.
        to: Who takes over, of the same unit.
        note: What the list cannot say.
        now: The instant.
        leave_out: Sensitive cases that the other may not see stay with who hands over, marked so; else they are refused.

    Returns:
        The number of the list.

    Raises:
        Refused: `unknown_user`, `left`, `own_successor`, `not_of_one_unit`, `handover_waits`, `note_too_long`; `taker_no_dispatcher`,
            `taker_no_reader`: the other could not do what is on the list.
    """
    begin_write(session)
    known, run = catalogue(session), connection_of(session).execute
    giver, taker = person_of(known, user), person_of(known, to)
    if giver is taker:
        raise Refused("own_successor", user=user)
    if giver.unit_id != taker.unit_id:
        raise Refused("not_of_one_unit", user=user, other=to)
    if len(note) > LONGEST_NOTE:
        raise Refused("note_too_long", most=LONGEST_NOTE)
    waits = run(select(_handover.c.id).where(*open_handovers(_handover.c.from_id == giver.id))).scalar()
    if waits is not None:
        raise Refused("handover_waits", number=waits)
    values = {"unit_id": giver.unit_id, "from_id": giver.id, "to_id": taker.id, "prepared_at": now, "prepared_by": user, "note": note}
    items = list(_items(session, known, giver, now))
    barred = _barred(session, known, items, taker)
    if barred and not leave_out:
        raise Refused("taker_no_reader", other=to, cases=", ".join(sorted(barred)))
    items = [item | {"remarks": [*item["remarks"], LEFT_OUT]} if item["case"] in barred else item for item in items]
    _refuse_deskless(known, giver, taker, items)
    return int(run(insert(_handover).values(**values, items=items).returning(_handover.c.id)).scalar_one())


def _refuse_deskless(known: Catalogue, giver: Person, taker: Person, items: Sequence[Item]) -> None:
    """What waits at a desk is for a dispatcher: nobody else could move it when the shift has changed."""
    apart = ("order", "supervision", "affair")
    at_desk = [i for i in items if all(i[name] is None for name in apart) and LEFT_OUT not in i["remarks"]]
    if at_desk and _DESK in known.actor(giver.name).roles and _DESK not in known.actor(taker.name).roles:
        raise Refused("taker_no_dispatcher", other=taker.name, count=len(at_desk))


def _barred(session: Session, known: Catalogue, items: Sequence[Item], taker: Person) -> set[str]:
    """Numbers of the listed cases that the other may not see."""
    names = ("no", "sensitive", "readers", "area_unit_id", "requester_id")
    wanted = select(*(_case.c[n] for n in names)).where(_case.c.sensitive.is_not(None), _case.c.no.in_({i["case"] for i in items}))
    viewer = known.actor(taker.name)
    return {row["no"] for row in connection_of(session).execute(wanted).mappings() if not may_open(dict(row), viewer, known)}


def _items(session: Session, known: Catalogue, giver: Person, now: datetime) -> Iterator[Item]:
    """What is open, the soonest due first; of several clocks of one thing the one that is due next."""
    seen: set[tuple[int | None, ...]] = set()
    viewer = known.actor(giver.name)
    for row in _open_things(session, giver):
        key = (row.case_id, row.order_no, row.supervision_seq, row.affair_seq, row.part_no)
        if key not in seen and may_open(row._mapping, viewer, known):
            seen.add(key)
            yield _item(row, giver, now)


def _open_things(session: Session, giver: Person) -> Sequence[Any]:
    """Open clocks of the unit, and of work orders that a section of it does or that the person does."""
    own = or_(_order.c.handler_id.is_(None), _order.c.handler_id == giver.id)
    order = and_(_order.c.case_id == _clock.c.case_id, _order.c.no == _clock.c.order_no)
    beside = and_(_affair.c.case_id == _clock.c.case_id, _affair.c.seq == _clock.c.affair_seq)
    joined = _clock.join(_case, _case.c.id == _clock.c.case_id).outerjoin(_order, order).outerjoin(_affair, beside)
    theirs = or_(_clock.c.unit_id == giver.unit_id, _order.c.assigned_unit_id == giver.unit_id, _order.c.handler_id == giver.id)
    columns = (
        *(_clock.c[n] for n in ("case_id", "order_no", "supervision_seq", "affair_seq", "part_no", "kind", "due_at", "running_since")),
        _affair.c.no.label("affair_no"),
        *(_case.c[n] for n in ("no", "urgency", "state", "asks", "sensitive", "readers", "area_unit_id", "requester_id")),
        *(_order.c.handler_id, _order.c.extension_no, _order.c.state.label("order_state")),
    )
    wanted = select(*columns).select_from(joined).where(_clock.c.stopped_at.is_(None), _clock.c.kind.not_in(_WAITING), theirs, own)
    return connection_of(session).execute(wanted.order_by(_clock.c.due_at, _clock.c.id)).all()


def _item(row: Any, giver: Person, now: datetime) -> Item:  # noqa: ANN401 - a result row
    asks = [kind for _, kind, order, *_ in row.asks if order == row.order_no]
    remarks = {
        "overdue": row.running_since is not None and row.due_at <= now,
        "on_hold": row.state == State.ON_HOLD,
        "not_acknowledged": row.order_state == OrderState.SENT,
        "extension_waits": row.extension_no is not None,
        **{f"{kind}_waits": True for kind in asks},
    }
    return {
        "case": row.no,
        "order": row.order_no,
        "supervision": row.supervision_seq,
        "affair": row.affair_no,
        "part": row.part_no,
        "urgency": row.urgency,
        "clock": row.kind,
        "due": row.due_at.isoformat(),
        "own": row.handler_id == giver.id,
        "remarks": [code for code, holds in remarks.items() if holds],
    }


# signing --------------------------------------------------------------------------------------------------------------


def sign(session: Session, number: int, user: str, now: datetime) -> Mapping[str, Any]:
    """Sign a list; with the second signature what was in the name of who hands over is in that of who takes over.

    Args:
        session: The unit of work.
        number: Number of the list.
        user: One of the two.
        now: The instant.

    Returns:
        The list as it is now (`shown`).

    Raises:
        Refused: `unknown_handover`, `handover_over`, `not_a_party`, `signed_already`, `handover_stale`, `taker_no_reader`,
            `unknown_user`, `left`.
    """
    begin_write(session)
    known, run = catalogue(session), connection_of(session).execute
    row = _row(session, number, lock=True)
    actor, person = known.actor(user), known.people[user]
    column = {row.from_id: "given_at", row.to_id: "taken_at"}.get(person.id)
    if column is None:
        raise Refused("not_a_party", user=user, number=number)
    if row.cancelled_at is not None or (row.given_at is not None and row.taken_at is not None):
        raise Refused("handover_over", number=number)
    if getattr(row, column) is not None:
        raise Refused("signed_already", user=user, number=number)
    _refuse_stale(session, known, row, now)
    run(update(_handover).where(_handover.c.id == number).values({column: now}))
    if row.given_at is not None or row.taken_at is not None:
        _pass_on(session, row, actor, now)
    return shown(session, number)


def _refuse_stale(session: Session, known: Catalogue, row: Any, now: datetime) -> None:  # noqa: ANN401 - a result row
    """Nobody signs a list of yesterday, nor one without what is in the other's name by now, nor with what may not be seen by now."""
    listed, giver, taker = {(item["case"], item["order"]) for item in row.items}, known.by_id[row.from_id], known.by_id[row.to_id]
    new = [i for i in _items(session, known, giver, now) if i["own"] and (i["case"], i["order"]) not in listed]
    if new or now - row.prepared_at > FRESH:
        raise Refused("handover_stale", number=row.id, count=len(new))
    if barred := _barred(session, known, [item for item in row.items if LEFT_OUT not in item["remarks"]], taker):
        raise Refused("taker_no_reader", other=taker.name, cases=", ".join(sorted(barred)))


def _pass_on(session: Session, row: Any, actor: Actor, now: datetime) -> None:  # noqa: ANN401 - a result row
    """Both have signed: the work orders in the name of the one are in the name of the other, but for those that were left out."""
    stay = {item["case"] for item in row.items if LEFT_OUT in item["remarks"]}
    theirs = (_order.c.handler_id == row.from_id, _order.c.state.in_(_OPEN), _case.c.no.not_in(stay))
    wanted = select(_order.c.case_id).join(_case, _case.c.id == _order.c.case_id).where(*theirs).distinct()
    drafts = read_drafts(session, connection_of(session).execute(wanted).scalars())
    for draft in drafts.values():
        hand_over(draft, row.from_id, row.to_id, actor, now, handover=row.id)
    write_drafts(session, list(drafts.values()))


def cancel(session: Session, number: int, user: str, now: datetime) -> None:
    """Take a list back that is not signed by both.

    Raises:
        Refused: `unknown_handover`, `not_a_party`, `handover_over`, `unknown_user`, `left`.
    """
    begin_write(session)
    known, row = catalogue(session), _row(session, number, lock=True)
    person = person_of(known, user)
    if person.id not in (row.from_id, row.to_id) and person.role != "admin":
        raise Refused("not_a_party", user=user, number=number)
    if row.cancelled_at is not None or (row.given_at is not None and row.taken_at is not None):
        raise Refused("handover_over", number=number)
    connection_of(session).execute(update(_handover).where(_handover.c.id == number).values(cancelled_at=now))


# looking --------------------------------------------------------------------------------------------------------------


def shown(session: Session, number: int) -> Mapping[str, Any]:
    """A list with what has become of each thing on it since: what was closed meanwhile is marked, not left out.

    Raises:
        Refused: `unknown_handover`.
    """
    row, known = _row(session, number), catalogue(session)
    nos = sorted({item["case"] for item in row.items})
    states = {c.no: c.state for c in connection_of(session).execute(select(_case.c.no, _case.c.state).where(_case.c.no.in_(nos)))}
    over = {state.value for state in FINAL}
    items = [{**item, "over": states.get(item["case"]) if states.get(item["case"]) in over else None} for item in row.items]
    return {**_head(row, known), "note": row.note, "items": items}


def preview(session: Session, user: str, now: datetime) -> list[Item]:
    """What a list that somebody made now would have on it; nothing is changed.

    Raises:
        Refused: `unknown_user`, `left`.
    """
    known = catalogue(session)
    return list(_items(session, known, person_of(known, user), now))


def listed(session: Session, *, open_only: bool = False, party: int | None = None, limit: int | None = None) -> list[Mapping[str, Any]]:
    """All lists without their items, the newest first.

    Args:
        session: The unit of work; nothing is changed.
        open_only: Only those that are not signed by both.
        party: Only those that this person hands over or takes over.
        limit: At most so many.
    """
    mine = (or_(_handover.c.from_id == party, _handover.c.to_id == party),) if party is not None else ()
    wanted = select(_handover).where(*(open_handovers() if open_only else ()), *mine).order_by(_handover.c.id.desc()).limit(limit)
    known = catalogue(session)
    return [{**_head(row, known), "items": len(row.items)} for row in connection_of(session).execute(wanted)]


def _head(row: Any, known: Catalogue) -> dict[str, Any]:  # noqa: ANN401 - a result row
    signed = (row.given_at is not None) + (row.taken_at is not None)
    state = "cancelled" if row.cancelled_at is not None else ("waits", "signed_once", "signed")[signed]
    people = {name: known.by_id[getattr(row, f"{name}_id")].name for name in ("from", "to")}
    moments = {name: getattr(row, name) for name in ("prepared_at", "given_at", "taken_at", "cancelled_at")}
    return {"number": row.id, "unit": known.units[row.unit_id].code, **people, "state": state, **moments}


def _row(session: Session, number: int, *, lock: bool = False) -> Any:  # noqa: ANN401 - a result row
    wanted = select(_handover).where(_handover.c.id == number)
    row = connection_of(session).execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise Refused("unknown_handover", number=number)
    return row

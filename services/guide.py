"""What comes next for a case, and who of a demonstration may do it: for newcomers, who carry a case through the loop themselves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, connection_of, table
from rules.facts import FINAL, Refused, State, Thing
from services.accounts.starting import SYSTEM
from services.catalogue import Person
from services.choices import choices, drafted
from services.moves import Draft
from services.reading import case_id_of

_account = table(Account)
#: What leads on from each state in which somebody has to act, most wanted first; in the others the engine does, or the resident.
ONWARD: Final[Mapping[State, Sequence[tuple[Thing, str]]]] = {
    State.ACCEPTED: ((Thing.CASE, "file"),),
    State.FILED: ((Thing.CASE, "dispatch"),),
    State.REPORTING: ((Thing.CASE, "dispatch"), (Thing.CASE, "handle_here"), (Thing.CASE, "report_up")),
    State.DISPATCHED: ((Thing.ORDER, "acknowledge"), (Thing.ORDER, "finish")),
    State.HANDLING: ((Thing.ORDER, "acknowledge"), (Thing.ORDER, "finish"), (Thing.ORDER, "contact")),
    State.ON_HOLD: ((Thing.CASE, "resume"),),
    State.HANDLED: ((Thing.CASE, "pass_check"),),
    State.EVALUATED: ((Thing.CASE, "rework"),),
}


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a case stands, and what comes next.

    Attributes:
        thing: What the move is of; None: nobody of the staff has to act.
        no: Number of the work order.
        person: Who may do it.
        resident: The resident is asked.
        over: Nothing comes any more.
    """

    state: State
    requester_id: int | None
    thing: Thing | None = None
    no: int | None = None
    action: str = ""
    person: Person | None = None
    resident: bool = False
    over: bool = False


def onward(session: Session, no: str, now: datetime) -> Onward:
    """Say what comes next for a case, and who may do it.

    Args:
        session: The unit of work; nothing is changed.
        no: Number of the case.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_case`.
    """
    draft = _open(session, no)
    state, requester = draft.state, draft.case["requester_id"]
    content = state is State.EVALUATED and all(rating["solved"] for rating in draft.evaluations)  # the engine closes it in a moment
    for thing, action in () if content else ONWARD.get(state, ()):
        for person in _people(session, draft):
            actor = draft.catalogue.actor(person.name)
            for choice in choices(draft, actor, now):
                if (choice.thing, choice.action) == (thing, action) and not choice.locked:
                    return Onward(state, requester, thing, choice.no, action, person)
    return Onward(state, requester, resident=state is State.FED_BACK, over=state in FINAL)


def may_enter_as(session: Session, user: str, no: str) -> bool:
    """Whether a newcomer may take this person's place: an account of the demonstration that nobody has changed, no administrator's."""
    return any(person.name == user for person in _people(session, _open(session, no)))


def _open(session: Session, no: str) -> Draft:
    """The case; of a sensitive one a guide says nothing.

    Raises:
        Refused: `unknown_case`.
    """
    draft = drafted(session, case_id_of(session, no))
    if draft.case["sensitive"] is not None:
        raise Refused("unknown_case", case=no)
    return draft


def _people(session: Session, draft: Draft) -> Iterator[Person]:
    """Those who could act: of the units that have it in hand, of the place and what is above it, of the centre."""
    known = draft.catalogue
    units = dict.fromkeys(order["unit_id"] for order in draft.orders.values())
    if draft.case["holder_unit_id"] is not None:
        units[draft.case["holder_unit_id"]] = None
    units |= dict.fromkeys((known.desk_id, *known.line(draft.case["area_unit_id"])))
    untouched = select(_account.c.staff_id).where(_account.c.demo, _account.c.changed_by == SYSTEM)
    open_accounts = set(connection_of(session).execute(untouched).scalars())
    for unit in units:
        for person in known.by_unit.get(unit, ()):
            if person.id in open_accounts and person.left_at is None and person.role != "admin":
                yield person

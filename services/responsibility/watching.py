"""What the patrol looks for: new cases that officers of the place should hear of, and letters that run out."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models import Case, Message, begin_write, connection_of, table
from notifications.notices import EMAIL
from rules.delivery import NOW, SOON
from rules.facts import State
from services.catalogue import Catalogue, catalogue
from services.mechanisms import is_on
from services.recipients import Roll
from services.responsibility import news, staffing
from services.responsibility.duties import Row, ends
from services.responsibility.gaps import expiring
from services.responsibility.offices import Holder, Officers
from services.responsibility.telling import Told, queue

NEW: Final = "case_new"  #: the kind of notice that a new case is, as seeds/offices.toml names it
WITHIN: Final = timedelta(days=1)  #: a case that was handed in longer ago is news to nobody
AT_ONCE: Final = 200  #: cases told of in one unit of work
_case, _message = table(Case), table(Message)
#: Cases that are none of ours, or part of another.
_EXCEPT: Final = sorted(s.value for s in (State.NOTED, State.DECLINED, State.DIVERTED, State.MERGED, State.WITHDRAWN, State.VOIDED))
_URGENT: Final = ("P0", "P1")
_COLUMNS: Final = ("id", "area_unit_id", "place", "urgency", "requester_id")


def look(session: Session, now: datetime) -> int:
    """All that the patrol looks for in one unit of work: news for the five offices, letters that run out, grids that nobody works.

    Safe to run again; nothing is locked while there is nothing new.

    Returns:
        How much there was to tell of.
    """
    return tell_officers(session, now) + news.tell_of_affairs(session, now) + tell_expiring(session, now) + staffing.watch(session, now)


def tell_officers(session: Session, now: datetime) -> int:
    """Tell information officers of new cases in their grid, community or building: number and category, nothing of persons.

    Told once it is filed, so that nobody hears of a sensitive case. Run by the patrol; safe to run again: each officer hears of a case
    once. Nothing is locked while there is nothing new, and where nobody holds the office nothing is looked for.

    Returns:
        How many notices were queued.
    """
    officers = Officers(session, now)
    areas = officers.areas((NEW,))
    cases = _new_cases(session, sorted(_below(officers.known, areas)), now) if areas else []
    told = [each for case in cases for each in _told(case, officers)]
    if told:
        begin_write(session)
    return queue(session, told, now)


def _below(known: Catalogue, areas: frozenset[int]) -> Iterator[int]:
    """The units whose cases lie in these areas: themselves and those below them."""
    return (unit.id for unit in known.units.values() if not areas.isdisjoint(known.line(unit.id)))


def _new_cases(session: Session, areas: Sequence[int], now: datetime) -> list[Any]:
    told = exists().where(_message.c.case_id == _case.c.id, _message.c.notice == "office_case")
    wanted = (
        select(*(_case.c[name] for name in _COLUMNS))
        .where(_case.c.submitted_at > now - WITHIN, _case.c.category.is_not(None), _case.c.sensitive.is_(None))
        .where(_case.c.state.not_in(_EXCEPT), _case.c.area_unit_id.in_(areas), ~told)
    )
    return list(connection_of(session).execute(wanted.order_by(_case.c.id).limit(AT_ONCE)))


def _told(case: Any, officers: Officers) -> Iterator[Told]:  # noqa: ANN401 - a result row
    found = officers.hearers(NEW, case.area_unit_id, case.place)
    return (_to(case, holder) for holder in found if holder.person is not None or holder.requester_id != case.requester_id)


def _to(case: Any, holder: Holder) -> Told:  # noqa: ANN401 - a result row
    staff_id = holder.person.id if holder.person is not None else None
    about = {"unit_id": case.area_unit_id}
    haste = NOW if case.urgency in _URGENT else SOON
    return Told("office_case", f"office_case:{case.id}", staff_id, holder.requester_id, case.id, haste=haste, about=about)


def tell_expiring(session: Session, now: datetime) -> int:
    """Tell whose letter of responsibility runs out within 30 days, and the head of the unit, once for each letter and end.

    Run by the patrol; safe to run again. Nothing is locked while there is nothing to tell.

    Returns:
        How many letters run out.
    """
    if not is_on(session, "responsibility"):
        return 0
    rows = expiring(session, now)
    if rows:
        begin_write(session)
        roll = Roll(catalogue(session), now)
        queue(session, [told for row in rows for told in _runs_out(row, roll)], now)
    return len(rows)


def _runs_out(row: Row, roll: Roll) -> Iterator[Told]:
    known, end = roll.catalogue, ends(row)
    if end is None:
        return
    unit_id = known.present(row["unit_id"])
    heads = [each.person.id for _, people in roll.addressees("letter_expiring", unit_id) for each in people if each.person is not None]
    about = {"unit_id": unit_id, "due": end.isoformat(), "reason": _what(row, known)}
    for staff_id in dict.fromkeys([*(p.id for p in roll.there([row["staff_id"]])), *heads]):
        yield Told("letter_expiring", f"letter:{row['id']}:{end:%Y%m%dT%H%M}", staff_id, channel=EMAIL, about=about)


def _what(row: Row, known: Catalogue) -> str:
    """Place and matter of a letter in a few words, in the language of the data."""
    where = row["section"] or known.names[row["area_unit_id"]].zh
    return " · ".join(part for part in (where, row["matter"], row["document"]) if part)

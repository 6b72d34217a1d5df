"""Falling back: what a channel has not taken goes out by the next way of its chain, until somebody has it or nobody is left to ask.

A message and what goes out in its place are a family, linked by `fallback_of_id`. Two lanes may see members of one family fail at the
same moment; so whoever decides about a family holds one lock, and the later one sees what the earlier one wrote.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, func, or_, select
from sqlalchemy.orm import Session

from models import Case, Message, Staff, Unit, connection_of, table
from notifications.chains import Step, Who, chain_of
from notifications.channels.schemes import AddressKind
from rules.delivery import NOW, TAKEN_STATES, State
from services.catalogue import Catalogue, Person, catalogue
from services.deliveries.changes import Change, add
from services.deliveries.numbers import numbers_at
from services.deliveries.setup import Setup
from services.recipients import recipient_of
from services.undelivered import note_undelivered

_message, _case, _staff, _unit = table(Message), table(Case), table(Staff), table(Unit)
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_KEYS: BindParameter[list[str]] = bindparam("keys", expanding=True)
_ONE: Final = 0x66616C6C  #: PostgreSQL's advisory lock of whoever falls back ("fall")
DIGEST: Final = "digest"  #: what a digest speaks for is queued again by itself
_NAMES: Final = (
    *("id", "dedupe_key", "case_id", "seq", "notice", "channel", "staff_id", "requester_id", "unit_id", "recipient", "haste"),
    *("useful_until", "about", "state", "attend_at", "tried_at", "fallback_of_id"),
)
_FAMILY: Final = (
    select(*(_message.c[n] for n in _NAMES), _case.c.sensitive, _case.c.readers)
    .select_from(_message.outerjoin(_case, _case.c.id == _message.c.case_id))
    .where(or_(_message.c.id.in_(_IDS), _message.c.fallback_of_id.in_(_IDS)))
)
_THERE: Final = select(_message.c.dedupe_key).where(_message.c.dedupe_key.in_(_KEYS))
_REACHABLE: Final = select(
    _staff.c.id, *(_staff.c[n].is_not(None).label(n) for n in ("phone", "email", "im")), _staff.c.left_at.is_(None).label("here")
).where(_staff.c.id.in_(_IDS))
_DUTY_PHONES: Final = select(_unit.c.id).where(_unit.c.duty_phone.is_not(None))
_UNDER_WAY: Final = frozenset({State.QUEUED, State.SENDING})


@dataclass(frozen=True, slots=True)
class Lost:
    """A message that its channel has not taken, or has taken without a word of its arrival.

    Attributes:
        final: It will not be tried again; else another way is taken besides.
    """

    message_id: int
    reason: str
    final: bool = True


@dataclass(frozen=True, slots=True)
class _Way:
    """One way that is open: the key of the message that would take it, and what sets it apart from the first one."""

    key: str
    values: Mapping[str, Any]


def fall_back(session: Session, lost: Collection[Lost], setup: Setup, now: datetime) -> list[int]:
    """Queue what goes out in place of messages; where no way is left, have that noted in the case.

    To be called by whoever holds the write lock, after the states of these messages were written. May run twice: a way is taken once.

    Args:
        session: The unit of work.
        lost: Messages that need another way.
        setup: Which channels there are.
        now: The instant, aware UTC.

    Returns:
        Ids of those that nothing goes out in place of.
    """
    if not lost:
        return []
    hold_families(session)
    known, rows = catalogue(session), _families(session, {each.message_id for each in lost})
    open_ways = _Ways(session, known, setup, rows.values())
    children, stuck, patience = [], {}, timedelta(seconds=numbers_at(session, now).hurry_seconds)
    for each in sorted(lost, key=lambda one: one.message_id):
        family = _family(rows, each.message_id)
        others = [row for row in family if row.id != each.message_id]
        if rows[each.message_id].notice == DIGEST or any(_promising(row, rows[each.message_id], now, patience) for row in others):
            continue
        child = open_ways.next(rows[each.message_id], family[0], now)
        if child is not None:
            children.append(child)
        elif each.final and not any(row.attend_at is not None for row in others):
            stuck[each.message_id] = (family[0].id, each.reason)
    add(session, children)
    note_undelivered(session, dict(stuck.values()), now)
    return sorted(stuck)


def hold_families(session: Session) -> None:
    """From here on nobody else decides about families, until the end of this unit of work. May be called twice.

    Falling back locks cases; so whoever also makes a code, which holds its case too, calls this before.
    """
    if connection_of(session).dialect.name == "postgresql":
        connection_of(session).execute(select(func.pg_advisory_xact_lock(_ONE)))


def open_ways(session: Session, rows: Sequence[Any], setup: Setup) -> set[int]:
    """Which of these messages have a further way in their chain, whoever is on it already; nothing is changed."""
    if not rows:
        return set()
    families = _families(session, {row.id for row in rows})
    ways = _Ways(session, catalogue(session), setup, families.values())
    return {row.id for row in rows if ways.has_next(_family(families, row.id)[0])}


def _promising(row: Any, lost: Any, now: datetime, patience: timedelta) -> bool:  # noqa: ANN401 - result rows
    """Whether nothing speaks against a member of the family yet, so that nobody need be told by one way more.

    One that waits for nothing and waits all the same promises nothing: put off, on the channel that has just failed, or late.
    """
    if row.state in TAKEN_STATES:
        return True
    if row.state not in _UNDER_WAY or row.haste != NOW:
        return row.state in _UNDER_WAY
    since = row.tried_at if row.state == State.SENDING else row.attend_at
    return row.channel != lost.channel and since is not None and now - patience < since <= now


def _families(session: Session, ids: Collection[int]) -> dict[int, Any]:
    """All members of the families of these messages, by id."""
    found: dict[int, Any] = {}
    wanted = set(ids)
    while wanted:
        rows = connection_of(session).execute(_FAMILY, {"ids": sorted(wanted)}).all()
        new = {row.id: row for row in rows if row.id not in found}
        found |= new
        wanted = (set(new) | {row.fallback_of_id for row in new.values() if row.fallback_of_id is not None}) - wanted
        wanted = {i for i in wanted if i not in found or i in new}
    return found


def _family(rows: Mapping[int, Any], member: int) -> list[Any]:
    """The first message of a family and all that went out in its place, oldest first."""
    root = rows[member]
    while root.fallback_of_id in rows:
        root = rows[root.fallback_of_id]
    family, known = [root], {root.id}
    for row in sorted(rows.values(), key=lambda each: each.id):
        if row.fallback_of_id in known:
            family.append(row)
            known.add(row.id)
    return family


class _Ways:
    """Which ways are open for the messages of one unit of work; a way that one of them takes is closed for the others."""

    def __init__(self, session: Session, known: Catalogue, setup: Setup, rows: Iterable[Any]) -> None:
        self._known, self._setup = known, setup
        every = list(rows)
        people = {row.staff_id for row in every if row.staff_id is not None}
        people |= {d for i in people if i in known.by_id and (d := known.by_id[i].deputy_id) is not None}
        run = connection_of(session).execute
        self._people = {row.id: row for row in run(_REACHABLE, {"ids": sorted(people)})} if people else {}
        self._phones = set(run(_DUTY_PHONES).scalars()) if "voice" in setup.channels else set()
        keys = {way.key for row in every if row.fallback_of_id is None for way in self._all(row)}
        self._closed = set(run(_THERE, {"keys": sorted(keys)}).scalars()) if keys else set()

    def next(self, lost: Any, first: Any, now: datetime) -> Change | None:  # noqa: ANN401 - result rows
        """The message that goes out in place of a lost one: by the next way of its family's chain that nobody has taken."""
        way = next(self._open(first), None)
        if way is None:
            return None
        self._closed.add(way.key)
        return _child(lost, first, way, now)

    def has_next(self, first: Any) -> bool:  # noqa: ANN401 - a result row
        """Whether a family's chain has a way that nobody has taken."""
        return next(self._open(first), None) is not None

    def _open(self, first: Any) -> Iterator[_Way]:  # noqa: ANN401 - a result row
        own = (first.recipient, first.channel)
        return (w for w in self._all(first) if w.key not in self._closed and (w.values["recipient"], w.values["channel"]) != own)

    def _all(self, first: Any) -> Iterator[_Way]:  # noqa: ANN401 - a result row
        """Every way that the chain of a family's first message knows, in order, whether or not it was taken."""
        matter = first.dedupe_key.rsplit(":", 2)[0]
        for step in chain_of(first.notice, first.channel, haste=first.haste, resident=first.requester_id is not None):
            kind = self._setup.kind(step.channel)
            values = None if kind is None else self._who(first, step, kind)
            if values is not None:
                yield _Way(f"{matter}:{values['recipient']}:{step.channel}", {**values, "channel": step.channel})

    def _who(self, first: Any, step: Step, kind: AddressKind) -> dict[str, Any] | None:  # noqa: ANN401 - a result row
        """Whom a step tells; None: nobody, or somebody who may not know or has no such address."""
        if first.sensitive is not None and (step.who is Who.DUTY or kind is AddressKind.NONE):
            return None  # anybody may pick up that phone, or read along
        if first.requester_id is not None:
            return {"requester_id": first.requester_id, "recipient": recipient_of(None, first.requester_id)}
        person = self._known.by_id.get(first.staff_id)
        if person is None:
            return None
        if step.who is Who.DUTY:
            return self._duty(person)
        told = person if step.who is Who.SAME else self._known.by_id.get(person.deputy_id or 0)
        if told is None or not self._may_hear(told, first, kind):
            return None
        instead = {"instead_of": person.name} if told is not person else {}
        return {"staff_id": told.id, "recipient": recipient_of(told.id, None), "about": {**first.about, **instead}}

    def _may_hear(self, person: Person, first: Any, kind: AddressKind) -> bool:  # noqa: ANN401 - a result row
        there = self._people.get(person.id)
        if there is None or not there.here or (first.sensitive is not None and person.id not in first.readers):
            return False
        return kind is AddressKind.NONE or bool(getattr(there, kind.value))

    def _duty(self, person: Person) -> dict[str, Any] | None:
        """The duty phone of somebody's unit, else of the nearest one above it by supervision that has one."""
        units, unit, seen = self._known.units, self._known.present(person.unit_id), set()
        while unit not in self._phones:
            seen.add(unit)
            above = units[unit].supervising_id
            if above is None or above in seen:
                return None
            unit = above
        return {"unit_id": unit, "recipient": recipient_of(None, None, unit)}


def _child(lost: Any, first: Any, way: _Way, now: datetime) -> Change:  # noqa: ANN401 - result rows
    return {
        "dedupe_key": way.key,
        "case_id": first.case_id,
        "seq": first.seq,
        "notice": first.notice,
        "staff_id": None,
        "requester_id": None,
        "unit_id": None,
        "haste": first.haste,
        "useful_until": first.useful_until,
        "about": first.about,
        **way.values,
        "state": State.QUEUED.value,
        "queued_at": now,
        "attend_at": now,
        "fallback_of_id": lost.id,
    }

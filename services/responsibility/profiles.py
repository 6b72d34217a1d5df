"""三亮 (亮身份、亮职责、亮承诺): who holds a case or works a grid, with duty and promise, for everybody to read; nothing of reporters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, Journal, Profile, WorkOrder, connection_of, table
from rules.facts import FINAL, STEP_OF, OrderState, Refused, State
from services.catalogue import Catalogue, Named, Person, catalogue
from services.mechanisms import is_on, require
from services.recipients import Roll
from services.responsibility.asking import Answer, Matter, answer
from services.responsibility.duties import Duty, Origin, Row, duties, in_force, posts, professional
from services.responsibility.grids import grid_id_of
from services.responsibility.offices import in_office
from services.responsibility.reference import SLOTS, WORKER_A

_case, _journal, _order, _profile = table(Case), table(Journal), table(WorkOrder), table(Profile)
_FACTS: Final = ("id", "no", "state", "category", "place", "area_unit_id", "sensitive")
#: What is no case of the loop.
_NOT_PUBLIC: Final = frozenset({State.NOTED, State.BESIDE})
HOLDS, RESPONSIBLE, HANDLED = "holds", "responsible", "handled"


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of one unit or person.

    Attributes:
        role: Why it is shown: `holds`, `responsible`, `handled`; on a grid a slot (`head`, `a`, …) or a professional line.
        unit: The unit's name.
        post: The person's post; None: the unit as a whole.
        name: Own name, where the person lets it be shown.
        duty: What is this one's to do; empty: nothing published.
        promise: What is promised.
        there: Whether anybody is there for it now.
    """

    role: str
    unit: Named
    post: Named | None
    name: str | None
    duty: Named
    promise: Named
    there: bool


@dataclass(frozen=True, slots=True)
class OfCase:
    """A case as the public page shows it: its number, the step it is in, and whose it is."""

    no: str
    step: str
    ended: bool
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class OfGrid:
    """A grid as the public page shows it: its people and lines, and how many hold each of the five offices."""

    code: str
    name: Named
    cards: tuple[Card, ...]
    offices: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Holder:
    """Whose a case is: the unit, and the person it gave the work to, where it named one."""

    unit_id: int | None
    person: Person | None


@dataclass(frozen=True, slots=True)
class _Wall:
    """Profiles in force, by unit and person (None: the unit as a whole), and who is there."""

    known: Catalogue
    roll: Roll
    rows: Mapping[tuple[int, int | None], Row]

    def card(self, role: str, unit_id: int, person: Person | None, *, promise: str = "", there: bool = True) -> Card:
        """The card of a person, else of the unit; a promise of the letter goes before that of the profile."""
        own = self.rows.get((person.unit_id, person.id)) if person is not None else None
        row = own or self.rows.get((unit_id, None)) or {}
        name = own["shown_name"] if own else None
        post = person.title if person is not None else None
        promised = Named(promise, promise) if promise else _both(row, "promise")
        return Card(role, self.known.names[unit_id], post, name, _both(row, "duty"), promised, there)


def _both(row: Row, name: str) -> Named:
    """A text in both languages; where there is no English one the Chinese stands for it."""
    zh = str(row.get(f"{name}_zh") or "")
    return Named(zh, str(row.get(f"{name}_en") or "") or zh)


def _wall(session: Session, known: Catalogue, units: Iterable[int], now: datetime) -> _Wall:
    wanted = select(_profile).where(_profile.c.since <= now, _profile.c.unit_id.in_(sorted(set(units))))
    rows = in_force([dict(r) for r in connection_of(session).execute(wanted).mappings()], lambda r: (r["unit_id"], r["staff_id"]), now)
    return _Wall(known, Roll(known, now), {(row["unit_id"], row["staff_id"]): row for row in rows})


def profile_of_case(session: Session, no: str, now: datetime) -> OfCase:
    """Who holds a case now and who is responsible for its place and matter, as everybody may read it.

    A sensitive case, and what is beside the loop, is not there for the public.

    Args:
        session: The unit of work; nothing is changed.
        no: Number of the case.
        now: The moment, aware UTC.

    Raises:
        Refused: `mechanism_off`; `unknown_case`.
    """
    require(session, "profiles")
    found = select(*(_case.c[name] for name in _FACTS)).where(_case.c.no == no.strip().upper(), _case.c.sensitive.is_(None))
    case = connection_of(session).execute(found).mappings().one_or_none()
    if case is None or State(case["state"]) in _NOT_PUBLIC:
        raise Refused("unknown_case", case=no)
    known, state = catalogue(session), State(case["state"])
    holder, who = _holding(session, dict(case), known, now), _responsible(session, dict(case), known, now)
    units = {holder.unit_id, who.unit_id, *(p.unit_id for p in (holder.person, who.person, who.there.person) if p is not None)}
    wall = _wall(session, known, {unit for unit in units if unit is not None}, now)
    held = [] if holder.unit_id is None else [wall.card(HANDLED if state in FINAL else HOLDS, holder.unit_id, holder.person)]
    return OfCase(case["no"], STEP_OF[state].value, state in FINAL, (*held, *_answers(who, wall)))


def _responsible(session: Session, case: Row, known: Catalogue, now: datetime) -> Answer:
    """Who is responsible for the case's place and matter; where the matrix is off, a gap."""
    line = known.line(case["area_unit_id"])
    there_is = duties(session, line, now) if is_on(session, "responsibility") else []
    return answer(there_is, known, Roll(known, now), Matter(line, case["category"], case["place"]))


def _answers(who: Answer, wall: _Wall) -> Iterator[Card]:
    if who.duty is not None and who.unit_id is not None:
        person, there = who.there.person or who.person, who.there.person is not None
        yield wall.card(RESPONSIBLE, who.unit_id, person, promise=_promised(who.duty), there=there)


def _promised(duty: Duty) -> str:
    return duty.promise if duty.origin is Origin.MATRIX else ""


def _holding(session: Session, case: Row, known: Catalogue, now: datetime) -> _Holder:
    """The unit that holds the case, or held it last, and the person it gave the work to."""
    run = connection_of(session).execute
    held = select(_journal.c.ball_unit_id).where(_journal.c.case_id == case["id"], _journal.c.ball_unit_id.is_not(None))
    unit_id = run(held.order_by(_journal.c.seq.desc()).limit(1)).scalar()
    if unit_id is None:
        return _Holder(None, None)
    live = (_order.c.case_id == case["id"], _order.c.unit_id == unit_id, _order.c.state != OrderState.RECALLED.value)
    given = select(_order.c.handler_id).where(*live, _order.c.handler_id.is_not(None)).order_by(_order.c.no.desc())
    handler = run(given.limit(1)).scalar()
    return _Holder(known.present(unit_id), known.by_id.get(handler) if handler is not None else _of_grid(session, unit_id, known, now))


def _of_grid(session: Session, unit_id: int, known: Catalogue, now: datetime) -> Person | None:
    """Who works a grid now, where the unit is one: A, else B."""
    if known.units[unit_id].kind != "GRID" or not is_on(session, "staffing"):
        return None
    rows = sorted((row for row in posts(session, [unit_id], now) if row["slot"] != SLOTS[0]), key=lambda row: SLOTS.index(row["slot"]))
    there = Roll(known, now).there([row["staff_id"] for row in rows])
    return there[0] if there else None


def profile_of_grid(session: Session, code: str, now: datetime) -> OfGrid:
    """A grid's people, the professional lines on it, and how many hold each of the five offices, as everybody may read it.

    Raises:
        Refused: `mechanism_off`; `not_a_grid`.
    """
    require(session, "profiles")
    known = catalogue(session)
    grid = grid_id_of(known, code)
    held = posts(session, [grid], now) if is_on(session, "staffing") else []
    lines = professional(session, [grid], now) if is_on(session, "professional_grids") else []
    people = [known.by_id[row["staff_id"]] for row in (*held, *lines) if row["staff_id"] is not None]
    wall = _wall(session, known, {grid, *(p.unit_id for p in people), *(known.present(row["unit_id"]) for row in lines)}, now)
    cards = [*_posts(held, grid, wall), *_lines(lines, wall)] or [wall.card(WORKER_A, grid, None)]
    tags = [tag["office"] for tag in in_office(session, [grid], now)]
    return OfGrid(known.units[grid].code, known.names[grid], tuple(cards), {office: tags.count(office) for office in dict.fromkeys(tags)})


def _posts(rows: Sequence[Row], grid: int, wall: _Wall) -> Iterator[Card]:
    for row in sorted(rows, key=lambda row: SLOTS.index(row["slot"])):
        person = wall.known.by_id[row["staff_id"]]
        yield wall.card(row["slot"], grid, person, there=bool(wall.roll.there([person.id])))


def _lines(rows: Sequence[Row], wall: _Wall) -> Iterator[Card]:
    for row in sorted(rows, key=lambda row: row["line"]):
        unit_id = wall.known.present(row["unit_id"])
        person = wall.known.by_id.get(row["staff_id"]) if row["staff_id"] is not None else None
        yield wall.card(row["line"], unit_id, person)

"""Who is responsible for this place and this matter today: one question, one answer, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from rules.facts import Refused
from services.catalogue import Catalogue, Person, catalogue
from services.mechanisms import require
from services.recipients import Roll
from services.responsibility.duties import Duty, Origin, duties
from services.responsibility.reference import names_of

APART: Final = "、"  #: between the places that one row names
_BY_MATTER: Final = ("by_category", "by_line", "by_family", "by_any")
_ORIGINS: Final = {origin: i for i, origin in enumerate(Origin)}


@dataclass(frozen=True, slots=True)
class There:
    """Who is there for a post now.

    Attributes:
        person: None: nobody.
        how: `self`, `deputy` (of the letter), `own_deputy`, `roster`, `unit` (where no person is named) or `nobody`.
    """

    person: Person | None
    how: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Who is responsible.

    Attributes:
        duty: The row that decides; None: there is none, a gap.
        unit_id: The responsible unit as it is today; None: a gap.
        person: Whose duty it is; None: of the unit as a whole, or a gap.
        there: Who is there for it now.
        reasons: Why this row, the weightiest first, as codes worded under `[responsibility_reason]`.
        beaten: Rows that hold as well, the nearest first.
    """

    duty: Duty | None
    unit_id: int | None
    person: Person | None
    there: There
    reasons: tuple[str, ...]
    beaten: tuple[Duty, ...] = ()


_GAP: Final = Answer(None, None, None, There(None, "nobody"), ("gap",))


def responsible(session: Session, area_unit_id: int, category: str | None, now: datetime, place: str = "") -> Answer:
    """Who is responsible for a place and a matter at this moment, and why.

    Of the rows that hold the most specific one decides: one that names the place in words, then the one that names the matter more
    closely (category, professional line, family, any), then that of the smaller area; a signed letter goes before a professional grid,
    and that before the grid's own workers. Then who is there: the person, the deputy, who is on the unit's duty roster.

    Args:
        session: The unit of work; nothing is changed.
        area_unit_id: Smallest unit whose area it lies in.
        category: Code of the category; None: not known yet.
        now: The moment, aware UTC.
        place: The place in words, e.g. `湖滨南路23号`.

    Raises:
        Refused: `mechanism_off`; `unknown_area`; `unknown_category`.
    """
    require(session, "responsibility")
    known = catalogue(session)
    if area_unit_id not in known.units:
        raise Refused("unknown_area", area=area_unit_id)
    if category is not None and category not in known.categories:
        raise Refused("unknown_category", category=category)
    line = known.line(area_unit_id)
    return answer(duties(session, line, now), known, Roll(known, now), Matter(line, category, place))


@dataclass(frozen=True, slots=True)
class Matter:
    """What is asked about: the units whose area it lies in, nearest first; the category; the place in words."""

    line: Sequence[int]
    category: str | None
    place: str = ""


def answer(found: Iterable[Duty], known: Catalogue, roll: Roll, matter: Matter) -> Answer:
    """The answer out of duties that were read already; for many matters at once."""
    names = names_of(known, matter.category)
    near = {unit: i for i, unit in enumerate(matter.line)}
    holding = [duty for duty in found if duty.matter in names and duty.area_id in near and _lies_in(duty.section, matter.place)]
    if not holding:
        return _GAP
    first, *rest = sorted(holding, key=lambda duty: _rank(duty, names, near))
    person = known.by_id.get(first.staff_id) if first.staff_id is not None else None
    reasons = (
        *(("by_section",) if first.section else ()),
        _BY_MATTER[names[first.matter]],
        "in_area" if near[first.area_id] == 0 else "above_area",
        f"from_{first.origin}",
    )
    return Answer(first, known.present(first.unit_id), person, there(first, known, roll), reasons, tuple(rest))


def _rank(duty: Duty, names: Mapping[str, int], near: Mapping[int, int]) -> tuple[object, ...]:
    return not duty.section, names[duty.matter], near[duty.area_id], _ORIGINS[duty.origin], -duty.since.timestamp(), duty.id


def _lies_in(section: str, place: str) -> bool:
    """Whether a place in words is one of those that a row names; a row that names none holds everywhere."""
    plain = "".join(place.split())
    return not section or any(each in plain for each in ("".join(part.split()) for part in section.split(APART)) if each)


def there(duty: Duty, known: Catalogue, roll: Roll) -> There:
    """Who is there for a duty now: the person, the deputy of the letter, the person's own deputy, who is on duty for the unit.

    Of a duty in no person's name: anybody of the unit.
    """
    person = known.by_id.get(duty.staff_id) if duty.staff_id is not None else None
    unit_id = known.present(duty.unit_id)
    on_duty = [d.person_id for d in known.duties if d.unit_id == unit_id and d.covers(roll.now)]
    for how, ids in (
        ("unit", [p.id for p in known.by_unit.get(unit_id, ())] if duty.staff_id is None else []),
        ("self", [duty.staff_id]),
        ("deputy", [duty.deputy_id]),
        ("own_deputy", [person.deputy_id if person else None]),
        ("roster", on_duty),
    ):
        present = roll.there([i for i in ids if i is not None])
        if present:
            return There(present[0], how)
    return There(None, "nobody")

"""现场交办: a problem is written down on the spot and handed out at once, as a case or under a supervision order, with a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, connection_of, table
from rules.facts import FINAL, Actor, Refused, State, Thing
from rules.worktime import Limit, after, budget_of, instant, seconds
from services.affairs import Ref, sheet
from services.affairs import find as find_affair
from services.catalogue import Catalogue, catalogue
from services.inspections.planning import CODE
from services.intake import Report, submit
from services.mechanisms import require
from services.moves import Intent, Setting, make_moves, one
from services.supervision.opening import Spot, Wish, note, open_on

HOWS: Final = ("case", "order")
_case, _affair, _part = table(Case), table(Affair), table(AffairPart)
#: Cases on which nobody works any more, or that are none.
_OVER: Final = sorted(state.value for state in (*FINAL, State.BESIDE))


@dataclass(frozen=True, slots=True)
class Found:
    """A problem that was found.

    Attributes:
        problem: What it is.
        place: Where.
        unit: Code of the unit that has to put it right.
        item: Code of an item of the checklist.
        due: Limit for putting it right, e.g. `3wd`.
        area: Code of the unit in whose area it is; None: that of the site, or the district.
        quantity: How many of it there are; measure: of what.
        case: Number of a case that is about it already.
        how: `case`, or `order`: straight under a supervision order, as a problem that is no case.
        before: What shows it: sentences, and kept files (`Kept.as_evidence`).
    """

    problem: str
    place: str
    unit: str
    item: str = ""
    due: str = ""
    area: str | None = None
    quantity: int | None = None
    measure: str = ""
    case: str | None = None
    how: str = "case"
    before: tuple[str | Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A finding: its number within the inspection's file, the case, and the supervision order on it (case number#entry) if there is one.

    Attributes:
        known: The case was open already.
    """

    part: int
    case_no: str | None = None
    order: str | None = None
    known: bool = False


def find(session: Session, no: str, found: Found, actor: Actor, setting: Setting) -> HandedOut:
    """Write a problem down, and hand it out at once where a limit is given; all or nothing.

    Args:
        session: The unit of work; must be given up when this raises.
        no: Number of the inspection.
        found: The problem.
        actor: One of the inspectors.
        setting: The instant.

    Raises:
        Refused: `mechanism_off`, `unknown_affair`, `not_an_inspector`, `unknown_item`, `unknown_unit`, `finding_missing`,
            `quantity_wrong`, and as `hand_out`.
    """
    require(session, CODE)
    ref, known = find_affair(session, no, Thing.INSPECTION), catalogue(session)
    unit = known.unit_ids.get(found.unit)
    if unit is None:
        raise Refused("unknown_unit", unit=found.unit)
    item = _item(session, ref, found.item)
    args = {
        **{name: getattr(found, name) for name in ("problem", "place", "item", "quantity", "measure", "before")},
        **{"unit": unit, "category": item.get("category", "")},
    }
    one(make_moves(session, [Intent(ref.case_id, "find_problem", actor, Thing.INSPECTION, ref.seq, args)], setting))
    newest = select(func.max(_part.c.no)).where(_part.c.case_id == ref.case_id, _part.c.seq == ref.seq)
    part = int(connection_of(session).execute(newest).scalar_one())
    return hand_out(session, no, part, found, actor, setting) if found.due else HandedOut(part)


def _item(session: Session, ref: Ref, code: str) -> dict[str, str]:
    """One item of the inspection's checklist; nothing where none is named.

    Raises:
        Refused: `unknown_item`.
    """
    data = (
        connection_of(session)
        .execute(select(_affair.c.data).where(_affair.c.case_id == ref.case_id, _affair.c.seq == ref.seq))
        .scalar_one()
    )
    items: dict[str, dict[str, str]] = {each["code"]: each for each in data["checklist"]}
    if code and code not in items:
        raise Refused("unknown_item", given=code, known=", ".join(items))
    return items.get(code, {})


def hand_out(session: Session, no: str, part: int, found: Found, actor: Actor, setting: Setting) -> HandedOut:
    """Hand a finding out: a case of its own; where one is open already, that gets a supervision order instead of a second case.

    Raises:
        Refused: `mechanism_off`, `unknown_affair`, `not_an_inspector`, `limit_unreadable`, `unknown_case`, `unknown_how`, and what
            intake and supervision say; the unit of work must then be given up.
    """
    require(session, CODE)
    ref, known = find_affair(session, no, Thing.INSPECTION), catalogue(session)
    if found.how not in HOWS:
        raise Refused("unknown_how", given=found.how, known=", ".join(HOWS))
    limit, unit = _limit(found.due), known.unit_ids[found.unit]
    label, item = f"{ref.no}#{part}", _item(session, ref, found.item)
    there = found.case or _open_already(session, known, found, item.get("category", ""))
    wish = Wish(unit, found.problem, str(limit), before=found.before)
    order = None
    if there is not None and unit not in known.gentle:
        order = open_on(session, [there], wish, actor, setting)
    elif there is None and found.how == "order":
        order = note(session, Spot(found.area or known.units[known.district_id].code, found.place, found.problem), wish, actor, setting)
    case_no = order.case_no if order else there or _new_case(session, known, found, limit, label, actor, setting)
    case_id = connection_of(session).execute(select(_case.c.id).where(_case.c.no == case_no.strip().upper())).scalar_one_or_none()
    if case_id is None:
        raise Refused("unknown_case", case=case_no)
    args = {"due": str(limit), "other": case_id, "order": order.seq if order else None, "how": "order" if order else "case"}
    one(make_moves(session, [Intent(ref.case_id, "hand_out", actor, Thing.FINDING, part, args)], setting))
    return HandedOut(part, case_no, order.label if order else None, known=there is not None)


def written(session: Session, no: str, part: int, reader: Actor) -> Found:
    """A finding as it was written down.

    Raises:
        Refused: `unknown_affair`, `no_such_finding`.
    """
    found = sheet(session, no, reader)
    row = next((p for p in found.parts if p["no"] == part), None)
    if found.affair["thing"] != Thing.INSPECTION or row is None:
        raise Refused("no_such_finding", part=part)
    data, unit = row["data"], catalogue(session).units[row["unit_id"]].code
    return Found(row["title"], data["place"], unit, data["item"], quantity=row["quantity"], measure=row["measure"])


def _limit(text: str) -> Limit:
    try:
        return Limit.parse(text)
    except ValueError as problem:
        raise Refused("limit_unreadable", given=text) from problem


def _open_already(session: Session, known: Catalogue, found: Found, category: str) -> str | None:
    """The oldest open case of this category at this place: the same address, in the same area where one is named."""
    if not category or not found.place.strip():
        return None
    wanted = [_case.c.category == category, func.trim(_case.c.place) == found.place.strip(), _case.c.state.not_in(_OVER)]
    if found.area is not None:
        area = known.unit_ids[found.area]
        below = [u.id for u in known.units.values() if area in known.line(u.id)]
        wanted.append(_case.c.area_unit_id.in_([*known.line(area), *below]))
    query = select(_case.c.no).where(*wanted, _case.c.sensitive.is_(None)).order_by(_case.c.id).limit(1)
    return connection_of(session).execute(query).scalar()


def _new_case(session: Session, known: Catalogue, found: Found, limit: Limit, label: str, actor: Actor, setting: Setting) -> str:
    """A case like any other, from an inspection; the day by which it is to be put right binds it."""
    amount = f"（{found.quantity}{found.measure}）" if found.quantity else ""
    due = due_of(limit, setting.now, known, known.unit_ids[found.unit])
    report = Report(
        f"{found.problem}{amount}"[:200],
        f"{found.problem}{amount}\n{found.place}",
        source="inspection",
        area=found.area,
        place=found.place,
        due_at=due,
        due_note=label,
        key=f"finding:{label}",
    )
    (done,) = submit(session, [report], setting, actor)
    return done.no


def due_of(limit: Limit, now: datetime, known: Catalogue, unit_id: int) -> datetime:
    """The moment at which a limit that begins now is up for a unit."""
    calendar = known.calendar_of(unit_id)
    budget = budget_of(limit, seconds(now), calendar)
    return instant(after(seconds(now), budget, None if limit.natural else calendar))

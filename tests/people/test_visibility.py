"""Who sees which cases: one condition, held against a plain account of it for everybody of the demonstration district."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, text, update

from models import Affair, AffairCase, AffairPart, Case, Database, SupervisionOrder, WorkOrder, begin_write, table
from rules.facts import Actor
from services.catalogue import Catalogue, catalogue
from services.intake import submit
from services.moves import Setting
from services.visibility import check_visible, is_visible, visible_cases
from tests.support.website import DRAIN, NOW
from web.intake import HandedIn

TERRITORY = ("GRID", "COMMUNITY", "SUBDISTRICT", "DISTRICT")
AREAS = ("chenguang-1", "chenguang", "hubin", "chenghu", "guiyuan-2", "dukou-1", "wanghai")
#: What is hung on a case, by its place in the row of cases: work orders (unit, section), supervision orders, affairs.
ORDERS: Mapping[int, tuple[tuple[str, str | None], ...]] = {
    1: (("water", None),),
    2: (("water", None), ("municipal", None)),
    3: (("hubin", "guiyuan"),),
    4: (("urban", None),),
    22: (("water", None),),
    23: (("water", None),),
}
SUPERVISED = {5: "housing", 6: "dukou", 24: "water"}
#: Case → (unit in whose charge it is, person, hidden, units of parts, persons of parts, further case).
AFFAIRS: Mapping[int, tuple[str | None, str | None, bool, tuple[str, ...], tuple[str, ...], int | None]] = {
    7: ("planning", None, False, ("water", "urban"), (), 8),
    9: ("planning", None, True, ("water",), ("municipal.clerk",), 10),
    11: (None, "urban.head", False, (), ("housing.clerk", "dukou-1.worker"), None),
    25: ("water", None, False, (), (), None),
}
ENTERED = {12: "water.clerk", 13: "dukou-1.worker", 26: "municipal.clerk"}
#: Sensitive: who reads it.
SENSITIVE: Mapping[int, tuple[str, ...]] = {20: (), 21: ("water.head",), 22: ("hubin.clerk",), 24: (), 25: ("centre.duty",), 26: ()}
BESIDE = (23, 27)
CASES = 28


def prepared(database: Database) -> Catalogue:
    """Some thirty cases with every reason to see one, most of them twice: plain and sensitive."""
    with database.unit_of_work() as session:
        reports = [HandedIn.model_validate({**DRAIN, "area": AREAS[n % len(AREAS)]}).report(None) for n in range(CASES)]
        submit(session, reports, Setting(NOW))
    with database.unit_of_work() as session:
        begin_write(session)
        known, run = catalogue(session), session.connection().execute
        unit, person = known.unit_ids, {name: each.id for name, each in known.people.items()}
        for n in range(CASES):
            case_id = n + 1
            values: dict[str, Any] = {"entered_by": ENTERED.get(n)}
            if n in SENSITIVE:
                values |= {"sensitive": "minor", "readers": [person[name] for name in SENSITIVE[n]]}
            if n in BESIDE:
                values |= {"state": "beside"}
            run(update(table(Case)).where(table(Case).c.id == case_id).values(**values))
            for no, (to, section) in enumerate(ORDERS.get(n, ()), start=1):
                row = {"case_id": case_id, "no": no, "unit_id": unit[to], "assigned_unit_id": unit[section] if section else None}
                run(insert(table(WorkOrder)), [row | {"lead": no == 1, "state": "working", "sent_at": NOW}])
            if n in SUPERVISED:
                told = {"case_id": case_id, "seq": 1, "unit_id": unit[SUPERVISED[n]], "form": "order", "state": "issued", "reason": "x"}
                run(insert(table(SupervisionOrder)), [told | {"proposed_at": NOW, "proposed_by": "centre.duty"}])
            if n in AFFAIRS:
                _affair(run, n, unit, person)
        return known


def _affair(run: Any, n: int, unit: Mapping[str, int], person: Mapping[str, int]) -> None:
    owner, staff, hidden, units, people, further = AFFAIRS[n]
    keys = {"case_id": n + 1, "seq": 1}
    row = {"thing": "whistle", "no": f"CS-20261120-{n:04d}", "state": "open", "title": "x", "area_unit_id": 1, "hidden": hidden}
    whose = {"unit_id": unit.get(owner or ""), "staff_id": person.get(staff or "")}
    run(insert(table(Affair)), [keys | row | whose | {"opened_at": NOW, "opened_by": "centre.duty"}])
    parts = [{"unit_id": unit[each], "staff_id": None} for each in units] + [{"unit_id": None, "staff_id": person[each]} for each in people]
    for no, part in enumerate(parts, start=1):
        run(insert(table(AffairPart)), [keys | part | {"no": no, "thing": "called", "state": "asked", "added_at": NOW}])
    if further is not None:
        run(insert(table(AffairCase)), [{"home_id": n + 1, "seq": 1, "case_id": further + 1}])


class Plainly:
    """The same said once more in plain words, over the tables above and the tree of units."""

    def __init__(self, known: Catalogue) -> None:
        self.known = known
        self.units = {u.code: u for u in known.units.values()}

    def line(self, code: str) -> list[str]:
        found, unit = [], self.units[code]
        while True:
            found.append(unit.code)
            if unit.parent_id is None:
                return found
            unit = self.known.units[unit.parent_id]

    def top(self, code: str) -> str:
        """The whole of which a unit is a section: the highest above it without leaving its own kind."""
        kinds = self.units
        highest = code
        for above in self.line(code):
            if kinds[above].kind != kinds[code].kind:
                break
            highest = above
        return highest

    def works_for(self, mine: str, other: str) -> bool:
        """Whether what a unit has to do is my unit's: it is mine, one of which mine is a section, or a section of mine."""
        alike = self.units[mine].kind == self.units[other].kind
        whole = [c for c in self.line(mine) if self.top(mine) in self.line(c)]
        return alike and (other in whole or mine in self.line(other))

    def sees(self, viewer: Actor, n: int) -> bool:
        assert viewer.unit_id is not None
        mine, area, role = self.known.units[viewer.unit_id].code, AREAS[n % len(AREAS)], next(iter(viewer.roles))
        if n in BESIDE:
            return False
        centre = self.units[mine].kind == "GRID_CENTRE"
        place = self.line(mine)[1] if centre else self.top(mine)
        if n in SENSITIVE:
            signs = role == "duty_leader" or (role == "head" and centre and place in self.line(area))
            return signs or viewer.name in SENSITIVE[n]
        if role == "admin" or ENTERED.get(n) == viewer.name:
            return True
        if self.units[place].kind in TERRITORY and place in self.line(area):
            return True
        concerned = [unit for order in ORDERS.get(n, ()) for unit in order if unit]
        concerned += [SUPERVISED[n]] if n in SUPERVISED else []
        for home, (owner, staff, hidden, units, people, further) in AFFAIRS.items():
            if n in (home, further) and not hidden:
                concerned += [*units, *([owner] if owner else [])]
                if viewer.name in (staff, *people):
                    return True
        return any(self.works_for(mine, unit) for unit in concerned)


def test_everybody_of_the_district_sees_what_the_plain_account_says(database: Database) -> None:
    known = prepared(database)
    plainly = Plainly(known)
    kinds = set()
    with database.unit_of_work() as session:
        for name, person in known.people.items():
            viewer = known.actor(name)
            rows = session.connection().execute(select(table(Case).c.id).where(visible_cases(session, viewer))).scalars()
            found = {case_id - 1 for case_id in rows}
            assert found == {n for n in range(CASES) if plainly.sees(viewer, n)}, name
            kinds.add((person.role, known.units[person.unit_id].kind))
        for nobody in (Actor("web"), Actor("resident", resident_id=1), Actor("system", system=True)):
            assert session.connection().execute(select(table(Case).c.id).where(visible_cases(session, nobody))).first() is None
    assert len(kinds) >= 15, "every role in every kind of unit that has it"
    assert {role for role, _ in kinds} == {"clerk", "head", "worker", "dispatcher", "duty_leader", "admin"}


def test_one_case_is_judged_alike_and_a_hidden_one_like_none(sqlite_database: Database) -> None:
    known = prepared(sqlite_database)
    with sqlite_database.unit_of_work() as session:
        water = known.actor("water.clerk")
        assert is_visible(session, water, "BH-20261120-0002")
        check_visible(session, water, "BH-20261120-0002")
        refused = []
        for no in ("BH-20261120-0021", "BH-20261120-0005", "BH-20261120-9999"):
            assert not is_visible(session, water, no)
            try:
                check_visible(session, water, no)
            except Exception as refusal:
                refused.append((type(refusal).__name__, refusal.code))  # type: ignore[attr-defined]
        assert refused == [("Refused", "unknown_case")] * 3


def test_what_concerns_a_department_is_found_by_indexes(sqlite_database: Database) -> None:
    known = prepared(sqlite_database)
    with sqlite_database.unit_of_work() as session:
        wanted = select(table(Case).c.no).where(visible_cases(session, known.actor("water.clerk")))
        compiled = str(wanted.compile(session.connection(), compile_kwargs={"literal_binds": True}))
        plan = [str(row[3]) for row in session.connection().execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
    large = ("case_file", "work_order", "supervision_order", "affair_part")
    assert not [step for step in plan if step.startswith(tuple(f"SCAN {each}" for each in large))], plan

"""The routing catalogue as the rules use it: who is found, whom duty lists spare, where a case may be held on its way."""

from dataclasses import replace

import pytest

import seeds
from rules.facts import Level
from rules.remits import EVERYTHING, By, RouteRow, Routing
from rules.routing import (
    OFF_COMMUNITY,
    OUTSIDE,
    UnitFacts,
    Wanted,
    breach,
    downwards,
    duty_list,
    find_route,
    held_at_first_of,
    holder_at,
    line_of,
    serving,
    standing,
    upwards,
)

DISTRICT, CENTRE, WATER, MUNICIPAL, STREET, COMMUNITY, GRID, ESTATE, OTHER = range(1, 10)
UNITS = {
    unit.id: unit
    for unit in (
        UnitFacts(DISTRICT, "city", "DISTRICT", None, None, True, "district"),
        UnitFacts(CENTRE, "centre", "GRID_CENTRE", DISTRICT, DISTRICT, True, "district"),
        UnitFacts(WATER, "water", "WATER", DISTRICT, CENTRE, False, "district"),
        UnitFacts(MUNICIPAL, "municipal", "MUNICIPAL", DISTRICT, CENTRE, False, "district"),
        UnitFacts(STREET, "street", "SUBDISTRICT", DISTRICT, DISTRICT, True, "street"),
        UnitFacts(COMMUNITY, "community", "COMMUNITY", STREET, STREET, True, "community"),
        UnitFacts(GRID, "grid", "GRID", COMMUNITY, COMMUNITY, True, "grid"),
        UnitFacts(ESTATE, "estate", "PROPERTY", COMMUNITY, COMMUNITY, True, "outside"),
        UnitFacts(OTHER, "other", "WATER", STREET, STREET, True, "outside"),
    )
}
LINE = line_of(GRID, UNITS)
LAMP = Wanted("A03", "component", "MUNICIPAL", ("PROPERTY",))
NOISE = Wanted("F01", "event", "SUBDISTRICT", ("COMMUNITY",))


def routing(*rows: RouteRow, **lists: set[str]) -> Routing:
    return Routing(3, rows, {unit: frozenset(found) for unit, found in lists.items()})


def row(line: int, category: str, owner: By, lead: str, area: str | None = None, *co: str) -> RouteRow:
    return RouteRow(line, category, area, owner.value, lead, co, f"basis {line}")


def retired(unit_id: int, successor_id: int | None) -> dict[int, UnitFacts]:
    return {**UNITS, unit_id: replace(UNITS[unit_id], retired=True, successor_id=successor_id)}


# rows


def test_without_a_row_the_kinds_of_the_category_answer() -> None:
    found = find_route(routing(), LAMP, LINE, UNITS)
    assert (found.lead, found.co, found.row) == (MUNICIPAL, (ESTATE,), None)
    assert found.told() == {"version": 3, "by": "kind", "named": "MUNICIPAL", "lead": "municipal"}


def test_a_component_goes_by_owner_first_and_an_event_by_area_first() -> None:
    for wanted, first in ((LAMP, By.OWNER), (NOISE, By.AREA)):
        rows = (row(1, wanted.category, By.OWNER, "estate", "city"), row(2, wanted.category, By.AREA, "water", "grid"))
        assert (find_route(routing(*rows), wanted, LINE, UNITS).lead == ESTATE) is (first is By.OWNER)


def test_the_other_chain_is_asked_when_the_first_has_no_row() -> None:
    assert find_route(routing(row(1, "A03", By.AREA, "water")), LAMP, LINE, UNITS).lead == WATER
    assert find_route(routing(row(1, "F01", By.OWNER, "estate")), NOISE, LINE, UNITS).lead == ESTATE


def test_the_nearer_area_wins_and_everywhere_comes_last() -> None:
    leads = {"grid": "estate", "community": "street", "street": "municipal", "city": "centre", None: "water"}
    rows = [row(i, "A03", By.OWNER, lead, area) for i, (area, lead) in enumerate(leads.items(), 1)]
    for i, lead in enumerate(leads.values()):
        found = find_route(routing(*reversed(rows[i:])), LAMP, LINE, UNITS)
        assert found.lead is not None
        assert UNITS[found.lead].code == lead
        assert found.told() == {"version": 3, "by": "owner", "named": lead, "lead": lead, "line": i + 1, "basis": f"basis {i + 1}"} | (
            {"area": rows[i].area} if rows[i].area else {}
        )


def test_a_row_of_another_area_or_category_says_nothing() -> None:
    beside = row(1, "A03", By.OWNER, "estate", "beside"), row(2, "A01", By.OWNER, "estate")
    assert find_route(routing(*beside), LAMP, LINE, UNITS).lead == MUNICIPAL


def test_a_row_whose_lead_is_nowhere_is_passed_over_and_told() -> None:
    found = find_route(routing(row(1, "A03", By.OWNER, "FIRE", "grid"), row(2, "A03", By.OWNER, "WATER")), LAMP, LINE, UNITS)
    assert (found.lead, found.passed) == (OTHER, (1,))
    assert found.told()["passed"] == [1]


def test_what_is_missing_is_told() -> None:
    found = find_route(routing(row(1, "A03", By.OWNER, "municipal", None, "FIRE", "PROPERTY", "estate", "municipal")), LAMP, LINE, UNITS)
    assert (found.co, found.missing) == ((ESTATE,), ("FIRE",))
    assert find_route(routing(), replace(LAMP, lead="FIRE"), LINE, UNITS).lead is None


def test_kinds_alone_find_the_nearest_of_the_kind() -> None:
    assert serving("WATER", LINE, UNITS) == OTHER
    assert serving("WATER", (DISTRICT,), UNITS) == WATER
    found = find_route(routing(), replace(LAMP, lead="WATER", co=("PROPERTY", "FIRE")), LINE, UNITS)
    assert found.lead == OTHER
    assert (found.co, found.missing, found.refused) == ((ESTATE,), ("FIRE",), None)


# retired units


def test_a_retired_unit_is_never_chosen_its_successor_is() -> None:
    gone = retired(MUNICIPAL, WATER)
    by_kind = find_route(routing(), LAMP, LINE, gone)
    by_code = find_route(routing(row(1, "A03", By.OWNER, "municipal")), LAMP, LINE, gone)
    assert (by_kind.lead, by_code.lead, by_code.instead_of) == (WATER, WATER, "municipal")
    assert by_code.told()["instead_of"] == "municipal"


def test_the_successor_of_a_successor_is_found_and_a_circle_ends() -> None:
    assert standing(MUNICIPAL, {**retired(MUNICIPAL, WATER), WATER: replace(UNITS[WATER], retired=True, successor_id=STREET)}) == STREET
    assert standing(MUNICIPAL, retired(MUNICIPAL, None)) is None
    assert standing(MUNICIPAL, {**retired(MUNICIPAL, WATER), WATER: replace(UNITS[WATER], retired=True, successor_id=MUNICIPAL)}) is None


def test_a_row_for_a_unit_that_nobody_follows_is_passed_over() -> None:
    gone = retired(ESTATE, None)
    found = find_route(routing(row(1, "A03", By.OWNER, "estate", "grid")), LAMP, LINE, gone)
    assert (found.lead, found.passed, found.missing) == (MUNICIPAL, (1,), ("PROPERTY",))


def test_a_case_of_a_retired_grid_is_held_by_its_successor() -> None:
    twin = {**retired(GRID, 10), 10: replace(UNITS[GRID], id=10, code="twin")}
    assert holder_at(Level.GRID, LINE, twin) == 10


# duty lists


def test_a_unit_with_no_list_answers_for_anything() -> None:
    assert duty_list(WATER, routing(), UNITS) is None
    assert breach(WATER, "F01", routing(MUNICIPAL={"A03"}), UNITS) is None


def test_a_units_own_list_goes_before_that_of_its_kind() -> None:
    lists = routing(PROPERTY={"A03"}, estate={"F01"})
    assert duty_list(ESTATE, lists, UNITS) == frozenset({"F01"})
    assert breach(ESTATE, "A03", lists, UNITS) == OUTSIDE
    assert breach(ESTATE, "F01", lists, UNITS) is None


def test_a_grid_answers_for_what_its_community_does() -> None:
    assert duty_list(GRID, routing(COMMUNITY={"F01"}), UNITS) == frozenset({"F01"})
    assert duty_list(GRID, routing(COMMUNITY={"F01"}, GRID={"B03"}), UNITS) == frozenset({"B03"})
    assert duty_list(GRID, routing(SUBDISTRICT={"A01"}), UNITS) is None, "the street's list is the street's"
    assert (
        breach(GRID, "A03", routing(community={"F01"}), UNITS)
        == breach(COMMUNITY, "A03", routing(community={"F01"}), UNITS)
        == OFF_COMMUNITY
    )


def test_a_successor_answers_for_what_its_predecessors_did() -> None:
    lists = routing(MUNICIPAL={"A03"}, WATER={"A01"})
    assert duty_list(WATER, lists, retired(MUNICIPAL, WATER)) == frozenset({"A01", "A03"})
    assert find_route(lists, LAMP, LINE, retired(MUNICIPAL, WATER)).refused is None
    assert duty_list(WATER, lists, retired(MUNICIPAL, None)) == frozenset({"A01"})


def test_a_route_never_breaks_a_list() -> None:
    lists = routing(MUNICIPAL={"A04"}, PROPERTY={"E01"})
    found = find_route(lists, LAMP, LINE, UNITS)
    assert (found.refused, found.co, found.left_out) == (OUTSIDE, (), ("estate",))
    assert (found.told()["refused"], found.told()["left_out"]) == (OUTSIDE, ["estate"])


# levels


def test_the_rights_of_a_level_are_the_categorys_own_else_the_levels_else_everything() -> None:
    levels: dict[tuple[str, str | None], frozenset[str]] = {("grid", None): frozenset({"hold"}), ("grid", "F01"): frozenset({"decide"})}
    known = Routing(1, levels=levels)
    assert known.rights("grid", "F01") == {"decide"}
    assert known.rights("grid", "A03") == {"hold"}
    assert known.rights("street", "A03") == known.rights(None, None) == EVERYTHING


@pytest.mark.parametrize("barred", [(), (Level.GRID,), (Level.GRID, Level.COMMUNITY), (Level.GRID, Level.COMMUNITY, Level.STREET)])
def test_a_level_that_may_not_hold_is_passed_over_on_the_way_up(barred: tuple[Level, ...]) -> None:
    levels: dict[tuple[str, str | None], frozenset[str]] = {
        (level.value, "A03"): frozenset({"decide"}) for level in (*barred, Level.DISTRICT)
    }
    known = Routing(1, levels=levels)
    held = held_at_first_of(upwards(Level.GRID), LINE, UNITS, lambda level: known.may_hold(level, "A03"))
    assert held is not None
    assert (held.level, held.passed) == (list(Level)[len(barred)], barred)
    assert held.holder == (GRID, COMMUNITY, STREET, CENTRE)[len(barred)], "the district always holds what nobody else may"


def test_on_the_way_down_the_next_one_below_is_taken() -> None:
    held = held_at_first_of(downwards(Level.STREET), LINE, UNITS, lambda level: level is Level.GRID)
    assert held is not None
    assert (held.level, held.holder, held.passed) == (Level.GRID, GRID, (Level.STREET, Level.COMMUNITY))
    assert held_at_first_of(downwards(Level.COMMUNITY), LINE[2:], UNITS, lambda _: True) is None, "no such unit over this place"


# the seeds


def test_the_seeded_lists_are_what_the_categories_say() -> None:
    said: dict[str, list[str]] = {}
    for category in seeds.read("categories.toml")["category"]:
        for kind in (category["lead"], *category["co"]):
            said.setdefault(kind, []).append(category["code"])
    assert seeds.read("routing.toml")["duties"] == said

"""The seed files fit together: kinds, categories, limits, ladders, the demonstration district, the calendar."""

from datetime import date, time, timedelta
from typing import Any

import chinese_calendar
import pytest

import seeds
from rules.clocks import OF_AFFAIRS, ClockKind
from rules.ladder import ACTS
from rules.sla import KINDS as KINDS_OF_LIMIT
from rules.sla import MANDATORY, read_value
from rules.worktime import Window, every_day, windows_overlap

KINDS = {k["code"]: k for k in seeds.read("unit_kinds.toml")["kind"]}
CATEGORIES = {c["code"]: c for c in seeds.read("categories.toml")["category"]}
POLICY = seeds.read("policy.toml")
LADDERS = seeds.read("ladders.toml")
DISTRICT = seeds.read("chenghu.toml")
UNITS = {u["code"]: u for u in DISTRICT["unit"]}
CALENDAR = seeds.read("calendar/cn.toml")
HELPERS = {"COMMUNITY", "PROPERTY", "SELF_GOV", "VOLUNTEER", "GRID"}


def limits_of(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [item for row in rows for item in row["limits"].items()]


def chain(code: str, edge: str) -> list[str]:
    """From a unit upwards along an edge, the unit itself first; a loop fails the test."""
    seen = [code]
    while (above := UNITS[seen[-1]].get(edge) or UNITS[seen[-1]].get("parent")) is not None:
        assert above not in seen, f"{code} goes round in a circle: {seen}"
        seen.append(above)
    return seen


def unit_for(kind: str, grid: str) -> str | None:
    """The unit of a kind that answers for a grid: up the area for territorial kinds, else the district's department."""
    for area in chain(grid, "parent") if KINDS[kind]["territorial"] else [DISTRICT["district"]["code"]]:
        if UNITS[area]["kind"] == kind:
            return area
        for unit in UNITS.values():
            if unit.get("parent") == area and unit["kind"] == kind:
                return str(unit["code"])
    return None


def test_there_are_forty_categories_and_twenty_eight_kinds() -> None:
    assert len(CATEGORIES) == 40
    assert len(KINDS) == 28
    assert {code for code, kind in KINDS.items() if not kind["penalties"]} == HELPERS
    assert {kind["level"] for kind in KINDS.values()} == {"district", "street", "community", "grid", "outside"}


def test_every_row_is_named_in_both_languages() -> None:
    sources = seeds.read("sources.toml")["source"]
    named = [*KINDS.values(), *CATEGORIES.values(), *UNITS.values(), *sources, *LADDERS["ladder"], *DISTRICT["role"]]
    assert all(row["zh"] and row["en"] for row in named)
    assert {s["entry"] for s in sources} == {"grid", "community", "centre"}


def test_every_lead_and_helper_is_a_known_kind() -> None:
    for category in CATEGORIES.values():
        assert {category["lead"], *category["co"]} <= KINDS.keys()
        assert category["lead"] not in category["co"]
        assert category["authority"] == {"COMMUNITY": "community", "SUBDISTRICT": "street"}.get(category["lead"], "district")
    assert {code for code, c in CATEGORIES.items() if not c["verify"]} == {"G02", "G05", "G06"}


def test_every_limit_is_one_people_can_write() -> None:
    for kind, text in limits_of([*CATEGORIES.values(), *POLICY["urgency"].values(), *POLICY["row"]]):
        assert {None: "none"}.get(read_value(kind, text), str(read_value(kind, text))) == text


def test_policy_covers_every_kind_of_limit_at_every_urgency() -> None:
    # a category's own, half of its handling limit, and affairs, which have suggested values
    open_to = {"stage", "rework", "recheck", "recheck_late", *OF_AFFAIRS}
    left_out = {"P0": {"hold_cap", "extension_desk"}, "P1": set(), "P2": {"control"}, "P3": {"control"}}
    assert set(POLICY["urgency"]) == left_out.keys()
    for code, urgency in POLICY["urgency"].items():
        assert set(urgency["limits"]) == set(KINDS_OF_LIMIT) - open_to - left_out[code]
        assert set(MANDATORY) <= urgency["limits"].keys()
    for row in POLICY["row"]:
        assert "source" in row or row["urgency"] != CATEGORIES[row["category"]]["urgency"]
    for category in CATEGORIES.values():
        assert {"acknowledge", "contact", "handle", "feedback", "overall"} <= category["limits"].keys() <= set(KINDS_OF_LIMIT)


def test_nothing_can_be_extended_for_ever_and_an_emergency_not_at_all() -> None:
    for code, urgency in POLICY["urgency"].items():
        times, cap = urgency["limits"]["extension_times"], urgency["limits"]["extension_cap"]
        assert (times, cap == "none") == (("0", True) if code == "P0" else ("1", False))


def test_the_milestones_of_illegal_building_come_one_after_the_other() -> None:
    (staged,) = [c for c in CATEGORIES.values() if c.get("stages")]
    assert staged["code"] == "D01"
    assert [(s["code"], s["limit"]) for s in staged["stages"]] == [("stop_work", "4wh"), ("penalty", "7wd"), ("demolish", "20wd")]
    assert all(s["zh"] and s["en"] for s in staged["stages"])


def test_special_groups_are_named_in_both_languages() -> None:
    groups = seeds.read("groups.toml")["group"]
    assert {g["code"] for g in groups} >= {"elder_alone", "disabled", "minor"}
    assert all(g["zh"] and g["en"] for g in groups)


def test_every_clock_climbs_a_ladder_that_exists() -> None:
    ladders = {ladder["code"]: ladder for ladder in LADDERS["ladder"]}
    assert set(LADDERS["clocks"].values()) == ladders.keys()
    assert LADDERS["clocks"].keys() >= {kind.value for kind in ClockKind}
    for ladder in ladders.values():
        codes = [rung["code"] for rung in ladder["rungs"]]
        assert len(codes) == len(set(codes))
        for rung in ladder["rungs"]:
            assert rung["at"].endswith(("%", "wd"))
            assert rung["act"] in ACTS
            assert rung["at"].endswith("%") or rung["only"] == "wd"


def test_an_emergency_is_called_again_after_it_was_deemed_acknowledged() -> None:
    (calls,) = [x["rungs"] for x in LADDERS["ladder"] if x["code"] == LADDERS["clocks"]["acknowledge_p0"]]
    shares = [int(rung["at"].removesuffix("%")) for rung in calls]
    assert shares == sorted(shares)
    assert [rung["code"] for rung in calls[:2]] == ["urge", "deem"]
    assert all("duty" in rung["to"] for rung in calls[3:]), "in the end the duty leader hears every call"


def test_units_without_penalties_never_see_a_light_or_an_order() -> None:
    for clock in ("gentle", "letter"):
        (gentle,) = [x for x in LADDERS["ladder"] if x["code"] == LADDERS["clocks"][clock]]
        assert not {"yellow", "red"} & {rung["code"] for rung in gentle["rungs"]}
        assert {rung["act"] for rung in gentle["rungs"]} == {"tell"}


def test_the_units_form_one_tree_and_supervision_ends_at_the_district() -> None:
    top = DISTRICT["district"]["code"]
    assert len(UNITS) == len(DISTRICT["unit"])
    assert [code for code, unit in UNITS.items() if "parent" not in unit] == [top]
    for code, unit in UNITS.items():
        assert code.isascii()
        assert unit["kind"] in KINDS
        assert chain(code, "parent")[-1] == top
        assert chain(code, "supervising")[-1] == top


def test_the_district_has_the_levels_of_the_console() -> None:
    by_kind = {kind: [u for u in UNITS.values() if u["kind"] == kind] for kind in KINDS}
    streets = [u["code"] for u in by_kind["SUBDISTRICT"] if u["parent"] == "chenghu"]
    assert len(streets) == 5
    assert len(by_kind["COMMUNITY"]) == 24
    assert {u["parent"] for u in by_kind["COMMUNITY"]} == set(streets)
    for community in by_kind["COMMUNITY"]:
        assert 2 <= len([g for g in by_kind["GRID"] if g["parent"] == community["code"]]) <= 3
    assert [kind for kind, units in by_kind.items() if not units] == ["TASK_FORCE"], "a task force is set up for a time"


def test_every_lead_is_found_for_every_grid() -> None:
    wanted = {c["lead"] for c in CATEGORIES.values()} | {"PROPERTY", "GRID_CENTRE"}
    helpers = {kind for c in CATEGORIES.values() for kind in c["co"]}
    grids = [code for code, unit in UNITS.items() if unit["kind"] == "GRID"]
    missing = [(kind, grid) for grid in grids for kind in wanted | helpers if unit_for(kind, grid) is None]
    assert missing == []
    assert unit_for("GRID_CENTRE", "chenguang-1") == "hubin-centre"
    assert unit_for("PROPERTY", "chenguang-1") == "chenguang-estate"
    assert unit_for("SUBDISTRICT", "longzhou-2") == "nanpu"


def test_departments_answer_to_the_centre_and_areas_to_the_area_above() -> None:
    assert chain("municipal-lights", "supervising") == ["municipal-lights", "municipal", "centre", "chenghu"]
    assert chain("chenguang-3", "supervising") == ["chenguang-3", "chenguang", "hubin", "chenghu"]


def test_every_unit_gets_somebody_who_may_act() -> None:
    for unit in UNITS.values():
        roles = {
            rule["role"]
            for rule in DISTRICT["role"]
            if (rule["kinds"] == "*" or unit["kind"] in rule["kinds"]) and unit["kind"] not in rule.get("except", ())
        }
        assert roles >= ({"worker"} if unit["kind"] == "GRID" else {"clerk", "head"})
    assert [rule["user"] for rule in DISTRICT["role"] if "user" in rule] == ["admin"]


@pytest.fixture(scope="module")
def exceptions() -> list[dict[str, str]]:
    return seeds.rows("calendar/cn.csv")


def test_the_calendar_agrees_with_a_second_source_on_every_published_day(exceptions: list[dict[str, str]]) -> None:
    told = {date.fromisoformat(row["date"]): row["working"] == "1" for row in exceptions}
    days = every_day(CALENDAR["first"], CALENDAR["published_until"], told)
    assert len(days) == 18 * 365 + 4
    assert [day for day, works in days.items() if works != chinese_calendar.is_workday(day)] == []


def test_the_calendar_lists_only_what_differs_and_marks_what_is_not_announced(exceptions: list[dict[str, str]]) -> None:
    days = [date.fromisoformat(row["date"]) for row in exceptions]
    assert days == sorted(set(days))
    for day, row in zip(days, exceptions, strict=True):
        assert CALENDAR["first"] <= day <= CALENDAR["last"]
        assert (row["working"] == "1") == (day.weekday() >= 5)
        assert (row["provisional"] == "1") == (day > CALENDAR["published_until"])
        assert row["name"]
        assert row["source"]


def test_making_the_calendar_again_gives_the_same_file(exceptions: list[dict[str, str]]) -> None:
    from seeds.calendar import make

    assert list(make.exceptions(CALENDAR["first"], CALENDAR["last"], CALENDAR["published_until"])) == exceptions


def test_business_hours_make_six_and_a_half_hours_and_do_not_overlap() -> None:
    windows = [Window(time.fromisoformat(w["opens"]), time.fromisoformat(w["closes"])) for w in CALENDAR["windows"]]
    day = CALENDAR["first"]
    assert not windows_overlap(windows, day)
    hours = [timedelta(hours=w.closes.hour - w.opens.hour, minutes=w.closes.minute - w.opens.minute) for w in windows]
    assert sum(hours, timedelta()) == timedelta(hours=6.5)

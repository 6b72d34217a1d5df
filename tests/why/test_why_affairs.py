"""The limit of an affair is explained by its own clock: as it was taken, whatever the policy or the program says meanwhile."""

from dataclasses import replace
from datetime import date, timedelta, timezone

import pytest

from services.calendars import OneDay, change_calendars, set_day
from services.policies.drafting import draft
from services.policies.stored import Treatment, policy_file
from services.why import Explanation, Which, explain, lines
from services.why.explanation import Reprojected, Succeeded
from tests.sla.test_policies import applied, published
from tests.support.beside import does, opens, part_of, seen
from tests.support.explaining import of
from tests.support.reordering import merge, sound
from tests.support.town import Town


def whistled(town: Town, **more: object) -> tuple[int, str]:
    """A case, and a whistle on it that calls one unit."""
    case = town.reports("夜间大排档油烟扰民，污水倒进雨水口，占道经营")
    town.turn()
    no = opens(town, "hubin.clerk", "whistle", town.case(case).no, called=(town.unit_id("urban"),), title="联合处置", **more).no
    return case, no


def told(town: Town, case: int, kind: str = "report_in") -> Explanation:
    """The newest clock of a kind, explained; it agrees with what stands in its row."""
    with town.context.database.unit_of_work() as session:
        found = explain(session, town.case(case).no, town.now, Which(kind, stopped=True))[-1]
    assert (found.agrees, found.problem) == (True, "")
    return found


def rule(found: Explanation) -> tuple[str, int, str]:
    assert found.rule is not None
    return found.rule.how, found.rule.version, found.rule.given


def policy(town: Town, treatment: Treatment = Treatment.KEEP, **limits: str) -> int:
    """Another version of the policy, in force now."""
    with town.context.database.unit_of_work() as session:
        file = policy_file(session, 1)
        rows = tuple(replace(row, limits={**row.limits, **limits}) if row.urgency is not None else row for row in file.rows)
        version = draft(session, replace(file, rows=rows, effective_from=None, note="报到"), "test.toml", "admin", town.now)
    town.now = max(town.now, published(town.context.database, version, treatment, town.now)) + timedelta(seconds=1)
    applied(town.context.database, town.now)
    return version


def test_a_limit_is_told_as_it_was_taken_after_the_policy_has_changed(town: Town) -> None:
    town.turn()
    suggested, _ = whistled(town)
    given, _ = whistled(town, limit="30m")
    assert (rule(told(town, suggested)), rule(told(town, given))) == (("suggested", 1, "30m"), ("person", 1, "30m"))
    assert told(town, given).rule.given_by.user == "hubin.clerk"  # type: ignore[union-attr]  # somebody gave it
    version = policy(town, report_in="20m")
    by_row, no = whistled(town)
    found = told(town, by_row)
    assert (rule(found), found.rule.row is not None) == (("row", version, "20m"), True)  # type: ignore[union-attr]
    due, said = found.stored_due_at, lines(found, "zh")
    policy(town, Treatment.REPROJECT, report_in="10m")
    again = told(town, by_row)
    assert (rule(again), again.stored_due_at) == (("row", version, "20m"), due), "what runs keeps the limit that it was given"
    assert lines(again, "zh") == said
    assert (rule(told(town, suggested)), rule(told(town, given))) == (("suggested", 1, "30m"), ("person", 1, "30m"))
    does(town, no, "report_in", "urban.clerk", part_of(town, no, "urban"), way="on_site")
    assert rule(told(town, by_row)) == ("row", version, "20m"), "and so says it once it has stopped"
    sound(town)


def test_a_working_limit_is_told_through_a_stoppage_and_another_unit(town: Town) -> None:
    town.turn()
    case, no = whistled(town)
    does(town, no, "report_in", "urban.clerk", part_of(town, no, "urban"), way="on_site")
    before = told(town, case, "solve")
    town.now += timedelta(hours=1)
    with town.context.database.unit_of_work() as session:
        change_calendars(session, set_day(OneDay("cn", date(2026, 11, 24), False, "stoppage", "台风停工", "防汛指挥部")), "admin", town.now)
    after = told(town, case, "solve")
    assert (len(of(after, Reprojected)), after.stored_due_at - before.stored_due_at) == (1, timedelta(days=3)), "from a Friday to Monday"
    merge(town, "hubin", "wanghai")
    town.turn()
    (succeeded,) = of(told(town, case, "solve"), Succeeded)
    assert (succeeded.before.zh, succeeded.after.zh) == ("湖滨街道", "望海街道")
    assert of(told(town, case), Succeeded) == [], "the clock of the unit that was called is nobody else's"
    sound(town)


@pytest.mark.parametrize(("seconds", "hours"), [(41 * 60 + 17, 8), (42, 8), (3 * 86_400 + 1, 0)])
def test_a_moment_is_kept_to_the_second(town: Town, seconds: int, hours: int) -> None:
    town.now = town.now.replace(second=23)
    town.turn()
    until = town.now + timedelta(seconds=seconds)
    case, no = whistled(town, limit=until.astimezone(timezone(timedelta(hours=hours))).isoformat())
    (clock,) = seen(town, no).clocks
    assert clock["due_at"] == until, "not the minute after"
    found = told(town, case)
    assert (rule(found)[0], found.due_at, found.own_due_at) == ("moment", until, until)
    assert any(f"{until.astimezone(found.zone):%H:%M:%S}" in line for line in lines(found, "zh"))
    sound(town)
    town.fast_forward(until=until - timedelta(seconds=1))
    assert seen(town, no).parts[0]["state"] == "called"
    town.fast_forward(until=until)
    assert seen(town, no).parts[0]["state"] == "absent"
    sound(town)

"""Versions of the policy: drafted, tried, published by a second person; what the dry run says is what then happens."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from flows.turn import turn
from models import Clock, Database, Journal, Message, SlaPolicy, SlaRow, table
from rules.facts import Refused
from services.catalogue import catalogue
from services.policies.applying import apply_due
from services.policies.difference import difference
from services.policies.drafting import confirm, draft, withdraw
from services.policies.history import history
from services.policies.publishing import publish
from services.policies.stored import Treatment, policy_file, version_of, versions
from services.policies.treating import Change
from services.policies.trial import DryRun, dry_run
from services.policy_files import PolicyFile, PolicyRefused, read_policy_file, write_policy_file
from tasks.context import at_work
from tests.support.sound import complaints
from tests.support.town import Town

_clock, _journal, _message = table(Clock), table(Journal), table(Message)


def changed(file: PolicyFile, **limits: str) -> PolicyFile:
    """The policy with these limits wherever it names them."""
    rows = tuple(replace(row, limits={kind: limits.get(kind, text) for kind, text in row.limits.items()}) for row in file.rows)
    return replace(file, rows=rows, effective_from=None, note="为试算")


def drafted(database: Database, now: datetime, **limits: str) -> int:
    with database.unit_of_work() as session:
        file = changed(policy_file(session, 1), **limits)
        return draft(session, file, "test.toml", "admin", now)


def published(database: Database, version: int, treatment: Treatment, now: datetime, first: date | None = None) -> datetime:
    with database.unit_of_work() as session:
        return publish(session, version, "centre.head", treatment, first, now)


def tried(database: Database, version: int, treatment: Treatment, now: datetime) -> DryRun:
    with database.unit_of_work() as session:
        return dry_run(session, version, treatment, now)


def applied(database: Database, now: datetime) -> int:
    total = 0
    while True:
        with database.unit_of_work() as session:
            done = apply_due(session, now, 3)
        if done is None:
            return total
        total += done


def open_clocks(town: Town) -> dict[int, Any]:
    return {row.id: row for row in town.rows(select(_clock).where(_clock.c.stopped_at.is_(None)))}


def busy(town: Town) -> list[int]:
    """Cases at many points of the loop: new, dispatched, at work, on hold, extended, handled again, checked, waiting at a level."""
    words = (
        "小区停车位太少，希望增设车位",
        "路灯不亮了",
        "5号楼前下水道堵了，污水外溢",
        "楼道里堆满杂物",
        "井盖不见了，很危险",
        "隔壁违章建筑正在施工",
    )
    cases = [town.reports(text, phone=f"1000000000{i}") for i, text in enumerate(words)]
    cases.append(town.reports("网格里有人乱堆乱放", source="grid_worker"))
    town.turn()
    town.fast_forward(hours=3)
    for case in cases[:4]:
        if town.state(case) == "dispatched":
            unit = town.orders(case)[0].code
            town.order(case, "acknowledge", f"{unit}.clerk")
    town.act(cases[1], "hold", "centre.duty", reason="等配件")
    lead = town.orders(cases[3])[0].code
    town.order(cases[3], "ask_extension", f"{lead}.clerk", amount="1wd", reason="住户外出")
    town.fast_forward(hours=1)
    cases.append(town.reports("路面坑洼不平"))
    town.turn()
    return cases


def told(change: Change) -> tuple[Any, ...]:
    return (change.no, change.kind, change.stage, change.order_no, change.limit_before, change.limit_after)


def difference_of(before: dict[int, Any], after: dict[int, Any], numbers: dict[int, str]) -> dict[tuple[Any, ...], tuple[Any, Any]]:
    """What really became of the clocks, in the words of a dry run."""
    found: dict[tuple[Any, ...], tuple[Any, Any]] = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        one = new or old
        about = (numbers[one.case_id], one.kind, one.stage, one.order_no, old and old.limit, new and new.limit)
        moved = (old and old.due_at, new and new.due_at)
        ladders = (old and (old.ladder, old.ladder_version), new and (new.ladder, new.ladder_version))
        if about[4] != about[5] or moved[0] != moved[1] or ladders[0] != ladders[1]:
            found[about] = moved
    return found


@pytest.mark.parametrize("treatment", [Treatment.REPROJECT, Treatment.EARLIER])
@pytest.mark.parametrize(
    "limits",
    [
        {"handle": "6wd", "acknowledge": "4wh"},
        {"handle": "1wd", "overall": "2wd", "acknowledge": "10m"},
        {"control": "none", "verify": "3wd"},
        {"handle": "300h"},
    ],
)
def test_what_the_dry_run_says_is_what_then_happens(town: Town, treatment: Treatment, limits: dict[str, str]) -> None:
    busy(town)
    database = town.context.database
    version = drafted_any(database, town.now, limits)
    said = tried(database, version, treatment, town.now)
    before = open_clocks(town)
    published(database, version, treatment, town.now)
    assert applied(database, town.now) >= said.cases
    after = open_clocks(town)
    numbers = {row.case_id: town.case(row.case_id).no for row in (*before.values(), *after.values())}
    real = difference_of(before, after, numbers)
    moved = {told(c): (c.before, c.after) for c in said.changes}
    assert set(moved) == set(real)
    paused = {told(c) for c in said.changes if c.paused}
    assert {about: moments for about, moments in moved.items() if about not in paused} == {a: m for a, m in real.items() if a not in paused}
    assert complaints(database, town.now) == []


def drafted_any(database: Database, now: datetime, limits: dict[str, str]) -> int:
    """A draft with these limits; an emergency keeps those that never stop for the night."""
    with database.unit_of_work() as session:
        file = policy_file(session, 1)
        rows = tuple(
            row if row.urgency == "P0" else replace(row, limits={k: limits.get(k, v) for k, v in row.limits.items()}) for row in file.rows
        )
        return draft(session, replace(file, rows=rows, effective_from=None), "test.toml", "admin", now)


def test_promises_are_kept_unless_somebody_says_otherwise(town: Town) -> None:
    case = town.reports("小区停车位太少，希望增设车位")
    town.turn()
    before = {c.id: c.due_at for c in town.clocks(case)}
    version = drafted(town.context.database, town.now, overall="4wd")
    published(town.context.database, version, Treatment.KEEP, town.now)
    assert tried(town.context.database, version, Treatment.KEEP, town.now).changes == []
    town.turn()
    assert {c.id: c.due_at for c in town.clocks(case)} == before
    assert town.case(case).policy_version == 1
    later = town.reports("小区停车位太少，希望增设车位", phone="10000000002")
    town.turn()
    assert town.case(later).policy_version == version
    assert [c.limit for c in town.clocks(later) if c.kind == "overall"] == ["4wd"]


def test_a_policy_for_a_later_day_holds_and_is_applied_from_that_day(town: Town) -> None:
    case = town.reports("小区停车位太少，希望增设车位")
    town.turn()
    monday = town.now.astimezone(UTC).date() + timedelta(days=3)
    version = drafted(town.context.database, town.now, overall="4wd")
    since = published(town.context.database, version, Treatment.REPROJECT, town.now, monday)
    assert since > town.now
    town.fast_forward(until=since - timedelta(minutes=1))
    assert town.case(case).policy_version == 1
    town.fast_forward(hours=1)
    assert town.case(case).policy_version == version
    assert [c.limit for c in town.clocks(case) if c.kind == "overall"] == ["4wd"]
    assert "policy_changed" in town.actions(case)
    assert complaints(town.context.database, town.now) == []


def test_what_was_due_stays_due_and_nobody_is_late_before_he_could_know(town: Town) -> None:
    late, fresh = town.reports("5号楼前下水道堵了，污水外溢"), 0
    town.turn()
    town.fast_forward(hours=30)
    due = next(c.due_at for c in town.clocks(late) if c.kind == "handle")
    assert due < town.now
    fresh = town.reports("小区停车位太少，希望增设车位", phone="10000000002")
    town.turn()
    town.fast_forward(days=4)
    version = drafted_any(town.context.database, town.now, {"handle": "1wd"})
    published(town.context.database, version, Treatment.REPROJECT, town.now)
    said = tried(town.context.database, version, Treatment.REPROJECT, town.now)
    applied(town.context.database, town.now)
    assert next(c.due_at for c in town.clocks(late) if c.kind == "handle" and c.order_no == 1) == due
    assert next(c.due_at for c in town.clocks(fresh) if c.kind == "handle" and c.order_no == 1) == town.now
    assert any(c.kind == "handle" and c.no == town.case(fresh).no for c in said.breaches)


def test_consumed_time_is_never_touched(town: Town) -> None:
    case = town.reports("小区停车位太少，希望增设车位")
    town.turn()
    town.fast_forward(days=2)
    known = town.rows(select(_clock).where(_clock.c.case_id == case, _clock.c.kind == "overall"))[0]
    with town.context.database.unit_of_work() as session:
        calendar = catalogue(session).calendar_of(known.unit_id)
    from rules.worktime import seconds

    used = known.consumed_s + calendar.between(seconds(known.running_since), seconds(town.now))
    version = drafted(town.context.database, town.now, overall="30wd")
    published(town.context.database, version, Treatment.REPROJECT, town.now)
    applied(town.context.database, town.now)
    anew = town.rows(select(_clock).where(_clock.c.id == known.id))[0]
    assert (anew.consumed_s, anew.running_since) == (used, town.now)
    assert anew.due_at == datetime.fromtimestamp(calendar.close_of(seconds(known.started_at), 30), UTC)


def test_applying_is_taken_up_where_it_was_and_never_done_twice(town: Town) -> None:
    busy(town)
    database = town.context.database
    version = drafted(database, town.now, overall="3wd")
    published(database, version, Treatment.REPROJECT, town.now)
    with database.unit_of_work() as session:
        assert apply_due(session, town.now, 2) == 2
    with at_work(town.context):
        turn(town.now)
    entries = town.rows(select(_journal.c.case_id).where(_journal.c.action == "policy_changed"))
    assert len(entries) == len({row.case_id for row in entries}) > 3
    with database.unit_of_work() as session:
        assert apply_due(session, town.now) is None


def test_a_case_that_cannot_be_treated_is_set_aside_and_the_others_go_on(sqlite_town: Town) -> None:
    town = sqlite_town
    broken, *others = (town.reports("小区停车位太少，希望增设车位", phone=f"1000000001{i}") for i in range(3))
    town.turn()
    with town.context.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE clock SET \"limit\" = 'soon' WHERE case_id = {broken} AND kind = 'overall'")
    version = drafted(town.context.database, town.now, overall="3wd")
    published(town.context.database, version, Treatment.REPROJECT, town.now)
    town.turn()
    assert [town.case(case).policy_version for case in others] == [version, version]
    assert town.case(broken).policy_version == 1
    assert town.set_aside(broken)


def test_who_may_do_what(database: Database) -> None:
    now = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
    version = drafted_any(database, now, {"handle": "9wd"})
    for user, code in (("admin", "second_person"), ("water.clerk", "not_your_policy"), ("nobody", "unknown_user")):
        with pytest.raises(Refused) as refused, database.unit_of_work() as session:
            publish(session, version, user, Treatment.KEEP, None, now)
        assert refused.value.code == code
    with pytest.raises(Refused, match="effective_past"):
        published(database, version, Treatment.KEEP, now, date(2026, 11, 19))
    published(database, version, Treatment.KEEP, now)
    with pytest.raises(Refused, match="policy_not_a_draft"):
        published(database, version, Treatment.KEEP, now)
    with pytest.raises(Refused, match="policy_in_force"), database.unit_of_work() as session:
        withdraw(session, version, "admin", now)
    with database.unit_of_work() as session:
        assert [v.state for v in versions(session)] == ["published", "published"]
        assert version_of(session, version).published_by == "centre.head"


def test_suggested_values_stay_so_until_somebody_confirms_them(database: Database) -> None:
    now = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
    with database.unit_of_work() as session:
        assert not any(row.confirmed_by for row in policy_file(session, 1).rows)
        assert confirm(session, 1, "admin", [3]) == 1
    version = drafted_any(database, now, {"verify": "3wd"})
    published(database, version, Treatment.KEEP, now)
    with database.unit_of_work() as session:
        rows, old = policy_file(session, version).rows, {row.key: row for row in policy_file(session, 1).rows}
        for row in rows:
            expected = old[row.key].confirmed_by if row == old[row.key] else "centre.head"
            assert row.confirmed_by == expected, row.line
        with pytest.raises(Refused, match="no_such_line"):
            confirm(session, 1, "admin", [999])


def test_a_version_goes_out_to_a_file_and_comes_back_the_same(database: Database, tmp_path: Path) -> None:
    for name in ("policy.toml", "policy.xlsx"):
        with database.unit_of_work() as session:
            before = policy_file(session, 1)
            write_policy_file(tmp_path / name, before)
            assert difference(before, read_policy_file(tmp_path / name)) == []


def test_bad_policies_are_refused_with_their_place_and_nothing_is_written(database: Database) -> None:
    now = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
    with database.unit_of_work() as session:
        file = policy_file(session, 1)
    twice = replace(file, rows=(*file.rows, replace(file.rows[0])))
    unknown = replace(file, rows=(replace(file.rows[0], limits={**file.rows[0].limits, "handle": "3d"}), *file.rows[1:]))
    for bad in (twice, unknown):
        with pytest.raises(PolicyRefused), database.unit_of_work() as session:
            draft(session, bad, "bad.toml", "admin", now)
    with database.unit_of_work() as session:
        assert len(versions(session)) == 1
        assert {row.version for row in session.connection().execute(select(table(SlaRow).c.version))} == {1}
        assert session.connection().execute(select(table(SlaPolicy).c.version)).scalars().all() == [1]


def test_ladders_are_versions_too(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    database = town.context.database
    with database.unit_of_work() as session:
        file = policy_file(session, 1)
        ladders = tuple(
            replace(x, rungs=({"code": "early", "at": "10%", "act": "tell", "notice": "clock_remind"}, *x.rungs))
            if x.code == "handle_lead"
            else x
            for x in file.ladders
        )
        version = draft(session, replace(file, ladders=ladders), "test.toml", "admin", town.now)
        assert [line.kind for line in difference(file, policy_file(session, version))] == ["rungs"]
    said = tried(database, version, Treatment.REPROJECT, town.now)
    assert {(c.kind, c.order_no) for c in said.changes} == {("handle", 1)}
    published(database, version, Treatment.REPROJECT, town.now)
    town.fast_forward(hours=3)
    assert ("handle", "early") in [(kind, rung) for kind, rung, _ in town.fired(case)]
    assert next(c.ladder_version for c in town.clocks(case) if c.kind == "handle" and c.order_no == 1) == 2


def test_the_past_measured_by_another_policy(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    lead = town.orders(case)[0].code
    town.order(case, "acknowledge", f"{lead}.clerk")
    town.fast_forward(hours=20)
    town.order(case, "finish", f"{lead}.clerk", result="疏通了")
    town.turn()
    database, no = town.context.database, town.case(case).no
    version = drafted_any(database, town.now, {"handle": "19h"})
    with database.unit_of_work() as session:
        found = history(session, version, town.now - timedelta(days=2), town.now)
    assert [(j.no, j.kind, j.order_no) for j in found.appear] == [(no, "handle", 1)]
    assert found.vanish == []
    assert found.late_then["handle"] == 0
    assert found.late_under_it["handle"] == 1


def test_what_is_not_yet_in_force_can_be_withdrawn(database: Database) -> None:
    now = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
    later, urgent = drafted_any(database, now, {"verify": "3wd"}), drafted_any(database, now, {"verify": "4wd"})
    published(database, later, Treatment.REPROJECT, now, date(2026, 12, 1))
    with pytest.raises(Refused, match="effective_before_other"):
        published(database, urgent, Treatment.KEEP, now)
    with database.unit_of_work() as session:
        withdraw(session, later, "admin", now)
    published(database, urgent, Treatment.KEEP, now)
    with database.unit_of_work() as session:
        assert catalogue(session).policy_at(now + timedelta(days=30)) == urgent
        assert apply_due(session, now + timedelta(days=30)) is None


def test_a_draft_that_would_undo_a_later_version_is_refused_unless_meant(database: Database) -> None:
    now = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
    first, second = drafted_any(database, now, {"verify": "3wd"}), drafted_any(database, now, {"judge": "3wd"})
    published(database, second, Treatment.KEEP, now)
    with pytest.raises(Refused, match="draft_outdated"):
        published(database, first, Treatment.KEEP, now + timedelta(hours=1))
    with database.unit_of_work() as session:
        publish(session, first, "centre.head", Treatment.KEEP, None, now + timedelta(hours=1), anyway=True)
        assert version_of(session, first).state == "published"


def test_what_is_rolled_back_is_not_remembered(database: Database) -> None:
    now = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
    with database.unit_of_work() as session:
        version = draft(session, replace(policy_file(session, 1), note="nie"), "test.toml", "admin", now)
        assert version in catalogue(session).policies
        session.rollback()
    with database.unit_of_work() as session:
        assert set(catalogue(session).policies) == {1}
    drafted_any(database, now, {"verify": "9wd"})
    with database.unit_of_work() as session:
        assert set(catalogue(session).policies) == {1, 2}
        assert catalogue(session).policies[2].rows != catalogue(session).policies[1].rows


def test_the_notices_foretold_are_those_that_go_out(town: Town) -> None:
    town.reports("小区停车位太少，希望增设车位")
    town.turn()
    town.fast_forward(days=3)
    database = town.context.database
    version = drafted_any(database, town.now, {"overall": "2wd"})
    said = tried(database, version, Treatment.REPROJECT, town.now)
    before = town.rows(select(_message.c.id))
    published(database, version, Treatment.REPROJECT, town.now)
    town.turn()
    sent = {row.notice for row in town.rows(select(_message).where(_message.c.id > max(r.id for r in before)))}
    assert sent == set(said.notices)
    assert "clock_moved_earlier" in sent

"""Home visits: one visit on record, several cases from it, all or nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from models import Case, Database, Visit, table
from rules.facts import Actor, Refused
from services.catalogue import catalogue
from services.intake import Report
from services.intake.visits import MATTERS_MOST, Opened, Visited, open_visit, visit, visits
from services.moves import Setting
from tests.support.together import together

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
MATTERS = ("楼道灯不亮", "下水道堵了", "想问问高龄津贴")


def opened(database: Database, visited: Visited, *matters: str, user: str = "chenguang-1.worker", **who: Any) -> Opened:
    with database.unit_of_work() as session:
        return open_visit(session, visited, [Report("", m, **who) for m in matters], catalogue(session).actor(user), Setting(NOW))


def count(database: Database, model: type) -> int:
    with database.unit_of_work() as session:
        return int(session.connection().execute(select(func.count()).select_from(table(model))).scalar_one())


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


def test_one_visit_opens_several_cases(database: Database) -> None:
    done = opened(database, Visited(place="5号楼201", note="老人独居", at=NOW - timedelta(hours=1)), *MATTERS, requester="10000000001")
    assert [case.known for case in done.cases] == [False] * 3
    with database.unit_of_work() as session:
        found = visit(session, done.visit_id)
        cases = session.connection().execute(select(table(Case)).order_by(table(Case).c.id)).all()
    assert (found.staff, found.place, found.note, found.visited_at) == (
        "chenguang-1.worker",
        "5号楼201",
        "老人独居",
        NOW - timedelta(hours=1),
    )
    assert [case["no"] for case in found.cases] == [case.no for case in done.cases]
    assert {(c.source, c.place, c.visit_id, c.entered_by) for c in cases} == {("visit", "5号楼201", done.visit_id, "chenguang-1.worker")}
    assert {c.area_unit_id for c in cases} == {found.area_unit_id}
    assert len({c.requester_id for c in cases}) == 1


def test_a_visit_at_which_nothing_came_up_is_one_too(sqlite_database: Database) -> None:
    done = opened(sqlite_database, Visited(area="chenguang-2"))
    assert done.cases == []
    with sqlite_database.unit_of_work() as session:
        assert [v.id for v in visits(session)] == [done.visit_id]
        assert [v.id for v in visits(session, user="chenguang-1.worker")] == [done.visit_id]
        assert visits(session, user="centre.duty") == []


def test_the_same_visit_handed_in_twice_is_one(database: Database) -> None:
    first, again = (opened(database, Visited(key="v1"), *MATTERS) for _ in range(2))
    assert (again.visit_id, again.known) == (first.visit_id, True)
    assert [case.no for case in again.cases] == [case.no for case in first.cases]
    assert (count(database, Visit), count(database, Case)) == (1, 3)


def test_the_same_visit_handed_in_by_many_at_once_is_one(database: Database) -> None:
    done = together([lambda: opened(database, Visited(key="v1"), *MATTERS) for _ in range(8)])
    assert len({each.visit_id for each in done}) == 1
    assert (count(database, Visit), count(database, Case)) == (1, 3)


def test_where_a_visit_brought_up_something_sensitive_is_for_those_who_may_open_it(sqlite_database: Database) -> None:
    done = opened(sqlite_database, Visited(place="5号楼201", note="妻子有伤"), "楼上家暴，孩子在哭", "楼道灯不亮")
    with sqlite_database.unit_of_work() as session:
        who = catalogue(session).actor
        for viewer in (None, who("water.clerk")):
            for told in (visit(session, done.visit_id, viewer), *visits(session, viewer=viewer)):
                assert (told.place, told.note) == ("", "")
                assert [case["subject"] for case in told.cases] == [None, "楼道灯不亮"]
        seen = visit(session, done.visit_id, who("centre.head"))
    assert (seen.place, seen.note, seen.cases[0]["subject"]) == ("5号楼201", "妻子有伤", "楼上家暴，孩子在哭")


def test_the_newest_comes_first(sqlite_database: Database) -> None:
    older = opened(sqlite_database, Visited(at=NOW - timedelta(days=1))).visit_id
    newer = opened(sqlite_database, Visited()).visit_id
    with sqlite_database.unit_of_work() as session:
        assert [v.id for v in visits(session)] == [newer, older]
        assert [v.id for v in visits(session, limit=1)] == [newer]


@pytest.mark.parametrize(
    ("visited", "user", "matters", "code"),
    [
        (Visited(at=NOW + timedelta(minutes=1)), "chenguang-1.worker", ("灯",), "visit_in_future"),
        (Visited(area="atlantis"), "chenguang-1.worker", ("灯",), "unknown_area"),
        (Visited(), "water.clerk", ("灯",), "area_missing"),
        (Visited(), "admin", ("灯",), "visit_needs_staff"),
        (Visited(), "chenguang-1.worker", ("灯", " "), "empty_report"),
        (Visited(place="长" * 121), "chenguang-1.worker", ("灯",), "text_too_long"),
        (Visited(note="x\0"), "chenguang-1.worker", ("灯",), "text_unprintable"),
        (Visited(), "chenguang-1.worker", ("灯",) * (MATTERS_MOST + 1), "too_many_matters"),
    ],
)
def test_what_cannot_be_a_visit_is_refused_and_leaves_nothing(
    sqlite_database: Database, visited: Visited, user: str, matters: tuple[str, ...], code: str
) -> None:
    with refused(code):
        opened(sqlite_database, visited, *matters, user=user)
    assert (count(sqlite_database, Visit), count(sqlite_database, Case)) == (0, 0)


def test_nobody_but_staff_puts_a_visit_on_record(sqlite_database: Database) -> None:
    with sqlite_database.unit_of_work() as session, refused("visit_needs_staff"):
        open_visit(session, Visited(), [], Actor("resident", resident_id=1), Setting(NOW))


def test_a_visit_there_is_none_of(sqlite_database: Database) -> None:
    with sqlite_database.unit_of_work() as session, refused("unknown_visit"):
        visit(session, 7)

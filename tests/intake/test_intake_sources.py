"""Where reports come from: sources that only staff may use, emergencies that nothing holds up, points, and tickets from upstream."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import Case, Database, table
from rules.facts import SYSTEM, Refused
from rules.geo import Datum, Point, distance_m, from_wgs84
from seeds import read
from services.catalogue import catalogue
from services.intake import Report, Submitted, Where, submit
from services.moves import Setting
from services.upstream import tickets
from tests.support.together import together
from tests.support.town import Town

NOW = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
_case = table(Case)
SOURCES = {source["code"]: source for source in read("sources.toml")["source"]}
LAMP = Report("路灯不亮", "三盏路灯不亮", area="chenguang-1")


def handed_in(database: Database, *reports: Report, user: str | None = None, now: datetime = NOW) -> list[Submitted]:
    with database.unit_of_work() as session:
        actor = catalogue(session).actor(user) if user else SYSTEM
        return submit(session, reports, Setting(now), actor)


def case_of(database: Database, no: str | None = None) -> Any:
    wanted = select(_case) if no is None else select(_case).where(_case.c.no == no)
    with database.unit_of_work() as session:
        return session.connection().execute(wanted).one()


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


# sources --------------------------------------------------------------------------------------------------------------


def test_the_sources_of_the_field_are_all_there() -> None:
    wanted = {
        "resident",
        "grid_worker",
        "block_captain",
        "courier",
        "volunteer",
        "walk_in",
        "leader_inspection",
        "hotline",
        "visit",
        "sensor",
    }
    assert wanted <= set(SOURCES)
    assert {code for code, source in SOURCES.items() if source["by_staff"]} == {"walk_in", "visit", "leader_inspection", "affair"}
    assert {code for code, source in SOURCES.items() if source["concealed"]} == {"leader_inspection"}


@pytest.mark.parametrize("source", SOURCES)
def test_what_staff_write_down_needs_somebody_of_ours(sqlite_database: Database, source: str) -> None:
    report = Report("路灯不亮", "三盏", source=source, area="chenguang-1")
    if SOURCES[source]["by_staff"]:
        with refused("source_needs_staff"):
            handed_in(sqlite_database, report)
    else:
        handed_in(sqlite_database, report)
    (done,) = handed_in(sqlite_database, report, user="chenguang.clerk")
    assert case_of(sqlite_database, done.no).source == source


def test_who_wrote_it_down_stands_beside_who_said_it(sqlite_town: Town) -> None:
    report = Report("楼道灯坏了", "说事池来访", "walk_in", "chenguang-1", requester="10000000001", phone="10000000001")
    (done,) = handed_in(sqlite_town.context.database, report, user="chenguang.clerk")
    case = sqlite_town.case(done.case_id)
    assert case.requester_id is not None
    assert case.entered_by == "chenguang.clerk"
    assert sqlite_town.journal(done.case_id)[0].actor == "chenguang.clerk"


def test_anonymous_and_without_a_phone_is_enough(sqlite_database: Database) -> None:
    handed_in(sqlite_database, Report("", "楼道灯坏了"))
    case = case_of(sqlite_database)
    assert (case.requester_id, case.contact_allowed, case.entered_by) == (None, True, None)


def test_a_reporter_may_keep_the_handling_unit_away(sqlite_database: Database) -> None:
    handed_in(sqlite_database, Report("", "楼道灯坏了", requester="10000000001", phone="10000000001", contact_allowed=False))
    assert case_of(sqlite_database).contact_allowed is False


def test_the_first_entry_says_nothing_personal(sqlite_town: Town) -> None:
    where = Where(Point(31.2304, 121.4737), Datum.GCJ02, 30)
    who = {"requester": "13912345678", "name": "王小明", "phone": "13912345678"}
    report = Report(
        "楼道灯", "请打13912345678", "hotline", "chenguang-1", "晨光小区3号楼402", key="k", where=where, upstream_no="T-1", **who
    )
    (done,) = handed_in(sqlite_town.context.database, report)
    told = sqlite_town.journal(done.case_id)[0].data
    assert told == {"source": "hotline", "urgency": "P2", "area": "chenguang-1", "upstream": "T-1"}


# an emergency ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("area", ["chenguang-1", None])
def test_an_emergency_is_with_its_units_after_one_turn_whatever_its_source(sqlite_town: Town, source: str, area: str | None) -> None:
    report = Report("", "楼道里一股煤气味，煤气泄漏，快来人！", source, area)
    (done,) = handed_in(sqlite_town.context.database, report, user="chenguang.clerk" if SOURCES[source]["by_staff"] else None)
    assert sqlite_town.case(done.case_id).urgency == "P0"
    sqlite_town.turn()
    assert sqlite_town.state(done.case_id) == "dispatched"


def test_a_limit_that_has_passed_keeps_no_emergency_out_and_everything_else(sqlite_town: Town) -> None:
    late: dict[str, Any] = {"due_at": NOW - timedelta(hours=1), "due_note": "12345", "source": "hotline"}
    (done,) = handed_in(sqlite_town.context.database, Report("", "煤气泄漏，快来人", **late))
    assert (sqlite_town.case(done.case_id).urgency, sqlite_town.case(done.case_id).outside_due_at) == ("P0", None)
    with refused("deadline_past"):
        handed_in(sqlite_town.context.database, Report("", "路灯不亮", **late))
    ahead = NOW + timedelta(hours=1)
    (timely,) = handed_in(sqlite_town.context.database, Report("", "煤气泄漏，快来人", due_at=ahead, due_note="12345"))
    assert sqlite_town.case(timely.case_id).outside_due_at == ahead


def test_what_is_sensitive_is_for_named_readers_before_anybody_has_seen_it(town: Town) -> None:
    (done, plain) = handed_in(town.context.database, Report("", "楼上家暴，孩子在哭", area="chenguang-1"), LAMP)
    case = town.case(done.case_id)
    assert case.sensitive == "domestic_violence"
    assert case.readers
    assert town.case(plain.case_id).sensitive is None
    assert town.actions(done.case_id) == ["submit", "closed_up"]


# points ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("datum", Datum)
def test_a_point_is_kept_as_the_devices_say_it_whatever_map_it_was_read_from(database: Database, datum: Datum) -> None:
    real = Point(31.2304, 121.4737)
    handed_in(database, Report("", "路灯不亮", where=Where(from_wgs84(real, datum), datum, 30)))
    case = case_of(database)
    assert distance_m(Point(case.lat, case.lon), real) < 0.5
    assert (case.datum, case.accuracy_m) == (datum, 30)


@pytest.mark.parametrize(
    ("where", "code"),
    [
        (Where(Point(121.4737, 31.2304)), "bad_point"),
        (Where(Point(float("nan"), 0)), "bad_point"),
        (Where(Point(31, 121), accuracy_m=-1), "bad_accuracy"),
        (Where(Point(31, 121), accuracy_m=1_000_000), "bad_accuracy"),
    ],
)
def test_a_point_that_is_none_is_refused_at_the_door(sqlite_database: Database, where: Where, code: str) -> None:
    with refused(code):
        handed_in(sqlite_database, LAMP, Report("", "路灯不亮", where=where))
    with sqlite_database.unit_of_work() as session:
        assert session.connection().execute(select(_case)).all() == []


# tickets from upstream ------------------------------------------------------------------------------------------------


def ticket(no: str, body: str = "路灯不亮", **more: Any) -> Report:
    return Report("", body, "hotline", "chenguang-1", upstream_system="12345", upstream_no=no, **more)


def test_the_same_number_upstream_is_one_case_whatever_the_key(database: Database) -> None:
    first, twin, other = handed_in(database, ticket("T-1", key="a"), ticket("T-1", key="b"), ticket("T-2", key="a2"))
    again, by_key = handed_in(database, ticket("T-1", "换了说法", key="c"), Report("", "路灯不亮", key="a"))
    assert [(each.no, each.known) for each in (twin, again, by_key)] == [(first.no, True)] * 3
    assert other.no != first.no
    elsewhere = Report("", "路灯不亮", upstream_system="市长信箱", upstream_no="T-1")
    assert handed_in(database, elsewhere)[0].known is False


def test_a_number_upstream_is_one_however_it_is_typed(sqlite_town: Town) -> None:
    first, *others = handed_in(sqlite_town.context.database, *(ticket(no) for no in (" HW 1", "hw  1 ", "ｈｗ　１", "Hw\t1")))
    assert {each.no for each in others} == {first.no}
    assert sqlite_town.case(first.case_id).upstream_no == "HW 1"
    assert sqlite_town.journal(first.case_id)[0].data["upstream"] == "HW 1"


@pytest.mark.parametrize(
    "again",
    [
        [ticket("T-3", key="a")],
        [ticket("T-1", key="b")],
        [ticket("T-4", key="plain")],
        [ticket("T-5", key="c"), ticket("T-6", key="c")],
        [Report("", "路灯不亮", key="d"), ticket("T-7"), ticket("T-7", key="d")],
    ],
    ids=["another number", "another case", "none before", "another number at once", "another case at once"],
)
def test_a_key_and_a_number_that_disagree_are_refused_and_leave_nothing(sqlite_database: Database, again: list[Report]) -> None:
    handed_in(sqlite_database, ticket("T-1", key="a"), ticket("T-2", key="b"), Report("", "路灯不亮", key="plain"))
    with refused("upstream_disagrees"):
        handed_in(sqlite_database, Report("", "井盖没了"), *again)
    with sqlite_database.unit_of_work() as session:
        assert len(session.connection().execute(select(_case)).all()) == 3


def test_a_number_upstream_handed_in_by_many_at_once_is_one_case(database: Database) -> None:
    results = together([lambda n=n: handed_in(database, ticket("T-1", key=f"k{n}")) for n in range(8)])
    assert len({done[0].case_id for done in results}) == 1
    assert sum(not done[0].known for done in results) == 1


def test_number_limit_and_way_back_are_kept_and_listed(database: Database) -> None:
    soon, later = NOW + timedelta(days=2), NOW + timedelta(days=5)
    handed_in(database, LAMP, ticket("T-2", due_at=later), ticket("T-1", due_at=soon, due_note="市转办", upstream_reply_to="12345系统回填"))
    with database.unit_of_work() as session:
        found = tickets(session)
    assert [(t.system, t.upstream_no, t.due_at, t.reply_to, t.replied_at) for t in found] == [
        ("12345", "T-1", soon, "12345系统回填", None),
        ("12345", "T-2", later, None, None),
    ]


@pytest.mark.parametrize("more", [{"upstream_system": "12345"}, {"upstream_reply_to": "回填"}])
def test_a_way_back_without_a_number_is_refused(sqlite_database: Database, more: dict[str, str]) -> None:
    with refused("upstream_incomplete"):
        handed_in(sqlite_database, Report("", "路灯不亮", **more))


def test_a_number_too_long_to_keep_is_refused(sqlite_database: Database) -> None:
    with refused("report_too_long"):
        handed_in(sqlite_database, ticket("9" * 61))

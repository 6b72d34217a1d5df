"""Who is responsible: the most specific row and who is there, versions by date, gaps, five offices, A and B, what the public reads."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from models import Case, Database, Responsibility, Unit, table
from rules.facts import Refused
from services.catalogue import catalogue, reference_changed
from services.duty import set_away, set_back
from services.responsibility import offices, watching
from services.responsibility.asking import Answer, responsible
from services.responsibility.entering import SheetRefused, end, enter
from services.responsibility.gaps import gaps
from services.responsibility.listing import as_written, rows_of, written
from services.responsibility.sheets import KINDS
from services.responsibility.staffing import staffing, watch
from services.tables import read_table
from tests.support.duties import entered, local
from tests.support.town import START, Town

MATRIX = "area section matter user post promise document from to"
LAKE_ROAD = ("hubin", "湖滨南路、思明南路", "", "hubin.head", "片长", "半小时到场", "责〔2026〕1号", "2026-01-01", "2026-12-31")
PARKING = ("hubin", "", "C03", "traffic.clerk", "路段长", "十五分钟挪车", "责〔2026〕2号", "2026-01-01", "")
STREETS = ("chenghu", "", "B", "sanitation.clerk", "保洁负责人", "", "责〔2026〕3号", "2026-01-01", "")
POSTS = "grid slot user from to"


def ask(database: Database, area: str, category: str | None, place: str = "", now: Any = START) -> Answer:
    with database.unit_of_work() as session:
        return responsible(session, catalogue(session).unit_ids[area], category, now, place)


def who(answer: Answer) -> tuple[str | None, str | None, str]:
    there = answer.there.person.name if answer.there.person else None
    return answer.person.name if answer.person else None, there, answer.there.how


def test_the_most_specific_row_decides_and_says_why(database: Database) -> None:
    entered(database, "matrix", MATRIX, LAKE_ROAD, PARKING, STREETS)
    entered(database, "lines", "grid line name unit from to", ("chenguang-1", "sanitation", "环卫12片", "sanitation", "2026-02-01", ""))
    entered(database, "posts", POSTS, ("chenguang-1", "a", "chenguang-1.worker", "2026-01-01", ""))
    on_the_road = ask(database, "chenguang-1", "C03", "湖滨南路 23号")
    assert who(on_the_road) == ("hubin.head", "hubin.head", "self")
    assert on_the_road.reasons == ("by_section", "by_any", "above_area", "from_matrix")
    assert [(duty.origin, duty.matter) for duty in on_the_road.beaten] == [("matrix", "C03"), ("staffing", "")]
    assert who(ask(database, "chenguang-1", "C03", "白鹭洲路"))[0] == "traffic.clerk"
    line = ask(database, "chenguang-1", "B02")
    assert (line.reasons[0], line.unit_id, line.there.how) == ("by_line", on_unit(database, "sanitation"), "unit")
    assert who(ask(database, "chenguang-2", "B02"))[0] == "sanitation.clerk", "where no line was laid, the family's letter holds"
    assert ask(database, "chenguang-1", "F01").reasons[-1] == "from_staffing"
    assert ask(database, "jinqiao-1", "F01").reasons == ("gap",)


def on_unit(database: Database, code: str) -> int:
    with database.unit_of_work() as session:
        return catalogue(session).unit_ids[code]


def test_who_is_away_is_replaced_by_the_deputy_then_by_who_is_on_duty(database: Database) -> None:
    entered(database, "matrix", f"{MATRIX} deputy", (*PARKING, "traffic.head"))
    with database.unit_of_work() as session:
        set_away(session, "traffic.clerk", START, None, "", START)
    assert who(ask(database, "chenguang-1", "C03")) == ("traffic.clerk", "traffic.head", "deputy")
    with database.unit_of_work() as session:
        set_away(session, "traffic.head", START, None, "", START)
    assert who(ask(database, "chenguang-1", "C03")) == ("traffic.clerk", None, "nobody")
    with database.unit_of_work() as session:
        assert [duty.matter for duty in gaps(session, START).vacant] == ["C03"]


def test_what_held_for_a_grid_that_was_merged_holds_for_its_successor(sqlite_database: Database) -> None:
    entered(sqlite_database, "matrix", MATRIX, ("chenguang-2", "", "C03", *PARKING[3:]))
    entered(sqlite_database, "offices", "area office holder from", ("chenguang-2", "agent", "chenguang-2.worker", "2026-01-01"))
    old, heir = on_unit(sqlite_database, "chenguang-2"), on_unit(sqlite_database, "chenguang-1")
    with sqlite_database.unit_of_work() as session:
        session.connection().execute(update(table(Unit)).where(table(Unit).c.id == old).values(retired_at=START, successor_id=heir))
        reference_changed(session)
    assert who(ask(sqlite_database, "chenguang-1", "C03"))[0] == "traffic.clerk"
    with sqlite_database.unit_of_work() as session:
        assert len(offices.Officers(session, START).hearers("errand", heir)) == 1


def test_versions_follow_by_date_and_nothing_is_overwritten(database: Database) -> None:
    entered(database, "matrix", MATRIX, PARKING)
    later = (*PARKING[:3], "traffic.head", *PARKING[4:6], "责〔2027〕2号", "2027-01-01", "2027-06-30")
    assert entered(database, "matrix", MATRIX, later).following == 1
    assert entered(database, "matrix", MATRIX, PARKING, later).known == 2, "entered again nothing is new"
    before, after, gone = (
        ask(database, "chenguang-1", "C03", now=local(*d)) for d in ((31, 23, 12, 2026), (1, 0, 1, 2027), (1, 0, 7, 2027))
    )
    assert [a.person.name if a.person else None for a in (before, after, gone)] == ["traffic.clerk", "traffic.head", None]
    with database.unit_of_work() as session:
        first, second = rows_of(session, "matrix", START)
        assert (first["superseded_by"], first["stands"], second["stands"]) == (second["id"], "now", "future")
        for _ in range(2):
            end(session, "matrix", first["id"], START + timedelta(days=1), catalogue(session).actor("admin"), START)
    assert ask(database, "chenguang-1", "C03", now=START + timedelta(days=2)).reasons == ("gap",)
    with database.unit_of_work() as session:
        assert session.connection().execute(select(func.count()).select_from(table(Responsibility))).scalar() == 2


def test_an_office_ends_before_its_time_and_its_table_can_still_be_entered(sqlite_database: Database) -> None:
    tag = ("area office holder from", ("chenguang-1", "agent", "chenguang-1.worker", "2026-01-01"))
    entered(sqlite_database, "offices", *tag)
    with sqlite_database.unit_of_work() as session:
        known = catalogue(session)
        (row,), area = rows_of(session, "offices", START), known.unit_ids["chenguang-1"]
        with pytest.raises(Refused, match="not_for_responsibility"):
            end(session, "offices", row["id"], START, known.actor("water.head"), START)
        end(session, "offices", row["id"], START, known.actor("hubin.head"), START)
        assert offices.Officers(session, START).hearers("errand", area) == []
        for code, number, problem in (
            ("offices", 99, "unknown_responsibility"),
            ("offices", row["id"], "already_ended"),
            ("x", 1, "unknown_sheet"),
        ):
            with pytest.raises(Refused, match=problem):
                end(session, code, number, START + timedelta(days=1), known.actor("admin"), START + timedelta(hours=1))
    assert entered(sqlite_database, "offices", *tag).known == 1


def test_a_table_with_a_wrong_cell_enters_nothing_and_says_where(database: Database) -> None:
    bad = [
        PARKING,
        ("atlantis", *PARKING[1:]),
        (*PARKING[:2], "Z99", *PARKING[3:]),
        (*PARKING[:3], "nobody", *PARKING[4:]),
        (*PARKING[:4], "", *PARKING[5:]),
        (*PARKING[:7], "去年", ""),
        (*PARKING[:7], "2026-05-01", "2026-04-01"),
        PARKING,
    ]
    with pytest.raises(SheetRefused) as caught:
        entered(database, "matrix", MATRIX, *bad)
    wrong = [(each.reject.line, each.column, each.reject.code) for each in caught.value.wrong]
    assert wrong == [
        (3, "area", "unknown_area"),
        (4, "matter", "unknown_matter"),
        (5, "user", "unknown_user"),
        (6, "post", "cell_missing"),
        (7, "from", "bad_moment"),
        (8, "to", "ends_before"),
        (9, "", "twice"),
    ]
    assert ask(database, "chenguang-1", "C03").duty is None
    entered(database, "matrix", MATRIX, PARKING)
    with pytest.raises(SheetRefused) as caught:
        entered(database, "matrix", MATRIX, (*PARKING[:4], "改了名目", *PARKING[5:]))
    assert [each.reject.code for each in caught.value.wrong] == ["already_otherwise"]
    with pytest.raises(SheetRefused) as caught:
        entered(database, "matrix", MATRIX, ("jinqiao", *PARKING[1:]), user="hubin.head")
    assert [each.reject.code for each in caught.value.wrong] == ["not_your_area"]
    with pytest.raises(Refused, match="not_for_responsibility"):
        entered(database, "matrix", MATRIX, LAKE_ROAD, user="hubin.clerk")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_what_is_exported_can_be_entered_again(sqlite_database: Database, tmp_path: Path, suffix: str) -> None:
    entered(sqlite_database, "matrix", MATRIX, LAKE_ROAD, PARKING)
    entered(
        sqlite_database, "offices", "area building office holder from", ("chenguang-1", "5号楼", "information", "10000000001", "2026-01-01")
    )
    with sqlite_database.unit_of_work() as session:
        (tmp_path / f"m{suffix}").write_bytes(written(as_written(session, "matrix", rows_of(session, "matrix", START), "zh"), suffix))
        residents = as_written(session, "offices", rows_of(session, "offices", START), "en")
        with pytest.raises(Refused, match="sheet_suffix"):
            written(residents, ".pdf")
    read = read_table(tmp_path / f"m{suffix}", KINDS["matrix"].required)
    with sqlite_database.unit_of_work() as session:
        assert enter(session, "matrix", read, catalogue(session).actor("admin"), START).known == 2
    assert residents[1][3] == "100****0001", "no resident's number leaves the house"


def test_gaps_and_overlaps_are_named(database: Database) -> None:
    entered(database, "matrix", MATRIX, PARKING, (*PARKING[:3], "urban.clerk", *PARKING[4:]))
    entered(database, "matrix", MATRIX, *(("hubin", "", family, "hubin.head", "片长", "", "", "2026-01-01", "") for family in "ABCDEFG"))
    entered(database, "posts", POSTS, ("jinqiao-1", "a", "jinqiao-1.worker", "2026-01-01", ""))
    with database.unit_of_work() as session:
        found, here = gaps(session, START), gaps(session, START, "chenguang")
        known = catalogue(session)
    assert here.uncovered == ()
    assert [(known.units[o.area_id].code, o.matter, len(o.ids)) for o in found.overlaps] == [("hubin", "C03", 2)]
    open_grids = {known.units[each.grid_id].code: each for each in found.uncovered}
    assert "chenguang-1" not in open_grids
    assert open_grids["jinqiao-1"].staffed
    assert len(open_grids["jinqiao-1"].categories) == len(known.categories)
    assert not open_grids["jinqiao-2"].staffed


def test_a_letter_that_runs_out_is_told_once_to_whom_it_concerns(town: Town) -> None:
    entered(town.context.database, "matrix", MATRIX, (*LAKE_ROAD[:3], "hubin.clerk", *LAKE_ROAD[4:]), PARKING)
    with town.context.database.unit_of_work() as session:
        assert watching.tell_expiring(session, START) == 0
    town.now = local(5, 10, 12)
    for _ in range(2):
        with town.context.database.unit_of_work() as session:
            assert watching.tell_expiring(session, town.now) == 1
            assert [row["document"] for row in gaps(session, town.now).expiring] == ["责〔2026〕1号"]
    town.turn()
    for user in ("hubin.clerk", "hubin.head"):
        (told,) = town.heard(user)
        assert "湖滨南路" in told
        assert "责〔2026〕1号" in told
    entered(town.context.database, "matrix", MATRIX, (*LAKE_ROAD[:7], "2027-01-01", "2027-12-31"))
    with town.context.database.unit_of_work() as session:
        assert watching.tell_expiring(session, town.now) == 0, "another follows it"


def test_the_information_officer_hears_of_new_cases_and_of_no_sensitive_one(town: Town) -> None:
    columns = "area building office holder from"
    tags = [
        ("chenguang-1", "5号楼", "information", "10000000077", "2026-01-01"),
        ("chenguang-1", "", "information", "chenguang-1.worker", "2026-01-01"),
        ("chenguang", "", "deliberation", "chenguang.head", "2026-01-01"),
        ("jinqiao-1", "", "information", "jinqiao-1.worker", "2026-01-01"),
    ]
    entered(town.context.database, "offices", columns, *tags)
    case = town.reports("5号楼前路灯不亮三天了", phone="10000000001")
    other = town.reports("楼上家暴，孩子在哭", phone="10000000002")
    unsorted = town.reports("有件事想问问")
    town.turn()
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(table(Case)).where(table(Case).c.id == case).values(place="晨光小区5号楼"))
    with town.context.database.unit_of_work() as session:
        assert watching.tell_officers(session, town.now) == 2
        assert watching.tell_officers(session, town.now) == 0
    town.turn()
    (told,) = town.heard("resident:10000000077")
    assert town.case(case).no in told
    assert "信息员" in told
    assert len(told) <= 70
    assert [m.notice for c in (other, unsorted) for m in town.messages(c) if m.notice == "office_case"] == []
    assert not [text for text in town.heard("jinqiao-1.worker") if "信息员" in text]
    with town.context.database.unit_of_work() as session:
        area = catalogue(session).unit_ids["chenguang-1"]
        held = offices.Officers(session, START)
        names = {kind: [h.person.name for h in held.hearers(kind, area) if h.person] for kind in ("meeting", "errand")}
        assert names == {"meeting": ["chenguang.head"], "errand": []}
        assert len(held.hearers("case_new", area, "6号楼")) == 1, "who has one building only hears of that one"


def test_a_case_that_becomes_sensitive_before_the_notice_goes_out_is_told_to_no_officer(sqlite_town: Town) -> None:
    town = sqlite_town
    entered(town.context.database, "offices", "area office holder from", ("chenguang-1", "information", "10000000077", "2026-01-01"))
    case = town.reports("5号楼前路灯不亮三天了")
    town.turn()
    with town.context.database.unit_of_work() as session:
        assert watching.look(session, town.now) == 1
    town.act(case, "restrict", "centre.duty", kind="domestic_violence", reason="其实是家暴")
    town.turn()
    assert town.heard("resident:10000000077") == []


def test_b_stands_in_for_a_and_a_grid_with_neither_is_told_to_its_community(town: Town) -> None:
    database = town.context.database
    posts = [("chenguang-1", slot, user, "2026-01-01", "") for slot, user in (("head", "chenguang.head"), ("a", "chenguang-1.worker"))]
    entered(database, "posts", POSTS, *posts, ("chenguang-1", "b", "chenguang-2.worker", "2026-01-01", ""))
    with database.unit_of_work() as session:
        assert watch(session, START) == 0
        assert catalogue(session).people["chenguang-1.worker"].deputy_id == catalogue(session).people["chenguang-2.worker"].id
    for user, how in (("chenguang-1.worker", "b"), ("chenguang-2.worker", "gap")):
        with database.unit_of_work() as session:
            set_away(session, user, START, None, "", START)
        with database.unit_of_work() as session:
            grid = next(g for g in staffing(session, START, "chenguang").grids if g.how != "gap" or g.head)
            assert grid.how == how
    for _ in range(2):
        with database.unit_of_work() as session:
            assert watch(session, START) == 1
    town.turn()
    assert len([text for text in town.heard("chenguang.clerk") if "都不在岗" in text]) == 1
    with database.unit_of_work() as session:
        set_back(session, "chenguang-2.worker", START)
        assert staffing(session, START, "chenguang").grids[0].how == "b"
        assert watch(session, START) == 0

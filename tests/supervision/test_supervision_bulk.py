"""Supervision orders by the dozen: tables with bad rows, signing a day's worth, numbers that never have a gap."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from models import Case, Database, Journal, SupervisionOrder, table
from rules.facts import Refused, Thing
from services.catalogue import catalogue
from services.intake import Report, submit
from services.moves import Intent, Moved, Setting, make_moves
from services.supervision import Line, Result, Wanted, Wish, ask, issue, list_orders, open_on, read_order, read_sheet, waiting_for
from services.tables import TableRefused
from tests.engine.test_concurrency import somebody_is_faster
from tests.intake.test_tables import workbook
from tests.support.sound import complaints
from tests.support.together import together
from tests.support.town import START, Town

_case, _order, _journal = table(Case), table(SupervisionOrder), table(Journal)
DRAIN = "5号楼前下水道堵了，污水外溢"


def cases(database: Database, count: int) -> list[str]:
    with database.unit_of_work() as session:
        reports = [Report(f"{DRAIN} {i}", DRAIN, source="hotline", area="chenguang-1") for i in range(count)]
        return [made.no for made in submit(session, reports, Setting(START))]


def propose(database: Database, nos: list[str], unit: str = "water") -> list[str]:
    """One supervision order on each of these cases, not yet signed."""
    with database.unit_of_work() as session:
        known = catalogue(session)
        wish, actor = Wish(known.unit_ids[unit], "三天内疏通"), known.actor("centre.duty")
        return [open_on(session, [no], wish, actor, Setting(START)).label for no in nos]


def move(database: Database, names: list[str], action: str, user: str, **args: Any) -> list[Result]:
    with database.unit_of_work() as session:
        return ask(session, names, action, catalogue(session).actor(user), Setting(START), args)


def numbers(database: Database) -> list[str]:
    with database.unit_of_work() as session:
        wanted = select(_order.c.number).where(_order.c.number.is_not(None)).order_by(_order.c.number)
        return list(session.connection().execute(wanted).scalars())


def expected(count: int) -> list[str]:
    return [f"DB-20261120-{n:04d}" for n in range(1, count + 1)]


# numbers --------------------------------------------------------------------------------------------------------------


def test_many_who_sign_at_the_same_moment_leave_no_gap(database: Database) -> None:
    names = propose(database, cases(database, 12))
    batches = [names[i::4] for i in range(4)]
    done = together([partial(move, database, batch, "sign", "centre.head") for batch in batches])
    assert all(result.done for results in done for result in results)
    assert numbers(database) == expected(12)
    assert complaints(database, START) == []


def test_two_who_sign_the_same_are_one_signature_and_one_number(database: Database) -> None:
    names = propose(database, cases(database, 3))
    done = together([partial(move, database, names, "sign", user) for user in ("centre.head", "chenghu.leader")])
    assert Counter(result.done for results in done for result in results) == {True: 3, False: 3}
    assert numbers(database) == expected(3)
    assert complaints(database, START) == []


def test_a_unit_of_work_that_fails_takes_no_number(database: Database) -> None:
    first, second = propose(database, cases(database, 2))

    def fail() -> None:
        with database.unit_of_work() as session:
            assert ask(session, [first], "sign", catalogue(session).actor("centre.head"), Setting(START))[0].done
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    assert [r.label for r in move(database, [second, first], "sign", "centre.head")] == expected(2)
    assert numbers(database) == expected(2)


def test_refused_signatures_among_many_take_no_numbers(database: Database) -> None:
    names = propose(database, cases(database, 4))
    move(database, names[1:2], "dismiss", "centre.head", reason="重复")
    done = move(database, [*names, "BH-20261120-9999#3", "什么"], "sign", "centre.head")
    assert [r.done for r in done] == [True, False, True, True, False, False]
    assert [getattr(r.outcome, "code", None) for r in done if not r.done] == ["wrong_state", "unknown_supervision", "unknown_supervision"]
    move(database, propose(database, cases(database, 1)), "sign", "centre.head")
    assert numbers(database) == expected(4)
    assert complaints(database, START) == []


def test_somebody_faster_on_a_further_case_loses_nothing(sqlite_database: Database) -> None:
    """Both cases are written or neither: the entry in the further case is not lost to whoever was faster."""
    home, other = cases(sqlite_database, 2)
    with sqlite_database.unit_of_work() as session:
        ids = {row.no: row.id for row in session.connection().execute(select(_case.c.no, _case.c.id))}
        known = catalogue(session)
        unit, duty = known.unit_ids["water"], known.actor("centre.duty")
    faster = Intent(ids[other], "supervise", duty, args={"unit": unit, "demand": "别的事"})
    with somebody_is_faster(sqlite_database, faster) as outcomes, sqlite_database.unit_of_work() as session:
        args = {"unit": unit, "demand": "清淤", "cases": (ids[other],)}
        (mine,) = make_moves(session, [Intent(ids[home], "supervise", duty, args=args)], Setting(START))
    assert (type(mine), [type(o) for o in outcomes]) == (Moved, [Moved])
    with sqlite_database.unit_of_work() as session:
        actions = session.connection().execute(select(_journal.c.action).where(_journal.c.case_id == ids[other]).order_by(_journal.c.seq))
        assert list(actions.scalars()) == ["submit", "supervise", "supervised"]
    assert complaints(sqlite_database, START) == []


# a day's worth --------------------------------------------------------------------------------------------------------


def test_signing_120_is_one_unit_of_work_and_few_statements(database: Database) -> None:
    propose(database, cases(database, 120))
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda c, cur, statement, *rest: statements.append(statement))
    with database.unit_of_work() as session:
        actor = catalogue(session).actor("centre.head")
        done = ask(session, [w.name for w in waiting_for(session, actor)], "sign", actor, Setting(START))
    assert [r.label for r in done] == expected(120)
    assert len(statements) < 40
    assert complaints(database, START) == []


def test_only_what_somebody_may_sign_waits_for_him(sqlite_town: Town) -> None:
    town = sqlite_town
    here, there = town.reports(DRAIN), town.reports(DRAIN, area="jinqiao-1")
    for case in (here, there):
        town.act(case, "supervise", "centre.duty", unit=town.unit_id("water"), demand="疏通")
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        waiting = {
            user: len(waiting_for(session, known.actor(user)))
            for user in ("hubin-centre.head", "centre.head", "chenghu.leader", "centre.duty")
        }
    assert waiting == {"hubin-centre.head": 1, "centre.head": 2, "chenghu.leader": 2, "centre.duty": 0}


# tables ---------------------------------------------------------------------------------------------------------------

HEAD = "案件,区域,地点,问题,督办单位,整改要求,整改时限,挂牌"


def issued(database: Database, path: Path, user: str = "centre.duty") -> list[Line]:
    with database.unit_of_work() as session:
        known = catalogue(session)
        return issue(session, read_sheet(path, known), known.actor(user), Setting(START))


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join((HEAD, *rows)) + "\n", encoding="utf-8")
    return path


def test_bad_rows_are_named_by_line_and_field_and_the_others_go_on(database: Database, tmp_path: Path) -> None:
    first, second = cases(database, 2)
    path = write(
        tmp_path / "orders.csv",
        f"{first},,,,区水务排水中心,三天内疏通,3wd,是",
        f"{first},,,,sanitation,冲洗路面,,",
        f"{second},,,,月球局,疏通,,",
        f"{second},,,,water,疏通,很快,",
        f"{second},,,,water,,,",
        f"{second},,,,water,疏通,,也许",
        f"{second},,,,晨光社区,疏通,,",
        "BH-20261120-9999,,,,water,疏通,,",
        ",chenguang-2,晨光路12号旁,建筑垃圾占道,urban,两日内清运,2wd,否",
        ",chenguang-2,晨光路12号旁,建筑垃圾占道,urban,两日内清运,2wd,否",
        ",moon,那里,垃圾,urban,清运,,",
        ",chenguang-2,,垃圾,urban,清运,,",
        ",chenguang-2,门口,,urban,清运,,",
        f"{first},,,,water,三天内疏通,,",
    )
    lines = issued(database, path)
    refusals = [(line.row.line, line.field, line.refusal.code) for line in lines if isinstance(line.refusal, Refused)]
    assert refusals == [
        (4, "unit", "unknown_unit"),
        (5, "limit", "bad_limit"),
        (6, "demand", "demand_missing"),
        (7, "listed", "bad_yes_no"),
        (8, "unit", "never_to_gentle"),
        (9, "case", "unknown_case"),
        (11, "problem", "already_noted"),
        (12, "area", "unknown_area"),
        (13, "place", "place_missing"),
        (14, "problem", "case_or_problem_missing"),
        (15, "demand", "already_supervised"),
    ]
    assert [line.row.line for line in lines if line.opened] == [2, 3, 10]
    with database.unit_of_work() as session:
        found = {(row["no"], row["rank"], row["limit"], row["demand"]) for row in list_orders(session, Wanted(), 50)}
    noted = next(line.opened.case_no for line in lines if line.row.line == 10 and line.opened)
    assert found == {(first, "listed", "3wd", "三天内疏通"), (first, "daily", None, "冲洗路面"), (noted, "daily", "2wd", "两日内清运")}
    assert complaints(database, START) == []


def test_the_same_table_twice_opens_nothing_twice(sqlite_database: Database, tmp_path: Path) -> None:
    (no,) = cases(sqlite_database, 1)
    path = write(tmp_path / "orders.csv", f"{no},,,,water,疏通,,", ",chenguang-2,门口,垃圾,urban,清运,,")
    assert [bool(line.opened) for line in issued(sqlite_database, path)] == [True, True]
    again = issued(sqlite_database, path)
    assert [line.refusal.code for line in again if isinstance(line.refusal, Refused)] == ["already_supervised", "already_noted"]
    with sqlite_database.unit_of_work() as session:
        assert session.connection().execute(select(func.count()).select_from(_order)).scalar() == 2


def test_rows_are_decided_with_the_rights_of_who_hands_the_table_in(sqlite_database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", ",chenguang-2,门口,垃圾,urban,清运,,", ",jinqiao-1,门口,垃圾,urban,清运,,")
    lines = issued(sqlite_database, path, "hubin-centre.duty")
    assert [line.refusal.code if isinstance(line.refusal, Refused) else None for line in lines] == [None, "not_yours"]


def test_many_opened_at_once_ask_for_signatures_once(sqlite_town: Town, tmp_path: Path) -> None:
    town = sqlite_town
    path = write(tmp_path / "orders.csv", *(f",chenguang-2,{n}号门口,垃圾,urban,清运,," for n in range(5)))
    assert all(line.opened for line in issued(town.context.database, path))
    asked = [m for case in town.rows(select(_case.c.id)) for m in town.messages(case.id) if m.notice == "supervision_asked"]
    assert [m.name for m in asked] == ["centre.head"]


def test_a_spreadsheet_says_the_same(sqlite_database: Database, tmp_path: Path) -> None:
    (no,) = cases(sqlite_database, 1)
    path = tmp_path / "orders.xlsx"
    path.write_bytes(workbook([["case", "unit", "demand", "limit"], [no, "water", "疏通", "3wd"]]))
    (line,) = issued(sqlite_database, path)
    assert line.opened is not None


@pytest.mark.parametrize("text", ["案件,整改要求\nx,y\n", "督办单位,整改要求\nwater,y\n", "\x00\x01\x02,\x03\n\x04,\x05\n"])
def test_a_table_without_the_columns_is_refused_whole(sqlite_database: Database, tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(text, encoding="utf-8")
    with sqlite_database.unit_of_work() as session, pytest.raises(TableRefused, match="table_columns_missing"):
        read_sheet(path, catalogue(session))


# finding and listing --------------------------------------------------------------------------------------------------


def test_an_order_is_found_by_number_by_entry_and_by_a_case_that_has_one(sqlite_database: Database) -> None:
    no, other = cases(sqlite_database, 2)
    (label,) = propose(sqlite_database, [no])
    move(sqlite_database, [label], "sign", "centre.head")
    with sqlite_database.unit_of_work() as session:
        assert {read_order(session, name).label for name in ("db-20261120-0001", label, f" {no} ")} == {"DB-20261120-0001"}
        for name, code in ((other, "no_open_supervision"), ("BH-1#1", "unknown_supervision"), ("DB-20261120-0002", "unknown_supervision")):
            with pytest.raises(Refused, match=code):
                read_order(session, name)
    propose(sqlite_database, [no], "sanitation")
    with sqlite_database.unit_of_work() as session, pytest.raises(Refused, match="which_supervision_order"):
        read_order(session, no)


def test_a_list_shows_what_is_asked_for(sqlite_database: Database) -> None:
    nos = cases(sqlite_database, 3)
    first, second, third = propose(sqlite_database, nos)
    move(sqlite_database, [first, second], "sign", "centre.head", limit="9wd")
    move(sqlite_database, [second], "list", "centre.head", reason="久拖")
    move(sqlite_database, [third], "dismiss", "centre.head", reason="不必")

    def shown(**wanted: Any) -> list[str]:
        with sqlite_database.unit_of_work() as session:
            return sorted(row["no"] for row in list_orders(session, Wanted(**wanted), 50))

    assert shown() == nos[:2]
    assert shown(state="all") == nos
    assert shown(state="dismissed") == nos[2:]
    assert (shown(listed=True), shown(listed=False)) == (nos[1:2], nos[:1])
    assert (shown(unit="water"), shown(unit="urban")) == (nos[:2], [])
    assert shown(due=START) == []
    for wanted, code in (({"state": "lost"}, "unknown_state"), ({"unit": "moon"}, "unknown_unit")):
        with pytest.raises(Refused, match=code):
            shown(**wanted)


# the door -------------------------------------------------------------------------------------------------------------


def test_two_orders_of_one_case_are_signed_in_one_call(sqlite_database: Database) -> None:
    (no,) = cases(sqlite_database, 1)
    names = [*propose(sqlite_database, [no]), *propose(sqlite_database, [no], "sanitation")]
    assert [r.label for r in move(sqlite_database, names, "sign", "chenghu.leader")] == expected(2)
    assert complaints(sqlite_database, START) == []


def test_an_entry_that_opened_no_order_is_refused(sqlite_database: Database) -> None:
    cases(sqlite_database, 1)
    with sqlite_database.unit_of_work() as session:
        intent = Intent(1, "sign", catalogue(session).actor("centre.head"), Thing.SUPERVISION, 1)
        (outcome,) = make_moves(session, [intent], Setting(START))
    assert isinstance(outcome, Refused)
    assert numbers(sqlite_database) == []


def test_a_row_that_cannot_be_taken_apart_stays_with_the_table(sqlite_database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", ",chenguang-2,门口,垃圾,urban", ",chenguang-2,门口,垃圾,urban,清运,,")
    with sqlite_database.unit_of_work() as session:
        sheet = read_sheet(path, catalogue(session))
    assert ([r.line for r in sheet.table.rejects], [a.row.line for a in sheet.asked]) == ([2], [3])

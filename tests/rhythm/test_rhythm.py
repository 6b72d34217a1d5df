"""Lists, sheets and bulletins: made once, frozen, told to whom the rules name; nothing about a person, nothing of a sensitive case."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from demo.mechanisms import bulletin, daily, weekly
from models import Affair, Base, Bulletin, BulletinCase, Clock, Database, DutyLine, DutyList, Message, table
from rules import handling
from rules.facts import Refused
from seeds import _place, read
from services import mechanisms
from services.moves import Setting
from services.rhythm import bulletins, figures, lists, members, paper, rechecking, remarks, settled, sheets, weeks
from services.rhythm.sheets import Filled, Taken
from tasks import rhythm
from tests.support.in_hand import at, in_hand
from tests.support.town import Town

FRIDAY = date(2026, 11, 20)
_line, _list, _message, _clock, _affair, _member = (table(m) for m in (DutyLine, DutyList, Message, Clock, Affair, BulletinCase))
SEED = _place("rhythm.toml").read_text(encoding="utf-8")


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


def listed(town: Town, user: str | None = None) -> lists.Seen:
    with town.context.database.unit_of_work() as session:
        lists.make(session, "day", "system", town.now)
        return lists.read_list(session, "day", FRIDAY, town.actor(user) if user else None)


def rechecked(town: Town) -> rechecking.Rechecked:
    with town.context.database.unit_of_work() as session:
        return rechecking.recheck(session, "day", FRIDAY)


def told(town: Town, notice: str) -> set[str]:
    """Who is told, by user name."""
    with town.context.database.unit_of_work() as session:
        from services.catalogue import catalogue

        people = {person.id: name for name, person in catalogue(session).people.items()}
    return {people[row.staff_id] for row in town.rows(select(_message.c.staff_id).where(_message.c.notice == notice))}


# lists ----------------------------------------------------------------------------------------------------------------


def test_what_comes_round_is_made_once_by_whoever_comes_first(sqlite_town: Town) -> None:
    town, database = sqlite_town, sqlite_town.context.database
    in_hand(town)
    assert rhythm.run(database, "daily", at(20, 8, 29)) == {"made": []}
    with database.unit_of_work() as session:
        assert rhythm.look(session, at(20, 12)) == ["day:2026-11-20", "week:2026-11-16"], "the week's too, if nobody has made it"
    assert rhythm.run(database, "daily", at(20, 12, 1)) == {"made": []}
    assert rhythm.run(database, "monthly", at(20, 12, 1)) == {"made": []}, "nobody worked with it in October"
    assert rhythm.run(database, "monthly", at(1, 6, month=12)) == {"made": ["bulletin:2026-11"]}
    assert rhythm.run(database, "weekly", at(1, 6, month=12)) == {"made": []}
    assert "centre.head" in told(town, "rhythm_ready")


def test_two_who_come_at_once_make_one_of_each(postgres_database: Database) -> None:
    with ThreadPoolExecutor(2) as both:
        found = list(both.map(lambda _: rhythm.run(postgres_database, "daily", at(23, 9))["made"], range(2)))
    assert sorted(made for each in found for made in each) == ["day:2026-11-23", "week:2026-11-23"]


def test_a_list_stays_as_it_was_and_can_be_put_together_again(town: Town) -> None:
    case = in_hand(town, "P1")
    town.now = at(20, 11)
    before = listed(town)
    assert {line["why"] for line in before.lines if line["part"] == "due"} >= {"contact"}
    town.now = at(20, 11, 30)
    for order in town.orders(case):
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="好了") if order.state == "working" else None
    assert listed(town).lines == before.lines, "what was done since changes nothing"
    found = rechecked(town)
    assert (found.wrong, found.missing, found.confirmed) == ((), (), found.lines)
    with town.context.database.unit_of_work() as session:
        first = next(line["no"] for line in before.lines if line["part"] == "due")
        session.execute(update(_line).where(_line.c.no == first).values(due_at=at(20, 23)))
        session.execute(delete(_line).where(_line.c.no == first + 1))
    found = rechecked(town)
    assert found.wrong == ((first, "due"),), "a line that was altered shows"
    assert len(found.missing) == 1, "and so does one that was taken out"


def test_a_sensitive_case_is_a_number_and_a_hidden_inspection_is_nothing(sqlite_town: Town) -> None:
    town = sqlite_town
    case, other = in_hand(town, "P1"), in_hand(town, "P1", phone="10000000002")
    town.act(case, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    hidden = {"case_id": other, "seq": 3, "thing": "inspection", "no": "XC-20261120-0001", "state": "planned", "title": "夜查"}
    about = {
        "hidden": True,
        "area_unit_id": town.unit_id("hubin"),
        "opened_at": town.now,
        "opened_by": "centre.head",
        "limits": {},
        "data": {},
    }
    clock = town.clocks(other)[0]
    with town.context.database.unit_of_work() as session:
        session.execute(insert(_affair).values(hidden | about))
        values = {c.name: getattr(clock, c.name) for c in _clock.c if c.name != "id"}
        running = {"stopped_at": None, "running_since": town.now, "due_at": at(20, 12)}
        session.execute(insert(_clock).values(values | running | {"affair_seq": 3, "order_no": None, "kind": "correct"}))
    town.now = at(20, 11)
    lines = listed(town).lines
    own = [line for line in lines if line["case"] == town.case(case).no]
    assert own
    assert {(line["subject"], line["why"], line["unit_id"]) for line in own} == {(None, "", None)}
    readable = [line for line in listed(town, "centre.head").lines if line["case"] == own[0]["case"] and line["why"]]
    assert len(readable) == len(own), "who may open it sees the lines"
    assert "correct" not in {line["why"] for line in lines}
    with refused("list_for_staff"):
        listed(town, "resident:10000000002")


def test_a_remark_that_cannot_be_carried_out_is_not_kept(sqlite_town: Town) -> None:
    town = sqlite_town
    case = in_hand(town, "P1")
    town.now = at(20, 11)
    line = next(line for line in listed(town).lines if line["order_no"] is not None)
    for order in town.orders(case):
        if order.state == "working":
            town.order(case, "finish", f"{order.code}.clerk", order.code, result="好了")

    def says(said: remarks.Said, user: str = "centre.duty") -> int:
        with town.context.database.unit_of_work() as session:
            return remarks.remark(session, "day", FRIDAY, said, town.actor(user), Setting(town.now))

    for said, code in (
        (remarks.Said("上午到场", line["no"], urge=True), "wrong_state"),
        (remarks.Said("上午到场", 999, urge=True), "no_such_list_line"),
        (remarks.Said("  "), "remark_missing"),
        (remarks.Said("长" * 501), "text_too_long"),
    ):
        with refused(code):
            says(said)
    with town.context.database.unit_of_work() as session:
        assert remarks.remarks(session, "day", FRIDAY, None) == []
    assert says(remarks.Said("办得快")) == 1


# rules and recipients -------------------------------------------------------------------------------------------------


def test_rules_are_data_and_a_wrong_file_is_refused_with_its_place(sqlite_town: Town) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        for text, code, where in (
            ("[daily", "rhythm_unreadable", None),
            (SEED.replace('at = "08:30"', 'at = "25:00"'), "rhythm_wrong", "daily at"),
            (SEED.replace('appeal = "2wd"', 'appeal = "2x"'), "rhythm_wrong", "weekly appeal"),
            (SEED.replace("small = 5", "small = 4"), "rhythm_wrong", "bulletin small (>= 5)"),
            (SEED.replace('post = "duty"', 'post = "reporter"'), "rhythm_wrong", "daily to 1"),
            (SEED.replace("points = 25, photo = true", "points = 26, photo = true", 1), "rhythm_wrong", "topic 1 points (sum 100)"),
            (SEED.replace('code = "markets"', 'code = "streets"'), "rhythm_wrong", "topic code"),
            (SEED.replace("photo = false }", "photo = 0 }", 1), "rhythm_wrong", "topic 1 item 1 photo"),
        ):
            with refused(code) as found:
                settled.put(session, text, "admin", town.now)
            assert found.value.details.get("where") == where
        with refused("admins_only"):
            settled.put(session, SEED, "centre.head", town.now)
        only = SEED[: SEED.index("to = [")] + 'to = [{ of = "district", post = "centre_head" }]\n\n' + SEED[SEED.index("# 每周一测评") :]
        assert settled.put(session, only.replace("08:30", "07:45"), "admin", town.now).version == 1
        assert f"{settled.in_force(session).at:%H:%M}" == "07:45"
    in_hand(town)
    listed(town)
    assert told(town, "duty_list") == {"centre.head"}, "nobody else is told any more"


def test_the_seeded_topics_are_those_of_the_field(sqlite_town: Town) -> None:
    with sqlite_town.context.database.unit_of_work() as session:
        topics = settled.in_force(session).topics
    assert [topic.zh for topic in topics.values()] == ["市容环境", "农贸市场", "住宅小区", "交通秩序"]
    assert {sum(item.points for item in topic.items) for topic in topics.values()} == {settled.FULL}


# sheets ---------------------------------------------------------------------------------------------------------------


def test_a_draft_is_its_scorers_and_a_window_that_is_over_is_over(sqlite_town: Town) -> None:
    town = sqlite_town
    filled = Filled("streets", "chenguang-1", "湖滨路口", "sanitation", (Taken("roads", 15, "落叶未清"),))
    with town.context.database.unit_of_work() as session:
        act = {name: town.actor(name) for name in ("centre.clerk", "centre.head", "sanitation.clerk", "market.clerk")}
        one = sheets.open_sheet(session, filled, act["centre.clerk"], Setting(town.now)).sheet_id
        two = sheets.open_sheet(session, filled, act["centre.clerk"], Setting(town.now)).sheet_id
        for move, code in (
            (lambda: sheets.sign(session, one, act["centre.head"], town.now), "only_the_scorer"),
            (lambda: weeks.read_sheet(session, one, act["sanitation.clerk"]), "sheet_not_for_you"),
            (lambda: weeks.appeal(session, one, [], "不对", act["sanitation.clerk"], town.now), "sheet_state"),
            (lambda: weeks.read_sheet(session, 99, None), "no_such_sheet"),
        ):
            with refused(code):
                move()
        assert sheets.drop(session, two, act["centre.clerk"])["state"] == "dropped"
        signed = sheets.sign(session, one, act["centre.clerk"], town.now)
        assert weeks.read_sheet(session, one, act["sanitation.clerk"])["score"] == 985
        with refused("sheet_not_for_you"):
            weeks.read_sheet(session, one, act["market.clerk"])
        with refused("nothing_taken_off"):
            weeks.appeal(session, one, ["green"], "不对", act["sanitation.clerk"], town.now)
        with refused("appeal_window_over"):
            weeks.appeal(session, one, [], "不对", act["sanitation.clerk"], signed["appeal_until"] + timedelta(seconds=1))
        assert signed["appeal_until"] == at(24, 17, 30), "two working days after a Friday"
        weeks.publish(session, FRIDAY, act["centre.head"], at(25, 9))
        assert weeks.read_sheet(session, one, act["market.clerk"])["state"] == "published"
        with refused("week_published"):
            sheets.open_sheet(session, filled, act["centre.clerk"], Setting(town.now))


# bulletins ------------------------------------------------------------------------------------------------------------


def test_a_sensitive_case_counts_for_the_district_and_stands_in_no_list(town: Town) -> None:
    plain, hidden = in_hand(town), in_hand(town, phone="10000000002")
    town.act(hidden, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    with town.context.database.unit_of_work() as session:
        row = bulletins.draft(session, "2026-11", "centre.clerk", at(1, 9, month=12))
        found = figures.figures_of(session, row)
        book = str(list(paper._case_rows(session, row, members.Family.RECEIVED, lists.catalogue(session), "zh")))
    received = {(t.by, t.key): next(f.n for f in t.figures if f.code == "received") for t in found.tables}
    assert (received["district", ""], received["category", "A01"]) == (2, 1)
    assert found.sensitive
    assert town.case(plain).no in book
    assert town.case(hidden).no not in book


def test_what_was_filed_in_error_is_no_case_and_who_cannot_be_contacted_is_not_asked_for(town: Town) -> None:
    anonymous = in_hand(town, phone=None)
    wrong = in_hand(town, phone="10000000002")
    town.act(wrong, "ask_void", "centre.duty", reason="重复录入")
    town.request(wrong, "confirm_end", "centre.head")
    month = members.Month(at(1, 0), at(1, 0, month=12), at(1, 9, month=12))
    with town.context.database.unit_of_work() as session:
        found = {(family, case) for family, case, _, _ in members.gathered(session, month)}
    assert ("received", anonymous) in found
    assert ("handle", anonymous) in found
    assert ("contact", anonymous) not in found
    assert wrong not in {case for _, case in found}


def test_no_figure_is_about_a_person(sqlite_town: Town) -> None:
    town = sqlite_town
    in_hand(town)
    about = {column.name for column in Base.metadata.tables["bulletin_case"].c}
    people = {f"{name}.id" for name in ("staff", "requester")}
    for name in ("bulletin_case", "duty_line", "score_item"):
        assert {str(key.target_fullname) for key in Base.metadata.tables[name].foreign_keys} & people == set()
    assert not [name for name in about if any(word in name for word in ("staff", "by", "actor", "user", "handler", "scorer"))]
    assert figures.BY == ("district", "category", "unit", "class")
    assert not set(weeks.Score.__dataclass_fields__) & {"scorer", "staff", "person", "by"}
    with town.context.database.unit_of_work() as session:
        row = bulletins.draft(session, "2026-11", "system", at(1, 9, month=12))
        said = str(paper.as_json(session, row))
        names = lists.catalogue(session).people
    assert not [name for name in names if name in said]


def test_ranking_is_off_and_orders_units_of_one_class_only(sqlite_town: Town) -> None:
    assert not handling.HANDLING["ranking"].on
    town = sqlite_town
    case = in_hand(town)
    done = {
        "hubin": (6, 8),
        "dongtang": (9, 10),
        "nanpu": (9, 12),
        "wanghai": (3, 3),
        "water": (1, 9),
        "chenguang": (9, 9),
        "dukou": (5, 9),
    }
    with town.context.database.unit_of_work() as session:
        row = bulletins.draft(session, "2026-10", "system", town.now)
        about = {"bulletin_id": row["id"], "family": "handle", "case_id": case, "category": "A01", "sensitive": False}
        things = [(town.unit_id(unit), "met" if i < hits else "") for unit, (hits, n) in done.items() for i in range(n)]
        rows = [about | {"item": i, "unit_id": unit, "facts": facts} for i, (unit, facts) in enumerate(things)]
        session.execute(insert(_member), rows)
        with refused("mechanism_off"):
            figures.ranking(session, "2026-10", "on_time_rate")
        mechanisms.switch(session, "ranking", town.actor("admin"), town.now, on=True)
        with refused("bulletin_not_published"):
            figures.ranking(session, "2026-10", "on_time_rate")
        session.execute(update(table(Bulletin)).values(published_at=town.now))
        with refused("not_ranked"):
            figures.ranking(session, "2026-10", "rejected_return_rate")
        found = figures.ranking(session, "2026-10", "on_time_rate")
    places = {kind: [(town.unit_code(each.unit_id), each.place) for each in units] for kind, units in found.items()}
    tied = sorted((("hubin", 2), ("nanpu", 2)), key=lambda pair: town.unit_id(pair[0]))
    assert places == {"SUBDISTRICT": [("dongtang", 1), *tied, ("wanghai", None)]}, "no company of one, nobody without penalties"


def test_without_its_row_a_mechanism_does_nothing(sqlite_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town = sqlite_town
    for code in ("daily", "task_forces", "weekly", "bulletin"):
        monkeypatch.delitem(handling.HANDLING, code)
    with town.context.database.unit_of_work() as session:
        assert rhythm.look(session, at(1, 12, month=12)) == []
        filled, setting = Filled("streets", "chenguang-1", "路口", "sanitation"), Setting(town.now)
        for act in (
            lambda: lists.make(session, "day", "system", town.now),
            lambda: lists.make(session, "week", "system", town.now),
            lambda: remarks.remark(session, "day", FRIDAY, remarks.Said("好"), town.actor("centre.duty"), setting),
            lambda: sheets.open_sheet(session, filled, town.actor("centre.clerk"), setting),
            lambda: weeks.publish(session, FRIDAY, town.actor("centre.head"), town.now),
            lambda: bulletins.draft(session, "2026-10", "system", town.now),
        ):
            with refused("mechanism_off"):
                act()


def test_an_empty_month_is_a_bulletin_too(sqlite_town: Town) -> None:
    with sqlite_town.context.database.unit_of_work() as session:
        row = bulletins.draft(session, "2026-10", "system", sqlite_town.now)
        assert {f.n for t in figures.figures_of(session, row).tables for f in t.figures} == {0}
        assert "0/0" in paper.as_text(session, row, "en")
        assert session.execute(select(_member)).first() is None
        with refused("bad_month"):
            bulletins.draft(session, "2026-13", "system", sqlite_town.now)
    assert read("rhythm.toml")["bulletin"]["small"] >= 5


def test_the_demonstration_shows_each_once(sqlite_town: Town) -> None:
    town = sqlite_town
    in_hand(town, "P1")
    for _ in range(2):
        with town.context.database.unit_of_work() as session:
            for example in (daily, weekly, bulletin):
                example.show(session, town.now)
    with town.context.database.unit_of_work() as session:
        assert [row["task"] for row in remarks.remarks(session, "day", FRIDAY, None)] == [None, "urge"]
        assert {sheet["state"] for sheet in weeks.sheets_of(session, date(2026, 10, 30))} == {"published"}
        assert [sheet["state"] for sheet in weeks.sheets_of(session, FRIDAY)] == ["signed"]
        assert [(row["month"], row["state"]) for row in bulletins.bulletins(session)] == [("2026-10", "open")]

"""Patrols: groups, stations and members with guardians, reports of a line, what the counter counts, the commands and the pages."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text, update

from models import Attachment, Case, PatrolMember, PatrolReport, Requester, table
from rules import handling
from rules.facts import SYSTEM, Actor, Refused
from services import patrols, points
from services.attachments import keep
from services.moves import Setting
from services.patrols import Figures, Line, Opening, Resident
from services.privacy.retention import Retention
from services.seeding import pretend_phone
from tests.support.pictures import photo
from tests.support.rated import code, done, joins, rates
from tests.support.town import Town
from tests.support.website import app_on

BEE, MOTHER = "10000004001", "10000004002"
CONSENTED = date(2026, 11, 1)
GIRL = Resident("小雨", None, "child", "小雨妈妈", MOTHER, CONSENTED)
_case, _member, _report, _requester = table(Case), table(PatrolMember), table(PatrolReport), table(Requester)


@pytest.fixture
def hive(sqlite_town: Town) -> Town:
    """A town with a group of couriers, one of children, and a station, in the community 晨光."""
    founded(sqlite_town)
    return sqlite_town


def founded(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        clerk = town.actor("chenguang.clerk")
        for code_, kind in (("bees", "courier"), ("hihi", "children"), ("helpers", "volunteer")):
            patrols.open_group(session, Opening(code_, code_, code_, "chenguang", kind=kind), clerk, town.now)
        patrols.open_station(session, Opening("hive", "蜂巢驿站", "The Hive", "chenguang", place="东门"), clerk, town.now)


def joined(town: Town, group: str, resident: Resident, user: str = "chenguang.clerk", station: str | None = None) -> int:
    with town.context.database.unit_of_work() as session:
        return patrols.join(session, group, resident, town.actor(user), town.now, station=station)


def sends(town: Town, *lines: Line, actor: Actor = SYSTEM) -> list[int]:
    with town.context.database.unit_of_work() as session:
        found = [case.case_id for case in patrols.report(session, lines, Setting(town.now), actor)]
    town.turn()
    return found


def counted(town: Town) -> Figures:
    with town.context.database.unit_of_work() as session:
        return patrols.one(session, "group", "bees").figures


# who may belong to a group --------------------------------------------------------------------------------------------


def test_who_is_not_taken_into_a_group(hive: Town) -> None:
    for refusal, group, resident, user in (
        ("guardian_missing", "hihi", replace(GIRL, consented_on=None), "chenguang.clerk"),
        ("guardian_missing", "hihi", replace(GIRL, guardian_phone=None), "chenguang.clerk"),
        ("guardian_missing", "hihi", replace(GIRL, age="youth", phone=BEE, guardian_name=" "), "chenguang.clerk"),
        ("consent_in_future", "hihi", replace(GIRL, consented_on=date(2026, 11, 21)), "chenguang.clerk"),
        ("no_minors_in_group", "bees", GIRL, "chenguang.clerk"),
        ("resident_age", "hihi", replace(GIRL, age="baby"), "chenguang.clerk"),
        ("resident_nameless", "bees", Resident(" ", BEE), "chenguang.clerk"),
        ("phone_form", "bees", Resident("骑手"), "chenguang.clerk"),
        ("patrol_not_for_staff", "bees", Resident("文员", pretend_phone("water.clerk")), "chenguang.clerk"),
        ("not_your_patrol", "bees", Resident("骑手", BEE), "water.clerk"),
        ("not_your_patrol", "bees", Resident("骑手", BEE), "jinqiao.clerk"),
        ("unknown_patrol_group", "wasps", Resident("骑手", BEE), "chenguang.clerk"),
    ):
        with pytest.raises(Refused, match=refusal):
            joined(hive, group, resident, user)
    assert hive.rows(select(_member)) == []


def test_a_child_is_there_with_its_guardian_and_nothing_of_either_is_kept_in_the_clear(town: Town) -> None:
    founded(town)
    number = joined(town, "hihi", GIRL)
    (row,) = town.rows(select(_member))
    people = {each.id: (each.name, each.phone) for each in town.rows(select(_requester))}
    assert people[row.requester_id] == ("小雨", MOTHER), "what is to be told to the child goes to the guardian"
    assert people[row.guardian_id] == ("小雨妈妈", MOTHER)
    assert (row.age, row.consented_on, row.joined_by) == ("child", CONSENTED, "chenguang.clerk")
    raw = str(town.rows(text("SELECT found_by FROM patrol_member")) + town.rows(text("SELECT name, phone FROM requester")))
    assert not any(secret in raw for secret in ("小雨", MOTHER))
    with pytest.raises(Refused, match="already_member") as refused:
        joined(town, "hihi", GIRL)
    assert refused.value.details["member"] == number
    own = joined(town, "helpers", replace(GIRL, name="小雪", age="youth", phone=BEE))
    with pytest.raises(Refused, match="guardian_is_minor"):
        joined(town, "hihi", replace(GIRL, name="小冰", guardian_phone=BEE))
    with town.context.database.unit_of_work() as session:
        shown = patrols.members(session, "helpers")
    assert [(each["number"], each["age"]) for each in shown] == [(own, "youth")]
    assert not {"requester_id", "found_by", "name", "phone"} & set(shown[0])


def test_who_has_left_hands_nothing_in_and_is_forgotten_with_the_last_case(hive: Town, tmp_path: Path) -> None:
    town = hive
    stays, goes = joined(town, "bees", Resident("骑手", BEE)), joined(town, "hihi", GIRL)
    cases = sends(town, Line(stays, "路灯不亮，晚上看不见"), Line(goes, "垃圾桶满溢"))
    town.act(cases[0], "withdraw", f"resident:{BEE}", reason="看错了")
    with town.context.database.unit_of_work() as session:
        patrols.leave(session, goes, town.actor("chenguang.clerk"), town.now, "监护人撤回同意")
        session.connection().execute(update(_case).where(_case.c.id == cases[1]).values(state="declined"))
    with pytest.raises(Refused, match="member_left"):
        sends(town, Line(goes, "又满了"))
    town.now += timedelta(days=800)
    Retention(town.context.database, tmp_path, 730, "system").run(town.now, lambda *_: None)
    rows = {row.id: row for row in town.rows(select(_member))}
    assert rows[stays].requester_id is not None, "who is still a member is still known"
    assert (rows[goes].requester_id, rows[goes].found_by, rows[goes].guardian_id) == (None, None, None)
    assert MOTHER not in [row.phone for row in town.rows(select(_requester))], "nor is the guardian known any more"
    assert counted(town).reported == 1
    assert joined(town, "hihi", GIRL) not in (stays, goes), "and may join again, as somebody new"


# reports --------------------------------------------------------------------------------------------------------------


def test_a_line_with_a_photo_is_the_members_own_case(hive: Town, tmp_path: Path) -> None:
    number = joined(hive, "bees", Resident("骑手", BEE), station="hive")
    kept = keep(tmp_path, photo(), "现场.jpg")
    (case,) = sends(hive, Line(number, "共享单车乱停，\n人行道走不了", "chenguang-2", files=(kept,), key="m1"))
    assert sends(hive, Line(number, "共享单车乱停", key="m1")) == [case], "the same line twice is one case"
    row, (told,) = hive.case(case), hive.rows(select(_report))
    assert (row.source, row.subject, row.entered_by) == ("courier", "共享单车乱停， 人行道走不了", None)
    assert row.requester_id == hive.actor(f"resident:{BEE}").resident_id
    assert (told.member_id, told.by, told.station_id) == (number, "member", 1)
    attachment = table(Attachment)
    assert [each.sha256 for each in hive.rows(select(attachment).where(attachment.c.case_id == case))] == [kept.sha256]
    assert hive.heard(f"resident:{BEE}", case), "the loop tells the member"
    (written,) = sends(hive, Line(number, "店外经营占道"), actor=hive.actor("chenguang-1.worker"))
    assert hive.case(written).entered_by == "chenguang-1.worker"
    with pytest.raises(Refused, match="not_your_patrol"):
        sends(hive, Line(number, "店外经营"), actor=hive.actor("water.clerk"))
    with pytest.raises(Refused, match="patrol_line_long"):
        sends(hive, Line(number, "长" * 201))
    with pytest.raises(Refused, match="unknown_member"):
        sends(hive, Line(number, "一件好的"), Line(99, "一件坏的"))
    assert len(hive.rows(select(_report))) == 2, "all of a batch or nothing"


def test_what_the_counter_counts(town: Town) -> None:
    founded(town)
    number, other = joined(town, "bees", Resident("骑手", BEE)), joined(town, "helpers", Resident("志愿者", "10000004009"))
    open_, solved, merged, gone = sends(town, *(Line(number, f"5号楼前下水道堵了，污水外溢（{n}）", "chenguang-1") for n in range(4)))
    sends(town, Line(other, "路灯不亮"))
    assert counted(town) == Figures(4, 0, 4)
    town.act(merged, "merge", "centre.duty", into=solved)
    for case in (open_, solved):
        if town.state(case) == "reporting":
            town.act(case, "dispatch", "centre.duty", lead=town.unit_id("water"))
    town.act(gone, "withdraw", f"resident:{BEE}", reason="看错了")
    assert counted(town) == Figures(4, 0, 3)
    town.without_photos()
    done(town, solved)
    assert (counted(town), counted(town).other) == (Figures(4, 2, 1), 1), "the one merged into it is solved with it"
    rates(town, solved, code(town, solved, BEE), False, score=1)
    assert (town.state(solved), counted(town)) == ("evaluated", Figures(4, 0, 3)), "somebody says that it is not solved"
    town.act(solved, "rework", "centre.duty", reason="没疏通")
    done(town, solved)
    assert counted(town) == Figures(4, 2, 1)
    with town.context.database.unit_of_work() as session:
        status = {row["no"]: row for row in patrols.reports_of(session, number)}
        (community,) = patrols.counter(session)
        later = patrols.one(session, "group", "bees", since=town.now + timedelta(days=1)).figures
        with pytest.raises(Refused, match="unknown_patrol_scope"):
            patrols.one(session, "street", "hubin")
    row = status[town.case(merged).no]
    assert (row["state"], row["standing"], row["part_of"]) == ("fed_back", "solved", town.case(solved).no)
    assert (community.total.figures, later) == (Figures(5, 2, 2), Figures())
    joins(town, solved, "10000004010")
    assert counted(town) == Figures(4, 2, 1), "further reporters do not count again"


def test_of_a_sensitive_case_the_list_of_the_member_tells_the_number_only(hive: Town) -> None:
    number = joined(hive, "bees", Resident("骑手", BEE))
    (case,) = sends(hive, Line(number, "路灯不亮"))
    hive.act(case, "restrict", "centre.duty", kind="minor", reason="有孩子")
    with hive.context.database.unit_of_work() as session:
        (row,) = patrols.reports_of(session, number)
    assert (row["no"], row["subject"], row["result"]) == (hive.case(case).no, None, None)


def test_a_group_that_is_closed_takes_nobody_and_nothing_but_stays_counted(hive: Town) -> None:
    number = joined(hive, "bees", Resident("骑手", BEE))
    sends(hive, Line(number, "路灯不亮"))
    with hive.context.database.unit_of_work() as session:
        patrols.close(session, "group", "bees", hive.actor("chenguang.clerk"), hive.now)
        patrols.close(session, "station", "hive", hive.actor("chenguang.clerk"), hive.now)
    for refusal, act in (
        ("patrol_group_closed", lambda: sends(hive, Line(number, "又不亮"))),
        ("patrol_group_closed", lambda: joined(hive, "bees", Resident("骑手", "10000004011"))),
        ("patrol_station_closed", lambda: joined(hive, "helpers", Resident("骑手", BEE), station="hive")),
    ):
        with pytest.raises(Refused, match=refusal):
            act()
    assert counted(hive).reported == 1


def test_without_its_row_nothing_of_it_works(hive: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encryption_key: bytes) -> None:
    number = joined(hive, "bees", Resident("骑手", BEE))
    monkeypatch.delitem(handling.HANDLING, "patrols")
    with pytest.raises(Refused, match="mechanism_off"):
        sends(hive, Line(number, "路灯不亮"))
    with TestClient(app_on(hive.context.database, tmp_path, encryption_key)) as public:
        for path in ("/counter", "/counter/group/bees", "/api/counter", "/api/counter/group/bees"):
            zh, en = (public.get(path, params={"lang": lang}) for lang in ("zh", "en"))
            assert (zh.status_code, "没有开通这项服务" in zh.text, "is not open here" in en.text) == (404, True, True)
            assert not [text for text in (zh.text, en.text) if "bihuan mechanism" in text or "管理员" in text]
        assert public.get("/api/counter?lang=zh").json() == {"code": "mechanism_off", "sentence": "这里没有开通这项服务。"}


# pages ----------------------------------------------------------------------------------------------------------------


def test_anybody_reads_the_counter_in_both_languages(hive: Town, tmp_path: Path, encryption_key: bytes) -> None:
    number = joined(hive, "bees", Resident("骑手", BEE), station="hive")
    sends(hive, Line(number, "路灯不亮"))
    with TestClient(app_on(hive.context.database, tmp_path, encryption_key)) as public:
        zh, en = public.get("/counter"), public.get("/counter/station/hive?lang=en")
        assert "协调中" in zh.text
        assert "The Hive" in en.text
        assert "<script" not in zh.text + en.text
        answer = public.get("/api/counter").json()
        assert [(c["code"], c["reported"], [g["code"] for g in c["groups"]]) for c in answer["communities"]] == [
            ("chenguang", 1, ["bees", "hihi", "helpers"])
        ]
        assert public.get("/counter/group/wasps").status_code == 404
        assert public.get("/api/counter/group/wasps").json()["code"] == "unknown_patrol_scope"


def test_the_demonstration_district_has_one_of_each(sqlite_town: Town) -> None:
    from demo.mechanisms import patrols as bees
    from demo.mechanisms import points as stamps

    town = sqlite_town
    for _ in range(2):
        for example in (bees, stamps):
            with town.context.database.unit_of_work() as session:
                example.show(session, town.now)
    town.turn()
    with town.context.database.unit_of_work() as session:
        (community,) = patrols.counter(session)
        held = [(row["balance"], row["age"]) for row in points.listed(session)]
    assert (community.total.figures.reported, len(community.groups), held) == (3, 2, [(2, "adult")])

"""Who enters and ends what is responsible, what is said in public where it is off, and what becomes of it when somebody leaves."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from commands.trouble import refusal
from models import Database, GridPost, OfficeTag, ProfessionalGrid, Profile, Responsibility, table
from rules import handling
from rules.facts import Refused
from services.catalogue import catalogue
from services.mechanisms import require, switch
from services.people import leaving, staff
from services.responsibility.asking import responsible
from services.responsibility.entering import SheetRefused, end
from services.responsibility.listing import rows_of
from tests.support.duties import entered, local
from tests.support.town import START, Town
from tests.support.website import app_on
from web.errors import refusal_in_words

FROM = "2026-01-01"
LETTER, LINE, POST = "area matter user post deputy unit from", "grid line name unit user from", "grid slot user from"
OFFICE, STATION, PROFILE = "area office holder from", "code name area unit from", "unit user name duty promise from"


@pytest.mark.parametrize(
    ("user", "code", "columns", "row", "wrong"),
    [
        ("urban.head", "matrix", LETTER, ("wanghai", "", "urban.clerk", "段长", "", "urban", FROM), "not_your_area"),
        ("hubin.head", "matrix", LETTER, ("hubin", "", "water.clerk", "段长", "", "hubin", FROM), "not_your_person"),
        ("hubin.head", "matrix", LETTER, ("hubin", "", "hubin.head", "段长", "water.clerk", "", FROM), "not_your_person"),
        ("hubin.head", "matrix", LETTER, ("hubin", "", "hubin.head", "段长", "", "water", FROM), "not_your_area"),
        ("hubin.head", "matrix", LETTER, ("hubin", "", "chenguang.head", "段长", "hubin.clerk", "", FROM), None),
        ("urban.head", "lines", LINE, ("chenguang-1", "fire", "x", "urban", "water.clerk", FROM), "not_your_area"),
        ("chenguang.head", "lines", LINE, ("chenguang-1", "fire", "x", "fire", "", FROM), "not_your_area"),
        ("chenguang.head", "posts", POST, ("chenguang-1", "a", "water.clerk", FROM), "not_your_person"),
        ("chenguang.head", "posts", POST, ("chenguang-1", "a", "chenguang-2.worker", FROM), None),
        ("chenguang.head", "posts", POST, ("jinqiao-1", "a", "chenguang-1.worker", FROM), "not_your_area"),
        ("chenguang.head", "offices", OFFICE, ("chenguang-1", "agent", "water.clerk", FROM), "not_your_person"),
        ("chenguang.head", "offices", OFFICE, ("chenguang-1", "agent", "10000000077", FROM), None),
        ("hubin.head", "stations", STATION, ("s1", "驿站", "hubin", "urban", FROM), "not_your_area"),
        ("hubin.head", "stations", STATION, ("s1", "驿站", "hubin", "chenguang", FROM), None),
        ("urban.head", "profiles", PROFILE, ("urban", "water.clerk", "张三", "x", "y", FROM), "not_your_person"),
        ("urban.head", "profiles", PROFILE, ("", "water.clerk", "张三", "x", "y", FROM), "not_your_area"),
        ("urban.head", "profiles", PROFILE, ("urban", "urban.clerk", "", "x", "y", FROM), None),
        ("centre.head", "posts", POST, ("chenguang-1", "a", "chenguang-1.worker", FROM), None),
    ],
)
def test_nobody_binds_other_units_people_or_places(
    sqlite_database: Database, user: str, code: str, columns: str, row: tuple[str, ...], wrong: str | None
) -> None:
    if wrong is None:
        assert entered(sqlite_database, code, columns, row, user=user).new == 1
        return
    with pytest.raises(SheetRefused) as refused:
        entered(sqlite_database, code, columns, row, user=user)
    assert [each.reject.code for each in refused.value.wrong] == [wrong]
    assert entered(sqlite_database, code, columns, row).new == 1, "an administrator enters anything"


def test_a_name_in_public_is_taken_back_by_whose_it_is_also_while_it_is_off(database: Database) -> None:
    entered(database, "profiles", PROFILE, ("", "urban.clerk", "林某", "接单", "半天", FROM))
    with database.unit_of_work() as session:
        known = catalogue(session)
        switch(session, "profiles", known.actor("admin"), START, on=False)
        (row,) = rows_of(session, "profiles", START)
        for stranger in ("water.head", "urban-hubin.clerk"):
            with pytest.raises(Refused, match="not_for_responsibility"):
                end(session, "profiles", row["id"], START, known.actor(stranger), START)
        end(session, "profiles", row["id"], START, known.actor("urban.clerk"), START)
        assert rows_of(session, "profiles", START)[0]["stands"] == "past"


def test_what_is_off_is_not_open_here_and_the_public_is_told_no_command(sqlite_town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        switch(session, "profiles", town.actor("admin"), town.now, on=False)
    with TestClient(app_on(town.context.database, tmp_path, encryption_key)) as public:
        for path in ("/p?no=BH-20261120-0001", "/p/grid/chenguang-1?x=1"):
            zh, en = (public.get(f"{path}&lang={lang}") for lang in ("zh", "en"))
            assert (zh.status_code, "没有开通这项服务" in zh.text, "is not open here" in en.text) == (404, True, True)
            assert "bihuan mechanism" not in zh.text + en.text


def test_staff_are_told_how_a_mechanism_is_switched_on(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(handling.HANDLING, "patrols")
    with sqlite_database.unit_of_work() as session, pytest.raises(Refused) as refused:
        require(session, "patrols")
    off = refused.value
    assert "bihuan mechanism on patrols" in refusal(off)
    pages = (refusal_in_words(off, "zh"), refusal_in_words(off, "en"))
    assert [word in said for word, said in zip(("请管理员开通", "Ask an administrator"), pages, strict=True)] == [True, True]
    assert not any("“patrols”" in said for said in (refusal(off), *pages)), "it is called by its name all the same"
    assert not any("bihuan" in said for said in pages), "no page speaks of commands"


# somebody leaves --------------------------------------------------------------------------------------------------------


def do(town: Town, work: Any) -> Any:
    with town.context.database.unit_of_work() as session:
        return work(session)


def held_by(town: Town, user: str) -> None:
    """One of each in somebody's name, and a post and a professional grid to come."""
    database, later = town.context.database, "2027-01-01"
    entered(database, "matrix", LETTER, ("chenguang-1", "C03", user, "路段长", "", "", FROM))
    entered(database, "posts", POST, ("chenguang-1", "a", user, FROM), ("chenguang-2", "b", user, later))
    lines = [
        ("chenguang-1", "sanitation", "环卫1片", "sanitation", user, FROM),
        ("chenguang-2", "sanitation", "2片", "sanitation", user, later),
    ]
    entered(database, "lines", LINE, *lines)
    entered(database, "offices", OFFICE, ("chenguang-1", "information", user, FROM))
    entered(database, "profiles", PROFILE, ("", user, "小王", "巡查", "看到就报", FROM))


def hire(town: Town, user: str) -> int:
    post = staff.Post(user, "chenguang-1", "worker", "网格员二", "Second worker", "10012345678", f"{user}@example.cn")
    do(town, lambda s: staff.take_on(s, post, "admin", town.now))
    return town.person_id(user)


@pytest.mark.parametrize("followed", [True, False])
def test_what_somebody_answers_for_is_listed_and_goes_on_or_ends(town: Town, followed: bool) -> None:
    gone, other = "chenguang-1.worker", "second.worker"
    heir = hire(town, other)
    who = town.person_id(gone)
    held_by(town, gone)
    found = do(town, lambda s: leaving.leaving(s, catalogue(s), catalogue(s).people[gone], town.now))
    assert (found.letters, found.posts, found.lines) == (
        ["chenguang-1/C03"],
        ["chenguang-1/a", "chenguang-2/b"],
        ["chenguang-1/sanitation", "chenguang-2/sanitation"],
    )
    assert (found.offices, found.profiles) == (["chenguang-1/information"], ["chenguang-1"])
    do(town, lambda s: leaving.ask_leave(s, gone, other if followed else None, town.now, "admin", town.now))
    at = town.now
    town.turn()
    (letter,), (office,), (profile,) = (town.rows(select(table(of))) for of in (Responsibility, OfficeTag, Profile))
    assert (letter.staff_id, letter.ended_at, letter.ended_by, office.until, profile.until) == (who, at, "admin", at, at)
    posts, lines = (
        [(row.staff_id, row.since, row.until) for row in town.rows(select(table(of)).order_by(table(of).c.id))]
        for of in (GridPost, ProfessionalGrid)
    )
    begun, later = local(1, 0, 1), local(1, 0, 1, 2027)
    if followed:
        assert posts == [(who, begun, at), (heir, later, None), (heir, at, None)]
        assert lines == [(who, begun, at), (heir, later, None), (heir, at, None)]
    else:
        assert posts == [(who, begun, at), (who, later, later)]
        assert lines == [(who, begun, at), (None, later, None), (None, at, None)], "its unit's, and nobody's name"
    nothing = do(town, lambda s: leaving.leaving(s, catalogue(s), catalogue(s).by_id[who], town.now + timedelta(days=99)))
    assert nothing.letters + nothing.posts + nothing.lines + nothing.offices + nothing.profiles == []
    answer = do(town, lambda s: responsible(s, town.unit_id("chenguang-1"), "F01", town.now, ""))
    assert (answer.person.name if answer.person else None) == (other if followed else None)

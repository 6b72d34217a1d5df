"""The list of cases in the browser: one's own only, found again by number and words, page by page."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from services.catalogue import catalogue
from services.listing import Light, Wanted, list_cases
from tests.support.in_hand import in_hand, sent
from tests.support.town import Town
from tests.support.website import app_on, at, running, visit
from web.console import cases as room


@pytest.fixture
def office(sqlite_town: Town, tmp_path: Path, encryption_key: bytes) -> FastAPI:
    return app_on(sqlite_town.context.database, tmp_path, encryption_key)


def _found(town: Town, user: str, **wanted: object) -> list[int]:
    with town.context.database.unit_of_work() as session:
        actor = catalogue(session).actor(user)
        return [line.id for line in list_cases(session, Wanted(viewer=actor, **wanted), town.now).cases]  # type: ignore[arg-type]


def test_everybody_finds_the_own_cases_by_words_numbers_and_lights(town: Town) -> None:
    lamp = town.reports("桂园路100%路灯_不亮，电话13912345678", area="guiyuan-1")
    drain, urgent = in_hand(town), sent(town, "P0")
    no = town.case(drain).no
    assert _found(town, "admin") == _found(town, "centre.duty") == [urgent, drain, lamp]
    assert _found(town, "water.clerk") == [urgent, drain]
    assert _found(town, "urban.clerk", search=no) == []
    assert _found(town, "admin", search="100%路灯_") == [lamp]
    assert _found(town, "admin", search="100_路灯%") == []
    assert _found(town, "admin", search=no.lower()) == _found(town, "admin", search=no[-4:]) == [drain]
    assert _found(town, "admin", search="13912345678") == _found(town, "admin", search="3912") == [], "what is masked is not found either"
    assert _found(town, "admin", area="hubin", category="A01") == [urgent, drain]
    assert _found(town, "admin", urgency="P0") == [urgent]
    for light in Light:
        assert _found(town, "admin", light=light) == [case for case in _found(town, "admin") if _light(town, case) is light]
    town.fast_forward(days=1)
    assert set(_found(town, "admin", light=Light.LATE, limit=1)) < {urgent, drain, lamp}
    assert drain in _found(town, "hubin.clerk")
    town.act(drain, "restrict", "centre.duty", kind="minor", reason="涉及未成年人")
    assert drain not in _found(town, "hubin.clerk")
    assert drain in _found(town, "chenghu.leader")


def _light(town: Town, case: int) -> Light | None:
    with town.context.database.unit_of_work() as session:
        actor = catalogue(session).actor("admin")
        lines = list_cases(session, Wanted(viewer=actor), town.now).cases
    (clock,) = (line.clock for line in lines if line.id == case)
    return clock.light if clock is not None else None


def test_pages_follow_each_other_and_a_number_leads_to_its_case(
    sqlite_town: Town, office: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_SIZE", 2)
    numbers = [sqlite_town.case(sqlite_town.reports(f"第{n}件<b>", phone=f"1000000001{n}")).no for n in range(3)]
    at(office, sqlite_town.now)
    with running(office):
        leader = visit(office, "chenghu.leader")
        page = leader.get("/cases?q=第").text
        assert [no in page for no in numbers] == [False, True, True]
        assert "第2件&lt;b&gt;" in page
        assert 'value="第"' in page
        older = page.split('rel="next" href="')[1].partition('"')[0].replace("&amp;", "&")
        last = leader.get(f"/cases{older}").text
        assert [no in last for no in numbers] == [True, False, False]
        assert "最新的" in last
        assert leader.get(f"/cases?q={numbers[0]}").headers["location"] == f"/cases/{numbers[0]}"
        assert "没有符合的" in leader.get("/cases?q=BH-20200101-0001").text
        assert "没有符合的" in leader.get("/cases?q=%25&state=closed").text
        for odd in ("after=-1", "after=9999999999999", "state=x&urgency=P9&light=blue", "area='&category=%00", "q=%5C%25_"):
            assert leader.get(f"/cases?{odd}").status_code == 200
        assert "还没有案件" in visit(office, "urban.clerk").get("/cases").text
        assert "Held by" in visit(office, "chenghu.leader", "en").get("/cases").text

"""The daily board: what to ask about today and charts of the last days, of the person's own area."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy import update

from models import Case, Clock, connection_of, table
from rules.facts import Step
from rules.indicators import INDICATORS, Fact, figure
from services import board, board_places
from services.catalogue import catalogue
from services.listing import Light
from services.triage import deciding
from tests.support.town import START, Town
from tests.support.website import NOW, at, visit

_case, _clock = table(Case), table(Clock)


def filed(town: Town, subject: str, phone: str, area: str = "chenguang-1") -> int:
    case = town.reports(subject, "楼下又来了一堆东西，没人管", area=area, phone=phone)
    town.turn()
    with town.context.database.unit_of_work() as session:
        deciding.decide(session, town.case(case).no, deciding.Decision("dispatch", category="A03"), town.actor("centre.duty"), town.now)
    return case


def lead_clock(town: Town, case: int) -> Any:
    """The handling clock of whoever leads."""
    return town.open_clock(case, "handle", town.unit_code(next(order.unit_id for order in town.orders(case) if order.lead)))


def change(town: Town, *statements: Any) -> None:
    with town.context.database.unit_of_work() as session:
        for each in statements:
            connection_of(session).execute(each)


def test_the_figures_of_an_area_on_both_databases(town: Town) -> None:
    late, due, answered = (filed(town, f"有点事想反映{n}", f"1000000000{n}") for n in range(3))
    waiting = town.reports("有点事想反映", "楼下又来了一堆东西，没人管", phone="10000000009")
    town.turn()
    for case, moment in ((late, NOW - timedelta(hours=3)), (due, NOW + timedelta(hours=1))):
        handle = lead_clock(town, case)
        change(town, update(_clock).where(_clock.c.id == handle.id).values(due_at=moment))
    town.act(answered, "recall", "centre.duty", reason="重新研判")
    town.act(answered, "divert", "centre.duty", reason="请打110", channel="police_110")
    with town.context.database.unit_of_work() as session:
        area = board.area_of(session, town.actor("centre.duty"))
        parts = {part.name: part for part in board.today(session, area, NOW)}
        assert [line["case"] for line in parts["overdue"].lines] == [town.case(late).no]
        assert parts["overdue"].lines[0]["why"] == "handle"
        assert town.case(due).no in [line["case"] for line in parts["due"].lines]
        days = board.by_day(session, area, NOW)
        assert (len(days), days[-1].received, days[-1].ended, sum(each.received for each in days)) == (14, 4, 1, 4)
        lights = board.lights(session, area, NOW)
        assert (sum(lights.values()), lights[Light.LATE]) == (3, 1)
        found = board.figures(session, area, ["on_time_rate"], NOW)
        counted = {frozenset[str](): 1}
        assert found[board.ALL, ""]["on_time_rate"] == figure(INDICATORS["on_time_rate"], counted, board.LEAST)
        assert found[board.UNIT, handle.unit_id]["on_time_rate"].n == 1
        assert found[board.CATEGORY, "A03"]["on_time_rate"].small
        other = board.area_of(session, town.actor("dongtang-centre.duty"))
        assert [part.cases for part in board.today(session, other, NOW)] == [0, 0, 0]
        assert sum(board.lights(session, other, NOW).values()) == 0
        assert board.area_of(session, town.actor("urban.clerk")) == frozenset()
    change(town, update(_case).where(_case.c.id == late).values(sensitive="minor"))
    with town.context.database.unit_of_work() as session:
        assert {part.name: part.cases for part in board.today(session, area, NOW)}["overdue"] == 0
        assert board.by_day(session, area, NOW)[-1].received == 3
    assert town.state(waiting) == "accepted"


def test_a_case_is_on_the_list_once_with_its_worst_clock(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case = filed(town, "有点事想反映", "10000000001")
    handle = lead_clock(town, case)
    soon = update(_clock).where(_clock.c.case_id == case, _clock.c.stopped_at.is_(None))
    change(town, soon.values(due_at=NOW + timedelta(hours=1), provisional=True))
    change(town, update(_clock).where(_clock.c.id == handle.id).values(due_at=NOW - timedelta(hours=3)))
    with town.context.database.unit_of_work() as session:
        parts = {part.name: part for part in board.today(session, board.area_of(session, town.actor("centre.duty")), NOW)}
    assert {name: part.cases for name, part in parts.items()} == {"overdue": 1, "due": 0, "blocked": 0}
    (line,) = parts["overdue"].lines
    assert line["clock_id"] == handle.id
    assert 1 < line["others"] < len(town.open_clocks(case))
    assert f"另有{line['others']}个时钟" in visit(sqlite_app, "centre.duty").get("/board").text
    assert f"{line['others']} more clocks<" in visit(sqlite_app, "centre.duty", "en").get("/board").text


def test_steps_take_as_long_as_the_journal_says(sqlite_town: Town) -> None:
    for n in range(2):
        case = filed(sqlite_town, f"有点事想反映{n}", f"1000000000{n}")
        sqlite_town.now = START + timedelta(hours=2 + n)
        sqlite_town.act(case, "recall", "centre.duty", reason="重新研判")
        sqlite_town.act(case, "divert", "centre.duty", reason="请打110", channel="police_110")
        sqlite_town.now = START
    with sqlite_town.context.database.unit_of_work() as session:
        area = board.area_of(session, sqlite_town.actor("centre.duty"))
        found = {each.step: each for each in board.durations(session, area, START + timedelta(hours=5))}
    handled = next(iter(found.values()))
    assert (handled.cases, handled.median) == (2, timedelta(hours=2.5).total_seconds())
    assert handled.median < handled.high <= timedelta(hours=3).total_seconds()
    assert set(found) <= set(Step)


def test_the_page_shows_charts_with_their_tables_and_never_a_rate_of_few(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = filed(sqlite_town, "有点事想反映", "10000000001")
    handle = lead_clock(sqlite_town, case)
    change(sqlite_town, update(_clock).where(_clock.c.id == handle.id).values(due_at=NOW - timedelta(hours=3)))
    page = visit(sqlite_app, "centre.duty").get("/board")
    assert page.status_code == 200
    assert f'href="/cases/{sqlite_town.case(case).no}"' in page.text
    charts = re.findall(r'<svg class="chart"[^>]*aria-label="([^"]+)"', page.text)
    assert any("近14天新收1件，结案0件" in each for each in charts)
    assert page.text.count('class="chart-data"') >= len(charts)
    assert "少于30件" in page.text
    assert "0/1" in page.text
    assert "0.0%</text>" not in page.text
    assert " style=" not in page.text
    english = visit(sqlite_app, "admin", "en").get("/board").text
    assert "New and ended, by day" in english
    refused = visit(sqlite_app, "urban.clerk").get("/board")
    assert (refused.status_code, "从收件箱进入" in refused.text) == (409, True)
    at(sqlite_app, datetime(2026, 12, 31, 2, 0, tzinfo=UTC))
    assert "近30天没有评价" in visit(sqlite_app, "admin").get("/board").text


def test_cases_pile_up_where_they_lie_and_sensitive_ones_nowhere(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    late, _ = (filed(sqlite_town, f"有点事想反映{n}", f"1000000000{n}") for n in range(2))
    street = filed(sqlite_town, "有点事想反映3", "10000000003", area="hubin")
    hidden = filed(sqlite_town, "有点事想反映4", "10000000004", area="guiyuan-1")
    for case in (late, street, hidden):
        change(sqlite_town, update(_clock).where(_clock.c.id == lead_clock(sqlite_town, case).id).values(due_at=NOW - timedelta(hours=3)))
    change(sqlite_town, update(_case).where(_case.c.id == hidden).values(sensitive="minor"))
    with sqlite_town.context.database.unit_of_work() as session:
        known = catalogue(session)
        whole, own = (board.area_of(session, sqlite_town.actor(who)) for who in ("centre.duty", "dongtang-centre.duty"))
        found = board_places.streets(known, whole, board.open_cases(session, whole, NOW))
        other = board_places.streets(known, own, board.open_cases(session, own, NOW))
    named = {known.units[street.unit_id].code: street for street in found}
    parts = {known.units[part.unit_id].code: (part.hot, part.open) for street in found for part in street.parts}
    assert (len(found), len(parts)) == (5, 24)
    assert (parts["chenguang"], parts["guiyuan"]) == ((1, 2), (0, 0))
    assert (named["hubin"].elsewhere, named["hubin"].hot) == (1, 2)
    assert [known.units[street.unit_id].code for street in other] == ["dongtang"]
    grids = frozenset(unit for unit in whole if known.unit_ids["chenguang"] in known.line(unit))
    (alone,) = board_places.streets(known, grids, [])
    assert {known.units[part.unit_id].kind for part in alone.parts} == {"GRID"}, "one community alone is shown by its grids"
    page = visit(sqlite_app, "centre.duty").get("/board").text
    assert 'aria-label="临期与超期最多的是晨光社区，1件"' in page


def test_a_day_a_week_and_a_month(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = filed(sqlite_town, "有点事想反映", "10000000001")
    change(sqlite_town, update(_clock).where(_clock.c.case_id == case).values(due_at=NOW + timedelta(days=2)))
    change(sqlite_town, update(_case).where(_case.c.id == case).values(submitted_at=NOW - timedelta(days=18)))
    assert [board.bounds(span, NOW.date()) for span in board.SPANS] == [
        (date(2026, 11, 20), date(2026, 11, 21)),
        (date(2026, 11, 16), date(2026, 11, 23)),
        (date(2026, 11, 1), date(2026, 12, 1)),
    ]
    with sqlite_town.context.database.unit_of_work() as session:
        area = board.area_of(session, sqlite_town.actor("centre.duty"))
        spans = {span: board.by_day(session, area, NOW, span) for span in board.SPANS}
        due = {span: board.today(session, area, NOW, span)[1].cases for span in board.SPANS}
    assert {span: (len(days), sum(day.received for day in days)) for span, days in spans.items()} == {
        "day": (14, 0),
        "week": (14, 0),
        "month": (20, 1),
    }
    assert due == {"day": 0, "week": 1, "month": 1}
    duty = visit(sqlite_app, "centre.duty")
    assert re.search(r"本月新收</dt><dd><span class=\"big\">1<", duty.get("/board?span=month").text)
    assert re.search(r"今天新收</dt><dd><span class=\"big\">0<", duty.get("/board?span=year").text)


def test_rates_of_enough_cases_come_with_their_interval() -> None:
    met, missed = frozenset({Fact.MET.value}), frozenset[str]()
    found = figure(INDICATORS["on_time_rate"], {met: 27, missed: 3}, board.LEAST)
    assert (found.small, found.rate, found.n) == (False, 900, 30)
    assert figure(INDICATORS["on_time_rate"], {met: 26, missed: 3}, board.LEAST).small

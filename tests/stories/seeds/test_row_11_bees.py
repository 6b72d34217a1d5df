"""小蜜蜂·蜂巢驿站 (row 11): 25 riders at 3 stations; 42 reported, 30 solved, 12 in coordination, for everybody to see."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from models import Case, PatrolReport, table
from rules.facts import SYSTEM, Actor, Thing
from services import patrols
from services.intake import Submitted
from services.moves import Intent, Moved, Setting, make_moves
from services.patrols import Line, Opening, Resident
from tests.support.sound import complaints
from tests.support.town import Town
from tests.support.website import app_on, at

STATIONS = (("hive-east", "东门蜂巢驿站"), ("hive-market", "菜市场蜂巢驿站"), ("hive-school", "学校蜂巢驿站"))
SEEN = ("共享单车乱停，人行道走不了", "店外经营，桌椅摆到人行道上", "垃圾桶满溢，垃圾掉了一地", "电线杆上贴满小广告")
_case, _report = table(Case), table(PatrolReport)


def phone(rider: int) -> str:
    return f"1000000{2000 + rider}"


def found(town: Town) -> list[int]:
    """The community founds its riders' group with three stations.

    Returns:
        The numbers of the 25 members.
    """
    with town.context.database.unit_of_work() as session:
        clerk = town.actor("chenguang.clerk")
        patrols.open_group(session, Opening("bees", "小蜜蜂骑手队", "Little Bees", "chenguang", kind="courier"), clerk, town.now)
        for code, name in STATIONS:
            patrols.open_station(session, Opening(code, name, code, "chenguang", place=f"{name}旁"), clerk, town.now)
        return [
            patrols.join(session, "bees", Resident(f"骑手{n}", phone(n)), clerk, town.now, station=STATIONS[n % 3][0]) for n in range(25)
        ]


def reports(town: Town, riders: Sequence[int], actor: Actor = SYSTEM) -> list[int]:
    """Each of these members sends one line; the loop takes them up."""
    lines = [Line(rider, f"{SEEN[n % 4]}（{town.now:%d}日第{n + 1}处）", f"chenguang-{n % 3 + 1}") for n, rider in enumerate(riders)]
    with town.context.database.unit_of_work() as session:
        done: list[Submitted] = patrols.report(session, lines, Setting(town.now), actor)
    town.turn()
    return [case.case_id for case in done]


def all_do(town: Town, cases: Sequence[int], action: str, user: str, order_no: int | None = None, **args: Any) -> None:
    """Somebody makes the same move of many cases, in one go through the door."""
    actor, thing = town.actor(user), Thing.CASE if order_no is None else Thing.ORDER
    with town.context.database.unit_of_work() as session:
        outcomes = make_moves(session, [Intent(case, action, actor, thing, order_no, args) for case in cases], Setting(town.now))
    assert [o for o in outcomes if not isinstance(o, Moved)] == []


def on_the_page(client: TestClient, row: str, address: str = "/counter") -> tuple[int, ...]:
    """What anybody reads in a row of the public page."""
    answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    (line,) = re.findall(rf'id="{row}"[^>]*>(.*?)</tr>', answer.text, re.DOTALL)
    return tuple(int(cell) for cell in re.findall(r"<td[^>]*>(\d+)</td>", line))


def test_riders_report_and_everybody_sees_what_became_of_it(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    town.without_photos()
    riders = found(town)
    keen, others = riders[0], riders[1:]
    week = town.now
    cases = reports(town, [keen] * 6 + list(others[:10]))
    town.now += timedelta(days=2)
    cases += reports(town, [keen] * 6 + list(others[10:24]))
    cases += reports(town, [keen], town.actor("chenguang.clerk"))  # told at the station, written down for the rider
    town.now += timedelta(days=6)
    cases += reports(town, others[:5])
    assert len(cases) == 42
    assert {town.case(case).source for case in cases} == {"courier"}
    assert {town.state(case) for case in cases} == {"reporting"}, "the community holds them first"
    assert {town.unit_code(town.case(case).holder_unit_id) for case in cases} == {"chenguang"}

    posters = [case for case in cases if town.case(case).category == "B04"]
    bins = [case for case in cases if town.case(case).category == "B01"]
    away, with_sanitation = posters[-6:], bins[-6:]
    here = [case for case in cases if case not in (*away, *with_sanitation)][:24]
    all_do(town, here, "self_handle", "chenguang.clerk", result="社区当场清理完毕")
    all_do(town, away, "dispatch", "centre.duty", lead=town.unit_id("urban"))
    all_do(town, with_sanitation, "dispatch", "centre.duty", lead=town.unit_id("sanitation"))
    all_do(town, away, "acknowledge", "urban.clerk", order_no=1)
    all_do(town, away, "finish", "urban.clerk", order_no=1, result="已整改")
    town.turn()
    all_do(town, [case for case in away if town.state(case) == "handled"], "pass_check", "centre.duty")
    town.turn()
    first = town.case(here[0])
    assert any(first.no in text and "回复Y" in text for text in town.heard(f"resident:{phone(0)}", first.id)), (
        "the rider who saw it hears of it"
    )

    with town.context.database.unit_of_work() as session:
        mine, written = patrols.of_member(session, keen, since=week, until=week + timedelta(days=7))
        status = patrols.reports_of(session, keen)
        (community,) = patrols.counter(session)
    assert (mine.reported - written, written) == (12, 1), "12 in a week, and one that the station wrote down"
    assert {row["standing"] for row in status} == {"solved", "coordinating"}

    app = app_on(town.context.database, tmp_path, encryption_key)
    at(app, town.now)
    with TestClient(app) as public:
        assert on_the_page(public, "group-bees") == (42, 30, 12, 0)
        assert on_the_page(public, "community-chenguang", "/counter/community/chenguang") == (42, 30, 12, 0)
        stations = [on_the_page(public, f"station-{code}") for code, _ in STATIONS]
        answer = public.get("/api/counter/group/bees").json()
        page = public.get("/counter?lang=en").text
    assert [sum(column) for column in zip(*stations, strict=True)] == [42, 30, 12, 0]
    assert (answer["reported"], answer["solved"], answer["coordinating"]) == (42, 30, 12)
    assert "In coordination" in page
    assert not any(secret in page for secret in ("骑手0", phone(0), "人行道"))

    rows = town.rows(select(_case.c.state).join(_report, _report.c.case_id == _case.c.id))
    told = [row for row in rows if row.state in ("fed_back", "evaluated", "closed")]
    members = {row.member_id for row in town.rows(select(_report.c.member_id))}
    assert (len(members), len(community.stations), len(rows), len(told), len(rows) - len(told)) == (25, 3, 42, 30, 12)
    assert complaints(town.context.database, town.now) == []

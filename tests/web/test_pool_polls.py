"""A poll on residents' phones: everybody reads it, a household answers once, nobody after it has closed."""

from datetime import timedelta

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Affair, Case, table
from services.catalogue import catalogue
from services.moves import Setting
from services.polls import Poll, open_poll, poll_result
from tests.support.town import Town
from tests.support.website import HTML, NOW, OURS, at
from tests.web.test_affairs_pool import resident

OPTIONS = ("全部换新", "只换主管", "暂不改造")


def asked(town: Town, title: str = "老小区排水管怎么换", households: int = 240) -> str:
    with town.context.database.unit_of_work() as session:
        poll = Poll(title, OPTIONS, (NOW + timedelta(days=10)).isoformat(), households, body="三种办法，各家出的钱不一样", place="晨光小区")
        return open_poll(session, poll, catalogue(session).actor("chenguang.clerk"), Setting(NOW)).no


def counted(town: Town, no: str) -> dict[str, int]:
    with town.context.database.unit_of_work() as session:
        return poll_result(session, no).options


def test_everybody_reads_it_and_whoever_is_known_answers_once(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    no = asked(sqlite_town)
    stranger = TestClient(sqlite_app, headers=HTML | OURS, follow_redirects=False)
    assert "社区在征求意见" in stranger.get("/pool").text
    page = stranger.get("/pool/polls").text
    assert ("老小区排水管怎么换" in page, "240户里已有0户答了" in page, "我来答" in page) == (True, True, True)
    one = stranger.get(f"/pool/polls/{no}").text
    assert ("三种办法" in one, "先确认您是哪位" in one, 'name="choice"' in one) == (True, True, False)
    assert stranger.post(f"/pool/polls/{no}", data={"choice": OPTIONS[0]}).headers["location"] == "/pool/me"
    assert counted(sqlite_town, no)[OPTIONS[0]] == 0

    me = resident(sqlite_app, sqlite_town, "13800138000")
    nothing = me.post(f"/pool/polls/{no}", data={"words": "想想再说"})
    assert (nothing.status_code, "想想再说" in nothing.text) == (409, True)
    nameless = me.post(f"/pool/polls/{no}", data={"choice": OPTIONS[1], "words": "主管先换", "household": " - "})
    assert (nameless.status_code, "您家门牌" in nameless.text, "主管先换" in nameless.text) == (409, True, True)
    sent = me.post(f"/pool/polls/{no}", data={"choice": OPTIONS[1], "household": "5栋1单元302室", "words": "主管先换"})
    assert sent.status_code == 303
    assert "收到了，谢谢" in me.get(sent.headers["location"]).text
    again = me.post(f"/pool/polls/{no}", data={"choice": OPTIONS[0], "household": "9-9-901"})
    assert (again.status_code, OPTIONS[1] in again.text, 'name="choice"' in again.text) == (409, True, False)
    neighbour = resident(sqlite_app, sqlite_town, "13900139000")
    assert neighbour.post(f"/pool/polls/{no}", data={"choice": OPTIONS[0], "household": "５－１－３０２"}).status_code == 409, "the same"
    assert neighbour.post(f"/pool/polls/{no}", data={"choice": OPTIONS[0], "household": "5-1-303"}).status_code == 303
    assert counted(sqlite_town, no) == {OPTIONS[0]: 1, OPTIONS[1]: 1, OPTIONS[2]: 0}
    assert f"您已答：{OPTIONS[1]}" in me.get("/pool/polls").text


def test_after_it_has_closed_nobody_answers(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    no = asked(sqlite_town, "楼道要不要装扶手")
    at(sqlite_app, NOW + timedelta(days=9, hours=23, minutes=50))
    me = resident(sqlite_app, sqlite_town, "13700137000")
    at(sqlite_app, NOW + timedelta(days=10, minutes=1))
    assert "楼道要不要装扶手" not in me.get("/pool/polls").text
    assert me.get(f"/pool/polls/{no}").status_code == 404
    late = me.post(f"/pool/polls/{no}", data={"choice": OPTIONS[0], "household": "1-1-101"})
    assert (late.status_code, "不征求意见" in late.text) == (404, True)
    assert counted(sqlite_town, no)[OPTIONS[0]] == 0


def test_a_poll_that_is_not_shown_takes_no_answer_and_strangers_to_the_place_none(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    hidden, elsewhere = asked(sqlite_town, "一件敏感的事"), asked(sqlite_town, "别处的事")
    with sqlite_town.context.database.unit_of_work() as session:
        affair, case = table(Affair), table(Case)
        of_hidden = select(affair.c.case_id).where(affair.c.no == hidden).scalar_subquery()
        session.connection().execute(update(case).where(case.c.id == of_hidden).values(sensitive="minor"))
        session.connection().execute(update(affair).where(affair.c.no == elsewhere).values(area_unit_id=other_community(session)))
    me = resident(sqlite_app, sqlite_town, "13600136000")
    answer = {"choice": OPTIONS[0], "household": "1-1-101"}
    assert "一件敏感的事" not in me.get("/pool/polls").text
    assert me.post(f"/pool/polls/{hidden}", data=answer).status_code == 404
    assert me.post(f"/pool/polls/{hidden}", data=answer | {"choice": "没有这一项"}).status_code == 404, "nor does it tell that there is one"
    there = me.post(f"/pool/polls/{elsewhere}", data=answer)
    assert (there.status_code, "社区服务站" in there.text) == (409, True)
    assert [counted(sqlite_town, no)[OPTIONS[0]] for no in (hidden, elsewhere)] == [0, 0]


def other_community(session: Session) -> int:
    """A community that is not the one in which people report here."""
    units = catalogue(session).units.values()
    return next(unit.id for unit in units if unit.kind == "COMMUNITY" and unit.code != "chenguang")

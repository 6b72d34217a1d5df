"""The pool on a phone: everybody reads it, residents take part in it and keep what they do to themselves."""

import re
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert, select

from models import Affair, AffairPart, PoolVisit, table
from rules.facts import Thing
from services.affairs import sheet
from services.claims_pool.visits import CLAIMS, WISHES
from services.following import token_of
from tests.support.town import Town
from tests.support.website import HTML, NOW, OURS, at, visit

_affair, _part = table(Affair), table(AffairPart)
SECRET = "晨光小区5栋1单元"


def resident(app: FastAPI, town: Town, phone: str) -> Any:
    """Somebody with a phone who has once reported something, and shows its number and token."""
    case_id = town.reports("楼道灯不亮", f"三楼楼道灯不亮{phone[-4:]}", phone=phone)
    case = town.case(case_id)
    browser = TestClient(app, headers=HTML | OURS, follow_redirects=False)
    wrong = browser.post("/pool/me", data={"no": case.no, "token": "AAAA-AAAA"})
    assert (wrong.status_code, case.no in wrong.text) == (404, True)
    answer = browser.post("/pool/me", data={"no": case.no, "token": token_of(case.no, case.requester_id)})
    assert answer.status_code == 303, answer.text
    return browser


def posted(app: FastAPI, **fields: Any) -> tuple[str, int]:
    clerk = visit(app, "chenguang.clerk")
    answer = clerk.send_form("/affairs/new/pool", title="议事厅要折叠椅", lines="折叠椅:10把", place=SECRET, **fields)
    no = str(answer.headers["location"]).rpartition("/")[2]
    found = re.search(rf"/pool/{no}/(\d+)", TestClient(app).get("/pool").text)
    assert found is not None
    return no, int(found[1])


def key_of(browser: Any) -> str:
    found = re.search(r'name="form_key" value="([0-9a-f]+)"', browser.get("/pool/ask").text)
    assert found is not None
    return found[1]


def version(page: str, at_part: str) -> str:
    found = re.search(rf'action="/pool/{at_part}">\s*<input type="hidden" name="version" value="(\d+)"', page)
    assert found is not None, page
    return found[1]


def pledge(town: Town, no: str) -> Any:
    with town.context.database.unit_of_work() as session:
        return next(part for part in sheet(session, no).parts if part["thing"] == Thing.PLEDGE)


def test_everybody_reads_the_board_and_only_who_is_known_takes_part(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    no, part = posted(sqlite_app)
    stranger = TestClient(sqlite_app, headers=HTML | OURS, follow_redirects=False)
    page = stranger.get("/pool").text
    assert ("折叠椅" in page, "还缺10把" in page, SECRET in page) == (True, True, False)
    assert "先确认您是哪位" in stranger.get(f"/pool/{no}/{part}").text
    assert "您是哪位" in stranger.get("/pool/me").text
    assert "您是哪位" in stranger.post(f"/pool/{no}/{part}", data={"do": "claim", "version": "1"}).text
    assert TestClient(sqlite_app).post("/pool/me", data={"do": "leave"}).status_code in (400, 403)
    assert stranger.get("/pool/XX-20260101-0001/1").status_code == 404
    english = stranger.get("/pool?lang=en").text.split("<main")[1].split("</main")[0]
    assert "Neighbours need a hand" in english


def test_a_resident_takes_some_on_delivers_it_and_gives_the_rest_back(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town, (no, part) = sqlite_town, posted(sqlite_app)
    me = resident(sqlite_app, town, "13800138000")
    form = me.get(f"/pool/{no}/{part}").text
    seen = {"do": "claim", "version": version(form, f"{no}/{part}")}
    much = me.post(f"/pool/{no}/{part}", data={**seen, "quantity": "11"})
    assert (much.status_code, 'value="11"' in much.text) == (409, True)
    assert me.post(f"/pool/{no}/{part}", data={**seen, "quantity": "十"}).status_code == 409
    assert me.post(f"/pool/{no}/{part}", data={**seen, "quantity": "4"}).headers["location"] == "/pool/me?done=claim"
    again = me.post(f"/pool/{no}/{part}", data={**seen, "quantity": "4"})
    assert (again.status_code, "刚刚有别人" in again.text) == (409, True)
    assert pledge(town, no)["quantity"] == 4
    mine = me.get("/pool/me").text
    own = f"{no}/{pledge(town, no)['no']}"
    assert SECRET in mine
    assert me.post(f"/pool/{own}", data={"do": "deliver", "quantity": "3", "version": version(mine, own)}).status_code == 303
    blank = me.post(f"/pool/{own}", data={"do": "give_up", "reason": "", "version": version(me.get("/pool/me").text, own)})
    assert blank.status_code == 409
    back = {"do": "give_up", "reason": "只有三把", "version": version(me.get("/pool/me").text, own)}
    assert me.post(f"/pool/{own}", data=back).status_code == 303
    kept = pledge(town, no)
    assert (kept["quantity"], kept["done"], kept["state"]) == (3, 3, "delivered")
    other = resident(sqlite_app, town, "13900139000")
    assert other.post(f"/pool/{own}", data={"do": "deliver", "version": "1"}).status_code == 409
    assert "折叠椅" not in other.get("/pool/me").text
    at(sqlite_app, NOW + timedelta(minutes=31))
    assert "您是哪位" in me.get("/pool/me").text


def test_a_wish_is_asked_for_granted_confirmed_and_thanked_for(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    old = resident(sqlite_app, town, "13700137000")
    wish = {"title": "想借一辆轮椅", "line": "轮椅", "quantity": "1", "measure": "辆", "place": SECRET, "form_key": key_of(old)}
    missing = old.post("/pool/ask", data=wish | {"area": "nowhere"})
    assert (missing.status_code, 'value="想借一辆轮椅"' in missing.text) == (409, True)
    for _ in range(2):  # a phone that lost its connection sends it again
        assert old.post("/pool/ask", data=wish | {"area": "chenguang"}).status_code == 303
    assert len(town.rows(select(_affair).where(_affair.c.thing == Thing.POOL.value))) == 1
    assert "轮椅" not in TestClient(sqlite_app).get("/pool").text
    clerk = visit(sqlite_app, "chenguang.clerk")
    found = re.search(r'href="/affairs/(RL-[0-9-]+)"', clerk.get("/affairs?kind=pool").text)
    assert found is not None
    no = found[1]
    form = clerk.get(f"/affairs/{no}/do/release_order").text
    seen = re.search(r'name="version" value="(\d+)"', form)
    assert seen is not None
    assert clerk.send_form(f"/affairs/{no}/do/release_order", version=seen[1]).status_code == 303
    line = re.search(rf"/pool/({no}/\d+)", TestClient(sqlite_app).get("/pool").text)
    assert line is not None
    young = resident(sqlite_app, town, "13600136000")
    assert (
        young.post(f"/pool/{line[1]}", data={"do": "claim", "version": version(young.get(f"/pool/{line[1]}").text, line[1])}).status_code
        == 303
    )
    given = f"{no}/{pledge(town, no)['no']}"
    for who, what, more in ((young, "deliver", {}), (old, "confirm_pledge", {}), (old, "thank", {"words": "多谢小伙子"})):
        page = who.get("/pool/me").text
        assert who.post(f"/pool/{given}", data={"do": what, "version": version(page, given), **more}).status_code == 303, what
    assert "多谢小伙子" in young.get("/pool/me?done=thank").text
    assert pledge(town, no)["state"] == "confirmed"


def test_leaving_ends_it_on_the_server_and_in_every_browser(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    me = resident(sqlite_app, town, "13800138000")
    other = resident(sqlite_app, town, "13800138000")
    stranger = resident(sqlite_app, town, "13900139000")
    stolen = TestClient(sqlite_app, headers=HTML | OURS, follow_redirects=False, cookies=dict(me.cookies))
    assert "我认领的" in stolen.get("/pool/me").text
    assert len(town.rows(select(PoolVisit))) == 3
    assert me.post("/pool/me", data={"do": "leave"}).headers["location"] == "/pool"
    for browser in (me, other, stolen):
        assert "您是哪位" in browser.get("/pool/me").text
    assert "您是哪位" not in stranger.get("/pool/me").text
    forged = TestClient(sqlite_app, headers=HTML | OURS, cookies={"bihuan_pool": town.rows(select(PoolVisit))[0].digest})
    assert "您是哪位" in forged.get("/pool/me").text, "what the database holds opens nothing"
    at(sqlite_app, NOW + timedelta(minutes=31))
    resident(sqlite_app, town, "13700137000")
    assert len(town.rows(select(PoolVisit))) == 1, "visits that are over are forgotten"


def test_one_resident_asks_and_takes_on_so_much_within_an_hour(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town, (no, part) = sqlite_town, posted(sqlite_app)
    me = resident(sqlite_app, town, "13800138000")
    wish = {"title": "想借一辆轮椅", "line": "轮椅", "quantity": "1", "measure": "辆", "place": SECRET, "area": "chenguang"}
    assert me.post("/pool/ask", data=wish).status_code == 409, "a form without a key is none of ours"
    keys = [key_of(me) for _ in range(WISHES + 1)]
    assert [me.post("/pool/ask", data=wish | {"form_key": key}).status_code for key in keys] == [303] * WISHES + [429]
    assert me.post("/pool/ask", data=wish | {"form_key": keys[0]}).status_code == 303, "the same form again is no further one"
    at(sqlite_app, NOW + timedelta(minutes=20))
    with town.context.database.unit_of_work() as session:
        home = session.connection().execute(select(_affair).where(_affair.c.no == no)).one()
        who = session.connection().execute(select(PoolVisit.requester_id)).scalar_one()
        rest = {"thing": Thing.PLEDGE.value, "state": "given_back", "quantity": 1, "requester_id": who, "data": {"want": 99}}
        row = {"case_id": home.case_id, "seq": home.seq, "added_at": NOW, **rest}
        session.connection().execute(insert(_part), [{**row, "no": 100 + n} for n in range(CLAIMS)])
    seen = {"do": "claim", "version": version(me.get(f"/pool/{no}/{part}").text, f"{no}/{part}"), "quantity": "1"}
    refused = me.post(f"/pool/{no}/{part}", data=seen)
    assert (refused.status_code, str(CLAIMS) in refused.text) == (429, True)

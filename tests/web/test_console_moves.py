"""Moves made through the pages alone: every move has a form, several people take a case round, the door's answers are said."""

import re
from typing import Any

from fastapi import FastAPI

from rules.facts import Who
from rules.handling import AFFAIRS, PARTS
from rules.lifecycle import MOVES
from services.choices import HANDED_IN
from tests.support.pictures import photo
from tests.support.town import Town
from tests.support.website import Visitor, visit
from web.console.move_fields import FIELDS, MORE, PHOTOS

OTHERS_READ = {"device", "rater", "holder"}  # a device is the resident's own; the others follow from what is chosen


def new_case(town: Town) -> tuple[int, str]:
    case_id = town.reports("晨光小区5号楼前污水管外溢", "污水流到路上", phone="13812345678")
    town.turn()
    return case_id, str(town.case(case_id).no)


def version_in(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None, page
    return found[1]


def do(who: Visitor, no: str, action: str, thing: str = "case", thing_no: int | None = None, files: Any = None, **typed: Any) -> Any:
    """Open the form of a move from the case page and send it as a browser does."""
    asked = f"thing={thing}" + (f"&thing_no={thing_no}" if thing_no is not None else "")
    assert f"/cases/{no}/do/{action}?{asked.replace('&', '&amp;')}" in who.get(f"/cases/{no}").text
    form = who.get(f"/cases/{no}/do/{action}?{asked}")
    assert form.status_code == 200, form.text
    for name in typed:
        assert f'name="{name}"' in form.text, name
    more = {"thing_no": thing_no} if thing_no is not None else {}
    return who.send_form(f"/cases/{no}/do/{action}", files, version=version_in(form.text), thing=thing, **more, **typed)


def test_whatever_a_move_needs_has_a_field() -> None:
    asked_of_people = [m for m in MOVES if not m.follows and m.who != {Who.SYSTEM} and m.thing not in (*AFFAIRS, *PARTS)]
    assert len({m.action for m in asked_of_people}) > 50
    for move in asked_of_people:
        wanted = {name for need in move.needs for name in HANDED_IN.get(need.code, ())}
        assert wanted | set(MORE.get(move.action, ())) <= set(FIELDS), move.action
    assert set(MORE) <= {m.action for m in asked_of_people}
    assert {name for move in asked_of_people for need in move.needs for name in HANDED_IN.get(need.code, ())} - OTHERS_READ <= set(FIELDS)
    assert set(PHOTOS) <= set(FIELDS)


def test_several_people_take_a_case_round_through_the_pages(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case_id, no = new_case(town)
    desk, water = visit(sqlite_app, "centre.duty"), visit(sqlite_app, "water.clerk")
    assert do(desk, no, "recall", reason="物业不必协办").status_code == 303
    assert town.state(case_id) == "filed"
    sent = do(desk, no, "dispatch", lead="water", co=["housing"])
    assert (sent.status_code, sent.headers["location"]) == (303, f"/cases/{no}?done=dispatch")
    assert "已办" in desk.get(sent.headers["location"]).text
    assert [town.unit_code(o.unit_id) for o in town.orders(case_id)] == ["water", "housing", "chenguang-estate", "water", "housing"]
    assert do(water, no, "acknowledge", "order", 4).status_code == 303
    assert do(water, no, "contact", "order", 4, reason="电话接通2分10秒").status_code == 303
    bare = do(water, no, "ask_extension", "order", 4, amount="", reason="等一批管材")
    assert bare.status_code == 409
    assert "等一批管材" in bare.text
    assert "延长" in bare.text.split('class="banner')[1].split("</div>")[0]
    picture = {"photos_after": ("好了.jpg", photo(), "image/jpeg"), "photos_before": ("前.jpg", photo(shade=40), "image/jpeg")}
    assert do(water, no, "finish", "order", 4, picture, result="管道已疏通，地面已冲洗").status_code == 303
    housing = visit(sqlite_app, "housing.clerk")
    assert do(housing, no, "acknowledge", "order", 5).status_code == 303
    assert do(housing, no, "finish", "order", 5, result="管网图已提供").status_code == 303
    town.turn()
    assert town.state(case_id) == "handled"
    assert water.get(f"/cases/{no}/do/pass_check?thing=case").status_code == 409  # nobody checks what he has handled
    assert do(desk, no, "pass_check").status_code == 303
    if town.state(case_id) == "verified":
        assert do(desk, no, "feed_back").status_code == 303
    town.turn()
    assert town.state(case_id) == "fed_back"
    page = desk.get(f"/cases/{no}").text
    assert f'src="/cases/{no}/files/1"' in page
    assert "管道已疏通，地面已冲洗" in page
    seen = water.get(f"/cases/{no}/files/1")
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.headers["content-disposition"].startswith("inline")
    assert "private" in seen.headers["cache-control"]
    assert water.get(f"/cases/{no}/files/77").status_code == 404
    assert visit(sqlite_app, "garden.clerk").get(f"/cases/{no}/files/1").status_code == 404


def test_what_somebody_else_changed_meanwhile_is_said_and_nothing_is_lost(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case_id, no = new_case(town)
    desk = visit(sqlite_app, "centre.duty")
    form = desk.get(f"/cases/{no}/do/bind?thing=case").text
    town.order(case_id, "urge", "centre.duty", reason="雨后再看一次")
    typed = {"due_at": "2026-12-01T17:30", "by": "upstream", "reason": "市里要求十二月一日前办完"}
    answer = desk.send_form(f"/cases/{no}/do/bind", version=version_in(form), thing="case", **typed)
    assert answer.status_code == 409
    assert "刚被别人改过" in answer.text
    assert "市里要求十二月一日前办完" in answer.text
    assert 'value="2026-12-01T17:30"' in answer.text
    assert town.case(case_id).outside_due_at is None
    again = desk.send_form(f"/cases/{no}/do/bind", version=version_in(answer.text), thing="case", **typed)
    assert again.status_code == 303, again.text
    assert town.case(case_id).outside_by == "upstream"


def test_a_move_that_is_not_ones_own_or_comes_from_elsewhere_is_not_made(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case_id, no = new_case(town)
    before = len(town.journal(case_id))
    desk, garden = visit(sqlite_app, "centre.duty"), visit(sqlite_app, "garden.clerk")
    assert garden.get(f"/cases/{no}/do/urge?thing=case").status_code == 404
    assert garden.send_form(f"/cases/{no}/do/decline", version="1", thing="case", reason="不办").status_code == 404
    assert desk.get(f"/cases/{no}/do/pass_check?thing=case").status_code == 409
    for nonsense in ("thing=nothing", "thing=order&thing_no=x"):
        assert desk.get(f"/cases/{no}/do/urge?{nonsense}").status_code == 409
    assert desk.get(f"/cases/{no}/do/explode").status_code == 409
    foreign = desk.post(f"/cases/{no}/do/bind", data={"reason": "没有令牌", "csrf": "0" * 32})
    assert foreign.status_code == 403
    evil = desk.post(f"/cases/{no}/do/bind", data={"csrf": desk.csrf}, headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403
    assert len(town.journal(case_id)) == before


def test_a_finish_that_wants_a_photo_takes_it_along(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case_id = sqlite_town.reports("井盖没了", "路口的井盖丢了，留个大洞")
    sqlite_town.turn()
    no, unit = str(sqlite_town.case(case_id).no), sqlite_town.orders(case_id)[0]
    sqlite_town.order(case_id, "acknowledge", f"{unit.code}.clerk", unit.code)
    sqlite_town.order(case_id, "contact", f"{unit.code}.clerk", unit.code)
    clerk = visit(sqlite_app, f"{unit.code}.clerk")
    bare = do(clerk, no, "finish", "order", unit.no, result="新井盖已装上")
    assert bare.status_code == 409
    assert "照片" in bare.text
    assert "新井盖已装上" in bare.text
    files = {"photos_after": ("井盖.jpg", photo(), "image/jpeg")}
    assert do(clerk, no, "finish", "order", unit.no, files=files, result="新井盖已装上").status_code == 303
    assert sqlite_town.orders(case_id)[0].state == "done"

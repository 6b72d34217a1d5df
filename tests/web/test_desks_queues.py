"""Dispatch desk, rulings and level desk as those use them whose desks they are: what waits, one form, what the door answers."""

import re
from typing import Any

from fastapi import FastAPI

from services.desks import queues
from tests.support.in_hand import climbing, in_hand
from tests.support.town import Town
from tests.support.website import Visitor, visit

REASON = "管材未到货，厂家后天送到"


def form_of(page: str) -> dict[str, str]:
    """What a browser would send of the desk's form without a word typed."""
    form = page[page.index('action="/desks/') : page.index("</form>", page.index('action="/desks/'))]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    chosen = re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.S)
    picked = {name: next(iter(re.findall(r'value="([^"]*)" selected', body)), "") for name, body in chosen}
    typed = dict(re.findall(r'<input class="input[^"]*" (?:type="[\w-]+" )?id="f-\w+" name="(\w+)"[^>]*value="([^"]*)"', form))
    return {**picked, **typed, **hidden}


def send(who: Visitor, desk: str, do: str, on: str = "", **typed: Any) -> Any:
    page = who.get(f"/desks/{desk}" + (f"?on={on}" if on else ""))
    assert page.status_code == 200, page.text
    assert f'name="do" value="{do}"' in page.text, page.text
    return who.send_form(f"/desks/{desk}", **form_of(page.text) | typed | {"do": do})


def test_what_was_asked_for_is_granted_or_refused_at_the_desk(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    one, two = in_hand(town), in_hand(town, phone="10000000002")
    for case in (one, two):
        town.order(case, "ask_extension", "water.clerk", "water", amount="2wd", reason=REASON)
    desk = visit(sqlite_app, "centre.duty")
    assert "等着2件" in desk.get("/desks").text
    page = desk.get("/desks/rulings").text
    assert REASON in page
    assert "2个工作日" in page
    no = town.case(one).no
    answer = send(desk, "rulings", "grant", f"{no}.extension.1")
    assert answer.status_code == 303, answer.text
    assert town.extensions(one)[0].state == "granted"
    assert town.extensions(one)[0].amount == "2wd"
    after = desk.get(answer.headers["location"]).text
    assert no in after
    assert "等着1件" in after
    # a refusal wants its reason, and keeps what was chosen
    bare = send(desk, "rulings", "refuse", reason="  ")
    assert (bare.status_code, 'role="alert"' in bare.text) == (409, True)
    kept = send(desk, "rulings", "refuse", reason="备件仓里有", version="1")
    assert (kept.status_code, "备件仓里有" in kept.text, "刚被别人改过" in kept.text) == (409, True, True)
    assert send(desk, "rulings", "refuse", reason="备件仓里有").status_code == 303
    assert town.extensions(two)[0].answer == "备件仓里有"
    assert "现在没有等着的" in desk.get("/desks/rulings").text
    again = desk.send_form("/desks/rulings", on=f"{no}.extension.1", do="grant", version="9")
    assert (again.status_code, "已不在这里" in again.text) == (409, True)


def test_a_return_is_ruled_on_and_nobody_decides_about_his_own_request(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case = in_hand(town)
    town.order(case, "ask_return", "water.clerk", "water", code="not_our_duty", reason="小区内部管网", unit=town.unit_id("housing"))
    desk = visit(sqlite_app, "centre.duty")
    page = desk.get("/desks/rulings").text
    assert "小区内部管网" in page
    assert re.search(r'value="housing" selected', page) is not None
    assert desk.send_form("/desks/rulings", **form_of(page) | {"do": "uphold_return", "reason": "", "unit": "housing"}).status_code == 409
    assert send(desk, "rulings", "uphold_return", reason="按分界图属小区内部").status_code == 303
    assert town.requests(case)[0].state == "granted"
    town.act(case, "ask_void", "centre.duty", reason="重复登记")
    own = desk.get("/desks/rulings").text
    assert "重复登记" in own
    assert 'value="confirm_end"' not in own  # nobody decides about what he asked for himself
    assert send(visit(sqlite_app, "chenghu.leader"), "rulings", "refuse_end", reason="不是同一处").status_code == 303
    assert town.requests(case)[-1].state == "refused"


def test_a_case_that_was_recalled_is_sent_to_several_units_at_once(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case = in_hand(town)
    town.act(case, "recall", "centre.duty", reason="派错了")
    desk = visit(sqlite_app, "centre.duty")
    page = desk.get("/desks/dispatch").text
    assert "可以派给谁" in page
    assert "目录：主办" in page
    sent = form_of(page)
    assert sent["lead"] == "water"
    refused = desk.send_form("/desks/dispatch", **sent | {"do": "dispatch", "lead": ""})
    assert (refused.status_code, 'role="alert"' in refused.text) == (409, True)
    off = desk.send_form("/desks/dispatch", **sent | {"do": "dispatch", "co": ["municipal", "housing"]})
    assert (off.status_code, "职责清单" in off.text, re.search(r'value="municipal" selected', off.text) is not None) == (409, True, True)
    why = {"override": "yes", "reason": "路面塌了一块"}
    assert desk.send_form("/desks/dispatch", **sent | why | {"do": "dispatch", "co": ["municipal", "housing"]}).status_code == 303
    assert town.state(case) == "dispatched"
    units = {town.unit_code(o.unit_id): o.lead for o in town.orders(case) if o.state == "sent"}
    assert units == {"water": True, "municipal": False, "housing": False}


def test_each_level_decides_about_what_it_holds(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case = climbing(town)
    street = visit(sqlite_app, "hubin.clerk")
    page = street.get("/desks/level").text
    assert "现在在这里" in page
    assert send(street, "level", "send_down", level="community", reason="").status_code == 409
    off = send(street, "level", "send_down", level="community", reason="先由社区摸清户数")  # not on the community's duty list
    assert (off.status_code, "先由社区摸清户数" in off.text, "晨光社区" in off.text) == (409, True, True)
    assert send(street, "level", "report_up", reason="要动用机械").status_code == 303
    assert "现在没有等着的" in street.get("/desks/level").text
    assert town.case(case).level == "district"
    district = visit(sqlite_app, "centre.duty")
    assert "要动用机械" in district.get("/desks/level").text
    assert send(district, "level", "handle_here").status_code == 303
    assert town.state(case) == "handling"


def test_a_desk_is_for_its_own_people_and_speaks_english(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    in_hand(sqlite_town)
    water = visit(sqlite_app, "water.clerk")
    for path in ("/desks/dispatch", "/desks/rulings", "/desks/level"):
        refused = water.get(path)
        assert (refused.status_code, "不归您的职务" in refused.text) == (409, True), path
        assert water.send_form(path, on="BH-20261120-0001.case.0", do="dispatch").status_code == 409
    assert "/desks/dispatch" not in water.get("/desks").text
    english = visit(sqlite_app, "centre.duty", "en").get("/desks/rulings").text
    assert "Rulings" in english
    assert re.search(r"[一-鿿]", re.sub(r"<[^>]+>|中文", "", english.split("<main")[1])) is None


def test_what_waits_on_both_databases(town: Town) -> None:
    case, climbs = in_hand(town), climbing(town)
    town.order(case, "ask_extension", "water.clerk", "water", amount="1wd", reason=REASON)
    with town.context.database.unit_of_work() as session:
        found = {
            user: [w.key for w in queues.to_rule(session, town.actor(user))] for user in ("centre.duty", "water.clerk", "chenghu.leader")
        }
        held = [w.case["id"] for w in queues.to_decide(session, town.actor("hubin.clerk"))]
        assert queues.to_dispatch(session, town.actor("centre.duty")) == []
    key = f"{town.case(case).no}.extension.1"
    assert found == {"centre.duty": [key], "water.clerk": [], "chenghu.leader": [key]}
    assert held == [climbs]

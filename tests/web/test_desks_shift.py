"""Handing a shift over on the web: what is open, one list, two signatures, and who may see it."""

from datetime import timedelta

from fastapi import FastAPI

from tests.support.beside import opens
from tests.support.in_hand import in_hand
from tests.support.town import Town
from tests.support.website import at, visit


def test_a_shift_changes_with_two_signatures(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case = in_hand(town)
    town.order(case, "hand_to", "water.clerk", "water", person=town.person_id("water.clerk"))
    no = str(town.case(case).no)
    giver, taker, other = (visit(sqlite_app, user) for user in ("water.clerk", "water.head", "housing.clerk"))
    page = giver.get("/desks/shift").text
    assert no[8:] in page
    assert "在交班人名下" in page
    nobody = giver.send_form("/desks/shift", to="housing.clerk", note="阀门钥匙在前台")
    assert (nobody.status_code, "阀门钥匙在前台" in nobody.text) == (409, True)
    made = giver.send_form("/desks/shift", to="water.head", note="阀门钥匙在前台")
    assert made.status_code == 303, made.text
    link = made.headers["location"].partition("?")[0]
    assert link.rpartition("/")[0] == "/desks/shift"
    assert "打开交接单" in taker.get("/desks/shift").text
    assert other.get(link).status_code == 409  # of others there is no such list
    assert other.send_form(link, do="sign").status_code == 409
    assert giver.send_form(link, do="sign").status_code == 303
    again = giver.send_form(link, do="sign")
    assert (again.status_code, 'role="alert"' in again.text) == (409, True)
    assert [o.handler_id for o in town.orders(case) if o.code == "water"] == [town.person_id("water.clerk")]
    seen = taker.get(link).text
    assert "阀门钥匙在前台" in seen
    assert "签字，接班" in seen
    assert taker.send_form(link, do="sign").status_code == 303
    assert [o.handler_id for o in town.orders(case) if o.code == "water"] == [town.person_id("water.head")]
    assert "双方已签" in taker.get("/desks/shift").text
    back = taker.send_form("/desks/shift", to="water.clerk").headers["location"].partition("?")[0]
    assert taker.send_form(back, do="nothing").status_code == 409
    assert taker.send_form(back, do="cancel").status_code == 303
    assert "已撤回" in taker.get(back).text


def test_a_list_of_yesterday_is_not_signed(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    in_hand(sqlite_town)
    giver = visit(sqlite_app, "water.clerk")
    link = giver.send_form("/desks/shift", to="water.head").headers["location"].partition("?")[0]
    at(sqlite_app, sqlite_town.now + timedelta(hours=25))
    late = visit(sqlite_app, "water.head").send_form(link, do="sign")
    assert (late.status_code, 'role="alert"' in late.text) == (409, True)
    english = visit(sqlite_app, "water.head", "en").get(link).text
    assert "Sign and take over" in english


def test_what_an_affair_is_about_stands_on_the_list(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    began = opens(sqlite_town, "hubin.clerk", "whistle", called=(sqlite_town.unit_id("urban"),), title="夜市联合整治")
    page = visit(sqlite_app, "urban.clerk").get("/desks/shift").text
    assert f'href="/affairs/{began.no}">夜市联合整治</a>' in page

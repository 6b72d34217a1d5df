"""One's own figures: what somebody handled, on time and late, sent back, rated; nobody else's."""

import re
from datetime import timedelta

from fastapi import FastAPI

from services.desks.own import own
from tests.support.in_hand import in_hand
from tests.support.town import Town
from tests.support.website import at, visit


def finished(town: Town, case: int) -> None:
    """Everybody at work finishes; water's order is its clerk's own."""
    town.order(case, "hand_to", "water.clerk", "water", person=town.person_id("water.clerk"))
    for order in town.orders(case):
        if order.state == "working":
            town.order(case, "finish", f"{order.code}.clerk", order.code, result="已修好")


def test_own_figures_are_ones_own(town: Town) -> None:
    town.without_photos()
    one, two, three = (in_hand(town, phone=f"1000000000{n}") for n in (1, 2, 3))
    town.order(one, "ask_extension", "water.clerk", "water", amount="1wd", reason="等料")
    town.extension(one, "grant", "centre.duty")
    finished(town, one)
    town.turn()
    town.act(one, "fail_check", "centre.duty", reason="又漏了")
    town.order(one, "finish", "water.clerk", "water", result="重新接好")
    town.order(three, "hand_to", "water.clerk", "water", person=town.person_id("water.clerk"))
    town.now += timedelta(days=20)
    finished(town, two)
    since = town.now - timedelta(days=90)
    with town.context.database.unit_of_work() as session:
        mine = own(session, town.actor("water.clerk"), since, town.now)
        later = own(session, town.actor("water.clerk"), town.now - timedelta(days=7), town.now)
        others = own(session, town.actor("housing.clerk"), since, town.now)
        desk = own(session, town.actor("centre.duty"), since, town.now)
    assert (len(mine.done), mine.on_time, mine.longer, mine.redone) == (2, 1, 1, 1)
    assert (mine.open, mine.open_late) == (1, 1)
    assert [row["case_id"] for row in later.done] == [two]
    assert (later.on_time, later.redone) == (0, 0)
    assert (others.open, len(others.done), desk.ruled, mine.ruled) == (0, 0, 1, 0)
    assert mine.rated.asked == 0  # nothing is closed, so nothing is told


def test_the_page_tells_what_residents_said_of_closed_cases(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    town.without_photos()
    case = in_hand(town)
    finished(town, case)
    town.turn()
    town.act(case, "pass_check", "centre.duty")
    town.turn()
    town.act(case, "rate", "resident", solved=True, score=4)
    water = visit(sqlite_app, "water.clerk")
    assert "1/1" in water.get("/own").text
    assert re.findall(r"<dt>([^<]+)</dt><dd><span class=\"big\">", water.get("/own").text)[:3] == [
        "我在办的工单",
        "我办结的工单",
        "其中按期",
    ]
    assert "满意4" not in water.get("/own").text  # the residents' time is not over
    town.turn()
    page = water.get("/own?days=7").text
    assert town.state(case) == "closed"
    assert "满意4.0分（1人）" in page
    assert str(town.case(case).no) in page
    at(sqlite_app, town.now + timedelta(days=8))
    assert "这段时间没有办结的" in visit(sqlite_app, "water.clerk").get("/own?days=7").text
    assert visit(sqlite_app, "admin").get("/own").status_code == 409
    assert "Seen by you alone" in visit(sqlite_app, "housing.clerk", "en").get("/own").text

"""The triage desk on the web: the queue, what is suggested, and one form that files and dispatches."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from models import Case, Journal, TriageSuggestion, table
from rules.facts import Refused
from services.triage import deciding, desk, undoing
from tests.support.town import Town
from tests.support.website import NOW, at, visit

VAGUE = "有点事想反映"
_case, _journal, _suggestion = table(Case), table(Journal), table(TriageSuggestion)


def form_of(page: str) -> dict[str, str]:
    """What a browser would send of the form that files and dispatches, as it stands."""
    form = page[page.index("data-triage") : page.index("</form>", page.index("data-triage"))]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    chosen = dict(re.findall(r'type="radio" name="(\w+)" value="([^"]*)"[^>]*checked', form))
    return {**hidden, **chosen, "lead": "", "other": "", "said": "", "channel": ""}


@pytest.fixture
def drains(sqlite_town: Town) -> list[int]:
    """Two cases that the engine left to people, and one that nobody but the street's desk of another street sees."""
    found = [sqlite_town.reports(VAGUE, "楼下又来了一堆东西，没人管", phone=f"1000000000{n}") for n in (1, 2)]
    sqlite_town.turn()
    return found


def test_the_queue_and_one_post_that_files_and_dispatches(sqlite_app: FastAPI, sqlite_town: Town, drains: list[int]) -> None:
    assert [sqlite_town.state(case) for case in drains] == ["accepted", "accepted"]
    desk_ = visit(sqlite_app, "centre.duty")
    page = desk_.get("/triage").text
    first, second = (sqlite_town.case(case).no for case in drains)
    assert page.index(first[3:]) < page.index(second[3:])
    assert "待研判2件" in page
    sent = form_of(page) | {"do": "dispatch", "category": "", "other": "A03", "urgency": "P2"}
    answer = desk_.send_form("/triage", **sent)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == f"/triage?done={first}&as=dispatch"
    assert sqlite_town.state(drains[0]) == "dispatched"
    assert [a for a in sqlite_town.actions(drains[0]) if a in ("accept", "file", "dispatch")] == ["accept", "file", "dispatch"]
    entry = next(e for e in sqlite_town.journal(drains[0]) if e.action == "dispatch")
    assert entry.actor == "centre.duty"
    assert entry.data["route"]["lead"]
    after = desk_.get(answer.headers["location"]).text
    assert f"{first} 已立案并派单" in after
    assert "待研判1件" in after
    again = desk_.send_form("/triage", **sent)
    assert (again.status_code, "已不在研判" in again.text) == (409, True)


def test_what_was_just_sent_is_taken_back_within_ten_minutes(sqlite_app: FastAPI, sqlite_town: Town, drains: list[int]) -> None:
    duty, other = visit(sqlite_app, "centre.duty"), visit(sqlite_app, "centre.head")
    sent = form_of(duty.get("/triage").text) | {"do": "dispatch", "category": "", "other": "A03", "urgency": "P2"}
    no = sqlite_town.case(drains[0]).no
    after = duty.send_form("/triage", **sent).headers["location"]
    assert f'name="no" value="{no}"><button class="btn btn--s" data-undo' in duty.get(after).text
    assert "data-undo" not in other.get(after).text
    assert other.send_form("/triage/undo", no=no).status_code == 409, "who sent it takes it back"
    answer = duty.send_form("/triage/undo", no=no)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/triage?no={no}&done={no}&as=undo")
    assert (sqlite_town.state(drains[0]), {order.state for order in sqlite_town.orders(drains[0])}) == ("filed", {"recalled"})
    back = duty.get(answer.headers["location"]).text
    assert f"{no} 已撤回" in back
    assert "待研判2件" in back
    assert duty.send_form("/triage/undo", no=no).status_code == 409, "twice is once"
    assert duty.send_form("/triage", **form_of(back) | {"do": "dispatch", "other": "A03", "urgency": "P2"}).status_code == 303
    at(sqlite_app, NOW + undoing.WITHIN)
    late = duty.send_form("/triage/undo", no=no)
    assert (late.status_code, "请到案件页收回" in late.text) == (409, True)
    assert "data-undo" not in duty.get(f"/triage?done={no}&as=dispatch").text
    assert sqlite_town.state(drains[0]) == "dispatched"


def test_a_suggestion_is_shown_with_its_reasons_and_what_a_person_chose_instead_is_kept(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = sqlite_town.reports("晨光小区5号楼下水道堵了", "污水外溢，臭死了，地上都是")  # nobody has looked yet: the engine stands still
    desk_ = visit(sqlite_app, "centre.duty")
    page = desk_.get("/triage").text
    suggested = re.search(r'name="category" value="(\w+)" data-urgency="(P\d)" checked', page)
    assert suggested is not None
    assert "<mark>污水外溢</mark>" in page
    assert "主办" in page
    assert "签收" in page
    assert sqlite_town.rows(select(_suggestion)) == []  # looking is not on record
    answer = desk_.send_form("/triage", **form_of(page) | {"do": "dispatch", "category": "", "other": "A05", "urgency": "P1"})
    assert answer.status_code == 303, answer.text
    (kept,) = sqlite_town.rows(select(_suggestion))
    assert (kept.top[0]["category"], kept.chosen, kept.agreed) == (suggested[1], "A05", False)
    assert (sqlite_town.case(case).category, sqlite_town.case(case).urgency) == ("A05", "P1")
    assert "其中改动1件" in desk_.get("/triage").text


def test_answer_divert_and_decline_want_their_words(sqlite_app: FastAPI, sqlite_town: Town, drains: list[int]) -> None:
    desk_ = visit(sqlite_app, "centre.duty")
    sent = form_of(desk_.get("/triage").text)
    for do in ("answer", "divert", "decline"):
        refused = desk_.send_form("/triage", **sent | {"do": do})
        assert refused.status_code == 409
        assert 'role="alert"' in refused.text
    done = desk_.send_form("/triage", **sent | {"do": "answer", "said": "物业明天上午清运，已与你电话说明。"})
    assert done.status_code == 303
    assert sqlite_town.case(drains[0]).result == "物业明天上午清运，已与你电话说明。"
    other = form_of(desk_.get("/triage").text)
    assert desk_.send_form("/triage", **other | {"do": "divert", "said": "请打110", "channel": "police_110"}).status_code == 303
    assert [sqlite_town.state(case) for case in drains] == ["answered", "diverted"]


def test_what_may_be_the_same_is_merged_with_one_button(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    told = "晨光小区3号楼后面的烧烤店油烟直往楼上窜，家里不敢开窗，味道呛人"
    one, two = (sqlite_town.reports(f"烧烤油烟太大{n}", told, area="chenguang-1", phone=f"1000000000{n}") for n in (1, 2))
    desk_ = visit(sqlite_app, "centre.duty")
    page = desk_.get(f"/triage?no={sqlite_town.case(two).no}").text
    into = sqlite_town.case(one).no
    assert f'name="into" value="{into}"' in page
    assert "data-merge" in page
    sent = {"no": sqlite_town.case(two).no, "version": str(sqlite_town.case(two).version), "into": into, "do": "merge"}
    assert desk_.send_form("/triage", **sent).status_code == 303
    assert sqlite_town.state(two) == "merged"


def test_who_sees_what_and_what_somebody_else_changed_meanwhile(sqlite_app: FastAPI, sqlite_town: Town, drains: list[int]) -> None:
    no = sqlite_town.case(drains[0]).no
    refused = visit(sqlite_app, "urban.clerk").get("/triage")
    assert (refused.status_code, "值班调度使用" in refused.text) == (409, True)
    desk_ = visit(sqlite_app, "centre.duty")
    sent = form_of(desk_.get(f"/triage?no={no}").text)
    stale = desk_.send_form("/triage", **sent | {"do": "decline", "said": "不属本区", "version": "0"})
    assert stale.status_code == 409
    assert "别人刚改动了这件" in stale.text
    assert "不属本区" in stale.text
    assert desk_.send_form("/triage", **sent | {"do": "decline", "said": "x", "no": "BH-20261120-9999"}).status_code == 404
    english = visit(sqlite_app, "centre.duty", "en").get("/triage").text
    assert "To triage" in english
    assert desk_.post("/triage", data=sent | {"do": "decline", "said": "x", "csrf": "no"}).status_code == 403


def test_the_desk_on_both_databases(town: Town) -> None:
    first = town.reports(VAGUE, "楼下又来了一堆东西，没人管")
    urgent = town.reports("有人被困电梯", "3号楼电梯困人，求救", phone="10000000002")
    actor = town.actor("centre.duty")
    with town.context.database.unit_of_work() as session:
        queue = desk.waiting(session, actor, NOW)
        assert [row["id"] for row in queue.cases] == [urgent, first]
        assert desk.judged(session, actor, NOW) == (0, 0)
        assert desk.before(session, queue.cases[0], actor) == []
    with town.context.database.unit_of_work() as session:
        deciding.decide(session, town.case(first).no, deciding.Decision("dispatch", category="A03"), actor, NOW)
    assert town.state(first) == "dispatched"
    with pytest.raises(Refused, match="category_missing"), town.context.database.unit_of_work() as session:
        deciding.decide(session, town.case(urgent).no, deciding.Decision("dispatch"), actor, NOW)
    assert town.state(urgent) == "submitted"  # what was begun is given up as a whole


def test_words_are_marked_wherever_they_stand() -> None:
    told: Any = desk.marked("污水外溢，污水又来", ("污水", "水外"))
    assert told == [("污水外", True), ("溢，", False), ("污水", True), ("又来", False)]
    assert desk.marked("", ("污水",)) == []

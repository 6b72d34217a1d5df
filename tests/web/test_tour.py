"""A newcomer is led from a report to the rating, each step by whoever acts next; outside a demonstration there is no such page."""

import re
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import update

from models import Message, connection_of, table
from services.accounts.starting import demonstration
from tests.support.town import Town
from tests.support.website import HTML, OURS, PASSWORD, app_on, at, running
from web.access.visitor import CSRF, SESSION_COOKIE, csrf_of

NEEDED = {"category": "E02", "urgency": "P2", "lead": "chenguang-estate", "result": "已清走"}


def test_a_newcomer_is_led_through_all_six_steps(sqlite_town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        demonstration(session, PASSWORD, town.now)
    case = town.reports("3栋楼道堆满纸箱，消防通道走不了", area="chenguang-2")
    row = town.case(case)
    with running(app_on(town.context.database, tmp_path, encryption_key, demo=True)) as app:
        at(app, town.now)
        found = TestClient(app, headers=HTML | OURS, follow_redirects=False)
        assert "反映一件" in found.get("/tour").text
        acted: list[str] = []
        for _ in range(24):
            town.turn()
            page = found.get(f"/tour?no={row.no}")
            assert page.status_code == 200
            who = re.search(r'name="as" value="([^"]+)"', page.text)
            if who is None:
                break
            entered = found.post("/tour", data={"no": row.no, "as": who[1]})
            assert entered.status_code == 303, entered.text
            there = entered.headers["location"]
            acted.append(who[1])
            if who[1] == "resident":
                assert "向导" in found.get(there).text
                assert found.post(there, data={"do": "rate", "solved": "yes", "score": "5"}).status_code in (200, 303)
                assert "系统自己走" in found.get(f"/tour?no={row.no}").text, (
                    "content: the engine closes it, nobody is asked to send it back"
                )
                continue
            assert found.get(there).status_code == 200
            _act(found, there)
        town.turn()
        assert town.state(case) == "closed", acted
        assert "这一件走完了" in found.get(f"/tour?no={row.no}").text
        for state, shown in (("suppressed", False), ("withheld", False), ("queued", False), ("accepted", True), ("delivered", True)):
            with town.context.database.unit_of_work() as session:
                connection_of(session).execute(update(table(Message)).where(table(Message).c.case_id == case).values(state=state))
            assert ("刚发出的消息" in found.get(f"/tour?no={row.no}").text) is shown, state
        assert acted[-1] == "resident"
        assert len(set(acted)) >= 4


def _act(found: TestClient, there: str) -> None:
    """Send the form to which the guide leads, with what it asks for."""
    form = found.get(there).text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    fields |= {name: value for name, value in NEEDED.items() if f'name="{name}"' in form}
    fields[CSRF] = csrf_of(found.cookies[SESSION_COOKIE])
    answer = found.post(there.partition("?")[0], data=fields)
    assert answer.status_code == 303, (there, answer.text)


def test_nobody_is_let_in_who_is_not_of_the_case_or_is_an_administrator(sqlite_town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        demonstration(session, PASSWORD, town.now)
    no = town.case(town.reports("3栋楼道堆满纸箱")).no
    with running(app_on(town.context.database, tmp_path, encryption_key, demo=True)) as app:
        at(app, town.now)
        found = TestClient(app, headers=HTML | OURS, follow_redirects=False)
        for user in ("admin", "water.clerk", "nobody"):
            assert found.post("/tour", data={"no": no, "as": user}).status_code in (404, 409), user
        assert SESSION_COOKIE not in found.cookies
        foreign = found.post("/tour", data={"no": no, "as": "centre.duty"}, headers={"Origin": "http://elsewhere.example"})
        assert foreign.status_code == 403


def test_there_is_no_guide_outside_a_demonstration(sqlite_town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    no = sqlite_town.case(sqlite_town.reports("3栋楼道堆满纸箱")).no
    with running(app_on(sqlite_town.context.database, tmp_path, encryption_key, demo=False)) as app:
        at(app, sqlite_town.now)
        found = TestClient(app, headers=HTML | OURS, follow_redirects=False)
        assert found.get("/tour").status_code == 404
        assert found.post("/tour", data={"no": no, "as": "centre.duty"}).status_code == 404
        assert "走一遍" not in found.get("/login").text

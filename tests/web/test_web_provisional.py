"""A deadline in a year whose holidays are not announced yet carries its mark on every page and in every answer."""

from fastapi.testclient import TestClient
from sqlalchemy import select, update

from models import Case, Clock, Database, table
from tests.support.website import HTML, hand_in_many

_clock = table(Clock)
MARK = "暂按未公布的节假日推算"


def mark(database: Database, *, provisional: bool) -> str:
    with database.unit_of_work() as session:
        session.connection().execute(update(_clock).values(provisional=provisional))
        return str(session.connection().execute(select(table(Case).c.no)).scalar_one())


def test_the_list_and_the_page_of_a_case_say_that_a_deadline_is_provisional(clerk: TestClient, sqlite_database: Database) -> None:
    hand_in_many(clerk, 1)
    for provisional in (True, False):
        no = mark(sqlite_database, provisional=provisional)
        for page in ("/cases", f"/cases/{no}"):
            assert (MARK in clerk.get(page, headers=HTML).text) is provisional
        (listed,) = clerk.get("/api/cases").json()["cases"]
        assert listed["due"]["provisional"] is provisional
        assert [c["provisional"] for c in clerk.get(f"/api/cases/{no}").json()["clocks"]] == [provisional]

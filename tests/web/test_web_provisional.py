"""A deadline in a year whose holidays are not announced yet carries its mark in every answer."""

from fastapi.testclient import TestClient
from sqlalchemy import select, update

from models import Case, Clock, Database, table
from tests.support.website import hand_in_many

_clock = table(Clock)


def mark(database: Database, *, provisional: bool) -> str:
    with database.unit_of_work() as session:
        session.connection().execute(update(_clock).values(provisional=provisional))
        return str(session.connection().execute(select(table(Case).c.no)).scalar_one())


def test_the_list_and_a_case_say_that_a_deadline_is_provisional(clerk: TestClient, sqlite_database: Database) -> None:
    hand_in_many(clerk, 1)
    for provisional in (True, False):
        no = mark(sqlite_database, provisional=provisional)
        (listed,) = clerk.get("/api/cases").json()["cases"]
        assert listed["due"]["provisional"] is provisional
        assert [c["provisional"] for c in clerk.get(f"/api/cases/{no}").json()["clocks"]] == [provisional]

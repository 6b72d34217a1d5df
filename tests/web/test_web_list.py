"""The list and one case, as programs get them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from models import Case, Clock, Database, table
from services.listing import Wanted, list_cases
from services.privacy.masking import masked
from tests.support.town import Town
from tests.support.website import BEARER, app_on, at, hand_in_many


def put(database: Database, model: Any, **values: object) -> None:
    with database.unit_of_work() as session:
        session.connection().execute(update(table(model)).values(values))


def test_the_list_is_paged_by_what_was_seen_last(client: TestClient) -> None:
    hand_in_many(client, 5)
    seen, after = [], ""
    for _ in range(3):
        page = client.get(f"/api/cases?limit=2{after}").json()
        seen.append([case["no"][-4:] for case in page["cases"]])
        after = f"&after={page['next']}"
    assert seen == [["0005", "0004"], ["0003", "0002"], ["0001"]]
    assert page["next"] is None


def test_the_list_is_filtered_by_state_and_urgency(clerk: TestClient, sqlite_database: Database) -> None:
    hand_in_many(clerk, 3)
    with sqlite_database.unit_of_work() as session:
        session.connection().execute(update(table(Case)).where(table(Case).c.id == 2).values(urgency="P0", state="handling"))

    def numbers(query: str) -> list[str]:
        return [case["no"][-1] for case in clerk.get(f"/api/cases?{query}").json()["cases"]]

    assert numbers("state=submitted") == ["3", "1"]
    assert numbers("urgency=P0") == numbers("state=handling&urgency=P0") == ["2"]
    assert numbers("state=submitted&urgency=P0") == []


@pytest.mark.parametrize("query", ["state=lost", "urgency=P9", "limit=0", "limit=201", "after=0", "after=99999999999999999999", "after=x"])
def test_a_query_that_makes_no_sense_is_refused(clerk: TestClient, query: str) -> None:
    answer = clerk.get(f"/api/cases?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("no", ["BH-20261120-9999", "x", "%00", "BH-２０２６１１２０-0001"])
def test_a_number_that_no_case_has_is_not_found(client: TestClient, no: str) -> None:
    assert client.get(f"/api/cases/{no}").status_code == 404


def test_a_case_tells_its_whole_story(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    case_id = town.reports("晨光小区5号楼下水道堵了", "污水外溢")
    town.turn()
    app = app_on(town.context.database, tmp_path, encryption_key)
    at(app, town.now)
    with TestClient(app, headers=BEARER) as client:
        no = client.get("/api/cases").json()["cases"][0]["no"]
        case = client.get(f"/api/cases/{no}").json()
    assert case_id == 1
    assert case["state"] == "dispatched"
    assert [o["lead"] for o in case["orders"]].count(True) == 1
    assert case["held_by"] == case["orders"][0]["unit"] == case["trail"][-1]["unit"]
    assert {c["clock"] for c in case["clocks"] if c["stopped_at"] is None} >= {"acknowledge", "handle"}
    assert [e["action"] for e in case["journal"]][:3] == ["submit", "accept", "file"]


def test_lights_follow_the_clock_that_matters_most(sqlite_town: Town) -> None:
    sqlite_town.reports("晨光小区5号楼下水道堵了", "污水外溢")
    sqlite_town.turn()
    database = sqlite_town.context.database

    def light() -> tuple[str, str]:
        with database.unit_of_work() as session:
            clock = list_cases(session, Wanted(), sqlite_town.now).cases[0].clock
        assert clock is not None
        return clock.kind, str(clock.light)

    with database.unit_of_work() as session:
        acknowledge = (
            session.connection().execute(select(table(Clock).c.due_at).where(table(Clock).c.kind == "acknowledge")).scalars().first()
        )
    assert acknowledge is not None
    assert light() == ("acknowledge", "ok")
    sqlite_town.now = acknowledge + timedelta(seconds=1)
    assert light() == ("acknowledge", "late")
    put(database, Clock, running_since=None)
    assert light()[1] == "hold"


def test_phone_and_identity_numbers_in_free_text_are_blotted_out() -> None:
    text = "电话13912345678或010-66668888，证件11010119900101123X，案件BH-20261120-0001，门牌123456789012"
    assert masked(text) == "电话139****或010****，证件110****，案件BH-20261120-0001，门牌123456789012"

"""/r: a resident reports without a script or a login; sent twice it is one case; what others reported is asked about first."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from models import Attachment, Case, CaseLink, Database, table
from rules.geo import Point
from services.catalogue import catalogue
from services.intake.self_reports import MOST
from services.places import Place, add, retire
from tests.support.pictures import photo
from tests.support.website import NOW, OURS

WORDS = "晨光小区5号楼前下水道堵了，污水外溢，臭死了，流到车棚边"
SEWER = {"words": WORDS, "area": "chenguang-1", "place": "晨光小区5号楼前", "tel": "13912345678"}


@pytest.fixture
def phone(sqlite_app: FastAPI) -> TestClient:
    """A resident's phone."""
    return TestClient(sqlite_app, headers=OURS, follow_redirects=False)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def new_key(phone: TestClient) -> str:
    return hidden(phone.get("/r").text, "key")


def cases(database: Database) -> list[Any]:
    with database.unit_of_work() as session:
        return list(session.connection().execute(select(table(Case)).order_by(table(Case).c.id)))


def test_a_report_with_photo_and_position_becomes_one_case_however_often_it_is_sent(phone: TestClient, sqlite_database: Database) -> None:
    form = {"key": new_key(phone), **SEWER, "lat": "31.2304000", "lon": "121.4737000", "accuracy": "12"}
    files = [("photo", ("a.jpg", photo(), "image/jpeg")), ("photo", ("b.jpg", photo(shade=60), "image/jpeg"))]
    first, again = (phone.post("/r", data=form, files=files) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200), first.text
    (case,) = cases(sqlite_database)
    assert (case.source, case.place, case.datum, case.accuracy_m) == ("resident", "晨光小区5号楼前", "WGS84", 12)
    token = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", first.text)
    assert token is not None
    for page in (first.text, again.text):
        assert case.no in page
        assert token[0] in page
        assert "13912345678" not in page
    assert "之前已经收到" in again.text
    with sqlite_database.unit_of_work() as session:
        assert len(session.connection().execute(select(table(Attachment).c.no)).all()) == 2
    assert phone.get(f"/s/{case.no}").status_code == 200  # who has just reported is let in
    assert TestClient(phone.app, follow_redirects=False).get(f"/s/{case.no}").headers["location"] == f"/s?no={case.no}"


def test_what_others_reported_is_asked_about_and_photos_wait_for_the_answer(phone: TestClient, sqlite_database: Database) -> None:
    phone.post("/r", data={"key": new_key(phone), **SEWER, "words": f"{WORDS}，电话13800001111"})
    (earlier,) = cases(sqlite_database)
    form = {"key": new_key(phone), **SEWER, "tel": ""}
    asked = phone.post("/r", data=form, files={"photo": ("a.jpg", photo(), "image/jpeg")})
    assert asked.status_code == 200
    assert "可能已有人反映" in asked.text
    assert "13800001111" not in asked.text
    assert len(cases(sqlite_database)) == 1
    kept = hidden(asked.text, "kept")
    sent = phone.post("/r", data={**form, "kept": kept, "same": earlier.no})
    assert sent.status_code == 201, sent.text
    later = cases(sqlite_database)[1]
    assert later.requester_id != earlier.requester_id  # who leaves no phone is somebody all the same
    with sqlite_database.unit_of_work() as session:
        link = session.connection().execute(select(table(CaseLink))).one()
        (file,) = session.connection().execute(select(table(Attachment).c.case_id)).scalars()
    assert (link.case_id, link.other_id, link.state, link.reasons) == (later.id, earlier.id, "proposed", ["resident_says"])
    assert file == later.id
    forged = phone.post("/r", data={"key": new_key(phone), **SEWER, "kept": kept})  # the photos of another form
    assert (forged.status_code, len(cases(sqlite_database))) == (409, 2)
    assert WORDS in forged.text


def test_none_of_them_is_a_case_of_its_own_and_nobody_joins_what_was_not_offered(phone: TestClient, sqlite_database: Database) -> None:
    phone.post("/r", data={"key": new_key(phone), **SEWER})
    for same in ("none", "BH-20261120-0099"):
        assert phone.post("/r", data={"key": new_key(phone), **SEWER, "same": same}).status_code == 201
    with sqlite_database.unit_of_work() as session:
        assert session.connection().execute(select(table(CaseLink))).all() == []
    assert len(cases(sqlite_database)) == 3


def test_a_sensitive_case_is_never_offered_and_an_emergency_never_waits(phone: TestClient, sqlite_database: Database) -> None:
    with sqlite_database.unit_of_work() as session:
        word = next(rule.words[0] for rule in catalogue(session).sensitive.values() if rule.words and not rule.needs)
    words = f"晨光小区5号楼{word}，就在下水道堵了污水外溢的楼下"
    assert phone.post("/r", data={"key": new_key(phone), **SEWER, "words": words}).status_code == 201
    assert cases(sqlite_database)[0].sensitive is not None
    assert phone.post("/r", data={"key": new_key(phone), **SEWER}).status_code == 201  # nothing was asked
    urgent = phone.post("/r", data={"key": new_key(phone), **SEWER, "words": f"{WORDS}，燃气泄漏着火了，有人受伤"})
    assert urgent.status_code == 201, urgent.text
    assert "请先拨119" in urgent.text
    assert cases(sqlite_database)[2].urgency == "P0"


def test_what_cannot_be_taken_is_said_and_what_was_typed_stays(phone: TestClient, sqlite_database: Database) -> None:
    key = new_key(phone)
    empty = phone.post("/r", data={"key": key, **SEWER, "words": " "})
    assert (empty.status_code, hidden(empty.text, "key")) == (409, key)
    assert "晨光小区5号楼前" in empty.text
    wrong = phone.post("/r", data={"key": key, **SEWER, "tel": "not a phone"})
    assert wrong.status_code == 422
    assert WORDS in wrong.text
    assert phone.post("/r", data={"key": "phone 0 0 0", **SEWER}).status_code == 409
    assert phone.post("/r", data={"key": key, **SEWER}, headers={"Origin": "http://elsewhere.example"}).status_code == 403
    assert cases(sqlite_database) == []


def test_one_device_sends_so_many_an_hour_and_is_told_kindly(phone: TestClient) -> None:
    for n in range(MOST):
        assert phone.post("/r", data={"key": new_key(phone), **SEWER, "words": f"第{n}件", "same": "none"}).status_code == 201
    key = new_key(phone)
    refused = phone.post("/r", data={"key": key, **SEWER, "same": "none"})
    assert refused.status_code == 429
    assert "12345" in refused.text
    other = TestClient(phone.app, headers={**OURS, "user-agent": "another phone"})
    assert other.post("/r", data={"key": new_key(other), **SEWER, "same": "none"}).status_code == 201


def test_a_code_on_the_wall_fills_in_the_place(phone: TestClient, sqlite_database: Database) -> None:
    with sqlite_database.unit_of_work() as session:
        admin = catalogue(session).actor("admin")
        add(session, Place("chenguang-1", "晨光小区5号楼电梯", Point(31.23, 121.47), "lift-5"), admin, NOW)
    page = phone.get("/r/lift-5").text
    assert (hidden(page, "lat"), hidden(page, "lon"), hidden(page, "place")) == ("31.23", "121.47", "晨光小区5号楼电梯")
    assert 'value="chenguang-1" selected' in page
    picture = phone.get("/q/lift-5.svg")
    assert (picture.headers["content-type"], picture.text.count("<svg")) == ("image/svg+xml", 1)
    assert "/r/lift-5" in phone.get("/q/lift-5").text
    assert (phone.get("/r/nothing").status_code, phone.get("/q/nothing").status_code) == (404, 404)
    with sqlite_database.unit_of_work() as session:
        retire(session, "lift-5", admin, NOW)
    gone = phone.get("/r/lift-5")
    assert gone.status_code == 410
    assert "晨光小区5号楼电梯" not in gone.text


def test_in_english_and_large_print(phone: TestClient) -> None:
    page = phone.get("/r?lang=en&size=large").text
    assert 'data-size="large"' in page
    assert "Report a problem near you" in page
    assert not re.search("[㐀-鿿]", re.sub(r"<optgroup.*?</optgroup>|中文", "", page, flags=re.DOTALL))

"""Places with a code: made by the desk of the area, found by whoever scans, out of use when retired; the command line does the same."""

import json
from pathlib import Path

import pytest

from cli import run
from models import Database
from rules.facts import Refused
from rules.geo import Point
from services.catalogue import catalogue
from services.places import Place, add, place_of, places, qr, retire
from services.ratings.codes import ALPHABET
from tests.support.town import START


def refused(database: Database, place: Place, user: str = "admin") -> str:
    with database.unit_of_work() as session, pytest.raises(Refused) as found:
        add(session, place, catalogue(session).actor(user), START)
    return found.value.code


def test_made_found_and_retired(database: Database) -> None:
    with database.unit_of_work() as session:
        admin = catalogue(session).actor("admin")
        made = add(session, Place("chenguang-1", " 晨光小区东门 ", Point(31.23, 121.47)), admin, START)
        add(session, Place("chenguang", "车棚", code="shed"), admin, START)
    assert len(made) == 6
    assert set(made.upper()) <= set(ALPHABET)
    with database.unit_of_work() as session:
        found = place_of(session, made.upper())
        assert (found["place"], found["latitude"], found["longitude"]) == ("晨光小区东门", 31.23, 121.47)
        assert {row["code"] for row in places(session)} == {made, "shed"}
        assert [retire(session, "shed", admin, START) for _ in range(2)] == [True, False]
        assert {row["code"] for row in places(session)} == {made}
        assert {row["code"] for row in places(session, retired=True)} == {made, "shed"}
        assert place_of(session, "shed")["retired_at"] == START


def test_what_cannot_be_a_place_is_refused(database: Database) -> None:
    good = Place("chenguang-1", "东门", code="gate")
    assert refused(database, good, "water.clerk") == "places_desk_only"
    assert refused(database, Place("nowhere", "东门")) == "unknown_area"
    assert refused(database, Place("chenguang-1", " ")) == "place_unnamed"
    assert refused(database, Place("chenguang-1", "东门", code="A b")) == "place_code_form"
    assert refused(database, Place("chenguang-1", "东门", Point(131.0, 21.0))) == "bad_point"
    with database.unit_of_work() as session:
        add(session, good, catalogue(session).actor("admin"), START)
    assert refused(database, good) == "place_code_taken"


def test_the_picture_scales_and_is_the_same_each_time() -> None:
    first = qr("https://bihuan.example/r/gate")
    assert first == qr("https://bihuan.example/r/gate")
    assert first != qr("https://bihuan.example/r/shed")
    assert b"<svg" in first
    assert b"<script" not in first


def test_on_the_command_line(
    sqlite_database: Database, encryption_key: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret.key").write_bytes(encryption_key)
    monkeypatch.setenv("BIHUAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BIHUAN_DATABASE_URL", sqlite_database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("BIHUAN_PUBLIC_URL", "https://bihuan.example")
    assert run(["place", "add", "chenguang-1", "东门", "--code", "gate", "--at", "31.23,121.47", "--as", "admin"]) == 0
    assert "https://bihuan.example/r/gate" in capsys.readouterr().out
    assert run(["place", "list", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["code"], told["area"], told["latitude"]) == ("gate", "chenguang-1", 31.23)
    assert run(["place", "list"]) == 0
    assert "东门" in capsys.readouterr().out
    assert run(["place", "qr", "gate", "--to", str(tmp_path / "gate.svg")]) == 0
    assert (tmp_path / "gate.svg").read_bytes() == qr("https://bihuan.example/r/gate")
    assert run(["place", "retire", "gate", "--as", "admin"]) == 0
    assert run(["place", "retire", "nothing", "--as", "admin"]) == 1

"""Responsibility on screens: what the public reads, what is switched off, the examples of the demonstration on the command line."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import cli
from demo.mechanisms import professional_grids, profiles, self_governance
from demo.mechanisms import responsibility as letters
from demo.mechanisms import staffing as staffing_example
from models import Database
from rules.facts import Refused
from services.catalogue import catalogue
from services.mechanisms import switch
from services.responsibility import offices, watching
from services.responsibility.gaps import gaps
from services.responsibility.grids import laid
from services.responsibility.profiles import profile_of_case, profile_of_grid
from services.responsibility.staffing import staffing
from settings import get_settings
from tests.support.duties import entered
from tests.support.town import START, Town
from tests.support.website import app_on


def test_the_public_reads_post_duty_and_promise_and_nothing_of_who_reported(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    database = town.context.database
    columns = "unit user name duty duty_en promise promise_en from"
    entered(
        database,
        "profiles",
        columns,
        ("municipal", "", "", "路灯与道路养护", "Street lights", "三天修好", "Mended in 3 days", "2026-01-01"),
    )
    entered(database, "profiles", columns, ("", "municipal.clerk", "林某", "接单派工", "", "半天答复", "", "2026-01-01"))
    case = town.reports("人行道上路灯不亮三天了，请联系10000000001")
    hidden = town.reports("楼上家暴，孩子在哭")
    town.turn()
    no = town.case(case).no
    with database.unit_of_work() as session:
        shown = profile_of_case(session, no, town.now)
        assert [(c.role, c.unit.zh, c.name, c.promise.en) for c in shown.cards] == [("holds", "区市政设施中心", None, "Mended in 3 days")]
        with pytest.raises(Refused, match="unknown_case"):
            profile_of_case(session, town.case(hidden).no, town.now)
        with pytest.raises(Refused, match="not_a_grid"):
            profile_of_grid(session, "hubin", town.now)
    town.order(case, "hand_to", "municipal.clerk", person=town.person_id("municipal.clerk"))
    with TestClient(app_on(database, tmp_path, encryption_key)) as client:
        pages = {
            path: client.get(path)
            for path in ("/p", f"/p?no={no}", f"/p?no={no}&lang=en", f"/p?no={town.case(hidden).no}", "/p/grid/chenguang-1")
        }
    texts = {path: answer.text for path, answer in pages.items()}
    assert [answer.status_code for answer in pages.values()] == [200, 200, 200, 404, 200]
    assert "林某" in texts[f"/p?no={no}"], "the person lets the name be shown"
    assert "半天答复" in texts[f"/p?no={no}"]
    assert "人行道" not in texts[f"/p?no={no}"]
    assert "10000000001" not in "".join(texts.values())
    assert pages["/p"].headers["content-security-policy"]


def test_what_is_switched_off_is_not_there(sqlite_database: Database) -> None:
    with sqlite_database.unit_of_work() as session:
        for code in ("responsibility", "staffing", "profiles", "professional_grids"):
            switch(session, code, catalogue(session).actor("admin"), START, on=False)
        for ask_for in (gaps, staffing, lambda s, now: profile_of_grid(s, "chenguang-1", now), lambda s, now: laid(s, "chenguang-1", now)):
            with pytest.raises(Refused, match="mechanism_off"):
                ask_for(session, START)
        assert offices.Officers(session, START).hearers("errand", catalogue(session).unit_ids["chenguang-1"]) == []
        assert watching.look(session, START) == 0


def test_the_demonstration_has_an_example_of_each_and_the_command_line_shows_it(
    sqlite_town: Town, tmp_path: Path, encryption_key: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = (profiles, self_governance, professional_grids, staffing_example, letters)
    for example in (*examples, *examples):
        with sqlite_town.context.database.unit_of_work() as session:
            example.show(session, START)
    sqlite_town.turn()
    (tmp_path / "secret.key").write_bytes(encryption_key)
    monkeypatch.setenv("BIHUAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BIHUAN_DATABASE_URL", sqlite_town.context.database.engine.url.render_as_string(hide_password=False))
    get_settings.reset()

    def said(*words: str) -> str:
        assert cli.run(["responsibility", *words]) == 0, words
        return capsys.readouterr().out

    moment = ("--at", "2026-11-20T10:42")
    assert "片长" in said("who", "--area", "chenguang-1", "--category", "C01", "--place", "湖滨南路1号", *moment)
    assert '"user": "hubin.clerk"' in said("who", "--area", "hubin", "--place", "湖滨南路1号", "--at", "2027-02-01", "--json")
    assert "没有人负责" in said("who", "--area", "jinqiao-1", "--category", "A01", *moment)
    assert "晨光近邻城管工作站" in said("grid", "chenguang-1")
    assert '"fire": 3' in said("lines", "--json")
    assert "chenguang-2.worker" in said("staffing", "--area", "chenguang")
    assert "松岭小区自管会" in said("self-governance", "songling-self")
    assert "自管会" in said("levels", "--as", "centre.duty")
    assert "一小时到场" not in said("profile", "--grid", "chenguang-1")
    assert "看到就报" in said("profile", "--grid", "chenguang-1", "--json")
    assert "责〔2027〕1号" in said("list")
    assert "信息员" in said("list", "--kind", "offices")
    assert '"office": "information"' in said("list", "--kind", "offices", "--json")
    assert "网格员代管" in said("gaps", "--area", "hubin", *moment)
    assert "4" in said("export", str(tmp_path / "m.xlsx"))
    assert "已有 4" in said("import", str(tmp_path / "m.xlsx"), "--as", "admin")
    (tmp_path / "bad.csv").write_text("区域,用户,岗位,开始\nhubin,谁,片长,2026-01-01\n", encoding="utf-8")
    assert cli.run(["responsibility", "import", str(tmp_path / "bad.csv"), "--as", "admin"]) == 1
    assert "第 2 行，用户" in capsys.readouterr().err
    get_settings.reset()

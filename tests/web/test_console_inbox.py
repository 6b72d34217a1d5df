"""The inbox in the browser: what burns first, many moves at once with an answer a row, without a script."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from services.worklist import reading
from tests.support.in_hand import in_hand, sent
from tests.support.town import Town
from tests.support.website import app_on, at, running, visit
from web.console.inbox import _harmless


@pytest.fixture
def office(sqlite_town: Town, tmp_path: Path, encryption_key: bytes) -> FastAPI:
    return app_on(sqlite_town.context.database, tmp_path, encryption_key)


def _keys(page: str) -> list[str]:
    return [part.partition('"')[0] for part in page.split('name="row" value="')[1:]]


def test_what_burns_first_is_on_top_and_one_button_takes_it_on(sqlite_town: Town, office: FastAPI) -> None:
    working, fresh, second = in_hand(sqlite_town), sent(sqlite_town), sent(sqlite_town)
    sqlite_town.now += timedelta(minutes=5)
    at(office, sqlite_town.now)
    with running(office):
        clerk = visit(office, "water.clerk")
        page = clerk.get("/inbox").text
        assert [key.split(".")[0][-4:] for key in _keys(page)] == ["0002", "0003", "0001"]
        assert "正常 3件" in page
        assert f'href="/cases/{sqlite_town.case(working).no}"' in page
        key = _keys(page)[0]
        assert f'name="now" value="acknowledge/{key}"' in page
        answer = clerk.post("/inbox", data={"csrf": clerk.csrf, "now": f"acknowledge/{key}", "f": "all"})
        assert answer.status_code == 303
        assert {o.state for o in sqlite_town.orders(fresh) if o.code == "water"} == {"working"}
        assert "已签收1件" in clerk.get(answer.headers["location"]).text
        old, new = key, _keys(page)[1]
        mixed = clerk.post("/inbox", data={"csrf": clerk.csrf, "do": "acknowledge", "row": [old, new, "BH-20261120-0099.order.1.0", "x"]})
        assert mixed.status_code == 409
        assert "2件没有做成" in mixed.text
        assert f"{sqlite_town.case(second).no}</div>" in mixed.text, "the one that went is named"
        assert "没有这件案件，请核对编号。" in mixed.text
        assert {o.state for o in sqlite_town.orders(second) if o.code == "water"} == {"working"}
        nothing = clerk.post("/inbox", data={"csrf": clerk.csrf, "do": "acknowledge"})
        assert (nothing.status_code, "没有选中工单" in nothing.text) == (409, True)
        assert clerk.post("/inbox", data={"do": "acknowledge", "row": key}).status_code == 403


def test_rows_are_handed_to_somebody_filtered_exported_and_printed(sqlite_town: Town, office: FastAPI) -> None:
    first, second = in_hand(sqlite_town), in_hand(sqlite_town)
    at(office, sqlite_town.now)
    with running(office):
        clerk = visit(office, "water.clerk")
        keys = _keys(clerk.get("/inbox").text)
        nobody = clerk.post("/inbox", data={"csrf": clerk.csrf, "do": "hand_to", "row": keys})
        assert "没有选经办人" in nobody.text
        assert _keys(nobody.text.replace("checked", "")) == keys
        answer = clerk.post("/inbox", data={"csrf": clerk.csrf, "do": "hand_to", "person": "water.clerk", "row": keys})
        assert answer.status_code == 303
        assert {o.handler_id for case in (first, second) for o in sqlite_town.orders(case) if o.code == "water"} != {None}
        assert len(_keys(clerk.get("/inbox?handler=mine").text)) == 2
        assert _keys(clerk.get("/inbox?handler=nobody").text) == []
        assert "没有符合的" in (empty := clerk.get("/inbox?f=late&category=A03").text)
        assert "全部待办有2件" in empty
        assert clerk.get("/inbox?f=nonsense&page=99&role=%27&area=x").status_code == 200
        exported = clerk.get("/inbox/export?role=lead")
        assert exported.headers["content-type"] == "text/csv; charset=utf-8"
        assert exported.content.startswith(b"\xef\xbb\xbf")
        table = list(csv.reader(io.StringIO(exported.content.decode("utf-8-sig"))))
        assert (table[0][0], len(table)) == ("编号", 3)
        printed = clerk.post("/inbox", data={"csrf": clerk.csrf, "do": "print", "row": _keys(clerk.get("/inbox").text)[:1]})
        assert (printed.status_code, len(_keys(printed.text))) == (200, 1)
        assert "都办完了" in visit(office, "urban.clerk").get("/inbox").text
        english = visit(office, "water.clerk", "en").get("/inbox").text
        assert "Sorted: what burns first" in english
        assert "收件箱" not in english


def test_no_cell_becomes_a_formula() -> None:
    assert [_harmless(cell) for cell in ("=1+1", "+86", "-1", "@x", "路灯", "")] == ["'=1+1", "'+86", "'-1", "'@x", "路灯", ""]


def test_a_list_that_is_cut_says_so(office: FastAPI, sqlite_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    in_hand(sqlite_town)
    with running(office):
        clerk = visit(office, "water.clerk")
        assert "只列最早到期的" not in clerk.get("/inbox").text
        monkeypatch.setattr(reading, "MOST", 1)
        assert len(_keys(clerk.get("/inbox").text)) == 1
        assert "只列最早到期的" in clerk.get("/inbox").text
        assert "Too much waits" in clerk.get("/inbox?lang=en").text

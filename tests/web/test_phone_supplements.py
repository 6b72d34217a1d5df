"""A reporter adds to a case that is under way: once, for whoever has to act next, never in the journal's words, gone with the case."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from models import Attachment, Message, Supplement, table
from rules.facts import Refused
from services.attachments import keep
from services.audit.journal import check_journal
from services.following import token_of
from services.moves import Setting
from services.privacy import forgetting
from services.supplements import MOST, Said, add, supplements_of
from tests.support.pictures import photo
from tests.support.rated import joins, resident
from tests.support.town import Town
from tests.support.website import OURS, at, visit

WORDS = "今天水又漫到车库了，打13812345678找我"


def handling(town: Town, phone: str = "10000000001") -> int:
    case = town.reports("5号楼前下水道堵了，污水外溢", phone=phone)
    town.turn()
    assert town.state(case) == "dispatched"
    return case


def adds(town: Town, case: int, key: str, phone: str = "10000000001", **more: Any) -> bool:
    with town.context.database.unit_of_work() as session:
        return add(session, case, Said(key, **more), resident(town, phone), Setting(town.now))


def told(town: Town, case: int, notice: str) -> list[int]:
    message = table(Message)
    return [row.staff_id for row in town.rows(select(message).where(message.c.case_id == case, message.c.notice == notice))]


def test_it_is_taken_once_and_whoever_works_on_it_hears(town: Town, tmp_path: Any) -> None:
    case = handling(town)
    picture = keep(tmp_path, photo(), "车库.jpg")
    assert adds(town, case, "k1", words=WORDS, files=(picture,))
    assert not adds(town, case, "k1", words=WORDS, files=(picture,))
    (entry,) = [e for e in town.journal(case) if e.action == "supplement"]
    assert "漫到车库" not in str(entry.data)
    assert [f["no"] for f in entry.data["files"]] == [1]
    working = {order.unit_id for order in town.orders(case) if order.state in ("sent", "working")}
    assert len(told(town, case, "supplemented")) >= len(working) >= 1
    assert adds(town, case, "k2", call_back=True)
    assert told(town, case, "call_wanted") != []
    with town.context.database.unit_of_work() as session:
        assert check_journal(session, [case]) == []
        first, second = supplements_of(session, case)
        assert ("13812345678" in first["words"], "车库" in first["words"], second["call_back"]) == (False, True, True)
        (file,) = session.connection().execute(select(table(Attachment)).where(table(Attachment).c.case_id == case)).all()
        assert (file.stage, file.added_by) == ("report", "resident")
        forgetting.of_cases(session, [case])
        rows = session.connection().execute(select(table(Supplement))).all()
        assert {(row.words, row.requester_id) for row in rows} == {("", None)}


def test_what_is_empty_too_much_too_late_or_somebody_elses_is_refused(sqlite_town: Town) -> None:
    town, case = sqlite_town, handling(sqlite_town)
    town.reports("楼道灯坏了", phone="10000000002")
    for phone, more, code in (("10000000001", {}, "supplement_empty"), ("10000000002", {"words": "我也补充"}, "unknown_case")):
        with pytest.raises(Refused, match=f"^{code}$"):
            adds(town, case, f"k {phone}", phone, **more)
    for n in range(MOST):
        adds(town, case, f"many {n}", words="再说一次")
    with pytest.raises(Refused, match=r"^supplement_too_many$"):
        adds(town, case, "one more", words="再说一次")
    joins(town, case, "10000000003")
    assert adds(town, case, "neighbour", "10000000003", words="我家也是")
    town.act(case, "withdraw", "resident:10000000003", reason="好了")
    ended = town.reports("路灯不亮", phone="10000000004")
    town.act(ended, "withdraw", "resident:10000000004", reason="自己好了")
    with pytest.raises(Refused, match=r"^supplement_too_late$"):
        adds(town, ended, "late", "10000000004", words="还有")


def test_through_the_status_page_and_on_the_pages_of_those_who_handle_it(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town, case = sqlite_town, handling(sqlite_town)
    at(sqlite_app, town.now)
    row, phone = town.case(case), TestClient(sqlite_app, headers=OURS, follow_redirects=False)
    phone.post("/s", data={"no": row.no, "token": token_of(row.no, row.requester_id)})
    page = phone.get(f"/s/{row.no}").text
    key = re.search(r'name="key" value="([0-9a-f]{20})"', page)
    assert key is not None
    form = {"do": "add", "key": key[1]}
    empty = phone.post(f"/s/{row.no}", data={**form, "more": " "})
    assert empty.status_code == 409
    assert f'value="{key[1]}"' in empty.text
    files = {"photo": ("车库.jpg", photo(), "image/jpeg")}
    sent = [phone.post(f"/s/{row.no}", data={**form, "more": WORDS, "call": "yes"}, files=files) for _ in range(2)]
    assert [s.headers.get("location") for s in sent] == [f"/s/{row.no}?done=add"] * 2, sent[0].text
    assert len(town.rows(select(table(Supplement)))) == 1
    after = phone.get(f"/s/{row.no}?done=add").text
    assert "已告诉办理单位" in after
    assert "漫到车库" in after
    water = visit(sqlite_app, "water.clerk")
    for path in (f"/cases/{row.no}", f"/grid/cases/{row.no}"):
        seen = water.get(path).text
        assert "漫到车库" in seen
        assert "请回电" in seen
        assert "13812345678" not in seen
    assert phone.post(f"/s/{row.no}", data={**form, "key": "x", "more": "再来"}).status_code == 409
    english = phone.get(f"/s/{row.no}?lang=en").text
    assert "Add to your report" in english

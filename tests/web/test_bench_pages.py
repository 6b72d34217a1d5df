"""/grid: people in the field report, put right, check with photos and visit, without a script; a form sent twice does its work once."""

import re
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select

from models import Attachment, Submission, Visit, table
from rules.geo import Point
from services.catalogue import catalogue
from services.places import Place, add
from tests.support.pictures import photo
from tests.support.town import Town
from tests.support.website import Visitor, at, visit

WORKER = "chenguang-1.worker"
QUEUE = {"Accept": "application/json"}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def numbers(town: Town) -> list[str]:
    from models import Case

    return [row.no for row in town.rows(select(table(Case).c.no).order_by(table(Case).c.id))]


def journal(town: Town, case_id: int, action: str) -> list[Any]:
    return [entry for entry in town.journal(case_id) if entry.action == action]


def the_case(town: Town, no: str) -> Any:
    from models import Case

    return town.rows(select(table(Case)).where(table(Case).c.no == no))[0]


def picture(name: str, shade: int = 120) -> tuple[str, tuple[str, bytes, str]]:
    return (name, ("现场.jpg", photo(shade=shade), "image/jpeg"))


def test_the_bench_is_where_a_grid_worker_begins_and_no_residents_page(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    worker = visit(sqlite_app, WORKER)
    assert worker.get("/").headers["location"] == "/grid"
    page = worker.get("/grid")
    assert page.status_code == 200
    assert "现在没有待办" in page.text
    admin = visit(sqlite_app, "admin")
    assert admin.get("/grid").status_code == 409
    assert admin.send_form("/grid/report", key="0123456789", words="x").status_code in (409, 422)
    assert numbers(sqlite_town) == []


def test_a_report_is_one_case_however_often_it_is_sent(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    worker = visit(sqlite_app, WORKER)
    form = {"key": hidden(worker.get("/grid/report").text, "key"), "words": "5号楼前窨井盖松动", "area": "chenguang-1", "place": "5号楼前"}
    first = worker.send_form("/grid/report", [picture("photo")], **form)
    assert first.status_code == 303, first.text
    again = worker.post("/grid/report", data={"csrf": worker.csrf, **form}, headers=QUEUE)
    assert (again.status_code, again.json()["where"]) == (201, first.headers["location"])
    (no,) = numbers(sqlite_town)
    case = the_case(sqlite_town, no)
    assert (case.source, case.entered_by, case.requester_id) == ("grid_worker", WORKER, None)
    assert sqlite_town.unit_code(case.area_unit_id) == "chenguang-1"
    assert len(sqlite_town.rows(select(table(Attachment)).where(table(Attachment).c.case_id == case.id))) == 1
    assert no in worker.get(first.headers["location"]).text
    other = visit(sqlite_app, "chenguang-2.worker")  # the same key is somebody else's own
    assert other.send_form("/grid/report", **form).status_code == 303
    assert len(numbers(sqlite_town)) == 2


def test_what_is_refused_keeps_words_and_photos_and_its_key(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    worker = visit(sqlite_app, WORKER)
    key = hidden(worker.get("/grid/handled").text, "key")
    form = {
        "key": key,
        "words": "单元门口堆物",
        "area": "chenguang-1",
        "category": "B02",
        "result": "已清走",
        "quantity": "三",
        "measure": "处",
    }
    bad = worker.send_form("/grid/handled", [picture("before"), picture("after", 60)], **form)
    assert bad.status_code == 409, bad.text
    assert "数量" in bad.text
    assert "已收下1张照片" in bad.text
    assert 'value="三"' in bad.text
    assert hidden(bad.text, "key") == key
    assert (numbers(sqlite_town), sqlite_town.rows(select(table(Submission)))) == ([], [])
    in_queue = worker.post("/grid/handled", data={"csrf": worker.csrf, **form}, headers=QUEUE)
    assert (in_queue.status_code, "照片" in in_queue.json()["sentence"]) == (409, True)
    kept = {f"kept_{name}": hidden(bad.text, f"kept_{name}") for name in ("before", "after")}
    done = worker.send_form("/grid/handled", **{**form, "quantity": "3"}, **kept)
    assert done.status_code == 303, done.text
    (no,) = numbers(sqlite_town)
    case = the_case(sqlite_town, no)
    assert (case.state, case.result, case.category) == ("verified", "已清走（3处）", "B02")
    (entry,) = journal(sqlite_town, case.id, "self_handle")
    assert (entry.data["quantity"], entry.data["measure"], entry.actor) == (3, "处", WORKER)
    stages = [row.stage for row in sqlite_town.rows(select(table(Attachment)).order_by(table(Attachment).c.no))]
    assert stages == ["before", "after"]
    sqlite_town.turn()
    assert sqlite_town.state(case.id) in ("fed_back", "closed")


def check_asked(town: Town) -> tuple[int, str]:
    """A case that water has handled and somebody near has to check."""
    case = town.reports("晨光小区5号楼前污水管外溢", "污水流到路上", phone="13812345678")
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    assert town.state(case) == "handled"
    return case, str(town.case(case).no)


def send_move(who: Visitor, no: str, action: str, files: Any = None, **typed: Any) -> Any:
    page = who.get(f"/grid/cases/{no}")
    assert page.status_code == 200
    assert f'name="action" value="{action}"' in page.text
    form = {"key": hidden(page.text, "key"), "version": hidden(page.text, "version"), "action": action, "thing": "case"}
    return form, who.send_form(f"/grid/cases/{no}", files, **form, **typed)


def test_checked_on_the_spot_with_photos_and_sent_back_with_a_reason(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case, no = check_asked(town)
    at(sqlite_app, town.now)
    assert "附近等核查的" in visit(sqlite_app, WORKER).get("/grid").text
    assert no not in visit(sqlite_app, "shiban-1.worker").get("/grid").text
    desk = visit(sqlite_app, "chenguang.clerk")
    form, bare = send_move(desk, no, "fail_check", [picture("other")], reason="")
    assert bare.status_code == 409
    assert "已收下1张照片" in bare.text
    kept = hidden(bare.text, "kept_other")
    sent = desk.send_form(f"/grid/cases/{no}", **form, reason="井口还在冒水", kept_other=kept)
    assert sent.status_code == 303, sent.text
    assert town.state(case) == "handling"
    again = desk.post(f"/grid/cases/{no}", data={"csrf": desk.csrf, **form, "reason": "井口还在冒水"}, headers=QUEUE)
    assert again.status_code == 201  # its answer was lost on the way: nothing happens twice, and nobody is told of a conflict
    assert len(journal(town, case, "fail_check")) == 1
    (row,) = town.rows(select(table(Attachment)).where(table(Attachment).c.case_id == case))
    assert (row.stage, row.added_by) == ("other", "chenguang.clerk")
    late = desk.post(f"/grid/cases/{no}", data={"csrf": desk.csrf, **form, "key": "another-key-1", "reason": "又来"}, headers=QUEUE)
    assert late.status_code == 409
    assert late.json()["sentence"]
    assert visit(sqlite_app, "garden.clerk").get(f"/grid/cases/{no}").status_code == 404


def test_what_is_open_around_is_put_right_and_what_is_held_reported_up(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    first = town.reports("有件事说一下", "楼下那个东西又来了", source="grid_worker")
    town.turn()
    worker, no = visit(sqlite_app, WORKER), str(town.case(first).no)
    assert no in worker.get("/grid").text
    _, done = send_move(worker, no, "self_handle", category="B04", result="已当场清除", quantity="2", measure="张")
    assert done.status_code == 303, done.text
    assert (town.state(first), town.case(first).result) == ("verified", "已当场清除（2张）")
    second = town.reports("晨光小区门口乱贴小广告", source="block_captain")
    town.turn()
    assert town.state(second) == "reporting"
    clerk = visit(sqlite_app, "chenguang.clerk")
    assert "等本级决定的" in clerk.get("/grid").text
    before = town.case(second).level
    _, up = send_move(clerk, str(town.case(second).no), "report_up", reason="社区没有执法权")
    assert up.status_code == 303, up.text
    assert town.case(second).level != before


def test_one_visit_opens_a_case_for_each_matter_once(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    worker = visit(sqlite_app, WORKER)
    form = {"key": hidden(worker.get("/grid/visit").text, "key"), "area": "chenguang-1", "place": "5号楼2单元301"}
    matters = "楼道灯不亮\n\n下水道返味\n"
    sent = [worker.send_form("/grid/visit", **form, matters=matters, tel="13900001111") for _ in range(2)]
    assert [s.headers.get("location") for s in sent] == ["/grid?done=visit&no=2"] * 2, sent[0].text
    cases = [the_case(sqlite_town, no) for no in numbers(sqlite_town)]
    assert [(c.subject, c.source, c.visit_id is not None) for c in cases] == [("楼道灯不亮", "visit", True), ("下水道返味", "visit", True)]
    empty = worker.send_form("/grid/visit", **{**form, "key": "0123456789abcdef"}, matters="", note="一切都好")
    assert empty.status_code == 303
    assert len(sqlite_town.rows(select(table(Visit)))) == 2
    wrong = worker.send_form("/grid/visit", **{**form, "key": "0123456789abcdee"}, matters="门坏了", tel="abc")
    assert wrong.status_code == 409
    assert "门坏了" in wrong.text


def test_the_nearest_place_is_found_and_no_address_says_where_somebody_was(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    with sqlite_town.context.database.unit_of_work() as session:
        add(
            session,
            Place("chenguang-1", "晨光小区5号楼电梯", Point(31.2300, 121.4700), "lift-5"),
            catalogue(session).actor("admin"),
            sqlite_town.now,
        )
        add(
            session,
            Place("chenguang-2", "晨光小区北门", Point(31.2320, 121.4700), "gate-n"),
            catalogue(session).actor("admin"),
            sqlite_town.now,
        )
    worker = visit(sqlite_app, WORKER)
    near = worker.post("/r/near", data={"lat": "31.2303", "lon": "121.4701"}).json()
    assert (near["area"], near["place"]) == ("chenguang-1", "晨光小区5号楼电梯")
    assert 20 < near["metres"] < 50
    assert worker.post("/r/near", data={"lat": "31.2360", "lon": "121.4700"}).json()["area"] == "chenguang-2"
    assert worker.post("/r/near", data={"lat": "31.30", "lon": "121.47"}).json() == {}
    for nonsense in ({"lat": "x", "lon": "1"}, {"lat": "nan", "lon": "1"}, {}):
        assert worker.post("/r/near", data=nonsense).status_code == 409
    assert worker.get("/r/near?lat=31&lon=121").status_code in (404, 405)


def test_the_bench_in_english_has_no_chinese_of_its_own(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    _, no = check_asked(sqlite_town)
    at(sqlite_app, sqlite_town.now)
    clerk = visit(sqlite_app, "chenguang.clerk", "en")
    for path in ("/grid", "/grid/report", "/grid/handled", "/grid/visit", f"/grid/cases/{no}"):
        page = clerk.get(path).text
        bare = re.sub(r"中文|晨光小区5号楼前[^<]*|污水流到路上|已疏通", "", page)
        assert not re.search("[㐀-鿿]", bare), (path, re.findall("[㐀-鿿]+", bare)[:5])

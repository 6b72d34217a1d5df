"""The ledgers of devices and files: who sees them, what is done there, what is sealed and who has looked."""

from datetime import timedelta

from fastapi import FastAPI

from demo.mechanisms import enterprises, households, sensors
from models import Database
from services.mechanisms import is_on
from services.sensors.figures import device
from services.subjects import ledger, looks_at
from tests.support.website import NOW, visit

CSV = "设备编号,类型,安装位置,区域\nYG-X-1,烟感,晨光小区9幢,chenguang-1\n{code},烟感,晨光小区9幢,{area}\n"
SEALED = "高血压，每天早晚服药"


def made(app: FastAPI, *shows: object) -> Database:
    """The examples of the demonstration, in the database of the app."""
    database: Database = app.state.site.database
    for module in shows:
        with database.unit_of_work() as session:
            module.show(session, NOW)  # type: ignore[attr-defined]
    return database


def test_the_index_shows_what_is_whose_and_administrators_switch(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app, sensors)
    admin, clerk = visit(sqlite_app, "admin"), visit(sqlite_app, "water.clerk")
    page = admin.get("/ledgers").text
    assert "6台设备，1台在报警" in page
    assert "居民积分 · 未启用" in page
    assert admin.send_form("/ledgers", do="on", mechanism="points").headers["location"] == "/ledgers?done=on"
    assert "居民积分 · 已启用" in admin.get("/ledgers?done=on").text
    mine = clerk.get("/ledgers").text
    assert "0台设备" in mine
    assert "停用<span" not in mine
    assert clerk.send_form("/ledgers", do="off", mechanism="sensors").status_code == 409
    with database.unit_of_work() as session:
        assert is_on(session, "sensors")
        assert is_on(session, "points")
    assert "switched off" in visit(sqlite_app, "admin", "en").get("/ledgers?done=off").text.lower()


def test_devices_are_seen_where_they_hang_and_by_whom_they_call(app: FastAPI) -> None:
    database = made(app, sensors)
    worker, estate, other = (visit(app, user) for user in ("chenguang-1.worker", "chenguang-estate.clerk", "jinqiao.clerk"))
    page = visit(app, "chenguang.head").get("/ledgers/sensors").text
    assert all(text in page for text in ("不能代替119、110、120", "在报警", "静默中", "并入在办案件"))
    assert "MJ-CG-0700" in estate.get("/ledgers/sensors?state=muted").text
    assert "YG-CG-0301" in worker.get("/ledgers/sensors?kind=smoke").text
    assert "YG-CG-0301" not in worker.get("/ledgers/sensors?kind=gas").text.split("最近的报警")[0]
    assert "没有这样的设备" in other.get("/ledgers/sensors").text
    assert other.get("/ledgers/sensors/YG-CG-0301").status_code == 404
    assert other.send_form("/ledgers/sensors/MJ-CG-0700", do="unmute").status_code == 404
    again = estate.send_form("/ledgers/sensors/MJ-CG-0700", do="unmute")
    assert again.headers["location"] == "/ledgers/sensors/MJ-CG-0700?done=unmute"
    wrong = estate.send_form("/ledgers/sensors/MJ-CG-0700", do="mute", reason="换<电源>", hours="9999")
    assert (wrong.status_code, "换&lt;电源&gt;" in wrong.text) == (409, True)
    estate.send_form("/ledgers/sensors/MJ-CG-0700", do="mute", reason="换电源", hours="4")
    with database.unit_of_work() as session:
        row = device(session, "MJ-CG-0700")
    assert (row["muted_until"], row["muted_by"]) == (NOW + timedelta(hours=4), "chenguang-estate.clerk")
    head = visit(app, "chenguang.head")
    alarming = head.get("/ledgers/sensors/YG-CG-0301").text
    assert "去办这次报警" in alarming
    with database.unit_of_work() as session:
        file = device(session, "JH-CG-0305")["subject_no"]
    assert head.send_form("/ledgers/sensors/YG-CG-0301", do="link", file=file).status_code == 303
    with database.unit_of_work() as session:
        assert ledger(session, file).devices == ["JH-CG-0305", "YG-CG-0301"]


def test_administrators_register_devices_one_by_one_or_as_a_table(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app)
    admin = visit(sqlite_app, "admin")
    about = {"code": "YG-9", "kind": "smoke", "place": "晨光小区9幢", "area": "chenguang-1", "people": ["chenguang-1.worker"]}
    assert admin.send_form("/ledgers/sensors", do="add", **about).headers["location"] == "/ledgers/sensors/YG-9?done=add"
    twice = admin.send_form("/ledgers/sensors", do="add", **about)
    assert (twice.status_code, 'value="晨光小区9幢"' in twice.text) == (409, True)
    assert visit(sqlite_app, "centre.duty").send_form("/ledgers/sensors", do="add", **{**about, "code": "YG-10"}).status_code == 409
    wrong = {"table": ("d.csv", CSV.format(code="YG-X-2", area="nowhere").encode())}
    refused = admin.send_form("/ledgers/sensors", do="import", files=wrong)
    assert (refused.status_code, "第 3 行" in refused.text) == (409, True)
    assert admin.send_form("/ledgers/sensors", do="import", files={"table": ("d.png", b"x")}).status_code == 409
    right = {"table": ("d.csv", CSV.format(code="YG-X-2", area="chenguang-2").encode())}
    assert admin.send_form("/ledgers/sensors", do="import", files=right).status_code == 303
    with database.unit_of_work() as session:
        assert device(session, "YG-X-2")["place"] == "晨光小区9幢"


def test_files_are_looked_after_and_what_is_sealed_opens_for_a_reason(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app, households, enterprises)
    head, worker, other = (visit(sqlite_app, user) for user in ("chenguang.head", "chenguang-1.worker", "jinqiao.head"))
    page = head.get("/ledgers/subjects").text
    assert all(text in page for text in ("晨光1-03-501", "4级", "独居老人"))
    no = page.split("/ledgers/subjects/")[1].split('"')[0]
    assert "没有档案" in other.get("/ledgers/subjects").text
    assert (other.get(f"/ledgers/subjects/{no}").status_code, head.get("/ledgers/subjects?form=enterprise").status_code) == (404, 200)
    file = f"/ledgers/subjects/{no}"
    seen = head.get(file).text
    assert SEALED not in seen
    part = seen.split('name="part" value="')[1].split('"')[0]
    assert head.send_form(file, do="look", part=part, words="").status_code == 409
    assert head.send_form(file, do="look", part=part, words="已好转，能自己走动", way="care").status_code == 303
    assert worker.send_form(file, do="note", kind="family", text="女儿每周末来").status_code == 303
    assert worker.send_form(file, do="alert", alert="call", words="邻居说两天没见").status_code == 303
    closed = worker.send_form(file, do="read", reason="想看看")
    assert (closed.status_code, SEALED in closed.text) == (409, False)
    assert head.send_form(file, do="read", reason="").status_code == 409
    opened = head.send_form(file, do="read", reason="上门前看一下用药")
    assert (opened.status_code, SEALED in opened.text, opened.headers["cache-control"]) == (200, True, "no-store")
    assert "女儿每周末来" in opened.text
    assert "上门前看一下用药" in head.get(file).text
    with database.unit_of_work() as session:
        book = ledger(session, no)
        assert [look["reason"] for look in looks_at(session, no)] == ["上门前看一下用药"]
    assert (book.looks["done"], [each["alert"] for each in book.alerts]) == (1, ["sos", "call"])


def test_a_file_is_opened_under_a_code_and_twice_is_once(sqlite_app: FastAPI) -> None:
    made(sqlite_app)
    worker = visit(sqlite_app, "chenguang-1.worker")
    about = {"form": "household", "code": "晨光1-09-101", "tier": "3", "kind": "独居老人", "identity": "周阿婆，79岁"}
    first = worker.send_form("/ledgers/subjects", do="open", **about).headers["location"]
    assert first.endswith("?done=open")
    assert worker.send_form("/ledgers/subjects", do="open", **about).headers["location"] == first.removesuffix("?done=open")
    page = worker.get(first).text
    assert ("档案已建" in page, "周阿婆" in page) == (True, False)
    assert "Tier 3" in visit(sqlite_app, "chenguang-1.worker", "en").get("/ledgers/subjects").text

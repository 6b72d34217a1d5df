"""The ledgers of planned work: campaigns, topics, responsibility, records of organisations outside, task forces."""

from pathlib import Path

from fastapi import FastAPI

from demo.mechanisms import campaigns as cables
from demo.mechanisms import outside_records, responsibility, task_forces, topics
from rules.facts import Thing
from services.affairs import affairs
from services.campaigns import progress
from services.outside_records import records
from services.responsibility.listing import rows_of
from services.tables import read_table
from services.topics import topic_of
from services.units.task_forces import forces
from tests.support.website import NOW, visit
from tests.web.test_ledgers_devices import made

HEADINGS = "区域,路段,事项,用户,岗位,单位,承诺,责任书,开始,结束"
LETTERS = HEADINGS + "\nchenguang,,{matter},chenguang.clerk,片长,,马上到,责〔2026〕9号,2026-01-01,\n"


def test_units_fill_in_their_progress_and_another_unit_checks(app: FastAPI) -> None:
    database = made(app, cables)
    with database.unit_of_work() as session:
        no, below = (next(a.no for a in affairs(session, [Thing.CAMPAIGN]) if a.title == t) for t in (cables.TITLE, "湖滨路停车堵疏结合"))
    owner, unit, other = (visit(app, user) for user in ("hubin.clerk", "telecom.clerk", "jinqiao.clerk"))
    page = owner.get("/ledgers/campaigns").text
    assert (cables.TITLE in page, below in page, "21%" in page) == (True, False, True)
    assert "没有专项" in other.get("/ledgers/campaigns").text
    here = f"/ledgers/campaigns/{no}"
    assert other.get(here).status_code == 404
    lines = unit.get(here).text
    assert 'name="done.4"' in lines
    assert "拟订一个项目" not in lines
    unchanged = unit.send_form(here, **{"do": "record", "was.4": "0", "done.4": "0"})
    assert (unchanged.status_code, "没有一项的数字改过" in unchanged.text) == (409, True)
    over = unit.send_form(here, **{"do": "record", "was.4": "0", "done.4": "7"})
    assert (over.status_code, 'name="done.4" value="7"' in over.text) == (409, True)
    assert unit.send_form(here, **{"do": "record", "was.4": "0", "done.4": "1", "was.5": "0", "done.5": "0"}).status_code == 303
    assert 'value="4"' in visit(app, "utility.clerk").get(here).text
    assert visit(app, "utility.clerk").send_form(here, do="share", part="4").status_code == 303
    assert unit.send_form(here, do="check", part="1").status_code == 409
    assert owner.send_form(here, do="check").status_code == 409
    assert owner.send_form(here, do="check", part=["1", "2"]).status_code == 303
    with database.unit_of_work() as session:
        assert progress(session, no, NOW).states == {"checked": 2, "done": 2, "open": 10}


def test_a_campaign_is_drafted_listed_and_started(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app)
    owner = visit(sqlite_app, "hubin.clerk")
    bad = owner.send_form("/ledgers/campaigns", do="open", title="清理楼道", rate="五百")
    assert (bad.status_code, 'value="清理楼道"' in bad.text) == (409, True)
    about = {"title": "清理楼道", "area": "hubin", "target": "2026-12-31", "quantity": "20", "measure": "处", "rate": "500"}
    opened = owner.send_form("/ledgers/campaigns", do="open", **about).headers["location"]
    here = opened.removesuffix("?done=open")
    assert owner.send_form(here, do="line", title="1幢楼道", unit="chenguang", quantity="3", measure="处").status_code == 303
    table = {"table": ("l.csv", "名称,单位,数量,计量单位\n2幢楼道,chenguang,4,处\n".encode())}
    assert owner.send_form(here, do="import", files=table).status_code == 303
    wrong = {"table": ("l.csv", "名称,单位\n3幢楼道,没有的单位\n".encode())}
    assert owner.send_form(here, do="import", files=wrong).status_code == 409
    assert "启动后各单位收到任务" in owner.get(here).text
    assert owner.send_form(here, do="start").status_code == 303
    project = owner.send_form(here, do="project", title="晨光片区", area="hubin").headers["location"]
    assert project.endswith("?done=project")
    assert "晨光片区" in visit(sqlite_app, "hubin.clerk", "en").get(here).text
    with database.unit_of_work() as session:
        found = progress(session, here.rsplit("/", 1)[1], NOW)
    assert (found.tasks, found.quantities, found.projects) == (2, {"处": (0, 7)}, 1)


def test_topics_are_planned_by_one_and_approved_by_another(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app, topics)
    head, unit, other = (visit(sqlite_app, user) for user in ("centre.head", "water.head", "jinqiao.clerk"))
    page = head.get("/ledgers/topics").text
    assert (topics.PLACE in page, "3件" in page, "治理中" in page) == (True, True, True)
    no = page.split("/ledgers/topics/")[1].split('"')[0]
    assert "没有专题" in other.get("/ledgers/topics").text
    here = f"/ledgers/topics/{no}"
    assert other.get(here).status_code == 404
    assert head.send_form(here, do="choose_topic", month="2026年12月").status_code == 409
    assert head.send_form(here, do="choose_topic", month="2026-12").status_code == 303
    again = unit.send_form(here, do="take_topic", unit="nobody", plan="再清一遍")
    assert (again.status_code, "再清一遍" in again.text) == (409, True)
    assert unit.send_form(here, do="take_topic", unit="water", plan="全线更换").status_code == 303
    assert "同意办法" in head.get(here).text
    assert head.send_form(here, do="return_plan", reason="写清工期").status_code == 303
    with database.unit_of_work() as session:
        row, cases = topic_of(session, no)
    assert (row["month"], row["state"], len(cases)) == ("2026-12", "open", 3)
    assert visit(sqlite_app, "centre.head", "en").get("/ledgers/topics?state=closed").status_code == 200


def test_who_is_responsible_is_answered_and_tables_are_kept(sqlite_app: FastAPI, tmp_path: Path) -> None:
    database = made(sqlite_app, responsibility)
    head, admin = visit(sqlite_app, "chenguang.head"), visit(sqlite_app, "admin")
    asked = head.send_form("/ledgers/responsibility", do="ask", area="chenguang-1", place="湖滨南路23号")
    assert (asked.status_code, "湖滨街道负责人" in asked.text, "责〔2026〕1号" in asked.text) == (200, True, True)
    assert head.send_form("/ledgers/responsibility", do="ask", area="").status_code == 409
    assert "没人管" in head.get("/ledgers/responsibility?area=hubin").text
    wrong = {"table": ("t.csv", LETTERS.format(matter="没有").encode())}
    right = {"table": ("t.csv", LETTERS.format(matter="C").encode())}
    matrix = "/ledgers/responsibility/matrix"
    refused = head.send_form(matrix, do="import", files=wrong)
    assert (refused.status_code, "第 2 行" in refused.text) == (409, True)
    assert visit(sqlite_app, "chenguang.clerk").send_form(matrix, do="import", files=right).status_code == 409
    assert head.send_form(matrix, do="import", files=right).status_code == 303
    with database.unit_of_work() as session:
        row = next(row for row in rows_of(session, "matrix", NOW) if row["document"] == "责〔2026〕9号")
    assert "马上到" in head.get(f"{matrix}?area=chenguang").text
    assert visit(sqlite_app, "jinqiao.head").send_form(matrix, do="end", row=str(row["id"])).status_code == 409
    assert head.send_form(matrix, do="end", row=str(row["id"])).status_code == 303
    assert "马上到" not in head.get(f"{matrix}?area=chenguang").text
    assert "马上到" in head.get(f"{matrix}?area=chenguang&past=yes").text
    file = admin.send_form(f"{matrix}/export")
    (tmp_path / "matrix.xlsx").write_bytes(file.content)
    assert len(read_table(tmp_path / "matrix.xlsx", ("area", "from")).rows) == 5
    assert head.get("/ledgers/responsibility/nothing").status_code == 404
    assert "letters of responsibility" in visit(sqlite_app, "admin", "en").get(matrix).text


def test_records_of_organisations_and_task_forces(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app, outside_records, task_forces)
    bureau, estate, other = (visit(sqlite_app, user) for user in ("housing.head", "chenguang-estate.head", "jinqiao.clerk"))
    assert "异议待决" in bureau.get("/ledgers/outside").text
    assert "消防通道长期堵塞" in estate.get("/ledgers/outside?form=bad_record").text
    assert "没有记录" in other.get("/ledgers/outside").text
    about = {"form": "interview", "reason": "保洁不到位", "basis": "合同第3条"}
    assert bureau.send_form("/ledgers/outside", do="record", **about).status_code == 409
    assert bureau.send_form("/ledgers/outside", do="record", name="某保洁公司", at="2026-11-18", **about).status_code == 303
    assert other.send_form("/ledgers/outside", do="record", name="某公司", **about).status_code == 409
    with database.unit_of_work() as session:
        assert [line.organisation for line in records(session, NOW)].count("某保洁公司") == 1
    admin = visit(sqlite_app, "admin")
    assert "老旧小区改造专班" in other.get("/ledgers/forces").text
    new = {"code": "flood", "zh": "防汛专班", "en": "Flood Task Force", "parent": "hubin", "until": "2027-05-31"}
    assert other.send_form("/ledgers/forces", do="set_up", **new).status_code == 409
    assert admin.send_form("/ledgers/forces", do="set_up", **new).status_code == 303
    assert admin.send_form("/ledgers/forces", do="move", force="flood", until="2020-01-01").status_code == 409
    assert admin.send_form("/ledgers/forces", do="move", force="flood", until="2027-06-30").status_code == 303
    with database.unit_of_work() as session:
        assert {row["code"]: f"{row['until']:%Y-%m}" for row in forces(session)} == {"renewal": "2027-02", "flood": "2027-06"}

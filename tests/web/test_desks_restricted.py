"""The restricted desk: for named readers and who signs; a look goes on record, the law's report is made, a reader is named."""

import re
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import select

from models import AdminEntry, table
from services.desks import restricted
from tests.support.town import Town
from tests.support.website import at, visit

_entry = table(AdminEntry)


def looks(town: Town) -> list[tuple[str, str]]:
    return [(row.actor, row.subject) for row in town.rows(select(_entry).where(_entry.c.action == restricted.LOOK).order_by(_entry.c.id))]


def sensitive(town: Town) -> tuple[int, str]:
    case = town.reports("邻居家孩子被打", "每天晚上都听到孩子被打，哭得厉害")
    town.turn()
    assert town.case(case).sensitive == "minor"
    return case, str(town.case(case).no)


def test_a_look_is_on_record_and_the_report_is_made(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case, no = sensitive(town)
    desk, worker = visit(sqlite_app, "centre.duty"), visit(sqlite_app, "chenguang-1.worker")
    page = desk.get("/desks/restricted").text
    assert no in page
    assert "孩子被打" not in page
    assert looks(town) == []
    assert "没有向您打开的敏感件" in worker.get("/desks/restricted").text
    assert worker.get(f"/desks/restricted/{no}").status_code == 404
    assert worker.get(f"/cases/{no}").status_code == 404
    assert looks(town) == []
    opened = desk.get(f"/desks/restricted/{no}").text
    assert "孩子被打" in opened
    assert "依法要向" in opened
    assert desk.get(f"/cases/{no}").status_code == 200  # the same look
    assert looks(town) == [("centre.duty", no)]
    at(sqlite_app, town.now + timedelta(minutes=20))
    version = re.search(r'name="version" value="(\d+)"', opened)
    assert version is not None
    desk.get(f"/cases/{no}")
    assert looks(town) == [("centre.duty", no)] * 2
    assert desk.get(f"/desks/restricted/{no}").text.count("打开了案件") == 2
    bare = desk.send_form(f"/desks/restricted/{no}", do="report_statutory", version=version[1], result="")
    assert (bare.status_code, 'role="alert"' in bare.text) == (409, True)
    done = desk.send_form(f"/desks/restricted/{no}", do="report_statutory", version=version[1], result="已报派出所，回执001")
    assert done.status_code == 303, done.text
    assert town.case(case).statutory_at is not None
    assert no in desk.get(done.headers["location"]).text


def test_a_reader_is_named_and_the_signer_opens_it_to_all(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case, no = sensitive(town)
    desk, leader, worker = (visit(sqlite_app, user) for user in ("centre.duty", "chenghu.leader", "chenguang-1.worker"))

    def version() -> int:
        return int(town.case(case).version)

    named = desk.send_form(f"/desks/restricted/{no}", do="name_reader", version=version(), person="chenguang-1.worker", reason="上门核实")
    assert named.status_code == 303, named.text
    assert worker.get(f"/desks/restricted/{no}").status_code == 200
    assert desk.send_form(f"/desks/restricted/{no}", do="unrestrict", version=version(), reason="误判").status_code == 409
    assert leader.send_form(f"/desks/restricted/{no}", do="unrestrict", version=version(), reason="误判").status_code == 303
    assert town.case(case).sensitive is None
    assert "没有向您打开的敏感件" in leader.get("/desks/restricted").text
    english = visit(sqlite_app, "centre.duty", "en").get("/desks/restricted").text
    assert "No sensitive case is open to you" in english


def test_looks_on_both_databases(town: Town) -> None:
    _, no = sensitive(town)
    plain = town.reports("路灯坏了", phone="10000000002")
    with town.context.database.unit_of_work() as session:
        leader, worker = town.actor("chenghu.leader"), town.actor("chenguang-1.worker")
        assert [row["no"] for row in restricted.open_to(session, leader)] == [no]
        assert restricted.open_to(session, worker) == []
        assert [restricted.note_look(session, no, who, town.now) for who in (leader, leader, worker)] == [True, False, False]
        assert not restricted.note_look(session, town.case(plain).no, leader, town.now)
        assert [(each["actor"], each["action"]) for each in restricted.looks_at(session, no)] == [("chenghu.leader", restricted.LOOK)]

"""What gateways decide about words, recorded by page: asked where they can be, told by hand where not, seen by who has to record it."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from services.channels import Wanted, configure
from services.templates.approvals import rulings
from services.templates.stored import Which
from tests.support.sim import PASSWORD, USER, SimServer
from tests.support.town import Town
from tests.support.website import NOW, visit

PATH = "/config/templates/accepted/sms/zh"


def _rulings(app: FastAPI) -> list[tuple[str, str, str, int]]:
    with app.state.site.database.unit_of_work() as session:
        return [(row.code, row.state, row.reason, row.version) for row in rulings(session, Which("accepted", "sms", "zh"))]


def _gateway(app: FastAPI, url: str) -> None:
    with app.state.site.database.unit_of_work() as session:
        configure(session, Wanted("sms", url, replace=True), "admin", NOW)


def test_what_a_gateway_decided_is_recorded_by_hand(app: FastAPI, town: Town) -> None:
    admin = visit(app, "admin")
    assert "用语不用报备" in admin.get(PATH).text
    _gateway(app, "record://?public=yes")
    page = admin.get(PATH).text
    assert "送审文字" in page
    assert admin.send_form(PATH, do="ruling", channel="sms", of="0", code="SMS 1", state="").status_code == 409
    assert admin.send_form(PATH, do="ruling", channel="sms", of="0", code="SMS_1", state="").status_code == 303
    assert _rulings(app) == [("SMS_1", "pending", "", 0)]
    assert "1条等网关审核结果" in admin.get("/config").text
    listed = admin.get("/config/templates?only=gateway").text
    assert "1条等网关审核结果" in listed
    assert (f'href="{PATH}"' in listed, "dispatched_lead/sms" in listed) == (True, False)
    why = admin.send_form(PATH, do="ruling", channel="sms", of="0", code="SMS_2", state="rejected", reason="")
    assert (why.status_code, 'value="SMS_2"' in why.text, "请写网关没有通过的原因" in why.text) == (409, True, True)
    assert admin.send_form(PATH, do="ruling", channel="sms", of="0", code="SMS_1", state="rejected", reason="涉及禁用词").status_code == 303
    assert _rulings(app) == [("SMS_1", "rejected", "涉及禁用词", 0)]
    assert admin.send_form(PATH, do="ruling", channel="sms", of="0", code="SMS_1", state="approved").status_code == 303
    assert _rulings(app) == [("SMS_1", "approved", "", 0)]
    assert "网关审核结果" not in admin.get("/config").text
    for wrong in ({"channel": "pigeon"}, {"of": "77"}, {"state": "perhaps"}):
        given = {"channel": "sms", "of": "0", "code": "SMS_1", "state": "approved"} | wrong
        answer = admin.send_form(PATH, do="ruling", **given)
        assert (answer.status_code, "bihuan" in answer.text.split("</nav>")[-1].split("<section")[0]) == (409, False)
    assert admin.send_form("/config/templates/accepted/email/zh", do="ruling", channel="sms", of="0", code="SMS_1").status_code == 409
    clerk = visit(app, "water.clerk")
    assert clerk.send_form(PATH, do="ruling", channel="sms", of="0", code="SMS_9", state="approved").status_code == 409
    assert clerk.send_form("/config/templates", do="refresh").status_code == 409
    assert _rulings(app) == [("SMS_1", "approved", "", 0)]


@pytest.fixture
def sim(tmp_path: Path):
    server = SimServer(tmp_path)
    server.start()
    yield server
    server.stop()


def test_a_gateway_that_can_be_asked_is_believed(sqlite_app: FastAPI, sqlite_town: Town, sim: SimServer) -> None:
    app, admin = sqlite_app, visit(sqlite_app, "admin")
    _gateway(app, f"alisms://{USER}:{PASSWORD}@{sim.url.removeprefix('http://')}/?sign=%E6%BE%84%E6%B9%96&tls=no&private=yes")
    sim.template("SMS_9", state="pending")
    too_soon = admin.send_form(PATH, do="ruling", channel="sms", of="0", code="SMS_9", state="approved")
    assert (too_soon.status_code, _rulings(app)) == (409, [])
    assert admin.send_form(PATH, do="ruling", channel="sms", of="0", code="SMS_9", state="").status_code == 303
    assert _rulings(app)[0][:2] == ("SMS_9", "pending")
    sim.template("SMS_9", state="approved")
    answer = admin.send_form("/config/templates", do="refresh")
    assert (answer.status_code, answer.headers["location"]) == (303, "/config/templates?asked=1")
    assert "1条有了新结果" in admin.get("/config/templates?asked=1").text
    assert _rulings(app)[0][:2] == ("SMS_9", "approved")
    sim.stop()
    silent = admin.send_form("/config/templates", do="refresh")
    assert (silent.status_code, "没有回答" in silent.text) == (409, True)
    sim.start()

"""What waits and what tells whom: pages that say when a message goes out, why not yet, for whom, and by which ways."""

from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy import insert

from models import Message, connection_of, table
from notifications.notices import NOTICES
from services.channels import Wanted, configure
from services.messages.waiting import waiting
from services.templates.approvals import missing
from tests.support.town import Town
from tests.support.website import NOW, visit

_message = table(Message)


def _put(session: Any, key: str, **given: Any) -> int:
    row = {"dedupe_key": key, "notice": "urged", "channel": "sms", "recipient": "s1", "about": {}, "state": "queued", "queued_at": NOW}
    made = insert(_message).values(**(row | {"staff_id": 1} | given)).returning(_message.c.id)
    return int(connection_of(session).execute(made).scalar_one())


def test_what_waits_says_until_when_and_why(app: FastAPI, town: Town) -> None:
    case_id = town.reports("晨光小区5号楼下水道堵了", area="chenguang-1", phone="13812345678")
    with app.state.site.database.unit_of_work() as session:
        before = len(waiting(session))
        resident = {"staff_id": None, "requester_id": 1, "recipient": "r1", "notice": "accepted", "case_id": case_id}
        night = NOW + timedelta(hours=20)
        _put(session, "t:1", attend_at=night, error="quiet_hours", useful_until=night + timedelta(days=1), **resident)
        digest = _put(session, "t:2", attend_at=NOW + timedelta(hours=1), notice="digest", error="budget", channel="email")
        for n in range(3):
            _put(session, f"t:3:{n}", state="suppressed", error="in_digest", digest_id=digest)
        _put(session, "t:4", attend_at=NOW, state="accepted")  # taken: it is only asked about
        found = waiting(session, channel="email")
        assert [(each.carries, each.reason) for each in found if each.id == digest] == [(3, "budget")]
        assert len(waiting(session)) == before + 2
    admin = visit(app, "admin")
    shown = admin.get("/config/channels/waiting").text
    assert "夜间免打扰" in shown
    assert "合并了3条" in shown
    assert town.case(case_id).no in shown
    assert "13812345678" not in shown
    assert "5678" in shown
    assert "合并了3条" not in admin.get("/config/channels/waiting?channel=sms").text
    assert visit(app, "centre.head").get("/config/channels/waiting").status_code == 409


def test_what_tells_whom_by_which_ways(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    head = visit(sqlite_app, "centre.head")
    shown = head.get("/config/notices").text
    assert shown.count("看用语") + shown.count("告知受理") > 0
    assert f"{len(NOTICES)}种，共{len(NOTICES)}种" in shown
    urgent = head.get("/config/notices?q=emergency_call").text
    assert "短信 → 语音 → 即时消息 → B 角短信 → 值班电话语音 → 邮件" in urgent
    assert "什么也不等，夜里也发" in urgent
    assert "未报备" not in urgent
    with sqlite_app.state.site.database.unit_of_work() as session:
        configure(session, Wanted("sms", "record://?public=yes"), "admin", NOW)
    assert "未报备" in head.get("/config/notices?q=emergency_call").text
    residents = head.get("/config/notices?to=reporter").text
    assert "B 角" not in residents
    assert "什么事告诉谁" in visit(sqlite_app, "admin").get("/config").text
    assert visit(sqlite_app, "water.clerk").get("/config/notices").status_code == 409


def test_a_public_gateway_says_what_it_cannot_send(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    with sqlite_app.state.site.database.unit_of_work() as session:
        configure(session, Wanted("sms", "record://?public=yes"), "admin", NOW)
        lacking = len(missing(session, "sms", "zh"))
    assert f"{lacking}种通知没审核通过" in visit(sqlite_app, "admin").get("/config/channels").text

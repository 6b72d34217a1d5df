"""Reminders of what a device reported say, as the first message did, that none of it stands in for 119, 110, 120."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from models import Message, SensorAlarm, table
from notifications.notices import NOTICES, OF_SENSORS
from notifications.rendering import MEDIA, built_in
from services.sensors.devices import Written, add
from tests.support.sensing import supplier_of
from tests.support.sound import complaints
from tests.support.town import Town

_message = table(Message)
NAMES = ("sensor_remind", "sensor_late", "sensor_late_reporter")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_medium_says_so_in_both_languages(lang: str) -> None:
    said = {(name, medium): built_in(NOTICES[name].template, medium, lang).body for name in NAMES for medium in MEDIA}
    assert [key for key, words in said.items() if not all(number in words for number in ("119", "110", "120"))] == []
    assert set(OF_SENSORS.values()) == set(NAMES)
    assert set(OF_SENSORS) <= set(NOTICES)


def test_an_alarm_that_is_acknowledged_and_then_left_lying(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    town.turn()
    ordinary = town.reports("晨光小区5号楼下水道堵了，污水外溢")
    with supplier_of(town.context.database, tmp_path, encryption_key, town.now) as supplier:
        with town.context.database.unit_of_work() as session:
            add(session, Written("RQ-1", "gas", "3幢2单元厨房", "chenguang-1"), "admin", town.now)
        supplier.alarms(["RQ-1"], town.now)
    town.turn()
    (case,) = {row.case_id for row in town.rows(select(table(SensorAlarm).c.case_id))}
    seen = town.reports("3幢2单元有很重的煤气味", area="chenguang-1")
    town.turn()
    town.act(seen, "merge", "centre.duty", into=case, reason="同一处报警")
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    began = town.now
    town.fast_forward(days=3)
    late = town.rows(select(_message).where(_message.c.case_id == case, _message.c.queued_at > began).order_by(_message.c.id))
    codes = {row.notice for row in late}
    assert {"sensor_late", "sensor_late_reporter"} <= codes
    assert codes & set(OF_SENSORS) == set(), "none in the words of an ordinary case"
    worded = [row for row in late if row.notice in NAMES and row.wording]
    assert len({row.notice for row in worded}) >= 2
    assert [row.wording for row in worded if "119、110、120" not in row.wording] == []
    assert any(row.requester_id is not None for row in worded), "also whoever reported it hears so"
    others = {row.notice for row in town.rows(select(_message).where(_message.c.case_id == ordinary))}
    assert others & set(OF_SENSORS), "and what a resident reported keeps its own words"
    assert not others & set(NAMES)
    assert complaints(town.context.database, town.now) == []
    assert town.now >= began + timedelta(days=3)

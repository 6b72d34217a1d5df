"""约谈、不良记录 (row 31): 101 interviews and 49 bad records of property companies; one objects, another person decides."""

from datetime import timedelta
from pathlib import Path

import pytest

from rules.facts import Refused
from services.catalogue import catalogue
from services.moves import Setting
from services.outside_records import Record, act, figures, read_records, record, records, records_of
from tests.support.sound import complaints
from tests.support.town import Town

INTERVIEWS, BAD = 101, 49
RULE = "《物业服务信用评价办法》第12条"


def test_101_interviews_and_49_bad_records_and_an_objection(town: Town, tmp_path: Path) -> None:
    listed = tmp_path / "records.csv"
    head = "组织,种类,理由,依据,日期,有效期至,整治前"
    rows = [f"物业公司{n},约谈,电动车充电设施不足,{RULE},2026-11-19,," for n in range(1, INTERVIEWS)]
    rows += [f"物业公司{n},不良记录,消防通道长期堵塞,{RULE},2026-11-19,2027-11-18,现场记录{n}" for n in range(1, BAD)]
    rows.append(f"chenguang-estate,interview,楼道堆物多次催告未清,{RULE},2026-11-19,,")
    rows.append(f"chenguang-estate,bad_record,拒不整改,{RULE},2026-11-19,2027-05-18,督办单")
    with town.context.database.unit_of_work() as session:
        actor, setting, zone = town.actor("housing.head"), Setting(town.now), catalogue(session).zone
        listed.write_text("\n".join((head, *rows, "某公司,红牌,x,x,,,")), encoding="utf-8")
        with pytest.raises(Refused, match="list_row_wrong") as refused:
            read_records(listed, zone)
        assert (refused.value.details["line"], refused.value.details["field"]) == (INTERVIEWS + BAD + 2, "form")
        listed.write_text("\n".join((head, *rows)), encoding="utf-8")
        with pytest.raises(Refused, match="may_not_record"):
            record(session, [Record("interview", "某公司", "x", "x")], town.actor("chenguang-estate.clerk"), setting)
        with pytest.raises(Refused, match="record_until_missing"):
            record(session, [Record("bad_record", "某公司", "x", "x")], actor, setting)
        with pytest.raises(Refused, match="not_outside"):
            record(session, [Record("interview", "chenguang", "x", "x")], actor, setting)
        session.rollback()
    with town.context.database.unit_of_work() as session:
        numbers = record(session, read_records(listed, zone), actor, setting)
    assert len(numbers) == len(set(numbers)) == INTERVIEWS + BAD
    town.turn()
    bad = numbers[-1]
    assert any(bad in text for text in town.heard("chenguang-estate.clerk")), "it hears, and may object"
    with town.context.database.unit_of_work() as session:
        setting = Setting(town.now)
        with pytest.raises(Refused, match="not_your_record"):
            act(session, bad, "object_record", town.actor("hubin-estates.head"), setting, reason="与我无关")
        act(session, bad, "object_record", town.actor("chenguang-estate.head"), setting, reason="已在期限内清空，有照片")
        with pytest.raises(Refused, match="decides_own_record"):
            act(session, bad, "reject_objection", town.actor("housing.head"), setting, reason="自己裁定")
        act(session, bad, "uphold_objection", town.actor("centre.head"), setting, reason="照片属实，撤销")
        with pytest.raises(Refused, match="not_your_record"):
            act(session, numbers[0], "object_record", actor, setting, reason="代为登记")
        act(session, numbers[0], "object_record", actor, setting, reason="来函称已整改", on_behalf=True)
        act(session, numbers[0], "reject_objection", town.actor("centre.head"), setting, reason="约谈是事实")
        with pytest.raises(Refused, match="objected_already"):
            act(session, numbers[0], "object_record", actor, setting, reason="再次来函", on_behalf=True)
        made = figures(session, town.now)
        later = figures(session, town.now + timedelta(days=400))
        (one, other) = records_of(session, "晨光小区物业", town.now)
        assert {line.form for line in (one, other)} == {"interview", "bad_record"}
        assert len(records(session, town.now, form="bad_record", counting=True)) == BAD - 1
    assert made == {
        "interview": {"made": INTERVIEWS, "counts": INTERVIEWS, "lifted": 0},
        "bad_record": {"made": BAD, "counts": BAD - 1, "lifted": 1},
    }
    assert later["bad_record"] == {"made": BAD, "counts": 0, "lifted": 1}, "their last day has passed"
    assert complaints(town.context.database, town.now) == []

"""Devices of a household's file: an alarm raises it, whoever looks after it is told, what is sealed stays sealed; it ends with the file."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from alembic import command
from sqlalchemy import inspect, select

from models import AdminEntry, Clock, Journal, Message, SensorAlarm, SensorDevice, table
from rules import handling
from rules.facts import Refused
from services.moves import Setting
from services.sensors.devices import Written, add
from services.sensors.linking import link, unlink
from services.subjects import Subject, ledger, looks_at, open_subject, read_notes, write_note
from services.subjects.reference import devices_of
from services.upkeep import _config
from tests.support.beside import does, opens, seen
from tests.support.sensing import SMOKE, Supplier, supplier_of
from tests.support.sound import complaints
from tests.support.town import Town

FILE: Final = Subject(
    "household",
    "晨光1-03-501",
    tier=2,
    area="chenguang-1",
    kind="独居老人",
    identity="林阿婆，82 岁",
    readers=("chenguang.head",),
)
DOOR: Final = Written("MC-0501", "门磁", "3幢501室", "chenguang-1", people="chenguang-1.worker")
BRACELET: Final = Written("SH-0501", "bracelet", "3幢501室", "chenguang-1")
HEART: Final = "冠心病，服药见床头"


def filed(town: Town, file: Subject = FILE) -> str:
    """A file with a sealed note, with a door contact and a bracelet linked to it."""
    with town.context.database.unit_of_work() as session:
        no = open_subject(session, file, town.actor("chenguang.head"), Setting(town.now)).no
        write_note(session, no, "health", HEART, "chenguang.head", town.now)
        for device in (DOOR, BRACELET):
            add(session, device, "admin", town.now)
            link(session, device.code, no, "chenguang.clerk", town.now)
    return no


def alarms(supplier: Supplier, town: Town, device: str, value: str) -> dict[str, str]:
    """One alarm with a value; gives back what became of it."""
    (told,) = supplier.brings({"alarms": [supplier.alarm(device, town.now, value=value)]}, town.now).json()["alarms"]
    return dict(told)


def files(town: Town) -> dict[str, str | None]:
    return {row.code: row.subject_no for row in town.rows(select(table(SensorDevice)).where(table(SensorDevice).c.code != SMOKE.code))}


def test_a_door_that_stayed_shut_for_36_hours_is_heard_on_the_file(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    town.turn()
    no = filed(town)
    with supplier_of(town.context.database, tmp_path, encryption_key, town.now) as supplier:
        told = alarms(supplier, town, DOOR.code, "36h")
        for _ in range(4):
            town.now += timedelta(minutes=1)
            assert alarms(supplier, town, DOOR.code, "36h")["outcome"] == "flapping"
        town.turn()
        with town.context.database.unit_of_work() as session:
            found = ledger(session, no)
        assert (found.tier, found.devices) == (4, [DOOR.code, BRACELET.code]), "24h 应急守护"
        assert [(a["by"], a["alert"], a["words"], a["case"]) for a in found.alerts] == [
            ("system", "sensor", "设备 MC-0501（门磁）报警，数值 36h", told["case"])
        ], "once, whatever it repeats"
        for user in ("chenguang.clerk", "chenguang.head"):
            assert any(no in text or FILE.code in text for text in town.heard(user)), user
        (case,) = {row.case_id for row in town.rows(select(table(SensorAlarm).c.case_id))}
        assert (town.case(case).category, town.case(case).urgency) == ("G01", "P1")
        look = next(p["no"] for p in seen(town, no).parts if p["state"] == "due")
        does(town, no, "look", "chenguang.clerk", look, words="老人去了女儿家，门磁正常")
        town.now += timedelta(minutes=1)
        alarms(supplier, town, BRACELET.code, "跌倒")
        with town.context.database.unit_of_work() as session:
            assert [a["alert"] for a in ledger(session, no).alerts] == ["sensor", "sos"], "a second device, a second alert"
        town.turn()
    _nothing_sealed_is_told(town, no)
    assert complaints(town.context.database, town.now) == []


def _nothing_sealed_is_told(town: Town, no: str) -> None:
    """No message, journal or record says whose file it is; a look at the notes is on record, and nobody looked by itself."""
    kept = [*town.rows(select(table(Message))), *town.rows(select(table(Journal))), *town.rows(select(table(AdminEntry)))]
    said = "".join(map(str, kept))
    assert [word for word in ("林阿婆", "冠心病") if word in said] == []
    with town.context.database.unit_of_work() as session:
        assert looks_at(session, no) == []
        with pytest.raises(Refused, match="notes_not_yours"):
            read_notes(session, no, "chenguang-1.worker", "门磁报警", town.now)
        assert HEART in [note.text for note in read_notes(session, no, "chenguang.head", "门磁报警后核对病史", town.now)]
        assert len(looks_at(session, no)) == 1


def test_a_link_ends_with_the_file(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    no = filed(town)
    does(town, no, "end_subject", "chenguang.head", reason="搬到女儿家")
    assert files(town) == {DOOR.code: None, BRACELET.code: None}
    gone = town.rows(select(table(AdminEntry)).where(table(AdminEntry).c.action == "device_unlinked"))
    assert [(row.actor, row.subject, row.data) for row in gone] == [
        ("chenguang.head", DOOR.code, {"file": no}),
        ("chenguang.head", BRACELET.code, {"file": no}),
    ]
    with supplier_of(town.context.database, tmp_path, encryption_key, town.now) as supplier:
        assert alarms(supplier, town, DOOR.code, "36h")["outcome"] == "opened", "the door alarms as any device does"
    assert (seen(town, no).affair["tier"], seen(town, no).affair["state"]) == (2, "ended")
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="subject_ended"):
            link(session, DOOR.code, no, "admin", town.now)
        again = open_subject(session, FILE, town.actor("chenguang.head"), Setting(town.now)).no
        link(session, DOOR.code, again, "admin", town.now)
    assert files(town)[DOOR.code] == again


def test_who_may_link_what(sqlite_town: Town) -> None:
    town = sqlite_town
    no = filed(town)
    with town.context.database.unit_of_work() as session:
        add(session, Written("MC-9", "contact", "望海路口", "wanghai"), "admin", town.now)
        neighbour = Subject("household", "晨光1-03-502", area="chenguang-1")
        other = open_subject(session, neighbour, town.actor("chenguang.head"), Setting(town.now)).no
    for code, given, code_of_refusal in (
        ((DOOR.code, other), "lianchi.clerk", "not_your_file"),
        ((DOOR.code, other), "chenguang.clerk", "device_linked"),
        (("MC-9", no), "admin", "device_elsewhere"),
        (("MC-8", no), "admin", "unknown_device"),
        ((DOOR.code, "CS-1"), "admin", "unknown_affair"),
    ):
        with town.context.database.unit_of_work() as session, pytest.raises(Refused, match=code_of_refusal):
            link(session, *code, given, town.now)
    with town.context.database.unit_of_work() as session:
        link(session, DOOR.code, no, "chenguang.clerk", town.now)
        with pytest.raises(Refused, match="not_your_file"):
            unlink(session, DOOR.code, "lianchi.clerk", town.now)
        assert unlink(session, DOOR.code, "chenguang.clerk", town.now) == no
        with pytest.raises(Refused, match="device_not_linked"):
            unlink(session, DOOR.code, "chenguang.clerk", town.now)
        assert devices_of(session, no) == [BRACELET.code]


@pytest.mark.parametrize("off", [True, False])
def test_no_alarm_is_lost_by_its_file(
    sqlite_town: Town, tmp_path: Path, encryption_key: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, off: bool
) -> None:
    """Files that are switched off hear nothing; the alarm is taken and its units are called all the same."""
    town = sqlite_town
    no = filed(town)
    if off:
        monkeypatch.delitem(handling.HANDLING, "households")
    with supplier_of(town.context.database, tmp_path, encryption_key, town.now) as supplier:
        assert alarms(supplier, town, DOOR.code, "36h")["outcome"] == "opened"
    assert seen(town, no).affair["tier"] == (2 if off else 4)
    assert (f"not heard on file {no}: mechanism_off" in caplog.text) is off


def test_the_tables_go_down_and_up_with_alarms_in_them(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    """What is not known below is forgotten, the link; every alarm stays, and what the program suggested is marked as such again."""
    town.turn()
    database, no = town.context.database, filed(town)
    opens(town, "hubin.clerk", "whistle", area="hubin", called=(town.unit_id("urban"),), title="联合处置")
    with supplier_of(database, tmp_path, encryption_key, town.now) as supplier:
        alarms(supplier, town, DOOR.code, "36h")
    lines = select(table(Clock).c.source_row).where(table(Clock).c.kind == "report_in")
    assert [row.source_row for row in town.rows(lines)] == [0]
    command.downgrade(_config(database.engine), "0011")
    assert "subject_no" not in {column["name"] for column in inspect(database.engine).get_columns("sensor_device")}
    assert [row.source_row for row in town.rows(lines)] == [None]
    command.upgrade(_config(database.engine), "head")
    assert (files(town), len(town.rows(select(table(SensorAlarm))))) == ({DOOR.code: None, BRACELET.code: None}, 1)
    assert [row.source_row for row in town.rows(lines)] == [0]
    with database.unit_of_work() as session:
        link(session, DOOR.code, no, "admin", town.now)
    assert files(town)[DOOR.code] == no

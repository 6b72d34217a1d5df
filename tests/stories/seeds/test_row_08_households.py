"""一户一档·分级·提级管理, 24h 应急守护 (row 8): an old woman who lives alone, an alarm, watched day and night, lowered by two people."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import LargeBinary, select, type_coerce

from models import AdminEntry, Journal, Message, SubjectNote, connection_of, table
from rules.facts import Refused
from services.moves import Setting
from services.subjects import Alert, Subject, alert, ledger, looks_at, open_subject, read_notes, write_note
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

HEART = "冠心病，独居，女儿在外地，服药见床头"
FILE = Subject(
    "household",
    "晨光1-03-501",
    tier=2,
    area="chenguang-1",
    kind="独居老人",
    identity="林阿婆，82 岁，3 栋 501",
)


def opened(town: Town, subject: Subject = FILE, user: str = "chenguang-1.worker") -> str:
    with town.context.database.unit_of_work() as session:
        return open_subject(session, subject, town.actor(user), Setting(town.now)).no


def waiting(town: Town, no: str) -> list[tuple[int, str, str]]:
    """The looks that are waited for: number, state, limit."""
    return [(p["no"], p["state"], p["limits"]["look"]) for p in seen(town, no).parts if p["state"] in ("due", "missed")]


def test_an_alarm_raises_the_tier_and_two_people_lower_it(town: Town) -> None:
    town.turn()
    no = opened(town)
    assert no.startswith("DA-")
    assert opened(town) == no, "one code is one file"
    assert [limit for _, _, limit in waiting(town, no)] == ["5wd"], "tier 2: the grid worker looks once a week"
    with town.context.database.unit_of_work() as session:
        write_note(session, no, "health", HEART, "chenguang-1.worker", town.now)
    does(town, no, "look", "chenguang-1.worker", waiting(town, no)[0][0], words="老人在家，精神好", way="care")
    assert len(waiting(town, no)) == 1, "the next look begins by itself"
    with town.context.database.unit_of_work() as session:
        assert alert(session, no, Alert("sos", "一键呼叫，无人应答"), Setting(town.now)) == 4
        assert alert(session, no, Alert("call"), Setting(town.now)) == 4, "a lower alert lowers nothing"
    assert [limit for _, _, limit in waiting(town, no)] == ["4h"], "24h 应急守护"
    town.turn()
    assert any("4级守护" in text or no in text for text in town.heard("chenguang.clerk"))
    start = town.now
    while town.now < start + timedelta(hours=23):
        town.fast_forward(hours=3)
        does(town, no, "look", "chenguang.clerk", waiting(town, no)[0][0], words="在看护", way="care")
    town.fast_forward(hours=5)
    assert [state for _, state, _ in waiting(town, no)] == ["missed"], "the look at night that nobody made"
    assert any(no in text and "超时" in text for text in town.heard("hubin.clerk")), "goes up the line"
    does(town, no, "look", "chenguang.clerk", waiting(town, no)[0][0], words="补看，老人平稳", way="care")
    does(town, no, "ask_lower", "chenguang.clerk", tier=2, reason="出院回家，女儿已到")
    with pytest.raises(Refused, match="second_look_by_another"):
        does(town, no, "lower_tier", "chenguang.clerk", words="看过了")
    with pytest.raises(Refused, match="not_yours"):
        does(town, no, "lower_tier", "lianchi.head", words="看过了")
    does(town, no, "lower_tier", "chenguang.head", words="复看：老人平稳，女儿陪护")
    with town.context.database.unit_of_work() as session:
        told = ledger(session, no)
    assert [(t["from"], t["to"], t["why"]) for t in told.tiers] == [(2, 4, "alert:sos"), (4, 2, "lowered")]
    assert (told.tier, told.looks["due"], told.looks["done"] >= 9, told.ways["care"] >= 9) == (2, 1, True, True)
    assert complaints(town.context.database, town.now) == []


def test_a_visit_that_nobody_makes_raises_the_tier_by_itself(town: Town) -> None:
    town.turn()
    no = opened(town)
    town.fast_forward(until=lambda: seen(town, no).affair["tier"] == 4)
    found = seen(town, no)
    assert [(p["state"], p["limits"]["look"]) for p in found.parts] == [("dropped", "5wd"), ("due", "4h")]
    assert [e["action"] for e in found.journal if e["thing"] == "subject"] == ["raise_missed"]
    does(town, no, "look", "chenguang.clerk", found.parts[1]["no"], words="老人去了女儿家")
    does(town, no, "end_subject", "chenguang.head", reason="搬到女儿家，转出")
    assert (seen(town, no).affair["state"], seen(town, no).clocks) == ("ended", [])
    assert complaints(town.context.database, town.now) == []


def test_what_is_sealed_is_read_by_few_and_every_look_is_on_record(town: Town) -> None:
    with pytest.raises(Refused, match="readers_named_by_head"):
        opened(town, replace(FILE, readers=("chenguang-1.worker",)))
    no = opened(town)
    does(town, no, "name_readers", "chenguang.head", readers=(town.person_id("chenguang.head"),))
    with town.context.database.unit_of_work() as session:
        write_note(session, no, "health", HEART, "chenguang-1.worker", town.now)
        for user in ("chenguang-1.worker", "chenguang.clerk", "hubin.head", "lianchi.head", "chenghu.leader", "admin"):
            with pytest.raises(Refused, match="notes_not_yours"):
                read_notes(session, no, user, "想看看", town.now)
        with pytest.raises(Refused, match="notes_not_yours"):
            write_note(session, no, "health", "猜的", "lianchi.clerk", town.now)
        with pytest.raises(Refused, match="look_reason_missing"):
            read_notes(session, no, "chenguang.head", " ", town.now)
    with town.context.database.unit_of_work() as session:
        assert [n.text for n in read_notes(session, no, "chenguang.head", "报警后核对病史", town.now, kinds=["health"])] == [HEART]
        assert len(read_notes(session, no, "hubin-centre.head", "接 120 询问 13800000008", town.now)) == 2
    with town.context.database.unit_of_work() as session:
        logged = [(each["user"], each["reason"], each["kinds"]) for each in looks_at(session, no)]
    assert logged == [
        ("hubin-centre.head", "接 120 询问 138****", ["health", "identity"]),
        ("chenguang.head", "报警后核对病史", ["health"]),
    ]
    with town.context.database.unit_of_work() as session:
        run = connection_of(session).execute
        stored = run(select(type_coerce(table(SubjectNote).c.text, LargeBinary))).scalars().all()
        plain = "".join(str(row) for model in (Journal, Message, AdminEntry) for row in run(select(table(model))))
    assert stored
    assert all("冠心病".encode() not in bytes(value) for value in stored)
    assert [word for word in ("冠心病", "林阿婆") if word in plain] == [], "neither the journal nor any message holds what is sealed"
    does(town, no, "name_readers", "chenguang.head", readers=(town.person_id("chenguang.clerk"),))
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="notes_not_yours"):
        read_notes(session, no, "chenguang.head", "还想看", town.now)

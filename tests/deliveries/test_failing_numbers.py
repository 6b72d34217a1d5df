"""Numbers that fail: flagged once, told to who can put them right, not used until then."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from models import AdminEntry, FailingNumber, Requester, Staff, Unit, begin_write, table
from rules.facts import Refused
from services.catalogue import catalogue
from services.deliveries.failing_numbers import clear, flag, flagged, listed
from services.deliveries.reports import report, restore
from services.intake.people import requester_key
from tests.support.mailroom import Mailroom
from tests.support.town import START, Town

_failing, _staff, _unit, _requester, _admin = table(FailingNumber), table(Staff), table(Unit), table(Requester), table(AdminEntry)


@pytest.fixture
def room(town: Town) -> Mailroom:
    return Mailroom(town)


def flag_it(room: Mailroom, recipient: str, kind: str = "phone", reason: str = "empty", code: str = "MK:0001") -> bool:
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        return flag(session, recipient, kind, reason, code, room.town.now)


def alarms(room: Mailroom) -> list:
    return [m for m in room.all() if m.dedupe_key.startswith("alarm:")]


def people(room: Mailroom) -> dict[int, str]:
    with room.town.context.database.unit_of_work() as session:
        return {p.id: p.name for p in catalogue(session).people.values()}


def test_the_head_of_the_unit_and_the_administrators_are_told_once(room: Mailroom) -> None:
    recipient = f"s{room.person()}"
    assert flag_it(room, recipient)
    assert not flag_it(room, recipient, code="again")
    names = people(room)
    assert {names[m.staff_id] for m in alarms(room)} == {"water.head", "admin"}
    room.turn()
    assert {m.state for m in alarms(room)} == {"delivered"}
    assert all("water.clerk" in m.wording and "空号或停机" in m.wording and "手机号" in m.wording for m in alarms(room))


def test_a_flagged_number_is_not_used_and_the_message_takes_another_way(room: Mailroom) -> None:
    flag_it(room, f"s{room.person()}")
    message = room.queue()
    room.turn()
    assert (room.message(message).state, room.message(message).error) == ("suppressed", "number_failing")
    assert [(m.channel, m.state) for m in room.all() if m.fallback_of_id == message] == [("email", "delivered")]


def test_a_number_that_was_cleared_is_used_again_and_flagging_it_anew_is_told_anew(room: Mailroom) -> None:
    recipient = f"s{room.person()}"
    flag_it(room, recipient)
    told = len(alarms(room))
    with room.town.context.database.unit_of_work() as session:
        assert clear(session, recipient, "phone", "admin", START)
        assert not clear(session, recipient, "phone", "admin", START)
    message = room.queue()
    room.turn()
    assert room.message(message).state == "delivered"
    assert flag_it(room, recipient)
    assert len(alarms(room)) == 2 * told


def test_each_address_of_a_person_stands_for_itself(room: Mailroom) -> None:
    recipient = f"s{room.person()}"
    flag_it(room, recipient, kind="email", reason="refused", code="550")
    with room.town.context.database.unit_of_work() as session:
        assert dict(flagged(session, [recipient, "s1"])) == {(recipient, "email"): "refused"}
        assert dict(flagged(session, [])) == {}
    message = room.queue()
    room.turn()
    assert room.message(message).state == "delivered"


def test_of_a_resident_the_centre_is_told_and_nobody_is_named(room: Mailroom) -> None:
    resident = room.resident()
    flag_it(room, f"r{resident}")
    names = people(room)
    assert {names[m.staff_id].split(".")[0] for m in alarms(room)} == {"centre"}
    assert {(m.about["person"], m.about["phone"]) for m in alarms(room)} == {(f"反映人（r{resident}）", "100****0077")}
    assert {m.about["command"] for m in alarms(room)} == {f"bihuan notify numbers clear r{resident}"}


def test_the_list_shows_whose_they_are_and_what_was_put_right_only_when_asked(room: Mailroom) -> None:
    clerk, resident = f"s{room.person()}", f"r{room.resident()}"
    flag_it(room, clerk)
    room.town.now += timedelta(minutes=1)
    flag_it(room, resident, reason="reissued", code="by centre.clerk")
    with room.town.context.database.unit_of_work() as session:
        clear(session, clerk, "phone", "water.head", START + timedelta(hours=1))
        open_ones, every = listed(session), listed(session, cleared=True)
    assert [(f.recipient, f.who, f.reason) for f in open_ones] == [(resident, "", "reissued")]
    assert [(f.recipient, f.who, f.cleared_by) for f in every] == [(resident, "", None), (clerk, "water.clerk", "water.head")]


# said by people -------------------------------------------------------------------------------------------------------


def say_it(room: Mailroom, who: str, kind: str = "phone", reason: str = "reissued", by: str = "centre.clerk") -> list[str]:
    with room.town.context.database.unit_of_work() as session:
        return report(session, who, kind, reason, by, START)


def test_somebody_who_says_not_me_is_found_by_the_number_whoever_s_it_is(room: Mailroom) -> None:
    phone = "10000000088"
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        session.execute(insert(_requester).values(key=requester_key(phone), phone=phone))
        session.execute(update(_staff).where(_staff.c.name == "water.clerk").values(phone="100 0000 0088"))
        session.execute(update(_unit).where(_unit.c.code == "water").values(duty_phone=phone))
    found = say_it(room, "+86 100-0000-0088")
    assert [recipient[0] for recipient in found] == ["s", "r", "u"]
    assert say_it(room, phone) == []
    with room.town.context.database.unit_of_work() as session:
        entries = session.execute(select(_admin).where(_admin.c.action == "number_flagged")).all()
    assert {e.actor for e in entries} == {"centre.clerk"}
    assert phone not in str([dict(e.data) for e in entries]) + str([e.subject for e in entries])


def test_a_number_is_named_by_user_unit_or_as_the_list_names_it(room: Mailroom) -> None:
    resident = room.resident()
    assert say_it(room, "water.clerk") == [f"s{room.person()}"]
    assert say_it(room, "water")[0].startswith("u")
    assert say_it(room, f"r{resident}") == [f"r{resident}"]


@pytest.mark.parametrize(
    ("who", "kind", "reason", "by", "code"),
    [
        ("10000009999", "phone", "reissued", "centre.clerk", "unknown_recipient"),
        ("r999", "phone", "reissued", "centre.clerk", "unknown_recipient"),
        ("nobody", "phone", "reissued", "centre.clerk", "unknown_recipient"),
        ("water.clerk", "pager", "reissued", "centre.clerk", "address_kind_wrong"),
        ("water.clerk", "phone", "lost", "centre.clerk", "number_reason_wrong"),
        ("water.clerk", "phone", "reissued", "nobody", "unknown_user"),
    ],
)
def test_what_cannot_be_is_refused(sqlite_town: Town, who: str, kind: str, reason: str, by: str, code: str) -> None:
    with sqlite_town.context.database.unit_of_work() as session, pytest.raises(Refused) as refused:
        report(session, who, kind, reason, by, START)
    assert refused.value.code == code


@pytest.mark.parametrize(("by", "may"), [("water.clerk", True), ("water.head", True), ("admin", True), ("housing.head", False)])
def test_a_number_is_put_back_in_use_by_its_owner_the_head_of_the_unit_or_an_administrator(room: Mailroom, by: str, may: bool) -> None:
    say_it(room, "water.clerk")
    with room.town.context.database.unit_of_work() as session:
        if may:
            assert restore(session, "water.clerk", "phone", by, START) == [f"s{room.person()}"]
            assert restore(session, "water.clerk", "phone", by, START) == []
        else:
            with pytest.raises(Refused, match="numbers_not_yours"):
                restore(session, "water.clerk", "phone", by, START)


def test_a_resident_s_number_is_put_back_in_use_by_the_centre(room: Mailroom) -> None:
    resident = f"r{room.resident()}"
    say_it(room, resident)
    with room.town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="numbers_not_yours"):
            restore(session, resident, "phone", "chenguang-1.worker", START)
        assert restore(session, resident, "phone", "centre.clerk", START) == [resident]

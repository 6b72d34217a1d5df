"""Somebody leaves in mid-case: who goes on, who is told, and that nothing is sent there any more."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from models import Absence, AdminEntry, Case, DutyRoster, Handover, Message, Staff, WorkOrder, table
from rules.facts import Refused
from services.audit import LAG, audit_clocks
from services.catalogue import catalogue, reference_changed
from services.duty import set_away, set_deputy
from services.people import handover, leaving, staff
from tests.support.sound import complaints
from tests.support.town import Town

_staff, _order, _roster = table(Staff), table(WorkOrder), table(DutyRoster)
DRAIN = ("下水道堵了", "晨光小区5号楼下水道堵了，污水外溢，臭死了")


def do(town: Town, work: Any) -> Any:
    with town.context.database.unit_of_work() as session:
        return work(session)


def hire(town: Town, user: str, unit: str, role: str = "clerk") -> int:
    post = staff.Post(user, unit, role, "经办二", "Second clerk", "10012345678", f"{user}@example.cn")
    do(town, lambda s: staff.take_on(s, post, "admin", town.now))
    return int(person(town, user).id)


def person(town: Town, user: str) -> Any:
    return town.rows(select(_staff).where(_staff.c.name == user))[0]


def handled_by(town: Town, user: str) -> tuple[int, str]:
    """A case whose lead's order somebody of the lead does."""
    case = town.reports(*DRAIN, source="hotline")
    town.turn()
    unit = next(o.code for o in town.orders(case) if o.lead)
    town.order(case, "acknowledge", f"{unit}.clerk")
    no = town.order_no(case)
    with town.context.database.unit_of_work() as session:
        mine = update(_order).where(_order.c.case_id == case, _order.c.no == no)
        session.connection().execute(mine.values(handler_id=person(town, user).id))
    return case, unit


def leave(town: Town, user: str, to: str | None, **at: Any) -> int:
    return int(do(town, lambda s: leaving.ask_leave(s, user, to, at.get("at", town.now), "admin", town.now)))


@pytest.fixture
def unit(town: Town) -> str:
    case = town.reports(*DRAIN, source="hotline")
    town.turn()
    return next(str(o.code) for o in town.orders(case) if o.lead)


def test_what_somebody_does_goes_to_the_other_and_nothing_is_sent_there_any_more(town: Town, unit: str) -> None:
    other, gone = f"{unit}.second", f"{unit}.clerk"
    second = hire(town, other, unit)
    case, _ = handled_by(town, gone)
    clocks = [tuple(c) for c in town.clocks(case)]
    town.turn()
    heard = len(town.heard(gone))
    leave(town, gone, other)
    town.turn()
    order = next(o for o in town.orders(case) if o.lead)
    assert order.handler_id == second
    assert [tuple(c) for c in town.clocks(case)] == clocks
    (entry,) = [e for e in town.journal(case) if e.action == "handed_over"]
    assert (entry.actor, entry.data) == ("admin", {"from": gone, "to": other, "orders": [order.no]})
    assert ("handed_to", other) in {(m.notice, m.name) for m in town.messages(case)}
    assert person(town, gone).left_at == town.now
    with pytest.raises(Refused, match="left"):
        town.order(case, "finish", gone, result="已疏通")
    town.fast_forward(days=30)
    assert len(town.heard(gone)) == heard
    assert len(town.heard(other)) > 0
    town_is_sound(town)
    assert [e.action for e in town.rows(select(table(AdminEntry)).order_by(table(AdminEntry).c.id))][-2:] == ["leave_asked", "staff_left"]


def town_is_sound(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        assert audit_clocks(session, town.now, LAG) == []
    assert complaints(town.context.database, town.now) == []


def test_deputies_duties_absences_and_lists_go_along(town: Town, unit: str) -> None:
    other, gone = f"{unit}.second", f"{unit}.clerk"
    second, first = hire(town, other, unit), person(town, gone)
    day = timedelta(days=1)
    stretches = [(town.now - day, town.now + day), (town.now + 2 * day, town.now + 3 * day), (town.now - 3 * day, town.now - 2 * day)]
    do(town, lambda s: set_deputy(s, f"{unit}.head", gone))
    do(town, lambda s: set_deputy(s, other, gone))
    do(town, lambda s: set_away(s, gone, town.now + 5 * day, None, "", town.now))
    number = do(town, lambda s: handover.prepare(s, gone, other, "", town.now))

    def rosters(session: Any) -> None:
        rows = [{"unit_id": first.unit_id, "staff_id": first.id, "since": a, "until": b} for a, b in stretches]
        session.connection().execute(insert(_roster), rows)
        reference_changed(session)

    do(town, rosters)
    found = do(town, lambda s: leaving.leaving(s, catalogue(s), catalogue(s).people[gone], town.now))
    assert (found.rosters, found.absences, found.handovers) == (2, 1, [number])
    assert found.deputies == sorted([f"{unit}.head", other])
    leave(town, gone, other)
    town.turn()
    assert person(town, f"{unit}.head").deputy_id == second
    assert person(town, other).deputy_id is None  # nobody is his own deputy
    with pytest.raises(Refused, match="left"):
        do(town, lambda s: set_deputy(s, other, gone))
    rows = town.rows(select(_roster).order_by(_roster.c.since))
    assert [(r.staff_id, r.since, r.until) for r in rows] == [
        (first.id, town.now - 3 * day, town.now - 2 * day),
        (first.id, town.now - day, town.now),
        (second, town.now, town.now + day),
        (second, town.now + 2 * day, town.now + 3 * day),
    ]
    assert town.rows(select(table(Absence))) == []
    assert town.rows(select(table(Handover)))[0].cancelled_at == town.now


def test_messages_that_wait_reach_the_other(town: Town, unit: str) -> None:
    other, gone = f"{unit}.second", f"{unit}.clerk"
    second = hire(town, other, unit)
    case = town.reports(*DRAIN, source="hotline")
    from flows.turn import turn
    from tasks.context import at_work

    with at_work(town.context):
        turn(town.now)  # the messages stay in the queue
    waiting = [m.id for m in town.messages(case) if m.name == gone]
    assert waiting
    leave(town, gone, other)
    town.turn()
    rows = town.rows(select(table(Message)).where(table(Message).c.id.in_(waiting)))
    assert {(m.staff_id, m.state) for m in rows} == {(second, "delivered")}


def test_a_reader_of_a_sensitive_case_is_taken_off_and_nobody_is_put_on(town: Town, unit: str) -> None:
    other, gone = f"{unit}.second", f"{unit}.clerk"
    hire(town, other, unit)
    case, _ = handled_by(town, gone)
    first, no = person(town, gone).id, town.order_no(case)
    kind = do(town, lambda s: next(iter(catalogue(s).sensitive)))
    values = {"sensitive": kind, "readers": [first, person(town, f"{unit}.head").id], "statutory_at": town.now}
    do(town, lambda s: s.connection().execute(update(table(Case)).where(table(Case).c.id == case).values(values)))
    found = do(town, lambda s: leaving.leaving(s, catalogue(s), catalogue(s).people[gone], town.now))
    assert found.readers == [town.case(case).no]
    leave(town, gone, other)
    town.turn()
    assert town.case(case).readers == [person(town, f"{unit}.head").id]
    assert [e.data for e in town.journal(case) if e.action == "handed_over"] == [{"from": gone, "to": None, "orders": [no], "reader": True}]
    assert next(o.handler_id for o in town.orders(case) if o.lead) is None  # the other one may not read it
    assert other not in {m.name for m in town.messages(case) if m.notice == "handed_to"}


def test_somebody_who_leaves_later_acts_until_then(town: Town, unit: str) -> None:
    other, gone = f"{unit}.second", f"{unit}.clerk"
    hire(town, other, unit)
    case, _ = handled_by(town, gone)
    moment = town.now + timedelta(hours=20)
    leave(town, gone, other, at=moment)
    with pytest.raises(Refused, match="leaves_already"):
        leave(town, gone, other)
    town.fast_forward(until=moment - timedelta(minutes=1))
    town.order(case, "contact", gone)
    town.fast_forward(until=moment)
    with pytest.raises(Refused, match="left"):
        town.order(case, "finish", gone, result="已疏通")
    town.order(case, "finish", other, result="已疏通")


@pytest.mark.parametrize(
    ("user", "to", "code"),
    [
        ("water.clerk", None, "last_clerk"),
        ("water.clerk", "urban.clerk", "not_of_one_unit"),
        ("water.clerk", "water.clerk", "own_successor"),
        ("water.clerk", "nobody", "unknown_user"),
        ("admin", "chenghu.leader", "last_admin"),
    ],
)
def test_who_cannot_leave_is_told_what_to_do(sqlite_town: Town, user: str, to: str | None, code: str) -> None:
    with pytest.raises(Refused) as refused:
        leave(sqlite_town, user, to)
    assert refused.value.code == code
    assert sqlite_town.rows(select(_staff).where(_staff.c.left_at.is_not(None))) == []


def test_nobody_leaves_open_work_behind_without_saying_whose_it_is(sqlite_town: Town) -> None:
    town = sqlite_town
    case = town.reports(*DRAIN, source="hotline")
    town.turn()
    unit = next(o.code for o in town.orders(case) if o.lead)
    hire(town, f"{unit}.second", unit)
    handled_by(town, f"{unit}.clerk")
    with pytest.raises(Refused) as refused:
        leave(town, f"{unit}.clerk", None)
    assert (refused.value.code, refused.value.details["count"]) == ("successor_wanted", 1)


def test_only_administrators_let_people_go_and_take_people_on(sqlite_town: Town) -> None:
    town = sqlite_town
    with pytest.raises(Refused, match="admins_only"):
        do(town, lambda s: leaving.ask_leave(s, "water.clerk", "water.head", town.now, "water.head", town.now))
    for post, code in (
        (staff.Post("water.clerk", "water", "clerk", "经办", "Clerk"), "user_taken"),
        (staff.Post("王五", "water", "clerk", "经办", "Clerk"), "user_wrong"),
        (staff.Post("water.second", "water", "king", "经办", "Clerk"), "role_wrong"),
        (staff.Post("water.second", "nowhere", "clerk", "经办", "Clerk"), "unknown_unit"),
        (staff.Post("water.second", "water", "clerk", "", "Clerk"), "name_missing"),
    ):
        with pytest.raises(Refused) as refused:
            do(town, lambda s, post=post: staff.take_on(s, post, "admin", town.now))
        assert refused.value.code == code


def test_a_list_of_people_names_no_phone_and_leaves_out_who_has_left(sqlite_town: Town) -> None:
    town = sqlite_town
    hire(town, "water.second", "water")
    leave(town, "water.clerk", "water.second")
    town.turn()

    def names(*, everybody: bool) -> list[str]:
        rows: list[Mapping[str, Any]] = do(town, lambda s: staff.staff(catalogue(s), "water", everybody=everybody))
        assert not {"phone", "email"} & set(rows[0])
        return [row["user"] for row in rows]

    assert names(everybody=False) == ["water.head", "water.second"]
    assert names(everybody=True) == ["water.clerk", "water.head", "water.second"]
    assert do(town, lambda s: staff.about(s, "water.second", town.now))["deputies"] == []

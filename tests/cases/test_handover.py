"""Handing a shift over: what is on the list, who has to sign, and from when on the other one answers for it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from models import Case, Handover, WorkOrder, table
from rules.facts import Refused
from services.people import handover
from tests.cases.test_leaving import do, handled_by, hire, person, unit  # noqa: F401 - unit is a fixture
from tests.support.sound import complaints
from tests.support.town import Town

_order, _handover = table(WorkOrder), table(Handover)


def prepare(town: Town, user: str, to: str, note: str = "") -> int:
    return int(do(town, lambda s: handover.prepare(s, user, to, note, town.now)))


def sign(town: Town, number: int, user: str) -> Any:
    return do(town, lambda s: handover.sign(s, number, user, town.now))


def shown(town: Town, number: int) -> Any:
    return do(town, lambda s: handover.shown(s, number))


def handler(town: Town, case: int) -> int | None:
    return next(o.handler_id for o in town.orders(case) if o.lead)


def test_who_hands_over_is_responsible_until_both_have_signed(town: Town, unit: str) -> None:  # noqa: F811
    giver, taker = f"{unit}.clerk", f"{unit}.second"
    second = hire(town, taker, unit)
    case, _ = handled_by(town, giver)
    number = prepare(town, giver, taker, "配件周一到")
    sign(town, number, giver)
    assert handler(town, case) == person(town, giver).id
    with pytest.raises(Refused, match="signed_already"):
        sign(town, number, giver)
    town.now += timedelta(minutes=5)
    assert sign(town, number, taker)["state"] == "signed"
    assert handler(town, case) == second
    (entry,) = [e for e in town.journal(case) if e.action == "handed_over"]
    assert (entry.actor, entry.data) == (taker, {"from": giver, "to": taker, "orders": [town.order_no(case)], "handover": number})
    assert ("handed_to", taker) in {(m.notice, m.name) for m in town.messages(case)}
    with pytest.raises(Refused, match="handover_over"):
        sign(town, number, taker)
    assert complaints(town.context.database, town.now) == []


def test_the_list_names_what_is_open_for_the_unit_and_what_is_ones_own(town: Town, unit: str) -> None:  # noqa: F811
    giver, taker = f"{unit}.clerk", f"{unit}.second"
    hire(town, taker, unit)
    own, _ = handled_by(town, giver)
    others, _ = handled_by(town, f"{unit}.head")
    number = prepare(town, giver, taker, "配件周一到")
    items = {item["case"]: item for item in shown(town, number)["items"]}
    assert town.case(others).no not in items
    mine = items[town.case(own).no]
    assert (mine["order"], mine["own"], mine["over"]) == (town.order_no(own), True, None)
    assert mine["due"] == min(c.due_at for c in town.clocks(own) if c.order_no == mine["order"] and c.stopped_at is None).isoformat()
    (waiting,) = [item for no, item in items.items() if no != town.case(own).no]
    assert (waiting["own"], waiting["remarks"]) == (False, ["not_acknowledged"])
    assert [row["number"] for row in do(town, lambda s: handover.listed(s, open_only=True))] == [number]


def test_a_desk_hands_over_what_waits_for_it(town: Town) -> None:
    hire(town, "centre.night", "centre", "dispatcher")
    case = town.reports("说不清的事", "想问问转学插班的手续怎么走", source="hotline")
    town.turn()
    town.fast_forward(days=20)
    number = prepare(town, "centre.duty", "centre.night")
    (item,) = [i for i in shown(town, number)["items"] if i["case"] == town.case(case).no]
    assert (item["order"], item["clock"], item["remarks"]) == (None, "triage", ["overdue"])


def test_what_was_closed_meanwhile_is_marked_and_not_lost(town: Town, unit: str) -> None:  # noqa: F811
    giver, taker = f"{unit}.clerk", f"{unit}.second"
    hire(town, taker, unit)
    case, _ = handled_by(town, giver)
    number = prepare(town, giver, taker)
    for order in town.orders(case):
        worker = f"{order.code}.{'worker' if order.code.endswith(('-1', '-2')) else 'clerk'}"
        if order.state == "sent":
            town.order(case, "acknowledge", worker, order.code)
        town.order(case, "finish", worker, order.code, result="已疏通")
    town.turn()
    town.act(case, "pass_check", "centre.duty")
    town.turn()
    town.act(case, "rate", "resident", solved=True, score=5)
    town.turn()
    assert [i["over"] for i in shown(town, number)["items"] if i["case"] == town.case(case).no] == ["closed"]
    sign(town, number, giver)
    assert sign(town, number, taker)["state"] == "signed"


def test_a_list_that_leaves_out_ones_own_work_is_stale(town: Town, unit: str) -> None:  # noqa: F811
    giver, taker = f"{unit}.clerk", f"{unit}.second"
    hire(town, taker, unit)
    number = prepare(town, giver, taker)
    sign(town, number, giver)
    handled_by(town, giver)
    with pytest.raises(Refused) as refused:
        sign(town, number, taker)
    assert (refused.value.code, refused.value.details["count"]) == ("handover_stale", 1)
    with pytest.raises(Refused, match="handover_waits"):
        prepare(town, giver, taker)
    do(town, lambda s: handover.cancel(s, number, giver, town.now))
    again = prepare(town, giver, taker)
    town.now += timedelta(hours=25)
    with pytest.raises(Refused, match="handover_stale"):
        sign(town, again, giver)


def test_only_the_two_of_one_unit_sign(sqlite_town: Town) -> None:
    town = sqlite_town
    for user, to, code in (
        ("water.clerk", "urban.clerk", "not_of_one_unit"),
        ("water.clerk", "water.clerk", "own_successor"),
        ("water.clerk", "nobody", "unknown_user"),
    ):
        with pytest.raises(Refused) as refused:
            prepare(town, user, to)
        assert refused.value.code == code
    with pytest.raises(Refused, match="note_too_long"):
        prepare(town, "water.clerk", "water.head", "长" * 501)
    number = prepare(town, "water.clerk", "water.head")
    with pytest.raises(Refused, match="not_a_party"):
        sign(town, number, "urban.clerk")
    with pytest.raises(Refused, match="not_a_party"):
        do(town, lambda s: handover.cancel(s, number, "urban.clerk", town.now))
    with pytest.raises(Refused, match="unknown_handover"):
        sign(town, number + 1, "water.head")
    do(town, lambda s: handover.cancel(s, number, "admin", town.now))
    with pytest.raises(Refused, match="handover_over"):
        sign(town, number, "water.clerk")
    assert do(town, lambda s: handover.listed(s, open_only=True)) == []
    assert [row["state"] for row in do(town, handover.listed)] == ["cancelled"]


def restrict(town: Town, case: int, *readers: str) -> None:
    ids = [person(town, user).id for user in readers]
    of_case = update(table(Case)).where(table(Case).c.id == case)
    do(town, lambda s: s.connection().execute(of_case.values(sensitive="MINOR_HARM", readers=ids)))


def test_a_sensitive_case_goes_to_a_named_reader_only(town: Town, unit: str) -> None:  # noqa: F811
    giver, taker = f"{unit}.clerk", f"{unit}.second"
    hire(town, taker, unit)
    secret, _ = handled_by(town, giver)
    plain, _ = handled_by(town, giver)
    restrict(town, secret, giver)
    with pytest.raises(Refused) as refused:
        prepare(town, giver, taker)
    assert (refused.value.code, refused.value.details["cases"]) == ("taker_no_reader", town.case(secret).no)
    number = int(do(town, lambda s: handover.prepare(s, giver, taker, "", town.now, leave_out=True)))
    marked = {i["case"] for i in shown(town, number)["items"] if "left_out" in i["remarks"]}
    assert marked == {town.case(secret).no}
    sign(town, number, giver)
    restrict(town, plain, giver)
    with pytest.raises(Refused, match="taker_no_reader"):
        sign(town, number, taker)
    restrict(town, plain, giver, taker)
    sign(town, number, taker)
    assert handler(town, secret) == person(town, giver).id
    assert handler(town, plain) == person(town, taker).id


def test_a_desk_is_handed_to_a_dispatcher(sqlite_town: Town) -> None:
    town = sqlite_town
    hire(town, "centre.night", "centre", "clerk")
    number = prepare(town, "centre.duty", "centre.night")
    do(town, lambda s: handover.cancel(s, number, "centre.duty", town.now))
    town.reports("说不清的事", "想问问转学插班的手续怎么走", source="hotline")
    town.turn()
    with pytest.raises(Refused) as refused:
        prepare(town, "centre.duty", "centre.night")
    assert (refused.value.code, refused.value.details["count"]) == ("taker_no_dispatcher", 1)

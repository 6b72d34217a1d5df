"""小板凳议事会 (row 10): settled on the spot; 承租 30 %, 出租 70 %; what does not divide evenly; who does not sign, who does not pay."""

from typing import Any

import pytest

from rules.facts import Refused
from services.affairs.voices import Voice
from services.deliberation import Agreement, Called, HandedOut, Share, Term, agree, call, fail
from services.moves import Setting
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

TENANT, LANDLORD, COURIER = "10000000021", "10000000022", "10000000023"


def calls(town: Town, user: str, called: Called, *cases: str) -> str:
    with town.context.database.unit_of_work() as session:
        return call(session, called, town.actor(user), Setting(town.now), cases).no


def agrees(town: Town, no: str, user: str, text: str, **what: Any) -> HandedOut:
    with town.context.database.unit_of_work() as session:
        return agree(session, no, Agreement(text, **what), town.actor(user), Setting(town.now))


def drain(town: Town, *, source: str = "resident", phone: str = "10000000001") -> int:
    case = town.reports("下水道堵塞，污水漫到楼道", area="chenguang-1", source=source, phone=phone)
    town.turn()
    if town.state(case) in ("accepted", "filed"):
        town.act(case, "file" if town.state(case) == "accepted" else "refile", "centre.duty", category="A01", urgency="P1")
        town.turn()
    if town.state(case) == "reporting":
        town.act(case, "dispatch", "centre.duty", lead=town.unit_id("water"))
    assert town.state(case) == "dispatched"
    return case


def closes(town: Town, case: int, phone: str) -> None:
    town.turn()
    if town.state(case) == "handled":
        town.act(case, "pass_check", "hubin.clerk", result="现场看过")
    town.fast_forward(until=lambda: town.state(case) == "fed_back")
    town.act(case, "rate", f"resident:{phone}", solved=True, score=5)
    town.turn()
    assert town.state(case) == "closed"


def voice_of(town: Town, no: str, role: str) -> int:
    return int(next(p["no"] for p in seen(town, no).parts if p["thing"] == "voice" and p["role"] == role))


def terms(town: Town, no: str) -> list[dict[str, Any]]:
    return [p for p in seen(town, no).parts if p["thing"] == "term"]


def test_a_blocked_sewer_is_settled_on_the_spot(town: Town) -> None:
    """森工大厦: neighbours, property company and the drain unit sit down in the yard; the drain runs the same day."""
    case = drain(town)
    no = town.case(case).no
    people = [
        Voice(unit="water", role="drain"),
        Voice(unit="chenguang-estate", role="property"),
        Voice(phone="10000000001", role="resident"),
    ]
    bench = calls(town, "chenguang.clerk", Called("森工大厦下水道堵塞", "bench", people, at="2026-11-20T16:00+08:00", place="楼下空地"), no)
    assert bench.startswith("YS-")
    town.turn()
    assert any("11-20 16:00" in text for text in town.heard("resident:10000000001", case))
    with pytest.raises(Refused, match="wrong_state"):
        agrees(town, bench, "chenguang.clerk", "先开会再签")
    numbers = [p["no"] for p in seen(town, bench).parts]
    does(town, bench, "hold_meeting", "chenguang.clerk", minutes="主管道由排水中心疏通，住户清理厨余", present=numbers)
    done = agrees(
        town, bench, "chenguang.clerk", "当天疏通", terms=[Term("疏通主管道", unit="water", limit="1wd")], sign=(numbers[0],), at_table=True
    )
    assert (done.ordered, done.waiting) == (["water"], {}), "the unit has the work order already: no second one"
    assert seen(town, bench).affair["state"] == "agreed"
    town.order(case, "acknowledge", "water.clerk", "water")
    assert len(town.orders(case)) >= 1
    town.order(case, "finish", "water.clerk", "water", result="主管道已疏通，16:40 排水正常")
    found = seen(town, bench)
    assert (found.affair["state"], [t["state"] for t in terms(town, bench)]) == ("fulfilled", ["done"])
    assert found.affair["ended_at"].date() == town.case(case).submitted_at.date(), "the same day"
    assert found.clocks == []
    for order in town.orders(case):
        if order.state == "sent":
            town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        if order.state in ("sent", "working"):
            town.order(case, "finish", f"{order.code}.clerk", order.code, result="已配合")
    closes(town, case, "10000000001")
    assert complaints(town.context.database, town.now) == []


def split_bill(town: Town, amount_fen: int) -> tuple[int, str]:
    """A courier's photo of the drain behind the kindergarten; tenant and landlord share the bill 30 to 70."""
    case = drain(town, source="courier", phone=COURIER)
    people = [Voice(phone=TENANT, role="tenant"), Voice(phone=LANDLORD, role="landlord"), Voice(user="chenguang.head", role="host")]
    bench = calls(town, "chenguang.clerk", Called("幼儿园后门排水沟", "bench", people), town.case(case).no)
    present = [p["no"] for p in seen(town, bench).parts]
    does(town, bench, "hold_meeting", "chenguang.clerk", minutes="排水沟由商户油污堵塞，疏通并加装隔油池", present=present)
    tenant, landlord = voice_of(town, bench, "tenant"), voice_of(town, bench, "landlord")
    with pytest.raises(Refused, match="shares_not_whole") as refused:
        agrees(town, bench, "chenguang.clerk", "三七", shares=[Share(tenant, 3000), Share(landlord, 6000)], amount_fen=amount_fen)
    assert refused.value.details == {"sum": "90"}
    agrees(town, bench, "chenguang.clerk", "承租30%，出租70%", shares=[Share(tenant, 3000), Share(landlord, 7000)], amount_fen=amount_fen)
    return case, bench


def test_tenant_30_landlord_70_both_pay_and_the_case_is_closed(town: Town) -> None:
    case, bench = split_bill(town, 100_000)
    assert seen(town, bench).affair["state"] == "signing"
    town.turn()
    assert any("签字" in text for text in town.heard(f"resident:{TENANT}", case))
    with pytest.raises(Refused, match="not_at_this_point"):
        does(town, bench, "fulfil_term", f"resident:{TENANT}", terms(town, bench)[0]["no"], result="收据 01")
    does(town, bench, "sign_agreement", f"resident:{TENANT}", voice_of(town, bench, "tenant"))
    landlord = voice_of(town, bench, "landlord")
    with pytest.raises(Refused, match="not_yours"):
        does(town, bench, "sign_agreement", f"resident:{TENANT}", landlord)
    with pytest.raises(Refused, match="paper_missing"):
        does(town, bench, "sign_agreement", "chenguang.clerk", landlord)
    assert [c["part_no"] for c in seen(town, bench).clocks if c["kind"] == "assent"] == [landlord]
    town.fast_forward(days=4)
    assert any("确认" in text for text in town.heard(f"resident:{LANDLORD}", case)), "who has not signed is reminded"
    does(town, bench, "sign_agreement", "chenguang.clerk", landlord, paper="纸质协议存社区档案盒")
    assert [c["kind"] for c in seen(town, bench).clocks] == ["fulfil", "fulfil"]
    first, second = terms(town, bench)
    with pytest.raises(Refused, match="evidence_of_term_missing"):
        does(town, bench, "fulfil_term", f"resident:{TENANT}", first["no"])
    does(town, bench, "fulfil_term", f"resident:{TENANT}", first["no"], result="收据 01")
    town.order(case, "acknowledge", "water.clerk", "water")
    does(town, bench, "fulfil_term", f"resident:{LANDLORD}", second["no"], result="转账回单 02")
    found = seen(town, bench)
    voices = {p["role"]: (p["share_bp"], p["amount_fen"], p["state"]) for p in found.parts if p["thing"] == "voice"}
    assert voices == {"tenant": (3000, 30_000, "signed"), "landlord": (7000, 70_000, "signed"), "host": (None, None, "present")}
    assert [(t["share_bp"], t["amount_fen"], t["state"], t["words"]) for t in terms(town, bench)] == [
        (3000, 30_000, "done", "收据 01"),
        (7000, 70_000, "done", "转账回单 02"),
    ]
    assert (found.affair["state"], found.affair["amount_fen"], found.affair["data"]["split"]) == (
        "fulfilled",
        100_000,
        {"exact": True, "rounded": {}},
    )
    town.turn()
    assert any("可以办结" in text for text in town.heard("water.clerk", case)), "the lead hears that it may finish"
    for order in town.orders(case):
        if order.state == "sent":
            town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="隔油池已装好")
    closes(town, case, COURIER)
    assert complaints(town.context.database, town.now) == []


def test_an_amount_that_does_not_divide_evenly_is_told_and_who_declines_sends_it_back(town: Town) -> None:
    case, bench = split_bill(town, 99_999)
    tenant, landlord = voice_of(town, bench, "tenant"), voice_of(town, bench, "landlord")
    found = seen(town, bench)
    assert [t["amount_fen"] for t in terms(town, bench)] == [30_000, 69_999]
    assert found.affair["data"]["split"] == {"exact": False, "rounded": {str(tenant): 300, str(landlord): -300}}
    does(town, bench, "decline_to_sign", f"resident:{LANDLORD}", landlord, reason="说好的是六四")
    found = seen(town, bench)
    assert (found.affair["state"], [t["state"] for t in terms(town, bench)]) == ("held", ["waived", "waived"])
    town.turn()
    assert any("不签字" in text for text in town.heard("chenguang.clerk", case))
    shares = [Share(tenant, 4000), Share(landlord, 6000)]
    agrees(town, bench, "chenguang.clerk", "承租40%，出租60%", shares=shares, amount_fen=99_999, at_table=True)
    assert [(t["state"], t["amount_fen"]) for t in terms(town, bench)][2:] == [("due", 40_000), ("due", 59_999)]
    town.fast_forward(days=18)  # nobody pays: both are told, and so is the community
    assert any("履约" in text and "还没登记" in text for text in town.heard("chenguang.clerk", case))
    assert any("履约" in text for text in town.heard(f"resident:{TENANT}", case))
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="sides_missing"):
        fail(session, bench, "mediation", "都不付款", town.actor("chenguang.clerk"), Setting(town.now))
    with town.context.database.unit_of_work() as session:
        actor, sides = town.actor("chenguang.clerk"), (tenant, landlord)
        dispute = fail(session, bench, "mediation", "都不付款", actor, Setting(town.now), sides=sides, kind="tenancy")
    assert dispute is not None
    opened = seen(town, dispute)
    assert (seen(town, bench).affair["state"], opened.affair["state"], opened.affair["form"]) == ("failed", "raised", "tenancy")
    assert [p["data"] for p in opened.parts] == [{"side": True}, {"side": True}]
    assert complaints(town.context.database, town.now) == []

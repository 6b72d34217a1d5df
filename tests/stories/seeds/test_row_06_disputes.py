"""矛盾纠纷推送督办、分流调处；警网融合 (row 6): from 110 to the grid, settled, confirmed, followed up; another goes to court."""

from datetime import timedelta

import pytest

from rules.facts import Refused
from services.affairs import Began
from services.affairs.voices import Voice
from services.deliberation import Agreement, Term, agree
from services.disputes import Raised, raise_dispute, standing
from services.moves import Setting
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

UPSTAIRS, DOWNSTAIRS = "10000000061", "10000000062"
SIDES = (Voice(phone=UPSTAIRS, role="party", label="楼上"), Voice(phone=DOWNSTAIRS, role="party", label="楼下"))


def raises(town: Town, user: str, raised: Raised, *cases: str, area: str | None = "chenguang-1") -> Began:
    with town.context.database.unit_of_work() as session:
        return raise_dispute(session, raised, town.actor(user), Setting(town.now), cases, area)


def part(town: Town, no: str, thing: str, state: str | None = None) -> int:
    return int(next(p["no"] for p in seen(town, no).parts if p["thing"] == thing and state in (None, p["state"])))


def sits(town: Town, no: str, minutes: str) -> None:
    does(town, no, "set_sitting", "chenguang.clerk", at=(town.now + timedelta(days=1)).isoformat(), place="社区说事室")
    town.fast_forward(days=1)
    does(town, no, "hold_sitting", "chenguang.clerk", part(town, no, "sitting", "set"), minutes=minutes)


def test_a_quarrel_comes_from_110_and_holds(town: Town) -> None:
    raised = Raised("楼上漏水引发争吵", "neighbours", SIDES, unit="chenguang", source="police_110", reference="110-20261120-0381")
    began = raises(town, "police-hubin.clerk", raised)
    no = began.no
    assert no.startswith("JF-")
    town.turn()
    assert any(no in text for text in town.heard("chenguang.clerk")), "pushed to the community"
    with town.context.database.unit_of_work() as session:
        assert standing(session, no).waits_for_us == ["police_110"]
    does(town, no, "take_up_dispute", "chenguang.clerk", room="社区说事室")
    police = town.unit_id("police-hubin")
    with pytest.raises(Refused, match="not_in_dispute"):
        does(town, no, "act_jointly", "rongyin.clerk", way="collect", words="听说的", unit=police)
    does(town, no, "act_jointly", "chenguang-1.worker", way="collect", words="漏水三周，天花板水渍两处", unit=police)
    fact = part(town, no, "joint")
    with pytest.raises(Refused, match="not_yours"):
        does(town, no, "check_joint", "chenguang-1.worker", fact)
    does(town, no, "check_joint", "police-hubin.clerk", fact)
    with town.context.database.unit_of_work() as session:
        assert (standing(session, no).checked, standing(session, no).one_sided) == (1, 0), "a fact with two signatures"
    resident = next(p["requester_id"] for p in seen(town, no).parts if p["title"] == "楼上")
    with pytest.raises(Refused, match="mediator_is_party"):
        does(town, no, "name_mediators", "chenguang.clerk", voices=({"resident": resident},))
    does(town, no, "name_mediators", "chenguang.clerk", voices=({"unit": town.unit_id("justice-hubin")},))
    sits(town, no, "双方各说各的，约定先查漏点")
    sits(town, no, "查明楼上阳台管道，楼上愿修")
    agrees_on = Agreement("楼上三日内修好管道，楼下自理墙面", terms=[Term("修好阳台管道", voice=1, limit="3wd")])
    with town.context.database.unit_of_work() as session:
        agree(session, no, agrees_on, town.actor("chenguang.clerk"), Setting(town.now))
    sides = [p["no"] for p in seen(town, no).parts if p["data"].get("side")]
    for user, side in ((UPSTAIRS, sides[0]), (DOWNSTAIRS, sides[1])):
        does(town, no, "sign_agreement", f"resident:{user}", side)
    agreed = town.now
    found = seen(town, no)
    assert found.affair["state"] == "agreed"
    assert sorted(c["kind"] for c in found.clocks) == ["follow_up", "follow_up", "fulfil", "judicial"]
    window = next(c["due_at"] for c in found.clocks if c["kind"] == "judicial")
    assert timedelta(days=30) < window - agreed <= timedelta(days=31), "to the end of the thirtieth day"
    does(town, no, "fulfil_term", f"resident:{UPSTAIRS}", part(town, no, "term"), result="物业查验不再漏水")
    with pytest.raises(Refused, match="both_sides_ask"):
        does(town, no, "ask_court", "chenguang.clerk", part(town, no, "judicial"), sides=sides[:1])
    town.fast_forward(until=agreed + timedelta(days=7))
    does(town, no, "visit", "chenguang.clerk", part(town, no, "sitting", "to_visit"), kept=True, result="两家相安无事")
    town.fast_forward(until=agreed + timedelta(days=18))
    does(town, no, "ask_court", "chenguang.clerk", part(town, no, "judicial"), sides=sides)
    assert next(c["limit"] for c in seen(town, no).clocks if c["kind"] == "solve") == "360h", "the court has fifteen days"
    town.fast_forward(until=agreed + timedelta(days=20))
    with pytest.raises(Refused, match="reference_missing"):
        does(town, no, "confirm_court", "chenguang.clerk", part(town, no, "judicial"))
    does(town, no, "confirm_court", "chenguang.clerk", part(town, no, "judicial"), reference="（2026）澄民特 118 号")
    assert seen(town, no).affair["state"] == "agreed", "one visit is still to be made"
    town.fast_forward(until=agreed + timedelta(days=30))
    does(town, no, "visit", "chenguang.clerk", part(town, no, "sitting", "to_visit"), kept=True, result="仍然相安")
    found = seen(town, no)
    states = {
        thing: sorted(p["state"] for p in found.parts if p["thing"] == thing) for thing in ("sitting", "judicial", "joint", "diversion")
    }
    assert (found.affair["state"], found.clocks) == ("settled", [])
    assert states == {
        "sitting": ["held", "held", "visited", "visited"],
        "judicial": ["confirmed"],
        "joint": ["checked"],
        "diversion": ["told"],
    }
    town.turn()
    assert any("已办结" in text for text in town.heard("police-hubin.clerk")), "110 hears what became of it"
    told = town.heard(f"resident:{DOWNSTAIRS}")
    assert any("法院已确认" in text for text in told)
    assert not any("调解" in text for text in told), "the words of short messages are neutral"
    assert complaints(town.context.database, town.now) == []


def test_one_that_goes_to_court_is_diverted_and_not_handled_twice(town: Town) -> None:
    case = town.reports("楼下饭店欠房租，房东锁门")
    town.turn()
    case_no = town.case(case).no
    with pytest.raises(Refused, match="handled_elsewhere"):
        raises(town, "chenguang.clerk", Raised("房租纠纷", "tenancy", SIDES, pending="court"), case_no)
    no = raises(town, "chenguang.clerk", Raised("房租纠纷", "tenancy", SIDES), case_no).no
    does(town, no, "take_up_dispute", "chenguang.clerk")
    does(town, no, "divert_dispute", "chenguang.clerk", to="justice_office", unit=town.unit_id("justice-hubin"), reason="请先行指导")
    does(town, no, "return_dispute", "justice-hubin.clerk", part(town, no, "diversion", "sent"), reason="标的较大，建议诉讼")
    assert seen(town, no).affair["state"] == "talking", "it came back, and says why"
    does(town, no, "set_sitting", "chenguang.clerk", at=(town.now + timedelta(days=2)).isoformat())
    does(town, no, "divert_dispute", "chenguang.clerk", to="court", reason="房东已起诉")
    court = part(town, no, "diversion", "sent")
    with town.context.database.unit_of_work() as session:
        assert standing(session, no).with_body == "court"
    for action, args in (
        ("set_sitting", {"at": town.now.isoformat()}),
        ("agree", {"text": "私下再谈"}),
        ("divert_dispute", {"to": "court", "reason": "再送"}),
    ):
        with pytest.raises(Refused, match="handled_elsewhere"):
            does(town, no, action, "chenguang.clerk", **args)
    with pytest.raises(Refused, match="handled_elsewhere"):
        raises(town, "chenguang.clerk", Raised("同一件再开", "tenancy", SIDES), case_no)
    assert [c["kind"] for c in seen(town, no).clocks] == ["assent"], "we wait for the court to take it, under a clock"
    does(town, no, "take_over", "chenguang.clerk", court, reference="（2026）澄民初 77 号")
    assert [c["kind"] for c in seen(town, no).clocks] == ["solve"]
    does(town, no, "resolve_there", "chenguang.clerk", court, result="判令支付租金")
    found = seen(town, no)
    assert (found.affair["state"], found.affair["result"]) == ("elsewhere", "判令支付租金")
    assert [p["state"] for p in found.parts if p["thing"] == "diversion"] == ["returned", "resolved"]
    assert [p["state"] for p in found.parts if p["thing"] == "sitting"] == ["called_off"]
    assert complaints(town.context.database, town.now) == []


def test_a_window_that_nobody_uses_lapses_and_what_is_not_kept_is_talked_over_again(town: Town) -> None:
    no = raises(town, "chenguang.clerk", Raised("阳台滴水", "neighbours", SIDES)).no
    does(town, no, "take_up_dispute", "chenguang.clerk")
    with town.context.database.unit_of_work() as session:
        agree(session, no, Agreement("各退一步", at_table=True), town.actor("chenguang.clerk"), Setting(town.now))
    town.fast_forward(days=32)
    window = next(p for p in seen(town, no).parts if p["thing"] == "judicial")
    assert (window["state"], window["done_by"]) == ("not_asked", "system")
    does(town, no, "visit", "chenguang.clerk", part(town, no, "sitting", "to_visit"), kept=False, result="又滴水了")
    found = seen(town, no)
    assert (found.affair["state"], [c["kind"] for c in found.clocks]) == ("talking", ["mediate"])
    does(town, no, "fail_dispute", "chenguang.clerk", reason="双方不愿再谈")
    assert seen(town, no).clocks == []
    case = raises(town, "chenguang.clerk", Raised("家庭内部矛盾", "domestic_violence", SIDES)).case_id
    assert town.case(case).sensitive == "domestic_violence"
    with pytest.raises(Refused, match="restricted"):
        town.act(case, "open_dispute", "rongyin.clerk", title="打听", kind="family")
    assert complaints(town.context.database, town.now) == []

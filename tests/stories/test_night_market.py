"""Nine residents report one night market in nine wordings: one case, all nine told and asked, one split off again."""

from datetime import timedelta

import pytest

from rules.facts import Refused
from services.audit import audit_clocks
from services.why import Which, explain
from tests.support.sound import complaints
from tests.support.town import Town

WORDINGS = (
    "桥东夜市每天吵到后半夜，根本没法睡",
    "楼下夜市喇叭声太大，孩子第二天上学都起不来",
    "桥东夜市烧烤摊划拳喧哗，凌晨一点还不散",
    "夜市音响扰民，希望管管",
    "每晚桥东那排夜宵摊又唱又闹",
    "桥东路夜市噪音扰民，报过警也没用",
    "夜市摊主放音乐揽客，吵得心脏病都犯了",
    "窗户正对桥东夜市，十二点以后还是人声鼎沸",
    "桥东夜市旁边空地还有人夜里砸酒瓶",
)


def phone(n: int) -> str:
    return f"1000000010{n}"


def test_nine_reports_of_one_night_market(town: Town) -> None:
    first = town.reports(WORDINGS[0], area="qiaodong-1", phone=phone(1))
    town.turn()
    if town.state(first) == "accepted":
        town.act(first, "file", "centre.duty", category="F01", urgency="P2")
        town.turn()
    others = [town.reports(words, area="qiaodong-1", phone=phone(n)) for n, words in enumerate(WORDINGS[1:], start=2)]
    town.turn()
    no = town.case(first).no
    for case in others:
        if town.case(case).urgency == "P0":  # words of anger: as an emergency it would not go into an ordinary case
            town.act(case, "file", "centre.duty", category="F01", urgency="P2")
        town.act(case, "merge", "centre.duty", into=first)
    town.turn()
    assert {town.state(case) for case in others} == {"merged"}
    for n in range(2, 10):
        assert any(no in text for text in town.heard(f"resident:{phone(n)}")), "each hears under which number it goes on"
    stray = others[-1]
    town.act(stray, "split_off", "centre.duty", reason="砸酒瓶是另一件事")
    assert town.state(stray) == "accepted"
    town.turn()
    assert any("单独" in text for text in town.heard(f"resident:{phone(9)}"))
    _handle(town, first)
    for n in range(1, 9):
        assert any("已办完" in text for text in town.heard(f"resident:{phone(n)}", first)), "all who reported are told"
    assert not any("已办完" in text for text in town.heard(f"resident:{phone(9)}")), "whose case was split off waits for its own"
    for n in range(1, 8):
        town.act(first, "rate", f"resident:{phone(n)}", solved=True, score=4)
        assert town.state(first) == "fed_back", "the others are still asked"
    with pytest.raises(Refused, match="rated_already"):
        town.act(first, "rate", f"resident:{phone(1)}", solved=True, score=5)
    with pytest.raises(Refused, match="not_yours"):
        town.act(first, "rate", f"resident:{phone(9)}", solved=True, score=5)
    town.act(first, "rate", f"resident:{phone(8)}", solved=False, score=2)
    town.turn()
    row = town.case(first)
    assert (row.state, row.solved, row.score) == ("evaluated", False, 2), "one who is not satisfied is looked at"
    town.act(first, "rework", "centre.duty", reason="夜里仍有噪声")
    assert town.state(first) == "handling"
    assert complaints(town.context.database, town.now) == []


def _handle(town: Town, case: int) -> None:
    for order in town.orders(case):
        if order.state == "sent":
            town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    for order in town.orders(case):
        if order.state == "working":
            town.order(case, "finish", f"{order.code}.clerk", order.code, result="已要求零点前收摊并拆除音响")
    town.turn()
    if town.state(case) == "handled":
        town.act(case, "pass_check", "centre.duty")
    town.turn()
    assert town.state(case) == "fed_back"


def test_the_earliest_clock_holds_and_is_given_back(town: Town) -> None:
    older = town.reports("桥东夜市噪音扰民", area="qiaodong-1", phone=phone(1))
    town.turn()
    town.now += timedelta(hours=3)
    younger = town.reports("夜市吵得睡不着", area="qiaodong-1", phone=phone(2))
    town.turn()
    for case in (older, younger):
        if town.state(case) == "accepted":
            town.act(case, "file", "centre.duty", category="F01", urgency="P2")
            town.turn()
    first, second = (town.open_clock(case, "overall").due_at for case in (older, younger))
    assert first <= second
    handle = town.open_clock(younger, "handle", town.orders(younger)[0].code).due_at
    town.act(older, "merge", "centre.duty", into=younger)
    assert town.open_clock(younger, "overall").due_at == first, "the earlier promise holds"
    _explained(town, younger)
    assert [c for c in town.clocks(older) if c.stopped_at is None and c.kind != "recheck"] == []
    town.turn()
    town.act(older, "split_off", "centre.duty", reason="不是一家夜市")
    assert town.open_clock(younger, "overall").due_at == second, "what merging had cut is given back"
    assert town.open_clock(younger, "handle", town.orders(younger)[0].code).due_at == handle
    _explained(town, younger)
    town.turn()
    assert complaints(town.context.database, town.now) == []


def _explained(town: Town, case: int) -> None:
    """Why it is due when it is: recomputed, the same moment; and the auditor finds nothing."""
    with town.context.database.unit_of_work() as session:
        told = explain(session, town.case(case).no, town.now, Which(None, None, stopped=True))
        assert [e.kind for e in told if e.agrees is False] == []
        assert audit_clocks(session, town.now, timedelta(minutes=1)) == []


def test_what_cannot_be_merged(town: Town) -> None:
    older = town.reports("有件事想反映", area="qiaodong-1", phone=phone(1))
    town.now += timedelta(minutes=5)
    younger = town.reports("也有件事想反映", area="qiaodong-1", phone=phone(2))
    town.turn()
    with pytest.raises(Refused, match="merge_into_the_earlier"):
        town.act(older, "merge", "centre.duty", into=younger)
    with pytest.raises(Refused, match="merge_target_missing"):
        town.act(younger, "merge", "centre.duty", into=younger)
    town.act(younger, "restrict", "centre.duty", kind="officials", reason="反映公职人员")
    with pytest.raises(Refused, match="merge_would_disclose"):
        town.act(younger, "merge", "centre.duty", into=older)
    town.act(older, "restrict", "centre.duty", kind="officials", reason="同一人")
    town.act(younger, "merge", "centre.duty", into=older)
    town.act(older, "decline", "centre.duty", reason="转纪检监察")
    with pytest.raises(Refused, match="merged_case_ended"):
        town.act(younger, "split_off", "centre.duty", reason="另一件")

"""线上征集 + 线下座谈，居民出一点 + 公共收益出一点 (row 26): a twenty-year-old estate decides on its new drains and who pays."""

import pytest

from rules.facts import Refused
from services.moves import Setting
from services.polls import Poll, answer, open_poll, poll_result
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

ALL, MAIN, NONE = "全部换新", "只换主管", "暂不改造"
FUNDING = ({"source": "residents", "bp": 3333}, {"source": "public_revenue", "bp": 3333}, {"source": "subsidy", "bp": 3334})


def asks(town: Town, **changed: object) -> str:
    given = {"closes": "2026-12-01T18:00+08:00", "options": (ALL, MAIN, NONE), "households": 240, "place": "建成二十年的晨光小区"}
    poll = Poll("老小区排水管怎么换", **(given | changed))  # type: ignore[arg-type]
    with town.context.database.unit_of_work() as session:
        return open_poll(session, poll, town.actor("chenguang.clerk"), Setting(town.now), area="chenguang").no


def answers(town: Town, no: str, n: int, choice: str, household: str = "") -> None:
    with town.context.database.unit_of_work() as session:
        answer(session, no, f"100000001{n:02d}", choice, Setting(town.now), household=household)


def test_an_estate_is_asked_online_and_in_talks_and_splits_the_bill(town: Town) -> None:
    for changed, code in (
        ({"options": (ALL,)}, "options_unclear"),
        ({"closes": "2026-11-01T18:00+08:00"}, "poll_in_past"),
        ({"households": -1}, "households_unclear"),
    ):
        with pytest.raises(Refused, match=code):
            asks(town, **changed)
    no = asks(town)
    assert no.startswith("ZJ-")
    for n in range(12):
        answers(town, no, n, (ALL, ALL, MAIN)[n % 3], household=f"3-{n + 101}")
    with pytest.raises(Refused, match="answered_already"):
        answers(town, no, 0, NONE)
    with pytest.raises(Refused, match="answered_already"):
        answers(town, no, 50, NONE, household="3-101")
    with pytest.raises(Refused, match="choice_missing"):
        answers(town, no, 51, "拆了重建")
    talk = ({"choice": ALL, "households": 96}, {"choice": MAIN, "households": 40}, {"choice": NONE, "households": 20})
    does(town, no, "record_answers", "chenguang.clerk", how="talk", answers=talk, words="三场座谈，楼栋长主持")
    does(town, no, "record_answers", "chenguang.clerk", how="door", answers=({"choice": ALL, "household": "5-101"},))
    with pytest.raises(Refused, match="too_many_answers"):
        does(town, no, "record_answers", "chenguang.clerk", how="talk", answers=({"choice": ALL, "households": 100},))
    with pytest.raises(Refused, match="not_yours"):
        does(town, no, "record_answers", "rongyin.clerk", how="talk", answers=talk)
    with pytest.raises(Refused, match="wrong_state"):
        does(town, no, "decide_poll", "chenguang.clerk", result="提前定了")
    town.fast_forward(days=12)
    found = seen(town, no)
    assert (found.affair["state"], [c["kind"] for c in found.clocks]) == ("counted", ["solve"]), "closed by its moment, not by a person"
    with pytest.raises(Refused, match="wrong_state"):
        answers(town, no, 60, ALL)
    assert any("169/240户" in text for text in town.heard("chenguang.clerk"))
    with pytest.raises(Refused, match="shares_not_whole"):
        does(town, no, "decide_poll", "chenguang.clerk", result="全部换新", amount_fen=100, funding=FUNDING[:2])
    with pytest.raises(Refused, match="unknown_source_of_money"):
        does(town, no, "decide_poll", "chenguang.clerk", result="全部换新", amount_fen=100, funding=({"source": "luck", "bp": 10_000},))
    with pytest.raises(Refused, match="amount_missing"):
        does(town, no, "decide_poll", "chenguang.clerk", result="全部换新", funding=FUNDING)
    does(town, no, "decide_poll", "chenguang.clerk", result="全部换新，三家各出一点", amount_fen=36_000_001, funding=FUNDING)
    fund = next(p["no"] for p in seen(town, no).parts if p["role"] == "public_revenue")
    does(town, no, "pay_in", "chenguang.clerk", fund, result="公共收益账户划转凭证 7")
    with town.context.database.unit_of_work() as session:
        result = poll_result(session, no)
    assert (result.state, result.n, result.households, result.part_bp) == ("decided", 169, 240, 7041)
    assert result.options == {ALL: 105, MAIN: 44, NONE: 20}
    assert result.how == {"online": 12, "talk": 156, "door": 1}
    assert [(f["source"], f["share_bp"], f["amount_fen"], f["paid"]) for f in result.funding] == [
        ("residents", 3333, 11_998_800, False),
        ("public_revenue", 3333, 11_998_800, True),
        ("subsidy", 3334, 12_002_401, False),
    ]
    assert sum(f["amount_fen"] for f in result.funding) == 36_000_001
    assert result.rounded == {"residents": -333, "public_revenue": -333, "subsidy": 667}
    town.turn()
    assert any("结果" in text for text in town.heard("resident:10000000100"))
    assert complaints(town.context.database, town.now) == []

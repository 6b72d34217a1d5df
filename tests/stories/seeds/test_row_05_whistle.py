"""吹哨–报到 (row 5): a street whistles for three units, two come, one never does; both sides rate."""

import pytest

from rules.facts import Refused
from tests.support.beside import does, opens, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town


def test_three_units_are_called_and_one_never_comes(town: Town) -> None:
    town.turn()
    case = town.reports("夜间大排档油烟扰民，污水倒进雨水口，占道经营")
    town.turn()
    no = town.case(case).no
    called = tuple(town.unit_id(unit) for unit in ("urban", "water", "traffic"))
    began = opens(town, "hubin.clerk", "whistle", no, called=called, title="夜市现场联合处置", place="湖滨路口", limit="30m")
    assert began.no.startswith("CS-")
    town.turn()
    for unit in ("urban", "water", "traffic"):
        assert any(began.no in text for text in town.heard(f"{unit}.clerk", case)), unit
    does(town, began.no, "report_in", "urban.clerk", part_of(town, began.no, "urban"), way="on_site")
    with pytest.raises(Refused, match="not_yours"):
        does(town, began.no, "report_in", "urban.clerk", part_of(town, began.no, "water"), way="on_site")
    does(town, began.no, "report_in", "water.clerk", part_of(town, began.no, "water"), way="in_writing", words="已派泵车，20 分钟到")
    with pytest.raises(Refused, match="calls_open"):
        does(town, began.no, "end", "hubin.clerk", result="已劝离")
    town.fast_forward(hours=2)
    found = seen(town, began.no)
    assert [p["state"] for p in found.parts] == ["arrived", "arrived", "absent"]
    assert any("报到" in text and "超时" in text for text in town.heard("traffic.head", case)), "absence goes up the line"
    assert any("报到" in text and "超时" in text for text in town.heard("chenghu.leader", case)), "and further up"
    does(town, began.no, "rate_call", "hubin.clerk", part_of(town, began.no, "urban"), score=5)
    does(town, began.no, "rate_call", "hubin.clerk", part_of(town, began.no, "traffic"), score=1)
    does(town, began.no, "rate_caller", "urban.clerk", part_of(town, began.no, "urban"), score=4)
    does(town, began.no, "end", "hubin.clerk", result="摊位劝离，雨水口封堵，转日常巡查")
    found = seen(town, began.no)
    came = [p for p in found.parts if p["state"] == "arrived"]
    assert (found.affair["state"], len(found.parts), len(came)) == ("ended", 3, 2)
    assert [(p["score"], p["data"].get("caller_score")) for p in found.parts] == [(5, 4), (None, None), (1, None)]
    assert found.clocks == []
    assert complaints(town.context.database, town.now) == []


def test_one_whistle_on_two_cases_ends_when_all_are_there(town: Town) -> None:
    cases = [town.reports(text) for text in ("楼道堆满杂物，电动车上楼充电", "消防通道被私家车堵死")]
    town.turn()
    called = (town.unit_id("urban"), town.unit_id("traffic"))
    nos = [town.case(case).no for case in cases]
    began = opens(town, "chenguang.clerk", "whistle", *nos, called=called, title="消防通道联合清理")
    for unit in ("urban", "traffic"):
        does(town, began.no, "report_in", f"{unit}.clerk", part_of(town, began.no, unit), way="on_site")
    found = seen(town, began.no)
    assert (found.affair["state"], found.cases, found.clocks[0]["kind"]) == ("gathered", [nos[1]], "solve")
    assert "affair_opened" in [entry.action for entry in town.journal(cases[1])], "the other case knows of it"
    does(town, began.no, "end", "chenguang.clerk", result="通道已清空")
    assert complaints(town.context.database, town.now) == []

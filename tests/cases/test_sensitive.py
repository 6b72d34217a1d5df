"""Sensitive cases: named readers only, on the way through the loop as well, and the report that the law demands."""

import pytest

from rules.facts import Refused
from rules.sensitive import Words, sensitive_kind
from seeds import read
from tests.support.in_hand import told
from tests.support.sound import complaints
from tests.support.town import Town

WORDS = tuple(Words(k["code"], tuple(k["words"]), tuple(k["needs"]), tuple(k["excludes"])) for k in read("sensitive.toml")["kind"])


def test_words_give_a_sensitive_report_away() -> None:
    assert sensitive_kind("3栋有人家暴，孩子哭得很厉害", WORDS) == ("domestic_violence", "家暴")
    assert sensitive_kind("社区来了反家暴宣传车堵路", WORDS) is None
    assert sensitive_kind("下水道堵了", WORDS) is None


@pytest.fixture
def restricted(town: Town) -> tuple[Town, int]:
    case_id = town.reports("有件事想找人说说，不方便写在这里", area="chenguang-1")
    town.turn()
    town.act(case_id, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    return town, case_id


def test_only_named_readers_move_a_sensitive_case(restricted: tuple[Town, int]) -> None:
    town, case_id = restricted
    args = {"category": "F02", "urgency": "P1"}
    with pytest.raises(Refused, match="restricted"):
        town.act(case_id, "self_handle", "chenguang.clerk", result="劝过了", **args)
    town.act(case_id, "name_reader", "centre.head", person=town.person_id("chenguang.clerk"), reason="社区要上门")
    with pytest.raises(Refused, match="reads_already"):
        town.act(case_id, "name_reader", "centre.head", person=town.person_id("chenguang.clerk"), reason="再来一次")
    with pytest.raises(Refused, match="already_restricted"):
        town.act(case_id, "restrict", "centre.duty", kind="minor", reason="又一次")
    with pytest.raises(Refused, match="not_yours"):
        town.act(case_id, "unrestrict", "chenguang.clerk", reason="没事了")
    town.act(case_id, "file", "centre.duty", **args)


def test_the_report_that_the_law_demands_has_a_clock_until_it_is_made(restricted: tuple[Town, int]) -> None:
    town, case_id = restricted
    assert [c.kind for c in town.open_clocks(case_id) if c.kind == "statutory"] == ["statutory"]
    with pytest.raises(Refused, match="result_missing"):
        town.act(case_id, "report_statutory", "centre.duty")
    town.act(case_id, "report_statutory", "centre.duty", result="已报公安机关")
    assert "statutory" not in {c.kind for c in town.open_clocks(case_id)}
    with pytest.raises(Refused, match="no_statutory_report"):
        town.act(case_id, "report_statutory", "centre.duty", result="再报")
    assert complaints(town.context.database, town.now) == []


def test_who_works_on_it_is_named_and_nobody_else_hears_of_it(restricted: tuple[Town, int]) -> None:
    town, case_id = restricted
    town.act(case_id, "file", "centre.duty", category="F02", urgency="P1")
    town.turn()
    readers = set(town.case(case_id).readers)
    (lead,) = [o for o in town.orders(case_id) if o.lead]
    heard = {m.staff_id for m in town.messages(case_id) if m.staff_id is not None and m.seq > 2}
    assert heard <= readers, "a message went to somebody who may not know of it"
    assert {p.id for p in town.people_of(lead.unit_id)} & readers, "who has to act was named"


def test_a_kind_that_nobody_knows_and_lifting_it(restricted: tuple[Town, int]) -> None:
    town, case_id = restricted
    town.act(case_id, "unrestrict", "centre.head", reason="核实不涉及未成年人")
    assert (town.case(case_id).sensitive, town.case(case_id).readers) == (None, [])
    with pytest.raises(Refused, match="unknown_sensitive"):
        town.act(case_id, "restrict", "centre.duty", kind="nonsense", reason="x")
    with pytest.raises(Refused, match="not_restricted"):
        town.act(case_id, "name_reader", "centre.head", person=1, reason="x")


def test_the_section_and_the_person_who_do_the_work_are_named_and_can_finish_it(restricted: tuple[Town, int]) -> None:
    town, case_id = restricted
    town.act(case_id, "file", "centre.duty", category="F02", urgency="P1")
    town.act(case_id, "dispatch", "centre.duty", lead=town.unit_id("police"), override=True, reason="涉警")
    town.order(case_id, "acknowledge", "police.clerk", "police")
    town.order(case_id, "assign", "police.clerk", "police", section=town.unit_id("police-hubin"))
    assert "police-hubin.clerk" in told(town, case_id, "assigned")
    town.order(case_id, "urge", "centre.duty", "police", reason="孩子要上学")
    readers = set(town.case(case_id).readers)
    assert {m.staff_id for m in town.messages(case_id) if m.staff_id is not None and m.seq > 2} <= readers
    town.order(case_id, "finish", "police-hubin.clerk", "police", result="已处置")


def test_who_is_handed_a_sensitive_work_order_may_read_it(restricted: tuple[Town, int]) -> None:
    town, case_id = restricted
    town.act(case_id, "file", "centre.duty", category="F02", urgency="P1")
    town.act(case_id, "dispatch", "centre.duty", lead=town.unit_id("police"), override=True, reason="涉警")
    town.order(case_id, "acknowledge", "police.clerk", "police")
    handler = town.person_id("police-hubin.clerk")
    assert handler not in town.case(case_id).readers
    town.order(case_id, "hand_to", "police.clerk", "police", person=handler)
    assert handler in town.case(case_id).readers
    assert told(town, case_id, "handed_to") == ["police-hubin.clerk"]
    town.order(case_id, "finish", "police-hubin.clerk", "police", result="已处置")


def test_who_has_to_answer_a_supervision_order_is_named_when_it_is_signed_and_when_the_case_is_restricted(town: Town) -> None:
    case_id = town.reports("有件事想找人说说，不方便写在这里", area="chenguang-1")
    town.turn()
    town.supervise(case_id, "centre.duty", "hubin")
    town.sign(case_id, "sign", "centre.head")
    town.act(case_id, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    assert town.person_id("hubin.clerk") in town.case(case_id).readers
    town.supervise(case_id, "centre.duty", "water", demand="查看水管")
    assert town.person_id("water.clerk") not in town.case(case_id).readers, "nobody has signed it"
    town.sign(case_id, "sign", "centre.head")
    for user in ("water.clerk", "water.head"):
        assert town.person_id(user) in town.case(case_id).readers
    assert {"water.head", "water.clerk"} <= set(told(town, case_id, "order_signed"))
    town.sign(case_id, "reply", "water.clerk", result="已查看", after=("a" * 32,))

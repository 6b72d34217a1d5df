"""`bihuan request`, `bihuan hold`, `bihuan return`: for people and for programs, in both languages."""

import pytest


@pytest.fixture
def no(bihuan):
    """A case that its units are working on."""
    number = bihuan.submits()
    bihuan.engine_turns(number)
    shown = bihuan("case", "show", number, "--json").json
    for order in shown["orders"]:
        bihuan("act", number, "acknowledge", "--order", str(order["no"]), "--as", f"{order['unit']}.clerk")
    return number


def test_nothing_to_show_is_said(bihuan):
    assert "没有等着决定的申请" in bihuan("request", "list").out
    assert "没有在挂账的案件" in bihuan("hold", "list").out
    assert "没有退单" in bihuan("return", "list").out
    assert "在挂账 0 件" in bihuan("hold", "list", "--public").out
    assert bihuan("request", "list", "--json").json == []
    assert bihuan("hold", "list", "--json").json == []
    assert bihuan("return", "list", "--json").json["returns"] == []


def test_a_hold_from_the_request_to_the_ledger(bihuan, no):
    said = ("--code", "season", "--reason", "汛期后开挖")
    assert bihuan("act", no, "ask_hold", "--as", "water.clerk", *said).code == 0
    (waits,) = bihuan("request", "list", "--kind", "hold", "--json").json
    assert (waits["case"], waits["unit"], waits["decides_unit"], waits["clock"]) == (no, "water", "centre", "approve")
    shown = bihuan("request", "list").out
    assert all(words in shown for words in (no, "挂账", "受季节天气限制", "汛期后开挖"))
    assert bihuan("act", no, "approve_hold", "--as", "centre.duty").code == 0
    (held,) = bihuan("hold", "list", "--json").json
    assert (held["case"], held["code"], held["open"], held["beyond_cap"]) == (no, "season", True, False)
    assert no in bihuan("hold", "list").out
    public = bihuan("hold", "list", "--public").out
    assert "在挂账 1 件" in public
    assert no not in public
    assert bihuan("hold", "list", "--public", "--json").json["by_reason"] == {"season": 1}


def test_a_return_and_its_outcome(bihuan, no):
    unit = ("--order", "1", "--as", "water.clerk")
    assert bihuan("act", no, "ask_return", *unit, "--code", "not_our_area", "--reason", "已移交").code == 0
    assert bihuan("act", no, "reject_return", "--as", "centre.duty", "--reason", "仍归水务").code == 0
    shown = bihuan("return", "list").out
    assert all(words in shown for words in (no, "不在本辖区", "仍归水务", "100.0%"))
    found = bihuan("return", "list", "--unit", "water", "--json").json
    assert (found["returns"][0]["state"], found["all"]["rejected_rate"]) == ("refused", 1.0)
    assert "退过一次" not in bihuan("act", no, "ask_return", *unit, "--code", "too_vague", "--reason", "x").out


def test_kinds_and_what_does_not_exist(bihuan):
    kinds = bihuan("request", "kinds").out
    assert all(code in kinds for code in ("not_our_area", "owners_vote", "statutory_channel"))
    wrong = bihuan("request", "list", "--kind", "wish")
    assert (wrong.code, "wish" in wrong.err) == (1, True)
    assert bihuan("return", "list", "--unit", "moon").code == 1
    assert "Nothing waits" in bihuan("--lang", "en", "request", "list").out


def test_an_answer_to_who_asks_names_the_unit_that_decides(bihuan, no):
    asked = bihuan("act", no, "ask_hold", "--as", "water.clerk", "--code", "season", "--reason", "汛期后开挖")
    assert "社会治理中心" in asked.err
    returned = bihuan("act", no, "ask_return", "--order", "1", "--as", "water.clerk", "--code", "not_our_area", "--reason", "已移交")
    assert "社会治理中心" in returned.err

"""Looking at cases and acting on them."""

import re

import pytest

from services.moves import Setting


def test_a_case_through_the_whole_loop(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    orders = bihuan("case", "show", no, "--json").json["orders"]
    assert bihuan("act", no, "acknowledge", "--as", f"{orders[0]['unit']}.clerk").code == 0
    for order in orders:
        user = f"{order['unit']}.clerk"
        if not order["lead"]:
            bihuan("act", no, "acknowledge", "--as", user)
        assert bihuan("act", no, "finish", "--as", user, "--result", "已疏通").code == 0
    bihuan.engine_turns(no)
    own = bihuan("act", no, "pass-check", "--as", f"{orders[0]['unit']}.clerk")
    assert own.code == 1
    assert bihuan("act", no, "pass_check", "--as", "hubin.clerk").code == 0
    bihuan.engine_turns(no)
    rated = bihuan("act", no, "rate", "--as", "resident", "--solved", "--score", "5", "--json")
    assert rated.json["state"] == "evaluated"
    bihuan.engine_turns(no)
    story = bihuan("case", "show", no, "--json").json
    assert (story["state"], story["solved"], story["score"], story["result"]) == ("closed", True, 5, "已疏通")
    assert [s["step"] for s in story["steps"]] == ["collect", "triage", "report", "handle", "feedback", "evaluate"]
    assert all(s["since"] and s["until"] for s in story["steps"])
    assert story["held_by"][0]["unit"] == "centre"
    shown = bihuan("case", "show", no)
    for words in (no, "已结案", "六步", "流转轨迹", "工单", "时限", "记录", "消息", "已疏通"):
        assert words in shown.out


def test_what_the_table_refuses_is_said_in_words(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    refused = bihuan("act", no, "finish", "--as", "water.clerk", "--result", "好了")
    assert (refused.code, refused.out) == (1, "")
    assert "“待签收”" in refused.err
    assert "“办结”" in refused.err
    for arguments in (
        (no, "dance", "--as", "water.clerk"),
        (no, "acknowledge", "--as", "nobody"),
        (no, "acknowledge", "--as", "hubin.clerk"),
        (no, "dispatch", "--as", "centre.duty", "--lead", "nowhere"),
        (no, "send_down", "--as", "centre.duty", "--level", "moon"),
        (no, "sign", "--as", "chenghu.leader"),
        ("BH-19990101-0001", "file", "--as", "centre.duty"),
    ):
        answer = bihuan("act", *arguments)
        assert (answer.code, answer.err.count("\n")) == (1, 1), arguments


def test_the_climb_by_hand(bihuan):
    no = bihuan.submits("共享单车乱停乱放，人行道走不了", "--source", "grid_worker")
    bihuan.engine_turns(no)
    story = bihuan("case", "show", no, "--json").json
    assert (story["state"], story["level"]) == ("reporting", "grid")
    up = bihuan("act", no, "report_up", "--as", "chenguang-1.worker", "--json")
    assert up.json["waits_for"] == "chenguang"
    assert bihuan("act", no, "send_down", "--as", "chenguang.clerk", "--level", "grid", "--reason", "网格可办").code == 0
    done = bihuan("act", no, "handle_here", "--as", "chenguang-1.worker")
    assert "办理中" in done.out
    assert "finish" in done.err
    trail = [held["unit"] for held in bihuan("case", "show", no, "--json").json["held_by"]]
    assert trail[-3:] == ["chenguang-1", "chenguang", "chenguang-1"] or trail[-4:-1] == ["chenguang-1", "chenguang", "chenguang-1"]


def test_what_somebody_may_do_is_listed_with_what_it_needs(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    mine = bihuan("case", "show", no, "--as", "water.clerk", "--json").json
    own = {m["action"]: m for m in mine["moves"] if m["thing"] == "order"}
    assert (mine["state"], list(own)) == ("dispatched", ["acknowledge", "assign", "ask_return", "give_up", "hand_to"])
    assert {m["no"] for m in own.values()} == {1}
    assert own["assign"]["needs"] == ["section"]
    assert own["give_up"]["obstacle"] == "only_outside_units_give_up"
    others = bihuan("act", no, "acknowledge", "--as", "lianchi.clerk")
    assert others.code == 1, "who is below the same district is no section of the unit"
    centre = bihuan("case", "show", no, "--as", "centre.duty")
    assert "recall" in centre.out
    assert "--reason" in centre.out
    assert "没有可做的动作" in bihuan("case", "show", no, "--as", "admin").out
    bihuan("act", no, "acknowledge", "--as", "water.clerk")
    bihuan("act", no, "contact", "--as", "water.clerk")
    (contact,) = [m for m in bihuan("case", "show", no, "--as", "water.clerk", "--json").json["moves"] if m["action"] == "contact"]
    assert contact["obstacle"] == "already_contacted"
    nobody = bihuan("case", "show", no, "--as", "nobody")
    assert (nobody.code, "bihuan show users" in nobody.err) == (1, True)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [("units", "code", "water"), ("categories", "code", "A01"), ("sources", "code", "hotline"), ("users", "user", "centre.duty")],
)
def test_codes_can_be_looked_up(bihuan, name, key, value):
    assert value in [line[key] for line in bihuan("show", name, "--json").json]
    assert value in bihuan("show", name).out
    assert value in bihuan("show", name, "--lang", "en").out


def test_actions_can_be_looked_up(bihuan):
    lines = bihuan("show", "actions", "--json").json
    (hold,) = [line for line in lines if line["action"] == "hold"]
    assert (hold["in_state"], hold["who"], hold["needs"]) == ("handling", ["centre"], ["reason"])
    assert not [line for line in lines if line["action"] in ("deem_acknowledged", "waive_check", "redo")], "nobody asks for these"
    assert "--reason" in bihuan("show", "actions").out


def test_refusals_say_what_is_wrong_and_where_to_look(bihuan):
    no = bihuan.submits("有件事想说一下")
    bihuan.engine_turns(no)
    assert "bihuan show categories" in bihuan("act", no, "file", "--as", "centre.duty", "--category", "Z99").err
    assert "Z99" in bihuan("act", no, "file", "--as", "centre.duty", "--category", "Z99").err
    assert "bihuan show categories" in bihuan("act", no, "file", "--as", "centre.duty").err
    assert f"bihuan case show {no} --as centre.duty" in bihuan("act", no, "close", "--as", "centre.duty").err
    filed = bihuan("act", no, "file", "--as", "centre.duty", "--category", "A01")
    assert (filed.code, "引擎" in filed.err, "centre.duty 还可以" in filed.err) == (0, True, False), "nobody races the engine"
    assert "没有引擎在运行" in filed.err
    own = {c["code"]: c["urgency"] for c in bihuan("show", "categories", "--json").json}
    assert bihuan("case", "show", no, "--json").json["urgency"] == own["A01"]
    assert "bihuan show units" in bihuan("act", no, "dispatch", "--as", "centre.duty", "--lead", "moon").err
    assert "bihuan show actions" in bihuan("act", no, "dance", "--as", "centre.duty").err
    assert "没有第 9 号工单" in bihuan("act", no, "finish", "--as", "water.clerk", "--order", "9").err
    assert "没有第 9 号督办单" in bihuan("act", no, "sign", "--as", "chenghu.leader", "--supervision", "9").err
    bihuan("act", no, "divert", "--as", "centre.duty", "--reason", "应走信访")
    closed = bihuan("act", no, "finish", "--as", "water.clerk", "--result", "好了")
    assert "已转其他渠道" in closed.err


def test_an_answer_says_what_was_done_and_who_is_waited_for(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    bihuan("act", no, "acknowledge", "--as", "water.clerk")
    held = bihuan("act", no, "hold", "--as", "centre.duty", "--reason", "等汛期过去")
    assert "社会治理中心" in held.err.splitlines()[0]
    bihuan("act", no, "resume", "--as", "centre.duty")
    done = bihuan("act", no, "finish", "--as", "water.clerk", "--result", "好了")
    assert "工单 1 已办结，案件现在是“办理中”" in done.out
    shown = bihuan("case", "show", no).out
    for words in ("按时", "系统", "居民", "短信"):
        assert words in shown
    assert not re.search(r"[\u4e00-\u9fff]: ", shown), "no ASCII colon behind Chinese"


def test_who_says_not_solved_waits_for_a_person_not_for_the_engine(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    for order in bihuan("case", "show", no, "--json").json["orders"]:
        bihuan("act", no, "acknowledge", "--as", f"{order['unit']}.clerk")
        bihuan("act", no, "finish", "--as", f"{order['unit']}.clerk", "--result", "好了")
    bihuan.engine_turns(no)
    bihuan("act", no, "pass-check", "--as", "centre.duty")
    bihuan.engine_turns(no)
    rated = bihuan("act", no, "rate", "--as", "resident", "--unsolved")
    assert "社会治理中心" in rated.err
    assert "引擎" not in rated.err


def test_a_dispatch_by_hand_names_units_by_their_codes(bihuan):
    no = bihuan.submits("有件事想说一下")
    bihuan.engine_turns(no)
    assert bihuan("act", no, "file", "--as", "centre.duty", "--category", "A01", "--urgency", "P2", "--json").json["state"] == "filed"
    sent = bihuan("act", no, "dispatch", "--as", "centre.duty", "--lead", "water", "--co", "housing", "--co", "chenguang-estate", "--json")
    assert sent.json["waits_for"] == "water"
    orders = bihuan("case", "show", no, "--json").json["orders"]
    assert [(o["unit"], o["lead"]) for o in orders] == [("water", True), ("housing", False), ("chenguang-estate", False)]
    other = bihuan.submits("另一件同样的事")
    bihuan.engine_turns(other)
    if bihuan.state(other) == "accepted":
        assert bihuan("act", other, "merge", "--as", "centre.duty", "--into", no, "--json").json["state"] == "merged"


def test_the_list_has_the_soonest_due_first_and_can_be_narrowed(bihuan):
    late = bihuan.submits("有件事想说一下")
    soon = bihuan.submits("晨光小区5号楼下水道堵了，污水外溢")
    for no in (late, soon):
        bihuan.engine_turns(no)
    listed = bihuan("case", "list", "--json").json
    assert [each["no"] for each in listed] == [soon, late]
    assert listed[0]["due_at"] < listed[1]["due_at"]
    assert [each["no"] for each in bihuan("case", "list", "--unit", "water", "--json").json] == [soon]
    assert [each["no"] for each in bihuan("case", "list", "--state", listed[1]["state"], "--json").json] == [late]
    assert bihuan("case", "list", "--urgency", "p0", "--json").json == []
    assert len(bihuan("case", "list", "--limit", "1", "--json").json) == 1
    assert soon in bihuan("case", "list").out
    assert bihuan("case", "list", "--state", "sleeping").code == 1
    assert bihuan("case", "list", "--unit", "moon").code == 1
    assert "P9" in bihuan("case", "list", "--urgency", "P9").err


def test_a_case_that_is_not_set_aside_has_nothing_to_retry(bihuan):
    no = bihuan.submits()
    assert bihuan("case", "retry", no).code == 1
    from clock import utcnow
    from services.engine.set_aside import set_aside
    from services.reading import case_id_of

    with bihuan.database.unit_of_work() as session:
        set_aside(session, case_id_of(session, no), "collect", "ValueError: x", Setting(utcnow()))
    assert "ValueError" in bihuan("doctor").out
    assert bihuan("case", "retry", no).code == 0

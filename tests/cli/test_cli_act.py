"""Acting on requests for more time, milestones, limits from outside and supervision orders, and handing in with a limit of others."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clock import utcnow
from tests.intake.test_tables import workbook


@pytest.fixture
def in_hand(bihuan):
    """A case that water leads, acknowledged; of the category and urgency (None: the category's own) asked for."""

    def make(category="A01", urgency="P2"):
        no = bihuan.submits("有件事想说一下")
        bihuan.engine_turns(no)
        own = () if urgency is None else ("--urgency", urgency)
        assert bihuan("act", no, "file", "--as", "centre.duty", "--category", category, *own).code == 0
        bihuan.engine_turns(no)
        for order in bihuan("case", "show", no, "--json").json["orders"]:
            assert bihuan("act", no, "acknowledge", "--as", f"{order['unit']}.clerk").code == 0
        return no

    return make


def ahead(days):
    return (utcnow() + timedelta(days=days)).replace(microsecond=0).isoformat()


def open_clocks(bihuan, no, kind):
    return [c for c in bihuan("case", "show", no, "--json").json["clocks"] if c["kind"] == kind and c["stopped_at"] is None]


def test_a_unit_asks_for_more_time_and_the_centre_grants_it(bihuan, in_hand):
    no = in_hand()
    before = open_clocks(bihuan, no, "handle")[0]["due_at"]
    asked = bihuan("act", no, "ask-extension", "--as", "water.clerk", "--amount", "3wd", "--reason", "管材未到货")
    assert (asked.code, "申请延期" in asked.out, "时限：延期审批" in asked.out) == (0, True, True)
    twice = bihuan("act", no, "ask_extension", "--as", "water.clerk", "--amount", "1wd", "--reason", "x")
    assert (twice.code, twice.err.count("\n"), "等审批" in twice.err) == (1, 1, True)
    offered = bihuan("case", "show", no, "--as", "centre.duty", "--json").json["moves"]
    assert {("extension", 1, "grant"), ("extension", 1, "refuse")} <= {(m["thing"], m["no"], m["action"]) for m in offered}
    others = bihuan("act", no, "grant", "--as", "water.head")
    assert (others.code, "不由您来做，由网格中心" in others.err) == (1, True)
    assert "--reason" in bihuan("act", no, "refuse", "--as", "centre.duty").err
    granted = bihuan("act", no, "grant", "--as", "centre.duty", "--amount", "2wd", "--with-co")
    assert (granted.code, "延期申请 1 已同意延期" in granted.out, "时限：处置" in granted.out) == (0, True, True)
    story = bihuan("case", "show", no, "--json").json
    assert [(e["state"], e["amount"]) for e in story["extensions"]] == [("granted", "2wd")]
    after = open_clocks(bihuan, no, "handle")
    assert {c["due_at"] > before for c in after} == {True}
    shown = bihuan("case", "show", no)
    moved = f"{local(before)} → {local(after[0]['due_at'])}"
    for words in ("延期申请", "2个工作日", "已同意", "管材未到货", "处置 #1：时限延长", moved):
        assert words in shown.out


def local(moment):
    return f"{datetime.fromisoformat(moment).astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M}"


def test_reach_is_offered_only_where_there_are_milestones(bihuan, in_hand):
    for category, urgency, offered in (("A01", "P2", False), ("D01", None, True)):
        no = in_hand(category, urgency)
        lead = next(o["unit"] for o in bihuan("case", "show", no, "--json").json["orders"] if o["lead"])
        moves = bihuan("case", "show", no, "--as", f"{lead}.clerk", "--json").json["moves"]
        assert ("reach" in [m["action"] for m in moves]) is offered


def test_a_request_is_named_by_its_number_or_found(bihuan, in_hand):
    no = in_hand()
    assert "没有等审批的延期申请" in bihuan("act", no, "grant", "--as", "centre.duty").err
    assert "没有第 7 份延期申请" in bihuan("act", no, "grant", "--as", "centre.duty", "--extension", "7").err
    bihuan("act", no, "ask_extension", "--as", "water.clerk", "--amount", "1wd", "--reason", "等料")
    refused = bihuan("act", no, "refuse", "--as", "centre.duty", "--extension", "1", "--reason", "不必", "--json")
    assert (refused.code, refused.json["action"]) == (0, "refuse")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_milestones_are_shown_and_reached_in_order(bihuan, in_hand, lang):
    no = in_hand("D01", None)
    lead = next(o["unit"] for o in bihuan("case", "show", no, "--json").json["orders"] if o["lead"])
    early = bihuan("act", no, "reach", "--as", f"{lead}.clerk", "--stage", "penalty")
    assert (early.code, early.err.count("\n")) == (1, 1)
    unknown = bihuan("act", no, "reach", "--as", f"{lead}.clerk", "--stage", "foo")
    assert (unknown.code, "foo" in unknown.err, "stop_work" in unknown.err) == (1, True, True)
    assert bihuan("act", no, "reach", "--as", f"{lead}.clerk", "--stage", "stop_work").code == 0
    assert bihuan("act", no, "reach", "--as", f"{lead}.clerk", "--stage", "penalty").code == 0
    stages = bihuan("case", "show", no, "--json").json["stages"]
    assert [(s["code"], s["limit"], s["reached_at"] is not None) for s in stages] == [
        ("stop_work", "4wh", True),
        ("penalty", "7wd", True),
        ("demolish", "20wd", False),
    ]
    shown = bihuan("--lang", lang, "case", "show", no).out
    clocks = shown[shown.index({"zh": "现状", "en": "Standing"}[lang]) :]
    assert ("stop_work" in clocks, {"zh": "阶段、责令停工", "en": "Milestone, "}[lang] in clocks) == (False, True)
    for words in {"zh": ("阶段", "责令停工", "20个工作日", "未到达"), "en": ("Milestones", "Penalty decided", "not reached")}[lang]:
        assert words in shown


def test_a_leaders_note_binds_and_is_shown(bihuan, in_hand):
    no = in_hand()
    due = ahead(1)
    bound = bihuan("act", no, "bind", "--as", "centre.duty", "--due-at", due, "--by", "note", "--reason", "区领导批示")
    assert (bound.code, "已设定外部时限" in bound.out, "时限：处置" in bound.out, "不变" in bound.out) == (0, True, True, False), bound.err
    story = bihuan("case", "show", no, "--json").json
    assert (story["outside_due_at"], story["outside_by"], story["outside_note"]) == (due, "note", "区领导批示")
    assert {c["bound_by"] for c in open_clocks(bihuan, no, "handle")} == {"note"}
    assert "领导批示时限、区领导批示" in bihuan("case", "show", no).out
    later = bihuan("act", no, "bind", "--as", "centre.duty", "--due-at", ahead(2), "--by", "note", "--reason", "x")
    assert (later.code, "已有更早的外部期限" in later.err) == (1, True)
    wrong = bihuan("act", no, "bind", "--as", "centre.duty", "--due-at", "tomorrow", "--by", "note", "--reason", "x")
    assert (wrong.code, wrong.err.count("\n")) == (1, 1)


def test_a_move_says_by_when_the_work_is_due_now(bihuan, in_hand):
    no = in_hand()
    far = bihuan("act", no, "bind", "--as", "centre.duty", "--due-at", ahead(60), "--by", "upstream", "--reason", "x")
    assert "晚于现有时限，时限不变" in far.out
    held = bihuan("act", no, "hold", "--as", "centre.duty", "--reason", "等料", "--json").json
    assert [(d["clock"], d["paused"]) for d in held["deadlines"]] == [("hold_review", False), ("hold_cap", False)]
    resumed = bihuan("--lang", "en", "act", no, "resume", "--as", "centre.duty")
    assert "Due: handling" in resumed.out
    assert bihuan("act", no, "recall", "--as", "centre.duty", "--reason", "换单位", "--json").json["deadlines"] == []
    sent = bihuan("act", no, "dispatch", "--as", "centre.duty", "--lead", "water", "--co", "housing", "--json").json
    assert [(d["clock"], d["order_no"] is None) for d in sent["deadlines"]] == [
        ("acknowledge", False),
        ("handle", False),
        ("overall", True),
    ]


def test_a_check_is_of_the_case_or_of_the_supervision_order_that_waits_for_it(bihuan, in_hand):
    no = in_hand()
    assert "没有可以“签发督办单”的督办单" in bihuan("act", no, "sign", "--as", "chenghu.leader").err
    opened = bihuan("act", no, "supervise", "--as", "centre.head", "--unit", "water", "--demand", "补齐围挡", "--before", "围挡缺失")
    assert opened.code == 0, opened.err
    signed = bihuan("act", no, "sign", "--as", "centre.head", "--limit", "2wd")
    assert (signed.code, "督办单 DB-" in signed.out) == (0, True)
    no_proof = bihuan("act", no, "reply", "--as", "water.clerk", "--result", "已补齐")
    assert (no_proof.code, "证明" in no_proof.err) == (1, True)
    assert bihuan("act", no, "reply", "--as", "water.clerk", "--result", "已补齐", "--after", "围挡已补齐").code == 0
    assert bihuan("act", no, "pass_check", "--as", "water.clerk").code == 1
    passed = bihuan("act", no, "pass_check", "--as", "centre.duty", "--json")
    assert (passed.code, passed.json["state"]) == (0, "handling"), "the supervision order was looked at, not the case"
    assert bihuan("act", no, "write_off", "--as", "centre.head").code == 0
    story = bihuan("case", "show", no, "--json").json
    assert [s["state"] for s in story["supervision"]] == ["written_off"]
    for order in story["orders"]:
        bihuan("act", no, "finish", "--as", f"{order['unit']}.clerk", "--result", "好了")
    bihuan.engine_turns(no)
    assert bihuan("act", no, "pass_check", "--as", "centre.duty", "--json").json["state"] == "verified", "now it is the case"


def test_every_option_of_act_is_asked_for_by_some_move(bihuan):
    from commands.act.options import HANDED_IN
    from services.choices import HANDED_IN as NEEDED

    needed = {name for names in NEEDED.values() for name in names}
    assert needed <= HANDED_IN.keys()
    besides = {"with_co", "limit", "form", "rank", "cases", "before", "until", "words", "channel", "device", "rating", "override"}
    assert HANDED_IN.keys() - needed == besides


def test_an_unknown_group_is_answered_with_those_there_are(bihuan):
    assert "elder_alone 独居老人" in bihuan("submit", "--body", "x", "--group", "heroes").err


# --- handing in with a limit of others


def test_a_report_brings_its_limit_and_its_group_along(bihuan):
    due = ahead(3)
    no = bihuan.submits("独居老人家里漏水", "--due", due, "--due-note", "12345-42", "--group", "elder_alone")
    story = bihuan("case", "show", no, "--json").json
    told = (story["outside_due_at"], story["outside_by"], story["outside_note"], story["special_group"])
    assert told == (due, "upstream", "12345-42", "elder_alone")
    shown = bihuan("case", "show", no).out
    assert "独居老人" in shown
    assert "上级交办时限、12345-42" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("--due", "soon"),
        ("--due", "2020-12-01T17:30+08:00"),
        ("--due", "2999-12-01T17:30+08:00"),
        ("--due-note", "12345"),
        ("--group", "heroes"),
        ("--due", "2027-12-01T17:30+08:00", "--due-note", "长" * 121),
    ],
)
def test_a_limit_or_a_group_that_is_none_is_refused(bihuan, arguments):
    answer = bihuan("submit", "--body", "x", *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert bihuan("case", "list", "--json").json == []


def test_a_table_brings_limits_and_groups_along(bihuan, tmp_path):
    file, day = tmp_path / "in.csv", f"{utcnow() + timedelta(days=9):%Y-%m-%d}"
    rows = [
        "编号,标题,内容,上级期限,期限出处,特殊群体",
        f"1,漏水,老人家里漏水,{day} 17:30,12345-1,独居老人",
        f"2,漏水,邻居家漏水,{day}T09:30:00+00:00,,",
        f"3,漏水,只写了日子,{day},,",
        "4,漏水,已经过去,2020-12-01 17:30,,",
        "5,漏水,没有期限,,12345-5,",
        "6,漏水,没有这样的群体,,,heroes",
    ]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = bihuan("import", file, "--json").json
    assert [(r["line"], r["code"]) for r in done["rejects"]] == [(4, "bad_due"), (5, "bad_due"), (6, "due_missing"), (7, "unknown_group")]
    assert done["new"] == 2
    first, second = (bihuan("case", "show", c["no"], "--json").json for c in done["cases"])
    assert (first["outside_due_at"], first["outside_note"]) == (f"{day}T09:30:00+00:00", "12345-1"), "local time of the district"
    assert first["special_group"] == "elder_alone"
    assert (second["outside_due_at"], second["outside_note"], second["special_group"]) == (f"{day}T09:30:00+00:00", None, None)


def test_a_spreadsheet_says_a_moment_its_own_way(bihuan, tmp_path):
    file, day = tmp_path / "in.xlsx", utcnow() + timedelta(days=9)
    file.write_bytes(workbook([["id", "subject", "body", "due"], ["1", "漏水", "漏水", f"{day.year}/{day.month}/{day.day} 8:05"]]))
    (case,) = bihuan("import", file, "--json").json["cases"]
    assert bihuan("case", "show", case["no"], "--json").json["outside_due_at"] == f"{day:%Y-%m-%d}T00:05:00+00:00"

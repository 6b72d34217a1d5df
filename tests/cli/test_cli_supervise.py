"""`bihuan supervise`: what is printed where, which exit code, and the next step in every sentence."""

import csv
from pathlib import Path

import pytest

from tests.support.pictures import photo

PNG = photo("PNG")
HEAD = "案件,区域,地点,问题,督办单位,整改要求,整改时限,挂牌"


@pytest.fixture
def no(bihuan) -> str:
    """A case that is at work."""
    made = bihuan.submits()
    bihuan.engine_turns(made)
    return made


def opens(bihuan, no: str, *more: str):
    return bihuan("supervise", "open", no, "--unit", "water", "--demand", "三天内疏通", "--as", "centre.duty", *more)


def test_a_whole_life_on_the_command_line(bihuan, no, tmp_path: Path):
    photo = tmp_path / "前.png"
    photo.write_bytes(PNG)
    made = opens(bihuan, no, "--limit", "3wd", "--before", f"@{photo}", "--before", "污水流到路面")
    assert made.code == 0
    assert f"督办单 {no}#" in made.out
    assert "签发" in made.err
    signed = bihuan("supervise", "sign", no, "--as", "centre.head")
    number = signed.out.partition("：")[0]
    assert number.startswith("DB-")
    assert "区水务排水中心 在" in signed.err, "the next step names who and until when"
    assert bihuan("supervise", "list-up", number, "--as", "centre.head", "--reason", "久拖").code == 0
    replied = bihuan("supervise", "reply", number, "--as", "water.clerk", "--result", "已疏通", "--after", f"@{photo}")
    assert "答复不等于销号" in replied.err
    late = bihuan("supervise", "take-down", number, "--as", "centre.head", "--reason", "好转")
    assert (late.code, "已答复" in late.err) == (1, True)
    assert bihuan("supervise", "fail", number, "--as", "centre.duty", "--reason", "井盖没有复位").code == 0
    assert bihuan("supervise", "take-down", number, "--as", "centre.head", "--reason", "好转").code == 0
    assert bihuan("supervise", "reply", number, "--as", "water.clerk", "--result", "井盖已复位", "--after", "看过").code == 0
    assert "销号" in bihuan("supervise", "pass", number, "--as", "centre.duty").err
    assert "销号" in bihuan("supervise", "write-off", number, "--as", "centre.head").out

    shown = bihuan("supervise", "show", number)
    for words in (number, "三天内疏通", "污水流到路面", "前.png", "原件完好", "井盖没有复位", "已销号", "人工拟单"):
        assert words in shown.out
    told = bihuan("supervise", "show", number, "--json").json
    assert (told["order"], told["case"], told["state"], told["unit"]) == (number, no, "written_off", "water")
    assert [(e["stage"], e["media"]) for e in told["evidence"]] == [
        ("before", "image/png"),
        ("before", None),
        ("after", "image/png"),
        ("after", None),
    ]
    kept = next((tmp_path / "files").glob("??/*"))
    kept.write_bytes(b"x")
    assert "原件缺失或已被改动" in bihuan("supervise", "show", number).out


def test_the_list_and_its_filters(bihuan, no):
    assert "没有符合条件" in bihuan("supervise", "list").out
    opens(bihuan, no)
    (line,) = bihuan("supervise", "list", "--json").json
    assert (line["case"], line["unit"], line["state"], line["clock"], line["turn_unit"]) == (no, "water", "proposed", "sign", "centre")
    assert bihuan("supervise", "list", "--due", "2999-01-01", "--unit", "water", "--not-listed", "--json").json == [line]
    assert bihuan("supervise", "list", "--due", "now", "--json").json == []
    assert "督办签" in bihuan("supervise", "list").out
    for options, words in ((("--due", "tomorrow"), "tomorrow"), (("--state", "lost"), "lost"), (("--unit", "moon"), "moon")):
        answer = bihuan("supervise", "list", *options)
        assert (answer.code, words in answer.err) == (1, True)


def test_refusals_are_sentences_with_their_exit_codes(bihuan, no, tmp_path: Path):
    assert (opens(bihuan, "BH-20200101-0001").code, opens(bihuan, no, "--form", "postcard").code) == (1, 1)
    gentle = bihuan("supervise", "open", no, "--unit", "chenguang", "--demand", "x", "--as", "centre.duty")
    assert (gentle.code, "不发督办单" in gentle.err) == (1, True)
    assert "不由您来做" in opens(bihuan, no, "--as", "water.clerk").err
    assert opens(bihuan, no).code == 0
    again = opens(bihuan, no)
    assert "bihuan supervise show" in again.err
    assert bihuan("supervise", "sign", "--as", "centre.head").code == 1
    assert bihuan("supervise", "sign", no, "--all", "--as", "centre.head").code == 1
    assert "不由您来做" in bihuan("supervise", "sign", no, "--as", "water.clerk").err
    assert "没有督办单" in bihuan("supervise", "sign", "DB-20200101-0001", "--as", "centre.head").err
    assert bihuan("supervise", "sign", no).code == 2, "nobody acts without a name"
    assert bihuan("supervise", "dismiss", no, "--as", "centre.head").code == 2
    assert bihuan("supervise", "sign", no, "--as", "centre.head").code == 0
    missing = bihuan("supervise", "reply", no, "--as", "water.clerk", "--result", "好了", "--after", f"@{tmp_path / 'none.png'}")
    assert (missing.code, "none.png" in missing.err) == (1, True)
    text = tmp_path / "note.png"
    text.write_text("not a picture", encoding="utf-8")
    assert "note.png" in bihuan("supervise", "reply", no, "--as", "water.clerk", "--result", "好了", "--after", f"@{text}").err
    assert "证明" in bihuan("supervise", "reply", no, "--as", "water.clerk", "--result", "好了").err


def test_a_problem_on_the_spot(bihuan):
    where = ("--area", "chenguang-2", "--place", "晨光路12号旁", "--problem", "建筑垃圾占道")
    made = bihuan("supervise", "note", *where, "--unit", "traffic", "--demand", "清理", "--as", "chenghu.leader", "--json").json
    assert (made["form"], made["origin"], made["state"]) == ("letter", "inspection", "proposed")
    assert bihuan.state(made["case"]) == "noted"
    again = bihuan("supervise", "note", *where, "--unit", "traffic", "--demand", "清理", "--as", "chenghu.leader")
    assert made["case"] in again.err
    assert bihuan("supervise", "dismiss", made["case"], "--as", "chenghu.leader", "--reason", "已清走").code == 0
    assert bihuan.state(made["case"]) == "closed"


def test_a_table_is_rehearsed_then_issued_then_signed(bihuan, no, tmp_path: Path):
    table, rejects = tmp_path / "orders.csv", tmp_path / "rejects.csv"
    rows = [f"{no},,,,water,疏通,3wd,是", f"{no},,,,moon,疏通,,", ",chenguang-2,门口,垃圾,urban,清运,,", "太少,了"]
    table.write_text("\n".join((HEAD, *rows)) + "\n", encoding="utf-8")
    tried = bihuan("supervise", "issue", table, "--as", "centre.duty", "--dry-run", "--json")
    assert (tried.code, tried.json["new"], tried.json["refused"], tried.json["dry_run"]) == (1, 2, 2, True)
    assert [(each["line"], each["field"], each["code"]) for each in tried.json["lines"]] == [
        (2, None, None),
        (3, "unit", "unknown_unit"),
        (4, None, None),
        (5, None, "too_few_fields"),
    ]
    assert bihuan("supervise", "list", "--json").json == []
    assert "什么都没有写入" in bihuan("supervise", "issue", table, "--as", "centre.duty", "--dry-run").out

    issued = bihuan("supervise", "issue", table, "--as", "centre.duty", "--rejects", rejects)
    assert "已拟 2 份，没有拟成 2 行" in issued.out
    assert "第 3 行，单位：" in issued.err
    assert "sign --all" in issued.err
    with rejects.open(encoding="utf-8-sig", newline="") as kept:
        lines = list(csv.reader(kept))
    assert [line[0] for line in lines] == ["line", "3", "5"]
    unasked = bihuan("supervise", "sign", "--all", "--as", "centre.head")
    assert (unasked.code, "--yes" in unasked.err, "共 2 份" in unasked.err) == (1, True, True)
    tried = bihuan("supervise", "sign", "--all", "--as", "centre.head", "--dry-run", "--json")
    assert [(w["unit"], w["demand"], w["case_closed"]) for w in tried.json] == [("water", "疏通", False), ("urban", "清运", False)]
    assert {each["state"] for each in bihuan("supervise", "list", "--json").json} == {"proposed"}, "nothing was signed unseen"
    signed = bihuan("supervise", "sign", "--all", "--as", "centre.head", "--yes")
    assert (signed.code, "办成 2 份" in signed.out) == (0, True)
    assert "没有您可以签发" in bihuan("supervise", "sign", "--all", "--as", "centre.head").out
    some = bihuan("supervise", "withdraw", no, "DB-20200101-0001", "--as", "centre.head", "--reason", "不必了", "--json")
    assert (some.code, [each["done"] for each in some.json]) == (1, [True, False])
    assert some.json[1]["code"] == "unknown_supervision"


def test_orders_of_closed_cases_are_left_out_unless_asked_for(bihuan, no, monkeypatch):
    opens(bihuan, no)
    assert bihuan("act", no, "recall", "--as", "centre.duty", "--reason", "不属实").code == 0
    assert bihuan("act", no, "divert", "--as", "centre.duty", "--reason", "不属实").code == 0
    assert "案件已办结" in bihuan("supervise", "list").out
    assert bihuan("case", "list", "--json").json == [], "open cases only"
    none = bihuan("supervise", "sign", "--all", "--as", "centre.head", "--yes")
    assert ("没有您可以签发" in none.out, "另有 1 份" in none.err) == (True, True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert bihuan("supervise", "sign", "--all", "--with-closed", "--as", "centre.head").code == 1
    signed = bihuan("supervise", "sign", "--all", "--with-closed", "--as", "centre.head", "--yes", "--limit", "1m")
    open_one = bihuan.submits("路灯不亮")
    assert [c["no"] for c in bihuan("case", "list", "--all", "--json").json] == [open_one, no], "its supervision does not come first"
    number = signed.out.partition("：")[0]
    assert f"限时整改、{number}" in bihuan("case", "show", no).out
    assert f"限时整改、{number[:8]}" in bihuan("case", "list", "--all").out.replace("\n", "")
    assert bihuan("supervise", "sign", no, "--dry-run", "--as", "centre.head").code == 1


def test_it_speaks_english_too(bihuan, no):
    made = bihuan("--lang", "en", "supervise", "open", no, "--unit", "water", "--demand", "clear it", "--as", "centre.duty")
    assert "Opened: " in made.out
    assert "Next: sign it" in made.err
    assert "Water and Drainage Centre" in bihuan("--lang", "en", "supervise", "show", no).out

"""`bihuan visit`: one visit, several cases, listed and shown."""

import pytest


def opens(bihuan, *more):
    return bihuan("visit", "open", "--as", "chenguang-1.worker", "--place", "5号楼201", *more)


def test_a_visit_is_written_down_with_its_matters(bihuan, tmp_path):
    file = tmp_path / "matters.txt"
    file.write_text("下水道堵了\n\n想问问高龄津贴\n", encoding="utf-8")
    done = opens(bihuan, "--matter", "楼道灯不亮", "--file", file, "--note", "老人独居", "--phone", "138 0000 0000", "--json").json
    assert (done["known"], len(done["cases"])) == (False, 3)
    shown = bihuan("visit", "show", str(done["visit"]), "--json").json
    assert (shown["staff"], shown["area"], shown["place"], shown["note"]) == ("chenguang-1.worker", "chenguang-1", "5号楼201", "老人独居")
    assert [case["subject"] for case in shown["cases"]] == ["楼道灯不亮", "下水道堵了", "想问问高龄津贴"]
    text = bihuan("visit", "show", str(done["visit"])).out
    for words in ("晨光社区第1网格", "5号楼201", "老人独居", "楼道灯不亮", done["cases"][0]["no"]):
        assert words in text


def test_visits_are_listed(bihuan):
    assert "还没有走访记录" in bihuan("visit", "list").out
    assert "没有问题" in opens(bihuan, "--area", "chenguang-2").out
    said = opens(bihuan, "--matter", "楼道灯不亮").out
    (no,) = [word for word in said.replace("：", " ").split() if word.startswith("BH-")]
    listed = bihuan("visit", "list").out
    assert no in listed
    assert "5号楼201" in listed
    first, second = bihuan("visit", "list", "--json").json
    assert (first["area"], len(first["cases"]), second["area"], second["cases"]) == ("chenguang-1", 1, "chenguang-2", [])
    assert bihuan("visit", "list", "--as", "centre.duty", "--json").json == []


def test_the_same_visit_twice_is_one(bihuan):
    first, again = (opens(bihuan, "--matter", "楼道灯不亮", "--key", "v1") for _ in range(2))
    assert first.out == again.out
    assert "以前记录过" in again.err
    assert len(bihuan("visit", "list", "--json").json) == 1


@pytest.mark.parametrize(
    "more",
    [
        ("--area", "atlantis"),
        ("--at", "2999-01-01T10:00+08:00"),
        ("--at", "yesterday"),
        ("--phone", "call me"),
        ("--matter", " "),
        ("--file", "no-such-file.txt"),
    ],
)
def test_what_cannot_be_a_visit_is_told_in_one_sentence(bihuan, more):
    answer = opens(bihuan, *more)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert bihuan("visit", "list", "--json").json == []


def test_who_may_not_and_what_is_not_there(bihuan):
    assert bihuan("visit", "open", "--as", "admin", "--matter", "灯").code == 1
    assert bihuan("visit", "open", "--as", "water.clerk", "--matter", "灯").code == 1
    assert bihuan("visit", "show", "7").code == 1
    assert bihuan("visit", "open", "--matter", "灯").code == 2

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


def test_people_and_a_round_of_their_visits_come_as_tables(bihuan, tmp_path):
    people, visits = tmp_path / "people.csv", tmp_path / "visits.csv"
    people.write_text("用户,单位,岗位,名称,电话\nr1,晨光社区,worker,社工一,\nr2,chenguang,worker,社工二,13800000001\n", encoding="utf-8")
    for new in (2, 0):
        assert bihuan("staff", "import", people, "--as", "admin", "--json").json == {"new": new, "known": 2 - new}
    rows = ("r1,2026-03-02T09:00,5号楼201,,两位老人,楼道灯不亮；下水道堵了", "r2,2026-03-02T09:00,5号楼202,chenguang-2,都好,")
    visits.write_text("\n".join(("用户,日期,地点,区域,走访情况,事项", *rows)), encoding="utf-8")
    for new in (2, 0):
        assert bihuan("visit", "import", visits, "--json").json == {"visits": new, "known": 2 - new, "cases": new}
    listed = bihuan("visit", "list", "--json").json
    assert [(row["staff"], row["area"], row["note"], len(row["cases"])) for row in listed] == [
        ("r2", "chenguang-2", "都好", 0),
        ("r1", "chenguang", "两位老人", 2),
    ]


STAFF, VISIT = ("user,unit,post,name", "r0,chenguang,worker,x"), ("user,at,area,place", "chenguang-1.worker,2026-03-01,,4号楼")


@pytest.mark.parametrize(
    ("command", "row", "field"),
    [
        ("staff", "r1,atlantis,worker,x", "unit"),
        ("staff", "r1,chenguang,king,x", "post"),
        ("staff", "urban.clerk,chenguang,worker,x", "user"),
        ("visit", "nobody,2026-03-02,,5号楼", "user"),
        ("visit", "chenguang-1.worker,yesterday,,5号楼", "at"),
        ("visit", "chenguang-1.worker,2026-03-02,atlantis,5号楼", "area"),
    ],
)
def test_a_table_with_a_wrong_cell_is_refused_with_its_place(bihuan, tmp_path, command, row, field):
    file = tmp_path / "table.csv"
    file.write_text("\n".join((*{"staff": STAFF, "visit": VISIT}[command], row)), encoding="utf-8")
    answer = bihuan(command, "import", file, *(("--as", "admin") if command == "staff" else ()))
    assert (answer.code != 0, f"“{field}”" in answer.err, "3" in answer.err) == (True, True, True)
    assert bihuan("visit", "list", "--json").json == []
    assert "r0" not in bihuan("staff", "list", "--unit", "chenguang").out

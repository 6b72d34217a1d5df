"""`bihuan unit`, `bihuan staff`, `bihuan handover`: shown before they are done, refused with what to do."""

import pytest

from tests.cli.conftest import Bihuan


@pytest.fixture
def dispatched(bihuan: Bihuan) -> str:
    """A case whose lead is at it."""
    no = bihuan.submits()
    bihuan.engine_turns(no)
    return no


def test_a_merge_is_only_shown_until_it_is_to_be_applied(bihuan: Bihuan, dispatched: str) -> None:
    shown = bihuan("unit", "merge", "water", "--into", "urban")
    assert shown.code == 0
    assert "演示" in shown.out
    assert bihuan("unit", "changes", "--json").json == []
    assert bihuan("unit", "merge", "water", "--into", "urban", "--apply").code == 1
    done = bihuan("unit", "merge", "water", "--into", "urban", "--apply", "--as", "admin", "--json").json
    assert done["number"] == 1
    (change,) = bihuan("unit", "changes", "--json").json
    assert (change["unit"], change["kind"], change["applied_at"] is not None) == ("water", "merge", True)
    assert {row["unit"] for row in bihuan("staff", "list", "--json").json if row["user"].startswith("water.")} == {"urban"}
    again = bihuan("unit", "merge", "water", "--into", "urban")
    assert (again.code, "urban" in again.err) == (1, True)
    assert "water" not in {unit["code"] for unit in bihuan("show", "units", "--json").json}


def test_a_change_to_come_waits_and_is_taken_back(bihuan: Bihuan) -> None:
    planned = bihuan(
        "unit", "rename", "water", "--zh", "区水务中心", "--en", "Water Centre", "--from", "2099-01-01", "--apply", "--as", "admin"
    )
    assert "引擎" in planned.out
    assert len(bihuan("unit", "changes", "--waiting", "--json").json) == 1
    assert "区水务" not in bihuan("unit", "changes").out
    assert bihuan("unit", "cancel", "1", "--as", "admin").code == 0
    assert bihuan("unit", "changes", "--waiting", "--json").json == []
    assert bihuan("unit", "rename", "water", "--zh", "x", "--en", "y", "--from", "noon").code == 1


def test_a_split_names_the_line_that_is_wrong(bihuan: Bihuan) -> None:
    file = bihuan.folder / "split.csv"
    file.write_text("category,area,user,unit\n,dongtang,,east\n,,water.head,east\n", encoding="utf-8")
    shown = bihuan("unit", "split", "water", "--into", "east:东片水务:Eastern Water", "--by", file, "--json")
    assert (shown.code, shown.json["number"]) == (0, None)
    assert "water.head" in shown.json["touches"]["staff"]
    file.write_text("category,area,user,unit\n,dongtang,,west\n", encoding="utf-8")
    wrong = bihuan("unit", "split", "water", "--into", "east:东片水务:Eastern Water", "--by", file)
    assert (wrong.code, "第 2 行" in wrong.err) == (1, True)
    assert bihuan("unit", "split", "water", "--into", "east", "--by", file).code == 1


def test_somebody_leaves_after_a_look(bihuan: Bihuan) -> None:
    refused = bihuan("staff", "leave", "water.clerk", "--as", "admin")
    assert (refused.code, "staff add" in refused.err) == (1, True)
    more = ("--unit", "water", "--role", "clerk", "--zh", "经办二", "--en", "Second clerk", "--as", "admin")
    assert bihuan("staff", "add", "water.second", *more).code == 0
    assert bihuan("staff", "deputy", "water.head", "water.clerk").code == 0
    dry = bihuan("staff", "leave", "water.clerk", "--to", "water.second", "--as", "admin", "--dry-run")
    assert (dry.code, "water.head" in dry.out, "演示" in dry.out) == (0, True, True)
    assert bihuan("staff", "show", "water.clerk", "--json").json["deputies"] == ["water.head"]
    done = bihuan("staff", "leave", "water.clerk", "--to", "water.second", "--as", "admin")
    assert "已离岗" in done.out
    assert bihuan("staff", "show", "water.clerk", "--json").json["left_at"] is not None
    assert "water.clerk" not in bihuan("staff", "list", "--unit", "water").out
    assert "water.clerk" in bihuan("staff", "list", "--unit", "water", "--all").out


def test_a_shift_is_handed_over_with_two_signatures(bihuan: Bihuan, dispatched: str) -> None:
    listed = bihuan("handover", "prepare", "--as", "centre.duty", "--to", "centre.clerk", "--note", "留意雨情", "--json")
    assert (listed.code, listed.json["state"], listed.json["note"]) == (0, "waits", "留意雨情")
    assert "留意雨情" in bihuan("handover", "show", "1").out
    assert "仍负责" in bihuan("handover", "sign", "1", "--as", "centre.duty").out
    assert len(bihuan("handover", "list", "--open", "--json").json) == 1
    assert bihuan("handover", "sign", "1", "--as", "centre.clerk", "--json").json["state"] == "signed"
    assert bihuan("handover", "list", "--open").out.strip() == "没有交接单。"
    assert bihuan("handover", "cancel", "1", "--as", "centre.duty").code == 1
    assert "双方已签" in bihuan("handover", "list").out


def test_the_trail_of_a_case_names_units_as_they_were_called_then(bihuan: Bihuan) -> None:
    no = bihuan.submits("想问问转学插班的手续怎么走")
    more = ("--zh", "新的中心", "--en", "New Centre", "--apply", "--as", "admin")
    assert bihuan("unit", "rename", "centre", *more).code == 0
    trail = bihuan("case", "show", no).out
    assert "社会治理中心" in trail
    again = bihuan.submits("另一件想问问转学插班的手续怎么走", "--phone", "10000000002")
    assert "新的中心" in bihuan("case", "show", again).out
    assert "社会治理中心" not in bihuan("case", "show", again).out

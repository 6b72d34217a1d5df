"""`bihuan route`: the catalogue from a file and back, tried, explained, learnt from, published by a second person."""

import json
import tomllib

import pytest

LAMP = "小区里的路灯不亮了"


def published(bihuan, version: int) -> None:
    assert bihuan("route", "publish", version, "--as", "centre.head").code == 0


def test_a_catalogue_goes_out_to_a_file_and_comes_back(bihuan, tmp_path):
    text = bihuan("route", "show", "--toml").out
    assert tomllib.loads(text)["duties"]["WATER"] == ["A01", "A02"]
    file = tmp_path / "routing.toml"
    file.write_text(
        text.replace('lead = "songling-estate"', 'lead = "MUNICIPAL"', 1).replace('co = ["MUNICIPAL"]', "", 1), encoding="utf-8"
    )
    assert bihuan("route", "draft", file, "--as", "admin", "--json").json == {"version": 2}
    (line,) = bihuan("route", "diff", 2, "--json").json
    assert (line["names"], line["before"], line["after"]) == (["A03", "songling-1", "owner"], "songling-estate + MUNICIPAL", "MUNICIPAL")
    assert "songling-estate" in bihuan("route", "diff", 2).out
    refused = bihuan("route", "publish", 2, "--as", "admin")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    published(bihuan, 2)
    assert [(v["version"], v["state"], v["in_force"]) for v in bihuan("route", "list", "--json").json] == [
        (1, "published", False),
        (2, "published", True),
    ]
    assert bihuan("route", "try", "--category", "A03", "--area", "songling-1", "--json").json["lead"] == "municipal"


def test_a_bad_file_is_refused_with_line_and_key(bihuan, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text('[[route]]\ncategory = "Z9"\nowner = "owner"\nlead = "WATER"\n', encoding="utf-8")
    answer = bihuan("route", "draft", file, "--as", "admin")
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "第 1 行 category：没有类别“Z9”" in answer.err


def test_a_category_is_tried_without_any_case(bihuan):
    said = bihuan("route", "try", "--category", "a03", "--area", "songling-1")
    assert said.out.splitlines()[0] == "派给：songling-estate 松岭小区物业"
    assert "属主" in said.out
    assert bihuan("route", "try", "--category", "Z9", "--area", "songling-1").code == 1
    assert bihuan("route", "try", "--category", "A03", "--area", "moon").code == 1
    assert bihuan("route", "try", "--category", "A03", "--area", "moon", "--version", "9").code == 1


def test_a_draft_is_edited_row_by_row(bihuan):
    assert bihuan("route", "draft", "--as", "centre.duty", "--json").json == {"version": 2}
    added = bihuan("route", "add", 2, "--as", "centre.duty", "--category", "f01", "--lead", "SUBDISTRICT", "--co", "POLICE", "--json")
    assert added.json == {"version": 2, "line": 5}
    assert bihuan("route", "show", 2, "--json").json["routes"][-1] == {
        **{"line": 5, "category": "F01", "area": None, "owner": "area", "lead": "SUBDISTRICT", "co": ["POLICE"], "basis": ""}
    }
    assert bihuan("route", "drop", 2, 5, "--as", "centre.duty").code == 0
    assert bihuan("route", "drop", 2, 5, "--as", "centre.duty").code == 1
    assert bihuan("route", "withdraw", 2, "--as", "admin").code == 0
    assert bihuan("route", "diff", 2).out.strip() == "v1 与 v2 内容相同。"


def test_a_ruling_is_explained_and_becomes_a_row(bihuan):
    lists = bihuan("route", "show", "--toml").out.replace('MUNICIPAL = ["A02", "A03", "A04"]', 'MUNICIPAL = ["A02", "A04"]')
    document = lists[lists.index("[duties]") :]
    file = bihuan.folder / "lists.toml"
    file.write_text(document, encoding="utf-8")
    assert bihuan("route", "draft", file, "--as", "admin").code == 0
    published(bihuan, 2)
    no = bihuan.submits(LAMP)
    bihuan.engine_turns(no)
    assert bihuan.state(no) == "filed"
    refused = bihuan("act", no, "dispatch", "--as", "centre.duty", "--lead", "municipal")
    assert refused.code == 1
    assert "职责清单" in refused.err
    past = ("--lead", "chenguang-estate", "--reason", "小区内路灯")
    assert bihuan("act", no, "dispatch", "--as", "centre.duty", *past).code == 0
    left, sent = bihuan("route", "explain", no, "--json").json
    assert (left["action"], sent["action"]) == ("outside_duty_list", "dispatch")
    assert "该类别不在区市政设施中心的职责清单上，由中心裁定。" in left["why"]
    assert sent["why"] == "小区内路灯"
    assert "小区内路灯" in bihuan("route", "explain", no).out
    assert bihuan("route", "learn", no, "--as", "centre.duty", "--json").json == {"version": 3, "line": 1}
    assert bihuan("route", "show", 3, "--json").json["routes"][0]["basis"] == no


def test_a_case_shows_why_it_went_where_it_went(bihuan):
    no = bihuan("submit", "--body", LAMP, "--area", "songling-1").out.strip()
    bihuan.engine_turns(no)
    shown = "".join(bihuan("case", "show", no).out.split())
    assert "派单目录v1第1行（属主，松岭社区第1网格）：松岭小区物业。" in shown


def test_every_help_is_worded_in_both_languages(bihuan):
    for lang in ("zh", "en"):
        for command in ("list", "show", "diff", "try", "explain", "draft", "add", "drop", "learn", "publish", "withdraw"):
            assert bihuan("--lang", lang, "route", command, "--help").code == 0


@pytest.mark.parametrize("command", ["list", "show"])
def test_what_is_printed_for_people_is_printed_for_programs(bihuan, command):
    assert "建议值" in bihuan("route", "list").out
    assert "songling-estate 松岭小区物业" in bihuan("route", "show").out
    json.loads(bihuan("route", command, "--json").out)

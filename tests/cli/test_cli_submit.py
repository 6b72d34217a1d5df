"""Handing in, one report or a whole table, and the database underneath."""

import csv

import pytest

from tests.test_tables import workbook


def test_upgrade_seed_and_reset(bare, tmp_path):
    assert "0002" in bare("db", "upgrade").out
    assert "最新" in bare("db", "upgrade").out
    assert "centre.duty" in bare("db", "seed").out
    assert "早已" in bare("db", "seed").out
    no = bare("submit", "--body", "路灯不亮").out.strip()
    assert bare("db", "reset").code == 1
    assert bare("case", "show", no).code == 0
    assert bare("db", "reset", "--yes").code == 0
    assert bare("case", "show", no).code == 1


def test_a_report_gets_a_number_and_the_same_key_the_same_one(bihuan):
    first = bihuan("submit", "--subject", "路灯", "--body", "不亮", "--key", "k1", "--name", "王", "--json").json
    assert (first["no"][:3], first["known"]) == ("BH-", False)
    again = bihuan("submit", "--body", "不亮", "--key", "k1")
    assert (again.code, again.out.strip()) == (0, first["no"])
    assert "没有重复" in again.err
    assert bihuan("case", "show", first["no"], "--json").json["subject"] == "路灯"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_body_may_come_from_standard_input(bihuan, monkeypatch, tmp_path, encoding):
    file = tmp_path / "body.txt"
    file.write_bytes("第一行\n第二行，很长的一段话".encode(encoding))
    with file.open(encoding="latin-1") as given:
        monkeypatch.setattr("sys.stdin", given)
        no = bihuan("submit", "--body", "-").out.strip()
    case = bihuan("case", "show", no, "--json").json
    assert (case["subject"], case["body"]) == ("第一行", "第一行\n第二行，很长的一段话")


@pytest.mark.parametrize(
    "arguments", [("--body", " "), ("--body", "x", "--area", "nowhere"), ("--body", "x", "--source", "no"), ("--body", "x\0")]
)
def test_what_cannot_be_a_report_is_refused(bihuan, arguments):
    answer = bihuan("submit", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.count("\n") == 1


def test_a_place_longer_than_its_column_is_refused(bihuan):
    assert "--place" in bihuan("submit", "--body", "x", "--place", "长" * 121).err


BAD = 'id,subject,body,area,submitted_at\n1,路灯,不亮,,2026-11-01\n2,井盖,"没了,\n危险",chenguang-1,\n2,又一个,重复,,\n3,空的,,,\n'
BAD += "4,日期,不对,,昨天\n5,区域,不对,nowhere,\n6,少一列\n"


def test_an_import_takes_what_is_good_and_sets_the_rest_aside(bihuan, tmp_path):
    file, rejects = tmp_path / "in.csv", tmp_path / "rejects.csv"
    file.write_bytes(BAD.encode("gb18030"))
    done = bihuan("import", file, "--rejects", rejects, "--source", "hotline", "--json")
    assert done.code == 0
    found = done.json
    assert {k: found[k] for k in ("rows", "new", "known", "rejected")} == {"rows": 7, "new": 2, "known": 0, "rejected": 5}
    lines = [(r["line"], r["code"]) for r in found["rejects"]]
    assert lines == [(5, "duplicate_id"), (6, "empty_body"), (7, "bad_date"), (8, "unknown_area"), (9, "too_few_fields")]
    with rejects.open(encoding="utf-8-sig", newline="") as written:
        assert [row[0] for row in csv.reader(written)] == ["line", "5", "6", "7", "8", "9"]
    assert "5 " in done.err
    again = bihuan("import", file)
    assert "新增 0 件，已有 2 件" in again.out
    assert len(bihuan("case", "list", "--json").json) == 2


def test_rejects_that_were_mended_can_be_imported_as_they_are(bihuan, tmp_path):
    file, rejects = tmp_path / "in.csv", tmp_path / "rejects.csv"
    file.write_text(BAD, encoding="utf-8")
    bihuan("import", file, "--rejects", rejects)
    rejects.write_text(rejects.read_text(encoding="utf-8-sig").replace("昨天", "2026-11-02 08:00:00"), encoding="utf-8")
    assert bihuan("import", rejects, "--json").json["new"] == 2  # the mended one, and another text under an id used before
    assert bihuan("import", rejects, "--json").json["new"] == 0


def test_a_row_is_known_by_its_id_and_its_text(bihuan, tmp_path):
    file = tmp_path / "in.csv"
    file.write_text("编号,标题,内容,电话,反映人,来源,区域\n1,路灯,不亮,138 0000-0000,王五,12345热线转办,chenguang-1\n", encoding="utf-8")
    first = bihuan("import", file, "--json").json
    (case,) = first["cases"]
    assert (case["line"], case["id"], case["known"]) == (2, "1", False)
    assert bihuan("case", "show", case["no"], "--json").json["source"] == "hotline"
    again = bihuan("import", file)
    assert f"已有：{case['no']}" in again.out
    file.write_text("编号,标题,内容\n1,井盖,没了\n", encoding="utf-8")
    other = bihuan("import", file)
    assert "新增 1 件" in other.out
    assert case["no"] not in other.out


def test_what_is_no_phone_number_is_set_aside_or_refused(bihuan, tmp_path):
    file = tmp_path / "in.csv"
    file.write_text("id,subject,body,phone,source\n1,a,b,打我电话,\n2,a,b,1234,\n3,a,b,+86 138 0000 0000,\n4,a,b,,moon\n", encoding="utf-8")
    found = bihuan("import", file, "--json").json
    assert [(r["line"], r["code"]) for r in found["rejects"]] == [(2, "bad_phone"), (3, "bad_phone"), (5, "unknown_source")]
    assert found["new"] == 1
    refused = bihuan("submit", "--body", "x", "--phone", "123")
    assert (refused.code, "电话" in refused.err) == (1, True)


def test_a_file_that_is_no_table_gets_one_sentence(bihuan, tmp_path):
    file = tmp_path / "in.xlsx"
    file.write_bytes(b"PK\x03\x04" + bytes(300))
    assert "不是有效的表格文件" in bihuan("import", file).err
    assert "这是一个目录" in bihuan("import", tmp_path).err


def test_a_spreadsheet_is_imported_too(bihuan, tmp_path):
    file = tmp_path / "in.xlsx"
    file.write_bytes(workbook([["id", "subject", "body", "phone"], [1, "路灯", "不亮", 13800000000]]))
    assert bihuan("import", file, "--json").json["new"] == 1


def test_a_file_without_a_column_is_refused_and_nothing_goes_in(bihuan, tmp_path):
    file = tmp_path / "in.csv"
    file.write_text("id,title\n1,路灯\n", encoding="utf-8")
    answer = bihuan("import", file)
    assert (answer.code, "subject, body" in answer.err) == (1, True)
    assert bihuan("import", tmp_path / "no.csv").code == 1
    file.write_text("id,subject,body\n1,路灯,不亮\n", encoding="utf-8")
    assert bihuan("import", file, "--source", "moon").code == 1
    assert bihuan("case", "list", "--json").json == []

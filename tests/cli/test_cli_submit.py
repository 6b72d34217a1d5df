"""Handing in, one report or a whole table, and the database underneath."""

import csv

import pytest
from sqlalchemy import select

from models import Case, table
from services.upkeep import head
from tests.intake.test_tables import workbook
from tests.support.pictures import PLACE, exif, photo


def test_upgrade_seed_and_reset(bare, tmp_path):
    assert head() in bare("db", "upgrade").out
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


# photos, points, who wrote it down ------------------------------------------------------------------------------------


def cases(bihuan):
    with bihuan.database.unit_of_work() as session:
        return session.connection().execute(select(table(Case)).order_by(table(Case).c.id)).all()


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "现场.jpg"
    file.write_bytes(photo(exif=exif("2026:11:20 08:31:05", "+08:00", PLACE)))
    return file


def test_photos_come_along_and_are_listed(bihuan, picture, tmp_path):
    other = tmp_path / "回执.pdf"
    other.write_bytes(b"%PDF-1.7\n" + bytes(64) + b"%%EOF")
    no = bihuan("submit", "--body", "路灯不亮", "--photo", picture, "--photo", other).out.strip()
    first, second = bihuan("attach", no, "--json").json
    assert (first["no"], first["stage"], first["media"], first["whole"]) == (1, "report", "image/jpeg", True)
    assert (first["taken_at"], first["taken_accuracy_m"]) == ("2026-11-20T00:31:05+00:00", 5)
    assert second["media"] == "application/pdf"
    shown = bihuan("attach", no).out
    for words in ("现场.jpg", "64×48", "31.23681,121.47500 ±5m", "2026-11-20 08:31", "完好", "随反映"):
        assert words in shown
    kept = tmp_path / "files" / first["sha256"][:2] / first["sha256"]
    kept.write_bytes(b"x")
    assert "缺失或已被改动" in bihuan("attach", no).out
    assert "没有附件" in bihuan("attach", bihuan("submit", "--body", "井盖没了").out.strip()).out


def test_a_photo_that_is_none_is_refused_and_nothing_is_handed_in(bihuan, tmp_path, monkeypatch):
    text = tmp_path / "a.jpg"
    text.write_bytes(b"hello")
    for file, said in ((text, "a.jpg"), (tmp_path / "none.jpg", "none.jpg")):
        answer = bihuan("submit", "--body", "路灯不亮", "--photo", file)
        assert (answer.code, answer.out, said in answer.err, answer.err.count("\n")) == (1, "", True, 1)
    many = [part for n in range(10) for part in ("--photo", picture_of(tmp_path, n))]
    assert "9" in bihuan("submit", "--body", "路灯不亮", *many).err
    assert cases(bihuan) == []


def picture_of(folder, shade):
    file = folder / f"{shade}.png"
    file.write_bytes(photo("PNG", shade=shade))
    return file


def test_the_size_of_a_file_is_a_setting(bihuan, tmp_path, monkeypatch):
    from settings import get_settings

    monkeypatch.setenv("BIHUAN_FILE_MAX_MB", "1")
    get_settings.reset()
    large = tmp_path / "large.jpg"
    large.write_bytes(photo() + bytes(1024 * 1024))
    answer = bihuan("submit", "--body", "路灯不亮", "--photo", large)
    assert (answer.code, "超过 1 MB" in answer.err) == (1, True)


def test_a_point_is_kept_as_wgs84_with_what_it_was_given_in(bihuan):
    bihuan("submit", "--body", "路灯不亮", "--at", "31.175303983646,121.531541859215", "--datum", "GCJ02", "--accuracy", "30")
    (case,) = cases(bihuan)
    assert (round(case.lat, 5), round(case.lon, 5), case.datum, case.accuracy_m) == (31.17743, 121.52721, "GCJ02", 30)


@pytest.mark.parametrize(
    "more",
    [
        ("--at", "121.47,31.23"),
        ("--at", "here"),
        ("--at", "31,121", "--datum", "Beijing54"),
        ("--accuracy", "30"),
        ("--at", "31,121", "--accuracy", "-3"),
        ("--source", "walk_in"),
        ("--as", "nobody.here"),
        ("--reply-to", "回填"),
        ("--dry-run",),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_sentence(bihuan, more):
    answer = bihuan("submit", "--body", "路灯不亮", *more)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "{" not in answer.err
    assert cases(bihuan) == []


def test_a_walk_in_is_written_down_by_somebody_of_ours(bihuan):
    assert bihuan("submit", "--body", "楼道灯坏了", "--source", "walk_in", "--as", "chenguang.clerk", "--no-contact").code == 0
    (case,) = cases(bihuan)
    assert (case.source, case.entered_by, case.contact_allowed) == ("walk_in", "chenguang.clerk", False)


# later ----------------------------------------------------------------------------------------------------------------


def test_whoever_handles_it_attaches_what_it_looks_like_now(bihuan, picture):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    done = bihuan("attach", no, picture, "--as", "water.clerk", "--stage", "after", "--note", "已疏通")
    assert (done.code, "附件 1" in done.out) == (0, True)
    assert bihuan("attach", no, picture, "--as", "water.clerk", "--stage", "after", "--json").json[0]["no"] == 1
    (row,) = bihuan("attach", no, "--json").json
    assert (row["stage"], row["order_no"], row["note"], row["added_by"]) == ("after", 1, "已疏通", "water.clerk")
    assert "处置后" in bihuan("attach", no).out
    refused = (
        ("--as", "sanitation.clerk", "--stage", "after"),
        ("--as", "water.clerk", "--stage", "later"),
        ("--as", "nobody.here", "--stage", "after"),
        ("--stage", "after"),
    )
    for more in refused:
        answer = bihuan("attach", no, picture, *more)
        assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert bihuan("attach", no, "--as", "water.clerk", "--stage", "after").code == 1
    assert bihuan("attach", "BH-20990101-0001", picture, "--as", "water.clerk", "--stage", "after").code == 1


# tickets from upstream ------------------------------------------------------------------------------------------------


def test_tickets_keep_number_limit_and_way_back(bihuan, tmp_path):
    file = tmp_path / "in.csv"
    lines = ("编号,标题,内容,来源,上级工单号,回复方式,坐标,坐标系,可否联系", '1,路灯,不亮,hotline,T-1,系统回填,"31.2,121.4",gcj-02,否')
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert bihuan("import", file, "--json").json["new"] == 1
    file.write_text(file.read_text(encoding="utf-8").replace("1,路灯,不亮", "2,路灯,还是不亮"), encoding="utf-8")
    assert bihuan("import", file, "--json").json["known"] == 1, "the same number upstream"
    (row,) = bihuan("upstream", "list", "--json").json
    assert (row["system"], row["upstream_no"], row["reply_to"], row["replied_at"]) == ("12345", "T-1", "系统回填", None)
    (case,) = cases(bihuan)
    assert (case.datum, case.contact_allowed) == ("GCJ02", False)
    again = bihuan("submit", "--body", "路灯不亮", "--upstream-no", "T-1")
    assert again.out.strip() == row["no"]
    assert "T-1" in bihuan("upstream", "list", "--open").out
    assert bihuan("case", "list", "--json").json[0]["no"] == row["no"]


def test_columns_that_cannot_be_used_are_set_aside_with_their_reason(bihuan, tmp_path):
    file = tmp_path / "in.csv"
    rows = [
        "id,subject,body,source,upstream_no,upstream_reply_to,point,datum,accuracy,contact",
        "1,a,b,,,回填,,,,",
        f"2,a,b,,{'9' * 61},,,,,",
        '3,a,b,,,,"121,31",,,',
        '4,a,b,,,,"31,121",moon,,',
        '5,a,b,,,,"31,121",,far,',
        "6,a,b,,,,,,,maybe",
        "7,a,b,walk_in,,,,,,",
        "8,a,煤气泄漏快来人,walk_in,,,,,,",
        '9,a,b,,,,"31,121",BD09,12.4米,是',
    ]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = bihuan("import", file, "--json")
    codes = [(r["line"], r["code"]) for r in done.json["rejects"]]
    assert codes == [
        (2, "upstream_incomplete"),
        (3, "upstream_too_long"),
        (4, "bad_point"),
        (5, "bad_point"),
        (6, "bad_accuracy"),
        (7, "bad_contact"),
        (8, "source_needs_staff"),
        (9, "source_needs_staff"),
    ]
    assert done.err.splitlines()[0].startswith("第 9 行说的像是紧急情况")
    assert (cases(bihuan)[0].datum, cases(bihuan)[0].accuracy_m) == ("BD09", 13)
    assert bihuan("import", file, "--as", "chenguang.clerk", "--json").json["new"] == 2
    assert bihuan("import", file, "--as", "nobody.here").code == 1
    assert bihuan("import", file, "--source", "visit").code == 1


# a chat group ---------------------------------------------------------------------------------------------------------

CHAT = "张三 2026/11/20 08:31:05\n大家早上好\n3号楼路灯坏了\n李四 2026/11/20 08:40:00\n[图片]\n4号楼一股煤气味，煤气泄漏了\n"


@pytest.fixture
def chat(tmp_path):
    file = tmp_path / "群.txt"
    file.write_text(CHAT, encoding="utf-8")
    return file


def test_a_pasted_chat_is_listed_first_and_handed_in_once(bihuan, chat):
    common = ("submit", "--chat", chat, "--group", "晨光1群", "--area", "chenguang-1", "--as", "chenguang-1.worker")
    tried = bihuan(*common, "--dry-run")
    for words in ("张三", "3号楼路灯坏了", "P0", "新", "问候应答", "图片", "新增 2 件"):
        assert words in tried.out
    assert cases(bihuan) == []
    done = bihuan(*common, "--json").json
    assert [(line["line"], line["known"], line["urgency"]) for line in done["said"]] == [(3, False, None), (6, False, "P0")]
    assert [(each["line"], each["reason"]) for each in done["passed"]] == [(2, "greeting"), (5, "picture")]
    assert {(c.source, c.entered_by) for c in cases(bihuan)} == {("block_captain", "chenguang-1.worker")}
    again = bihuan(*common)
    assert "新增 0 件，已有 2 件" in again.out
    assert all(line["known"] for line in bihuan(*common, "--dry-run", "--json").json["said"])
    assert len(cases(bihuan)) == 2


def test_a_chat_from_standard_input_and_what_does_not_go_with_it(bihuan, chat, monkeypatch):
    with chat.open(encoding="latin-1") as given:
        monkeypatch.setattr("sys.stdin", given)
        assert "新增 2 件" in bihuan("submit", "--chat", "-").out
    for more in (("--body", "x"), ("--phone", "10000000001"), ("--photo", chat), ("--source", "visit"), ("--area", "nowhere")):
        answer = bihuan("submit", "--chat", chat, "--dry-run", *more)
        assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    chat.write_text("没有人说话\n", encoding="utf-8")
    assert bihuan("submit", "--chat", chat).code == 1


def test_one_row_that_is_refused_keeps_no_other_out(bihuan, tmp_path):
    file = tmp_path / "rows.csv"
    head = "id,subject,body,upstream_system,upstream_no\n"
    file.write_text(head + "1,路灯不亮,路灯不亮,12345,HW1\n", encoding="utf-8")
    assert bihuan("import", str(file), "--json").json["new"] == 1
    rows = "1,路灯不亮,路灯不亮,12345,HW2\n2,燃气泄漏,厨房一股煤气味，头晕,,\n"
    file.write_text(head + rows, encoding="utf-8")
    done = bihuan("import", str(file), "--json").json
    assert (done["new"], done["rejected"], [r["line"] for r in done["rejects"]]) == (1, 1, [2])
    assert "HW" in bihuan("import", str(file)).err

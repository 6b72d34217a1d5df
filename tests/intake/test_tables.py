"""Tables that people bring: either encoding, either format, and a bad row that spoils only itself."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from rules.facts import Refused
from services.tables import Table, TableRefused, encoding_of, read_table, reason_of, write_rejects

REQUIRED = ("id", "subject", "body")
HEAD = "id,subject,body\n"


def read(tmp_path: Path, content: str | bytes, encoding: str = "utf-8", required=REQUIRED) -> Table:
    file = tmp_path / "messages.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return read_table(file, required)


def refusal(tmp_path: Path, content: str | bytes) -> tuple[str, dict[str, object]]:
    with pytest.raises(TableRefused) as caught:
        read(tmp_path, content)
    return caught.value.code, caught.value.details


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_both_encodings_and_both_line_ends_read_the_same(tmp_path, encoding, ends):
    text = (HEAD + '1,路灯不亮,"两天了,\n请来修"\n2,井盖没了,危险\n').replace("\n", ends)
    table = read(tmp_path, text, encoding)
    assert table.header == REQUIRED
    assert [(r.line, r.values) for r in table.rows] == [
        (2, {"id": "1", "subject": "路灯不亮", "body": "两天了,\n请来修"}),
        (4, {"id": "2", "subject": "井盖没了", "body": "危险"}),
    ]
    assert table.rejects == []


@pytest.mark.parametrize(("encoding", "bad"), [("utf-8", b"\xe8\xb7"), ("utf-8", b"\xff\xfe"), ("gb18030", b"\xff"), ("gb18030", b"\xb0")])
def test_bad_bytes_spoil_only_the_row_they_stand_in(tmp_path, encoding, bad):
    lines = [HEAD, '1,路灯,"坏了\n很久"\n', '2,坏行,"第一行\n', "第二行", "\n", '第三行"\n', "3,井盖,没了，请尽快处理\n"]
    data = [line.encode(encoding) for line in lines]
    data[3] += bad
    table = read(tmp_path, b"".join(data))
    assert [(r.line, r.values["id"]) for r in table.rows] == [(2, "1"), (7, "3")]
    assert [(r.line, r.code) for r in table.rejects] == [(4, "undecodable")]
    assert "\\x" in table.rejects[0].raw
    assert "第三行" in table.rejects[0].raw


def test_one_bad_byte_does_not_turn_utf8_into_gb18030():
    assert encoding_of("一句很长的中文".encode() + b"\xff") == "utf-8"
    assert encoding_of("一句很长的中文".encode("gb18030") + b"\xff") == "gb18030"
    assert encoding_of(b"plain") == "utf-8"


def test_too_few_and_too_many_fields_are_set_aside_with_their_line(tmp_path):
    table = read(tmp_path, HEAD + '1,a,"x\ny"\n2,b\n3,c,d,e\n\n4,d,e\n')
    assert [(r.line, r.values["id"]) for r in table.rows] == [(2, "1"), (7, "4")]
    assert [(r.line, r.code, r.detail) for r in table.rejects] == [(4, "too_few_fields", "2/3"), (5, "too_many_fields", "4/3")]


def test_a_lost_quote_does_not_swallow_the_rest(tmp_path):
    table = read(tmp_path, HEAD + '1,a,"never closed\n2,b,fine\n3,c,"also\nfine"\n')
    assert [(r.line, r.values["id"]) for r in table.rows] == [(3, "2"), (4, "3")]
    assert [(r.line, r.code) for r in table.rejects] == [(2, "malformed")]


def test_lone_carriage_returns_and_empty_rows_do_not_disturb_the_count(tmp_path):
    table = read(tmp_path, HEAD + '1,a,"x\ry"\n,,\n\n2,b,z')
    assert [(r.line, r.values["body"]) for r in table.rows] == [(2, "x\ry"), (5, "z")]


def test_what_cannot_be_a_table_is_refused_with_a_reason(tmp_path):
    with pytest.raises(TableRefused) as caught:
        read_table(tmp_path / "nowhere.csv", REQUIRED)
    assert caught.value.code == "table_missing"
    assert isinstance(caught.value, Refused)
    assert refusal(tmp_path, b"")[0] == "table_empty"
    assert refusal(tmp_path, b"\xef\xbb\xbf\n \n")[0] == "table_empty"
    assert refusal(tmp_path, HEAD)[0] == "table_no_rows"
    assert refusal(tmp_path, HEAD + "\n,,\n")[0] == "table_no_rows"
    code, details = refusal(tmp_path, "id,title\n1,x\n")
    assert (code, details["columns"]) == ("table_columns_missing", "subject, body")
    assert refusal(tmp_path, b"PK\x03\x04 not a workbook")[0] == "table_unreadable"
    with pytest.raises(IsADirectoryError):
        read_table(tmp_path, REQUIRED)


def test_what_is_no_table_at_all_is_told_from_one_that_lacks_columns(tmp_path):
    for data in (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", bytes(range(256)) * 8, b"PK\x03\x04" + bytes(500), b"\xd0\xcf\x11\xe0 old"):
        assert refusal(tmp_path, data)[0] == "table_unreadable", data[:8]
    assert refusal(tmp_path, "id,title\n1,x\n".encode("utf-16"))[0] == "table_unreadable"
    table = read(tmp_path, HEAD + "1,a\0,b\n2,c,d\n")
    assert len(table.rows) == 2, "one bad character is the matter of its row"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_chinese_headings_mean_the_same_columns(tmp_path, encoding):
    heads = "编号,标题,诉求内容,反映人,手机,区域,地址,来源,提交时间,用户,答复,答复时间,备注"
    table = read(tmp_path, f"{heads}\n1,路灯,不亮,王五,13800000000,hubin,路口,hotline,2026-11-01,u,r,2026-11-02,x\n", encoding)
    meant = ("id", "subject", "body", "name", "phone", "area", "place", "source", "submitted_at", "user", "reply", "replied_at", "备注")
    assert table.header == meant
    both = read(tmp_path, "编号,标题,主题,内容\n1,甲,乙,丙\n", encoding)
    assert both.rows[0].values == {"id": "1", "subject": "甲", "主题": "乙", "body": "丙"}


def test_columns_may_stand_in_any_order_and_others_are_read_too(tmp_path):
    table = read(tmp_path, " Body ,ID,subject,area,\n没水,1,停水,hubin,\n")
    assert table.rows[0].values == {"body": "没水", "id": "1", "subject": "停水", "area": "hubin"}


def test_rejects_are_written_so_that_they_can_be_mended_and_read_again(tmp_path):
    table = read(tmp_path, HEAD + '1,a,"x, ""y""\nz"\n2,b\n3,c,"open\n4,好,d\n')
    rejects = [*table.rejects, table.reject(table.rows[0], "duplicate_id", "1")]
    out = tmp_path / "rejects.csv"
    assert write_rejects(out, table.header, rejects) == 3
    rows = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert rows[0] == ["line", "reason", *REQUIRED]
    assert [row[0] for row in rows[1:]] == ["2", "4", "5"]
    assert rows[1][1:] == [reason_of(rejects[-1]), "1", "a", 'x, "y"\nz']
    assert rows[3][2] == '3,c,"open'
    assert read_table(out, REQUIRED).rows[0].values["body"] == 'x, "y"\nz'


# --- spreadsheets


def workbook(rows: list[list[object]]) -> bytes:
    """The smallest workbook that spreadsheet programs accept; None leaves a cell out."""

    def cell(column: int, line: int, value: object) -> str:
        at = f'r="{chr(65 + column)}{line}"'
        if isinstance(value, str):
            return f'<c {at} t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
        return f"<c {at}><v>{value}</v></c>"

    lines = "".join(
        f'<row r="{n}">{"".join(cell(i, n, v) for i, v in enumerate(row) if v is not None)}</row>' for n, row in enumerate(rows, 1) if row
    )
    schemas = "http://schemas.openxmlformats.org"
    main, kinds = f"{schemas}/spreadsheetml/2006/main", f"{schemas}/officeDocument/2006/relationships"
    package = f"{schemas}/package/2006"

    def linked(kind: str, target: str) -> str:
        one = f'<Relationship Id="r1" Type="{kinds}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{package}/relationships">{one}</Relationships>'

    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{kinds}">'
        f'<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        "_rels/.rels": linked("officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": linked("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package_file:
        for name, text in files.items():
            package_file.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return out.getvalue()


def test_a_spreadsheet_reads_like_the_same_csv(tmp_path):
    sheet = [["id", "subject", "body"], [1001, "路灯", "不亮\n两天"], [], ["x", "井盖", "没了", "多一格"], ["y", None, "只有正文"]]
    table = read(tmp_path, workbook(sheet))
    assert [(r.line, r.values) for r in table.rows] == [
        (2, {"id": "1001", "subject": "路灯", "body": "不亮\n两天"}),
        (5, {"id": "y", "subject": "", "body": "只有正文"}),
    ]
    assert [(r.line, r.code) for r in table.rejects] == [(4, "too_many_fields")]


def test_a_spreadsheet_that_starts_further_down_keeps_its_own_row_numbers(tmp_path):
    table = read(tmp_path, workbook([[], [], ["id", "subject", "body"], [1, "a", "b"]]))
    assert [r.line for r in table.rows] == [4]

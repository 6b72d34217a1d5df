"""Policy files: both forms of TOML and the workbook are read into the same values, are written back, and are refused with the place."""

import io
import zipfile
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import seeds
from rules.ladder_checks import WrittenLadder
from rules.sla import KINDS, NONE, Matter, Policy, Row, Stage
from rules.worktime import Limit, Unit
from services.policy_files import (
    PolicyFile,
    PolicyRefused,
    read_policy_file,
    seeded_policy,
    worded,
    write_policy_file,
    write_toml,
    write_xlsx,
)
from services.sheets import read_workbook, workbook
from services.tables import TableRefused
from wording import LANGUAGES

ROOT = Path(__file__).parents[2]
SEEDS = (ROOT / "seeds" / "policy.toml").read_text(encoding="utf-8")
SMALL = """
note = "夏季 [[row]]"
effective_from = 2027-06-01
# [[row]]
[[row]]
urgency = ["P1", "P2"]
limits = { handle = "5wd", extension_times = 1 }

[[row]]
category = "D01"
area = "hubin"
stages = [
  { code = "stop", zh = "停工", en = "Stop", limit = "4wh" },
  { code = "fine", zh = "处罚", en = "Penalty", limit = "7wd" },
]
basis = "b"
"""
STAGES = (Stage("stop", "停工", "Stop", Limit.parse("4wh")), Stage("fine", "处罚", "Penalty", Limit.parse("7wd")))
LIMITS = {"handle": "5wd", "extension_times": "1"}
MEANT = PolicyFile(
    (Row(6, urgency="P1", limits=LIMITS), Row(6, urgency="P2", limits=LIMITS), Row(10, "D01", area="hubin", stages=STAGES, basis="b")),
    note="夏季 [[row]]",
    effective_from=date(2027, 6, 1),
)


def read(tmp_path: Path, content: str | bytes, name: str = "policy.toml") -> PolicyFile:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_policy_file(file)


def refused(tmp_path: Path, content: str | bytes) -> list[tuple[str, int, str, str]]:
    with pytest.raises(PolicyRefused) as caught:
        read(tmp_path, content)
    assert caught.value.code == "bad_policy"
    assert all(worded(p, lang).strip() for p in caught.value.problems for lang in LANGUAGES)
    assert worded(caught.value.problems[0]) in str(caught.value.details["reason"])
    return [(p.sheet, p.line, p.key, p.code) for p in caught.value.problems]


# TOML


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_rows_are_read_with_their_lines(tmp_path, encoding, ends) -> None:
    policy = read(tmp_path, SMALL.replace("\n", ends).encode(encoding))
    assert policy == MEANT
    assert [row.line for row in policy.rows] == [5, 5, 9]


def test_other_ways_to_write_a_row_are_read_too(tmp_path) -> None:
    policy = read(tmp_path, 'note = """\n[[row]]\n"""\n[[row]]\nurgency = "P1"\n[row.limits]\nhandle = "5wd"\n')
    assert [(r.line, r.names, r.limits) for r in policy.rows] == [(4, {"urgency": "P1"}, {"handle": "5wd"})]
    assert [r.line for r in read(tmp_path, '\nrow = [{ limits = { handle = "1wd" } }, { urgency = "P1" }]').rows] == [2, 2]


def test_ladders_and_clocks_are_read(tmp_path) -> None:
    policy = read(tmp_path, SMALL + (ROOT / "seeds" / "ladders.toml").read_text(encoding="utf-8"))
    ladders = seeds.read("ladders.toml")
    assert [(x.code, x.zh, x.en, list(x.rungs)) for x in policy.ladders] == [
        (x["code"], x["zh"], x["en"], x["rungs"]) for x in ladders["ladder"]
    ]
    assert policy.clocks == ladders["clocks"]
    lines = (tmp_path / "policy.toml").read_text(encoding="utf-8").split("\n")
    assert {lines[x.line - 1] for x in policy.ladders} == {"[[ladder]]"}
    assert lines[policy.places["accept"].line - 1] == "[clocks]"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("[[row]\n", (1, "", "not_toml")),
        ('note = "a"\nnote = "b"\n', (2, "", "not_toml")),
        ('[[row]]\nlimits = { handle = "5wd" ', (2, "", "not_toml")),
        ("", (0, "row", "no_rows")),
        ("\nhurry = 1\n", (2, "hurry", "unknown_key")),
        ("row = 3\n", (0, "row", "not_a_list")),
        ("\nrow = [3]\n", (2, "row", "not_a_table")),
        ("\n[[row]]\nlimit = {}\n", (2, "limit", "unknown_key")),
        ("\n[[row]]\nurgency = []\n", (2, "urgency", "not_codes")),
        ("\n[[row]]\nurgency = 2\n", (2, "urgency", "not_codes")),
        ('\n[[row]]\nlimits = "5wd"\n', (2, "limits", "not_a_table")),
        ("\n[[row]]\nstages = 3\n", (2, "stages", "not_a_list")),
        ('\n[[row]]\nstages = [{ code = "a", limit = "4wh" }]\n', (2, "stages", "stage_incomplete")),
        ('\n[[row]]\nstages = [{ code = "a", zh = "a", en = "a", limit = "4x" }]\n', (2, "stages.a", "unknown_unit")),
        ("\n[[row]]\nbasis = 3\n", (2, "basis", "not_a_text")),
        ("\neffective_from = 3\n", (2, "effective_from", "not_a_day")),
        ('\neffective_from = "soon"\n', (2, "effective_from", "not_a_day")),
        ("\nnote = 3\n", (2, "note", "not_a_text")),
        ('\n[[ladder]]\ncode = "a"\nzh = "a"\nen = "a"\nrungs = 3\n', (2, "ladder a", "not_a_list")),
        ('\n[[ladder]]\ncode = "a"\nzh = "a"\n', (2, "ladder.en", "not_a_text")),
        ("\n[clocks]\nhandle = 3\n", (2, "clocks.handle", "not_a_text")),
        ("[urgency]\nP0 = 3\n", (1, "urgency.P0", "not_a_table")),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(tmp_path, content, place) -> None:
    assert ("", *place) in refused(tmp_path, content)


def test_everything_that_is_wrong_is_told_at_once(tmp_path) -> None:
    found = refused(tmp_path, "note = 3\n[[row]]\nbasis = 3\n[[row]]\nurgency = 3\ncolour = 4\n[[row]]\nstages = 5\n")
    assert [line for _, line, _, _ in found] == [2, 4, 4, 7, 1]


# the first form


def test_the_first_form_means_what_it_always_meant() -> None:
    policy, seeded, categories = Policy(seeded_policy().rows), seeds.read("policy.toml"), seeds.read("categories.toml")["category"]
    rows = {(c["code"], c["urgency"]): c["limits"] for c in categories}
    rows |= {(r.get("category"), r["urgency"]): r["limits"] for r in seeded["row"]}
    for category, urgency in product([c["code"] for c in categories], seeded["urgency"]):
        meant = dict(seeded["urgency"][urgency]["limits"])
        if own := rows.get((category, urgency)):
            meant = {**meant, "control": NONE, **own}
        for kind in set(KINDS) - {"stage", "extension_times"}:
            found = policy.limit(kind, Matter(category, urgency))
            assert (str(found.limit) if found else NONE) == meant.get(kind, NONE), (category, urgency, kind)


def test_a_row_of_a_first_form_file_takes_the_place_of_the_categorys_own(tmp_path) -> None:
    added = '\n[[row]]\ncategory = "G05"\nurgency = "P2"\nlimits = { handle = "1wh", acknowledge = "5m" }\n'
    policy = read(tmp_path, SEEDS + added)
    (own,) = [row for row in policy.rows if row.names == {"category": "G05", "urgency": "P2"}]
    assert (own.limits, own.line) == ({"handle": "1wh", "acknowledge": "5m", "control": NONE}, SEEDS.count("\n") + 2)
    assert len(policy.rows) == len(seeded_policy().rows)
    (manhole,) = [row for row in policy.rows if row.category == "A01"]
    text = (ROOT / "seeds" / "categories.toml").read_text(encoding="utf-8").split("\n")
    assert (manhole.sheet, text[manhole.line]) == ("categories.toml", 'code = "A01"')


def test_a_first_form_file_from_before_gets_the_limits_that_came_later(tmp_path) -> None:
    before = 'version = 1\neffective_from = 2000-01-01\nnote = ""\n[urgency.P1]\nzh = "紧急"\nlimits = { handle = "20h" }\n'
    (row,) = [row for row in read(tmp_path, before).rows if row.names == {"urgency": "P1"}]
    seeded = seeds.read("policy.toml")["urgency"]["P1"]["limits"]
    assert row.limits["handle"] == "20h"
    assert row.limits["overall"] == seeded["overall"]
    assert "accept" not in row.limits
    assert row.line == 4


def test_an_empty_database_begins_with_ladders_too(tmp_path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(SMALL, encoding="utf-8")
    policy = seeded_policy(file)
    assert policy.rows == MEANT.rows
    assert (policy.ladders, policy.clocks) == (seeded_policy().ladders, seeds.read("ladders.toml")["clocks"])


# XLSX


def sheets(**tables: list[list[str]]) -> bytes:
    return workbook(tables)


def test_a_workbook_may_have_chinese_headings_and_lists(tmp_path) -> None:
    policy = read(
        tmp_path,
        sheets(
            时限=[
                [],
                ["紧急程度", "签收 acknowledge", "First contact", "handle（处置）", "延期次数"],
                ["P1、P2", "30m", "", "5wd", "1"],
                [],
                ["P3", "", "1wd"],
                ["*", "", "", "9wd"],
            ],
            stages=[
                ["类别", "紧急程度", "code", "中文名", "英文名", "limit"],
                ["", "P3", "stop", "停工", "Stop", "4wh"],
                ["", "P3", "fine", "处罚", "Penalty", "7wd"],
                ["D01", "", "stop", "停工", "Stop", "4wh"],
            ],
            说明=[["item", "value"], ["note", "夏季"], ["effective_from", "2027-06-01"]],
        ),
    )
    given = {"acknowledge": "30m", "handle": "5wd", "extension_times": "1"}
    assert policy == PolicyFile(
        (
            Row(3, urgency="P1", limits=given),
            Row(3, urgency="P2", limits=given),
            Row(5, urgency="P3", limits={"contact": "1wd"}, stages=STAGES),
            Row(6, limits={"handle": "9wd"}),
            Row(4, "D01", stages=STAGES[:1]),
        ),
        note="夏季",
        effective_from=date(2027, 6, 1),
    )
    assert [(row.sheet, row.line) for row in policy.rows] == [("时限", 3), ("时限", 3), ("时限", 5), ("时限", 6), ("stages", 4)]


@pytest.mark.parametrize(
    ("tables", "place"),
    [
        ({"limits": []}, ("limits", 1, "", "no_rows")),
        ({"limits": [["urgency", "hurry"], ["P1", "3wd"]]}, ("limits", 1, "hurry", "unknown_column")),
        ({"limits": [["handle", "处置"], ["3wd", "4wd"]]}, ("limits", 1, "处置", "column_twice")),
        ({"limits": [["handle", ""], ["3wd", "4wd"]]}, ("limits", 2, "", "no_heading")),
        ({"limits": [["handle"], ["3wd", "4wd"]]}, ("limits", 2, "", "no_heading")),
        ({"limit": [["handle"], ["3wd"]]}, ("limit", 1, "", "unknown_sheet")),
        ({"stages": [["urgency", "code"], [], ["P1", "stop"]]}, ("stages", 3, "stages", "stage_incomplete")),
        ({"stages": [["code", "zh", "en", "limit"], ["a", "a", "a", "soon"]]}, ("stages", 2, "stages.a", "unreadable_limit")),
        ({"policy": [["item", "value"], ["colour", "red"]]}, ("policy", 2, "colour", "unknown_key")),
        ({"policy": [["item", "value"], ["effective_from", "soon"]]}, ("policy", 2, "effective_from", "not_a_day")),
    ],
)
def test_a_bad_workbook_is_refused_with_sheet_and_row(tmp_path, tables, place) -> None:
    assert place in refused(tmp_path, sheets(**tables))


def test_numbers_and_days_in_cells_are_what_they_look_like(tmp_path) -> None:
    plain = sheets(limits=[["extension_times"], ["1"]], policy=[["item", "value"], ["effective_from", "2027-06-01"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as book, zipfile.ZipFile(out, "w") as typed:
        for name in book.namelist():
            text = book.read(name).decode()
            text = text.replace('t="inlineStr"><is><t xml:space="preserve">1</t></is>', "><v>1</v>")
            text = text.replace('t="inlineStr"><is><t xml:space="preserve">2027-06-01</t></is>', 't="d"><v>2027-06-01T00:00:00</v>')
            typed.writestr(name, text)
    policy = read(tmp_path, out.getvalue())
    assert (policy.rows[0].limits, policy.effective_from) == ({"extension_times": "1"}, date(2027, 6, 1))


def test_a_file_that_only_begins_like_a_workbook_is_refused(tmp_path) -> None:
    with pytest.raises(TableRefused, match="table_unreadable"):
        read(tmp_path, b"PK\x03\x04 and no more")


def test_a_workbook_has_the_parts_that_spreadsheet_programs_ask_for() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook({"a": [["1"]], "b": []}))) as book:
        assert {"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/worksheets/sheet2.xml"} <= set(book.namelist())
        types = book.read("[Content_Types].xml").decode()
    assert all(part in types for part in ("/xl/workbook.xml", "/xl/worksheets/sheet1.xml", "/xl/worksheets/sheet2.xml"))
    many = [[f"{i}<&>\n" if i % 2 else "" for i in range(60)], ["", "001"]]
    assert [[cell for cell in row if cell] for row in read_workbook(workbook({"a": many}), "x")["a"]] == [
        [f"{i}<&>" for i in range(60) if i % 2],
        ["001"],
    ]


# there and back

CODES = st.text("abcXYZ019-_", min_size=1, max_size=8)
NAMES = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=8)
LINES = st.text(st.characters(blacklist_categories=("C",)), max_size=20).map(str.strip)
NOTES = LINES | st.just('两行\n"引号"\\')
WRITTEN = st.builds(Limit, st.integers(1, 99), st.sampled_from(Unit))
STAGE_LISTS = st.lists(st.builds(Stage, CODES, NAMES, NAMES, WRITTEN), max_size=3).map(tuple)
ROW_LISTS = st.lists(
    st.builds(
        Row,
        st.just(0),
        *[st.none() | CODES] * 5,
        st.dictionaries(st.sampled_from(KINDS), WRITTEN.map(str) | st.just(NONE) | st.just("2")),
        STAGE_LISTS,
        LINES,
    ).filter(lambda row: row.names or row.kinds or row.basis),
    min_size=1,
    max_size=5,
    unique_by=lambda row: row.key,
)
RUNGS = st.fixed_dictionaries(
    {"code": CODES, "at": st.just("80%"), "act": st.just("tell"), "notice": st.just("") | CODES},
    optional={"to": st.lists(CODES, min_size=1, max_size=3), "low": st.booleans(), "only": st.just("wd"), "gap": st.just("5m")},
)
LADDER_LISTS = st.lists(
    st.builds(WrittenLadder, st.just(0), CODES, NAMES, NAMES, st.lists(RUNGS, min_size=1, max_size=3).map(tuple)),
    max_size=3,
    unique_by=lambda ladder: ladder.code,
)
DAYS = st.none() | st.dates()
POLICIES = st.builds(PolicyFile, ROW_LISTS.map(tuple), LADDER_LISTS.map(tuple), st.dictionaries(CODES, CODES, max_size=3), NOTES, DAYS)


@pytest.mark.parametrize("name", ["policy.toml", "policy.xlsx", "POLICY.XLSX"])
def test_the_seeds_go_out_and_come_back(tmp_path, name) -> None:
    file = tmp_path / name
    write_policy_file(file, seeded_policy())
    assert read_policy_file(file) == seeded_policy()
    write_policy_file(file, MEANT)
    assert read_policy_file(file) == MEANT


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(POLICIES)
def test_any_policy_goes_out_and_comes_back(tmp_path, policy) -> None:
    assert read(tmp_path, write_toml(policy)) == policy
    assert read(tmp_path, write_xlsx(policy), "policy.xlsx") == policy


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_spoilt_file_is_read_or_refused_with_a_place(tmp_path, data) -> None:
    text = (
        SMALL + "[clocks]\nhandle = 'a'\n[[ladder]]\ncode = 'a'\nzh = 'a'\nen = 'a'\nrungs = [{ code = 'x', at = '80%', act = 'tell' }]\n"
    )
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 20)))
    spoilt = (
        text[:at] + data.draw(st.sampled_from(["", "[", "]", '"', "=", "3", "{", "[[row]]", "\n", "x = 1\n", "\x00", "row"])) + text[end:]
    )
    try:
        rows, found = read(tmp_path, spoilt).rows, []
    except PolicyRefused as refusal:
        rows, found = (), refusal.problems
    assert bool(rows) != bool(found)
    assert all(0 <= p.line <= spoilt.count("\n") + 1 and worded(p) for p in found)

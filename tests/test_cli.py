"""The command line through its one door: what is printed where, which exit code, in which language; never a traceback."""

import ast
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import update

import cli
from models import Database, Journal, table
from services.moves import Setting
from services.steps import Step, advance
from settings import get_settings
from tests.test_tables import workbook
from wording import sentences

ROOT = Path(__file__).parents[1]
PARTS = sorted([ROOT / "cli.py", *(ROOT / "commands").glob("*.py"), *(ROOT / "services").glob("*.py")])


@dataclass
class Answer:
    """What one command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Bihuan:
    """The command line on an installation of its own."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    database: Database

    def __call__(self, *arguments: str | Path) -> Answer:
        self.capture.readouterr()
        code = cli.run([str(a) for a in arguments])
        return Answer(code, *self.capture.readouterr())

    def submits(self, body="晨光小区5号楼下水道堵了，污水外溢", *more: str) -> str:
        return self("submit", "--body", body, "--area", "chenguang-1", "--phone", "10000000001", *more).out.strip()

    def engine_turns(self, no: str) -> None:
        """What the engine would do for one case now, without an engine."""
        from clock import utcnow
        from services.reading import case_id_of

        with self.database.unit_of_work() as session:
            case_id = case_id_of(session, no)
        for step in Step:
            with self.database.unit_of_work() as session:
                advance(session, step, [case_id], Setting(utcnow()))

    def state(self, no: str) -> str:
        return str(self("case", "show", no, "--json").json["state"])


@pytest.fixture
def bare(tmp_path, monkeypatch, capsys, sqlite_supply) -> Callable[..., Answer]:
    """The command line with settings of its own, but no database."""
    for name in [name for name in os.environ if name.startswith("BIHUAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BIHUAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BIHUAN_PREFECT", "off")
    monkeypatch.setenv("BIHUAN_LANG", "zh")
    get_settings.reset()

    def run(*arguments: str | Path) -> Answer:
        get_settings.reset()
        capsys.readouterr()
        code = cli.run([str(a) for a in arguments])
        return Answer(code, *capsys.readouterr())

    yield run
    get_settings.reset()


@pytest.fixture
def bihuan(bare, tmp_path, monkeypatch, capsys, sqlite_supply, encryption_key) -> Bihuan:
    """The command line on a migrated and seeded database."""
    (tmp_path / "secret.key").write_bytes(encryption_key)
    url = sqlite_supply.fresh()
    monkeypatch.setenv("BIHUAN_DATABASE_URL", url)
    get_settings.reset()
    database = Database(url)
    yield Bihuan(tmp_path, capsys, database)
    database.close()
    sqlite_supply.drop(url)


# --- words


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_command_and_option_has_help_in_both_languages(bare, monkeypatch, lang):
    monkeypatch.setenv("BIHUAN_LANG", lang)
    from typer.main import get_command

    command = get_command(cli.program())
    waiting = [(("bihuan",), command)]
    while waiting:
        path, each = waiting.pop()
        assert each.help, path
        for option in each.params:
            assert getattr(option, "help", None), (*path, option.name)
        waiting += [((*path, name), child) for name, child in getattr(each, "commands", {}).items()]


def test_help_speaks_the_language_asked_for(bare):
    assert "提交一件反映" in bare("--help").out
    english = bare("--lang", "en", "--help")
    assert (english.code, "Hand in a report" in english.out) == (0, True)
    assert "Commands" in english.out
    assert bare("--lang", "fr", "case", "list").code == 2


def test_the_two_languages_say_the_same_things():
    zh, en = (tomllib.loads((ROOT / f"locales/cli.{lang}.toml").read_text(encoding="utf-8")) for lang in ("zh", "en"))
    assert {s: sorted(words) for s, words in zh.items()} == {s: sorted(words) for s, words in en.items()}
    for section, words in zh.items():
        for name, text in words.items():
            assert sorted(re.findall(r"{\w*}", text)) == sorted(re.findall(r"{\w*}", en[section][name])), (section, name)


def constants(file: Path, called: str) -> list[str]:
    """First arguments, written out, of every call of a function in a file."""
    calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    named = [c for c in calls if getattr(c.func, "id", getattr(c.func, "attr", "")) == called and c.args]
    return [c.args[0].value for c in named if isinstance(c.args[0], ast.Constant) and isinstance(c.args[0].value, str)]


def test_every_sentence_and_every_refusal_of_these_files_is_worded():
    for lang in ("zh", "en"):
        known = sentences(lang)
        for file in PARTS:
            for code in [*constants(file, "Refused"), *constants(file, "TableRefused")]:
                assert code in known["refused"], (lang, file.name, code)
            for key in constants(file, "say"):
                section, _, name = key.partition(".")
                assert name in known[section], (lang, file.name, key)
            for code in constants(file, "Finding"):
                assert code in known["finding"], (lang, file.name, code)
            for name in constants(file, "_said"):
                assert {f"{name}_ok", f"{name}_bad"} <= set(known["doctor"]), (lang, file.name, name)


def test_help_comes_at_once():
    began = time.perf_counter()
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stderr
    assert time.perf_counter() - began < 10  # a machine under load; what costs time is named below
    heavy = {line.rpartition("|")[2].strip() for line in loaded.splitlines()} & {"sqlalchemy", "prefect", "pydantic", "httpx", "alembic"}
    assert not heavy


# --- what goes wrong is one sentence


def test_what_goes_wrong_is_one_sentence_on_standard_error(bare, monkeypatch, tmp_path):
    fresh = bare("case", "list")
    assert (fresh.code, fresh.out) == (1, "")
    assert "bihuan db upgrade" in fresh.err
    monkeypatch.setenv("BIHUAN_PORT", "many")
    wrong = bare("case", "list")
    assert (wrong.code, "BIHUAN_PORT" in wrong.err) == (2, True)
    monkeypatch.delenv("BIHUAN_PORT")
    monkeypatch.setenv("BIHUAN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    away = bare("case", "list")
    assert (away.code, "BIHUAN_DATABASE_URL" in away.err) == (1, True)
    (tmp_path / "secret.key").write_text("not a key")
    broken = bare("case", "list")
    assert (broken.code, "secret.key" in broken.err) == (1, True)
    for answer in (fresh, wrong, away, broken):
        assert "Traceback" not in answer.err
        assert answer.err.count("\n") == 1


def test_wrong_usage_is_two_and_a_bug_keeps_its_traceback(bare, monkeypatch):
    assert bare("submit", "--nothing").code == 2
    assert bare("frobnicate").code == 2
    assert bare("act", "BH-1").code == 2
    monkeypatch.setattr("commands.case._list", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bare("case", "list")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("act", "BH-1"), "缺少参数 ACTION"),
        (("act", "BH-1", "finish"), "缺少选项 --as"),
        (("act", "BH-1", "finish", "--as"), "选项 --as 后面要有值"),
        (("frobnicate",), "没有命令“frobnicate”"),
        (("case", "shw"), "是不是"),
        (("submit", "--nothing"), "没有选项 --nothing"),
        (("submit", "--subjec", "x"), "--subject"),
        (("submit", "a", "b"), "多出了“a b”"),
        (("submit", "--json=3"), "不带值"),
        (("case", "list", "--limit", "0"), "最小为 1"),
        (("case", "list", "--limit", "many"), "应为整数"),
        (("act", "a", "b", "--as", "c", "--score", "9"), "最大为 5"),
        (("--lang", "fr", "case", "list"), "没有语言“fr”"),
        (("case", "list", "--lang=fr"), "没有语言“fr”"),
    ],
)
def test_wrong_usage_is_one_sentence_in_chinese(bare, arguments, sentence):
    answer = bare(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err
    assert answer.err.count("\n") == 1


def test_the_language_may_stand_behind_the_command_too(bare):
    assert "Hand in a report" in bare("submit", "--help", "--lang", "en").out
    assert "The argument ACTION is missing" in bare("act", "--lang=en", "BH-1").err


def test_the_version_is_that_of_the_project(bare):
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert bare("--version").out == f"bihuan {wanted}\n"


@pytest.mark.parametrize("where", ["file", "/proc/bihuan"])
def test_a_data_folder_that_is_none_is_said_everywhere(bare, monkeypatch, tmp_path, where):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BIHUAN_DATA_DIR", str(tmp_path / where))
    for arguments in (("case", "list"), ("db", "upgrade"), ("doctor",)):
        answer = bare(*arguments)
        assert answer.code == 1
        assert "数据目录" in answer.out + answer.err
        assert "BIHUAN_DATA_DIR" in answer.out + answer.err


def test_a_replay_that_ends_before_it_begins_says_so(bare):
    answer = bare("replay", ROOT / "demo" / "messages.csv", "--until", "2001-01-01")
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "2001-01-01" in answer.err


def test_ctrl_c_is_130(bare, monkeypatch):
    def interrupted(*_a, **_k):
        raise KeyboardInterrupt

    monkeypatch.setattr("commands.case._list", interrupted)
    answer = bare("case", "list")
    assert (answer.code, answer.err.strip()) == (130, "已中断。")


# --- database


def test_upgrade_seed_and_reset(bare, tmp_path):
    assert "0001" in bare("db", "upgrade").out
    assert "最新" in bare("db", "upgrade").out
    assert "centre.duty" in bare("db", "seed").out
    assert "早已" in bare("db", "seed").out
    no = bare("submit", "--body", "路灯不亮").out.strip()
    assert bare("db", "reset").code == 1
    assert bare("case", "show", no).code == 0
    assert bare("db", "reset", "--yes").code == 0
    assert bare("case", "show", no).code == 1


# --- submitting


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


# --- a whole table

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


# --- looking and acting


def test_a_case_through_the_whole_loop(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    orders = bihuan("case", "show", no, "--json").json["orders"]
    assert bihuan("act", no, "acknowledge", "--as", f"{orders[0]['unit']}.clerk").code == 0
    for order in orders:
        user = f"{order['unit']}.clerk"
        if not order["lead"]:
            bihuan("act", no, "acknowledge", "--as", user)
        assert bihuan("act", no, "finish", "--as", user, "--result", "已疏通").code == 0
    bihuan.engine_turns(no)
    own = bihuan("act", no, "pass-check", "--as", f"{orders[0]['unit']}.clerk")
    assert own.code == 1
    assert bihuan("act", no, "pass_check", "--as", "hubin.clerk").code == 0
    bihuan.engine_turns(no)
    rated = bihuan("act", no, "rate", "--as", "resident", "--solved", "--score", "5", "--json")
    assert rated.json["state"] == "evaluated"
    bihuan.engine_turns(no)
    story = bihuan("case", "show", no, "--json").json
    assert (story["state"], story["solved"], story["score"], story["result"]) == ("closed", True, 5, "已疏通")
    assert [s["step"] for s in story["steps"]] == ["collect", "triage", "report", "handle", "feedback", "evaluate"]
    assert all(s["since"] and s["until"] for s in story["steps"])
    assert story["held_by"][0]["unit"] == "centre"
    shown = bihuan("case", "show", no)
    for words in (no, "已结案", "六步", "流转轨迹", "工单", "时限", "记录", "消息", "已疏通"):
        assert words in shown.out


def test_what_the_table_refuses_is_said_in_words(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    refused = bihuan("act", no, "finish", "--as", "water.clerk", "--result", "好了")
    assert (refused.code, refused.out) == (1, "")
    assert "“待签收”" in refused.err
    assert "“办结”" in refused.err
    for arguments in (
        (no, "dance", "--as", "water.clerk"),
        (no, "acknowledge", "--as", "nobody"),
        (no, "acknowledge", "--as", "hubin.clerk"),
        (no, "dispatch", "--as", "centre.duty", "--lead", "nowhere"),
        (no, "send_down", "--as", "centre.duty", "--level", "moon"),
        (no, "sign", "--as", "chenghu.leader"),
        ("BH-19990101-0001", "file", "--as", "centre.duty"),
    ):
        answer = bihuan("act", *arguments)
        assert (answer.code, answer.err.count("\n")) == (1, 1), arguments


def test_the_climb_by_hand(bihuan):
    no = bihuan.submits("楼道里的路灯坏了", "--source", "grid_worker")
    bihuan.engine_turns(no)
    if bihuan.state(no) == "accepted":
        bihuan("act", no, "file", "--as", "centre.duty", "--category", "A01", "--urgency", "P2")
        bihuan.engine_turns(no)
    story = bihuan("case", "show", no, "--json").json
    assert (story["state"], story["level"]) == ("reporting", "grid")
    up = bihuan("act", no, "report_up", "--as", "chenguang-1.worker", "--json")
    assert up.json["waits_for"] == "chenguang"
    assert bihuan("act", no, "send_down", "--as", "chenguang.clerk", "--level", "grid", "--reason", "网格可办").code == 0
    done = bihuan("act", no, "handle_here", "--as", "chenguang-1.worker")
    assert "办理中" in done.out
    assert "finish" in done.err
    trail = [held["unit"] for held in bihuan("case", "show", no, "--json").json["held_by"]]
    assert trail[-3:] == ["chenguang-1", "chenguang", "chenguang-1"] or trail[-4:-1] == ["chenguang-1", "chenguang", "chenguang-1"]


def test_what_somebody_may_do_is_listed_with_what_it_needs(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    mine = bihuan("case", "show", no, "--as", "water.clerk", "--json").json
    assert (mine["state"], [m["action"] for m in mine["moves"]]) == ("dispatched", ["acknowledge", "assign"])
    assert {m["no"] for m in mine["moves"]} == {1}
    assert mine["moves"][1]["needs"] == ["section"]
    centre = bihuan("case", "show", no, "--as", "centre.duty")
    assert "recall" in centre.out
    assert "--reason" in centre.out
    assert "没有可做的动作" in bihuan("case", "show", no, "--as", "admin").out
    bihuan("act", no, "acknowledge", "--as", "water.clerk")
    bihuan("act", no, "contact", "--as", "water.clerk")
    (contact,) = [m for m in bihuan("case", "show", no, "--as", "water.clerk", "--json").json["moves"] if m["action"] == "contact"]
    assert contact["obstacle"] == "already_contacted"
    nobody = bihuan("case", "show", no, "--as", "nobody")
    assert (nobody.code, "bihuan show users" in nobody.err) == (1, True)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [("units", "code", "water"), ("categories", "code", "A01"), ("sources", "code", "hotline"), ("users", "user", "centre.duty")],
)
def test_codes_can_be_looked_up(bihuan, name, key, value):
    assert value in [line[key] for line in bihuan("show", name, "--json").json]
    assert value in bihuan("show", name).out
    assert value in bihuan("show", name, "--lang", "en").out


def test_actions_can_be_looked_up(bihuan):
    lines = bihuan("show", "actions", "--json").json
    (hold,) = [line for line in lines if line["action"] == "hold"]
    assert (hold["in_state"], hold["who"], hold["needs"]) == ("handling", ["centre"], ["reason"])
    assert not [line for line in lines if line["action"] in ("deem_acknowledged", "waive_check", "redo")], "nobody asks for these"
    assert "--reason" in bihuan("show", "actions").out


def test_refusals_say_what_is_wrong_and_where_to_look(bihuan):
    no = bihuan.submits("有件事想说一下")
    bihuan.engine_turns(no)
    assert "bihuan show categories" in bihuan("act", no, "file", "--as", "centre.duty", "--category", "Z99").err
    assert "Z99" in bihuan("act", no, "file", "--as", "centre.duty", "--category", "Z99").err
    assert "bihuan show categories" in bihuan("act", no, "file", "--as", "centre.duty").err
    assert f"bihuan case show {no} --as centre.duty" in bihuan("act", no, "close", "--as", "centre.duty").err
    filed = bihuan("act", no, "file", "--as", "centre.duty", "--category", "A01")
    assert (filed.code, "引擎" in filed.err, "centre.duty 还可以" in filed.err) == (0, True, False), "nobody races the engine"
    own = {c["code"]: c["urgency"] for c in bihuan("show", "categories", "--json").json}
    assert bihuan("case", "show", no, "--json").json["urgency"] == own["A01"]
    assert "bihuan show units" in bihuan("act", no, "dispatch", "--as", "centre.duty", "--lead", "moon").err
    assert "bihuan show actions" in bihuan("act", no, "dance", "--as", "centre.duty").err
    assert "没有第 9 号工单" in bihuan("act", no, "finish", "--as", "water.clerk", "--order", "9").err
    assert "没有第 9 号督办单" in bihuan("act", no, "sign", "--as", "chenghu.leader", "--supervision", "9").err
    bihuan("act", no, "divert", "--as", "centre.duty", "--reason", "应走信访")
    closed = bihuan("act", no, "finish", "--as", "water.clerk", "--result", "好了")
    assert "已转其他渠道" in closed.err


def test_an_answer_says_what_was_done_and_who_is_waited_for(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    bihuan("act", no, "acknowledge", "--as", "water.clerk")
    held = bihuan("act", no, "hold", "--as", "centre.duty", "--reason", "等汛期过去")
    assert "社会治理中心" in held.err.splitlines()[0]
    bihuan("act", no, "resume", "--as", "centre.duty")
    done = bihuan("act", no, "finish", "--as", "water.clerk", "--result", "好了")
    assert "工单 1 已办结，案件现在是“办理中”" in done.out
    shown = bihuan("case", "show", no).out
    for words in ("按时", "系统", "居民", "短信"):
        assert words in shown
    assert not re.search(r"[\u4e00-\u9fff]: ", shown), "no ASCII colon behind Chinese"


def test_who_says_not_solved_waits_for_a_person_not_for_the_engine(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    for order in bihuan("case", "show", no, "--json").json["orders"]:
        bihuan("act", no, "acknowledge", "--as", f"{order['unit']}.clerk")
        bihuan("act", no, "finish", "--as", f"{order['unit']}.clerk", "--result", "好了")
    bihuan.engine_turns(no)
    bihuan("act", no, "pass-check", "--as", "centre.duty")
    bihuan.engine_turns(no)
    rated = bihuan("act", no, "rate", "--as", "resident", "--unsolved")
    assert "社会治理中心" in rated.err
    assert "引擎" not in rated.err


def test_a_dispatch_by_hand_names_units_by_their_codes(bihuan):
    no = bihuan.submits("有件事想说一下")
    bihuan.engine_turns(no)
    assert bihuan("act", no, "file", "--as", "centre.duty", "--category", "A01", "--urgency", "P2", "--json").json["state"] == "filed"
    sent = bihuan("act", no, "dispatch", "--as", "centre.duty", "--lead", "water", "--co", "housing", "--co", "hubin", "--json")
    assert sent.json["waits_for"] == "water"
    orders = bihuan("case", "show", no, "--json").json["orders"]
    assert [(o["unit"], o["lead"]) for o in orders] == [("water", True), ("housing", False), ("hubin", False)]
    other = bihuan.submits("另一件同样的事")
    bihuan.engine_turns(other)
    if bihuan.state(other) == "accepted":
        assert bihuan("act", other, "merge", "--as", "centre.duty", "--into", no, "--json").json["state"] == "merged"


def test_the_list_has_the_soonest_due_first_and_can_be_narrowed(bihuan):
    late = bihuan.submits("有件事想说一下")
    soon = bihuan.submits("晨光小区5号楼下水道堵了，污水外溢")
    for no in (late, soon):
        bihuan.engine_turns(no)
    listed = bihuan("case", "list", "--json").json
    assert [each["no"] for each in listed] == [soon, late]
    assert listed[0]["due_at"] < listed[1]["due_at"]
    assert [each["no"] for each in bihuan("case", "list", "--unit", "water", "--json").json] == [soon]
    assert [each["no"] for each in bihuan("case", "list", "--state", listed[1]["state"], "--json").json] == [late]
    assert bihuan("case", "list", "--urgency", "p0", "--json").json == []
    assert len(bihuan("case", "list", "--limit", "1", "--json").json) == 1
    assert soon in bihuan("case", "list").out
    assert bihuan("case", "list", "--state", "sleeping").code == 1
    assert bihuan("case", "list", "--unit", "moon").code == 1
    assert "P9" in bihuan("case", "list", "--urgency", "P9").err


def test_a_case_that_is_not_set_aside_has_nothing_to_retry(bihuan):
    no = bihuan.submits()
    assert bihuan("case", "retry", no).code == 1
    from clock import utcnow
    from services.reading import case_id_of
    from services.set_aside import set_aside

    with bihuan.database.unit_of_work() as session:
        set_aside(session, case_id_of(session, no), "collect", "ValueError: x", Setting(utcnow()))
    assert "ValueError" in bihuan("doctor").out
    assert bihuan("case", "retry", no).code == 0


# --- doctor


def check(answer: Answer, name: str) -> bool:
    return next(c["ok"] for c in answer.json["checks"] if c["name"] == name)


def test_the_doctor_finds_what_needs_a_person(bihuan):
    from clock import utcnow
    from services import engines

    no = bihuan.submits()
    bihuan.engine_turns(no)
    without = bihuan("doctor", "--json")
    assert (without.code, check(without, "engines")) == (1, False)
    with bihuan.database.unit_of_work() as session:
        engines.begin(session, utcnow(), events_on=False)
    well = bihuan("doctor", "--json")
    assert [c["name"] for c in well.json["checks"] if not c["ok"]] == []
    assert (well.code, well.json["ok"]) == (0, True)
    assert bihuan("doctor").code == 0
    with bihuan.database.unit_of_work() as session:
        session.execute(update(table(Journal)).values(actor="somebody else"))
    altered = bihuan("doctor", "--json")
    assert (altered.code, check(altered, "journal"), check(altered, "clocks")) == (1, False, True)


def test_the_doctor_looks_at_what_is_not_there_without_making_it(bare, tmp_path, monkeypatch):
    answer = bare("doctor", "--json")
    assert (answer.code, check(answer, "database"), check(answer, "key")) == (1, False, False)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("BIHUAN_PREFECT", "on")
    monkeypatch.setenv("BIHUAN_PREFECT_API_URL", "http://127.0.0.1:1/api")
    assert check(bare("doctor", "--json"), "prefect") is False
    monkeypatch.setenv("BIHUAN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert check(bare("doctor", "--json"), "database") is False


def test_the_doctor_knows_a_key_that_does_not_fit(bihuan, tmp_path):
    from cryptography.fernet import Fernet

    from models import Sealed

    before = Sealed.keys
    (tmp_path / "secret.key").write_bytes(Fernet.generate_key())
    try:
        answer = bihuan("doctor", "--json")
        shown = bihuan("case", "list")
    finally:
        Sealed.keys = before
    assert (answer.code, check(answer, "key"), check(answer, "sealed")) == (1, True, False)
    assert shown.code == 0, "the list shows nothing personal, so it needs no key"


# --- the engine, as a process


def test_the_engine_runs_until_it_is_asked_to_stop_and_a_second_one_is_refused(bihuan, tmp_path):
    no = bihuan.submits()
    environment = dict(os.environ) | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cli", "engine"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as engine:
        try:
            deadline = time.monotonic() + 60
            while bihuan.state(no) == "submitted" and time.monotonic() < deadline:
                time.sleep(0.2)  # noqa: TID251 - a real process needs real time
            assert bihuan.state(no) == "dispatched"
            second = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60)
            assert (second.returncode, str(engine.pid) in second.stderr) == (1, True)
            assert "Traceback" not in second.stderr
            assert bihuan("db", "reset", "--yes").code == 1
        finally:
            engine.send_signal(signal.SIGTERM)
        out, err = engine.communicate(timeout=60)
    assert (engine.returncode, err) == (0, "")
    assert "已停止" in out
    assert (tmp_path / "logs" / "engine.log").exists()

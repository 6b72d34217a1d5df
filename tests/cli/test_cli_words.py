"""Every sentence of the command line is there in both languages, and help comes at once."""

import ast
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import cli
from wording import sentences

ROOT = Path(__file__).parents[2]
PARTS = sorted([ROOT / "cli.py", *(ROOT / "commands").rglob("*.py"), *(ROOT / "services").rglob("*.py")])


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
    zh, en = (tomllib.loads((ROOT / f"locales/program/cli.{lang}.toml").read_text(encoding="utf-8")) for lang in ("zh", "en"))
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
                assert code in known["audit"], (lang, file.name, code)
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


def test_what_waits_for_somebody_is_listed_with_the_order_and_its_due(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    (mine,) = bihuan("case", "list", "--as", "water.clerk", "--mine", "--json").json
    order = next(o["no"] for o in bihuan("case", "show", no, "--json").json["orders"] if o["unit"] == "water")
    assert (mine["no"], mine["order"], mine["clock"], mine["unit"]) == (no, order, "acknowledge", "water")
    assert no in bihuan("case", "list", "--as", "water.clerk", "--mine").out
    assert bihuan("case", "list", "--as", "urban.clerk", "--mine", "--json").json == []
    assert "--as" in bihuan("case", "list", "--mine").err


def test_codes_of_moves_and_sensitive_kinds_are_looked_up_shortly(bihuan):
    one = bihuan("show", "actions", "--action", "reassign")
    assert (one.code, "改派" in one.out, "派单" in one.out.replace("改派", "").replace("已派单", "")) == (0, True, False)
    lines = bihuan("show", "actions", "--action", "ask-void", "--json").json
    assert {line["action"] for line in lines} == {"ask_void"}
    assert bihuan("show", "actions", "--action", "ask_void").out.count("ask_void") < len(lines)
    assert bihuan("show", "actions", "--action", "dance").code == 1
    assert bihuan("show", "sensitive", "--json").json[0]["code"] in bihuan("show", "sensitive").out


def test_a_unit_is_refused_by_its_name_and_a_message_is_never_shown_by_a_code(bihuan):
    no = bihuan.submits()
    bihuan.engine_turns(no)
    refused = bihuan("act", no, "add-co", "--as", "centre.duty", "--unit", "water", "--reason", "x").err
    assert "（water）" in refused
    shown = bihuan("case", "show", no).out
    assert "no address" not in shown
    assert "发送时才写成文字" in shown or "没有发出" in shown


def test_what_is_kept_is_its_owners_only(bare, tmp_path):
    assert bare("db", "upgrade").code == 0
    assert oct((tmp_path / "bihuan.db").stat().st_mode & 0o777) == "0o600"


def test_a_picture_is_no_table(bare, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 no line at all")
    assert "不是有效的表格" in bare("duplicates", tmp_path / "a.jpg").err

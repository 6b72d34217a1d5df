"""What goes wrong on the command line is one sentence, in the language asked for, with the right exit code."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


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
    monkeypatch.setattr("commands.cases.case._list", lambda *_a, **_k: 1 / 0)
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

    monkeypatch.setattr("commands.cases.case._list", interrupted)
    answer = bare("case", "list")
    assert (answer.code, answer.err.strip()) == (130, "已中断。")


@pytest.mark.parametrize("arguments", [("--help",), ("act", "--help"), ("duplicates", "--help"), ("callback", "--help")])
def test_help_is_whole_on_a_narrow_terminal(bare, monkeypatch, arguments):
    monkeypatch.setenv("COLUMNS", "80")
    shown = bare(*arguments)
    assert (shown.code, "…" in shown.out) == (0, False)


def test_of_a_switch_both_sides_are_named_and_before_the_first_start_up_comes_first(bare):
    assert "--solved 或 --unsolved" in bare("rate", "BH-1", "x").err
    said = bare("case", "list").err
    assert said.index("bihuan up") < said.index("bihuan db upgrade")

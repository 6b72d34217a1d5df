"""`bihuan notify template` and `preview`: what a person writes, reads and is refused at the command line."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

import cli
from models import Database
from notifications.channels.bus import Channels
from notifications.outcome import Outgoing, ProviderWords, Verdict
from notifications.rendering import render
from services.intake import Report, submit
from services.moves import Setting
from services.templates.demonstration import filed
from settings import get_settings
from tests.support.sim import PASSWORD, USER, SimServer

NOW = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
GOOD = "【{{ sign }}】收到了，编号{{ no }}，定下来告诉您。"


@pytest.fixture
def bihuan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_database: Database, encryption_key: bytes) -> Iterator[Path]:
    """The command line on a database with one case."""
    (tmp_path / "secret.key").write_bytes(encryption_key)
    monkeypatch.setenv("BIHUAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BIHUAN_DATABASE_URL", sqlite_database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("BIHUAN_PREFECT", "off")
    monkeypatch.setenv("BIHUAN_LANG", "zh")
    get_settings.reset()
    with sqlite_database.unit_of_work() as session:
        submit(session, [Report("楼前路灯不亮", "路灯不亮", area="chenguang-1", phone="10000000001")], Setting(NOW))
    yield tmp_path
    get_settings.reset()


def test_words_are_written_changed_checked_and_published(bihuan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = bihuan / "words.txt"
    template = ["notify", "template"]
    assert cli.run([*template, "show", "accepted", "--to", str(file)]) == 0
    assert "【{{ sign }}】您反映的事项已收到" in file.read_text(encoding="utf-8")
    assert cli.run([*template, "show", "accepted", "--to", str(file)]) == 1
    file.write_text("收到{{ title }}，好。", encoding="utf-8")
    assert cli.run([*template, "draft", "accepted", str(file), "--as", "admin"]) == 0
    capsys.readouterr()
    assert cli.run([*template, "propose", "accepted", "1", "--as", "admin"]) == 1
    said = capsys.readouterr().err
    assert "第1行" in said
    assert "title" in said
    file.write_text(GOOD, encoding="utf-8")
    assert cli.run([*template, "draft", "accepted", str(file), "--as", "admin", "--note", "短些"]) == 0
    assert cli.run(["notify", "preview", "accepted", "--version", "1"]) == 0
    assert "定下来告诉您" in capsys.readouterr().out
    assert cli.run([*template, "propose", "accepted", "1", "--as", "admin"]) == 0
    assert cli.run([*template, "publish", "accepted", "1", "--as", "admin"]) == 1
    assert "admin" in capsys.readouterr().err
    assert cli.run([*template, "publish", "accepted", "1", "--as", "centre.head", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["done"] == "published"
    assert cli.run(["notify", "preview", "accepted", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1
    assert cli.run([*template, "list"]) == 0
    assert "centre.head" in capsys.readouterr().out
    assert cli.run([*template, "retire", "accepted", "1", "--as", "admin"]) == 0


def test_proposed_words_are_refused_with_a_reason(
    bihuan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Received {{ no }}\n\nHello.\nNext: wait."))
    mail = ["--medium", "email", "--lang", "en"]
    assert cli.run(["notify", "template", "draft", "accepted", "-", "--as", "admin", *mail]) == 0
    assert cli.run(["notify", "template", "propose", "accepted", "1", "--as", "admin", *mail]) == 0
    assert cli.run(["notify", "template", "refuse", "accepted", "1", "--as", "centre.head", "--note", "too short", *mail]) == 0
    capsys.readouterr()
    assert cli.run(["notify", "template", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["versions"]
    assert (row["state"], row["note"], row["lang"], row["subject"]) == ("refused", "too short", "en", "Received {{ no }}")


def test_a_preview_shows_what_is_charged(bihuan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["notify", "preview", "dispatched_lead"]) == 0
    said = capsys.readouterr().out
    assert "派单BH-" in said
    assert "条计费" in said
    assert cli.run(["notify", "preview", "dispatched_lead", "--medium", "email", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "Subject: " in said
    assert "Open: http" in said


def test_every_notice_is_listed_with_its_length(bihuan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["notify", "template", "list", "--all", "--json"]) == 0
    found = {each["notice"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["assigned"]["template"] == "dispatched_lead"
    assert all(each["worst_case"] <= 2 for each in found.values())


def test_what_a_gateway_decided_is_recorded(bihuan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_CHANNELS", '{"sms": "record://?public=yes"}')
    get_settings.reset()
    given = ["notify", "template", "provider", "accepted", "0", "--channel", "sms", "--as", "admin", "--code"]
    assert cli.run([*given, "SMS_1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "pending"
    assert cli.run([*given, "SMS_1", "--state", "approved"]) == 0
    assert "SMS_1" in capsys.readouterr().out
    assert cli.run([*given, "SMS 1"]) == 1
    assert cli.run([*given, "SMS_1", "--state", "perhaps"]) == 1
    assert cli.run(["notify", "template", "refresh", "--as", "admin"]) == 0
    assert cli.run(["notify", "template", "show", "accepted", "--channel", "sms"]) == 0
    assert "您反映的事项已收到" in capsys.readouterr().out
    unknown = ["notify", "template", "provider", "accepted", "0", "--channel", "pigeon", "--as", "admin", "--code", "SMS_1"]
    assert cli.run(unknown) == 1


def test_a_gateway_that_can_be_asked_is_believed(
    bihuan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sim: SimServer
) -> None:
    where = f"{USER}:{PASSWORD}@{sim.url.removeprefix('http://')}/?sign={quote('澄湖治理')}&tls=no&private=yes"
    monkeypatch.setenv("BIHUAN_CHANNELS", json.dumps({"sms": f"alisms://{where}"}))
    get_settings.reset()
    sim.template("SMS_9", state="pending")
    given = ["notify", "template", "provider", "accepted", "0", "--channel", "sms", "--as", "admin", "--code", "SMS_9"]
    assert cli.run([*given, "--state", "approved"]) == 1
    assert "SMS_9" in capsys.readouterr().err
    assert cli.run([*given, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "pending"
    sim.template("SMS_9", state="rejected", reason="涉及禁用词")
    assert cli.run(["notify", "template", "refresh", "--as", "admin", "--json"]) == 0
    ((state, reason),) = [(each["state"], each["reason"]) for each in json.loads(capsys.readouterr().out)]
    assert (state, reason) == ("rejected", "涉及禁用词")
    sim.template("SMS_9", state="approved")
    assert cli.run(["notify", "template", "refresh", "--as", "admin"]) == 0
    assert "SMS_9" in capsys.readouterr().out
    assert cli.run(["notify", "template", "refresh", "--as", "admin", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [], "nothing has changed since"


def test_a_gateway_that_does_not_answer_or_has_other_words_is_not_recorded(
    bihuan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sim: SimServer
) -> None:
    where = f"{USER}:{PASSWORD}@{sim.url.removeprefix('http://')}/?sign={quote('澄湖治理')}&tls=no&private=yes"
    given = ["notify", "template", "provider", "accepted", "0", "--channel", "sms", "--as", "admin", "--code", "SMS_9"]

    def told(url: str, *arguments: str) -> tuple[int, str]:
        monkeypatch.setenv("BIHUAN_CHANNELS", json.dumps({"sms": url}))
        get_settings.reset()
        return cli.run(list(arguments)), capsys.readouterr().err

    sim.template("SMS_9", "您好，编号${no}，再见。")
    code, said = told(f"alisms://{where}", *given)
    assert (code, "您好，编号${no}，再见。" in said) == (1, True)
    ours = next(each.content for each in filed("alisms") if (each.which.notice, each.which.lang) == ("accepted", "zh"))
    sim.template("SMS_9", ours.replace("，", "， "))
    assert told(f"alisms://{where}", *given)[0] == 0
    for unheard in ("alisms://k:s@127.0.0.1:9/?sign=S&tls=no&private=yes", f"alisms://{where}".replace(PASSWORD, "wrong")):
        for arguments in ([*given, "--state", "approved"], given, ["notify", "template", "refresh", "--as", "admin"]):
            code, said = told(unheard, *arguments)
            assert (code, "Traceback" in said, "回答" in said or "没有说" in said) == (1, False, True)
    assert cli.run(["notify", "template", "list", "--json"]) == 0
    assert [row["state"] for row in json.loads(capsys.readouterr().out)["provider"]] == ["approved"]


def test_words_whose_variables_a_gateway_does_not_take_are_not_recorded(
    bihuan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def recorded(notice: str, lang: str, more: str = "") -> int:
        monkeypatch.setenv("BIHUAN_CHANNELS", json.dumps({"sms": f"hwsms://k:s@sms.example/?sender=88&sign=S{more}"}))
        get_settings.reset()
        given = ["--channel", "sms", "--as", "admin", "--code", "T1", "--state", "approved", "--lang", lang]
        return cli.run(["notify", "template", "provider", notice, "0", *given])

    assert recorded("dispatched_lead", "en") == 1
    assert "what (32)" in capsys.readouterr().err
    assert recorded("dispatched_lead", "en", "&longest=35") == 0
    assert recorded("digest", "zh") == 0, "fewer numbers are named"
    assert recorded("digest", "zh", "&longest=6") == 1


@pytest.mark.parametrize(
    "words", ["x{{ 1/0 }}", "x{{ no.a.b }}", "x{% if %}", "{{ " + "not " * 4000 + "no }}", "{% if no > 3 %}x{% endif %}"]
)
def test_a_preview_of_a_draft_says_what_is_wrong_with_it(bihuan: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    file = bihuan / "words.txt"
    file.write_text(f"标题\n\n{words}", encoding="utf-8")
    assert cli.run(["notify", "template", "draft", "accepted", str(file), "--as", "admin", "--medium", "email"]) == 0
    assert cli.run(["notify", "preview", "accepted", "--version", "1", "--medium", "email"]) == 1
    assert "行：" in capsys.readouterr().err


@pytest.mark.parametrize("scheme", ["alisms", "tcsms"])
def test_a_gateway_puts_together_what_we_would_have_sent(sim: SimServer, scheme: str) -> None:
    """Every notice, filed as it is handed in, filled in by the gateway with the variables it is given."""
    told = {
        "sign": "澄湖治理",
        "no": "BH-20261119-0231",
        "category": "积水",
        "area": "晨光社区",
        "due": "11月20日17:30",
        "urgency": "紧急",
    }
    number = iter(range(5001, 6000))
    where = f"{scheme}://{USER}:{PASSWORD}@{sim.url.removeprefix('http://')}/?sign={quote('澄湖治理')}&app=1400006666&tls=no&private=yes"
    sent = {}
    channels = Channels({"sms": where if scheme == "tcsms" else where.replace("&app=1400006666", "")})
    for each in (each for each in filed(scheme) if each.which.lang == "zh"):
        code = str(next(number))
        sim.template(code, each.content)
        said = render(each.which.notice, "sms", "zh", told)
        sent[code] = said.text
        message = Outgoing(int(code), "sms", f"1380013{code}", "", said.text, ProviderWords(code, said.variables))
        assert channels.send(message).verdict is Verdict.ACCEPTED, (each.which.notice, channels.send(message))
    channels.close()
    assert {message["template"]: message["text"] for message in sim.messages()} == sent


@pytest.mark.parametrize(
    "arguments",
    [
        ["preview", "wharf"],
        ["preview", "accepted", "--medium", "fax"],
        ["preview", "accepted", "--case", "BH-1"],
        ["preview", "accepted", "--version", "9"],
        ["template", "show", "accepted", "--channel", "pigeon"],
        ["template", "show", "accepted", "--medium", "email", "--channel", "sms"],
        ["template", "propose", "accepted", "4", "--as", "admin"],
        ["template", "propose", "accepted", "4", "--as", "water.head"],
        ["template", "refresh", "--as", "water.head"],
    ],
)
def test_what_cannot_be_done_is_refused_in_words(bihuan: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    for lang in ("zh", "en"):
        assert cli.run(["notify", *arguments, "--lang", lang]) == 1
        said = capsys.readouterr().err
        assert said.strip()
        assert "{" not in said
        assert "Traceback" not in said

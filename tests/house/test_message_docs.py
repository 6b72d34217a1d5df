"""What the pages about messages tell to type and to look up is so: addresses of channels can be read, every notice is in the table."""

import re
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

import cli
from notifications.notices import NOTICES, Audience, Notice
from services.channels.checking import parsed
from services.templates.approvals import Approval, Ruling, write
from services.templates.demonstration import approve_all
from services.templates.stored import Which
from settings import get_settings, load
from wording import LANGUAGES, sentences

NOW: Final = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
DOCS: Final = Path(__file__).parents[2] / "docs"
HEARS: Final[Mapping[Audience, str]] = {
    Audience.REPORTER: "反映人",
    Audience.CLERK: "单位经办",
    Audience.HEAD: "单位负责人",
    Audience.ABOVE: "上级单位经办",
    Audience.ABOVE_HEAD: "上级单位负责人",
    Audience.CENTRE: "区网格中心值班调度",
    Audience.CENTRE_HEAD: "区网格中心负责人",
    Audience.DUTY: "值班领导",
    Audience.ADMIN: "配置管理员",
    Audience.NAMED: "案件登记的联系人",
}
CHANNELS: Final[Mapping[str, str]] = {"sms": "短信", "email": "邮件"}
NOBODY: Final = "看情况"  #: the service that queues it says whom


def line_of(notice: Notice) -> str:
    hears = "，".join(f"{HEARS[who]}（{CHANNELS[channel]}）" for who, channel in notice.to) or NOBODY
    return f"| `{notice.code}` | {sentences('zh')['notice'][notice.code]} | {hears} |"


def copyable() -> list[list[str]]:
    page = (DOCS / "channels.md").read_text(encoding="utf-8")
    return [shlex.split(line) for line in re.findall(r"^bihuan channel add \w+ '.*$", page, re.MULTILINE)]


def test_every_line_to_copy_for_a_provider_can_be_read(tmp_path):
    settings = load(data_dir=tmp_path)
    lines = copyable()
    assert {line[4].partition(":")[0] for line in lines} >= {
        "alisms",
        "tcsms",
        "hwsms",
        "gwsms",
        "smsc",
        "mail",
        "qywx",
        "ding",
        "fsbot",
        "voice",
    }
    wrong = [(line[4], found) for line in lines for found in parsed(line[3], line[4], settings) if not found.ok]
    assert wrong == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_notice_has_a_name(lang):
    assert set(NOTICES) - set(sentences(lang)["notice"]) == set()


def test_the_page_of_words_lists_every_notice_and_who_hears():
    written = re.findall(
        r"^\| `\w+` \| [^|]+ \| [^|`]+ \|$", (DOCS / "templates.md").read_text(encoding="utf-8").split("## 全部通知")[1], re.MULTILINE
    )
    assert written == [line_of(notice) for notice in NOTICES.values()]


def test_the_list_of_words_leaves_out_what_nobody_changed_and_the_gateway_approved(
    sqlite_database, encryption_key, tmp_path, monkeypatch, capsys
):
    (tmp_path / "secret.key").write_bytes(encryption_key)
    monkeypatch.setenv("BIHUAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BIHUAN_DATABASE_URL", sqlite_database.engine.url.render_as_string(hide_password=False))
    get_settings.reset()
    with sqlite_database.unit_of_work() as session:
        approve_all(session, "sms", "alisms", NOW)
        write(session, [Ruling("sms", Which("accepted", "sms", "zh"), 0, "SMS_9", Approval.REJECTED, "too long")], "admin", NOW)
    assert cli.run(["notify", "template", "list"]) == 0
    said = capsys.readouterr().out
    get_settings.reset()
    assert "SMS_9" in said
    assert "dispatched_lead" not in said
    assert "--json" in said

"""`bihuan channel`: a channel that cannot be used is not kept, one that can is used at once, and no secret is shown twice."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from models import AdminEntry, Channel, Sealed, table
from services.channels import code_of_callback
from tests.cli.conftest import Answer, Bihuan
from tests.support.postgres import free_port
from tests.support.sim import PASSWORD, USER, SimServer

_admin, _channel = table(AdminEntry), table(Channel)
WRONG = "not-the-password"


def aliyun(sim: SimServer, password: str = PASSWORD) -> str:
    return f"alisms://{USER}:{password}@{urlsplit(sim.url).netloc}/?sign=澄湖治理&tls=no&private=yes"


def mail(sim: SimServer, password: str = PASSWORD) -> str:
    return f"mail://{USER}:{password}@{sim.smtp}/?from=no-reply@example.cn&tls=none&private=yes"


def adds(bihuan: Bihuan, code: str, url: str, *more: str) -> Answer:
    return bihuan("channel", "add", code, url, "--as", "admin", *more)


def listed(bihuan: Bihuan) -> dict[str, dict[str, object]]:
    return {each["channel"]: each for each in bihuan("channel", "list", "--json").json}


def test_without_any_channel_messages_are_recorded(bihuan: Bihuan) -> None:
    found = listed(bihuan)
    assert {code: each["origin"] for code, each in found.items()} == {"inbox": "built_in", "sms": "default", "email": "default"}
    assert "只记录" in bihuan("doctor").out


def test_a_channel_that_works_is_kept_and_used(bihuan: Bihuan, sim: SimServer) -> None:
    added = adds(bihuan, "email", mail(sim), "--note", "主用")
    assert (added.code, "接受了账号" in added.out) == (0, True)
    found = listed(bihuan)
    assert set(found) == {"inbox", "email"}, "one that is configured takes the place of recording"
    assert (found["email"]["medium"], found["email"]["changed_by"], found["email"]["note"]) == ("email", "admin", "主用")
    assert bihuan("channel", "check").code == 0
    shown = bihuan("channel", "list").out
    assert PASSWORD not in shown + added.out
    assert "mail://" in shown


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("foo://somewhere", "不允许使用 foo://"),
        ("mail://u:p@127.0.0.1", "缺少 from"),
        ("mail://u:p@127.0.0.1:25/?from=a@b.cn&colour=red", "colour"),
        ("no address at all", "不允许"),
        ("mail://u:{secret:NOWHERE}@127.0.0.1:25/?from=a@b.cn", "BIHUAN_SECRET_NOWHERE"),
    ],
)
@pytest.mark.parametrize("check", ["--check", "--no-check"])
def test_an_address_that_is_wrong_is_refused_with_the_reason(bihuan: Bihuan, url: str, why: str, check: str) -> None:
    refused = adds(bihuan, "email", url, check)
    assert (refused.code, why in refused.err, refused.err.count("\n")) == (1, True, 1)
    assert "email" not in {code for code, each in listed(bihuan).items() if each["origin"] == "stored"}


def test_wrong_credentials_are_refused_by_whoever_knows_them(bihuan: Bihuan, sim: SimServer) -> None:
    for code, url in (("sms", aliyun(sim, WRONG)), ("email", mail(sim, WRONG))):
        refused = adds(bihuan, code, url)
        assert "不接受这个账号" in refused.err, refused
        assert WRONG not in refused.err
    assert "does not accept the account" in bihuan("--lang", "en", "channel", "add", "email", mail(sim, WRONG), "--as", "admin").err
    with bihuan.database.unit_of_work() as session:
        assert session.connection().execute(select(_channel)).all() == []
    assert sim.messages() == [], "a check sends nothing"


def test_a_machine_that_does_not_answer_is_refused_unless_nobody_is_to_ask(bihuan: Bihuan) -> None:
    url = f"mail://u:p@127.0.0.1:{free_port()}/?from=a@example.cn&tls=none&private=yes"
    assert "连不上" in adds(bihuan, "email", url).err
    assert adds(bihuan, "email", url, "--no-check").code == 0
    found = bihuan("channel", "check", "email", "--json")
    assert (found.code, found.json[0]["findings"][0]["finding"]) == (1, "channel_check.unreachable")
    doctor = bihuan("doctor", "--json").json["checks"]
    assert [check["ok"] for check in doctor if check["name"] == "channels"] == [False]


def test_a_private_address_is_refused_unless_it_is_allowed(bihuan: Bihuan, sim: SimServer) -> None:
    refused = adds(bihuan, "email", mail(sim).replace("&private=yes", ""))
    assert (refused.code, "private=yes" in refused.err) == (1, True)
    assert sim.messages() == []


def test_only_an_administrator_configures(bihuan: Bihuan) -> None:
    for command in (
        ("add", "sms", "record://", "--as", "water.head"),
        ("pause", "sms", "--as", "water.head"),
        ("resume", "sms", "--as", "water.head"),
        ("remove", "sms", "--as", "water.head"),
        ("callback", "sms", "--as", "water.head"),
    ):
        refused = bihuan("channel", *command)
        assert (refused.code, "配置管理员" in refused.err) == (1, True), command
    assert "nobody" in bihuan("channel", "add", "sms", "record://", "--as", "nobody").err


@pytest.mark.parametrize("code", ["SMS", "2sms", "短信", "sms_2", "a" * 21, "inbox"])
def test_a_code_that_cannot_be_one_is_refused(bihuan: Bihuan, code: str) -> None:
    assert "通道代码" in adds(bihuan, code, "record://").err


def test_a_channel_is_replaced_only_when_it_is_to_be(bihuan: Bihuan) -> None:
    assert adds(bihuan, "sms", "record://").code == 0
    assert "--replace" in adds(bihuan, "sms", "record://").err
    assert adds(bihuan, "sms", "record://", "--replace", "--public").code == 0
    assert listed(bihuan)["sms"]["public"] is True
    with bihuan.database.unit_of_work() as session:
        entries = session.connection().execute(select(_admin.c.actor, _admin.c.action, _admin.c.subject).order_by(_admin.c.id)).all()
    assert [tuple(entry) for entry in entries] == [("admin", "channel_added", "sms"), ("admin", "channel_replaced", "sms")]


def test_paused_resumed_removed(bihuan: Bihuan) -> None:
    adds(bihuan, "sms", "record://")
    assert bihuan("channel", "pause", "sms", "--as", "admin").code == 0
    assert listed(bihuan)["sms"]["enabled"] is False
    assert bihuan("channel", "resume", "sms", "--as", "admin").code == 0
    assert listed(bihuan)["sms"]["enabled"] is True
    assert bihuan("channel", "remove", "sms", "--as", "admin").code == 0
    assert listed(bihuan)["sms"]["origin"] == "default"
    for command in ("pause", "resume", "remove", "callback"):
        refused = bihuan("channel", command, "sms", "--as", "admin")
        assert (refused.code, "没有通道" in refused.err) == (1, True), command
    assert bihuan("channel", "check", "pigeon").code == 1


def secret_of(answer: Answer) -> str:
    return str(answer.json["callback"]).rpartition("/")[2]


def test_the_secret_of_the_callbacks_is_shown_once_and_kept_as_a_hash(bihuan: Bihuan, sim: SimServer) -> None:
    first = secret_of(adds(bihuan, "sms", aliyun(sim), "--json"))
    assert adds(bihuan, "sms", aliyun(sim), "--replace", "--json").json["callback"] is None, "it stays as it is entered at the provider"
    with bihuan.database.unit_of_work() as session:
        assert code_of_callback(session, first) == "sms"
        assert session.connection().execute(select(_channel.c.callback)).scalar() == Sealed.fingerprint(first)
    second = secret_of(bihuan("channel", "callback", "sms", "--as", "admin", "--json"))
    with bihuan.database.unit_of_work() as session:
        assert (code_of_callback(session, first), code_of_callback(session, second)) == (None, "sms")
    assert first not in bihuan("channel", "list", "--json").out


def test_a_secret_is_taken_from_standard_input_and_from_the_environment(
    bihuan: Bihuan, sim: SimServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIHUAN_SECRET_MAIL", PASSWORD)
    assert adds(bihuan, "email", mail(sim, "{secret:MAIL}")).code == 0
    assert "{secret:MAIL}" in str(listed(bihuan)["email"]["url"])
    monkeypatch.setenv("BIHUAN_SECRET_MAIL", WRONG)
    assert bihuan("channel", "check", "email").code == 1


def test_the_environment_stands_above_the_rows(bihuan: Bihuan, monkeypatch: pytest.MonkeyPatch) -> None:
    adds(bihuan, "sms", "record://")
    adds(bihuan, "im", "record://")
    monkeypatch.setenv("BIHUAN_CHANNELS", '{"sms": "record://?medium=voice"}')
    from settings import get_settings

    get_settings.reset()
    found = listed(bihuan)
    assert (found["sms"]["origin"], found["sms"]["medium"], found["im"]["origin"]) == ("environment", "voice", "stored")


def test_a_public_gateway_says_which_templates_it_lacks(bihuan: Bihuan, sim: SimServer) -> None:
    adds(bihuan, "sms", aliyun(sim))
    found = bihuan("channel", "check", "sms", "--json").json[0]
    assert "dispatched_lead" in found["unapproved"]
    assert "没有审核通过" in bihuan("channel", "check", "sms").out
    assert "dispatched_lead" not in bihuan("channel", "check", "inbox").out
    (check,) = [check for check in bihuan("doctor", "--json").json["checks"] if check["name"] == "templates"]
    assert check["ok"] is False

"""What an administrator is told about channels and messages says what is the matter and what to do."""

from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import insert, update

from clock import utcnow
from models import ChannelState, Message, table
from tests.cli.conftest import Bihuan
from tests.cli.test_cli_channels import adds, aliyun
from tests.cli.test_cli_notify import lose
from tests.support.postgres import free_port
from tests.support.sim import PASSWORD, USER, SimServer

_message, _state = table(Message), table(ChannelState)
PHONE = "10012345678"


def test_a_paused_channel_and_one_that_comes_with_the_program_are_called_so(bihuan: Bihuan) -> None:
    adds(bihuan, "sms", "record://")
    assert "--to 10012345678" in bihuan("notify", "test", "sms", "--as", "admin").err
    bihuan("channel", "pause", "sms", "--as", "admin")
    assert "已停用" in bihuan("notify", "test", "sms", "--to", PHONE, "--as", "admin").err
    assert "sms：已由管理员停用" in bihuan("doctor").out
    assert "没有通道" in bihuan("notify", "test", "pigeon", "--to", PHONE, "--as", "admin").err
    assert "自带的" in bihuan("channel", "remove", "inbox", "--as", "admin").err


def test_why_a_message_is_lost_is_said_in_words(bihuan: Bihuan) -> None:
    lost = lose(bihuan, state="suppressed", error="number_failing")
    assert "不发（号码失效）" in "".join(bihuan("notify", "dead").out.split())
    with bihuan.database.unit_of_work() as session:
        session.connection().execute(update(_message).where(_message.c.id == lost).values(state="failed_perm", error="OK"))
    shown = "".join(bihuan("notify", "dead").out.split())
    assert ("服务商没有" in shown, "OK" in shown) == (True, False)


def test_a_channel_that_sends_no_receipts_has_no_rate_and_a_breaker_speaks_in_words(bihuan: Bihuan, sim: SimServer) -> None:
    adds(bihuan, "email", "record://")
    lose(bihuan, channel="email", state="accepted")
    until = utcnow() + timedelta(minutes=5)
    with bihuan.database.unit_of_work() as session:
        session.connection().execute(insert(_state).values(code="email", failures=1, trips=1, open_until=until, reason="balance"))
    (email,) = [each for each in bihuan("notify", "status", "--json").json if each["channel"] == "email"]
    assert email["receipt_rate"] is None
    shown = "".join(bihuan("notify", "status").out.split())
    assert "账户欠费" in shown
    assert "账户欠费" in bihuan("doctor").out


def test_a_gateway_that_has_approved_nothing_is_no_tick(bihuan: Bihuan, sim: SimServer) -> None:
    adds(bihuan, "sms", aliyun(sim))
    shown = bihuan("channel", "check", "sms").out
    assert ("! sms" in shown, "✓ sms" in shown, "种通知里有" in shown) == (True, False, True)
    assert "通知不会自己走 sms2" in adds(bihuan, "sms2", aliyun(sim)).out


def test_the_advice_of_a_check_fits_what_is_wrong(bihuan: Bihuan, sim: SimServer) -> None:
    at = f"{USER}:{PASSWORD}@{urlsplit(sim.url).netloc}"
    for url, said in (
        (f"hook://{at}/nowhere?tls=no&private=yes", "没有这个路径（404）"),
        (f"hook://{USER}:{PASSWORD}@169.254.169.254:{free_port()}/x?tls=no&private=yes", "任何情况下都不连"),
        (f"hook://{at}/hook?private=yes&wait=1", "tls=no"),
        ("foo", "方案://账号:密钥@主机"),
    ):
        refused = adds(bihuan, "im", url)
        assert (refused.code, said in refused.err) == (1, True), refused.err


def test_a_number_that_cannot_be_is_answered_with_its_own_form(bihuan: Bihuan) -> None:
    refused = bihuan("notify", "limits", "quiet_from=25:00", "--as", "admin").err
    assert ("quiet_from=21:00" in refused, "sms:" in refused) == (True, False)

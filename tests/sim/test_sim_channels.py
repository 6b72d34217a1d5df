"""Every channel of ours meets the simulator's independent reading of the same documents: checked, sent, asked, faults understood."""

from urllib.parse import urlsplit

import pytest

from notifications.channels.bus import Channels
from notifications.outcome import Confirmation, Inbound, Outgoing, ProviderWords, Trouble, Verdict
from tests.support.processes import until
from tests.support.sim import DINGTALK_SECRET, PASSWORD, SMPP_PASSWORD, USER, SimServer

pytestmark = pytest.mark.soak

PHONE = "10012345678"
#: Vendor → address, by where the simulator listens.
ADDRESSES = {
    "aliyun": "alisms://{user}:{secret}@{http}/?sign=澄湖治理&tls=no",
    "tencent": "tcsms://{user}:{secret}@{http}/?app=1400000000&sign=澄湖治理&tls=no",
    "huawei": "hwsms://{user}:{secret}@{http}/?sender=1069&sign=澄湖治理&tls=no",
    "gateway": "gwsms://{user}:{secret}@{http}/gateway?tls=no",
    "gateway-md5": "gwsms://{user}:{secret}@{http}/gateway?sign=md5&tls=no",
    "yunmas": "gwsms://{user}:{secret}@{http}/sms/norsubmit?body=yunmas&ec=澄湖&signcode=abc&tls=no",
    "smpp": "smsc://{user}:{smpp_secret}@{smpp}/?from=10690000&tls=no",
    "voice": "voice://{user}:{secret}@{http}/voice?tls=no",
    "wecom": "qywx://{user}:{secret}@{http}/?agent=1000002&tls=no",
    "dingtalk": "ding://{user}@{http}/?secret={ding}&tls=no",
    "feishu": "fsbot://{user}@{http}/?secret={secret}&tls=no",
    "hook": "hook://:{secret}@{http}/hook?medium=sms&tls=no",
    "mail": "mail://{user}:{secret}@{smtp}/?from=bihuan@example.cn&tls=none",
}
WORDS = ProviderWords("77", {"no": "0231"})
#: One address for each vendor.
VENDORS = [vendor for vendor in ADDRESSES if vendor != "gateway-md5"]


def opened(sim: SimServer, vendor: str, **changed: str) -> Channels:
    places = {"http": urlsplit(sim.url).netloc, "smtp": sim.smtp, "smpp": sim.smpp}
    known = {"user": USER, "secret": PASSWORD, "smpp_secret": SMPP_PASSWORD, "ding": DINGTALK_SECRET} | changed
    return Channels({"it": ADDRESSES[vendor].format(**places, **known)})


def message(vendor: str, number: int = 1) -> Outgoing:
    address = {"mail": "x@example.cn", "wecom": "zhang", "dingtalk": "", "feishu": ""}.get(vendor, PHONE)
    return Outgoing(number, "it", address, "红灯", "您有新工单0231。", WORDS)


@pytest.fixture
def channels(sim, request):
    opened_now = opened(sim, request.param)
    yield request.param, opened_now
    opened_now.close()


EVERY = pytest.mark.parametrize("channels", ADDRESSES, indirect=True)


@EVERY
def test_right_credentials_are_checked_without_a_message(sim, channels):
    _, bus = channels
    assert [finding for finding in bus.check("it") if not finding.ok] == []
    assert sim.messages() == []


@pytest.mark.parametrize("vendor", [vendor for vendor in ADDRESSES if vendor != "mail"])
def test_wrong_credentials_are_found_by_the_check(sim, vendor):
    bus = opened(sim, vendor, secret="wrong", smpp_secret="wrong", ding="SECwrong")
    assert not all(finding.ok for finding in bus.check("it"))
    bus.close()
    assert sim.messages(accepted="yes") == []


@EVERY
def test_a_message_arrives_once_with_its_words(sim, channels):
    _, bus = channels
    outcome = bus.send(message(channels[0]))
    assert outcome.verdict is Verdict.ACCEPTED, outcome
    (arrived,) = sim.messages()
    assert arrived["accepted"]
    assert "0231" in arrived["text"]


@pytest.mark.parametrize("channels", VENDORS, indirect=True)
def test_a_throttled_message_is_to_be_tried_later(sim, channels):
    vendor, bus = channels
    sim.fault(vendor, "throttle")
    assert bus.send(message(vendor)).verdict is Verdict.TEMPORARY
    sim.mend()
    assert bus.send(message(vendor)).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("channels", VENDORS, indirect=True)
def test_a_refused_message_is_not_tried_again(sim, channels):
    vendor, bus = channels
    sim.fault(vendor, "refuse")
    assert bus.send(message(vendor)).verdict is Verdict.PERMANENT


@pytest.mark.parametrize("channels", VENDORS, indirect=True)
def test_after_a_cut_line_nobody_knows(sim, channels):
    vendor, bus = channels
    sim.fault(vendor, "drop")
    assert bus.send(message(vendor)).verdict is Verdict.UNKNOWN
    assert [arrived["verdict"] for arrived in sim.messages()] == ["dropped"]


@pytest.mark.parametrize("channels", VENDORS, indirect=True)
def test_a_vendor_that_is_down_is_tried_later(sim, channels):
    vendor, bus = channels
    sim.fault(vendor, "down")
    outcome = bus.send(message(vendor))
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, Trouble.DOWN)


@pytest.mark.parametrize("channels", ["aliyun", "tencent", "gateway", "voice"], indirect=True)
def test_a_message_in_doubt_is_found_by_asking(sim, channels):
    vendor, bus = channels
    sim.set_up(delay=0)
    assert bus.ask(message(vendor, 7), None).verdict in (Verdict.ABSENT, Verdict.UNKNOWN)
    sim.fault(vendor, "drop", times=1)
    assert bus.send(message(vendor, 7)).verdict is Verdict.UNKNOWN
    until(lambda: bus.ask(message(vendor, 7), None).verdict is Verdict.DELIVERED)


@pytest.mark.parametrize("vendor", ["mail", "smpp"])
def test_credentials_that_are_withdrawn_are_found_out_on_a_kept_connection(sim, vendor):
    bus = opened(sim, vendor)
    try:
        assert bus.send(message(vendor)).verdict is Verdict.ACCEPTED
        sim.fault(vendor, "credentials")
        until(lambda: bus.send(message(vendor, 2)).trouble is Trouble.CREDENTIALS, what="the credentials are found wrong")
    finally:
        bus.close()
    assert len(sim.messages(accepted="yes")) == 1


@pytest.mark.parametrize("channels", ["aliyun", "tencent"], indirect=True)
@pytest.mark.parametrize("state", ["pending", "approved", "rejected"])
def test_the_state_of_a_template_is_the_vendors(sim, channels, state):
    _, bus = channels
    sim.template("77", "工单", state)
    found = bus.template_state("it", "77")
    assert found is not None
    assert found[0] == state


def test_receipts_replies_and_questions_go_over_the_bind(sim):
    bus = opened(sim, "smpp")
    try:
        long = "您有新工单，请在明日十七点前签收。" * 8
        outcome = bus.send(Outgoing(3, "it", PHONE, "", long))
        heard: list[Confirmation | Inbound] = []
        until(lambda: heard.extend(bus.heard("it")) or heard)
        assert sim.reply(PHONE, "Y 修好了", "smpp")
        until(lambda: heard.extend(bus.heard("it")) or len(heard) > 1)
        assert bus.ask(message("smpp", 3), outcome.provider_id).verdict is Verdict.DELIVERED
    finally:
        bus.close()
    assert [arrived["text"] for arrived in sim.messages()] == [long]
    receipt, reply = heard
    assert isinstance(receipt, Confirmation)
    assert (receipt.provider_id, receipt.delivered) == (outcome.provider_id, True)
    assert isinstance(reply, Inbound)
    assert (reply.phone, reply.text) == (PHONE, "Y 修好了")

"""Our plugins against `bihuan sim`, which others wrote from the vendors' documents: signatures, refusals, receipts, replies, questions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from notifications.callbacks.readers import reader_for
from notifications.callbacks.reading import Pushed
from notifications.channels.bus import Channels
from notifications.outcome import Confirmation, Inbound, Outgoing, ProviderWords, Trouble, Verdict
from tests.support.asking import at
from tests.support.listening import Asked, http
from tests.support.processes import until
from tests.support.sim import DINGTALK_SECRET, PASSWORD, SMPP_PASSWORD, USER, SimServer

pytestmark = pytest.mark.soak

SIGN = quote("五治联动")
PHONE = "13800138000"
WORDS = ProviderWords("1001", {"no": "BH-20261122-0001", "unit": "滨海街道"})
URLS = {
    "aliyun": "alisms://{user}:{password}@{http}/?sign={sign}&tls=no",
    "tencent": "tcsms://{user}:{password}@{http}/?app=1400006666&sign={sign}&tls=no",
    "huawei": "hwsms://{user}:{password}@{http}/?sender=8823&sign={sign}&tls=no",
    "smpp": "smsc://{user}:{password}@{smpp}/?from=10690012345&tls=no",
    "wecom": "qywx://{user}:{password}@{http}/?agent=1000002&tls=no",
    "dingtalk": "ding://{user}@{http}/?secret={dingtalk}&tls=no",
    "feishu": "fsbot://{user}@{http}/?secret={password}&tls=no",
}
SMS = ("aliyun", "tencent", "huawei", "smpp")
PUSHING = ("aliyun", "tencent", "huawei")


def url(sim: SimServer, vendor: str, password: str = "", secret: str = DINGTALK_SECRET) -> str:
    places = {"http": sim.url.removeprefix("http://"), "smpp": sim.smpp}
    right = SMPP_PASSWORD if vendor == "smpp" else PASSWORD
    return URLS[vendor].format(user=USER, password=password or right, sign=SIGN, dingtalk=secret, **places)


@contextmanager
def opened(sim: SimServer, vendor: str, **changed: str) -> Iterator[Channels]:
    channels = Channels({vendor: url(sim, vendor, **changed)})
    yield channels
    channels.close()


@pytest.fixture
def filed(sim: SimServer) -> SimServer:
    """The simulator with our signature and our template approved."""
    sim.sign("五治联动")
    sim.template("1001", "【五治联动】${no} 请 ${unit} 处理")
    return sim


def outgoing(vendor: str, number: int = 42, to: str = PHONE) -> Outgoing:
    return Outgoing(number, vendor, to, "", f"【五治联动】BH-20261122-{number:04} 请滨海街道处理", WORDS)


@pytest.mark.parametrize("vendor", URLS)
def test_a_message_arrives(filed: SimServer, vendor: str) -> None:
    with opened(filed, vendor) as channels:
        outcome = channels.send(outgoing(vendor))
    (arrived,) = filed.messages(vendor=vendor)
    assert outcome.verdict is Verdict.ACCEPTED
    assert arrived["accepted"]
    assert "BH-20261122-" in arrived["text"] or arrived["params"]
    if vendor in PUSHING:
        assert (arrived["to"], arrived["reference"], arrived["template"]) == (PHONE, "BH42", "1001")
        assert list(arrived["params"].values()) == list(WORDS.values.values())


@pytest.mark.parametrize("vendor", URLS)
def test_a_wrong_secret_is_told_by_the_check_and_by_sending(filed: SimServer, vendor: str) -> None:
    with opened(filed, vendor, password="wrong", secret="SECwrong") as channels:
        outcome = channels.send(outgoing(vendor))
        findings = channels.check(vendor)
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, Trouble.CREDENTIALS)
    assert filed.messages(accepted="yes") == []
    assert [(finding.ok, finding.key) for finding in findings] == [(False, "channel_check.credentials")]


@pytest.mark.parametrize("vendor", URLS)
def test_a_check_finds_nothing_wrong_and_sends_nothing(filed: SimServer, vendor: str) -> None:
    with opened(filed, vendor) as channels:
        findings = channels.check(vendor)
    assert [finding for finding in findings if not finding.ok] == []
    assert filed.messages(accepted="yes") == []


@pytest.mark.parametrize("vendor", ["aliyun", "tencent"])
@pytest.mark.parametrize(("state", "key"), [("pending", "sign_pending"), ("rejected", "sign_rejected")])
def test_a_check_says_that_a_signature_is_not_approved(filed: SimServer, vendor: str, state: str, key: str) -> None:
    filed.sign("五治联动", state)
    with opened(filed, vendor) as channels:
        assert [(finding.ok, finding.key) for finding in channels.check(vendor)] == [(False, f"channel_check.{key}")]


@pytest.mark.parametrize("vendor", SMS)
def test_what_is_too_much_is_refused_for_now(filed: SimServer, vendor: str) -> None:
    filed.fault(vendor, "throttle")
    with opened(filed, vendor) as channels:
        outcome = channels.send(outgoing(vendor))
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, Trouble.THROTTLED)


@pytest.mark.parametrize("vendor", ["aliyun", "tencent", "smpp"])
def test_a_number_that_is_none_is_told_at_once(filed: SimServer, vendor: str) -> None:
    filed.fault(vendor, "bad_number", at="answer")
    with opened(filed, vendor) as channels:
        outcome = channels.send(outgoing(vendor))
    assert (outcome.verdict, outcome.trouble) == (Verdict.PERMANENT, Trouble.NUMBER)


@pytest.mark.parametrize("vendor", URLS)
def test_a_line_cut_after_it_was_taken_leaves_it_unknown(filed: SimServer, vendor: str) -> None:
    filed.fault(vendor, "drop", times=1)
    with opened(filed, vendor) as channels:
        assert channels.send(outgoing(vendor)).verdict is Verdict.UNKNOWN
        assert len(filed.messages(vendor=vendor, accepted="yes")) == 1
        assert channels.send(outgoing(vendor, 43)).taken


def test_aliyun_says_what_it_took_and_what_it_never_saw(filed: SimServer) -> None:
    filed.fault("aliyun", "drop", times=1)
    with opened(filed, "aliyun") as channels:
        channels.send(outgoing("aliyun"))
        assert channels.ask(outgoing("aliyun"), None).verdict in (Verdict.ACCEPTED, Verdict.DELIVERED)
        assert channels.ask(outgoing("aliyun", 43), None).verdict is Verdict.ABSENT


def test_tencent_tells_of_a_receipt_when_it_is_asked(filed: SimServer) -> None:
    filed.set_up(delay=0.05)
    filed.fault("tencent", "drop", times=1)
    with opened(filed, "tencent") as channels:
        channels.send(outgoing("tencent"))
        until(lambda: channels.ask(outgoing("tencent"), None).verdict is Verdict.DELIVERED, 10, "the receipt")


def test_the_centre_is_asked_over_the_same_bind(filed: SimServer) -> None:
    filed.set_up(delay=0.05)
    with opened(filed, "smpp") as channels:
        provider_id = channels.send(outgoing("smpp")).provider_id
        until(lambda: channels.ask(outgoing("smpp"), provider_id).verdict is Verdict.DELIVERED, 10, "its state")


def test_the_state_of_a_template(filed: SimServer) -> None:
    filed.template("1002", "…", state="rejected", reason="涉及禁用词")
    for vendor in ("aliyun", "tencent"):
        with opened(filed, vendor) as channels:
            assert channels.template_state(vendor, "1001")[:2] == ("approved", "")
            assert channels.template_state(vendor, "1002")[:2] == ("rejected", "涉及禁用词")


@contextmanager
def pushed_by(sim: SimServer, vendor: str) -> Iterator[list[Pushed]]:
    """What a vendor pushes, read as the program would, and answered as it wants."""
    reader = reader_for(url(sim, vendor))
    assert reader is not None
    read: list[Pushed] = []

    def take(asked: Asked) -> Any:
        read.append(reader(asked.body, asked.headers))
        return 200, read[-1].answer

    with http(take) as server:
        sim.set_up(callbacks={vendor: f"http://{at(server)}/"}, delay=0.05)
        yield read


@pytest.mark.parametrize("vendor", PUSHING)
def test_a_receipt_is_pushed_once_and_understood(filed: SimServer, vendor: str) -> None:
    with pushed_by(filed, vendor) as read, opened(filed, vendor) as channels:
        outcome = channels.send(outgoing(vendor))
        until(lambda: read, 10, "a receipt")
        until(lambda: filed.summary()["vendors"][vendor].get("pushed_taken") == 1, 10, "that it was taken")
    (found,) = read[0].confirmations
    assert (found.provider_id, found.delivered) == (outcome.provider_id, True)
    assert found.message_id in (42, None)


@pytest.mark.parametrize("vendor", PUSHING)
def test_a_receipt_says_that_the_number_is_none(filed: SimServer, vendor: str) -> None:
    filed.fault(vendor, "bad_number")
    with pushed_by(filed, vendor) as read, opened(filed, vendor) as channels:
        assert channels.send(outgoing(vendor)).taken
        until(lambda: read, 10, "a receipt")
    (found,) = read[0].confirmations
    assert (found.delivered, found.bad_number) == (False, True)


@pytest.mark.parametrize("vendor", PUSHING)
def test_a_reply_is_pushed_and_understood(filed: SimServer, vendor: str) -> None:
    with pushed_by(filed, vendor) as read:
        assert filed.reply(PHONE, "Y", vendor=vendor)
    (found,) = read[0].replies
    assert (found.phone.removeprefix("+86"), found.text) == (PHONE, "Y")


def test_receipts_and_replies_come_over_the_kept_bind(filed: SimServer) -> None:
    filed.set_up(delay=0.05)
    with opened(filed, "smpp") as channels:
        provider_id = channels.send(outgoing("smpp")).provider_id
        assert filed.reply(PHONE, "TD 退订", vendor="smpp")
        found: list[Confirmation | Inbound] = []
        until(lambda: found.extend(channels.heard("smpp")) or len(found) == 2, 10, "both")
    receipt, reply = sorted(found, key=lambda one: isinstance(one, Inbound))
    assert receipt == Confirmation(str(provider_id), None, "DELIVRD", True)
    assert isinstance(reply, Inbound)
    assert (reply.phone, reply.text) == (PHONE, "TD 退订")


def test_a_long_message_is_put_together_again(filed: SimServer) -> None:
    filed.set_up(delay=0.05)
    long = Outgoing(7, "smpp", PHONE, "", "【五治联动】" + "很长的话😀" * 30)
    with opened(filed, "smpp") as channels:
        provider_id = channels.send(long).provider_id
        found: list[Confirmation | Inbound] = []
        until(lambda: found.extend(channels.heard("smpp")) or found, 10, "the receipt of the whole")
    (arrived,) = filed.messages(vendor="smpp")
    assert arrived["text"] == long.text
    assert found == [Confirmation(str(provider_id), None, "DELIVRD", True)]


@pytest.mark.parametrize(("resent", "shown"), [(False, 2), (True, 1)])
def test_wecom_shows_the_same_words_once_if_they_may_be_the_same_message(filed: SimServer, resent: bool, shown: int) -> None:
    with opened(filed, "wecom") as channels:
        for _ in range(2):
            assert channels.send(replace(outgoing("wecom", to="zhangsan"), resent=resent)).taken
    assert len(filed.messages(vendor="wecom", accepted="yes")) == shown


def test_wecom_a_user_that_is_none(filed: SimServer) -> None:
    filed.fault("wecom", "bad_number", at="answer")
    with opened(filed, "wecom") as channels:
        outcome = channels.send(outgoing("wecom", to="nobody"))
    assert (outcome.verdict, outcome.trouble) == (Verdict.PERMANENT, Trouble.NUMBER)

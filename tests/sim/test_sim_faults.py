"""The simulator's fault switches: what is refused, what is taken and not told, what is late, and what the sender sees of each."""

import http.client
import smtplib
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.support import vendor_clients as vendors
from tests.support.processes import until
from tests.support.sim import DINGTALK_SECRET, SimServer

PHONE = "10012345678"


def wecom_code(sim: SimServer) -> object:
    found = vendors.wecom_token(sim)
    return vendors.send_wecom(sim, found["access_token"])["errcode"] if found["errcode"] == 0 else found["errcode"]


def tencent_code(sim: SimServer) -> object:
    said = vendors.send_tencent(sim)[1]["Response"]
    return said["Error"]["Code"] if "Error" in said else said["SendStatusSet"][0]["Code"]


def huawei_code(sim: SimServer) -> object:
    said = vendors.send_huawei(sim)[1]
    return said["result"][0]["status"] if "result" in said else said["code"]


#: How each HTTP vendor's answer to one message says what became of it.
ANSWERS: dict[str, Callable[[SimServer], object]] = {
    "aliyun": lambda sim: vendors.send_aliyun(sim)[1]["Code"],
    "tencent": tencent_code,
    "huawei": huawei_code,
    "gateway": lambda sim: vendors.send_gateway(sim)[1]["code"],
    "yunmas": lambda sim: vendors.send_yunmas(sim)[1]["rspcod"],
    "wecom": wecom_code,
    "dingtalk": lambda sim: vendors.send_dingtalk(sim, DINGTALK_SECRET)["errcode"],
    "feishu": lambda sim: vendors.send_feishu(sim)["code"],
    "voice": lambda sim: vendors.send_gateway(sim, "/voice")[1]["code"],
    "hook": lambda sim: vendors.send_hook(sim)[0],
}
FINE = {"aliyun": "OK", "tencent": "Ok", "huawei": "000000", "gateway": "0", "yunmas": "success", "voice": "ok", "hook": 202}


CODES = [
    ("aliyun", "refuse", "isv.SMS_CONTENT_ILLEGAL"),
    ("aliyun", "throttle", "isv.BUSINESS_LIMIT_CONTROL"),
    ("aliyun", "balance", "isv.AMOUNT_NOT_ENOUGH"),
    ("aliyun", "credentials", "SignatureDoesNotMatch"),
    ("aliyun", "template", "isv.SMS_TEMPLATE_ILLEGAL"),
    ("tencent", "throttle", "LimitExceeded.PhoneNumberThirtySecondLimit"),
    ("tencent", "credentials", "AuthFailure.SignatureFailure"),
    ("huawei", "throttle", "E000623"),
    ("huawei", "credentials", "E000105"),
    ("gateway", "throttle", "throttled"),
    ("yunmas", "refuse", "IllegalContent"),
    ("wecom", "throttle", 45009),
    ("wecom", "credentials", 40001),
    ("dingtalk", "throttle", 130101),
    ("feishu", "throttle", 11232),
    ("voice", "throttle", "busy"),
    ("hook", "throttle", 429),
    ("hook", "refuse", 400),
]


@pytest.mark.parametrize(("vendor", "kind", "code"), CODES)
def test_a_refusal_is_said_in_the_vendors_own_code_and_leaves_nothing_accepted(sim, vendor, kind, code):
    sim.fault(vendor, kind)
    assert ANSWERS[vendor](sim) == code
    assert [message["verdict"] for message in sim.messages()] in ([kind], [])
    sim.mend(vendor, kind)
    assert ANSWERS[vendor](sim) == FINE.get(vendor, 0)
    assert [message["vendor"] for message in sim.messages(accepted="yes")] == [vendor]


@pytest.mark.parametrize("vendor", ANSWERS)
def test_a_vendor_that_is_down_takes_nothing(sim, vendor):
    sim.fault(vendor, "down")
    with pytest.raises((KeyError, AssertionError)):
        assert ANSWERS[vendor](sim) == FINE.get(vendor, 0)
    assert sim.messages() == []


@pytest.mark.parametrize("kind", ["drop", "reset"])
@pytest.mark.parametrize("vendor", [vendor for vendor in ANSWERS if vendor != "wecom"])
def test_a_line_that_is_cut_leaves_the_sender_in_doubt(sim, vendor, kind):
    sim.fault(vendor, kind)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ANSWERS[vendor](sim)
    assert [(message["verdict"], message["accepted"]) for message in sim.messages()] == ([("dropped", True)] if kind == "drop" else [])


def test_a_vendor_that_hangs_has_taken_the_message_and_answers_late(sim):
    sim.fault("aliyun", "hang", seconds=3600)
    with pytest.raises(TimeoutError):
        vendors.send_aliyun(sim, timeout=0.3)
    (message,) = sim.messages()
    assert (message["verdict"], message["accepted"]) == ("hung", True)
    sim.mend()
    assert vendors.send_aliyun(sim)[1]["Code"] == "OK"
    assert sim.summary()["vendors"]["aliyun"]["duplicates"] == 1


def test_a_vendor_that_hangs_may_have_taken_nothing(sim):
    sim.fault("hook", "hang", seconds=0, taken=False)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        vendors.send_hook(sim)
    assert [message["accepted"] for message in sim.messages()] == [False]


def test_a_fault_may_hold_for_so_many_messages_or_for_some_numbers_only(sim):
    sim.fault("aliyun", "throttle", times=2)
    codes = [vendors.send_aliyun(sim, reference=f"BH{n}")[1]["Code"] for n in range(3)]
    assert codes == ["isv.BUSINESS_LIMIT_CONTROL", "isv.BUSINESS_LIMIT_CONTROL", "OK"]
    sim.fault("aliyun", "refuse", numbers=["10000000001"], code="isv.DAY_LIMIT_CONTROL")
    assert vendors.send_aliyun(sim, to="10000000001")[1]["Code"] == "isv.DAY_LIMIT_CONTROL"
    assert vendors.send_aliyun(sim, to="10000000002")[1]["Code"] == "OK"


def test_an_empty_number_is_told_at_once_where_there_are_no_receipts(sim):
    sim.fault("sms", "bad_number", numbers=[PHONE], at="answer")
    assert vendors.send_aliyun(sim)[1]["Code"] == "isv.MOBILE_NUMBER_ILLEGAL"
    sim.fault("sms", "bad_number", numbers=[PHONE])
    assert vendors.send_aliyun(sim)[1]["Code"] == "OK"


def test_a_medium_stands_for_all_who_bring_it(sim):
    sim.fault("sms", "throttle")
    on = {fault["vendor"] for fault in vendors.ask(sim, "GET", "/api/faults")[1]["faults"]}
    assert on == {"aliyun", "tencent", "huawei", "gateway", "yunmas", "smpp"}


def mailbox(sim: SimServer) -> smtplib.SMTP:
    host, port = sim.smtp.split(":")
    return smtplib.SMTP(host, int(port), timeout=20)


LETTER = "From: a@example.cn\r\nSubject: =?utf-8?b?57qi54Gv?=\r\nMessage-ID: <BH1@example.cn>\r\n\r\nhttps://a.example/x <b>\r\n"


def test_mail_is_kept_with_its_message_id_and_a_repetition_is_counted(sim):
    with mailbox(sim) as mail:
        mail.login("sim", "sim-secret")
        for _ in range(2):
            mail.sendmail("a@example.cn", ["x@example.cn", "y@example.cn"], LETTER)
    found = sim.messages(to="x@example.cn")
    assert [(message["reference"], message["subject"]) for message in found] == [("<BH1@example.cn>", "红灯")] * 2
    assert sim.summary()["total"] == {"arrived": 4, "accepted": 4, "duplicates": 2, "verdict_accepted": 4}


def test_mail_wants_the_right_password(sim):
    with mailbox(sim) as mail, pytest.raises(smtplib.SMTPAuthenticationError):
        mail.login("sim", "wrong")


@pytest.mark.parametrize(("kind", "code", "said"), [("bad_number", "", 550), ("throttle", "", 451), ("bad_number", "551", 551)])
def test_a_mailbox_is_refused_by_recipient(sim, kind, code, said):
    sim.fault("mail", kind, numbers=["x@example.cn"], code=code)
    with mailbox(sim) as mail:
        refused = mail.sendmail("a@example.cn", ["x@example.cn", "y@example.cn"], LETTER)
    assert {to: status for to, (status, _) in refused.items()} == {"x@example.cn": said}
    assert [(message["to"], message["accepted"]) for message in sim.messages()] == [("y@example.cn", True), ("x@example.cn", False)]


def test_mail_that_is_cut_after_the_data_was_taken(sim):
    sim.fault("mail", "drop")
    with pytest.raises(smtplib.SMTPServerDisconnected), mailbox(sim) as mail:
        mail.sendmail("a@example.cn", ["x@example.cn"], LETTER)
    assert [message["verdict"] for message in sim.messages()] == ["dropped"]


def test_a_whole_message_is_refused_for_good(sim):
    sim.fault("email", "refuse")
    with mailbox(sim) as mail, pytest.raises(smtplib.SMTPDataError, match="554"):
        mail.sendmail("a@example.cn", ["x@example.cn"], LETTER)


@pytest.mark.parametrize(("vendor", "place"), [("mail", "smtp"), ("smpp", "smpp")])
def test_a_server_that_is_down_does_not_listen_and_comes_back_at_the_same_port(sim, vendor, place):
    host, port = getattr(sim, place).split(":")
    sim.fault(vendor, "down")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
    sim.mend(vendor)
    socket.create_connection((host, int(port)), timeout=5).close()


def test_the_http_side_may_be_away_for_a_while(sim):
    sim.send_away(1.5)
    until(lambda: not listens(sim), what="it is away")
    until(lambda: listens(sim), what="it is back")
    assert vendors.send_aliyun(sim)[1]["Code"] == "OK"


def listens(sim: SimServer) -> bool:
    host, port = urlsplit(sim.url).netloc.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True

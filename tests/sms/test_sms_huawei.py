"""Huawei Cloud SMS over a real socket: what goes out, what its answers mean."""

import json
import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from notifications.channels.bus import Channels
from notifications.outcome import Outcome, Trouble, Verdict
from notifications.signing import wsse
from tests.support.asking import at, channel, form_of, message, saying
from tests.support.listening import Listening, http

CALLBACK = "https%3A%2F%2Fbihuan.example.gov.cn%2Fcallbacks%2Fsms%2Fsecret"


def said(code: str = "000000", status: str | None = "000000", words: str = "Success") -> dict[str, object]:
    result = [
        {"originTo": "+8613800138000", "smsMsgId": "d6e3cdd0_1", "status": status, "from": "8823", "createTime": "2026-11-22T00:42:00Z"}
    ]
    return {"code": code, "description": words, "result": result if status else None}


@pytest.fixture
def server() -> Iterator[Listening]:
    with http(saying(said())) as listening:
        yield listening


def opened(server: Listening, more: str = f"&callback={CALLBACK}") -> Channels:
    return channel(f"hwsms://AppKey:AppSecret@{at(server)}/?sender=8823040504797&sign=%E4%BA%94%E6%B2%BB%E8%81%94%E5%8A%A8&tls=no{more}")


def test_a_message_carries_values_in_order_our_reference_and_where_receipts_go(server: Listening) -> None:
    assert opened(server).send(message()) == Outcome(Verdict.ACCEPTED, "000000", provider_id="d6e3cdd0_1")
    (asked,) = server.asked
    form = form_of(asked)
    assert asked.path == "/sms/batchSendSms/v1"
    assert json.loads(form.pop("templateParas")) == ["BH-20261122-0001", "滨海街道"]
    assert form == {
        "from": "8823040504797",
        "to": "+8613800138000",
        "templateId": "SMS_1",
        "signature": "五治联动",
        "extend": "BH42",
        "statusCallback": "https://bihuan.example.gov.cn/callbacks/sms/secret",
    }


def test_the_whole_path_may_stand_in_the_address(server: Listening) -> None:
    url = f"hwsms://AppKey:AppSecret@{at(server)}/sms/batchSendSms/v1?sender=8823&sign=S&tls=no"
    assert channel(url).send(message()).taken
    assert server.asked[0].path == "/sms/batchSendSms/v1"


def test_the_token_is_made_for_this_request(server: Listening) -> None:
    channels = opened(server)
    channels.send(message())
    channels.send(message())
    tokens = [dict(re.findall(r'(\w+)="([^"]*)"', asked.headers["x-wsse"])) for asked in server.asked]
    for token in tokens:
        assert token["PasswordDigest"] == wsse.digest(token["Nonce"], token["Created"], "AppSecret")
        assert datetime.strptime(token["Created"], "%Y-%m-%dT%H:%M:%S%z").tzinfo is not None
    assert tokens[0]["Nonce"] != tokens[1]["Nonce"]


@pytest.mark.parametrize(
    ("answer", "code", "verdict", "trouble"),
    [
        (said("E000510", "E200028", "The SMS fails to be sent."), "E200028", Verdict.PERMANENT, Trouble.TEMPLATE),
        (said("E000510", "E200030", "…"), "E200030", Verdict.PERMANENT, Trouble.TEMPLATE),
        (said("E000623", None, "…"), "E000623", Verdict.TEMPORARY, Trouble.THROTTLED),
        (said("E000112", None, "…"), "E000112", Verdict.TEMPORARY, Trouble.BALANCE),
        (said("E000503", None, "…"), "E000503", Verdict.PERMANENT, None),
        ((401, said("E000105", None, "…")), "E000105", Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (said("E000102", None, "…"), "E000102", Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ((401, said("E000503", None, "…")), "E000503", Verdict.TEMPORARY, Trouble.CREDENTIALS),
        (said("E000000", None, "…"), "E000000", Verdict.TEMPORARY, Trouble.DOWN),
        (said("E299999", None, "…"), "E299999", Verdict.TEMPORARY, None),
    ],
)
def test_a_refusal_means_what_its_code_says(
    server: Listening, answer: object, code: str, verdict: Verdict, trouble: Trouble | None
) -> None:
    server.answers = saying(answer)
    outcome = opened(server).send(message())
    assert (outcome.code, outcome.verdict, outcome.trouble) == (code, verdict, trouble)


@pytest.mark.parametrize("status", [403, 502])
def test_a_yes_beside_a_no_is_none(server: Listening, status: int) -> None:
    server.answers = saying((status, said()))
    assert opened(server).send(message()).verdict is Verdict.UNKNOWN


def test_it_cannot_be_asked(server: Listening) -> None:
    assert opened(server).ask(message(), "d6e3cdd0_1").verdict is Verdict.UNKNOWN
    assert opened(server).template_state("sms", "t") is None
    assert server.asked == []


def test_a_check_knocks_without_a_recipient(server: Listening) -> None:
    server.answers = saying((400, said("E000503", None, "invalid parameter: to")))
    (found,) = opened(server).check("sms")
    assert (found.ok, found.key) == (True, "channel_check.sign_unseen")
    assert form_of(server.asked[0])["to"] == ""


@pytest.mark.parametrize("answer", [(401, said("E000105", None, "Digest is invalid.")), said("E000102", None, "Invalid app_key.")])
def test_a_check_tells_a_wrong_key(server: Listening, answer: object) -> None:
    server.answers = saying(answer)
    (found,) = opened(server).check("sms")
    assert (found.ok, found.key) == (False, "channel_check.credentials")


def test_a_check_says_that_no_receipts_will_come(server: Listening) -> None:
    server.answers = saying((400, said("E000503", None, "…")))
    found = opened(server, "").check("sms")
    assert [each.key for each in found] == ["channel_check.sign_unseen", "channel_check.no_callback"]
    assert all(each.ok for each in found)

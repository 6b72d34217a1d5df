"""Tencent Cloud SMS over a real socket: what goes out, what its answers mean, what can be asked."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from notifications.channels.bus import Channels
from notifications.outcome import Outcome, Trouble, Verdict
from notifications.signing import tc3
from tests.support.asking import at, channel, message, saying
from tests.support.listening import Asked, Listening, http


def sent(code: str = "Ok", text: str = "send success") -> dict[str, object]:
    status = {
        "SerialNo": "2028:f825e6d",
        "PhoneNumber": "+8613800138000",
        "Fee": 1,
        "SessionContext": "BH42",
        "Code": code,
        "Message": text,
    }
    return {"Response": {"SendStatusSet": [status], "RequestId": "r"}}


def failed(code: str) -> dict[str, object]:
    return {"Response": {"Error": {"Code": code, "Message": "no"}, "RequestId": "r"}}


@pytest.fixture
def server() -> Iterator[Listening]:
    with http(saying(sent())) as listening:
        yield listening


def opened(server: Listening) -> Channels:
    return channel(f"tcsms://AKIDexample:ExampleKey@{at(server)}/?app=1400006666&sign=%E4%BA%94%E6%B2%BB%E8%81%94%E5%8A%A8&tls=no")


def signed_anew(asked: Asked) -> str:
    signed = {name: asked.headers[name] for name in ("content-type", "host")} | {"x-tc-action": asked.headers["x-tc-action"].lower()}
    now = datetime.fromtimestamp(int(asked.headers["x-tc-timestamp"]), UTC)
    return tc3.authorization(
        secret_id="AKIDexample", secret="ExampleKey", service="sms", path="/", headers=signed, body=asked.body, now=now
    )


def test_a_message_carries_values_in_order_and_our_reference(server: Listening) -> None:
    assert opened(server).send(message()) == Outcome(Verdict.ACCEPTED, "Ok", provider_id="2028:f825e6d")
    (asked,) = server.asked
    assert asked.json == {
        "PhoneNumberSet": ["+8613800138000"],
        "SmsSdkAppId": "1400006666",
        "SignName": "五治联动",
        "TemplateId": "SMS_1",
        "TemplateParamSet": ["BH-20261122-0001", "滨海街道"],
        "SessionContext": "BH42",
    }
    assert (asked.headers["x-tc-action"], asked.headers["x-tc-version"]) == ("SendSms", "2021-01-11")


def test_what_goes_over_the_wire_is_what_was_signed(server: Listening) -> None:
    opened(server).send(message())
    (asked,) = server.asked
    assert asked.headers["authorization"] == signed_anew(asked)


@pytest.mark.parametrize(
    ("code", "verdict", "trouble"),
    [
        ("LimitExceeded.PhoneNumberDailyLimit", Verdict.TEMPORARY, Trouble.THROTTLED),
        ("InvalidParameterValue.IncorrectPhoneNumber", Verdict.PERMANENT, Trouble.NUMBER),
        ("FailedOperation.TemplateIncorrectOrUnapproved", Verdict.PERMANENT, Trouble.TEMPLATE),
        ("FailedOperation.SignatureIncorrectOrUnapproved", Verdict.PERMANENT, Trouble.TEMPLATE),
        ("FailedOperation.InsufficientBalanceInSmsPackage", Verdict.TEMPORARY, Trouble.BALANCE),
        ("FailedOperation.SomethingNew", Verdict.TEMPORARY, None),
    ],
)
def test_a_refusal_of_the_recipient_means_what_its_code_says(
    server: Listening, code: str, verdict: Verdict, trouble: Trouble | None
) -> None:
    server.answers = saying(sent(code, "no"))
    outcome = opened(server).send(message())
    assert (outcome.verdict, outcome.trouble, outcome.code) == (verdict, trouble, code)


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("AuthFailure.SignatureFailure", Trouble.CREDENTIALS),
        ("AuthFailure.SecretIdNotFound", Trouble.CREDENTIALS),
        ("UnauthorizedOperation.SmsSdkAppIdVerifyFail", Trouble.CREDENTIALS),
        ("InternalError.Timeout", Trouble.DOWN),
        ("RequestLimitExceeded", None),
    ],
)
def test_a_refusal_of_the_request_is_the_channels_trouble(server: Listening, code: str, trouble: Trouble | None) -> None:
    server.answers = saying(failed(code))
    outcome = opened(server).send(message())
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, trouble)


@pytest.mark.parametrize(
    ("answer", "verdict", "trouble"),
    [
        ((502, sent()), Verdict.UNKNOWN, Trouble.DOWN),
        ({"Response": {**sent()["Response"], "Error": {"Code": "InternalError.Timeout"}}}, Verdict.TEMPORARY, Trouble.DOWN),  # type: ignore[dict-item]
    ],
)
def test_a_yes_beside_a_no_is_none(server: Listening, answer: object, verdict: Verdict, trouble: Trouble) -> None:
    server.answers = saying(answer)
    outcome = opened(server).send(message())
    assert (outcome.verdict, outcome.trouble) == (verdict, trouble)


def report(reference: str, status: str, description: str, serial: str = "s") -> dict[str, object]:
    return {"SessionContext": reference, "ReportStatus": status, "Description": description, "SerialNo": serial}


@pytest.mark.parametrize(
    ("status", "description", "verdict", "trouble"),
    [
        ("SUCCESS", "DELIVRD", Verdict.DELIVERED, None),
        ("FAIL", "号码为空号", Verdict.PERMANENT, Trouble.NUMBER),
        ("FAIL", "内容含敏感词", Verdict.PERMANENT, None),
    ],
)
def test_a_receipt_is_found_by_our_reference(
    server: Listening, status: str, description: str, verdict: Verdict, trouble: Trouble | None
) -> None:
    reports = [report("BH41", "SUCCESS", "DELIVRD"), report("BH42", status, description)]
    server.answers = saying({"Response": {"PullSmsSendStatusSet": reports, "RequestId": "r"}})
    outcome = opened(server).ask(message(), None)
    assert (outcome.verdict, outcome.trouble) == (verdict, trouble)
    asked = server.asked[0].json
    assert (asked["PhoneNumber"], asked["SmsSdkAppId"]) == ("+8613800138000", "1400006666")
    assert 72 * 3600 < asked["EndTime"] - asked["BeginTime"] < 7 * 24 * 3600


def test_a_receipt_is_found_by_the_vendors_own_number_too(server: Listening) -> None:
    server.answers = saying({"Response": {"PullSmsSendStatusSet": [report("", "SUCCESS", "DELIVRD", "2028:1")]}})
    assert opened(server).ask(message(), "2028:1").verdict is Verdict.DELIVERED


def test_no_receipt_is_no_proof_that_nothing_was_sent(server: Listening) -> None:
    server.answers = saying({"Response": {"PullSmsSendStatusSet": [report("", "SUCCESS", "DELIVRD")], "RequestId": "r"}})
    assert opened(server).ask(message(), None).verdict is Verdict.UNKNOWN


def signs(*states: int) -> dict[str, object]:
    names = ("别的签名", "五治联动")
    found = [{"SignName": name, "StatusCode": state} for name, state in zip(names, states, strict=False)]
    return {"Response": {"DescribeSignListStatusSet": found, "RequestId": "r"}}


@pytest.mark.parametrize(
    ("answer", "ok", "key"),
    [
        (signs(0, 0), True, "sign_approved"),
        (signs(0, 1), False, "sign_pending"),
        (signs(0, 2), False, "sign_pending"),
        (signs(0, -1), False, "sign_rejected"),
        (signs(0), False, "sign_unknown"),
        (failed("FailedOperation.ProhibitSubAccountUse"), True, "sign_unseen"),
        (failed("AuthFailure.SignatureFailure"), False, "credentials"),
        (failed("RequestLimitExceeded"), False, "refused"),
        (b"<html>", False, "vendor_unreadable"),
    ],
)
def test_a_check_looks_at_key_and_signature_and_sends_nothing(server: Listening, answer: object, ok: bool, key: str) -> None:
    server.answers = saying(answer)
    (found,) = opened(server).check("sms")
    assert (found.ok, found.key) == (ok, f"channel_check.{key}")
    assert [asked.headers["x-tc-action"] for asked in server.asked] == ["DescribeSmsSignList"]


@pytest.mark.parametrize(
    ("status", "state"), [(0, ("approved", "")), (1, ("pending", "")), (2, ("pending", "")), (-1, ("rejected", "变量不合规"))]
)
def test_the_state_of_a_template_is_the_vendors(server: Listening, status: int, state: tuple[str, str]) -> None:
    entry = {"TemplateId": 1110, "StatusCode": status, "ReviewReply": "变量不合规" if status < 0 else ""}
    server.answers = saying({"Response": {"DescribeTemplateStatusSet": [entry], "RequestId": "r"}})
    assert opened(server).template_state("sms", "1110")[:2] == state
    assert server.asked[0].json["TemplateIdSet"] == [1110]


def test_a_template_id_that_is_no_number_is_told_without_asking(server: Listening) -> None:
    state = opened(server).template_state("sms", "SMS_1")
    assert state is not None
    assert state[0] == "rejected"
    assert server.asked == []

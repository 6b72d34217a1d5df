"""Aliyun SMS over a real socket: what goes out, what its answers mean, what can be asked."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from clock import utcnow
from notifications.channels.bus import Channels
from notifications.outcome import Finding, Outcome, Trouble, Verdict
from notifications.signing import acs3
from tests.support.asking import WORDS, at, channel, message, query_of, saying
from tests.support.listening import HANG_UP, Asked, Listening, http

OK = {"Code": "OK", "Message": "OK", "RequestId": "R", "BizId": "900619746936498440^0"}


@pytest.fixture
def server() -> Iterator[Listening]:
    with http(saying(OK)) as listening:
        yield listening


def opened(server: Listening, sign: str = "%E4%BA%94%E6%B2%BB%E8%81%94%E5%8A%A8") -> Channels:
    return channel(f"alisms://LTAI5tExample:Example%2FSecret@{at(server)}/?sign={sign}&tls=no")


def told(server: Listening, *answers: object) -> None:
    server.answers = saying(*answers)


def signed_anew(asked: Asked, secret: str) -> str:
    """The signature that the request must carry, made of what came over the wire."""
    moment = utcnow().strptime(asked.headers["x-acs-date"] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z")
    return acs3.signed(
        key_id="LTAI5tExample",
        secret=secret,
        host=asked.headers["host"],
        path="/",
        query=acs3.canonical_query(query_of(asked)),
        action=asked.headers["x-acs-action"],
        version="2017-05-25",
        nonce=asked.headers["x-acs-signature-nonce"],
        now=moment,
    )["authorization"]


def test_a_message_carries_template_variables_and_our_reference(server: Listening) -> None:
    outcome = opened(server).send(message())
    assert outcome == Outcome(Verdict.ACCEPTED, "OK", provider_id="900619746936498440^0")
    (asked,) = server.asked
    said = query_of(asked)
    assert (asked.method, said["PhoneNumbers"], said["SignName"], said["TemplateCode"]) == ("POST", "13800138000", "五治联动", "SMS_1")
    assert said["OutId"] == "BH42"
    assert json.loads(said["TemplateParam"]) == dict(WORDS.values)


def test_what_goes_over_the_wire_is_what_was_signed(server: Listening) -> None:
    opened(server).send(message())
    (asked,) = server.asked
    assert asked.headers["authorization"] == signed_anew(asked, "Example/Secret")
    assert asked.headers["host"] == at(server)
    assert re.fullmatch(r"[0-9a-f]{32}", asked.headers["x-acs-signature-nonce"])


def test_no_nonce_is_used_twice(server: Listening) -> None:
    channels = opened(server)
    for _ in range(3):
        channels.send(message())
    assert len({asked.headers["x-acs-signature-nonce"] for asked in server.asked}) == 3
    assert len({asked.connection for asked in server.asked}) == 1


@pytest.mark.parametrize(
    ("code", "verdict", "trouble"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", Verdict.TEMPORARY, Trouble.THROTTLED),
        ("isv.MOBILE_NUMBER_ILLEGAL", Verdict.PERMANENT, Trouble.NUMBER),
        ("isv.SMS_TEMPLATE_ILLEGAL", Verdict.PERMANENT, Trouble.TEMPLATE),
        ("isv.SMS_SIGNATURE_ILLEGAL", Verdict.PERMANENT, Trouble.TEMPLATE),
        ("isv.AMOUNT_NOT_ENOUGH", Verdict.TEMPORARY, Trouble.BALANCE),
        ("isv.INVALID_JSON_PARAM", Verdict.PERMANENT, None),
        ("isp.SYSTEM_ERROR", Verdict.TEMPORARY, Trouble.DOWN),
        ("isv.SOMETHING_NEW", Verdict.TEMPORARY, None),
    ],
)
def test_a_refusal_means_what_its_code_says(server: Listening, code: str, verdict: Verdict, trouble: Trouble | None) -> None:
    told(server, {"Code": code, "Message": "触发流控 13800138000", "RequestId": "R"})
    outcome = opened(server).send(message())
    assert (outcome.verdict, outcome.trouble, outcome.code) == (verdict, trouble, code)
    assert "13800138000" not in outcome.words


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidAccessKeyId.NotFound", "isp.RAM_PERMISSION_DENY"])
def test_a_key_that_is_not_believed_is_the_channels_trouble(server: Listening, code: str) -> None:
    told(server, (400, {"Code": code, "Message": "…"}))
    outcome = opened(server).send(message())
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, Trouble.CREDENTIALS)


def test_a_yes_beside_a_no_is_none(server: Listening) -> None:
    told(server, (502, {"Code": "OK", "BizId": "1"}))
    assert opened(server).send(message()).verdict is Verdict.UNKNOWN


def test_a_gateway_error_page_is_the_vendors_trouble(server: Listening) -> None:
    told(server, (502, b"<html>Bad Gateway</html>"))
    assert opened(server).send(message()).trouble is Trouble.DOWN


def test_a_success_without_the_vendors_words_proves_nothing(server: Listening) -> None:
    told(server, (200, b"<html>please log in to this network</html>"))
    assert opened(server).send(message()).verdict is Verdict.UNKNOWN


def test_no_answer_after_the_request_went_out_is_unknown(server: Listening) -> None:
    told(server, (HANG_UP, ""))
    assert opened(server).send(message()).verdict is Verdict.UNKNOWN


def test_nobody_there_is_for_now() -> None:
    with http() as gone:
        pass
    outcome = opened(gone).send(message())
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, Trouble.DOWN)


def detail(reference: str, status: int, code: str = "") -> dict[str, object]:
    return {"OutId": reference, "SendStatus": status, "ErrCode": code, "PhoneNum": "13800138000"}


def details(*found: dict[str, object], total: int | None = None) -> dict[str, object]:
    return {"Code": "OK", "TotalCount": len(found) if total is None else total, "SmsSendDetailDTOs": {"SmsSendDetailDTO": list(found)}}


@pytest.mark.parametrize(
    ("status", "code", "verdict", "trouble"),
    [
        (3, "DELIVERED", Verdict.DELIVERED, None),
        (1, "", Verdict.ACCEPTED, None),
        (2, "MOBILE_NOT_ON_SERVICE", Verdict.PERMANENT, Trouble.NUMBER),
        (2, "CONTENT_KEYWORD", Verdict.PERMANENT, None),
    ],
)
def test_it_is_asked_by_our_reference(server: Listening, status: int, code: str, verdict: Verdict, trouble: Trouble | None) -> None:
    told(server, details(detail("BH41", 3), detail("BH42", status, code)))
    outcome = opened(server).ask(message(), None)
    assert (outcome.verdict, outcome.trouble) == (verdict, trouble)
    said = query_of(server.asked[0])
    assert (said["PhoneNumber"], said["SendDate"]) == ("13800138000", f"{utcnow() + timedelta(hours=8):%Y%m%d}")


def test_what_it_never_saw_is_absent_after_all_days_on_which_it_could_be(server: Listening) -> None:
    told(server, details(detail("BH41", 3)))
    assert opened(server).ask(message(), None).verdict is Verdict.ABSENT
    assert len({query_of(asked)["SendDate"] for asked in server.asked}) == 4


def test_what_it_took_once_is_never_absent(server: Listening) -> None:
    told(server, details())
    assert opened(server).ask(message(), "900619746936498440^0").verdict is Verdict.UNKNOWN


def test_every_page_is_read(server: Listening) -> None:
    first = details(*(detail(f"BH{number}", 3) for number in range(100, 150)), total=51)
    told(server, first, details(detail("BH42", 3), total=51))
    assert opened(server).ask(message(), None).verdict is Verdict.DELIVERED
    assert [query_of(asked)["CurrentPage"] for asked in server.asked] == ["1", "2"]


def test_a_refused_question_says_nothing(server: Listening) -> None:
    told(server, {"Code": "isv.BUSINESS_LIMIT_CONTROL"})
    assert opened(server).ask(message(), None).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "ok", "key"),
    [
        ({"Code": "OK", "SignStatus": 1}, True, "sign_approved"),
        ({"Code": "OK", "SignStatus": 0}, False, "sign_pending"),
        ({"Code": "OK", "SignStatus": 2}, False, "sign_rejected"),
        ({"Code": "isv.SMS_SIGNATURE_ILLEGAL"}, False, "sign_unknown"),
        ((403, {"Code": "NoPermission"}), True, "sign_unseen"),
        ((400, {"Code": "SignatureDoesNotMatch", "Message": "no"}), False, "credentials"),
        ((404, {"Code": "InvalidAccessKeyId.NotFound", "Message": "no"}), False, "credentials"),
        ((200, b"<html>"), False, "vendor_unreadable"),
    ],
)
def test_a_check_looks_at_key_and_signature_and_sends_nothing(server: Listening, answer: object, ok: bool, key: str) -> None:
    told(server, answer)
    (found,) = opened(server).check("sms")
    assert (found.ok, found.key) == (ok, f"channel_check.{key}")
    assert [asked.headers["x-acs-action"] for asked in server.asked] == ["GetSmsSign"]


def test_an_address_without_a_signature_is_refused(server: Listening) -> None:
    (found,) = channel(f"alisms://LTAI5tExample:s@{at(server)}/?tls=no").check("sms")
    assert found == Finding(False, found.key, {"part": "sign"})
    assert server.asked == []


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"Code": "OK", "TemplateStatus": "1"}, ("approved", "")),
        ({"Code": "OK", "TemplateStatus": 0}, ("pending", "")),
        ({"Code": "OK", "TemplateStatus": "2", "AuditInfo": {"RejectInfo": "涉及禁用词"}}, ("rejected", "涉及禁用词")),
        ({"Code": "isv.SMS_TEMPLATE_ILLEGAL"}, ("rejected", "isv.SMS_TEMPLATE_ILLEGAL")),
        ({"Code": "isp.SYSTEM_ERROR"}, ("unanswered", "isp.SYSTEM_ERROR")),
        ({"Code": "InvalidAccessKeyId.NotFound"}, ("unanswered", "InvalidAccessKeyId.NotFound")),
        ({"Code": "Forbidden.RAM"}, None),
        ([], ("unanswered", "200")),
        ({"Code": "OK", "AuditInfo": 7}, ("unanswered", "AttributeError")),
    ],
)
def test_the_state_of_a_template_is_the_vendors(server: Listening, answer: object, state: tuple[str, str] | None) -> None:
    told(server, answer)
    answer = opened(server).template_state("sms", "SMS_1")
    assert (answer and answer[:2]) == state
    assert query_of(server.asked[0])["TemplateCode"] == "SMS_1"

"""The simulator: every vendor's door with its own clients, right and wrong signatures, queries, repetitions."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import vendor_clients as vendors
from tests.support.processes import until
from tests.support.sim import SimServer

PHONE = "10012345678"


def only(sim: SimServer, **wanted: object) -> dict[str, Any]:
    (message,) = sim.messages(**wanted)
    return message


def test_aliyun_takes_a_signed_message_and_shows_it_as_a_phone_would(sim):
    sim.template("SMS_1", "您有新工单${no}，请处理。")
    status, said = vendors.send_aliyun(sim)
    assert (status, said["Code"], said["BizId"].endswith("^0")) == (200, "OK", True)
    message = only(sim, to=PHONE)
    assert (message["vendor"], message["reference"], message["accepted"]) == ("aliyun", "BH1", True)
    assert (message["template"], message["params"]) == ("SMS_1", {"no": "0231"})
    assert message["text"] == "【澄湖治理】您有新工单0231，请处理。"
    assert message["provider_id"] == said["BizId"]


def test_a_template_nobody_filed_is_shown_by_its_code_and_values(sim):
    vendors.send_aliyun(sim)
    assert only(sim)["text"] == "【澄湖治理】[SMS_1] no=0231"


@pytest.mark.parametrize(
    ("options", "code"),
    [({"secret": "wrong"}, "SignatureDoesNotMatch"), ({"age": 3600}, "InvalidTimeStamp.Expired")],
)
def test_aliyun_turns_a_wrong_signature_away_and_keeps_that_it_came(sim, options, code):
    status, said = vendors.send_aliyun(sim, **options)
    assert (status, said["Code"]) == (400, code)
    message = only(sim)
    assert (message["accepted"], message["verdict"], message["code"]) == (False, "credentials", code)


def test_aliyun_believes_a_nonce_once(sim):
    assert vendors.send_aliyun(sim, nonce="n1")[1]["Code"] == "OK"
    assert vendors.send_aliyun(sim, nonce="n1")[1]["Code"] == "SignatureNonceUsed"


@pytest.mark.parametrize("to", ["123", "1001234567x", "2001234567890"])
def test_aliyun_refuses_a_number_in_the_wrong_form(sim, to):
    assert vendors.send_aliyun(sim, to=to)[1]["Code"] == "isv.MOBILE_NUMBER_ILLEGAL"


def test_aliyun_tells_what_became_of_a_message(sim):
    sim.set_up(delay=0)
    said = vendors.send_aliyun(sim)[1]
    query = {"PhoneNumber": PHONE, "BizId": said["BizId"], "SendDate": beijing_day(sim), "PageSize": "10", "CurrentPage": "1"}
    until(lambda: detail(sim, query)["SendStatus"] == 3)
    found = detail(sim, query)
    assert (found["ErrCode"], found["OutId"], found["PhoneNum"]) == ("DELIVERED", "BH1", PHONE)
    unknown = vendors.aliyun(sim, "QuerySendDetails", query | {"BizId": "none"})[1]
    assert (unknown["Code"], unknown["TotalCount"]) == ("OK", 0)


def detail(sim: SimServer, query: dict[str, str]) -> dict[str, Any]:
    (found,) = vendors.aliyun(sim, "QuerySendDetails", query)[1]["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
    return found


def beijing_day(sim: SimServer) -> str:
    from datetime import datetime, timedelta

    return (datetime.fromisoformat(only(sim)["at"]) + timedelta(hours=8)).strftime("%Y%m%d")


@pytest.mark.parametrize(("state", "number"), [("pending", 0), ("approved", 1), ("rejected", 2)])
def test_a_template_that_is_not_approved_cannot_be_sent(sim, state, number):
    sim.template("SMS_1", "您好", state, "变量过长")
    assert vendors.aliyun(sim, "QuerySmsTemplate", {"TemplateCode": "SMS_1"})[1]["TemplateStatus"] == number
    found = vendors.aliyun(sim, "GetSmsTemplate", {"TemplateCode": "SMS_1"})[1]
    assert (found["TemplateStatus"], found["AuditInfo"]["RejectInfo"]) == (str(number), "变量过长")
    assert vendors.send_aliyun(sim)[1]["Code"] == ("OK" if state == "approved" else "isv.SMS_TEMPLATE_ILLEGAL")


def test_tencent_takes_a_signed_message_and_tells_what_became_of_it(sim):
    sim.set_up(delay=0)
    sim.template("77", "工单{1}，限{2}")
    (said,) = vendors.send_tencent(sim)[1]["Response"]["SendStatusSet"]
    assert (said["Code"], said["SessionContext"], said["SerialNo"]) == ("Ok", "BH1", only(sim)["provider_id"])
    assert (only(sim)["to"], only(sim)["text"]) == (PHONE, "【澄湖治理】工单0231，限明日")
    asked = {"BeginTime": 0, "Offset": 0, "Limit": 10, "PhoneNumber": f"+86{PHONE}", "SmsSdkAppId": "1400"}
    pull = lambda: vendors.tencent(sim, "PullSmsSendStatusByPhoneNumber", asked)[1]["Response"]["PullSmsSendStatusSet"]  # noqa: E731
    until(pull)
    (status,) = pull()
    assert (status["SerialNo"], status["ReportStatus"], status["Description"]) == (said["SerialNo"], "SUCCESS", "DELIVRD")


def test_tencent_turns_a_wrong_or_old_signature_away(sim):
    wrong = vendors.send_tencent(sim, secret="wrong")[1]["Response"]["Error"]["Code"]
    late = vendors.send_tencent(sim, age=3600)[1]["Response"]["Error"]["Code"]
    assert (wrong, late) == ("AuthFailure.SignatureFailure", "AuthFailure.SignatureExpire")
    assert [message["accepted"] for message in sim.messages()] == [False, False]


@pytest.mark.parametrize(("state", "code"), [("approved", 0), ("pending", 1), ("rejected", -1)])
def test_tencent_tells_the_state_of_a_template(sim, state, code):
    sim.template("77", "工单{1}", state)
    (found,) = vendors.tencent(sim, "DescribeSmsTemplateList", {"TemplateIdSet": [77]})[1]["Response"]["DescribeTemplateStatusSet"]
    assert (found["TemplateId"], found["StatusCode"]) == (77, code)


def test_huawei_takes_a_signed_message(sim):
    sim.template("hw1", "工单${1}")
    status, said = vendors.send_huawei(sim)
    assert (status, said["code"], said["result"][0]["status"]) == (200, "000000", "000000")
    message = only(sim, vendor="huawei")
    assert (message["to"], message["reference"], message["text"]) == (PHONE, "BH1", "【澄湖治理】工单0231")
    assert said["result"][0]["smsMsgId"] == message["provider_id"]
    assert vendors.send_huawei(sim, secret="wrong")[0] == 401


@pytest.mark.parametrize(("path", "fine", "called"), [("/gateway", "0", "id"), ("/voice", "ok", "call_id")])
def test_a_gateway_takes_each_reference_once_and_can_be_asked(sim, path, fine, called):
    assert vendors.ask_gateway(sim, path, "BH1")[1]["code"] == "not_found"
    first, again = vendors.send_gateway(sim, path)[1], vendors.send_gateway(sim, path)[1]
    assert (first["code"], again["code"], again[called]) == (fine, "duplicate", first[called])
    assert [message["verdict"] for message in sim.messages()] == ["repeated", "accepted"]
    assert vendors.ask_gateway(sim, path, "BH1")[1][called] == first[called]
    assert vendors.send_gateway(sim, path, secret="wrong")[0] == 401


def test_yunmas_checks_its_mac(sim):
    assert vendors.send_yunmas(sim)[1]["rspcod"] == "success"
    assert vendors.send_yunmas(sim, secret="wrong")[1]["rspcod"] == "IllegalMac"
    assert [message["accepted"] for message in sim.messages(vendor="yunmas")] == [False, True]


def test_wecom_wants_a_token_that_it_gave_and_knows_repetitions(sim):
    assert vendors.wecom_token(sim, "wrong")["errcode"] == 40001
    assert vendors.send_wecom(sim, "none")["errcode"] == 40014
    token = vendors.wecom_token(sim)["access_token"]
    assert vendors.send_wecom(sim, token, check=True)["errcode"] == 0
    assert vendors.send_wecom(sim, token, check=True)["errcode"] == 0
    assert vendors.send_wecom(sim, token, check=False)["errcode"] == 0
    verdicts = [message["verdict"] for message in sim.messages(to="zhang")]
    assert verdicts == ["accepted", "repeated", "accepted", "credentials"]


def test_wecom_names_users_that_do_not_exist(sim):
    token = vendors.wecom_token(sim)["access_token"]
    sim.fault("wecom", "bad_number", numbers=["li"])
    said = vendors.send_wecom(sim, token, to="zhang|li")
    assert (said["errcode"], said["invaliduser"]) == (0, "li")
    assert vendors.send_wecom(sim, token, to="li")["errcode"] == 81013


@pytest.mark.parametrize(
    ("send", "code", "wrong"),
    [(vendors.send_dingtalk, "errcode", 310000), (vendors.send_feishu, "code", 19021)],
)
def test_group_robots_check_the_signature(sim, send: Callable[..., dict[str, Any]], code, wrong):
    assert send(sim)[code] == 0
    assert send(sim, secret="SECwrong")[code] == wrong
    assert [(message["accepted"], message["text"]) for message in sim.messages()] == [(False, "红灯"), (True, "红灯")]


def test_a_webhook_is_taken_once_and_a_ping_leaves_no_trace(sim):
    assert [vendors.send_hook(sim)[0] for _ in range(2)] == [202, 409]
    assert vendors.send_hook(sim, reference="BH2", secret="wrong")[0] == 401
    assert vendors.send_hook(sim, event="ping")[0] == 200
    assert [message["verdict"] for message in sim.messages(vendor="hook")] == ["credentials", "repeated", "accepted"]


@pytest.mark.parametrize("times", [1, 3])
def test_who_shows_a_message_twice_counts_it(sim, times):
    for _ in range(times):
        vendors.send_aliyun(sim)
    total = sim.summary()["total"]
    assert (total["accepted"], total["duplicates"]) == (times, times - 1)
    assert {message["duplicate_of"] for message in sim.messages()} - {None} == ({sim.messages()[-1]["id"]} if times > 1 else set())


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("POST", "/hook", b"{", 400),
        ("POST", "/gateway", b"[]", 400),
        ("POST", "/sms/norsubmit", b"{}", 400),
        ("GET", "/nowhere", b"", 404),
        ("GET", "/api/messages?limit=many", b"", 400),
        ("POST", "/api/faults", b'{"vendor": "sms", "kind": "flood"}', 400),
        ("POST", "/api/faults", b'{"vendor": "nobody", "kind": "hang"}', 400),
        ("POST", "/api/faults", b'{"vendor": "sms", "kind": "hang", "seconds": "long"}', 400),
        ("POST", "/api/reply", b'{"text": "Y"}', 400),
        ("POST", "/api/templates", b'{"code": "SMS_1", "state": "perhaps"}', 400),
        ("POST", "/api/setup", b'{"callbacks": {"aliyun": "ftp://x"}}', 400),
    ],
)
def test_what_cannot_be_read_is_refused_and_does_nothing(sim, method, target, body, status):
    assert vendors.ask(sim, method, target, body)[0] == status
    assert (sim.messages(), vendors.ask(sim, "GET", "/api/faults")[1]) == ([], {"faults": []})

"""What vendors push: receipts and replies as their documents have them, and refusals that say where a push is wrong."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from notifications.callbacks import aliyun, huawei, tencent
from notifications.callbacks.carriers import bad_number
from notifications.callbacks.readers import reader_for
from notifications.callbacks.reading import Pushed
from notifications.outcome import Confirmation, Inbound

#: The example of Aliyun's page on SmsReport, with our reference.
ALIYUN = {
    "phone_number": "13800138000",
    "send_time": "2026-11-22 08:02:00",
    "report_time": "2026-11-22 08:02:07",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "932702304080415357^0",
    "out_id": "BH42",
}
TENCENT = {
    "user_receive_time": "2026-11-22 08:02:07",
    "nationcode": "86",
    "mobile": "13800138000",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信送达成功",
    "sid": "2028:f825e6d",
    "ext": "BH42",
}
HUAWEI = {
    "sequence": "1",
    "total": "1",
    "updateTime": "2026-11-22T00:02:07Z",
    "source": "2",
    "smsMsgId": "d6e3cdd0_1",
    "status": "DELIVRD",
    "extend": "BH42",
    "to": "+8613800138000",
}
AT = datetime(2026, 11, 22, 0, 2, 7, tzinfo=UTC)


def ali(*entries: Mapping[str, Any]) -> Pushed:
    return aliyun.read(json.dumps(entries).encode(), {})


def ten(*entries: Mapping[str, Any]) -> Pushed:
    return tencent.read(json.dumps(entries).encode(), {})


def hua(**changed: str) -> Pushed:
    return huawei.read(urlencode(HUAWEI | changed).encode(), {})


def test_aliyun_a_receipt() -> None:
    read = ali(ALIYUN)
    assert read.confirmations == [Confirmation("932702304080415357^0", 42, "DELIVERED", True, False, AT)]
    assert (read.replies, json.loads(read.answer)["code"]) == ([], 0)


@pytest.mark.parametrize(("code", "bad"), [("MK:0001", True), ("MN:0001", True), ("MOBILE_NOT_ON_SERVICE", True), ("UNDELIV", False)])
def test_aliyun_what_did_not_arrive(code: str, bad: bool) -> None:
    (found,) = ali(ALIYUN | {"success": False, "err_code": code, "err_msg": "发送失败"}).confirmations
    assert (found.delivered, found.bad_number, found.status) == (False, bad, code)


def test_aliyun_what_did_not_arrive_because_the_number_is_none_in_words() -> None:
    (found,) = ali(ALIYUN | {"success": False, "err_code": "REJECT", "err_msg": "号码为空号"}).confirmations
    assert found.bad_number


def test_aliyun_a_receipt_of_a_message_that_is_not_ours_has_the_vendors_name_only() -> None:
    assert ali(ALIYUN | {"out_id": "67890"}).confirmations[0].message_id is None


def test_aliyun_a_reply() -> None:
    reply = {
        "phone_number": "13800138000",
        "send_time": "2026-11-22 08:02:07",
        "content": "Y",
        "sign_name": "五治联动",
        "sequence_id": 1234567,
    }
    assert ali(reply).replies == [Inbound("1234567", "13800138000", "Y", AT)]
    assert ali(reply, ALIYUN).confirmations[0].message_id == 42


@pytest.mark.parametrize("reference", ["BH99999999999999999999", "BH", "BHx", "42", ""])
def test_a_reference_that_can_be_none_of_ours_is_none(reference: str) -> None:
    assert ali(ALIYUN | {"out_id": reference}).confirmations[0].message_id is None


def test_what_no_database_takes_is_left_out() -> None:
    reply = {"phone_number": "13800138000", "content": "Y\0\ud800", "sequence_id": "1"}
    assert ali(reply).replies[0].text == "Y?"


def test_a_long_status_is_cut_and_not_refused() -> None:
    assert len(ali(ALIYUN | {"success": False, "err_code": "E" * 100}).confirmations[0].status) == 40


def test_tencent_a_receipt() -> None:
    read = ten(TENCENT)
    assert read.confirmations == [Confirmation("2028:f825e6d", 42, "DELIVRD", True, False, AT)]
    assert json.loads(read.answer)["result"] == 0


def test_tencent_what_did_not_arrive() -> None:
    (found,) = ten(TENCENT | {"report_status": "FAIL", "errmsg": "MK:0001", "description": "未知用户"}).confirmations
    assert (found.delivered, found.bad_number) == (False, True)


def test_tencent_a_reply_is_one_object_and_the_same_one_twice_is_one() -> None:
    reply = {"extend": "00", "mobile": "13800138000", "nationcode": "86", "sign": "五治联动", "text": "N", "time": 1795305727}
    (once,) = tencent.read(json.dumps(reply).encode(), {}).replies
    (twice,) = tencent.read(json.dumps(reply).encode(), {}).replies
    (another,) = tencent.read(json.dumps(reply | {"time": 1795305787}).encode(), {}).replies
    assert (once.phone, once.text, once.at) == ("13800138000", "N", datetime.fromtimestamp(1795305727, UTC))
    assert once == twice
    assert once.provider_id != another.provider_id


def test_huawei_a_receipt() -> None:
    assert hua().confirmations == [Confirmation("d6e3cdd0_1", 42, "DELIVRD", True, False, AT)]


def test_huawei_a_receipt_as_the_document_prints_it() -> None:
    body = b"sequence=1&total=1&orgCode=000&updateTime=2018-04-13T06%3A31%3A46Z&source=2&smsMsgId=b9d9b4fe-ad0e-4a2a-a2c7_6&status=DELIVRD"
    (found,) = huawei.read(body, {}).confirmations
    assert (found.provider_id, found.message_id, found.delivered) == ("b9d9b4fe-ad0e-4a2a-a2c7_6", None, True)


def test_huawei_the_last_part_speaks_for_the_whole_and_one_that_failed_fails_it() -> None:
    parts = [hua(total="2", sequence=place, status=status) for status in ("DELIVRD", "UNDELIV") for place in "12"]
    said = [(each.status, each.delivered) for part in parts for each in part.confirmations]
    assert said == [("DELIVRD 2/2", True), ("UNDELIV 1/2", False), ("UNDELIV 2/2", False)]


@pytest.mark.parametrize(("status", "original", "bad"), [("UNDELIV", "MK:0001", True), ("MK:0012", "", True), ("EXPIRED", "", False)])
def test_huawei_what_did_not_arrive(status: str, original: str, bad: bool) -> None:
    (found,) = hua(status=status, orgCode=original).confirmations
    assert (found.delivered, found.bad_number) == (False, bad)


@pytest.mark.parametrize("status", ["ACCEPTD", "UNKNOWN"])
def test_huawei_what_is_not_the_last_word_is_no_receipt(status: str) -> None:
    assert hua(status=status).confirmations == []


def test_huawei_a_reply() -> None:
    body = urlencode({"smsMsgId": "r1", "from": "+8613800138000", "to": "10690000", "body": "TD"}).encode()
    assert huawei.read(body, {}).replies == [Inbound("r1", "+8613800138000", "TD", None)]


@pytest.mark.parametrize(
    ("reader", "body", "place"),
    [
        (aliyun.read, b"", "body: not JSON"),
        (aliyun.read, b"[" * 100_000, "body: not JSON"),
        (aliyun.read, b"[1]", "[0]: an object expected"),
        (aliyun.read, json.dumps([ALIYUN, ALIYUN | {"biz_id": ""}]).encode(), "[1].biz_id: missing"),
        (aliyun.read, json.dumps([ALIYUN | {"success": "maybe"}]).encode(), "[0].success: true or false expected"),
        (aliyun.read, json.dumps([ALIYUN | {"report_time": "yesterday"}]).encode(), "[0].report_time: not a moment"),
        (aliyun.read, json.dumps([ALIYUN | {"biz_id": "9" * 81}]).encode(), "[0].biz_id: longer than 80"),
        (aliyun.read, json.dumps([ALIYUN | {"err_code": {"a": 1}}]).encode(), "[0].err_code: text expected"),
        (tencent.read, json.dumps([TENCENT | {"report_status": "PERHAPS"}]).encode(), "[0].report_status: SUCCESS or FAIL expected"),
        (tencent.read, json.dumps([{}]).encode(), "[0].report_status: missing"),
        (tencent.read, json.dumps({"mobile": "1", "text": "Y", "time": "x"}).encode(), "body.time: not a moment"),
        (huawei.read, b"\xff\xfe", "body: not a form"),
        (huawei.read, b"status=DELIVRD", "form.smsMsgId: missing"),
        (huawei.read, b"nothing", "body: not a form"),
        (huawei.read, urlencode(HUAWEI | {"sequence": "one"}).encode(), "form.sequence: a number expected"),
    ],
)
def test_a_push_that_is_wrong_is_refused_with_its_place(reader: Any, body: bytes, place: str) -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        reader(body, {})
    assert str(refused.value).startswith(place)


PLAIN = {"id": "G1", "reference": "BH42", "status": "DELIVRD", "time": 1795305727}


def pushed(url: str, body: object) -> Pushed:
    reader = reader_for(url)
    assert reader is not None
    return reader(json.dumps(body).encode(), {})


def test_a_gateway_is_read_as_its_kind_has_it() -> None:
    read = pushed("gwsms://u:{secret:GW}@h/?body=plain", PLAIN)
    assert read.confirmations == [Confirmation("G1", 42, "DELIVRD", True, False, datetime.fromtimestamp(1795305727, UTC))]
    assert json.loads(read.answer) == {"code": "0"}
    assert pushed("gwsms://u:s@h/", [PLAIN | {"status": "MK:0001"}]).confirmations[0].bad_number


def test_a_gateways_reply() -> None:
    reply = {"id": "7", "mobile": "13800138000", "content": "Y", "time": 1795305727}
    assert pushed("gwsms://u:s@h/", reply).replies == [Inbound("7", "13800138000", "Y", datetime.fromtimestamp(1795305727, UTC))]


def test_yunmas_dates_are_chinas_and_its_replies_have_no_number() -> None:
    url = "gwsms://u:s@h/?body=yunmas&ec=e&signcode=s"
    receipt = {
        "reportStatus": "CM:0000",
        "mobile": "13800138000",
        "receiveDate": "20261122080207",
        "errorCode": "DELIVRD",
        "msgGroup": "g1",
    }
    assert pushed(url, [receipt]).confirmations == [Confirmation("g1", None, "DELIVRD", True, False, AT)]
    reply = {"mobile": "13800138000", "smsContent": "TD", "sendTime": "2026-11-22 08:02:07", "addSerial": ""}
    (found,) = pushed(url, reply).replies
    assert (found.text, found.at) == ("TD", AT)
    assert found.provider_id == pushed(url, reply).replies[0].provider_id


def test_a_call_that_was_answered() -> None:
    read = pushed("voice://u:s@h/", {"call_id": "c", "reference": "BH42", "status": "ANSWERED", "time": 1795305727})
    assert (read.confirmations[0].delivered, read.confirmations[0].message_id) == (True, 42)


@pytest.mark.parametrize(
    ("url", "body", "place"),
    [
        ("gwsms://u:s@h/", {"id": "G1"}, "body.status: missing"),
        ("gwsms://u:s@h/", [PLAIN, PLAIN | {"time": "x"}], "[1].time: not a moment"),
        ("gwsms://u:s@h/?body=yunmas", [{"msgGroup": "g", "errorCode": "X", "receiveDate": "2026"}], "[0].receiveDate: not a moment"),
    ],
)
def test_a_gateways_push_that_is_wrong_is_refused_with_its_place(url: str, body: object, place: str) -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        pushed(url, body)
    assert str(refused.value).startswith(place)


@pytest.mark.parametrize("url", ["mails://u:p@h/", "qywx://c:s@h/", "smsc://a:b@h/", "gwsms://u:s@h/?body=unheard_of"])
def test_nothing_is_pushed_to_other_channels(url: str) -> None:
    assert reader_for(url) is None


@pytest.mark.parametrize(("url", "reader"), [("alisms://k:s@h/", aliyun), ("tcsms://k:s@h/", tencent), ("hwsms://k:s@h/", huawei)])
def test_each_vendor_has_its_reader(url: str, reader: Any) -> None:
    assert reader_for(url) is reader.read


@pytest.mark.parametrize("code", ["MK:0001", "mk:0001", "MN:0001", "MK:0012", "SGIP:1", "号码为空号", "用户停机"])
def test_codes_of_numbers_that_are_none(code: str) -> None:
    assert bad_number(code)


@pytest.mark.parametrize("code", ["UNDELIV", "EXPIRED", "MI:0024", "MN:0054", "DELIVRD", ""])
def test_codes_of_phones_that_may_be_switched_off_say_nothing_about_the_number(code: str) -> None:
    assert not bad_number(code)

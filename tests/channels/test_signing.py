"""Our signers give what the vendors published, what their own programs give, and what openssl gives."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta

from notifications.signing import acs3, robots, tc3, wsse

#: 2026-11-22 00:42:00 UTC.
NOW = datetime(2026, 11, 22, 0, 42, tzinfo=UTC)


def test_aliyun_the_published_example() -> None:
    query = acs3.canonical_query({"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"})
    headers = acs3.signed(
        key_id="YourAccessKeyId",
        secret="YourAccessKeySecret",
        host="ecs.cn-shanghai.aliyuncs.com",
        path="/",
        query=query,
        action="RunInstances",
        version="2014-05-26",
        nonce="3156853299f313e23d1673dc12e1703d",
        now=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
    )
    assert headers["authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_aliyun_an_sms_as_its_own_sdk_signs_it() -> None:
    """alibabacloud-tea-openapi 0.4.6 over the same request: blanks, Chinese, and what RFC 3986 leaves alone."""
    param = json.dumps({"no": "BH-20261119-0001", "unit": "滨海 街道*~(1)"}, ensure_ascii=False)
    query = {"OutId": "BH42", "PhoneNumbers": "13800138000", "SignName": "五治联动", "TemplateCode": "SMS_1", "TemplateParam": param}
    headers = acs3.signed(
        key_id="LTAI5tExample",
        secret="ExampleSecret",
        host="dysmsapi.aliyuncs.com",
        path="/",
        query=acs3.canonical_query(query),
        action="SendSms",
        version="2017-05-25",
        nonce="0123456789abcdef0123456789abcdef",
        now=NOW,
    )
    assert headers["authorization"].endswith("Signature=71fccbf7bba0dd9cad0b717a9e6462a348c97a032e10ccfae42dc2c665098f36")


def test_tencent_the_published_example() -> None:
    body = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    found = tc3.authorization(
        secret_id="AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        secret="Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        service="cvm",
        path="/",
        headers={"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com"},
        body=body,
        now=datetime.fromtimestamp(1551113065, UTC),
    )
    assert found == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_tencent_an_sms_as_its_own_sdk_signs_it() -> None:
    """tencentcloud-sdk-python-common over the same request."""
    body = '{"PhoneNumberSet": ["+8613800138000"], "SignName": "五治联动", "TemplateId": "1"}'.encode()
    found = tc3.authorization(
        secret_id="AKIDexample",
        secret="ExampleKey",
        service="sms",
        path="/",
        headers={"content-type": "application/json; charset=utf-8", "host": "sms.tencentcloudapi.com"},
        body=body,
        now=datetime.fromtimestamp(1795309320, UTC),
    )
    assert found.endswith("Signature=975a764d57ebeb3ad1d16f58b402bd58898be3f5aa118b977e147269c25863a7")


def test_tencent_each_day_has_a_key_of_its_own() -> None:
    def signature(now: datetime) -> str:
        return tc3.authorization(secret_id="i", secret="k", service="sms", path="/", headers={"host": "h"}, body=b"{}", now=now)

    today, tomorrow = signature(NOW), signature(NOW + timedelta(days=1))
    assert "/2026-11-22/" in today
    assert "/2026-11-23/" in tomorrow
    assert signature(NOW) == today


def test_huawei_the_digest_is_of_the_form_of_the_published_request() -> None:
    published = "NDA1MWIwNjI2ZTkyNWFlM2FhMTE5NDE1YTk5NjU1YWE4NjNlZTY1MmRhYzkxZGViNzczZjdjMjkzZWQ4ZjAwNA=="
    ours = wsse.digest("ac1c911c4792492687f8f6b2264a491e", "2026-11-22T00:42:00Z", "ExampleSecret")
    assert all(re.fullmatch(rb"[0-9a-f]{64}", base64.b64decode(digest)) for digest in (published, ours))


def test_huawei_as_openssl_has_it() -> None:
    """printf '%s' NONCE+CREATED+SECRET | openssl dgst -sha256, its hexadecimal words in Base64."""
    found = wsse.headers(app_key="K", secret="ExampleSecret", nonce="ac1c911c4792492687f8f6b2264a491e", now=NOW)
    assert found["Authorization"] == 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"'
    assert found["X-WSSE"] == (
        'UsernameToken Username="K",'
        'PasswordDigest="ODc1YzQ1ODZlNDViM2MyZWM5ZmRmNTNjNzgyMmI5YzQ2MzQzMzU0OTZiY2I3YmYyMWU4NGQwNTM0YWFlNTllMQ==",'
        'Nonce="ac1c911c4792492687f8f6b2264a491e",Created="2026-11-22T00:42:00Z"'
    )


def test_dingtalk_as_openssl_has_it() -> None:
    """printf 'TIMESTAMP\\nSECRET' | openssl dgst -sha256 -hmac SECRET -binary | base64."""
    assert robots.dingtalk("SECexample", 1795309320123) == "3g+bqgYomxIGYcqCJgUEK0KTpT6F/BewCurGct3SNSU="


def test_feishu_as_openssl_has_it() -> None:
    """printf '' | openssl dgst -sha256 -hmac 'TIMESTAMP\\nSECRET' -binary | base64: the other way round."""
    assert robots.feishu("secret", 1795309320) == "wcvZ84XSmaVhr8kX3IOm447siZv02fI5Pp+seTDdvNU="

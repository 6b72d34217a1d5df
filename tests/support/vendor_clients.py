"""Clients of the vendors, written apart from ours and from the simulator's checks: requests signed here, by the vendors' documents."""

import base64
import hashlib
import hmac
import http.client
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.support.sim import DINGTALK_SECRET, PASSWORD, USER, SimServer

Said = tuple[int, dict[str, Any]]


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - signatures carry the real time


def stamp() -> str:
    return str(int(now().timestamp()))


def ask(sim: SimServer, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None, timeout: float = 20) -> Said:
    """One request on a connection of its own; the answer's JSON."""
    connection = http.client.HTTPConnection(urlsplit(sim.url).netloc, timeout=timeout)
    try:
        connection.request(method, target, body, dict(headers or {}))
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")
    finally:
        connection.close()


def aliyun(
    sim: SimServer, action: str, values: Mapping[str, str], *, secret: str = PASSWORD, age: int = 0, nonce: str = "", timeout: float = 20
) -> Said:
    """ACS3-HMAC-SHA256, values in the query."""
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(values.items()))
    date = datetime.fromtimestamp(now().timestamp() - age, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    headers = {
        "host": urlsplit(sim.url).netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce or uuid.uuid4().hex,
        "x-acs-version": "2017-05-25",
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{headers['x-acs-content-sha256']}"
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
    authorization = f"ACS3-HMAC-SHA256 Credential={USER},SignedHeaders={names},Signature={signature}"
    return ask(sim, "POST", f"/?{query}", b"", headers | {"Authorization": authorization}, timeout)


def send_aliyun(sim: SimServer, to: str = "10012345678", reference: str = "BH1", **options: Any) -> Said:
    """SendSms of one template with one variable."""
    values = {"PhoneNumbers": to, "SignName": "澄湖治理", "TemplateCode": "SMS_1", "TemplateParam": '{"no": "0231"}', "OutId": reference}
    return aliyun(sim, "SendSms", values, **options)


def tencent(sim: SimServer, action: str, values: Mapping[str, Any], *, secret: str = PASSWORD, age: int = 0) -> Said:
    """TC3-HMAC-SHA256, values in the body."""
    body = json.dumps(values).encode()
    at = str(int(stamp()) - age)
    day = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d")
    host = urlsplit(sim.url).netloc
    canonical = f"POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{hashlib.sha256(body).hexdigest()}"
    text = f"TC3-HMAC-SHA256\n{at}\n{day}/sms/tc3_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("TC3" + secret).encode()
    for step in (day, "sms", "tc3_request"):
        key = hmac.new(key, step.encode(), "sha256").digest()
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    authorization = f"TC3-HMAC-SHA256 Credential={USER}/{day}/sms/tc3_request, SignedHeaders=content-type;host, Signature={signature}"
    headers = {"Host": host, "Content-Type": "application/json", "Authorization": authorization}
    return ask(sim, "POST", "/", body, headers | {"X-TC-Action": action, "X-TC-Timestamp": at, "X-TC-Version": "2021-01-11"})


def send_tencent(sim: SimServer, to: str = "+8610012345678", reference: str = "BH1", **options: Any) -> Said:
    """SendSms of one template with two variables."""
    values = {
        "PhoneNumberSet": [to],
        "SmsSdkAppId": "1400",
        "SignName": "澄湖治理",
        "TemplateId": "77",
        "TemplateParamSet": ["0231", "明日"],
    }
    return tencent(sim, "SendSms", values | {"SessionContext": reference}, **options)


def send_huawei(sim: SimServer, to: str = "+8610012345678", reference: str = "BH1", callback: str = "", secret: str = PASSWORD) -> Said:
    """batchSendSms, signed by WSSE."""
    created, nonce = now().strftime("%Y-%m-%dT%H:%M:%SZ"), uuid.uuid4().hex
    digest = base64.b64encode(hashlib.sha256((nonce + created + secret).encode()).digest()).decode()
    wsse = f'UsernameToken Username="{USER}",PasswordDigest="{digest}",Nonce="{nonce}",Created="{created}"'
    values = {"from": "1069", "to": to, "templateId": "hw1", "templateParas": '["0231"]', "signature": "澄湖治理", "extend": reference}
    headers = {"Authorization": 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"', "X-WSSE": wsse}
    headers |= {"Content-Type": "application/x-www-form-urlencoded"}
    return ask(sim, "POST", "/sms/batchSendSms/v1", urlencode(values | {"statusCallback": callback}).encode(), headers)


def send_gateway(sim: SimServer, path: str = "/gateway", to: str = "10012345678", reference: str = "BH1", secret: str = PASSWORD) -> Said:
    """A JSON gateway: for SMS at /gateway, for calls at /voice."""
    number, words = ("number", "text") if path == "/voice" else ("mobile", "content")
    at, text = stamp(), "您有新工单"
    sign = hmac.new(secret.encode(), "\n".join((USER, to, text, reference, at)).encode(), "sha256").hexdigest()
    values = {"account": USER, number: to, words: text, "reference": reference, "timestamp": at, "sign": sign}
    return ask(sim, "POST", path, json.dumps(values).encode())


def ask_gateway(sim: SimServer, path: str, reference: str) -> Said:
    """What became of a message, by our reference."""
    at = stamp()
    sign = hashlib.md5(f"{USER}{PASSWORD}{reference}{at}".encode(), usedforsecurity=False).hexdigest()
    values = {"account": USER, "reference": reference, "timestamp": at, "sign": sign}
    return ask(sim, "POST", f"{path}/query", json.dumps(values).encode())


def send_yunmas(sim: SimServer, to: str = "10012345678", secret: str = PASSWORD) -> Said:
    """云MAS norsubmit."""
    values = {"ecName": "澄湖", "apId": USER, "mobiles": to, "content": "您有新工单", "sign": "abc", "addSerial": ""}
    mac = hashlib.md5(f"澄湖{USER}{secret}{to}您有新工单abc".encode(), usedforsecurity=False).hexdigest()
    return ask(sim, "POST", "/sms/norsubmit", base64.b64encode(json.dumps(values | {"mac": mac}).encode()))


def wecom_token(sim: SimServer, secret: str = PASSWORD) -> dict[str, Any]:
    """gettoken."""
    return ask(sim, "GET", f"/cgi-bin/gettoken?corpid={USER}&corpsecret={secret}")[1]


def send_wecom(sim: SimServer, token: str, to: str = "zhang", text: str = "您有新工单", *, check: bool = False) -> dict[str, Any]:
    """message/send."""
    values = {"touser": to, "msgtype": "text", "agentid": 1000002, "text": {"content": text}, "enable_duplicate_check": int(check)}
    return ask(sim, "POST", f"/cgi-bin/message/send?access_token={token}", json.dumps(values).encode())[1]


def send_dingtalk(sim: SimServer, secret: str = DINGTALK_SECRET, text: str = "红灯") -> dict[str, Any]:
    """A group robot, signed in the query."""
    at = stamp() + "000"
    sign = base64.b64encode(hmac.new(secret.encode(), f"{at}\n{secret}".encode(), "sha256").digest()).decode()
    query = urlencode({"access_token": USER, "timestamp": at, "sign": sign})
    return ask(sim, "POST", f"/robot/send?{query}", json.dumps({"msgtype": "text", "text": {"content": text}}).encode())[1]


def send_feishu(sim: SimServer, secret: str = PASSWORD, token: str = USER) -> dict[str, Any]:
    """A group robot, signed in the body."""
    at = stamp()
    sign = base64.b64encode(hmac.new(f"{at}\n{secret}".encode(), b"", "sha256").digest()).decode()
    values = {"timestamp": at, "sign": sign, "msg_type": "text", "content": {"text": "红灯"}}
    return ask(sim, "POST", f"/open-apis/bot/v2/hook/{token}", json.dumps(values).encode())[1]


def send_hook(sim: SimServer, reference: str = "BH1", secret: str = PASSWORD, event: str = "message") -> Said:
    """A signed webhook."""
    body, at = json.dumps({"event": event, "to": "city", "text": "您有新工单", "subject": ""}).encode(), stamp()
    sign = "sha256=" + hmac.new(secret.encode(), at.encode() + b"." + body, "sha256").hexdigest()
    headers = {"X-Bihuan-Timestamp": at, "X-Bihuan-Signature": sign, "Idempotency-Key": reference}
    return ask(sim, "POST", "/hook", body, headers)

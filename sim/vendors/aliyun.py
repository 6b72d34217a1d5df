"""Aliyun SMS (dysmsapi 2017-05-25): ACS3-HMAC-SHA256, SendSms, QuerySendDetails, templates and signatures, SmsReport and SmsUp."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from sim.arrival import Arrival, Draft, national
from sim.receipts import Answer, Push, Report
from sim.said import Said
from sim.times import day, local, old
from sim.web import Request, Response, answer
from sim.world import PASSWORD, USER, World

VENDOR: Final = "aliyun"
METHOD: Final = "ACS3-HMAC-SHA256"
NUMBER: Final = re.compile(r"1\d{10}")
MOST_NUMBERS: Final = 1000
STATES: Final = {"pending": 0, "approved": 1, "rejected": 2}
_AUTHORIZATION: Final = re.compile(rf"{METHOD} Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)")


def _percent(text: str) -> str:
    return quote(text, safe="-_.~")


def signature(request: Request, signed: Sequence[str], secret: str) -> str:
    """The signature that a request with these signed headers must carry ("V3 request body & signature mechanism")."""
    pairs = sorted(parse_qsl(request.target.partition("?")[2], keep_blank_values=True))
    query = "&".join(f"{_percent(name)}={_percent(value)}" for name, value in pairs)
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in signed)
    hashed = hashlib.sha256(request.body).hexdigest()
    path = quote(request.path, safe="/-_.~") or "/"
    canonical = "\n".join((request.method, path, query, headers, ";".join(signed), hashed))
    to_sign = f"{METHOD}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def trouble_with(request: Request, world: World) -> Said | None:
    """Why a request is not believed; None: it is."""
    if (said := world.rejects(VENDOR)) is not None:
        return said
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return Said("credentials", "MissingAuthorization", "Authorization is missing or malformed.", 400)
    key, signed, given = found[1], found[2].split(";"), found[3]
    if key != USER:
        return Said("credentials", "InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
    if (said := _stale(request, signed, world)) is not None:
        return said
    if not hmac.compare_digest(signature(request, signed, PASSWORD), given):
        return Said("credentials", "SignatureDoesNotMatch", "Specified signature does not match our calculation.", 400)
    return None


def _stale(request: Request, signed: Sequence[str], world: World) -> Said | None:
    """What besides the signature itself must hold: all x-acs-… and host are signed, the body's hash, the date, a nonce used once."""
    headers = request.headers
    must = {"host", *(name for name in headers if name.startswith("x-acs-"))}
    if list(signed) != sorted(signed) or not must <= set(signed):
        return Said("credentials", "IncompleteSignature", "Not all headers that must be are signed.", 400)
    if headers.get("x-acs-content-sha256") != hashlib.sha256(request.body).hexdigest():
        return Said("credentials", "InvalidContentSha256", "x-acs-content-sha256 is not that of the body.", 400)
    if old(headers.get("x-acs-date", ""), "%Y-%m-%dT%H:%M:%SZ", world.utcnow(), 900):
        return Said("credentials", "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", 400)
    nonce = headers.get("x-acs-signature-nonce", "")
    if not nonce or not world.nonces.is_new(nonce):
        return Said("credentials", "SignatureNonceUsed", "Specified signature nonce was used already.", 400)
    return None


async def serve(world: World, request: Request) -> Response:
    """Answer one call."""
    await world.gate(VENDOR)
    values = request.query | (request.form if "form" in request.headers.get("content-type", "") else {})
    action = request.headers.get("x-acs-action", "")
    if request.headers.get("x-acs-version") != "2017-05-25" or action not in ACTIONS:
        return _refused(Said("refuse", "InvalidAction.NotFound", "Specified api is not found.", 404))
    if action == "SendSms":
        return await _send(world, request, values)
    if (said := trouble_with(request, world)) is not None:
        return _refused(said)
    return answer({"RequestId": world.provider_id(), **ACTIONS[action](world, values)})


def _refused(said: Said) -> Response:
    """Credentials are refused by status, business by code."""
    return answer({"RequestId": "SIM", "HostId": "dysmsapi.aliyuncs.com", "Code": said.code, "Message": said.words}, said.status)


async def _send(world: World, request: Request, values: Mapping[str, str]) -> Response:
    numbers = [national(number.strip()) for number in values.get("PhoneNumbers", "").split(",")]
    draft = _draft(world, values, numbers[0])
    if (said := trouble_with(request, world) or _wrong(world, values, numbers)) is not None:
        world.turn_away(draft, said)
        return _refused(said)
    biz_id = f"{world.provider_id()}^0"
    for number in numbers:
        met = await world.meet(_draft(world, values, number), biz_id)
        if met.refused:
            return _refused(met.refused)
    return answer({"Message": "OK", "RequestId": world.provider_id(), "Code": "OK", "BizId": biz_id})


def _draft(world: World, values: Mapping[str, str], number: str) -> Draft:
    sign, code, params = values.get("SignName", ""), values.get("TemplateCode", ""), _params(values)
    text = world.templates.shown(code, sign, params)
    return Draft(VENDOR, number, text, values.get("OutId", ""), sender=sign, template=code, params=params)


def _params(values: Mapping[str, str]) -> dict[str, str]:
    try:
        found = json.loads(values.get("TemplateParam") or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _wrong(world: World, values: Mapping[str, str], numbers: Sequence[str]) -> Said | None:
    if not all(NUMBER.fullmatch(number) for number in numbers) or len(numbers) > MOST_NUMBERS:
        return Said("bad_number", "isv.MOBILE_NUMBER_ILLEGAL", "手机号码格式错误")
    if world.templates.signs.get(values.get("SignName", ""), "approved") != "approved" or not values.get("SignName"):
        return Said("template", "isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法")
    if not values.get("TemplateCode"):
        return Said("template", "isv.SMS_TEMPLATE_ILLEGAL", "短信模版不合法")
    if values.get("TemplateParam") and not _params(values) and values["TemplateParam"].strip() != "{}":
        return Said("refuse", "isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值")
    return None


def _details(world: World, values: Mapping[str, str]) -> dict[str, Any]:
    """QuerySendDetails: the messages of one number on one day, of one BizId where it is given."""
    size, page = int(values.get("PageSize") or 10), int(values.get("CurrentPage") or 1)
    number, biz_id = national(values.get("PhoneNumber", "")), values.get("BizId", "")
    fields = {"vendor": VENDOR, "to": number} | ({"provider_id": biz_id} if biz_id else {})
    kept = world.ledger.find(fields, limit=10_000, accepted=True)
    found = [arrival for arrival in kept if day(arrival.at) == values.get("SendDate")]
    part = found[(page - 1) * size : page * size]
    return {"Code": "OK", "Message": "OK", "TotalCount": len(found), "SmsSendDetailDTOs": {"SmsSendDetailDTO": list(map(_detail, part))}}


def _detail(arrival: Arrival) -> dict[str, Any]:
    told = arrival.receipt_at is not None
    delivered = arrival.receipt == "DELIVERED"
    return {
        "PhoneNum": arrival.to,
        "SendDate": local(arrival.at),
        "ReceiveDate": local(arrival.receipt_at) if arrival.receipt_at else "",
        "SendStatus": 3 if delivered else 2 if told else 1,
        "ErrCode": arrival.receipt,
        "TemplateCode": arrival.template,
        "OutId": arrival.reference,
        "Content": arrival.text,
    }


def _template(world: World, values: Mapping[str, str]) -> dict[str, Any]:
    """QuerySmsTemplate and GetSmsTemplate: 0 under review, 1 approved, 2 rejected."""
    template = world.templates.of(values.get("TemplateCode", ""))
    known = {"TemplateCode": template.code, "TemplateName": template.name, "TemplateContent": template.content, "TemplateType": 1}
    state = STATES["pending" if world.switches.get(VENDOR, "template") else template.state]
    audit = {"RejectInfo": template.reason}
    return {"Code": "OK", "Message": "OK", **known, "TemplateStatus": state, "Reason": template.reason, "AuditInfo": audit}


def _new_template(world: World, values: Mapping[str, str]) -> dict[str, Any]:
    """GetSmsTemplate writes the state as a text."""
    found = _template(world, values)
    return found | {"TemplateStatus": str(found["TemplateStatus"])}


def _sign(world: World, values: Mapping[str, str]) -> dict[str, Any]:
    """QuerySmsSign and GetSmsSign."""
    name = values.get("SignName", "")
    state = STATES[world.templates.signs.get(name, "approved")]
    return {"Code": "OK", "Message": "OK", "SignName": name, "SignStatus": state, "Reason": "", "CreateDate": local(world.utcnow())}


ACTIONS: Final[Mapping[str, Any]] = {
    "SendSms": None,
    "QuerySendDetails": _details,
    "QuerySmsTemplate": _template,
    "GetSmsTemplate": _new_template,
    "QuerySmsSign": _sign,
    "GetSmsSign": _sign,
}


class Style:
    """SmsReport and SmsUp: arrays, received when the answer is `{"code": 0}`."""

    batch = 100

    def reports(self, reports: Sequence[Report]) -> Push:
        """Word receipts."""
        return Push(json.dumps([_report(report) for report in reports], ensure_ascii=False).encode())

    def reply(self, answer: Answer) -> Push:
        """Word a reply."""
        found = {"phone_number": answer.phone, "send_time": local(answer.at), "content": answer.text, "sign_name": ""}
        return Push(json.dumps([found | {"dest_code": "10690000", "sequence_id": answer.provider_id}], ensure_ascii=False).encode())

    def taken(self, status: int, body: bytes) -> bool:
        """Tell whether it was received."""
        try:
            return status == 200 and json.loads(body).get("code") == 0
        except (ValueError, AttributeError):
            return False


def _report(report: Report) -> dict[str, Any]:
    arrival = report.arrival
    return {
        "phone_number": arrival.to,
        "send_time": local(arrival.at),
        "report_time": local(report.at),
        "success": report.delivered,
        "err_code": report.status,
        "err_msg": "用户接收成功" if report.delivered else "发送失败",
        "sms_size": str(max(1, -(-len(arrival.text.encode("utf-16-le")) // 134))) if len(arrival.text) > 70 else "1",
        "biz_id": arrival.provider_id,
        "out_id": arrival.reference,
    }

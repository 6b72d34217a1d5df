"""Tencent Cloud SMS (2021-01-11): TC3-HMAC-SHA256, SendSms, PullSmsSendStatus…, DescribeSmsTemplateList, status and reply callbacks."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sim.arrival import Arrival, Draft, national
from sim.receipts import Answer, Push, Report
from sim.said import Said, refusal
from sim.times import local
from sim.web import Request, Response, answer
from sim.world import PASSWORD, USER, World

VENDOR: Final = "tencent"
METHOD: Final = "TC3-HMAC-SHA256"
NUMBER: Final = re.compile(r"1\d{10}")
STATES: Final = {"approved": 0, "pending": 1, "rejected": -1}
_AUTHORIZATION: Final = re.compile(
    rf"{METHOD} Credential=([^/]+)/(\d{{4}}-\d\d-\d\d)/(\w+)/tc3_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)"
)


def signature(request: Request, signed: Sequence[str], at: int, date: str, secret: str) -> str:
    """The signature of a POST with these signed headers ("Signature v3")."""
    headers = "".join(f"{name}:{request.headers.get(name, '').strip().lower()}\n" for name in signed)
    hashed = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join((request.method, "/", request.target.partition("?")[2], headers, ";".join(signed), hashed))
    to_sign = f"{METHOD}\n{at}\n{date}/sms/tc3_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret}".encode()
    for part in (date, "sms", "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def trouble_with(request: Request, world: World) -> Said | None:
    """Why a request is not believed; None: it is."""
    if (said := world.rejects(VENDOR)) is not None:
        return said
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    at = request.headers.get("x-tc-timestamp", "")
    if found is None or not at.isdecimal():
        return Said("credentials", "AuthFailure.InvalidAuthorization", "The Authorization header is not of the right form.")
    key, date, service, signed, given = found[1], found[2], found[3], found[4].split(";"), found[5]
    if key != USER:
        return Said("credentials", "AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    if abs(world.utcnow().timestamp() - int(at)) > 300:
        return Said("credentials", "AuthFailure.SignatureExpire", "The signature expired.")
    complete = service == "sms" and {"content-type", "host"} <= set(signed)
    if not complete or not hmac.compare_digest(signature(request, signed, int(at), date, PASSWORD), given):
        return refusal(VENDOR, "credentials")
    return None


async def serve(world: World, request: Request) -> Response:
    """Answer one call."""
    await world.gate(VENDOR)
    action = request.headers.get("x-tc-action", "")
    if request.headers.get("x-tc-version") != "2021-01-11" or action not in ACTIONS:
        return _refused(world, Said("refuse", "InvalidAction", "The request action is invalid."))
    if action == "SendSms":
        return await _send(world, request)
    if (said := trouble_with(request, world)) is not None:
        return _refused(world, said)
    return _answer(world, ACTIONS[action](world, request.json))


def _answer(world: World, found: Mapping[str, Any]) -> Response:
    return answer({"Response": {**found, "RequestId": world.provider_id()}})


def _refused(world: World, said: Said) -> Response:
    return _answer(world, {"Error": {"Code": said.code, "Message": said.words}})


async def _send(world: World, request: Request) -> Response:
    values = request.json
    numbers = [national(str(number)) for number in values.get("PhoneNumberSet") or [""]]
    if (said := trouble_with(request, world)) is not None:
        world.turn_away(_draft(world, values, numbers[0]), said)
        return _refused(world, said)
    return _answer(world, {"SendStatusSet": [await _send_one(world, values, number) for number in numbers]})


async def _send_one(world: World, values: Mapping[str, Any], number: str) -> dict[str, Any]:
    draft = _draft(world, values, number)
    wrong = _wrong(world, values, number)
    met = world.turn_away(draft, wrong) if wrong else await world.meet(draft)
    said = met.refused
    return {
        "SerialNo": "" if said else met.arrival.provider_id,
        "PhoneNumber": f"+86{number}",
        "Fee": 0 if said else 1,
        "SessionContext": draft.reference,
        "Code": said.code if said else "Ok",
        "Message": said.words if said else "send success",
        "IsoCode": "CN",
    }


def _draft(world: World, values: Mapping[str, Any], number: str) -> Draft:
    params = {str(place): str(value) for place, value in enumerate(values.get("TemplateParamSet") or (), start=1)}
    sign, code = str(values.get("SignName", "")), str(values.get("TemplateId", ""))
    text = world.templates.shown(code, sign, params)
    return Draft(VENDOR, number, text, str(values.get("SessionContext", "")), sender=sign, template=code, params=params)


def _wrong(world: World, values: Mapping[str, Any], number: str) -> Said | None:
    if not NUMBER.fullmatch(number):
        return refusal(VENDOR, "bad_number")
    if not values.get("SmsSdkAppId"):
        return Said("credentials", "UnauthorizedOperation.SmsSdkAppIdVerifyFail", "SmsSdkAppId verify failed")
    if world.templates.signs.get(str(values.get("SignName", "")), "approved") != "approved" or not values.get("SignName"):
        return Said("template", "FailedOperation.SignatureIncorrectOrUnapproved", "signature is not approved")
    return None if values.get("TemplateId") else refusal(VENDOR, "template")


def _status(arrival: Arrival) -> dict[str, Any]:
    at = arrival.receipt_at or arrival.at
    return {
        "UserReceiveTime": int(at.timestamp()),
        "CountryCode": "86",
        "SubscriberNumber": arrival.to,
        "PhoneNumber": f"+86{arrival.to}",
        "SerialNo": arrival.provider_id,
        "ReportStatus": "SUCCESS" if arrival.receipt == "DELIVRD" else "FAIL",
        "Description": arrival.receipt,
        "SessionContext": arrival.reference,
    }


def _pull(world: World, values: Mapping[str, Any]) -> dict[str, Any]:
    """PullSmsSendStatus and …ByPhoneNumber: only what a receipt has been given for."""
    number = national(str(values.get("PhoneNumber", "")))
    kept = world.ledger.find({"vendor": VENDOR} | ({"to": number} if number else {}), limit=10_000, accepted=True)
    since, until = int(values.get("BeginTime") or 0), int(values.get("EndTime") or 2**40)
    told = [arrival for arrival in kept if arrival.receipt and since <= arrival.at.timestamp() <= until]
    first = int(values.get("Offset") or 0)
    return {"PullSmsSendStatusSet": list(map(_status, told[first : first + int(values.get("Limit") or 100)]))}


def _templates(world: World, values: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeSmsTemplateList: 0 approved, 1 under review, -1 rejected."""
    found = [world.templates.of(str(code)) for code in values.get("TemplateIdSet") or ()]
    waits = world.switches.get(VENDOR, "template") is not None
    return {
        "DescribeTemplateStatusSet": [
            {
                "TemplateId": int(t.code) if t.code.isdecimal() else t.code,
                "International": 0,
                "StatusCode": STATES["pending" if waits else t.state],
                "ReviewReply": t.reason,
                "TemplateName": t.name,
                "TemplateContent": t.content,
                "CreateTime": int(world.utcnow().timestamp()),
            }
            for t in found
        ]
    }


def _signs(world: World, values: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeSmsSignList: all signatures that were filed, a page of them."""
    every = [
        {"SignId": number, "International": 0, "StatusCode": STATES[state], "ReviewReply": "", "SignName": name, "CreateTime": 0}
        for number, (name, state) in enumerate(world.templates.signs.items(), start=1)
    ]
    first = int(values.get("Offset") or 0)
    return {"DescribeSignListStatusSet": every[first : first + int(values.get("Limit") or 100)]}


ACTIONS: Final[Mapping[str, Any]] = {
    "SendSms": None,
    "DescribeSmsSignList": _signs,
    "PullSmsSendStatus": _pull,
    "PullSmsSendStatusByPhoneNumber": _pull,
    "DescribeSmsTemplateList": _templates,
}


class Style:
    """Status callbacks are arrays, replies single objects; received when the answer is `{"result": 0}`."""

    batch = 100

    def reports(self, reports: Sequence[Report]) -> Push:
        """Word receipts."""
        return Push(json.dumps([_report(report) for report in reports], ensure_ascii=False).encode())

    def reply(self, answer: Answer) -> Push:
        """Word a reply."""
        found = {"extend": "", "mobile": answer.phone, "nationcode": "86", "sign": "", "text": answer.text}
        return Push(json.dumps(found | {"time": int(answer.at.timestamp())}, ensure_ascii=False).encode())

    def taken(self, status: int, body: bytes) -> bool:
        """Tell whether it was received."""
        try:
            return status == 200 and json.loads(body).get("result") == 0
        except (ValueError, AttributeError):
            return False


def _report(report: Report) -> dict[str, Any]:
    return {
        "user_receive_time": local(report.at),
        "nationcode": "86",
        "mobile": report.arrival.to,
        "report_status": "SUCCESS" if report.delivered else "FAIL",
        "errmsg": report.status,
        "description": "用户短信送达成功" if report.delivered else "用户短信接收失败",
        "sid": report.arrival.provider_id,
    }

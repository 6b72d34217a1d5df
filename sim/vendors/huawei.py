"""Huawei Cloud MSGSMS: WSSE, batchSendSms, status reports and replies as forms."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from sim.arrival import Draft, national
from sim.receipts import Answer, Push, Report
from sim.said import Said, refusal
from sim.times import old, zulu
from sim.web import Request, Response, answer
from sim.world import PASSWORD, USER, Met, World

VENDOR: Final = "huawei"
NUMBER: Final = re.compile(r"1\d{10}")
FORM: Final = "application/x-www-form-urlencoded"
_PART: Final = re.compile(r'(\w+)="([^"]*)"')


def digests(nonce: str, created: str, secret: str) -> tuple[str, str]:
    """PasswordDigest = Base64(SHA256(Nonce + Created + Password)): of the raw hash, as the page says, or of its hex, as its samples do."""
    found = hashlib.sha256(f"{nonce}{created}{secret}".encode())
    return base64.b64encode(found.digest()).decode(), base64.b64encode(found.hexdigest().encode()).decode()


def trouble_with(request: Request, world: World) -> Said | None:
    """Why a request is not believed; None: it is."""
    if (said := world.rejects(VENDOR)) is not None:
        return said
    parts = dict(_PART.findall(request.headers.get("x-wsse", "")))
    wsse = request.headers.get("authorization", "").startswith("WSSE ")
    if not wsse or not {"Username", "PasswordDigest", "Nonce", "Created"} <= parts.keys():
        return Said("credentials", "E000101", "The Authorization or X-WSSE header is missing.", 401)
    if parts["Username"] != USER:
        return refusal(VENDOR, "credentials")
    if old(parts["Created"], "%Y-%m-%dT%H:%M:%SZ", world.utcnow(), 86_400):
        return Said("credentials", "E000106", "The Created time has expired.", 401)
    right = digests(parts["Nonce"], parts["Created"], PASSWORD)
    return None if any(hmac.compare_digest(one, parts["PasswordDigest"]) for one in right) else refusal(VENDOR, "credentials")


async def serve(world: World, request: Request) -> Response:
    """Answer one batchSendSms."""
    await world.gate(VENDOR)
    values = request.form
    numbers = [national(number.strip()) for number in values.get("to", "").split(",")]
    if (said := trouble_with(request, world) or _wrong(values)) is not None:
        if values.get("to"):
            world.turn_away(_draft(world, values, numbers[0]), said)
        return _answer(said.code, said.words, [], said.status)
    met = [await _send_one(world, values, number) for number in numbers]
    refused = [one.refused for one in met if one.refused]
    results = [_result(world, values, one) for one in met]
    return _answer("E000510" if refused else "000000", refused[0].words if refused else "Success", results)


def _answer(code: str, words: str, results: list[dict[str, str]], status: int = 200) -> Response:
    return answer({"code": code, "description": words, **({"result": results} if results else {})}, status)


async def _send_one(world: World, values: Mapping[str, str], number: str) -> Met:
    draft = _draft(world, values, number)
    return await world.meet(draft) if NUMBER.fullmatch(number) else world.turn_away(draft, refusal(VENDOR, "bad_number"))


def _result(world: World, values: Mapping[str, str], met: Met) -> dict[str, str]:
    status = met.refused.code if met.refused else "000000"
    known = {"originTo": f"+86{met.arrival.to}", "createTime": zulu(world.utcnow()), "from": values.get("from", "")}
    return known | {"smsMsgId": met.arrival.provider_id, "status": status}


def _draft(world: World, values: Mapping[str, str], number: str) -> Draft:
    try:
        given = json.loads(values.get("templateParas") or "[]")
    except ValueError:
        given = []
    params = {str(place): str(value) for place, value in enumerate(given, start=1)}
    sign, code = values.get("signature", ""), values.get("templateId", "")
    text = world.templates.shown(code, sign, params)
    reference, callback = values.get("extend", ""), values.get("statusCallback", "")
    return Draft(VENDOR, number, text, reference, sender=sign, template=code, params=params, callback=callback)


def _wrong(values: Mapping[str, str]) -> Said | None:
    if not values.get("from") or not values.get("to"):
        return Said("refuse", "E000503", "The parameters are wrong.", 400)
    return None if values.get("templateId") else refusal(VENDOR, "template")


class Style:
    """One form a receipt and a reply; received when the answer is 200."""

    batch = 1

    def reports(self, reports: Sequence[Report]) -> Push:
        """Word a receipt."""
        (report,) = reports
        arrival = report.arrival
        found = {"smsMsgId": arrival.provider_id, "total": "1", "sequence": "1", "status": report.status, "source": "1"}
        found |= {"updateTime": zulu(report.at), "orgCode": report.status, "to": f"+86{arrival.to}", "extend": arrival.reference}
        return Push(urlencode(found).encode(), FORM)

    def reply(self, answer: Answer) -> Push:
        """Word a reply."""
        found = {"smsMsgId": answer.provider_id, "from": f"+86{answer.phone}", "to": "10690000", "body": answer.text}
        return Push(urlencode(found).encode(), FORM)

    def taken(self, status: int, body: bytes) -> bool:
        """Tell whether it was received."""
        del body
        return status == 200

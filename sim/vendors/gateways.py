"""JSON gateways as governments run them: a plain one for SMS, one that rings people up, and 云MAS (norsubmit)."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sim.arrival import Arrival, Draft, national
from sim.receipts import Answer, Push, Report
from sim.said import Said, refusal
from sim.times import BEIJING, local
from sim.web import BadRequestError, Request, Response, answer
from sim.world import PASSWORD, USER, Met, World

NUMBER: Final = re.compile(r"\d{5,15}")
DAY: Final = 86_400.0
YUNMAS: Final = "yunmas"


@dataclass(frozen=True, slots=True)
class Shape:
    """How one gateway names things.

    Attributes:
        vendor: Whose faults and receipts.
        to: Field of the number.
        text: Field of the words.
        called: What it calls its own name of a message.
        fine: Its code for "taken".
    """

    vendor: str
    to: str
    text: str
    called: str
    fine: str


SMS: Final = Shape("gateway", "mobile", "content", "id", "0")
CALL: Final = Shape("voice", "number", "text", "call_id", "ok")


def signatures(parts: Sequence[str], secret: str) -> tuple[str, str]:
    """The two ways to sign: HMAC-SHA256 over the parts, a line each; MD5 over the parts, the secret behind the account."""
    digest = hmac.new(secret.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()
    account, *rest = parts
    return digest, hashlib.md5("".join((account, secret, *rest)).encode(), usedforsecurity=False).hexdigest()


def _trouble_with(world: World, shape: Shape, values: Mapping[str, Any], parts: Sequence[str]) -> Said | None:
    if (said := world.rejects(shape.vendor)) is not None:
        return said
    stamp, given = str(values.get("timestamp", "")), str(values.get("sign", ""))
    fresh = stamp.isdecimal() and abs(world.utcnow().timestamp() - int(stamp)) <= 300
    right = any(hmac.compare_digest(one, given) for one in signatures((*parts, stamp), PASSWORD))
    return None if fresh and right and parts[0] == USER else refusal(shape.vendor, "credentials")


async def submit(world: World, request: Request, shape: Shape) -> Response:
    """Take one message; one with a reference that came before is taken once."""
    await world.gate(shape.vendor)
    values = request.json
    account, to, text, reference = (str(values.get(name, "")) for name in ("account", shape.to, shape.text, "reference"))
    draft = Draft(shape.vendor, national(to), text, reference, sender=str(values.get("sender", "")), check_seconds=DAY)
    said = _trouble_with(world, shape, values, (account, to, text, reference))
    if said is None and not NUMBER.fullmatch(draft.to):
        said = refusal(shape.vendor, "bad_number")
    met = world.turn_away(draft, said) if said else await world.meet(draft)
    return _told(shape, met)


def _told(shape: Shape, met: Met) -> Response:
    if met.refused is not None:
        return answer({"code": met.refused.code, "message": met.refused.words}, met.refused.status)
    return answer({"code": "duplicate" if met.repeated else shape.fine, "message": "ok", shape.called: met.arrival.provider_id})


async def query(world: World, request: Request, shape: Shape) -> Response:
    """What became of a message, by our reference."""
    await world.gate(shape.vendor)
    values = request.json
    account, reference = str(values.get("account", "")), str(values.get("reference", ""))
    if (said := _trouble_with(world, shape, values, (account, reference))) is not None:
        return answer({"code": said.code, "message": said.words}, said.status)
    found = world.ledger.find({"vendor": shape.vendor, "reference": reference}, limit=1, accepted=True)
    if not found:
        return answer({"code": "not_found", "message": "no such message"})
    return answer({"code": shape.fine, "message": "ok", shape.called: found[0].provider_id, "status": found[0].receipt or "SUBMITTED"})


class Style:
    """One JSON object a receipt and a reply; received when the answer has the code that stands for it."""

    batch = 1

    def __init__(self, shape: Shape) -> None:
        """Speak as this gateway does."""
        self._shape = shape

    def reports(self, reports: Sequence[Report]) -> Push:
        """Word a receipt."""
        (report,) = reports
        arrival = report.arrival
        found = {self._shape.called: arrival.provider_id, "reference": arrival.reference, "status": report.status}
        return _push(found | {self._shape.to: arrival.to, "time": int(report.at.timestamp())})

    def reply(self, answer: Answer) -> Push:
        """Word a reply."""
        return _push({"id": answer.provider_id, "mobile": answer.phone, "content": answer.text, "time": int(answer.at.timestamp())})

    def taken(self, status: int, body: bytes) -> bool:
        """Tell whether it was received."""
        return status == 200 and _code(body) == self._shape.fine


def _push(found: Mapping[str, object]) -> Push:
    return Push(json.dumps(found, ensure_ascii=False).encode())


def _code(body: bytes) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    return str(found.get("code", "")) if isinstance(found, dict) else ""


async def norsubmit(world: World, request: Request) -> Response:
    """云MAS: Base64 of JSON with an MD5 over everything; several numbers divided by commas."""
    await world.gate(YUNMAS)
    values = _opened(request.body)
    named = ("ecName", "apId", "mobiles", "content", "sign", "addSerial")
    company, account, mobiles, content, sign, serial = (str(values.get(name, "")) for name in named)
    mac = hashlib.md5("".join((company, account, PASSWORD, mobiles, content, sign, serial)).encode(), usedforsecurity=False).hexdigest()
    numbers = [national(number) for number in mobiles.split(",")]
    said = world.rejects(YUNMAS)
    if said is None and account != USER:
        said = refusal(YUNMAS, "credentials")
    elif said is None and not hmac.compare_digest(mac, str(values.get("mac", "")).lower()):
        said = Said("credentials", "IllegalMac", "IllegalMac")
    elif said is None and not all(NUMBER.fullmatch(number) for number in numbers):
        said = refusal(YUNMAS, "bad_number")
    called = world.provider_id()
    for number in filter(None, numbers):
        draft = Draft(YUNMAS, number, content, sender=sign)
        met = world.turn_away(draft, said) if said else await world.meet(draft, called)
        said = said or met.refused
    return answer({"rspcod": said.code if said else "success", "msgGroup": "" if said else called, "success": said is None})


def _opened(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(base64.b64decode(body, validate=True))
    except ValueError:
        raise BadRequestError("the body is not the Base64 of JSON") from None
    return found if isinstance(found, dict) else {}


class YunmasStyle:
    """云MAS pushes one JSON object a receipt and a reply."""

    batch = 1

    def reports(self, reports: Sequence[Report]) -> Push:
        """Word a receipt."""
        (report,) = reports
        arrival: Arrival = report.arrival
        sent, done = (at.astimezone(BEIJING).strftime("%Y%m%d%H%M%S") for at in (arrival.at, report.at))
        status = "CM:0000" if report.delivered else report.status
        found = {"reportStatus": status, "errorCode": report.status, "mobile": arrival.to, "submitDate": sent, "receiveDate": done}
        return _push(found | {"msgGroup": arrival.provider_id})

    def reply(self, answer: Answer) -> Push:
        """Word a reply."""
        return _push({"mobile": answer.phone, "smsContent": answer.text, "sendTime": local(answer.at), "addSerial": ""})

    def taken(self, status: int, body: bytes) -> bool:
        """Tell whether it was received."""
        return status == 200 and _code(body) == "0"

"""Group robots of DingTalk and Feishu: the signed request, the answer's code, the group as one mailbox."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

from sim.arrival import Draft
from sim.said import Said, refusal
from sim.web import Request, Response, answer
from sim.world import DINGTALK_SECRET, PASSWORD, USER, World

DINGTALK: Final = "dingtalk"
FEISHU: Final = "feishu"
HOUR: Final = 3600.0


def dingtalk_signature(timestamp: str, secret: str) -> str:
    """Base64 of the HMAC-SHA256 over timestamp (milliseconds) and secret, a line each, under the secret."""
    return base64.b64encode(hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()).decode()


def feishu_signature(timestamp: str, secret: str) -> str:
    """Base64 of the HMAC-SHA256 over nothing, under timestamp (seconds) and secret, a line each."""
    return base64.b64encode(hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def _fresh(timestamp: str, now: float, unit: float) -> bool:
    return timestamp.isdecimal() and abs(now - int(timestamp) * unit) <= HOUR


async def dingtalk(world: World, request: Request) -> Response:
    """`/robot/send?access_token=…&timestamp=…&sign=…`."""
    await world.gate(DINGTALK)
    draft = _draft(DINGTALK, request.json, request.query.get("access_token", ""))
    said = _dingtalk_trouble(world, request)
    if said is None and not draft.text:
        return answer({"errcode": 40035, "errmsg": "缺少参数 content"})
    met = world.turn_away(draft, said) if said else await world.meet(draft)
    if met.refused is not None:
        return answer({"errcode": int(met.refused.code), "errmsg": met.refused.words})
    return answer({"errcode": 0, "errmsg": "ok"})


def _dingtalk_trouble(world: World, request: Request) -> Said | None:
    if (said := world.rejects(DINGTALK)) is not None:
        return said
    if request.query.get("access_token") != USER:
        return Said("credentials", "300005", "token is not exist")
    timestamp, sign = request.query.get("timestamp", ""), request.query.get("sign", "")
    right = hmac.compare_digest(dingtalk_signature(timestamp, DINGTALK_SECRET), sign)
    return None if right and _fresh(timestamp, world.utcnow().timestamp(), 0.001) else refusal(DINGTALK, "credentials")


async def feishu(world: World, request: Request) -> Response:
    """`/open-apis/bot/v2/hook/<token>`, signed in the body."""
    await world.gate(FEISHU)
    token = request.path.rpartition("/")[2]
    draft = _draft(FEISHU, request.json, token)
    said = _feishu_trouble(world, request, token)
    if said is None and not draft.text:
        return answer({"code": 9499, "msg": "Bad Request", "data": {}})
    met = world.turn_away(draft, said) if said else await world.meet(draft)
    if met.refused is not None:
        return answer({"code": int(met.refused.code), "msg": met.refused.words, "data": {}})
    return answer({"code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success"})


def _feishu_trouble(world: World, request: Request, token: str) -> Said | None:
    if (said := world.rejects(FEISHU)) is not None:
        return said
    if token != USER:
        return refusal(FEISHU, "bad_number")
    timestamp, sign = str(request.json.get("timestamp", "")), str(request.json.get("sign", ""))
    right = hmac.compare_digest(feishu_signature(timestamp, PASSWORD), sign)
    return None if right and _fresh(timestamp, world.utcnow().timestamp(), 1.0) else refusal(FEISHU, "credentials")


def _draft(vendor: str, values: Mapping[str, Any], token: str) -> Draft:
    """The words of a robot's message of any simple type; a group has no recipient but its robot."""
    kind = str(values.get("msgtype") or values.get("msg_type") or "")
    body = values.get(kind)
    found = body if isinstance(body, dict) else values.get("content")
    found = found if isinstance(found, dict) else {}
    return Draft(vendor, token, str(found.get("content") or found.get("text") or ""), subject=str(found.get("title", "")))

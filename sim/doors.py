"""Which door of the HTTP side leads to which vendor, and which vendors push receipts in what shape."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from sim.receipts import Style
from sim.vendors import aliyun, gateways, hook, huawei, robots, tencent, wecom
from sim.web import Request, Response, answer
from sim.world import DownError, World

Door = Callable[[World, Request], Awaitable[Response]]

DOORS: Final[Mapping[tuple[str, str], Door]] = {
    ("POST", "/sms/batchSendSms/v1"): huawei.serve,
    ("POST", "/sms/norsubmit"): gateways.norsubmit,
    ("POST", "/gateway"): partial(gateways.submit, shape=gateways.SMS),
    ("POST", "/gateway/query"): partial(gateways.query, shape=gateways.SMS),
    ("POST", "/voice"): partial(gateways.submit, shape=gateways.CALL),
    ("POST", "/voice/query"): partial(gateways.query, shape=gateways.CALL),
    ("POST", "/hook"): hook.receive,
    ("GET", "/cgi-bin/gettoken"): wecom.token,
    ("GET", "/cgi-bin/agent/get"): wecom.agent,
    ("POST", "/cgi-bin/message/send"): wecom.send,
    ("POST", "/robot/send"): robots.dingtalk,
}
"""Told apart by method and path; Aliyun and Tencent are both at `/` and told apart by a header."""
FEISHU: Final = "/open-apis/bot/v2/hook/"


def door_of(request: Request) -> Door | None:
    """The vendor that a request is for; None: nobody's."""
    if "x-acs-action" in request.headers:
        return aliyun.serve
    if "x-tc-action" in request.headers:
        return tencent.serve
    path = request.path.rstrip("/") or "/"
    if request.method == "POST" and path.startswith(FEISHU):
        return robots.feishu
    return DOORS.get((request.method, path))


async def through(door: Door, world: World, request: Request) -> Response:
    """Let a vendor answer; one that is not there is answered for by the load balancer before it."""
    try:
        return await door(world, request)
    except DownError:
        return answer({"message": "Service Unavailable"}, 503)


def styles() -> dict[str, Style]:
    """How each vendor that pushes does it."""
    return {
        "aliyun": aliyun.Style(),
        "tencent": tencent.Style(),
        "huawei": huawei.Style(),
        "gateway": gateways.Style(gateways.SMS),
        "voice": gateways.Style(gateways.CALL),
        "yunmas": gateways.YunmasStyle(),
    }

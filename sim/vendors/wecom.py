"""WeCom (企业微信, 政务微信): gettoken, message/send with errcode and duplicate check, agent/get."""

import json
from collections.abc import Mapping
from typing import Any, Final

from sim.arrival import Draft
from sim.said import Said, refusal
from sim.tokens import TOKEN_SECONDS
from sim.web import Request, Response, answer
from sim.world import PASSWORD, USER, World

VENDOR: Final = "wecom"
LONGEST_TEXT: Final = 2048


def _said(said: Said) -> Response:
    return answer({"errcode": int(said.code), "errmsg": said.words})


async def token(world: World, request: Request) -> Response:
    """Give out an access token (gettoken)."""
    await world.gate(VENDOR)
    if (said := world.rejects(VENDOR)) is not None:
        return _said(said)
    if request.query.get("corpid") != USER:
        return _said(Said("credentials", "40013", "invalid corpid"))
    if request.query.get("corpsecret") != PASSWORD:
        return _said(refusal(VENDOR, "credentials"))
    given = world.tokens.give(world.utcnow().timestamp())
    return answer({"errcode": 0, "errmsg": "ok", "access_token": given, "expires_in": TOKEN_SECONDS})


def _trouble_with(request: Request, world: World) -> Said | None:
    if (said := world.rejects(VENDOR)) is not None:
        return Said(said.kind, "40014", "invalid access_token")
    good = world.tokens.holds(request.query.get("access_token", ""), world.utcnow().timestamp())
    return None if good else Said("credentials", "40014", "invalid access_token")


async def agent(world: World, request: Request) -> Response:
    """Say whether there is an application of that number (agent/get)."""
    await world.gate(VENDOR)
    if (said := _trouble_with(request, world)) is not None:
        return _said(said)
    return answer({"errcode": 0, "errmsg": "ok", "agentid": request.query.get("agentid"), "name": "闭环", "close": 0})


async def send(world: World, request: Request) -> Response:
    """Take a message to users divided by `|` (message/send)."""
    await world.gate(VENDOR)
    values = request.json
    users = [user for user in str(values.get("touser", "")).split("|") if user]
    if (said := _trouble_with(request, world) or _wrong(values, users)) is not None:
        world.turn_away(_draft(values, users[0] if users else ""), said)
        return _said(said)
    called, invalid = world.provider_id(), []
    for user in users:
        met = await world.meet(_draft(values, user), called)
        if met.refused is not None and met.refused.kind != "bad_number":
            return _said(met.refused)
        if met.refused is not None:
            invalid.append(user)
        called = met.arrival.provider_id or called
    if len(invalid) == len(users):
        return _said(refusal(VENDOR, "bad_number"))
    return answer({"errcode": 0, "errmsg": "ok", "invaliduser": "|".join(invalid), "msgid": called})


def _text(values: Mapping[str, Any]) -> tuple[str, str]:
    """Title and text of a message of type text, markdown or textcard."""
    body = values.get(str(values.get("msgtype")))
    found = body if isinstance(body, dict) else {}
    text = str(found.get("content") or found.get("description") or "")
    return str(found.get("title", "")), text + (f"\n{found['url']}" if found.get("url") else "")


def _draft(values: Mapping[str, Any], user: str) -> Draft:
    """What is the same in content and receiver within the interval is a repetition, when the sender asks for that check."""
    title, text = _text(values)
    seconds = float(values.get("duplicate_check_interval") or 1800) if values.get("enable_duplicate_check") in (1, "1") else 0.0
    return Draft(VENDOR, user, text, json.dumps([title, text], ensure_ascii=False) if seconds else "", title, check_seconds=seconds)


def _wrong(values: Mapping[str, Any], users: list[str]) -> Said | None:
    if not users:
        return Said("refuse", "41011", "missing touser, toparty, totag")
    if not str(values.get("agentid", "")).isdecimal():
        return Said("credentials", "40056", "invalid agentid")
    text = _text(values)[1]
    if not text:
        return Said("refuse", "44004", "empty content")
    return None if len(text.encode()) <= LONGEST_TEXT else Said("refuse", "45002", "content size out of limit")

"""Feishu: a robot of a group, with a signature of ours (签名校验)."""

import json
from typing import Any
from urllib.parse import quote

import clock
from notifications.channels.http import Answer
from notifications.im.codes import FEISHU
from notifications.im.plugin import JSON
from notifications.im.robot import Robot
from notifications.signing.robots import feishu


class NotifyFeishu(Robot):
    """`fsbot://TOKEN@open.feishu.cn/?secret=…`: tells a whole group; there is no receipt."""

    service_name = "Feishu robot"
    secure_protocol = "fsbot"
    CODE = ("code", "StatusCode")  # older robots have no `code`
    WORDS = "msg"
    TABLE = FEISHU

    def post(self, content: str) -> Answer:
        """Hand Feishu a text, signed in the body.

        Raises:
            NotSent: nothing has reached Feishu.
            NoAnswer: it may have been taken.
        """
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": content}}
        if secret := self.endpoint.option("secret"):
            seconds = int(clock.utcnow().timestamp())
            body |= {"timestamp": str(seconds), "sign": feishu(secret, seconds)}
        path = f"{self.root}/open-apis/bot/v2/hook/{quote(self.endpoint.user, safe='')}"
        return self.client.post(path, json.dumps(body, ensure_ascii=False).encode(), JSON)

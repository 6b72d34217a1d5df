"""DingTalk: a robot of a group, with a signature of ours (加签)."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import clock
from notifications.channels.http import Answer
from notifications.im.codes import DINGTALK
from notifications.im.plugin import JSON
from notifications.im.robot import Robot
from notifications.signing.robots import dingtalk


class NotifyDingTalk(Robot):
    """`ding://ACCESSTOKEN@oapi.dingtalk.com/?secret=SEC…`: tells a whole group; there is no receipt."""

    service_name = "DingTalk robot"
    secure_protocol = "ding"
    CODE = ("errcode",)
    WORDS = "errmsg"
    TABLE = DINGTALK

    def post(self, content: str) -> Answer:
        """Hand DingTalk a text, signed in the address.

        Raises:
            NotSent: nothing has reached DingTalk.
            NoAnswer: it may have been taken.
        """
        asked = urlencode({"access_token": self.endpoint.user})
        if secret := self.endpoint.option("secret"):
            milliseconds = int(clock.utcnow().timestamp() * 1000)
            asked += f"&timestamp={milliseconds}&sign={quote(dingtalk(secret, milliseconds), safe='')}"
        body: dict[str, Any] = {"msgtype": "text", "text": {"content": content}}
        return self.client.post(f"{self.root}/robot/send?{asked}", json.dumps(body, ensure_ascii=False).encode(), JSON)

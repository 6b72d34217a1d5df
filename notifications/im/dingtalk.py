"""DingTalk: a robot of a group, with a signature of ours (加签)."""

import json
from typing import Any, Final
from urllib.parse import quote, urlencode

import clock
from notifications.channels.answers import accepted, said, word
from notifications.channels.http import Answer
from notifications.im.codes import DINGTALK
from notifications.im.plugin import JSON, ImPlugin, knocked, refusal, worded
from notifications.outcome import Finding, Outcome, Outgoing
from notifications.signing.robots import dingtalk

_OK: Final = "0"
_MOST_BYTES: Final = 18_000


class NotifyDingTalk(ImPlugin):
    """`ding://ACCESSTOKEN@oapi.dingtalk.com/?secret=SEC…`: tells a whole group; there is no receipt."""

    service_name = "DingTalk robot"
    secure_protocol = "ding"
    OPTIONS = frozenset(("secret",))

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Say it to the group.

        Raises:
            NotSent: nothing has reached the vendor.
            NoAnswer: it may have been taken.
        """
        answer = self._post(worded(outgoing, _MOST_BYTES))
        found = said(answer)
        if found is not None and word(found, "errcode") == _OK:
            return accepted(answer, _OK, "")
        return refusal(answer, found, "errcode", "errmsg", DINGTALK)

    def check(self) -> list[Finding]:
        """Knock with a message without words, which no robot takes."""
        return knocked(self.endpoint.host, self._post(""), "errcode", "errmsg", DINGTALK)

    def _post(self, content: str) -> Answer:
        asked = urlencode({"access_token": self.endpoint.user})
        if secret := self.endpoint.option("secret"):
            milliseconds = int(clock.utcnow().timestamp() * 1000)
            asked += f"&timestamp={milliseconds}&sign={quote(dingtalk(secret, milliseconds), safe='')}"
        body: dict[str, Any] = {"msgtype": "text", "text": {"content": content}}
        return self.client.post(f"{self.root}/robot/send?{asked}", json.dumps(body, ensure_ascii=False).encode(), JSON)

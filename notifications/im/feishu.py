"""Feishu: a robot of a group, with a signature of ours (签名校验)."""

import json
from typing import Any, Final
from urllib.parse import quote

import clock
from notifications.channels.answers import accepted, said, word
from notifications.channels.http import Answer
from notifications.im.codes import FEISHU
from notifications.im.plugin import JSON, ImPlugin, knocked, refusal, worded
from notifications.outcome import Finding, Outcome, Outgoing
from notifications.signing.robots import feishu

_OK: Final = "0"
_MOST_BYTES: Final = 18_000


class NotifyFeishu(ImPlugin):
    """`fsbot://TOKEN@open.feishu.cn/?secret=…`: tells a whole group; there is no receipt."""

    service_name = "Feishu robot"
    secure_protocol = "fsbot"
    OPTIONS = frozenset(("secret",))

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Say it to the group.

        Raises:
            NotSent: nothing has reached the vendor.
            NoAnswer: it may have been taken.
        """
        answer = self._post(worded(outgoing, _MOST_BYTES))
        found = said(answer)
        named = "StatusCode" if found is not None and "code" not in found else "code"  # older robots have no `code`
        if found is not None and word(found, named) == _OK:
            return accepted(answer, _OK, "")
        return refusal(answer, found, named, "msg", FEISHU)

    def check(self) -> list[Finding]:
        """Knock with a message without words, which no robot takes."""
        return knocked(self.endpoint.host, self._post(""), "code", "msg", FEISHU)

    def _post(self, content: str) -> Answer:
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": content}}
        if secret := self.endpoint.option("secret"):
            seconds = int(clock.utcnow().timestamp())
            body |= {"timestamp": str(seconds), "sign": feishu(secret, seconds)}
        path = f"{self.root}/open-apis/bot/v2/hook/{quote(self.endpoint.user, safe='')}"
        return self.client.post(path, json.dumps(body, ensure_ascii=False).encode(), JSON)

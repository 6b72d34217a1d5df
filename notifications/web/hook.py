"""`hook://:secret@host/path`: every message as a signed POST, for a city's own systems. docs/channels.md tells receivers what to check."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from clock import utcnow
from notifications.channels.answers import said
from notifications.channels.errors import DOWN, HTTP_STATUS, NEVER, judged
from notifications.channels.http import Answer, client_for
from notifications.channels.plugin import OwnPlugin
from notifications.outcome import Finding, Outcome, Outgoing, Trouble, Verdict

#: Statuses that mean that it was taken: now, or the first time.
_TAKEN: Final = frozenset((*range(200, 300), 409))


class NotifyHook(OwnPlugin):
    """A signed webhook; a receiver that keeps the Idempotency-Key takes each message once, however often it is told."""

    service_name = "Signed webhook"
    secure_protocol = "hook"

    def __init__(self, address: str, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Read the address; the secret is its password."""
        super().__init__(address, **kwargs)
        self.endpoint.need("host", "password")
        self._client = client_for(self.endpoint, private=self.private)

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """POST one message."""
        about = {"event": "message", "reference": outgoing.reference, "channel": outgoing.channel, "to": outgoing.address}
        words = {"subject": outgoing.subject, "text": outgoing.text, "urgent": outgoing.urgent, "resent": outgoing.resent}
        answer = self._post(about | words, outgoing.reference)
        if answer.status in _TAKEN:
            return Outcome(Verdict.ACCEPTED, str(answer.status), provider_id=_id_in(answer))
        return judged(str(answer.status), "", HTTP_STATUS, otherwise=NEVER if 400 <= answer.status < 500 else DOWN)

    def check(self) -> list[Finding]:
        """POST a signed `{"event": "ping"}`, which speaks of nobody."""
        answer = self._post({"event": "ping"}, "")
        values = {"host": self.endpoint.host, "code": str(answer.status), "words": ""}
        if answer.status in _TAKEN:
            return [Finding(True, "channel_check.logged_in", values)]
        refused = judged(values["code"], "", HTTP_STATUS, otherwise=NEVER)
        return [Finding(False, f"channel_check.{'credentials' if refused.trouble is Trouble.CREDENTIALS else 'refused'}", values)]

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _post(self, told: Mapping[str, Any], reference: str) -> Answer:
        """Raises NotSent, NoAnswer."""
        body = json.dumps(told, ensure_ascii=False).encode()
        stamp = str(int(utcnow().timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "bihuan",
            "X-Bihuan-Timestamp": stamp,
            "X-Bihuan-Signature": signature(self.endpoint.password, stamp, body),
        }
        if reference:
            headers |= {"X-Bihuan-Reference": reference, "Idempotency-Key": reference}
        return self._client.post(self.endpoint.path or "/", body, headers)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What `X-Bihuan-Signature` says: `sha256=` and the hex HMAC-SHA256 over `<timestamp>.<body>`."""
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _id_in(answer: Answer) -> str | None:
    """What the receiver calls the message, if it says so."""
    found = (said(answer) or {}).get("id")
    return str(found)[:80] if isinstance(found, str | int) and found else None

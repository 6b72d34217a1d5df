"""`record://<file>` keeps what would have been sent: for demonstration, replay and tests."""

import json
import os
from typing import Any
from urllib.parse import unquote

from notifications.channels.plugin import OwnPlugin
from notifications.outcome import Outcome, Outgoing, Verdict


class NotifyRecord(OwnPlugin):
    """Appends each message as a line of JSON (id, channel, to, subject, text); `record://_/` without a file keeps nothing."""

    service_name = "Record"
    secure_protocol = "record"

    def __init__(self, address: str, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Read `record://_/relative/file` or `record://_//absolute/file`."""
        super().__init__(address, **kwargs)
        path = unquote(self.endpoint.path)
        self.file = "" if not path.strip("/") else path[1:]

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Append one line; the file is for its owner only, because it holds phones in clear."""
        if self.file:
            line = {"id": outgoing.message_id, "channel": outgoing.channel, "to": outgoing.address}
            said = json.dumps(line | {"subject": outgoing.subject, "text": outgoing.text}, ensure_ascii=False) + "\n"
            kept = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(kept, said.encode())
            finally:
                os.close(kept)
        return Outcome(Verdict.DELIVERED)

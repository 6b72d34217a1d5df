"""Channels over Apprise: a name, an address, one way to send. `record://` keeps what would have been sent."""

import json
import os
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apprise
from apprise import NotifyBase, NotifyType
from apprise.manager_plugins import NotificationManager


class SendFailed(Exception):  # noqa: N818 - says what happened
    """A message was not taken.

    Attributes:
        permanent: Trying again would change nothing.
    """

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message about to be sent."""

    message_id: int
    channel: str
    address: str
    subject: str
    text: str


_current: ContextVar[Outgoing | None] = ContextVar("outgoing", default=None)


class NotifyRecord(NotifyBase):  # type: ignore[misc]
    """Our own plugin `record://<file>`: appends each message as a line of JSON; for demonstration, replay and tests."""

    service_name = "Record"
    secure_protocol = "record"
    request_rate_per_sec = 0
    title_maxlen = 250
    body_maxlen = 32768
    templates = ("{schema}://{file}",)
    template_tokens = {  # noqa: RUF012 - Apprise's own way of declaring
        **NotifyBase.template_tokens,
        "file": {"name": "File", "type": "string", "required": False},
    }

    def __init__(self, file: str = "", **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        super().__init__(**kwargs)
        self.file = file

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401
        """The address that would create this plugin again."""
        return f"record://_/{quote(self.file, safe='/')}"

    def send(self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, **_: Any) -> bool:  # noqa: ANN401
        """Append one line."""
        outgoing = _current.get()
        if self.file and outgoing is not None:
            line = {"id": outgoing.message_id, "channel": outgoing.channel, "to": outgoing.address, "subject": title, "text": body}
            readable_by_us = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # it holds phones in clear
            with os.fdopen(readable_by_us, "a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return True

    @staticmethod
    def parse_url(url: str) -> dict[str, Any] | None:
        """Read `record://_/path/of/file`; without a file nothing is kept."""
        results: dict[str, Any] | None = NotifyBase.parse_url(url, verify_host=False)
        if results is not None:
            path = NotifyBase.unquote(results.get("fullpath") or "")
            results["file"] = "" if not path.strip("/") else path[1:] if path.startswith("//") else path
        return results


class Channels:
    """The channels of an installation, opened once and kept."""

    def __init__(self, urls: Mapping[str, str], record_file: Path | None = None) -> None:
        NotificationManager().add(NotifyRecord, schemas="record", force=True)
        own = f"record://_/{quote(str(record_file), safe='/')}" if record_file else "record://_/"
        self._urls = {name: own if url == "record://" else url for name, url in urls.items()}
        self._asset = (
            apprise.AppriseAsset(http_redirects=False) if hasattr(apprise.AppriseAsset, "http_redirects") else apprise.AppriseAsset()
        )
        self._open: dict[str, apprise.Apprise] = {}

    def send(self, outgoing: Outgoing) -> None:
        """Send one message.

        Raises:
            SendFailed: the channel does not exist, has a bad address (permanent), or did not take it (temporary).
        """
        url = self._urls.get(outgoing.channel)
        if url is None:
            raise SendFailed(f"no channel {outgoing.channel}", permanent=True)
        token = _current.set(outgoing)
        try:
            if not self._bus(url.replace("{to}", quote(outgoing.address, safe=""))).notify(body=outgoing.text, title=outgoing.subject):
                raise SendFailed(f"{outgoing.channel} did not take it", permanent=False)
        finally:
            _current.reset(token)

    def _bus(self, url: str) -> apprise.Apprise:
        known = self._open.get(url)
        if known is None:
            known = apprise.Apprise(asset=self._asset)
            if not known.add(url):
                raise SendFailed("the channel's address is not one that Apprise knows", permanent=True)
            if "{to}" not in url and len(self._open) < 100:
                self._open[url] = known
        return known

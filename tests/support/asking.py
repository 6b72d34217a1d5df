"""What tests of channels share: a channel on a small server, and a message for it."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from notifications.channels.bus import Channels
from notifications.outcome import Outgoing, ProviderWords
from tests.support.listening import Asked, Listening

WORDS = ProviderWords("SMS_1", {"no": "BH-20261122-0001", "unit": "滨海街道"})


def channel(url: str) -> Channels:
    """A channel of the code `sms` with this address, through the same door as the pipeline's."""
    return Channels({"sms": url})


def message(
    text: str = "【五治联动】BH-20261122-0001 请处理", *, to: str = "13800138000", words: ProviderWords | None = WORDS, **more: Any
) -> Outgoing:
    return Outgoing(more.pop("message_id", 42), "sms", to, more.pop("subject", ""), text, words, **more)


def query_of(asked: Asked) -> Mapping[str, str]:
    return dict(parse_qsl(urlsplit(asked.path).query, keep_blank_values=True))


def form_of(asked: Asked) -> Mapping[str, str]:
    return dict(parse_qsl(asked.body.decode(), keep_blank_values=True))


def saying(*answers: Any) -> Callable[[Asked], Any]:
    """Give these answers one after the other, the last one for ever; (status, JSON), or JSON for 200."""
    left = list(answers)

    def answer(_: Asked) -> Any:
        given = left.pop(0) if len(left) > 1 else left[0]
        return given if isinstance(given, tuple) else (200, given)

    return answer


def at(server: Listening) -> str:
    return f"127.0.0.1:{server.port}"

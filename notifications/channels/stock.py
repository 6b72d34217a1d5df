"""Stock services of Apprise, best effort: they carry no provider's code and no id, so what they call sent stays unconfirmed."""

import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote

import apprise

from notifications.channels.errors import BadUrl
from notifications.channels.guard import watched, watching
from notifications.outcome import Confirmation, Finding, Inbound, Outcome, Outgoing, Trouble, Verdict

#: Where the recipient's address goes in a stock address.
TO: Final = "{to}"
#: Services that go to one person and to nobody else.
_TO_SOMEBODY: Final = frozenset(("mailto", "mailtos", "wechat"))
#: Recipients that mean one person wherever in an address they stand; Apprise would read `/` and `,` in others.
_PLAIN: Final = re.compile(r"[\w.@+-]{1,100}")
#: Seconds after which Apprise 2 gives up on a service; its thread may go on, so that what became of the message is unknown.
PATIENCE: Final = 20.0


class Stock:
    """One stock service; a fresh object for each message, because a kept one holds its throttle and its tokens."""

    def __init__(self, url: str, private: bool) -> None:
        """Read the address once, to refuse a bad one.

        Raises:
            BadUrl: Apprise does not understand it, or it has no place for a recipient and needs one.
        """
        if TO not in url and url.partition("://")[0].lower() in _TO_SOMEBODY:
            raise BadUrl("no_recipient")
        self._url = url
        self._private = private
        self._opened("nobody@example.cn")

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Send to one recipient; whether it arrived nobody can prove."""
        if TO in self._url and not _PLAIN.fullmatch(outgoing.address):
            return Outcome(Verdict.PERMANENT, "address", "not fit for an address of Apprise", trouble=Trouble.NUMBER)
        service = self._opened(outgoing.address)
        _leave_proxies_alone()
        with watched(private=self._private):
            result = service.notify(body=outgoing.text, title=outgoing.subject, body_format=apprise.NotifyFormat.TEXT)
        if result:
            return Outcome(Verdict.UNCONFIRMED)
        if getattr(getattr(result, "status", None), "name", "") == "TIMEOUT":
            return Outcome(Verdict.UNKNOWN, "timeout", trouble=Trouble.DOWN)
        return Outcome(Verdict.TEMPORARY, "stock", "Apprise says that it was not sent")

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        """None of them can be asked."""
        return Outcome(Verdict.UNKNOWN, "not_askable")

    def heard(self) -> Sequence[Confirmation | Inbound]:
        """None of them tells anything."""
        return ()

    def check(self) -> list[Finding]:
        """Nothing can be tried without sending."""
        return [Finding(True, "channel_check.unconfirmed")]

    def template_state(self, code: str) -> None:
        """None of them has templates."""

    def close(self) -> None:
        """Nothing is kept."""

    def _opened(self, address: str) -> apprise.Apprise:
        service = apprise.Apprise(asset=_asset())
        if not service.add(self._url.replace(TO, quote(address, safe=""))):
            raise BadUrl("bad_url", reason="Apprise")
        for plugin in service:
            plugin.request_rate_per_sec = 0  # our own budgets rule; Apprise would sleep for 5.5 s
        return service


@cache
def _leave_proxies_alone() -> None:
    """A message goes to the machine that its address names, not to a proxy that the environment names for the rest of this process.

    `requests`, by which Apprise speaks HTTP, is only asked for the environment's proxies in one place; it cannot be told by option.
    """
    sessions = import_module("requests.sessions")
    for_others = sessions.get_environ_proxies

    def proxies(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - what requests asks and is told
        return {} if watching() else for_others(*given, **named)

    sessions.get_environ_proxies = proxies  # type: ignore[attr-defined]


def _asset() -> apprise.AppriseAsset:
    """No redirects, bounded patience where this Apprise knows it, and no state on disk."""
    options = {"http_redirects": False, "service_timeout": PATIENCE, "plugin_paths": []}
    return apprise.AppriseAsset(**{name: value for name, value in options.items() if _knows(name)})


def _knows(name: str) -> bool:
    return hasattr(apprise.AppriseAsset, name) or hasattr(apprise.AppriseAsset, f"_{name}")

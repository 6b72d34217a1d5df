"""What our own Apprise plugins have in common: an address taken apart, one message a call, an outcome that says what happened."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from apprise import NotifyBase

from notifications.channels.endpoint import COMMON, Endpoint, read_endpoint
from notifications.channels.errors import BadUrl
from notifications.channels.secrets import masked_url
from notifications.outcome import Confirmation, Finding, Inbound, Outcome, Outgoing, TemplateAnswer, Verdict


class Way(Protocol):
    """What the bus asks of an open channel; one thread at a time uses it."""

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Hand one message to the provider."""

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        """Ask the provider what became of it."""

    def heard(self) -> Sequence[Confirmation | Inbound]:
        """What came back over a kept connection since it was asked last."""

    def check(self) -> list[Finding]:
        """Try the address without sending anything to anybody."""

    def template_state(self, code: str) -> TemplateAnswer | None:
        """What the provider says of a template; None: it cannot be asked."""

    def close(self) -> None:
        """Let go of kept connections; it may be used again afterwards."""


class OwnPlugin(NotifyBase):  # type: ignore[misc]
    """Base of our plugins. A new one sets `service_name`, `secure_protocol` (its scheme) and `OPTIONS`, and writes `deliver`.

    `__init__` of a subclass calls `super().__init__(url, **kwargs)` and refuses an address that it cannot use with `BadUrl`
    (`self.endpoint.need("user", "password")`, `self.endpoint.choice(…)`); it never talks to the network.
    `deliver` never raises for what a provider does; what it raises all the same counts as UNKNOWN.
    """

    #: Options it understands besides those that all understand.
    OPTIONS: ClassVar[frozenset[str]] = frozenset()

    service_name = "Bihuan"
    secure_protocol = ""
    request_rate_per_sec = 0
    title_maxlen = 250
    body_maxlen = 32768
    templates = ("{schema}://{address}",)
    template_tokens = {  # noqa: RUF012 - Apprise's own way of declaring
        **NotifyBase.template_tokens,
        "address": {"name": "Address", "type": "string", "required": False},
    }

    def __init__(self, address: str, private: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Open nothing yet.

        Args:
            address: The whole address, secrets in place.
            private: Addresses of private networks may be dialled whatever the address says.
            **kwargs: Apprise's own: asset, tags.

        Raises:
            BadUrl: a part or an option is missing, unknown or wrong.
        """
        super().__init__(**kwargs)
        self.address = address
        self.endpoint: Endpoint = read_endpoint(address)
        for name in self.endpoint.options:
            if name not in self.options | COMMON:
                raise BadUrl("option", option=name if name.isidentifier() and len(name) < 16 else "…")
        self.endpoint.look_right()
        self.private = private or self.endpoint.flag("private", False)

    @property
    def options(self) -> frozenset[str]:
        """Options that this address may have besides the common ones."""
        return self.OPTIONS

    @classmethod
    def is_askable(cls, options: Mapping[str, str]) -> bool:
        """Whether with such options in its address it can be asked what became of a message; asked where its scheme does not say."""
        return False

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Hand one message to the provider and say what became of it."""
        raise NotImplementedError

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        """Ask the provider what became of a message; UNKNOWN when it cannot be asked."""
        return Outcome(Verdict.UNKNOWN, "not_askable")

    def heard(self) -> Sequence[Confirmation | Inbound]:
        """What came back over a kept connection; nothing, unless the protocol has one."""
        return ()

    def check(self) -> list[Finding]:
        """Try the address without sending anything to anybody."""
        return [Finding(True, "channel_check.nothing_to_try")]

    def template_state(self, code: str) -> TemplateAnswer | None:
        """What the provider says of a template; None: it cannot be asked."""
        return None

    def close(self) -> None:
        """Let go of kept connections."""

    def send(self, body: str, title: str = "", **_: Any) -> bool:  # noqa: ANN401 - Apprise's signature
        """What Apprise itself would call: it has no room for a recipient and an outcome, so the bus calls `deliver`, and this refuses."""
        self.logger.warning("%s is used through notifications.channels.bus only", self.service_name)
        return False

    def url(self, privacy: bool = False, *_: Any, **__: Any) -> str:  # noqa: ANN401
        """The address that would create this plugin again; `privacy` masks its secrets."""
        return masked_url(self.address) if privacy else self.address

    @staticmethod
    def parse_url(url: str) -> dict[str, Any] | None:
        """What Apprise hands to `__init__`: the address as a whole, which we take apart ourselves."""
        return {"schema": url.partition("://")[0].lower(), "address": url}

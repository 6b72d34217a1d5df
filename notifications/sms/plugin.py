"""What our plugins for template gateways have in common: one mobile number, one approved template, variables that may go."""

from typing import Any

from notifications.channels.errors import BadUrl
from notifications.channels.http import client_for
from notifications.channels.plugin import OwnPlugin
from notifications.outcome import Outcome, Outgoing, ProviderWords, Trouble, Verdict
from notifications.sms.values import forbidden, mobile
from notifications.sms_text import LONGEST


class TemplateSms(OwnPlugin):
    """Base of the public gateways: `deliver` is the last guard, a subclass writes `submit`."""

    def __init__(self, address: str, private: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Open nothing yet.

        Raises:
            BadUrl: a part or an option is missing, unknown or wrong.
        """
        super().__init__(address, private=private, **kwargs)
        self.endpoint.need("user", "password", "host", "sign")
        longest = self.endpoint.option("longest", "1")
        if not longest.isdecimal() or not 1 <= int(longest) <= LONGEST:
            raise BadUrl("choice", option="longest", allowed=f"1–{LONGEST}")
        self.client = client_for(self.endpoint, private=self.private)
        port = self.endpoint.port
        #: As it goes over the wire, and as it is signed.
        self.host = self.endpoint.host if port in (None, 443 if self.endpoint.flag("tls", True) else 80) else f"{self.endpoint.host}:{port}"

    @property
    def options(self) -> frozenset[str]:
        """Besides its own, how long a variable may be by the contract."""
        return super().options | {"longest"}

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Refuse here what the gateway would refuse or must not see; submit the rest.

        Raises:
            NotSent: nothing has reached the vendor.
            NoAnswer: it may have been taken.
        """
        phone = mobile(outgoing.address)
        if phone is None:
            return Outcome(Verdict.PERMANENT, "bad_number", "not a mainland mobile number", trouble=Trouble.NUMBER)
        if outgoing.words is None:
            return Outcome(Verdict.PERMANENT, "no_template", "no approved template", trouble=Trouble.TEMPLATE)
        if found := forbidden(outgoing.words.values):
            name, what = found
            return Outcome(Verdict.PERMANENT, f"{what}_in_variable", f"variable {name}: {what}", trouble=Trouble.TEMPLATE)
        return self.submit(outgoing, phone, outgoing.words)

    def submit(self, outgoing: Outgoing, phone: str, words: ProviderWords) -> Outcome:
        """Hand a message that may go to the vendor.

        Args:
            outgoing: Its `reference` is given to the vendor, the same at every attempt.
            phone: Eleven digits.
            words: The approved template and its variables.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the kept connection."""
        self.client.close()

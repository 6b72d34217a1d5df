"""`mail://` and `mails://`: e-mail whose every refusal has the server's code."""

import re
from ipaddress import ip_address
from typing import Any, ClassVar, Final

from clock import utcnow
from notifications.channels.errors import CREDENTIALS, DOWN, LATER, NEVER, NUMBER, BadUrl, Meaning, Table, judged
from notifications.channels.http import READ_SECONDS, tls_context
from notifications.channels.plugin import OwnPlugin
from notifications.mail.composing import MAILBOX, compose, message_id
from notifications.mail.session import Refusal, Session, Stage
from notifications.outcome import Finding, Outcome, Outgoing, Trouble, Verdict

#: What means the same at whatever stage: the account is refused, or this is no mail server.
_ANYWHERE: Final[Table] = {
    "-1": DOWN,
    "0": CREDENTIALS,
    "530": CREDENTIALS,
    "534": CREDENTIALS,
    "535": CREDENTIALS,
    "538": CREDENTIALS,
    "421": DOWN,
}
#: By stage: enhanced status first, then its class, then the code, then the code's first digit.
_REPLIES: Final[dict[Stage, Table]] = {
    Stage.GREETING: {"4": DOWN, "5": CREDENTIALS},
    Stage.LOGIN: {"4": DOWN, "5": CREDENTIALS},
    Stage.SENDER: {"4": LATER, "5": CREDENTIALS},
    Stage.RECIPIENT: {
        "5.1": NUMBER,
        "5.2.1": NUMBER,  # the mailbox is closed
        "5.1.7": CREDENTIALS,  # the sender's
        "5.1.8": CREDENTIALS,
        "5.7": NEVER,
        "550": NUMBER,
        "551": NUMBER,
        "553": NUMBER,
        "4": LATER,
        "5": NEVER,
    },
    Stage.CONTENT: {"5.1": NUMBER, "4": LATER, "5": NEVER},
}
#: What servers call a message they took.
_QUEUED: Final = re.compile(r"queued as ([\w.-]{1,60})", re.IGNORECASE)


class NotifyMail(OwnPlugin):
    """`mail://user:password@host:port/?from=addr&name=…&tls=starttls|none|tls`; one recipient a message, one kept connection."""

    OPTIONS: ClassVar[frozenset[str]] = frozenset(("from", "name"))
    TLS: ClassVar[tuple[str, ...]] = ("starttls", "none", "tls")
    PORTS: ClassVar[dict[str, int]] = {"starttls": 587, "none": 25, "tls": 465}

    service_name = "E-mail"
    secure_protocol = "mail"

    def __init__(self, address: str, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Read the address."""
        super().__init__(address, **kwargs)
        self.endpoint.need("host", "from")
        self.sender = self.endpoint.option("from")
        if not MAILBOX.fullmatch(self.sender):
            raise BadUrl("bad_mailbox", option="from")
        if self.endpoint.user:
            self.endpoint.need("password")
        tls = self.endpoint.choice("tls", self.TLS)
        context = None if tls == "none" else tls_context(self.endpoint.option("ca"))
        self._session = Session(
            self.endpoint.host,
            self.endpoint.port or self.PORTS[tls],
            private=self.private,
            implicit=context if tls == "tls" else None,
            starttls=context if tls == "starttls" else None,
            wait=self.endpoint.seconds("wait", READ_SECONDS),
        )
        if self.endpoint.user:
            self._session.log_in_as(self.endpoint.user, self.endpoint.password)

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Submit one message."""
        if not MAILBOX.fullmatch(outgoing.address):
            return Outcome(Verdict.PERMANENT, "address", "no mailbox", trouble=Trouble.NUMBER)
        content = compose(outgoing, self.sender, self.endpoint.option("name"), utcnow())
        try:
            said = self._session.submit(self.sender, outgoing.address, content)
        except Refusal as refusal:
            return judged(refusal.code, refusal.words, {refusal.code: _meaning(refusal)})
        queued = _QUEUED.search(said)
        return Outcome(Verdict.ACCEPTED, "250", provider_id=queued[1] if queued else message_id(outgoing, self.sender)[:80])

    def check(self) -> list[Finding]:
        """Log in and announce our sender; nothing is sent."""
        host = self.endpoint.host
        try:
            self._session.try_out(self.sender)
        except Refusal as refusal:
            if refusal.code == "0" and "STARTTLS" in refusal.words:
                return [Finding(False, "channel_check.no_starttls", {"host": host})]
            key = "credentials" if _meaning(refusal).trouble is Trouble.CREDENTIALS else "refused"
            words = judged(refusal.code, refusal.words, {}).words
            return [Finding(False, f"channel_check.{key}", {"host": host, "code": refusal.code, "words": words})]
        in_clear = self.endpoint.user and self.endpoint.option("tls") == "none" and not _here(host)
        warned = [Finding(True, "channel_check.password_in_clear", {"host": host})] if in_clear else []
        return [Finding(True, "channel_check.logged_in", {"host": host}), *warned]

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()


class NotifyMails(NotifyMail):
    """`mails://`: TLS from the first byte."""

    TLS = ("tls",)
    secure_protocol = "mails"


def _here(host: str) -> bool:
    """Whether what goes to this host leaves no machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _meaning(refusal: Refusal) -> Meaning:
    table = _REPLIES[refusal.stage]
    keys = (refusal.status, refusal.status.rpartition(".")[0], refusal.code, refusal.code[:1])
    return _ANYWHERE.get(refusal.code) or next((table[key] for key in keys if key in table), LATER)

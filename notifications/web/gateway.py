"""SMS and calls by JSON gateways: `gwsms://` and `voice://`. What a gateway is told and says stands in gateways/*.toml."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from clock import utcnow
from notifications.callbacks.carriers import bad_number
from notifications.channels.endpoint import read_endpoint
from notifications.channels.errors import HTTP_STATUS, BadUrl, judged
from notifications.channels.http import Answer, client_for
from notifications.channels.plugin import OwnPlugin
from notifications.outcome import Finding, Outcome, Outgoing, Trouble, Verdict
from notifications.web.kinds import METHODS, NAMED, Kind, found, kinds
from rules.phones import TEXTABLE, PhoneKind, kind_of, tidy

_BEIJING: Final = ZoneInfo("Asia/Shanghai")
_CONTENT: Final[Mapping[str, str]] = {
    "json": "application/json; charset=utf-8",
    "base64": "application/json; charset=utf-8",
    "form": "application/x-www-form-urlencoded; charset=utf-8",
}
#: What a check asks about: a message that no gateway has ever seen, to nobody.
_NOBODY: Final = Outgoing(0, "", "", "", "")


class _Gateway(OwnPlugin):
    """What SMS and calls have in common; the kind says everything else."""

    FALLBACK: ClassVar[str] = ""
    #: Numbers that it reaches.
    REACHES: ClassVar[frozenset[PhoneKind]] = TEXTABLE

    @classmethod
    def is_askable(cls, options: Mapping[str, str]) -> bool:
        """Whether the kind of gateway that an address names can be asked what became of a message."""
        kind = kinds().get(options.get("body", cls.FALLBACK))
        return kind is not None and kind.question is not None

    def __init__(self, address: str, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Read the address against its kind."""
        self.kind = _kind_of(address, self.FALLBACK)
        super().__init__(address, **kwargs)
        method = self.endpoint.choice("sign", (self.kind.method, *METHODS, "none"))
        if method != "none" and method not in self.kind.sign:
            raise BadUrl("choice", option="sign", allowed=", ".join((*self.kind.sign, "none")))
        self.endpoint.need("user", *(("password",) if method != "none" else ()), *(n for n, must in self.kind.options.items() if must))
        self._method = method
        self._client = client_for(self.endpoint, private=self.private)

    @property
    def options(self) -> frozenset[str]:
        """Options of the address: those of the kind besides `body` and `sign`."""
        return frozenset(("body", "sign", *self.kind.options))

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Submit one message; the reference goes along, so that a gateway which keeps it takes it once."""
        if kind_of(outgoing.address) not in self.REACHES:
            return Outcome(Verdict.PERMANENT, "bad_number", "not a number that it reaches", trouble=Trouble.NUMBER)
        return self._read(self._post("", self.kind.fields, self.kind.sign, replace(outgoing, address=tidy(outgoing.address))))

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        """Ask the gateway by our reference, if its kind can be asked; what it has given a name was taken once and is never ABSENT."""
        question = self.kind.question
        if question is None:
            return Outcome(Verdict.UNKNOWN, "not_askable")
        answer = self._post(question.path, question.fields, question.sign, outgoing)
        said = _parsed(answer)
        code, words = found(said, self.kind.code), found(said, self.kind.words)
        understood = 200 <= answer.status < 300
        if understood and code in question.absent and provider_id is None:
            return Outcome(Verdict.ABSENT, code)
        if not understood or code not in self.kind.taken:
            return Outcome(Verdict.UNKNOWN, code or str(answer.status), words, provider_id)
        status = found(said, question.status)
        return self._known(status, found(said, self.kind.id) or provider_id)

    def check(self) -> list[Finding]:
        """Ask about a message that does not exist, or submit one to nobody: either tells whether the account is right."""
        kind = self.kind
        if kind.question is None and not kind.fine:
            self._client.reach()
            return [Finding(True, "channel_check.reached", {"host": self.endpoint.host})]
        asked = kind.question
        fields, sign, path = (asked.fields, asked.sign, asked.path) if asked else (kind.fields, kind.sign, "")
        answer = self._post(path, fields, sign, _NOBODY)
        code = found(_parsed(answer), kind.code)
        if answer.status < 300 and (code in kind.fine or code in kind.taken or (asked is not None and code in asked.absent)):
            return [Finding(True, "channel_check.logged_in", {"host": self.endpoint.host})]
        outcome = self._read(answer)
        key = "credentials" if outcome.trouble is Trouble.CREDENTIALS else "refused"
        return [Finding(False, f"channel_check.{key}", {"host": self.endpoint.host, "code": outcome.code, "words": outcome.words})]

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _known(self, status: str, provider_id: str | None) -> Outcome:
        """What a gateway that knows the message says of it."""
        receipt = self.kind.receipt
        if receipt is not None and status in receipt.delivered:
            return Outcome(Verdict.DELIVERED, status, provider_id=provider_id)
        if receipt is not None and (status in receipt.bad_number or bad_number(status)):
            return Outcome(Verdict.PERMANENT, status, provider_id=provider_id, trouble=Trouble.NUMBER)
        return Outcome(Verdict.ACCEPTED, status, provider_id=provider_id)

    def _post(self, path: str, fields: Mapping[str, Any], sign: Mapping[str, str], outgoing: Outgoing) -> Answer:
        """Raises NotSent, NoAnswer."""
        names = self._names(outgoing)
        names["mac"] = self._mac(sign, names)
        told = _filled(fields, names, outgoing)
        body = urlencode(told) if self.kind.encoding == "form" else json.dumps(told, ensure_ascii=False)
        raw = base64.b64encode(body.encode()) if self.kind.encoding == "base64" else body.encode()
        headers = {"Content-Type": _CONTENT[self.kind.encoding], "User-Agent": "bihuan"}
        return self._client.post((self.endpoint.path or "/").rstrip("/") + path or "/", raw, headers)

    def _names(self, outgoing: Outgoing) -> dict[str, str]:
        now = utcnow()
        return {name: self.endpoint.option(name) for name in self.kind.options} | {
            "user": self.endpoint.user,
            "secret": self.endpoint.password,
            "to": outgoing.address,
            "text": outgoing.text,
            "reference": outgoing.reference,
            "template": outgoing.words.code if outgoing.words else "",
            "stamp": str(int(now.timestamp())),
            "moment": f"{now.astimezone(_BEIJING):%Y%m%d%H%M%S}",
        }

    def _mac(self, sign: Mapping[str, str], names: Mapping[str, str]) -> str:
        over = _worded(sign.get(self._method, ""), names).encode()
        if self._method == "hmac-sha256":
            return hmac.new(self.endpoint.password.encode(), over, hashlib.sha256).hexdigest()
        return hashlib.md5(over, usedforsecurity=False).hexdigest() if self._method == "md5" else ""

    def _read(self, answer: Answer) -> Outcome:
        """What a gateway's answer means: its own code first, HTTP's status when it has none."""
        said = _parsed(answer)
        code = found(said, self.kind.code)
        if not code:
            if 200 <= answer.status < 300:
                return Outcome(Verdict.UNKNOWN, "not_understood", "the answer has no code")
            return judged(str(answer.status), "", HTTP_STATUS)
        provider_id = found(said, self.kind.id)[:80] or None
        if code in self.kind.taken and 200 <= answer.status < 300:
            return Outcome(Verdict.ACCEPTED, code, provider_id=provider_id)
        otherwise = HTTP_STATUS.get(str(answer.status))
        table = self.kind.errors if code in self.kind.errors or otherwise is None else {code: otherwise}
        return judged(code, found(said, self.kind.words), table, provider_id=provider_id)


class NotifyGatewaySms(_Gateway):
    """`gwsms://user:secret@host/path?body=plain&sign=hmac-sha256`: SMS by a JSON gateway of a kind that a file describes."""

    service_name = "JSON gateway SMS"
    secure_protocol = "gwsms"
    FALLBACK = "plain"


class NotifyVoice(_Gateway):
    """`voice://user:secret@host/path`: a gateway that rings somebody up and reads the words out."""

    service_name = "Voice gateway"
    secure_protocol = "voice"
    FALLBACK = "call"
    REACHES = frozenset(PhoneKind)


def _kind_of(address: str, fallback: str) -> Kind:
    """Raises BadUrl: no such kind."""
    name = read_endpoint(address).option("body", fallback)
    if name not in kinds():
        raise BadUrl("choice", option="body", allowed=", ".join(kinds()))
    return kinds()[name]


def _worded(text: str, names: Mapping[str, str]) -> str:
    return NAMED.sub(lambda named: names.get(named[1], ""), text)


def _filled(value: Any, names: Mapping[str, str], outgoing: Outgoing) -> Any:  # noqa: ANN401 - a table of any depth
    """A table of fields with everything that it names in place."""
    if isinstance(value, Mapping):
        return {key: _filled(inner, names, outgoing) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, names, outgoing) for inner in value]
    if value == "{values}":
        return list(outgoing.words.values.values()) if outgoing.words else []
    if value == "{variables}":
        return dict(outgoing.words.values) if outgoing.words else {}
    return _worded(value, names) if isinstance(value, str) else value


def _parsed(answer: Answer) -> Any:  # noqa: ANN401 - whatever it says
    """The answer's JSON; None when it is none."""
    try:
        return answer.json()
    except ValueError:
        return None

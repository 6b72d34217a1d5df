"""SMS over SMPP 3.4: a kept bind to the centre of an operator or a government gateway, free text, receipts and replies over one link."""

import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import smpp34

from notifications.channels.answers import is_wrong_key, turned_away
from notifications.channels.errors import BadUrl, NotSent, judged
from notifications.channels.http import READ_SECONDS
from notifications.channels.plugin import OwnPlugin
from notifications.outcome import Confirmation, Finding, Inbound, Outcome, Outgoing, Trouble, Verdict
from notifications.sms import smpp_pdu as raw
from notifications.sms.parts import HAS_HEADER, UCS2, parts
from notifications.sms.smpp_codes import ARRIVED, SMPP, STATES, UNDERWAY, UNSAID, name_of
from notifications.sms.smpp_heard import heard
from notifications.sms.smpp_parts import Sendings
from notifications.sms.smpp_session import Asked, Came, RefusedBindError, Session
from notifications.sms.values import mobile

_PORT: Final = 2775
#: A centre that could not be reached is not tried again by listening before so many seconds went by; sending tries at once.
_PATIENCE: Final = 10.0
_SOURCE: Final = re.compile(r"[0-9A-Za-z]{1,20}")
#: registered_delivery: a receipt if it fails; a receipt, whatever became of it.
_RECEIPT: Final = (0x02, 0x01)


class NotifySmpp(OwnPlugin):
    """`smsc://SYSTEMID:PASSWORD@host:2775/?from=10690…&tls=no`; `type` is the system_type, `prefix` stands before the eleven digits."""

    service_name = "SMPP"
    secure_protocol = "smsc"
    OPTIONS = frozenset(("from", "prefix", "type"))

    def __init__(self, address: str, private: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Open nothing yet.

        Raises:
            BadUrl: a part or an option is missing, unknown or wrong.
        """
        super().__init__(address, private=private, **kwargs)
        self.endpoint.need("user", "password", "host", "from")
        if not _SOURCE.fullmatch(self.endpoint.option("from")):
            raise BadUrl("choice", option="from", allowed="0–9 A–Z a–z (1–20)")
        self._tls = self.endpoint.flag("tls", True)
        self._wait = self.endpoint.seconds("wait", READ_SECONDS)
        self._session: Session | None = None
        self._came: Came = deque()
        self._sendings = Sendings()
        self._closed = False
        self._failed_at = -_PATIENCE

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Submit a message, part by part; the first part that is refused decides.

        A part that the centre has taken is not submitted again, even if it said so after nobody waited for its answer any more.

        Raises:
            NotSent: nothing has reached the centre.
            NoAnswer: it may have been taken.
        """
        phone = mobile(outgoing.address)
        if phone is None:
            return Outcome(Verdict.PERMANENT, "bad_number", "not a mainland mobile number", trouble=Trouble.NUMBER)
        try:
            bodies = parts(outgoing.text, outgoing.message_id)
        except ValueError:
            return Outcome(Verdict.PERMANENT, "too_long", "more than 255 parts")
        try:
            return self._submit(outgoing.message_id, phone, bodies)
        except RefusedBindError as problem:
            return judged(name_of(problem.status), "bind refused", SMPP)

    def _submit(self, message_id: int, phone: str, bodies: Sequence[bytes]) -> Outcome:
        """Raises NotSent, NoAnswer, RefusedBindError."""
        sending, names = self._sendings.of(message_id, bodies), []
        for place, body in enumerate(bodies, start=1):
            asked = sending.taken(place)
            if asked is None:
                asked = sending.asked[place] = Asked()
                status, _ = self._bound().ask(self._submission(message_id, phone, body, place, len(bodies)), asked)
                if status:
                    return judged(name_of(status), f"part {place} of {len(bodies)}", SMPP)
            names.append(raw.read_c_string(asked.body)[0][:80])
        self._sendings.end(message_id, names)
        return Outcome(Verdict.ACCEPTED, "ESME_ROK", provider_id=names[-1] or None)

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        """query_sm: only what the centre has given a name can be asked about; without one it stays UNKNOWN.

        Raises:
            NotSent: the centre cannot be reached.
            NoAnswer: it does not answer.
        """
        if not provider_id:
            return Outcome(Verdict.UNKNOWN, "not_askable", "no answer had come, so the centre's name for it is not known")
        try:
            status, answer = self._bound().ask(lambda number: raw.query(number, provider_id, self.endpoint.option("from")))
        except RefusedBindError as problem:
            return Outcome(Verdict.UNKNOWN, name_of(problem.status), "bind refused", provider_id)
        state = raw.read_c_string(raw.read_c_string(answer)[1])[1][:1]
        if status or not state:
            return Outcome(Verdict.UNKNOWN, name_of(status), "asked in vain", provider_id)
        return _became(STATES.get(state[0], UNSAID), provider_id)

    def heard(self) -> Sequence[Confirmation | Inbound]:
        """Receipts and replies since it was asked last; binds again when the link was lost, so that they can come at all.

        What came before it was closed is still told, without binding again.
        """
        if not self._closed and (self._session is None or not self._session.alive):
            self._listen()
        found = []
        while self._came:
            link, delivery = self._came.popleft()
            one = heard(delivery, link)
            if isinstance(one, Confirmation):
                one = self._sendings.whole(one)
            if one is not None:
                found.append(one)
        return found

    def check(self) -> list[Finding]:
        """Bind, and ask the link whether it lives."""
        try:
            self._bound().ask(lambda number: raw.pdu(raw.ENQUIRE_LINK, number))
        except RefusedBindError as problem:
            code = name_of(problem.status)
            return [turned_away(self.endpoint.host, code, "bind refused", key_is_wrong=is_wrong_key(code, SMPP))]
        return [Finding(True, "channel_check.logged_in", {"host": self.endpoint.host})]

    def close(self) -> None:
        """Unbind; it is bound again when the next message is sent."""
        self._closed = True
        if self._session is not None:
            self._session.close()

    def _listen(self) -> None:
        """Bind unless that failed just now; that it fails does not matter to who only listens."""
        if time.monotonic() - self._failed_at < _PATIENCE:
            return
        try:
            self._bound()
        except (NotSent, RefusedBindError):
            self._failed_at = time.monotonic()

    def _bound(self) -> Session:
        """The session, bound anew when it was lost. Raises NotSent, RefusedBindError."""
        if self._session is not None and self._session.alive:
            return self._session
        at = self.endpoint
        session = Session(at.host, at.port or _PORT, self._came, tls=self._tls, ca=at.option("ca"), private=self.private, wait=self._wait)
        session.bind(at.user, at.password, at.option("type"))
        self._session, self._closed = session, False
        return session

    def _submission(self, message_id: int, phone: str, body: bytes, place: int, total: int) -> Callable[[int], bytes]:
        reference = smpp34.Tlv(raw.REFERENCE_TAG, (message_id & 0xFFFF).to_bytes(2, "big"))

        def made(number: int) -> bytes:
            return smpp34.SubmitSm(
                self.endpoint.option("from"),
                self.endpoint.option("prefix") + phone,
                body,
                esm_class=HAS_HEADER if total > 1 else 0,
                registered_delivery=_RECEIPT[place == total],
                data_coding=UCS2,
                tlvs=[reference],
                sequence_number=number,
            ).encode()

        return made


def _became(state: str, provider_id: str) -> Outcome:
    """What one message_state says."""
    if state == UNSAID:
        return Outcome(Verdict.UNKNOWN, state, provider_id=provider_id)
    if state == ARRIVED or state in UNDERWAY:
        return Outcome(Verdict.DELIVERED if state == ARRIVED else Verdict.ACCEPTED, state, provider_id=provider_id)
    return Outcome(Verdict.PERMANENT, state, provider_id=provider_id)

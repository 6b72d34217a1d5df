"""WeCom and 政务微信: messages of an application to one of its users, with a kept access token."""

import json
import re
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from notifications.channels.answers import accepted, is_wrong_key, refused, said, turned_away, unreadable, word
from notifications.channels.errors import BadUrl, tidied
from notifications.channels.http import Answer
from notifications.im.codes import WECOM, WECOM_TOKEN
from notifications.im.plugin import JSON, ImPlugin, refusal, worded
from notifications.outcome import Finding, Outcome, Outgoing, Trouble, Verdict

_OK: Final = "0"
#: Names of users; `|` would divide several, and `@all` would be everybody.
_USER: Final = re.compile(r"[A-Za-z0-9][\w.@-]{0,63}", re.ASCII)
#: The vendor cuts longer texts.
_MOST_BYTES: Final = 2048
#: A token is fetched anew so many seconds before it runs out.
_EARLY: Final = 300.0
_LASTS: Final = 7200.0
#: The vendor shows the same words to the same user once within so many seconds (at most four hours).
_SAME_SECONDS: Final = 1800


class NotifyWeCom(ImPlugin):
    """`qywx://CORPID:SECRET@qyapi.weixin.qq.com/?agent=1000002`; a private 政务微信 has a host of its own and works alike."""

    service_name = "WeCom"
    secure_protocol = "qywx"
    OPTIONS = frozenset(("agent",))

    def __init__(self, address: str, private: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Open nothing yet.

        Raises:
            BadUrl: a part or an option is missing, unknown or wrong.
        """
        super().__init__(address, private=private, **kwargs)
        self.endpoint.need("password", "agent")
        if not self.endpoint.option("agent").isdecimal():
            raise BadUrl("choice", option="agent", allowed="1000002, …")
        self._token = ""
        self._until = 0.0

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Send to one user; a token that WeCom no longer knows is fetched anew once, the message was not taken then.

        Raises:
            NotSent: nothing has reached the vendor.
            NoAnswer: it may have been taken.
        """
        if not _USER.fullmatch(outgoing.address):
            return Outcome(Verdict.PERMANENT, "bad_user", "not the name of one user", trouble=Trouble.NUMBER)
        outcome = self._send(outgoing)
        if outcome.code in WECOM_TOKEN:
            self._token = ""
            outcome = self._send(outgoing)
        return outcome

    def _send(self, outgoing: Outgoing) -> Outcome:
        if refusal_of_token := self._renew():
            return refusal_of_token
        body: dict[str, Any] = {
            "touser": outgoing.address,
            "msgtype": "text",
            "agentid": int(self.endpoint.option("agent")),
            "text": {"content": worded(outgoing, _MOST_BYTES)},
            "safe": 0,
        }
        if outgoing.resent:  # it may be there already; two messages that only read alike must both be shown
            body |= {"enable_duplicate_check": 1, "duplicate_check_interval": _SAME_SECONDS}
        answer = self.client.post(self._path("message/send"), json.dumps(body, ensure_ascii=False).encode(), JSON)
        found = said(answer)
        if found is None or word(found, "errcode") != _OK:
            return refusal(answer, found, "errcode", "errmsg", WECOM)
        return _taken(answer, found, outgoing.address)

    def check(self) -> list[Finding]:
        """Fetch a token, and look whether the application is the one whose secret it is."""
        self._token = ""
        if outcome := self._renew():
            wrong = is_wrong_key(outcome.code, WECOM)
            return [turned_away(self.endpoint.host, outcome.code, outcome.words, key_is_wrong=wrong)]
        agent = self.endpoint.option("agent")
        found = said(self.client.get(f"{self._path('agent/get')}&agentid={agent}")) or {}
        if is_wrong_key(word(found, "errcode"), WECOM):
            values = {"agent": agent, "code": word(found, "errcode"), "words": tidied(word(found, "errmsg"))}
            return [Finding(False, "channel_check.agent_wrong", values)]
        return [Finding(True, "channel_check.logged_in", {"host": self.endpoint.host})]

    def _renew(self) -> Outcome | None:
        """Have a token that lasts; the outcome when WeCom gives none."""
        if self._token and time.monotonic() < self._until:
            return None
        asked = urlencode({"corpid": self.endpoint.user, "corpsecret": self.endpoint.password})
        answer = self.client.get(f"{self.root}/cgi-bin/gettoken?{asked}")
        found = said(answer)
        if found is None or "errcode" not in found:
            return _not_taken(unreadable(answer))
        if word(found, "errcode") != _OK or not word(found, "access_token"):
            return refused(answer, word(found, "errcode"), word(found, "errmsg"), WECOM)
        said_to_last = word(found, "expires_in")
        lasts = float(said_to_last) if said_to_last.isdecimal() else _LASTS
        self._token = word(found, "access_token")
        self._until = time.monotonic() + max(lasts - _EARLY, lasts / 2)
        return None

    def _path(self, name: str) -> str:
        return f"{self.root}/cgi-bin/{name}?{urlencode({'access_token': self._token})}"


def _taken(answer: Answer, found: Mapping[str, Any], user: str) -> Outcome:
    """A yes that names our user, in whatever case, among those whom it does not concern is a no."""
    user = user.casefold()
    if user in word(found, "invaliduser").casefold().split("|"):
        return Outcome(Verdict.PERMANENT, "invaliduser", "no such user", trouble=Trouble.NUMBER)
    if user in word(found, "unlicenseduser").casefold().split("|"):
        return Outcome(Verdict.PERMANENT, "unlicenseduser", "the user has no licence")
    return accepted(answer, _OK, word(found, "msgid"))


def _not_taken(outcome: Outcome) -> Outcome:
    """Without a token nothing was sent, whatever became of the question for one."""
    return Outcome(Verdict.TEMPORARY, outcome.code, outcome.words, trouble=Trouble.DOWN) if outcome.verdict is Verdict.UNKNOWN else outcome

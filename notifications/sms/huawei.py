"""Huawei Cloud message & SMS (batchSendSms v1): approved templates, receipts by callback; it cannot be asked."""

import json
import secrets
from typing import Any, Final
from urllib.parse import urlencode

import clock
from notifications.channels.answers import accepted, is_wrong_key, not_read, refused, said, turned_away, unreadable, word
from notifications.channels.errors import CREDENTIALS, judged
from notifications.channels.http import Answer
from notifications.outcome import Finding, Outcome, Outgoing, ProviderWords
from notifications.signing import wsse
from notifications.sms.codes import HUAWEI
from notifications.sms.plugin import TemplateSms

_PATH: Final = "/sms/batchSendSms/v1"
_FORM: Final = "application/x-www-form-urlencoded"
_DONE: Final = "000000"
#: Some of the recipients were refused: the reason is that of our one recipient.
_IN_PART: Final = frozenset((_DONE, "E000510", "E200037"))
#: Whatever the code beside it says, the key was not believed.
_NOT_LET_IN: Final = (401, 403)


class NotifyHuawei(TemplateSms):
    """`hwsms://APPKEY:APPSECRET@smsapi.cn-north-4.myhuaweicloud.com/?sender=8823…&sign=…&callback=https%3A%2F%2F…`.

    Receipts are pushed to `callback` only, which goes along with every message, as does our reference (`extend`).
    """

    service_name = "Huawei Cloud SMS"
    secure_protocol = "hwsms"
    OPTIONS = frozenset(("callback", "sender", "sign"))

    def __init__(self, address: str, private: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Open nothing yet.

        Raises:
            BadUrl: a part or an option is missing, unknown or wrong.
        """
        super().__init__(address, private=private, **kwargs)
        self.endpoint.need("sender")

    def submit(self, outgoing: Outgoing, phone: str, words: ProviderWords) -> Outcome:
        """One message to one recipient."""
        paras = json.dumps(list(words.values.values()), ensure_ascii=False)
        answer = self._post({"to": f"+86{phone}", "templateId": words.code, "templateParas": paras, "extend": outgoing.reference})
        found = said(answer)
        if found is None or "code" not in found:
            return unreadable(answer)
        code, message = word(found, "code"), word(found, "description")
        result = next(iter(found.get("result") or ()), None) or {}
        if code in _IN_PART and result:
            code, message = word(result, "status") or code, word(result, "description") or message
        if code == _DONE:
            return accepted(answer, code, word(result, "smsMsgId"))
        if answer.status in _NOT_LET_IN:
            return judged(code, message, {}, otherwise=CREDENTIALS)
        return refused(answer, code, message, HUAWEI)

    def check(self) -> list[Finding]:
        """Knock with a request without a recipient: a right key is told that the parameters are wrong, a wrong one that it is.

        Huawei has no interface by which this key could look at signatures and templates.
        """
        answer = self._post({"to": "", "templateId": "", "templateParas": "[]"})
        found = said(answer)
        if found is None or "code" not in found:
            return [not_read(answer)]
        code = word(found, "code")
        if answer.status in _NOT_LET_IN or is_wrong_key(code, HUAWEI):
            return [turned_away(self.endpoint.host, code, word(found, "description"), key_is_wrong=True)]
        return [Finding(True, "channel_check.sign_unseen", {"sign": self.endpoint.option("sign"), "code": code}), *self._receipts_come()]

    def _receipts_come(self) -> list[Finding]:
        return [] if self.endpoint.option("callback") else [Finding(True, "channel_check.no_callback")]

    def _post(self, parameters: dict[str, str]) -> Answer:
        form = {"from": self.endpoint.option("sender"), "signature": self.endpoint.option("sign")} | parameters
        if callback := self.endpoint.option("callback"):
            form["statusCallback"] = callback
        headers = wsse.headers(app_key=self.endpoint.user, secret=self.endpoint.password, nonce=secrets.token_hex(16), now=clock.utcnow())
        path = f"{self.endpoint.path.rstrip('/')}{_PATH}" if self.endpoint.path.rstrip("/") != _PATH else _PATH
        return self.client.post(
            path, urlencode(form).encode(), headers | {"Content-Type": _FORM, "Accept": "application/json", "Host": self.host}
        )

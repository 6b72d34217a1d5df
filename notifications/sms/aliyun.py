"""Aliyun SMS (dysmsapi 2017-05-25): approved templates, receipts by callback, and it can be asked."""

import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import clock
from notifications.callbacks.carriers import bad_number
from notifications.channels.answers import accepted, is_wrong_key, not_read, refused, said, turned_away, unreadable, word
from notifications.channels.errors import WORDS, tidied
from notifications.channels.http import Answer
from notifications.outcome import UNANSWERED, Finding, Outcome, Outgoing, ProviderWords, TemplateAnswer, Trouble, Verdict
from notifications.signing import acs3
from notifications.sms.codes import ALIYUN
from notifications.sms.plugin import TemplateSms
from notifications.sms.values import mobile

_VERSION: Final = "2017-05-25"
#: Days are asked by the vendor's calendar.
_CHINA: Final = ZoneInfo("Asia/Shanghai")
#: A message is asked about for 72 hours: these calendar days, newest first.
_DAYS: Final = 4
_PAGE: Final = 50
#: States of a signature or template, by the vendor's number.
_STATES: Final = {"0": "pending", "1": "approved", "2": "rejected", "10": "rejected"}
#: The key is right and may not look at signatures: it may send all the same.
_LET_IN: Final = frozenset(("Forbidden.RAM", "NoPermission", "isp.RAM_PERMISSION_DENY", "InvalidAction.NotFound", "InvalidApi.NotFound"))


class NotifyAliyun(TemplateSms):
    """`alisms://KEYID:KEYSECRET@dysmsapi.aliyuncs.com/?sign=…`: one SendSms a message, our reference in OutId."""

    service_name = "Aliyun SMS"
    secure_protocol = "alisms"
    OPTIONS = frozenset(("sign",))

    def submit(self, outgoing: Outgoing, phone: str, words: ProviderWords) -> Outcome:
        """SendSms."""
        parameters = {
            "OutId": outgoing.reference,
            "PhoneNumbers": phone,
            "SignName": self.endpoint.option("sign"),
            "TemplateCode": words.code,
            "TemplateParam": json.dumps(dict(words.values), ensure_ascii=False),
        }
        answer = self._call("SendSms", parameters)
        found = said(answer)
        if found is None or "Code" not in found:
            return unreadable(answer)
        if found["Code"] == "OK":
            return accepted(answer, "OK", word(found, "BizId"))
        return refused(answer, word(found, "Code"), word(found, "Message"), ALIYUN)

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        """QuerySendDetails of the days on which it can have been sent; ABSENT when none of them knows our reference.

        What we hold an id of was taken once: if it is not found, it is UNKNOWN.
        """
        try:
            for detail in self._details(mobile(outgoing.address) or outgoing.address):
                if word(detail, "OutId") == outgoing.reference:
                    return _became(detail, provider_id)
        except _UnsaidError as problem:
            return Outcome(Verdict.UNKNOWN, str(problem), "asked in vain")
        return Outcome(Verdict.UNKNOWN if provider_id else Verdict.ABSENT, "no_such_message")

    def _details(self, phone: str) -> Iterator[Mapping[str, Any]]:
        """All that was sent to a phone lately, newest day first. Raises _UnsaidError when the vendor does not say."""
        today = clock.utcnow().astimezone(_CHINA)
        for day in (f"{today - timedelta(days=back):%Y%m%d}" for back in range(_DAYS)):
            page, seen, total = 0, 0, 1
            while seen < total:
                page += 1
                details, total = self._page(phone, day, page)
                seen += len(details) or total
                yield from details

    def _page(self, phone: str, day: str, page: int) -> tuple[list[Mapping[str, Any]], int]:
        answer = self._call("QuerySendDetails", {"PhoneNumber": phone, "SendDate": day, "PageSize": str(_PAGE), "CurrentPage": str(page)})
        found = said(answer) or {}
        if word(found, "Code") != "OK":
            raise _UnsaidError(word(found, "Code") or str(answer.status))
        return (found.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or [], int(found.get("TotalCount") or 0)

    def check(self) -> list[Finding]:
        """GetSmsSign: whether the key is let in, and whether the signature is approved."""
        sign = self.endpoint.option("sign")
        answer = self._call("GetSmsSign", {"SignName": sign})
        found = said(answer)
        if found is None or "Code" not in found:
            return [not_read(answer)]
        code = word(found, "Code")
        if code == "OK":
            state = _STATES.get(word(found, "SignStatus"), "pending")
            return [Finding(state == "approved", f"channel_check.sign_{state}", {"sign": sign})]
        if code in _LET_IN:
            return [Finding(True, "channel_check.sign_unseen", {"sign": sign, "code": code})]
        if ALIYUN.get(code) == WORDS:
            return [Finding(False, "channel_check.sign_unknown", {"sign": sign})]
        return [turned_away(self.endpoint.host, code, word(found, "Message"), key_is_wrong=is_wrong_key(code, ALIYUN))]

    def template_state(self, code: str) -> TemplateAnswer | None:
        """GetSmsTemplate; a template that Aliyun does not know counts as rejected; a key that may not ask cannot ask."""
        answer = self._call("GetSmsTemplate", {"TemplateCode": code})
        found = said(answer) or {}
        problem = word(found, "Code")
        if problem == "OK":
            reason = tidied(word(found.get("AuditInfo") or {}, "RejectInfo"))
            return TemplateAnswer(_STATES.get(word(found, "TemplateStatus"), "pending"), reason, word(found, "TemplateContent"))
        if problem in _LET_IN:
            return None
        return TemplateAnswer("rejected" if ALIYUN.get(problem) == WORDS else UNANSWERED, problem or str(answer.status))

    def _call(self, action: str, parameters: Mapping[str, str]) -> Answer:
        query = acs3.canonical_query(parameters)
        path = self.endpoint.path or "/"
        headers = acs3.signed(
            key_id=self.endpoint.user,
            secret=self.endpoint.password,
            host=self.host,
            path=path,
            query=query,
            action=action,
            version=_VERSION,
            nonce=secrets.token_hex(16),
            now=clock.utcnow(),
        )
        return self.client.post(f"{path}?{query}", b"", headers)


class _UnsaidError(Exception):
    """The vendor did not say what became of a message; the text is its code."""


def _became(detail: Mapping[str, Any], provider_id: str | None) -> Outcome:
    """What one entry of QuerySendDetails says: 1 waits for its receipt, 2 failed, 3 arrived."""
    code, status = word(detail, "ErrCode"), word(detail, "SendStatus")
    if status == "2":
        return Outcome(Verdict.PERMANENT, code[:60], "receipt", provider_id, Trouble.NUMBER if bad_number(code) else None)
    return Outcome(Verdict.DELIVERED if status == "3" else Verdict.ACCEPTED, code[:60], "receipt", provider_id)

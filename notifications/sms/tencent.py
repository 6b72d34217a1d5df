"""Tencent Cloud SMS (2021-01-11): approved templates, receipts by callback; it tells of receipts only when it is asked."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import clock
from notifications.callbacks.carriers import bad_number
from notifications.channels.answers import accepted, is_wrong_key, not_read, refused, said, turned_away, unreadable, word
from notifications.channels.errors import tidied
from notifications.channels.http import Answer
from notifications.outcome import UNANSWERED, Finding, Outcome, Outgoing, ProviderWords, TemplateAnswer, Trouble, Verdict
from notifications.signing import tc3
from notifications.sms.codes import TENCENT
from notifications.sms.plugin import TemplateSms
from notifications.sms.values import mobile

_VERSION: Final = "2021-01-11"
_SERVICE: Final = "sms"
_JSON: Final = "application/json; charset=utf-8"
_REGION: Final = "ap-guangzhou"
#: A message is asked about for 72 hours.
_LOOK_BACK: Final = timedelta(hours=73)
#: The most that one question gives back.
_MOST: Final = 100
#: States of a signature or template; 2 is approved and not yet in force.
_STATES: Final = {"0": "approved", "1": "pending", "2": "pending", "-1": "rejected"}
#: The key is right, and may not list signatures: it may send all the same.
_LET_IN: Final = frozenset(
    (
        "FailedOperation.ProhibitSubAccountUse",
        "FailedOperation.NotEnterpriseCertification",
        "AuthFailure.UnauthorizedOperation",
        "InvalidAction",
    )
)


class NotifyTencent(TemplateSms):
    """`tcsms://SECRETID:SECRETKEY@sms.tencentcloudapi.com/?app=1400…&sign=…`: one SendSms a message, our reference in SessionContext."""

    service_name = "Tencent Cloud SMS"
    secure_protocol = "tcsms"
    OPTIONS = frozenset(("app", "region", "sign"))

    def __init__(self, address: str, private: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - Apprise hands its own options through
        """Open nothing yet.

        Raises:
            BadUrl: a part or an option is missing, unknown or wrong.
        """
        super().__init__(address, private=private, **kwargs)
        self.endpoint.need("app")

    def submit(self, outgoing: Outgoing, phone: str, words: ProviderWords) -> Outcome:
        """SendSms."""
        answer = self._call(
            "SendSms",
            {
                "PhoneNumberSet": [f"+86{phone}"],
                "SmsSdkAppId": self.endpoint.option("app"),
                "SignName": self.endpoint.option("sign"),
                "TemplateId": words.code,
                "TemplateParamSet": list(words.values.values()),
                "SessionContext": outgoing.reference,
            },
        )
        found = _response(answer)
        if found is None:
            return unreadable(answer)
        status: Mapping[str, Any] = found.get("Error") or next(iter(found.get("SendStatusSet") or ()), {})
        if word(status, "Code") == "Ok":
            return accepted(answer, "Ok", word(status, "SerialNo"))
        return refused(answer, word(status, "Code"), word(status, "Message"), TENCENT)

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        """PullSmsSendStatusByPhoneNumber: it lists receipts, not messages, so what it does not list stays UNKNOWN."""
        now = clock.utcnow()
        phone = mobile(outgoing.address) or outgoing.address
        asked = {
            "PhoneNumber": f"+86{phone}",
            "SmsSdkAppId": self.endpoint.option("app"),
            "BeginTime": int((now - _LOOK_BACK).timestamp()),
            "EndTime": int(now.timestamp()),
            "Offset": 0,
            "Limit": _MOST,
        }
        found = _response(self._call("PullSmsSendStatusByPhoneNumber", asked)) or {}
        for report in found.get("PullSmsSendStatusSet") or ():
            if word(report, "SessionContext") == outgoing.reference or (provider_id and word(report, "SerialNo") == provider_id):
                return _became(report)
        return Outcome(Verdict.UNKNOWN, _error(found) or "no_receipt_yet")

    def check(self) -> list[Finding]:
        """DescribeSmsSignList: whether the key is let in, and whether the signature is approved."""
        sign = self.endpoint.option("sign")
        for answer in self._sign_lists():
            found = _response(answer)
            if found is None:
                return [not_read(answer)]
            if code := _error(found):
                if code in _LET_IN:
                    return [Finding(True, "channel_check.sign_unseen", {"sign": sign, "code": code})]
                words = word(found["Error"], "Message")
                return [turned_away(self.endpoint.host, code, words, key_is_wrong=is_wrong_key(code, TENCENT))]
            for entry in found.get("DescribeSignListStatusSet") or ():
                if word(entry, "SignName") == sign:
                    state = _STATES.get(word(entry, "StatusCode"), "pending")
                    return [Finding(state == "approved", f"channel_check.sign_{state}", {"sign": sign})]
        return [Finding(False, "channel_check.sign_unknown", {"sign": sign})]

    def _sign_lists(self) -> Iterator[Answer]:
        """All signatures of the account, page by page."""
        for offset in range(0, 10 * _MOST, _MOST):
            answer = self._call("DescribeSmsSignList", {"International": 0, "SignIdSet": [], "Limit": _MOST, "Offset": offset})
            yield answer
            if len((_response(answer) or {}).get("DescribeSignListStatusSet") or ()) < _MOST:
                return

    def template_state(self, code: str) -> TemplateAnswer | None:
        """DescribeSmsTemplateList; a template that Tencent does not know counts as rejected; a key that may not ask cannot ask."""
        if not code.isdecimal():
            return TemplateAnswer("rejected", "a template id is a number")
        answer = self._call("DescribeSmsTemplateList", {"International": 0, "TemplateIdSet": [int(code)]})
        found = _response(answer) or {}
        for entry in found.get("DescribeTemplateStatusSet") or ():
            if word(entry, "TemplateId") == code:
                state, reason = _STATES.get(word(entry, "StatusCode"), "pending"), tidied(word(entry, "ReviewReply"))
                return TemplateAnswer(state, reason, word(entry, "TemplateContent"))
        problem = _error(found)
        if problem in _LET_IN:
            return None
        return TemplateAnswer("rejected" if problem == "FailedOperation.TemplateIdNotExist" else UNANSWERED, problem or str(answer.status))

    def _call(self, action: str, asked: Mapping[str, Any]) -> Answer:
        now = clock.utcnow()
        body = json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
        path = self.endpoint.path or "/"
        signed = {"content-type": _JSON, "host": self.host, "x-tc-action": action.lower()}
        authorization = tc3.authorization(
            secret_id=self.endpoint.user, secret=self.endpoint.password, service=_SERVICE, path=path, headers=signed, body=body, now=now
        )
        headers = {
            "Authorization": authorization,
            "Content-Type": _JSON,
            "Host": self.host,
            "X-TC-Action": action,
            "X-TC-Region": self.endpoint.option("region", _REGION),
            "X-TC-Timestamp": str(int(now.timestamp())),
            "X-TC-Version": _VERSION,
        }
        return self.client.post(path, body, headers)


def _response(answer: Answer) -> Mapping[str, Any] | None:
    """What stands below `Response`; None: the answer is not the vendor's."""
    found = (said(answer) or {}).get("Response")
    return found if isinstance(found, dict) else None


def _error(found: Mapping[str, Any]) -> str:
    return word(found.get("Error") or {}, "Code")


def _became(report: Mapping[str, Any]) -> Outcome:
    """What one receipt says."""
    words, provider_id = tidied(word(report, "Description")), word(report, "SerialNo")[:80] or None
    if word(report, "ReportStatus") == "SUCCESS":
        return Outcome(Verdict.DELIVERED, "SUCCESS", words, provider_id)
    return Outcome(Verdict.PERMANENT, "FAIL", words, provider_id, Trouble.NUMBER if bad_number("", words) else None)

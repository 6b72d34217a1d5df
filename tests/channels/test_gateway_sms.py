"""JSON gateways: their kinds are data; signatures are computed here anew, as a gateway would."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from notifications.channels.bus import Channels
from notifications.outcome import Outgoing, ProviderWords, Trouble, Verdict
from notifications.web.gateway import NotifyGatewaySms
from notifications.web.kinds import MEANINGS, Kind, _kind, found, kinds
from tests.support.listening import HANG_UP, Listening, http

MESSAGE = Outgoing(12, "sms", "13800138000", "", "【五治】工单“路灯”请签收。")


@pytest.fixture
def gateway() -> Iterator[Listening]:
    with http(lambda _: (200, {"code": "0", "id": "G1"})) as server:
        yield server


def opened(gateway: Listening, options: str = "", scheme: str = "gwsms") -> Channels:
    return Channels({"sms": f"{scheme}://acc:k%2Fey@127.0.0.1:{gateway.port}/api/send?tls=no{options}"})


def hmac_of(*parts: str) -> str:
    return hmac.new(b"k/ey", "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def md5_of(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


# plain ----------------------------------------------------------------------------------------------------------------


def test_a_plain_gateway_is_told_what_the_page_says(gateway: Listening) -> None:
    outcome = opened(gateway, "&sender=1069").send(MESSAGE)
    assert (outcome.verdict, outcome.code, outcome.provider_id) == (Verdict.ACCEPTED, "0", "G1")
    (asked,) = gateway.asked
    said = asked.json
    assert asked.path == "/api/send"
    assert {name: said[name] for name in ("account", "mobile", "content", "reference", "sender")} == {
        "account": "acc",
        "mobile": "13800138000",
        "content": MESSAGE.text,
        "reference": "BH12",
        "sender": "1069",
    }
    assert said["sign"] == hmac_of("acc", "13800138000", MESSAGE.text, "BH12", said["timestamp"])


def test_the_address_chooses_the_signature(gateway: Listening) -> None:
    opened(gateway, "&sign=md5").send(MESSAGE)
    opened(gateway, "&sign=none").send(MESSAGE)
    by_md5, unsigned = (asked.json for asked in gateway.asked)
    assert by_md5["sign"] == md5_of("acc", "k/ey", "13800138000", MESSAGE.text, "BH12", by_md5["timestamp"])
    assert unsigned["sign"] == ""


def test_a_gateway_that_keeps_the_reference_takes_a_message_once(gateway: Listening) -> None:
    channels = opened(gateway)
    for _ in range(2):
        channels.send(MESSAGE)
    assert {asked.json["reference"] for asked in gateway.asked} == {"BH12"}
    gateway.answers = lambda _: (200, {"code": "duplicate", "id": "G1"})
    again = channels.send(MESSAGE)
    assert (again.verdict, again.provider_id) == (Verdict.ACCEPTED, "G1")


@pytest.mark.parametrize(
    ("answer", "verdict", "trouble"),
    [
        ((200, {"code": "credentials", "message": "no"}), Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ((401, {"code": "who knows"}), Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ((200, {"code": "balance"}), Verdict.TEMPORARY, Trouble.BALANCE),
        ((200, {"code": "throttled"}), Verdict.TEMPORARY, Trouble.THROTTLED),
        ((200, {"code": "number"}), Verdict.PERMANENT, Trouble.NUMBER),
        ((200, {"code": "content"}), Verdict.PERMANENT, None),
        ((200, {"code": "template"}), Verdict.PERMANENT, Trouble.TEMPLATE),
        ((200, {"code": "never heard of"}), Verdict.TEMPORARY, None),
        ((503, {"code": "0"}), Verdict.TEMPORARY, Trouble.DOWN),
        ((502, b"<html>"), Verdict.TEMPORARY, Trouble.DOWN),
        ((200, b"<html>"), Verdict.UNKNOWN, None),
        ((200, [1]), Verdict.UNKNOWN, None),
        ((HANG_UP, None), Verdict.UNKNOWN, Trouble.DOWN),
    ],
)
def test_what_its_answers_mean(gateway: Listening, answer: Any, verdict: Verdict, trouble: Trouble | None) -> None:
    gateway.answers = lambda _: answer
    outcome = opened(gateway).send(MESSAGE)
    assert (outcome.verdict, outcome.trouble) == (verdict, trouble)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ((200, {"code": "not_found"}), Verdict.ABSENT),
        ((200, {"code": "0", "id": "G1", "status": "DELIVRD"}), Verdict.DELIVERED),
        ((200, {"code": "0", "id": "G1", "status": "waiting"}), Verdict.ACCEPTED),
        ((200, {"code": "0", "id": "G1", "status": "MK:0001"}), Verdict.PERMANENT),
        ((200, {"code": "credentials"}), Verdict.UNKNOWN),
        ((404, {"code": "not_found"}), Verdict.UNKNOWN),
        ((502, {"code": "0", "id": "G1", "status": "DELIVRD"}), Verdict.UNKNOWN),
        ((500, b""), Verdict.UNKNOWN),
        ((HANG_UP, None), Verdict.UNKNOWN),
    ],
)
def test_a_plain_gateway_can_be_asked(gateway: Listening, answer: Any, verdict: Verdict) -> None:
    gateway.answers = lambda _: answer
    outcome = opened(gateway).ask(MESSAGE, None)
    assert outcome.verdict is verdict
    (asked,) = gateway.asked
    assert asked.path == "/api/send/query"
    assert asked.json["sign"] == hmac_of("acc", "BH12", asked.json["timestamp"])
    assert "mobile" not in asked.json


def test_what_a_gateway_has_named_was_taken_once(gateway: Listening) -> None:
    gateway.answers = lambda _: (200, {"code": "not_found"})
    assert opened(gateway).ask(MESSAGE, "G1").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("url", "askable"), [("gwsms://a:k@h/", True), ("gwsms://a:k@h/?body=yunmas&ec=e&signcode=s", False), ("voice://a:k@h/", True)]
)
def test_whether_it_can_be_asked_is_told_by_its_kind(url: str, askable: bool) -> None:
    assert Channels({"sms": url}).traits("sms").askable is askable


@pytest.mark.parametrize(
    ("scheme", "to", "posted"),
    [
        ("gwsms", "+86 138-0013-8000", "13800138000"),
        ("gwsms", "0592-2012345", None),
        ("gwsms", "nobody", None),
        ("voice", "（0592）2012345", "05922012345"),
        ("voice", "+86 592 2012345", "05922012345"),
        ("voice", "12345", "12345"),
        ("voice", "1", None),
    ],
)
def test_numbers_go_out_in_one_form(gateway: Listening, scheme: str, to: str, posted: str | None) -> None:
    outcome = opened(gateway, scheme=scheme).send(replace(MESSAGE, address=to))
    assert [asked.json.get("mobile") or asked.json["number"] for asked in gateway.asked] == ([posted] if posted else [])
    assert (outcome.trouble is Trouble.NUMBER) is (posted is None)


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ((200, {"code": "not_found"}), "logged_in"),
        ((404, {"code": "not_found"}), "credentials"),
        ((200, {"code": "credentials"}), "credentials"),
        ((401, b""), "credentials"),
        ((500, b""), "refused"),
    ],
)
def test_a_check_asks_about_a_message_that_does_not_exist(gateway: Listening, answer: Any, key: str) -> None:
    gateway.answers = lambda _: answer
    (finding,) = opened(gateway).check("sms")
    assert finding.key == f"channel_check.{key}"
    assert gateway.asked[0].json["reference"] == "BH0"


# 云MAS ----------------------------------------------------------------------------------------------------------------


def test_yunmas_gets_base64_and_its_mac(gateway: Listening) -> None:
    gateway.answers = lambda _: (200, {"msgGroup": "M7", "rspcod": "success", "success": True})
    channels = opened(gateway, "&body=yunmas&ec=%E5%8C%BA%E6%94%BF%E5%BA%9C&signcode=wHw&serial=01")
    outcome = channels.send(MESSAGE)
    assert (outcome.verdict, outcome.provider_id) == (Verdict.ACCEPTED, "M7")
    said = json.loads(base64.b64decode(gateway.asked[0].body))
    assert said == {
        "ecName": "区政府",
        "apId": "acc",
        "mobiles": "13800138000",
        "content": MESSAGE.text,
        "sign": "wHw",
        "addSerial": "01",
        "mac": md5_of("区政府", "acc", "k/ey", "13800138000", MESSAGE.text, "wHw", "01"),
    }
    assert channels.ask(MESSAGE, "M7").code == "not_askable"


@pytest.mark.parametrize(
    ("code", "key"),
    [("IllegalMobile", "logged_in"), ("InvalidUsrOrPwd", "credentials"), ("IllegalMac", "credentials"), ("DBConnect", "refused")],
)
def test_yunmas_is_checked_by_a_submission_to_nobody(gateway: Listening, code: str, key: str) -> None:
    gateway.answers = lambda _: (200, {"rspcod": code, "success": False})
    (finding,) = opened(gateway, "&body=yunmas&ec=e&signcode=s").check("sms")
    assert finding.key == f"channel_check.{key}"
    assert json.loads(base64.b64decode(gateway.asked[0].body))["mobiles"] == ""


# voice ----------------------------------------------------------------------------------------------------------------


def test_a_voice_gateway_reads_the_words_out(gateway: Listening) -> None:
    gateway.answers = lambda _: (200, {"code": "ok", "call_id": "C1"})
    outcome = opened(gateway, "&play=2", scheme="voice").send(MESSAGE)
    assert (outcome.verdict, outcome.provider_id) == (Verdict.ACCEPTED, "C1")
    said = gateway.asked[0].json
    assert (said["number"], said["text"], said["play"]) == ("13800138000", MESSAGE.text, "2")
    assert said["sign"] == hmac_of("acc", "13800138000", MESSAGE.text, "BH12", said["timestamp"])


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ((401, {"code": "unauthorized"}), Trouble.CREDENTIALS),
        ((402, {"code": "no_balance"}), Trouble.BALANCE),
        ((429, {"code": "busy"}), Trouble.THROTTLED),
        ((400, {"code": "empty_number"}), Trouble.NUMBER),
    ],
)
def test_a_voice_gateway_says_why_not(gateway: Listening, answer: Any, trouble: Trouble) -> None:
    gateway.answers = lambda _: answer
    assert opened(gateway, scheme="voice").send(MESSAGE).trouble is trouble


# kinds ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        "&body=none-such",
        "&sign=sha1",
        "&body=yunmas",
        "&body=yunmas&ec=x&signcode=y&sign=hmac-sha256",
        "&colour=red",
        "&play=2",
        "&wait=0",
        "&wait=x",
    ],
)
def test_an_address_that_does_not_fit_its_kind_is_refused(gateway: Listening, options: str) -> None:
    (finding,) = opened(gateway, options).check("sms")
    assert not finding.ok
    assert gateway.asked == []


def test_a_signature_needs_a_secret(gateway: Listening) -> None:
    at = f"127.0.0.1:{gateway.port}/?tls=no"
    channels = Channels({"a": f"gwsms://acc@{at}", "b": f"gwsms://acc@{at}&sign=none"})
    assert [channels.check(code)[0].key for code in channels.codes] == ["channel_check.missing", "channel_check.logged_in"]


def test_a_new_kind_needs_no_code(gateway: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nested fields, a form, variables of a template, a code deep inside of the answer, true as a code."""
    table: dict[str, Any] = {
        "encoding": "json",
        "options": {"dept": True},
        "sign": {"method": "md5", "md5": "{dept}{moment}"},
        "fields": {
            "head": {"dept": "{dept}", "at": "{moment}", "n": 1},
            "to": ["{to}"],
            "tpl": "{template}",
            "v": "{values}",
            "m": "{variables}",
        },
        "answer": {"code": "data.ok", "words": "data.why", "id": "data.key", "taken": ["true"]},
        "errors": {"false": "never"},
    }
    words = ProviderWords("T1", {"no": "12", "unit": "街道"})
    message = Outgoing(3, "sms", "13800138000", "", "…", words)
    for encoding in ("json", "form"):
        made = _kind("city", table | {"encoding": encoding})
        monkeypatch.setattr("notifications.web.gateway.kinds", lambda made=made: {"city": made})
        gateway.answers = lambda _: (200, {"data": {"ok": True, "key": 77}})
        outcome = opened(gateway, "&body=city&dept=%E5%8C%BA").send(message)
        assert (outcome.verdict, outcome.provider_id) == (Verdict.ACCEPTED, "77")
    as_json, as_form = gateway.asked
    said = as_json.json
    assert (said["head"]["dept"], said["to"], said["tpl"]) == ("区", ["13800138000"], "T1")
    assert (said["v"], said["m"], said["head"]["n"]) == (["12", "街道"], {"no": "12", "unit": "街道"}, 1)
    assert parse_qs(as_form.body.decode())["tpl"] == ["T1"]
    gateway.answers = lambda _: (200, {"data": {"ok": False, "why": "no"}})
    assert opened(gateway, "&body=city&dept=x").send(message).verdict is Verdict.PERMANENT


@pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
def test_every_kind_that_comes_along_is_whole(kind: Kind) -> None:
    assert kind.taken
    assert kind.receipt is not None
    assert kind.receipt.id
    assert kind.receipt.delivered
    assert not kind.receipt.delivered & kind.receipt.bad_number
    assert {MEANINGS[name] for name in ("credentials", "balance", "number")} <= set(kind.errors.values())


@pytest.mark.parametrize(
    "change",
    [
        {"encoding": "xml"},
        {"fields": {"a": "{nobody}"}},
        {"errors": {"x": "sometimes"}},
        {"sign": {"method": "md5"}},
        {"sign": {"method": "sha1", "sha1": ""}},
    ],
)
def test_a_kind_that_names_what_does_not_exist_is_refused(change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "encoding": "json",
        "options": {},
        "sign": {"method": "md5", "md5": "{to}"},
        "fields": {"a": "{to}"},
        "answer": {"code": "c", "words": "", "id": "", "taken": ["0"]},
        "errors": {},
    }
    _kind("good", good)
    with pytest.raises(ValueError, match=r"gateways/bad\.toml"):
        _kind("bad", good | change)


def test_what_stands_at_a_path() -> None:
    said = {"a": {"b": 1, "c": None, "d": [1], "e": True}}
    assert [found(said, path) for path in ("a.b", "a.c", "a.d", "a.e", "a", "x.y", "")] == ["1", "", "", "true", "", "", ""]
    assert found(None, "a") == found("text", "a") == ""


def test_many_messages_use_one_connection(gateway: Listening) -> None:
    channels = opened(gateway)
    for number in range(20):
        assert channels.send(Outgoing(number, "sms", "13800138000", "", "x")).taken
    assert len({asked.connection for asked in gateway.asked}) == 1
    channels.close()
    assert channels.send(MESSAGE).taken


def test_the_plugin_shows_no_secret() -> None:
    plugin = NotifyGatewaySms(address="gwsms://acc:TOPSECRET@h/p")
    assert "TOPSECRET" not in plugin.url(privacy=True)
    assert plugin.url() == "gwsms://acc:TOPSECRET@h/p"

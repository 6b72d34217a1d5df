"""The bus: channels by their addresses, and stock services."""

import json
import socket
import stat
import threading
from dataclasses import replace
from pathlib import Path

import apprise
import pytest
from apprise.manager_plugins import NotificationManager

from clock import pause
from notifications.channels.bus import Channels
from notifications.channels.schemes import SCHEMES, AddressKind, Medium
from notifications.channels.stock import Stock
from notifications.outcome import ProviderWords, Trouble, Verdict
from tests.support.asking_channels import told
from tests.support.listening import http
from wording import say

# the bus ---------------------------------------------------------------------------------------------------------------


def test_a_record_holds_a_line_a_message_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "out box.jsonl"
    channels = Channels({"sms": "record://", "email": "record://?medium=email"}, file)
    outcomes = [channels.send(told("sms", number=7)), channels.send(told("email", "a@example.cn"))]
    assert [o.verdict for o in outcomes] == [Verdict.DELIVERED] * 2
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"id": 7, "channel": "sms", "to": "13800138000", "subject": "题目", "text": "【五治】工单请签收。"}
    assert lines[1]["to"] == "a@example.cn"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_record_without_a_file_and_the_inbox_deliver_and_keep_nothing() -> None:
    channels = Channels({"sms": "record://", "inbox": "inbox://"})
    assert [channels.send(told(code)).verdict for code in channels.codes] == [Verdict.DELIVERED] * 2
    assert [finding.ok for code in channels.codes for finding in channels.check(code)] == [True, True]


def test_a_channel_that_is_not_there_refuses_for_good_and_cannot_be_asked() -> None:
    channels = Channels({})
    assert channels.send(told("fax")).verdict is Verdict.PERMANENT
    assert channels.ask(told("fax"), None).verdict is Verdict.UNKNOWN
    assert channels.heard("fax") == []
    with pytest.raises(KeyError):
        channels.check("fax")


@pytest.mark.parametrize(
    "url",
    ["smpp://u:p@h/1", "schan://key", "discord://1/2", "nothing", "mail://h/", "mail://h/?from=no", "record://?x=1", "hook://h/", "\n"],
)
def test_a_bad_address_spoils_only_its_own_channel(url: str) -> None:
    channels = Channels({"bad": url, "sms": "record://"})
    outcome = channels.send(told("bad"))
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, Trouble.CREDENTIALS)
    assert not channels.check("bad")[0].ok
    assert channels.send(told("sms")).taken


def test_an_address_can_be_read_without_the_network() -> None:
    channels = Channels({"good": "hook://:s@no-such-host.invalid/", "bad": "hook://no-such-host.invalid/"})
    assert channels.read("good") == []
    assert [finding.key for finding in channels.read("bad")] == ["channel_check.missing"]


@pytest.mark.parametrize(
    ("code", "url", "medium", "address", "public"),
    [
        ("sms", "record://", Medium.SMS, AddressKind.PHONE, False),
        ("email", "record://", Medium.EMAIL, AddressKind.EMAIL, False),
        ("voice2", "record://_/", Medium.VOICE, AddressKind.PHONE, False),
        ("bulletin", "record://", Medium.IM, AddressKind.IM, False),
        ("night", "record://?medium=voice", Medium.VOICE, AddressKind.PHONE, False),
        ("sms", "alisms://k:s@h/?sign=x", Medium.SMS, AddressKind.PHONE, True),
        ("sms", "alisms://k:s@h/?sign=x&public=no", Medium.SMS, AddressKind.PHONE, False),
        ("sms2", "gwsms://k:s@h/?public=yes", Medium.SMS, AddressKind.PHONE, True),
        ("im", "ding://t@h/", Medium.IM, AddressKind.NONE, False),
        ("city", "hook://:s@h/?medium=sms", Medium.SMS, AddressKind.PHONE, False),
        ("city", "hook://:s@h/?address=none", Medium.IM, AddressKind.NONE, False),
        ("email", "mailto://u:p@h?to={to}", Medium.EMAIL, AddressKind.EMAIL, False),
        ("im", "jsons://h/", Medium.IM, AddressKind.NONE, False),
    ],
)
def test_traits_come_from_scheme_address_and_code(code: str, url: str, medium: Medium, address: AddressKind, public: bool) -> None:
    traits = Channels({code: url}).traits(code)
    assert (traits.medium, traits.address, traits.public) == (medium, address, public)
    assert traits.confirmed == bool(SCHEMES[traits.scheme].plugin)


def test_traits_of_a_scheme_that_is_not_on_the_list() -> None:
    with pytest.raises(KeyError):
        Channels({"sms": "smpp://u:p@h"}).traits("sms")


def test_every_entry_of_the_list_can_be_opened_by_this_apprise() -> None:
    for scheme in SCHEMES.values():
        if scheme.plugin:
            plugin = scheme.load()
            assert plugin.secure_protocol == scheme.code
            assert plugin.request_rate_per_sec == 0
        else:
            assert scheme.code in NotificationManager().schemas()


def test_one_slow_channel_holds_up_no_other() -> None:
    with http() as slow:
        slow.answers = lambda _: (slow.hold.wait(10), (200, {}))[1]
        channels = Channels({"hook": f"hook://:s@127.0.0.1:{slow.port}/?tls=no", "sms": "record://"})
        waiting = threading.Thread(target=channels.send, args=(told("hook"),))
        waiting.start()
        while not slow.asked:
            pause(0.005)
        assert channels.send(told("sms")).taken
        assert waiting.is_alive()
        slow.hold.set()
        waiting.join()


def test_closing_waits_for_nobody_and_ends_what_is_under_way() -> None:
    with http() as slow:
        slow.answers = lambda _: (slow.hold.wait(10), (200, {}))[1]
        channels = Channels({"hook": f"hook://:s@127.0.0.1:{slow.port}/?tls=no"})
        outcomes: list[object] = []
        waiting = threading.Thread(target=lambda: outcomes.append(channels.send(told("hook")).verdict))
        waiting.start()
        while not slow.asked:
            pause(0.005)
        channels.close()
        assert waiting.is_alive()
        slow.hold.set()
        waiting.join()
        assert outcomes == [Verdict.ACCEPTED]
        assert channels.send(told("hook")).taken
        assert channels.send(told("hook")).taken
        first, second, third = (asked.connection for asked in slow.asked)
        assert first != second == third


def test_a_plugin_used_without_the_bus_sends_nothing() -> None:
    with http() as server:
        Channels({"x": f"hook://:s@127.0.0.1:{server.port}/?tls=no"}).send(told("x"))
        lonely = apprise.Apprise()
        assert lonely.add(f"hook://:s@127.0.0.1:{server.port}/?tls=no&private=yes")
        assert not lonely.notify(body="said to nobody")
        assert len(server.asked) == 1


@pytest.mark.parametrize("url", ["gwsms://user:geheim77@127.0.0.1:{port}/?tls=no", "qywx://corp:geheim77@127.0.0.1:{port}/?tls=no&agent=1"])
def test_what_a_provider_says_is_cleaned_in_one_place(url: str) -> None:
    words = ProviderWords("SMS_1", {"code": "K7P2QX", "who": "张三"})
    said = {"code": "9" * 80, "errcode": 40013, "message": "no\nuser li.si/张三 K7P2QX geheim77 13800138000", "id": "i" * 300}
    with http(lambda _: (200, said | {"errmsg": said["message"]})) as server:
        channels = Channels({"x": url.format(port=server.port)})
        outcome = channels.send(replace(told("x", "13800138000"), words=words))
        assert len(outcome.code) <= 60
        assert len(outcome.provider_id or "") <= 80
        assert not any(secret in str(outcome) for secret in ("K7P2QX", "张三", "geheim77", "13800138000", "\\n"))
        assert "geheim77" not in str(channels.check("x"))
        said["code"] = "X13800138000"
        assert "1380" not in str(channels.ask(told("x"), None))


def test_a_gateway_that_is_asked_knows_the_carriers_codes_too() -> None:
    with http(lambda _: (200, {"code": "0", "id": "7", "status": "MK:0012"})) as server:
        outcome = Channels({"x": f"gwsms://u:secret@127.0.0.1:{server.port}/?tls=no"}).ask(told("x"), "7")
        assert (outcome.verdict, outcome.trouble) == (Verdict.PERMANENT, Trouble.NUMBER)


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "url",
    [
        "alisms://key:secret@127.0.0.1:{port}/?tls=no&sign=x",
        "tcsms://key:secret@127.0.0.1:{port}/?tls=no&sign=x&app=1",
        "hwsms://key:secret@127.0.0.1:{port}/?tls=no&sign=x&sender=1",
        "qywx://key:secret@127.0.0.1:{port}/?tls=no&agent=1",
        "ding://key@127.0.0.1:{port}/?tls=no",
        "gwsms://key:secret@127.0.0.1:{port}/?tls=no",
    ],
)
@pytest.mark.parametrize(
    "said", [DEEP, {"Response": {"Error": "x", "DescribeSignListStatusSet": 5}, "SignStatus": [1]}, {"code": {"a": 1}}]
)
def test_no_answer_makes_a_check_raise(url: str, said: object) -> None:
    with http(lambda _: (200, said)) as server:
        channels = Channels({"x": url.format(port=server.port)})
        assert channels.check("x")
        channels.template_state("x", "1")


def test_a_plugin_that_raises_when_it_is_checked_is_a_finding() -> None:
    with http(lambda _: (200, {"Response": {"DescribeSignListStatusSet": ["a"]}})) as server:
        (finding,) = Channels({"x": f"tcsms://k:s@127.0.0.1:{server.port}/?tls=no&sign=x&app=1"}).check("x")
        assert not finding.ok


@pytest.mark.parametrize(
    "url",
    [
        "hook://:k@h/?medium=fax",
        "json://h/?medium=fax",
        "hook://:k@h/?address=planet",
        "record://?public=perhaps",
        "hook://:k@h:0/",
        "hook://:k@政务.cn/",
        "hook://:k@h/p#part",
        "hook://:k/77@h/p",
        "smsc://u:p@h/?from=1069&prefix=abcdefghijk",
        "tcsms://a:b@h/?app=abc&sign=x",
        "hwsms://a:b@h/?sign=x&sender=1&callback=notaurl",
        "alisms://键:s@h/?sign=x",
        "mail://u:密@h/?from=a@b.cn",
        "MAILTO://u:p@h",
    ],
)
def test_a_wrong_address_is_refused_when_it_is_configured(url: str) -> None:
    (finding,) = Channels({"x": url}).read("x")
    assert not finding.ok
    assert say(finding.key, "zh", **finding.values)


def test_a_scheme_may_be_written_in_capitals(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    channels = Channels({"sms": "RECORD://?medium=SMS", "x": "SMSC://u:p@127.0.0.1:9/?from=1&tls=no"}, file)
    assert channels.send(told("sms")).taken
    assert file.exists()
    assert channels.traits("sms").medium is Medium.SMS
    assert channels.heard("x") == []
    assert channels._lines["x"]._way is not None  # it was opened to listen


# stock services --------------------------------------------------------------------------------------------------------


def test_a_stock_service_is_unconfirmed_and_gets_one_recipient_a_message() -> None:
    with http() as server:
        channels = Channels({"im": f"json://127.0.0.1:{server.port}/{{to}}"})
        outcomes = [channels.send(told("im", to)) for to in ("zhang.san", "13800138000")]
        assert [o.verdict for o in outcomes] == [Verdict.UNCONFIRMED] * 2
        assert [asked.path for asked in server.asked] == ["/zhang.san", "/13800138000"]
        assert [channels.send(told("im", to)).trouble for to in ("a/b", "a@b.cn,c@d.cn", "x y", "")] == [Trouble.NUMBER] * 4
        assert [service.request_rate_per_sec for service in Stock(f"json://127.0.0.1:{server.port}/", True)._opened("x")] == [0]
        server.answers = lambda _: (500, {})
        assert channels.send(told("im")).verdict is Verdict.TEMPORARY
        assert channels.ask(told("im"), None).code == "not_askable"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_stock_service_reaches_no_private_address_unless_its_url_says_so(host: str) -> None:
    with http() as server:
        url = f"json://{host}:{server.port}/"
        assert Channels({"im": url}, allow_private=False).send(told("im")).verdict is Verdict.TEMPORARY
        assert server.asked == []
        assert Channels({"im": url + "?private=yes"}, allow_private=False).send(told("im")).verdict is Verdict.UNCONFIRMED
        with socket.create_connection(("127.0.0.1", server.port)):  # others are not watched
            pass


def test_a_stock_service_uses_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with http() as proxy, http() as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert Channels({"im": f"json://127.0.0.1:{server.port}/"}).send(told("im")).verdict is Verdict.UNCONFIRMED
        assert (len(proxy.asked), len(server.asked)) == (0, 1)


def test_a_stock_service_follows_no_redirect() -> None:
    with http() as other, http() as server:
        server.answers = lambda _: (307, {}, {"Location": f"http://127.0.0.1:{other.port}/"})
        assert Channels({"im": f"json://127.0.0.1:{server.port}/"}).send(told("im")).verdict is Verdict.TEMPORARY
        assert other.asked == []

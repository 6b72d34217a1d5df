"""The bus: what is told of a channel, whom it may talk to, what a fault on the way means, what of an address is shown."""

import ast
import contextlib
import json
import select
import socket
import ssl
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apprise
import pytest
from apprise.manager_plugins import NotificationManager
from hypothesis import given
from hypothesis import strategies as st

from clock import pause
from notifications.channels.bus import Channels
from notifications.channels.endpoint import read_endpoint
from notifications.channels.errors import BadUrl, NoAnswer, NotSent, judged, tidied
from notifications.channels.guard import allowed, dial
from notifications.channels.http import Client, client_for
from notifications.channels.schemes import SCHEMES, AddressKind, Medium
from notifications.channels.secrets import MASK, Secrets, masked_url
from notifications.channels.stock import Stock
from notifications.outcome import Outgoing, ProviderWords, Trouble, Verdict
from tests.support.listening import HANG_UP, Asked, http, papers
from wording import LANGUAGES, say, sentences

ROOT = Path(__file__).parents[1]
SECRET = "s3cr&t:/?@#%+"


def told(channel: str, to: str = "13800138000", number: int = 1) -> Outgoing:
    return Outgoing(number, channel, to, "题目", "【五治】工单请签收。")


# the bus --------------------------------------------------------------------------------------------------------------


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


# stock services -------------------------------------------------------------------------------------------------------


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


# whom we may talk to --------------------------------------------------------------------------------------------------

PRIVATE = (
    *("10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1"),
    *("::1", "fd12::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "fec0::1", "::ffff:0:10.0.0.1"),
)
NEVER = (
    *("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "0.0.0.0", "224.0.0.1", "::ffff:0:169.254.169.254"),
    *("::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "::", "fd00:ec2::254"),
)
PUBLIC = ("8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_leave(address: str) -> None:
    assert not allowed(address, private=False)
    assert allowed(address, private=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_dialled(address: str) -> None:
    assert not allowed(address, private=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_dialled(address: str) -> None:
    assert allowed(address, private=False)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_it_is_wrapped(address: object) -> None:
    for private in (False, True):
        plain = allowed(str(address), private=private)
        assert allowed(f"::ffff:{address}", private=private) == plain


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1"])
def test_a_name_is_judged_by_what_it_resolves_to(host: str) -> None:
    with http() as server:
        with pytest.raises(NotSent) as refused:
            dial(host, server.port, 1, private=False)
        assert refused.value.code in ("private", "name")
        dial(host if "x" not in host else "127.0.0.1", server.port, 1, private=True).close()


def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was judged is the one that is dialled: the name is asked once."""
    asked: list[str] = []

    def resolver(host: str, port: int, *_: object, **__: object) -> list[object]:
        asked.append(host)
        address = "8.8.8.8" if len(asked) > 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with http() as server:
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        dial("rebinding.example.cn", server.port, 1, private=True).close()
        assert asked == ["rebinding.example.cn"]
        asked.clear()
        with pytest.raises(NotSent, match="private"):
            dial("rebinding.example.cn", server.port, 1, private=False)


def test_a_private_gateway_is_refused_in_words_until_its_address_allows_it() -> None:
    with http() as server:
        url = f"hook://:s@127.0.0.1:{server.port}/?tls=no"
        closed, opened = Channels({"x": url}, allow_private=False), Channels({"x": url + "&private=yes"}, allow_private=False)
        assert closed.send(told("x")).code == "private"
        (finding,) = closed.check("x")
        assert finding.key == "channel_check.private"
        assert "private=yes" in say(finding.key, "zh", **finding.values)
        assert opened.send(told("x")).taken


# what a fault on the way means ----------------------------------------------------------------------------------------


def client(port: int, **options: object) -> Client:
    return client_for(read_endpoint(f"hook://127.0.0.1:{port}/?tls=no&wait=1"), private=True)


def test_a_connection_is_kept_and_its_end_is_noticed_before_anything_is_sent() -> None:
    with http() as server:
        kept = client(server.port)
        for _ in range(3):
            assert kept.post("/", b"{}", {}).status == 200
        assert len({asked.connection for asked in server.asked}) == 1
        server.close_after = True
        for _ in range(5):
            kept.post("/", b"{}", {})
            select.select([kept._kept], [], [], 5)  # its end has come
        assert len(server.asked) == 8


def test_what_cannot_have_arrived_is_not_sent() -> None:
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    with pytest.raises(NotSent, match="connect"):
        client(port).post("/", b"{}", {})
    with pytest.raises(NotSent, match="name"):
        Client("no-such-host.invalid", 80, tls=False, private=True).post("/", b"{}", {})


def test_silence_after_the_request_is_no_answer() -> None:
    with http() as server:
        server.answers = lambda _: (HANG_UP, None)
        with pytest.raises(NoAnswer, match="dropped"):
            client(server.port).post("/", b"{}", {})
        server.answers = lambda _: (200, b"{", {"Content-Length": "9"}) if not server.hold.wait(0.1) else (200, {})
        server.close_after = True
        with pytest.raises(NoAnswer, match="dropped"):
            client(server.port).post("/", b"{}", {})
        server.answers = lambda _: (server.hold.wait(10), (200, {}))[1]
        with pytest.raises(NoAnswer, match="timeout"):
            client(server.port).post("/", b"{}", {})
        assert len(server.asked) == 3  # nothing is ever sent twice


def dripping(first: bytes) -> tuple[socket.socket, threading.Event]:
    """A server that answers whatever comes with this, and with a byte a tenth of a second for as long as anybody reads."""
    server, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.sendall(first)
                while not stop.wait(0.1):
                    connection.sendall(b"3")

    threading.Thread(target=serve, daemon=True).start()
    return server, stop


def test_an_answer_that_drips_ends_with_its_attempt() -> None:
    server, stop = dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    with server, pytest.raises(NoAnswer, match="timeout"):
        client(server.getsockname()[1]).post("/", b"{}", {})
    stop.set()


def test_a_handshake_waits_no_longer_than_the_address_says(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float | None] = []
    shaken = ssl.SSLContext.wrap_socket

    def shake(context: ssl.SSLContext, sock: socket.socket, **named: Any) -> socket.socket:
        waited.append(sock.gettimeout())
        return shaken(context, sock, **named)

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", shake)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = f"hook://:k@127.0.0.1:{silent.getsockname()[1]}/?wait=1"
        assert Channels({"x": at}).send(told("x")).code == "connect"
    assert waited == [1.0]


def test_the_outcome_says_whether_it_may_have_been_taken() -> None:
    with http(lambda _: (HANG_UP, None)) as server:
        channels = Channels({"x": f"hook://:s@127.0.0.1:{server.port}/?tls=no"})
        assert channels.send(told("x")).verdict is Verdict.UNKNOWN
    gone = channels.send(told("x"))
    assert (gone.verdict, gone.trouble) == (Verdict.TEMPORARY, Trouble.DOWN)
    assert channels.check("x")[0].key == "channel_check.unreachable"


def test_a_redirect_is_an_answer_and_a_long_answer_is_cut() -> None:
    with http() as other, http() as server:
        server.answers = lambda _: (302, {}, {"Location": f"http://127.0.0.1:{other.port}/"})
        assert client(server.port).post("/", b"{}", {}).status == 302
        assert other.asked == []
        server.answers = lambda _: (200, b"x" * 500_000)
        kept = client(server.port)
        assert len(kept.post("/", b"", {}).body) == 1 << 18
        server.answers = lambda _: (200, {"ok": 1})
        assert kept.get("/").json() == {"ok": 1}


def test_tls_is_verified_against_the_authority_that_the_address_names(tmp_path: Path) -> None:
    made = papers(tmp_path)
    with http(context=made.server()) as server:
        at = f"hook://:s@localhost:{server.port}/"
        channels = Channels({"trusting": f"{at}?ca={quote(str(made.authority))}", "strict": at, "broken": f"{at}?ca=/nowhere.pem"})
        assert channels.send(told("trusting")).taken
        strict = channels.send(told("strict"))
        assert (strict.verdict, strict.code, strict.trouble) == (Verdict.TEMPORARY, "certificate", Trouble.CREDENTIALS)
        assert channels.check("strict")[0].key == "channel_check.certificate"
        assert channels.check("broken")[0].key == "channel_check.bad_ca"


# what is shown --------------------------------------------------------------------------------------------------------


def test_secrets_are_filled_in_from_environment_and_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    known = Secrets({"BIHUAN_SECRET_ONE": "a/b", "BIHUAN_SECRET_TWO_FILE": str(file)})
    filled = read_endpoint(known.filled("mail://{secret:one}:{secret:TWO}@h/?from=a@b.cn"))
    assert (filled.user, filled.password, filled.host) == ("a/b", SECRET, "h")


@pytest.mark.parametrize(("environment", "code"), [({}, "no_secret"), ({"BIHUAN_SECRET_ONE_FILE": "/nowhere"}, "secret_unreadable")])
def test_a_secret_that_is_not_there_is_named(environment: dict[str, str], code: str) -> None:
    with pytest.raises(BadUrl) as bad:
        Secrets(environment).filled("mail://u:{secret:ONE}@h/")
    assert bad.value.code == code
    assert "BIHUAN_SECRET_ONE" in say(bad.value.key, "en", **bad.value.values)
    channels = Channels({"email": "mail://u:{secret:ONE}@h/?from=a@b.cn"}, secrets=Secrets(environment))
    assert channels.send(told("email")).trouble is Trouble.CREDENTIALS


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@pytest.mark.parametrize(
    "form",
    [
        "{s}://user:{x}@host:99/path?from=a",
        "{s}://{x}@host/",
        "{s}://host/?secret={x}&token={x}",
        "{s}://user:{x}@[::1/",
        "{s}://user:{x}@host:port/",
    ],
)
def test_no_address_shows_its_secret(scheme: str, form: str) -> None:
    raw = "Gk7" + "Zq2Wm9"
    if form == "{s}://{x}@host/" and scheme in ("mail", "mails"):
        return  # there it is the name of an account
    shown = masked_url(form.format(s=scheme, x=raw))
    assert raw not in shown
    assert MASK in shown
    assert shown.startswith(f"{scheme}://")


def test_an_address_shows_where_it_leads_and_which_secret_it_uses() -> None:
    assert masked_url("mail://wuzhi:pass@mx.example.cn:587/?from=a@b.cn&tls=starttls") == (
        "mail://wu****:****@mx.example.cn:587/?from=a@b.cn&tls=starttls"
    )
    assert masked_url("alisms://{secret:ID}:{secret:KEY}@dysmsapi.example.cn/?sign=x") == (
        "alisms://{secret:ID}:{secret:KEY}@dysmsapi.example.cn/?sign=x"
    )
    assert masked_url("gotify://host/token") == "gotify://****"
    assert masked_url("rubbish") == MASK
    assert masked_url("mail://mx.example.cn/?from=a@b.cn&tls=none") == "mail://mx.example.cn/?from=a@b.cn&tls=none"


@pytest.mark.parametrize("cut", ["/", "?", "#", "/?", "?#", "?from="])
@pytest.mark.parametrize("half", ["geheim", "12"])
@pytest.mark.parametrize("scheme", ["mail", "hook", "gwsms", "voice", "smsc", "alisms", "record"])
def test_a_password_that_is_not_percent_encoded_is_not_shown(scheme: str, half: str, cut: str) -> None:
    shown = masked_url(f"{scheme}://user:{half}{cut}Zq2Wm9@host.cn:25/path?from=a@b.cn")
    assert shown == f"{scheme}://{MASK}"
    assert "Zq2" not in masked_url(f"{scheme}://:s@host/p?Zq2Wm9")


@given(st.text(max_size=60))
def test_masking_stands_everything(text: str) -> None:
    masked_url(text)
    masked_url("mail://" + text)


@pytest.mark.parametrize("url", ["mail://u:pa/77@h/", "mail://u:pa?77=x@h/", "mail://u:pa/?x77=x@h/", "hook://:a:7777x@h/"])
def test_a_password_written_badly_is_not_told_by_the_error(url: str) -> None:
    channels = Channels({"x": url})
    said = " ".join([str(channels.send(told("x"))), *(say(f.key, "zh", **f.values) for f in channels.check("x"))])
    assert "77" not in said


def test_what_a_provider_says_is_kept_without_numbers_and_mailboxes() -> None:
    outcome = judged("E1", "bad number 13800138000\n to a.b@example.cn, +86 138 0013 8000 " + "x" * 300, {})
    assert "1380" not in outcome.words
    assert "@" not in outcome.words
    assert "\n" not in outcome.words
    assert len(outcome.words) == 200
    assert tidied("5.7.1 no") == "5.7.1 no"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_is_worded(lang: str) -> None:
    known = set(sentences(lang)["channel_check"])
    used = set()
    for file in (ROOT / "notifications").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if (
                id(node) not in parts
                and isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value.startswith("channel_check.")
            ):
                used.add(node.value.partition(".")[2])
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "BadUrl" and isinstance(node.args[0], ast.Constant):
                used.add(node.args[0].value)
    assert used - {""} <= known


def test_the_page_of_channels_names_every_scheme() -> None:
    page = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
    missing = [code for code in SCHEMES if f"`{code}`" not in page and f"`{code.removesuffix('s')}(s)`" not in page]
    assert missing == []


@pytest.mark.parametrize("header", [{"X": "a\r\nY: b"}, {"X\n": "a"}, {"X": "文"}])
def test_a_header_cannot_break_out_of_its_line(header: dict[str, str]) -> None:
    with http() as server:
        with pytest.raises(NotSent, match="broken"):
            client(server.port).post("/", b"", header)
        client(server.port).post("/街 道\r\nX: y?z=1", b"", {"host": "of.their.own"})
        (asked,) = server.asked
        assert asked.path == "/%E8%A1%97%20%E9%81%93%0D%0AX:%20y?z=1"
        assert asked.headers["host"] == "of.their.own"


def test_a_host_is_named_with_its_port() -> None:
    with http() as server:
        client(server.port).get("/")
        assert server.asked[0].headers["host"] == f"127.0.0.1:{server.port}"


def test_asked_is_kept_whole() -> None:
    with http() as server:
        client(server.port).post("/a?b=c", "文".encode(), {"X-Y": "z"})
        asked: Asked = server.asked[0]
        assert (asked.method, asked.path, asked.body.decode(), asked.headers["x-y"]) == ("POST", "/a?b=c", "文", "z")

"""Whom we may talk to, and what a fault on the way means."""

import contextlib
import select
import socket
import ssl
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels.bus import Channels
from notifications.channels.errors import NoAnswer, NotSent
from notifications.channels.guard import allowed, dial
from notifications.channels.http import Client
from notifications.outcome import Trouble, Verdict
from tests.support.asking_channels import client, told
from tests.support.listening import HANG_UP, http, papers
from wording import say

PRIVATE = (
    *("10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1"),
    *("::1", "fd12::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "fec0::1", "::ffff:0:10.0.0.1"),
)
NEVER = (
    *("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "0.0.0.0", "224.0.0.1", "::ffff:0:169.254.169.254"),
    *("::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "::", "fd00:ec2::254"),
)
PUBLIC = ("8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808")


# whom we may talk to ---------------------------------------------------------------------------------------------------


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


# what a fault on the way means -----------------------------------------------------------------------------------------


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

"""The connection to a mail server: kept, lost, trusted."""

import contextlib
import socket
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtpd.smtp import SMTP

from notifications.channels.bus import Channels
from notifications.outcome import Outgoing, Trouble, Verdict
from tests.support.listening import papers
from tests.support.post_office import SENDER, Post, account, opened, post_office, told

# the connection --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pipelining", [False, True])
def test_one_connection_is_kept(post: Post, pipelining: bool) -> None:
    post.pipelining = pipelining
    channels = opened(post)
    for number in range(20):
        assert channels.send(told(number=number)).taken
    assert len(post.connections) == 1
    assert [mail["message-id"] for mail in post.mails()] == [f"<BH{n}@example.gov.cn>" for n in range(20)]
    assert post.seen == ["[127.0.0.1]"]


def test_a_connection_that_was_closed_is_opened_anew_and_nothing_is_lost_or_sent_twice(post: Post) -> None:
    channels = opened(post)
    for number in range(10):
        assert channels.send(told(number=number)).taken
        post.drop()
    assert len(post.taken) == 10


def test_a_server_that_hangs_up_after_the_text_leaves_it_unknown(post: Post) -> None:
    def hang_up(server: SMTP) -> str:
        server.transport.abort()  # type: ignore[union-attr]
        return "250 too late"

    post.at_data = hang_up
    channels = opened(post)
    outcome = channels.send(told())
    assert (outcome.verdict, outcome.trouble) == (Verdict.UNKNOWN, Trouble.DOWN)
    post.at_data = None
    assert channels.send(told()).taken


def test_a_server_that_says_nothing_after_the_text_leaves_it_unknown() -> None:
    outcome = answered_by([b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"])
    assert (outcome.verdict, outcome.code) == (Verdict.UNKNOWN, "timeout")


@pytest.mark.parametrize(
    ("answers", "verdict", "trouble"),
    [
        ([b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n"], Verdict.TEMPORARY, Trouble.DOWN),  # silent before the text
        ([b""], Verdict.TEMPORARY, Trouble.DOWN),
        ([b"554 go away\r\n"], Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ([b"421 busy\r\n"], Verdict.TEMPORARY, Trouble.DOWN),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], Verdict.TEMPORARY, Trouble.DOWN),
    ],
)
def test_a_fault_before_the_text_cannot_have_been_taken(answers: list[bytes], verdict: Verdict, trouble: Trouble) -> None:
    outcome = answered_by(answers)
    assert (outcome.verdict, outcome.trouble) == (verdict, trouble)


def answered_by(answers: list[bytes]) -> Any:
    """Send to a server that answers each command with the next of these and then falls silent."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                for answer in answers:
                    connection.sendall(answer)
                    connection.recv(4096)
                connection.recv(65536)
                connection.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        channels = Channels({"email": f"mail://127.0.0.1:{server.getsockname()[1]}/?from={SENDER}&tls=none&wait=1"})
        try:
            return channels.send(told())
        finally:
            channels.close()
            thread.join(5)


def until_dot(lines: Iterable[bytes]) -> list[bytes]:
    """A mail in one piece; none when the connection ends before the dot."""
    text = b""
    for line in lines:
        if line == b".\r\n":
            return [text]
        text += line
    return []


@contextlib.contextmanager
def careless(replies: dict[bytes, bytes], pipelining: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """A server that asks for the text whatever it has refused before; gives its port and the mails it took."""
    taken: list[bytes] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as lines:
                    connection.sendall(b"220 hi\r\n")
                    for line in lines:
                        verb = line[:4].strip().upper()
                        hello = b"250-hi\r\n250 PIPELINING\r\n" if pipelining else b"250 hi\r\n"
                        connection.sendall(replies.get(verb, {b"EHLO": hello, b"DATA": b"354 go\r\n"}.get(verb, b"250 ok\r\n")))
                        if verb == b"DATA" and verb not in replies:
                            text = until_dot(lines)
                            taken.extend(text)
                            connection.sendall(b"250 queued\r\n" if text else b"")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], taken


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    "replies",
    [
        {b"RCPT": b"450 4.2.0 greylisted\r\n"},
        {b"RCPT": b"252 perhaps\r\n"},
        {b"MAIL": b"451 later\r\n"},
        {b"MAIL": b"garbage\r\n"},
        {b"DATA": b"250 what of it\r\n"},
    ],
)
def test_no_empty_mail_goes_out_after_a_refusal(pipelining: bool, replies: dict[bytes, bytes]) -> None:
    says = dict(replies)
    with careless(says, pipelining) as (port, taken):
        channels = Channels({"email": f"mail://127.0.0.1:{port}/?from={SENDER}&tls=none&wait=1"})
        assert channels.send(told()).verdict is Verdict.TEMPORARY
        says.clear()
        assert channels.send(told()).taken
        channels.close()
        assert [b"Message-ID" in each for each in taken] == [True]


def test_a_server_that_drips_ends_with_the_attempt() -> None:
    with careless({b"RCPT": b"250-ok\r\n" * 5}) as (port, _):
        channels = Channels({"email": f"mail://127.0.0.1:{port}/?from={SENDER}&tls=none&wait=1"})
        assert channels.send(told()).words == "timeout"

    def drip() -> None:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"220 ")
                while not stop.wait(0.1):
                    connection.sendall(b"x")

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, daemon=True).start()
        at = server.getsockname()[1]
        outcome = Channels({"email": f"mail://127.0.0.1:{at}/?from={SENDER}&tls=none&wait=1"}).send(told())
        stop.set()
    assert (outcome.verdict, outcome.words) == (Verdict.TEMPORARY, "timeout")


def test_nobody_there_is_a_fault_for_now(post: Post) -> None:
    with post_office() as gone:
        channels = opened(gone)
        channels.send(told())
    outcome = channels.send(told())
    assert (outcome.verdict, outcome.trouble) == (Verdict.TEMPORARY, Trouble.DOWN)
    assert channels.check("email")[0].key == "channel_check.unreachable"


# account and trust -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "key", "trouble"),
    [
        ("wuzhi:p%40ss%20w%2Frd@", "logged_in", None),
        ("wuzhi:wrong@", "credentials", Trouble.CREDENTIALS),
        ("", "credentials", Trouble.CREDENTIALS),
    ],
)
def test_an_account_is_tried_when_it_is_configured(tmp_path: Path, who: str, key: str, trouble: Trouble | None) -> None:
    made = papers(tmp_path)
    options = {"authenticator": account, "auth_required": True, "require_starttls": True, "tls_context": made.server()}
    with post_office(**options) as post:
        channels = opened(post, f"&ca={quote(str(made.authority))}", who)
        (finding,) = channels.check("email")
        assert finding.key == f"channel_check.{key}"
        assert "wrong" not in str(finding)
        outcome = channels.send(told())
        assert outcome.trouble is trouble
        assert outcome.verdict is (Verdict.ACCEPTED if trouble is None else Verdict.TEMPORARY)
        assert len(post.taken) == (trouble is None)


@pytest.mark.parametrize(("host", "warned"), [("127.1", True), ("127.0.0.1", False), ("localhost", False)])
def test_a_password_in_clear_is_warned_of(host: str, warned: bool) -> None:
    with post_office(authenticator=account, auth_require_tls=False) as post:
        found = Channels({"email": f"mail://wuzhi:p%40ss%20w%2Frd@{host}:{post.port}/?from={SENDER}&tls=none"}).check("email")
    assert found[0].key == "channel_check.logged_in"
    assert [each.key for each in found[1:]] == ["channel_check.password_in_clear"] * warned
    assert all(each.ok for each in found)


def test_starttls_must_succeed_and_the_certificate_must_be_trusted(post: Post, tmp_path: Path) -> None:
    assert opened(post, "").check("email")[0].key == "channel_check.no_starttls"
    assert opened(post, "").send(told()).trouble is Trouble.CREDENTIALS
    with post_office(tls_context=papers(tmp_path).server()) as untrusted:
        assert opened(untrusted, "").check("email")[0].key == "channel_check.certificate"
        assert opened(untrusted, "").send(told()).code == "certificate"
    assert post.taken == []


def test_mails_speaks_tls_from_the_first_byte(tmp_path: Path) -> None:
    made = papers(tmp_path)
    with post_office(made.server()) as post:
        url = f"mails://localhost:{post.port}/?from={SENDER}&ca={quote(str(made.authority))}"
        channels = Channels({"email": url, "plain": url.replace("mails:", "mail:") + "&tls=tls"})
        assert channels.send(told()).taken
        assert channels.send(Outgoing(13, "plain", "li@example.cn", "s", "t")).taken
        assert len(post.taken) == 2


def test_a_check_announces_the_sender_and_sends_nothing(post: Post) -> None:
    channels = opened(post)
    assert channels.check("email")[0].key == "channel_check.logged_in"
    post.replies["MAIL"] = "550 5.7.1 not yours"
    (finding,) = channels.check("email")
    assert (finding.ok, finding.values["code"]) == (False, "550")
    assert post.taken == []


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("mail://h/", "missing"),
        ("mail://h/?from=nobody", "bad_mailbox"),
        ("mail://h/?from=a@b.cn%0d%0aX:y", "bad_mailbox"),
        ("mail:///?from=a@b.cn", "missing"),
        ("mail://user@h/?from=a@b.cn", "missing"),
        ("mail://h/?from=a@b.cn&tls=maybe", "choice"),
        ("mails://h/?from=a@b.cn&tls=none", "choice"),
        ("mail://h/?from=a@b.cn&form=x", "option"),
        ("mail://h:99999/?from=a@b.cn", "bad_url"),
    ],
)
def test_a_bad_address_is_refused_in_words(url: str, key: str) -> None:
    assert Channels({"email": url}).check("email")[0].key == f"channel_check.{key}"

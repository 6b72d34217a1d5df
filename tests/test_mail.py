# ruff: noqa: N802 - names that aiosmtpd calls
"""E-mail: one kept connection, the server's code for each recipient, the same Message-ID at every attempt, headers nobody can add to."""

import asyncio
import contextlib
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given
from hypothesis import strategies as st

from clock import utcnow
from notifications.channels.bus import Channels
from notifications.mail.composing import compose, encoded
from notifications.outcome import Outgoing, Trouble, Verdict
from tests.support.listening import papers

SENDER = "wuzhi@example.gov.cn"


def told(to: str = "zhang@example.cn", number: int = 12, subject: str = "工单待签收", text: str = "第一行\n第二行") -> Outgoing:
    return Outgoing(number, "email", to, subject, text)


@dataclass
class Post:
    """A real SMTP server: what it took, what it answers, how often somebody connected."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    connections: list[Any] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)  #: MAIL, RCPT, DATA or a recipient → the reply
    pipelining: bool = False
    at_data: Callable[[SMTP], str] | None = None
    seen: list[str] = field(default_factory=list)

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:
        session.host_name = hostname
        self.connections.append(server)
        self.seen.append(hostname)
        return [*responses[:-1], *(["250-PIPELINING"] if self.pipelining else []), responses[-1]]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        reply = self.replies.get("MAIL", "250 OK")
        if reply.startswith("250"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        reply = self.replies.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.at_data is not None:
            return self.at_data(server)
        reply = self.replies.get("DATA", "250 OK: queued as 4fQ9")
        if reply.startswith("250"):
            self.taken.append(envelope)
        return reply

    def drop(self) -> None:
        """Close every open connection, as a server does with idle ones."""
        for server in self.connections:
            if server.transport is not None:
                server.loop.call_soon_threadsafe(server.transport.close)

    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(e.content, policy=email.policy.default) for e in self.taken]  # type: ignore[arg-type,misc]


@contextlib.contextmanager
def post_office(context: ssl.SSLContext | None = None, **options: Any) -> Iterator[Post]:
    """A server in a loop of its own, which ends when every connection has ended."""
    post, made, started, loop = Post(), [], threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    def protocol() -> SMTP:
        made.append(SMTP(post, loop=loop, **options))
        return made[-1]

    async def serve() -> None:
        server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context)
        post.port = server.sockets[0].getsockname()[1]
        started.set()
        await stop.wait()
        server.close()
        while any(smtp.transport is not None for smtp in made):
            for smtp in made:
                if smtp.transport is not None:
                    smtp.transport.abort()
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.001)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait(10)
    try:
        yield post
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office() as made:
        yield made


def opened(post: Post, options: str = "&tls=none", account: str = "") -> Channels:
    return Channels({"email": f"mail://{account}127.0.0.1:{post.port}/?from={SENDER}&name=%E4%BA%94%E6%B2%BB%E8%81%94%E5%8A%A8{options}"})


# what arrives ---------------------------------------------------------------------------------------------------------


def test_a_mail_arrives_as_it_was_meant(post: Post) -> None:
    channels = opened(post)
    outcome = channels.send(told())
    assert (outcome.verdict, outcome.code, outcome.provider_id) == (Verdict.ACCEPTED, "250", "4fQ9")
    (mail,) = post.mails()
    assert mail["subject"] == "工单待签收"
    assert mail["from"] == f"五治联动 <{SENDER}>"
    assert mail["to"] == "zhang@example.cn"
    assert mail["message-id"] == "<BH12@example.gov.cn>"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["date"].datetime.tzinfo is not None
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["第一行", "第二行"]
    assert (post.taken[0].mail_from, post.taken[0].rcpt_tos) == (SENDER, ["zhang@example.cn"])


def test_every_attempt_has_the_same_message_id(post: Post) -> None:
    channels = opened(post)
    for _ in range(2):
        channels.send(told())
    assert {mail["message-id"] for mail in post.mails()} == {"<BH12@example.gov.cn>"}


def test_a_server_that_names_nothing_is_known_by_the_message_id(post: Post) -> None:
    post.at_data = lambda _: "250 fine"
    assert opened(post).send(told()).provider_id == "<BH12@example.gov.cn>"


def test_a_line_that_begins_with_a_dot_stays(post: Post) -> None:
    opened(post).send(told(text=".\n..\nQUIT\n."))
    assert post.mails()[0].get_content().splitlines() == [".", "..", "QUIT", "."]


HEADERS = ["from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type", "content-transfer-encoding"]


@given(subject=st.text(max_size=200), name=st.text(max_size=80), text=st.text(max_size=300))
def test_nobody_can_add_a_header(subject: str, name: str, text: str) -> None:
    raw = compose(told(subject=subject, text=text), SENDER, name, utcnow())
    mail = email.message_from_bytes(raw)
    assert [key.lower() for key in mail] == HEADERS
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r") == 0
    assert not any(line.startswith(b".") for line in raw.split(b"\r\n"))
    assert raw.endswith(b"\r\n")
    said = mail.get_payload(decode=True)
    assert isinstance(said, bytes)
    assert said.decode() == "\r\n".join(text.splitlines()).encode("utf-8", "replace").decode()


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200))
def test_a_header_says_what_was_meant(text: str) -> None:
    from email.header import decode_header, make_header

    line = encoded(text)
    assert all(len(part) <= 75 for part in line.split("\r\n "))
    assert str(make_header(decode_header(line.replace("\r\n ", "\n ")))) == text.strip()


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b@c", "a b@example.cn", "a@example.cn\r\nRCPT TO:<evil@example.cn>", "<a@example.cn>", "张@example.cn"]
)
def test_what_is_no_mailbox_never_reaches_the_server(post: Post, to: str) -> None:
    outcome = opened(post).send(told(to))
    assert (outcome.verdict, outcome.trouble) == (Verdict.PERMANENT, Trouble.NUMBER)
    assert post.connections == []


# what the server says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    ("where", "reply", "verdict", "trouble"),
    [
        ("zhang@example.cn", "550 5.1.1 No such user here", Verdict.PERMANENT, Trouble.NUMBER),
        ("zhang@example.cn", "550 no such user", Verdict.PERMANENT, Trouble.NUMBER),
        ("zhang@example.cn", "551 moved", Verdict.PERMANENT, Trouble.NUMBER),
        ("zhang@example.cn", "553 mailbox name", Verdict.PERMANENT, Trouble.NUMBER),
        ("zhang@example.cn", "550 5.7.1 relaying denied", Verdict.PERMANENT, None),
        ("zhang@example.cn", "552 5.2.2 mailbox full", Verdict.PERMANENT, None),
        ("zhang@example.cn", "450 4.2.0 greylisted", Verdict.TEMPORARY, None),
        ("zhang@example.cn", "451 4.7.1 try again", Verdict.TEMPORARY, None),
        ("zhang@example.cn", "530 5.7.0 authentication required", Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ("MAIL", "550 5.7.1 sender not allowed", Verdict.TEMPORARY, Trouble.CREDENTIALS),
        ("MAIL", "452 4.3.1 no room", Verdict.TEMPORARY, None),
        ("DATA", "554 5.7.1 rejected as spam", Verdict.PERMANENT, None),
        ("DATA", "451 4.3.0 try again", Verdict.TEMPORARY, None),
        ("DATA", "421 4.3.2 shutting down", Verdict.TEMPORARY, Trouble.DOWN),
    ],
)
def test_what_a_reply_means(post: Post, pipelining: bool, where: str, reply: str, verdict: Verdict, trouble: Trouble | None) -> None:
    post.pipelining = pipelining
    post.replies[where] = reply
    channels = opened(post)
    outcome = channels.send(told())
    assert (outcome.verdict, outcome.trouble, outcome.code) == (verdict, trouble, reply[:3])
    assert post.taken == []
    post.replies.clear()
    assert channels.send(told("li@example.cn")).taken  # the next one is not harmed
    assert post.taken[0].rcpt_tos == ["li@example.cn"]


def test_a_refused_recipient_is_told_without_his_address(post: Post) -> None:
    post.replies["zhang@example.cn"] = "550 5.1.1 <zhang@example.cn>: no such user"
    assert "zhang" not in opened(post).send(told()).words


# the connection -------------------------------------------------------------------------------------------------------


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


# account and trust ----------------------------------------------------------------------------------------------------


def account(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"wuzhi", b"p@ss w/rd")
    return AuthResult(success=right, handled=False)


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

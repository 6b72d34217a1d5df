# ruff: noqa: N802 - names that aiosmtpd calls
"""A mail server of our own, which says what a test tells it to."""

import asyncio
import contextlib
import email
import email.policy
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from notifications.channels.bus import Channels
from notifications.outcome import Outgoing

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


def opened(post: Post, options: str = "&tls=none", account: str = "") -> Channels:
    return Channels({"email": f"mail://{account}127.0.0.1:{post.port}/?from={SENDER}&name=%E4%BA%94%E6%B2%BB%E8%81%94%E5%8A%A8{options}"})


def account(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"wuzhi", b"p@ss w/rd")
    return AuthResult(success=right, handled=False)

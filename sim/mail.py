"""A mail server with mailboxes: takes what comes, per recipient 550 or 451 when switched on, keeps the Message-ID."""

import asyncio
import logging
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sim.arrival import Draft
from sim.said import Said, refusal
from sim.web import CutError
from sim.world import PASSWORD, USER, DownError, World

VENDOR: Final = "mail"
LARGEST: Final = 10 << 20
for _name in ("mail.log", "mail.debug"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Postmaster:
    """What is done with every recipient and every message."""

    def __init__(self, world: World) -> None:
        """Serve this world."""
        self._world = world

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        """Take or refuse one recipient, before the message is sent."""
        del session, options
        if (answer := await self._door(server)) is not None:
            return answer
        switches = self._world.switches
        fault = switches.first(VENDOR, ("throttle", "bad_number"), address)
        if fault is not None:
            said = refusal(VENDOR, fault.kind, fault.code)
            self._world.turn_away(Draft(VENDOR, address, "", sender=envelope.mail_from or ""), said)
            return _line(said)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def _door(self, server: SMTP) -> str | None:
        """Whether the server answers at all."""
        try:
            await self._world.gate(VENDOR)
        except (CutError, DownError):
            return _cut(server)
        return None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take one message for all recipients that were taken."""
        del session
        content = envelope.content
        message = message_from_bytes(content if isinstance(content, bytes) else b"", policy=default)
        called, refused = self._world.provider_id(), None
        for address in envelope.rcpt_tos:
            try:
                met = await self._world.meet(_draft(message, address, envelope.mail_from or ""), called)
            except CutError:
                return _cut(server)
            refused = met.refused or refused
        return _line(refused) if refused else f"250 2.0.0 Ok: queued as {called}"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401 - as aiosmtpd calls it
        """Believe only the simulator's own user."""
        del server, session, envelope, mechanism
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right and self._world.rejects(VENDOR) is None, handled=False)


def _line(said: Said) -> str:
    return f"{said.code} {said.words}"


def _abort(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()


def _cut(server: SMTP) -> str:
    _abort(server)
    return "421 4.3.0 Closing"


def _draft(message: EmailMessage, address: str, sender: str) -> Draft:
    body = message.get_body(("plain", "html"))
    text = body.get_content() if body is not None else ""
    return Draft(VENDOR, address, text.strip(), str(message.get("Message-ID", "")).strip(), str(message.get("Subject", "")), sender)


class MailServer:
    """Listens at one port."""

    def __init__(self, world: World, host: str, port: int) -> None:
        """Remember where; nothing listens yet. Port 0: any free one."""
        self._host, self.port = host, port
        self._postmaster = Postmaster(world)
        self._server: asyncio.Server | None = None
        self._open: set[SMTP] = set()

    def _connection(self) -> SMTP:
        self._open = {one for one in self._open if one.transport is None or not one.transport.is_closing()}
        made = SMTP(
            self._postmaster,
            hostname="sim.bihuan.example",
            ident="Bihuan sim",
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            authenticator=self._postmaster.authenticate,
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )
        self._open.add(made)
        return made

    async def start(self) -> None:
        """Listen; the port is then known. Raises OSError when it is taken."""
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(self._connection, self._host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection; start() may be called again and takes the same port."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for one in self._open:
            _abort(one)
        self._open.clear()

"""One kept SMTP connection: opened when needed, opened anew when the server let go of it, pipelined where the server offers it."""

import contextlib
import re
import select
import smtplib
import socket
import ssl
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from notifications.channels.deadline import Deadline, Watched
from notifications.channels.errors import NoAnswer, NotSent
from notifications.channels.guard import dial
from notifications.channels.http import CONNECT_SECONDS, READ_SECONDS

_ENHANCED: Final = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")


class Stage(StrEnum):
    """How far a message had come when the server refused."""

    GREETING = "greeting"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


#: A message is announced by these, and each must be answered so before the next one counts.
_YES: Final = {Stage.SENDER: (250,), Stage.RECIPIENT: (250, 251), Stage.CONTENT: (354,)}
#: Replies by which a server says no in the words of SMTP; after any other it is not known where the two sides stand.
_NO: Final = range(400, 600)


class Refusal(Exception):  # noqa: N818 - says what happened
    """The server said no.

    Attributes:
        code: Three digits.
        status: Enhanced status (5.1.1), empty when it gives none.
        words: What it said.
    """

    def __init__(self, stage: Stage, code: int, words: bytes | str) -> None:
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        super().__init__(f"{stage}: {code} {text}")
        self.stage = stage
        self.code = str(code)
        enhanced = _ENHANCED.match(text)
        self.status = enhanced[1] if enhanced else ""
        self.words = text


class Session:
    """Submits messages, one recipient each, for one thread at a time."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        private: bool,
        implicit: ssl.SSLContext | None,
        starttls: ssl.SSLContext | None,
        wait: float = READ_SECONDS,
    ) -> None:
        """Nothing is dialled yet.

        Args:
            host: Name or IP address.
            port: 1 to 65535.
            private: Private addresses are allowed (guard.py).
            implicit: TLS from the first byte.
            starttls: TLS after the greeting; it must succeed.
            wait: Seconds for an answer; all of one message together may take twice as long.
        """
        self._host = host
        self._port = port
        self._private = private
        self._implicit = implicit
        self._starttls = starttls
        self._wait = wait
        self._deadline = Deadline(wait)
        self._account: tuple[str, str] | None = None
        self._kept: _Smtp | None = None

    def log_in_as(self, user: str, password: str) -> None:
        """Use this account whenever a connection is opened."""
        self._account = (user, password)

    def submit(self, sender: str, recipient: str, content: bytes) -> str:
        """Hand over one message.

        Returns:
            What the server said when it took it.

        Raises:
            Refusal: the server said no; nothing was taken.
            NotSent: it cannot have been taken.
            NoAnswer: the text was sent whole, and what became of it is not known.
        """
        self._deadline.begin()
        smtp = self._enveloped(sender, recipient)
        try:
            smtp.send(content + b".\r\n")
        except OSError:
            self.close()
            raise NotSent("broken", self._host) from None
        try:
            code, words = smtp.getreply()
        except smtplib.SMTPException as problem:
            self.close()
            raise NoAnswer("timeout" if _timed_out(problem) else "dropped", self._host) from None
        if code in _NO:
            self._make_fit(code)
            raise Refusal(Stage.CONTENT, code, words)
        if code != 250:  # no reply of SMTP
            self.close()
            raise NoAnswer("dropped", self._host)
        return words.decode("utf-8", "replace")

    def try_out(self, sender: str) -> None:
        """Log in and announce a sender, then take it back: nothing is sent to anybody.

        Raises:
            Refusal: the server does not want the account or the sender.
            NotSent: it cannot be reached.
        """
        self.close()
        self._deadline.begin()
        smtp = self._opened()
        try:
            code, words = smtp.docmd(f"MAIL FROM:<{sender}>")
            smtp.rset()
        except (OSError, smtplib.SMTPException) as problem:
            raise self._broken(problem) from None
        if code != 250:
            raise Refusal(Stage.SENDER, code, words)

    def close(self) -> None:
        """Let go of the connection; the next message opens another."""
        if self._kept is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._kept.close()
            self._kept = None

    def __del__(self) -> None:
        self.close()

    def _enveloped(self, sender: str, recipient: str) -> "_Smtp":
        """A connection on which the server waits for the text of this message; a kept one that turns out dead is replaced once."""
        if self._kept is not None and not _readable(self._kept.sock):
            try:
                return self._announced(self._kept, sender, recipient)
            except NotSent as problem:
                if problem.reason == "timeout":
                    raise
            except Refusal as refusal:
                if refusal.code != "421":
                    raise
        self.close()
        return self._announced(self._opened(), sender, recipient)

    def _announced(self, smtp: "_Smtp", sender: str, recipient: str) -> "_Smtp":
        commands = {
            Stage.SENDER: f"MAIL FROM:<{sender}>\r\n",
            Stage.RECIPIENT: f"RCPT TO:<{recipient}>\r\n",
            Stage.CONTENT: "DATA\r\n",
        }
        try:
            replies = smtp.said_at_once(commands) if smtp.has_extn("pipelining") else smtp.said_in_turn(commands)
        except OSError as problem:
            raise self._broken(problem) from None
        for stage, (code, words) in replies.items():
            if code not in _YES[stage]:
                self._make_fit(*(reply for reply, _ in replies.values()))
                raise Refusal(stage, code, words)
        return smtp

    def _make_fit(self, *codes: int) -> None:
        """After a refusal make the connection fit for the next message, or let go of it.

        A server that all the same waits for the text (354) would take whatever comes next for a message, so it is left at once.
        """
        if 421 in codes or not all(code in _NO or code in (250, 251) for code in codes):
            self.close()
        elif self._kept is not None:
            try:
                fit = self._kept.rset()[0] == 250
            except OSError:
                fit = False
            if not fit:
                self.close()

    def _opened(self) -> "_Smtp":
        """Raises Refusal, NotSent."""
        smtp = _Smtp(self._host, self._private, self._implicit, self._deadline)
        try:
            code, words = smtp.connect(self._host, self._port)
            if code != 220:
                raise Refusal(Stage.GREETING, code, words)
            smtp.ehlo_or_helo_if_needed()
            if self._starttls is not None:
                smtp.starttls(context=self._starttls)
                smtp.ehlo()
            if self._account is not None:
                smtp.login(*self._account)
        except smtplib.SMTPResponseException as problem:
            smtp.close()
            raise Refusal(Stage.LOGIN, problem.smtp_code, problem.smtp_error) from None
        except (OSError, ValueError, smtplib.SMTPException) as problem:
            smtp.close()
            raise self._broken(problem) from None
        except (Refusal, NotSent):
            smtp.close()
            raise
        self._kept = smtp
        return smtp

    def _broken(self, problem: Exception) -> Refusal | NotSent:
        """What a fault before the text was sent means."""
        self.close()
        if isinstance(problem, ssl.SSLCertVerificationError):
            return NotSent("certificate", self._host, problem.verify_message)
        if isinstance(problem, smtplib.SMTPNotSupportedError):
            return Refusal(Stage.LOGIN, 0, str(problem))
        return NotSent("connect", self._host, "timeout" if _timed_out(problem) else type(problem).__name__)


class _Smtp(smtplib.SMTP):
    """smtplib over a connection that the guard has made."""

    def __init__(self, host: str, private: bool, context: ssl.SSLContext | None, deadline: Deadline) -> None:
        super().__init__(local_hostname="localhost")
        self._host = host
        self._deadline = deadline
        self._private = private
        self._context = context

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = dial(host, port, CONNECT_SECONDS, private=self._private)
        self.local_hostname = _own_name(plain)
        try:
            plain.settimeout(self._deadline.left())
            return plain if self._context is None else self._context.wrap_socket(plain, server_hostname=host)
        except OSError:
            plain.close()
            raise

    def send(self, s: Any) -> None:  # noqa: ANN401 - text or bytes, as smtplib has it
        """As smtplib does it, no longer than the attempt may last."""
        if self.sock is not None:
            self.sock.settimeout(self._deadline.left())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """As smtplib does it, no longer than the attempt may last."""
        if self.file is None and self.sock is not None:
            self.file = Watched(self.sock, self._deadline).makefile()
        return super().getreply()

    def said_at_once(self, commands: Mapping[Stage, str]) -> dict[Stage, tuple[int, bytes]]:
        """Replies to commands that go out together."""
        self.send("".join(commands.values()).encode("ascii"))
        return {stage: self.getreply() for stage in commands}

    def said_in_turn(self, commands: Mapping[Stage, str]) -> dict[Stage, tuple[int, bytes]]:
        """Replies to commands, up to the first that is refused."""
        replies: dict[Stage, tuple[int, bytes]] = {}
        for stage, command in commands.items():
            self.send(command.encode("ascii"))
            replies[stage] = self.getreply()
            if replies[stage][0] not in _YES[stage]:
                break
        return replies


def _own_name(sock: socket.socket) -> str:
    """How we introduce ourselves: our end of the connection as an address literal, which needs no name."""
    address = str(sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _timed_out(problem: BaseException) -> bool:
    """Whether nobody answered in time; smtplib wraps it into a disconnection."""
    return isinstance(problem, TimeoutError) or isinstance(problem.__context__, TimeoutError)


def _readable(sock: Any) -> bool:  # noqa: ANN401 - a socket, plain or TLS; None: smtplib has closed it
    """Whether an idle connection has something to say, which is that it ends."""
    if sock is None:
        return True
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))

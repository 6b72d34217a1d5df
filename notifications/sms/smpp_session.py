"""One kept bind to an SMS centre: requests matched with their answers, the link kept alive, deliveries collected."""

import contextlib
import itertools
import logging
import secrets
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import smpp34

from notifications.channels.errors import NoAnswer, NotSent
from notifications.channels.guard import dial
from notifications.channels.http import tls_context
from notifications.sms import smpp_pdu as raw

CONNECT_SECONDS: Final = 5.0
#: After so many silent seconds the centre is asked whether it lives; the link is given up when it stays silent as long again.
LINK_SECONDS: Final = 30.0
_log = logging.getLogger("bihuan.channels")


#: Deliveries, each with the name of the link that brought it.
Came = deque[tuple[str, smpp34.DeliverSm]]


class RefusedBindError(Exception):
    """The centre does not let us in.

    Attributes:
        status: Its command_status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"bind refused: {status:#x}")
        self.status = status


@dataclass(slots=True)
class Asked:
    """A request on its way; `done` is set by its answer or by the end of the link.

    Attributes:
        command: What was asked; the answer to another request is none.
        status: What it was answered with; None: not yet.
    """

    command: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    status: int | None = None
    body: bytes = b""


class Session:
    """A link to a centre. One thread asks; another reads, answers enquire_link and deliver_sm, and keeps what came.

    smpp34 makes and reads the messages. Its own client is not used: it knows no query_sm, which must go over the same bind
    because most centres allow an account only one, and it does not say whether a submission that failed had gone out.
    """

    def __init__(self, host: str, port: int, came: Came, *, tls: bool, ca: str, private: bool, wait: float) -> None:
        """Dial, and read from then on.

        Args:
            host: Name or IP address.
            port: 1 to 65535.
            came: Where deliveries go, with the name of this link; it outlives it.
            tls: Verified against the system's authorities, or against the file `ca`.
            ca: Empty: the system's authorities.
            private: Private addresses are allowed (channels/guard.py).
            wait: Seconds for each answer.

        Raises:
            NotSent: it cannot be reached.
            BadUrl: the file `ca` cannot be read.
        """
        self.host = host
        self.alive = True
        self._name = secrets.token_hex(6)  # tells its numbers from those of any other link
        self._came = came
        self._wait = wait
        context = tls_context(ca) if tls else None
        plain = dial(host, port, CONNECT_SECONDS, private=private)
        try:
            self._socket = plain if context is None else context.wrap_socket(plain, server_hostname=host)
        except OSError as problem:
            plain.close()
            code = "certificate" if isinstance(problem, ssl.SSLCertVerificationError) else "connect"
            raise NotSent(code, host, type(problem).__name__) from None
        self._socket.setblocking(False)
        self._numbers = itertools.count(1)
        self._asked: dict[int, Asked] = {}
        self._turn = threading.Lock()  # one PDU after the other
        self._wire = threading.Lock()  # a TLS socket is not for two threads at once; nobody waits while holding it
        self._reader = threading.Thread(target=self._read, name=f"smpp {host}", daemon=True)
        self._reader.start()

    def bind(self, system_id: str, password: str, system_type: str) -> None:
        """Log in as a transceiver.

        Raises:
            RefusedBindError: the centre says no; the link is closed.
            NotSent: it breaks off, or does not answer.
        """
        try:
            status, _ = self.ask(lambda number: raw.bind(number, system_id, password, system_type))
        except NoAnswer as problem:
            self.close()
            raise NotSent("connect", self.host, problem.code) from None
        if status:
            self.close()
            raise RefusedBindError(status)

    def ask(self, make: Callable[[int], bytes], kept: Asked | None = None) -> tuple[int, bytes]:
        """Send a request and wait for its answer: command_status and body.

        Args:
            make: Makes the request with the number it is given.
            kept: New; filled by the answer even when that comes after we have stopped waiting for it.

        Raises:
            NotSent: nothing whole has left.
            NoAnswer: it left, and no answer came.
        """
        number, asked = next(self._numbers), kept or Asked()
        request = make(number)
        asked.command = raw.header(request)[1]
        self._asked[number] = asked
        try:
            self._send(request)
            if not asked.done.wait(self._wait):
                raise NoAnswer("timeout", self.host)
        except OSError as problem:
            self._end()
            raise NotSent("broken", self.host, type(problem).__name__) from None
        finally:
            if kept is None:
                self._asked.pop(number, None)
        if asked.status is None:
            raise NoAnswer("dropped", self.host)
        return asked.status, asked.body

    def close(self) -> None:
        """Say good-bye and hang up."""
        if self.alive:
            with contextlib.suppress(OSError):
                self._send(raw.pdu(raw.UNBIND, next(self._numbers)))
        self._end()
        if self._reader is not threading.current_thread():
            self._reader.join(self._wait)

    def _send(self, data: bytes) -> None:
        """Raises OSError: not all of it went out."""
        with self._turn:
            while data:
                if not self.alive:
                    raise ConnectionResetError
                try:
                    with self._wire:
                        data = data[self._socket.send(data) :]
                except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    if not self._waited(select.POLLOUT, self._wait):
                        raise TimeoutError from None

    def _end(self) -> None:
        """Hang up, and tell who waits that no answer will come."""
        self.alive = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the reader
        self._socket.close()
        for asked in list(self._asked.values()):
            asked.done.set()

    def _read(self) -> None:
        kept, in_doubt = b"", False
        try:
            while self.alive:
                if not self._readable():
                    if in_doubt:
                        break
                    in_doubt = True
                    self._send(raw.pdu(raw.ENQUIRE_LINK, next(self._numbers)))
                    continue
                if (chunk := self._received()) == b"":
                    break
                kept, in_doubt = self._taken(kept + (chunk or b"")), False
        except (OSError, ValueError) as problem:
            if self.alive:
                _log.warning("smpp %s: link lost: %s", self.host, type(problem).__name__)
        finally:
            self._end()

    def _readable(self) -> bool:
        """Wait until something came; False: LINK_SECONDS went by. Looks every second whether the link was closed by us."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        for _ in range(round(LINK_SECONDS)):
            if self._waited(select.POLLIN, 1.0):
                return True
            if not self.alive:
                raise ConnectionResetError
        return False

    def _received(self) -> bytes | None:
        """What came; None: nothing of the protocol (TLS talks of itself); empty: the centre hung up."""
        try:
            with self._wire:
                return self._socket.recv(1 << 16)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def _waited(self, what: int, seconds: float) -> bool:
        waiting = select.poll()
        try:
            waiting.register(self._socket, what)
        except ValueError:  # hung up meanwhile
            raise ConnectionResetError from None
        return bool(waiting.poll(seconds * 1000))

    def _taken(self, data: bytes) -> bytes:
        """Act on each whole PDU; gives back what is not whole yet. Raises ValueError when it is no SMPP."""
        while len(data) >= raw.HEADER_BYTES:
            length = raw.header(data)[0]
            if not raw.HEADER_BYTES <= length <= raw.MOST_BYTES:
                raise ValueError("no SMPP")
            if len(data) < length:
                break
            self._heed(data[:length])
            data = data[length:]
        return data

    def _heed(self, data: bytes) -> None:
        _, command, status, number = raw.header(data)
        if command & raw.ANSWER:
            self._answered(command, status, number, data[raw.HEADER_BYTES :])
        elif command == raw.DELIVER_SM:
            self._send(raw.pdu(command | raw.ANSWER, number, b"\0", self._keep(data)))
        elif command in (raw.ENQUIRE_LINK, raw.UNBIND):
            self._send(raw.pdu(command | raw.ANSWER, number))
            self.alive = command == raw.ENQUIRE_LINK
        else:
            self._send(raw.pdu(raw.GENERIC_NACK, number, status=raw.INVALID_COMMAND))

    def _answered(self, command: int, status: int, number: int, body: bytes) -> None:
        """Match an answer with its request; one of another kind is not heeded."""
        asked = self._asked.get(number)
        if asked is None or command not in (asked.command | raw.ANSWER, raw.GENERIC_NACK):
            _log.warning("smpp %s: an answer (%#x) to nothing that was asked", self.host, command)
            return
        asked.body, asked.status = body, status or (raw.UNKNOWN_ERROR if command == raw.GENERIC_NACK else 0)
        asked.done.set()
        self._asked.pop(number, None)

    def _keep(self, data: bytes) -> int:
        """Keep a delivery; gives back the status that answers it."""
        try:
            found = smpp34.decode(data)
        except smpp34.SmppError:
            _log.warning("smpp %s: a delivery that cannot be read", self.host)
            return raw.SYSTEM_ERROR
        if isinstance(found, smpp34.DeliverSm):
            self._came.append((self._name, found))
        return 0

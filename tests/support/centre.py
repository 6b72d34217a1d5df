"""A small SMS centre of our own: real sockets, a script, and a record. What it does not do well is what tests are about."""

import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import smpp34

from tests.support.processes import until

BIND, SUBMIT, QUERY, UNBIND, ENQUIRE = 0x09, 0x04, 0x03, 0x06, 0x15
ANSWER = 0x80000000
OK = 0


@dataclass
class Centre:
    """What it was asked, and what it says; `statuses` are given to submissions one after the other, the last one for ever.

    Attributes:
        states: message_state by the name of a message, for query_sm.
        mute: Submissions are kept and not answered.
        hangs_up: Submissions are kept, and the line is cut.
        crumbs: What is said goes out byte by byte.
    """

    port: int = 0
    bind_status: int = OK
    statuses: list[int] = field(default_factory=lambda: [OK])
    states: dict[str, int] = field(default_factory=dict)
    mute: bool = False
    hangs_up: bool = False
    crumbs: bool = False
    binds: list[bytes] = field(default_factory=list)
    submitted: list[smpp34.SubmitSm] = field(default_factory=list)
    answered: list[tuple[int, int]] = field(default_factory=list)
    lines: list[socket.socket] = field(default_factory=list)
    #: One thread at a time: TLS takes no two on the same line.
    _wire: threading.Lock = field(default_factory=threading.Lock)

    def deliver(self, source: str, text: bytes, *, number: int = 7, **more: object) -> None:
        """Bring something to whoever is bound last."""
        self.say(smpp34.DeliverSm(source, "10690", text, sequence_number=number, **more).encode())

    def say(self, data: bytes) -> None:
        """Any bytes over the last line."""
        for piece in [data[place : place + 1] for place in range(len(data))] if self.crumbs else [data]:
            self._send(self.lines[-1], piece)

    def cut(self) -> None:
        """Cut every line."""
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def heeds(self, command: int, number: int) -> None:
        """Wait until the other side has answered a request of ours."""
        until(lambda: (command | ANSWER, number) in self.answered, 10, f"an answer to {command:#x}")

    def _act(self, line: socket.socket, command: int, number: int, whole: bytes) -> bool:
        """Answer one PDU; False: the line ends."""
        body = whole[16:]
        if command & ANSWER:
            self.answered.append((command, number))
        elif command == BIND:
            self.binds.append(body)
            self._answer(line, command, number, b"SMSC\0", self.bind_status)
        elif command == SUBMIT:
            return self._submit(line, number, whole)
        elif command == QUERY:
            called = body.partition(b"\0")[0].decode()
            state = self.states.get(called)
            status = OK if state else 0x67
            self._answer(line, command, number, called.encode() + b"\0\0" + bytes((state or 0, 0)), status)
        else:
            self._answer(line, command, number)
            return command != UNBIND
        return True

    def _submit(self, line: socket.socket, number: int, whole: bytes) -> bool:
        found = smpp34.decode(whole)
        assert isinstance(found, smpp34.SubmitSm)
        self.submitted.append(found)
        if self.hangs_up or self.mute:
            return not self.hangs_up
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        self._answer(line, SUBMIT, number, b"" if status else f"smsc-{len(self.submitted)}\0".encode(), status)
        return True

    def _answer(self, line: socket.socket, command: int, number: int, body: bytes = b"", status: int = OK) -> None:
        self._send(line, struct.pack(">IIII", 16 + len(body), command | ANSWER, status, number) + body)

    def _send(self, line: socket.socket, data: bytes) -> None:
        with self._wire:
            line.sendall(data)

    def _read(self, line: socket.socket, size: int) -> bytes:
        """So many bytes; fewer when the other side hangs up."""
        found = b""
        while len(found) < size:
            if not (isinstance(line, ssl.SSLSocket) and line.pending()):
                select.select([line], [], [])
            with self._wire:
                chunk = line.recv(size - len(found))
            if not chunk:
                break
            found += chunk
        return found

    def serve(self, line: socket.socket) -> None:
        with suppress(OSError), line:
            while len(head := self._read(line, 16)) == 16:
                length, command, _, number = struct.unpack(">IIII", head)
                if not self._act(line, command, number, head + self._read(line, length - 16)):
                    line.shutdown(socket.SHUT_RDWR)
                    return


@contextmanager
def centre(context: ssl.SSLContext | None = None) -> Iterator[Centre]:
    """Run one on a port of its own."""
    made = Centre()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.port = listening.getsockname()[1]
        threads = [threading.Thread(target=_accept, args=(listening, made, context, made.serve), daemon=True)]
        threads[0].start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
    made.cut()
    threads[0].join(10)


def _accept(listening: socket.socket, made: Centre, context: ssl.SSLContext | None, serve: Callable[[socket.socket], None]) -> None:
    with suppress(OSError):
        while True:
            line, _ = listening.accept()
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                line = context.wrap_socket(line, server_side=True) if context else line
            except OSError:
                continue
            made.lines.append(line)
            threading.Thread(target=serve, args=(line,), daemon=True).start()

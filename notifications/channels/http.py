"""One kept HTTP connection of one channel: no redirects, verified TLS, and exceptions that say whether anything can have arrived."""

import json
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any, Final, cast
from urllib.parse import quote

from notifications.channels.deadline import Deadline, Watched
from notifications.channels.endpoint import Endpoint
from notifications.channels.errors import BadUrl, NoAnswer, NotSent
from notifications.channels.guard import dial

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 8.0
#: Characters of a path and its query that stay as they are.
_PATH: Final = "/%?&=:@!$'()*+,;~"
#: More of an answer is not read.
MOST_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the server says
        """The body as JSON.

        Raises:
            ValueError: it is none.
        """
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deep") from None


class Client:
    """Talks HTTP/1.1 to one server over one kept connection; for one thread at a time.

    `post(path, body, headers) -> Answer` for whatever the server answers, 200 or not. It raises

    - `NotSent` when nothing can have reached the server (TEMPORARY; `errors.on_the_way` makes the outcome);
    - `NoAnswer` when the request went out whole and the answer did not come (UNKNOWN).

    A kept connection that the server has closed meanwhile is noticed before anything is written to it. Nothing is ever sent twice.
    """

    def __init__(self, host: str, port: int, *, tls: bool, private: bool, ca: str = "", wait: float = READ_SECONDS) -> None:
        """Nothing is dialled yet.

        Args:
            host: Name or IP address.
            port: 1 to 65535.
            tls: Verified against the system's authorities, or against the file `ca`.
            private: Private addresses are allowed (guard.py).
            ca: A file with certificates of authorities, for gateways with one of their own.
            wait: Seconds for an answer; the whole exchange may take twice as long, a TLS handshake as long at most.

        Raises:
            BadUrl: the file cannot be read.
        """
        self.host = host
        self._port = port
        self._kept: socket.socket | None = None
        self._private = private
        self._wait = wait
        self._tls = tls_context(ca) if tls else None
        name = f"[{host}]" if ":" in host else host
        self._named = name if port == (443 if tls else 80) else f"{name}:{port}"

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST and read the whole answer.

        Args:
            path: With its leading slash and query, percent-encoded.
            body: As it goes over the wire.
            headers: Content-Length is added, and Host unless given.

        Raises:
            NotSent: nothing can have arrived.
            NoAnswer: it may have arrived.
        """
        return self._exchange("POST", path, body, headers)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET; otherwise like `post`."""
        return self._exchange("GET", path, None, headers or {})

    def reach(self) -> None:
        """Connect, and trust the certificate, without asking for anything.

        Raises:
            NotSent: it cannot be reached.
        """
        self._connected()

    def close(self) -> None:
        """Let go of the connection; the next call opens another."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def __del__(self) -> None:
        self.close()

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        request = self._request(method, path, body, headers)
        connection = self._connected()
        deadline = Deadline(self._wait)
        try:
            connection.settimeout(deadline.left())
            connection.sendall(request)
        except OSError as problem:
            self.close()
            raise NotSent("broken", self.host, type(problem).__name__) from None
        response = HTTPResponse(cast(socket.socket, Watched(connection, deadline)), method=method)
        try:
            response.begin()
            answer = _read(response)
        except TimeoutError:
            self.close()
            raise NoAnswer("timeout", self.host) from None
        except (OSError, HTTPException):
            self.close()
            raise NoAnswer("dropped", self.host) from None
        finally:
            ended = response.isclosed()
            response.close()
        if response.will_close or not ended:
            self.close()
        return answer

    def _request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        """Head and body in one piece, because two cost a second packet and the other side a second waking up.

        Raises:
            NotSent: a header would break out of its line.
        """
        lines = [f"{method} {quote(path, safe=_PATH)} HTTP/1.1"]
        if not any(name.lower() == "host" for name in headers):
            lines.append(f"Host: {self._named}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        if not all(line.isascii() and line.isprintable() for line in lines):
            raise NotSent("broken", self.host, "a header that is none")
        return "\r\n".join((*lines, "Accept-Encoding: identity", "", "")).encode("ascii") + (body or b"")

    def _connected(self) -> socket.socket:
        if self._kept is not None and not _readable(self._kept):
            return self._kept
        self.close()
        plain = dial(self.host, self._port, CONNECT_SECONDS, private=self._private)
        plain.settimeout(self._wait)
        try:
            self._kept = plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=self.host)
        except ssl.SSLCertVerificationError as problem:
            plain.close()
            raise NotSent("certificate", self.host, problem.verify_message) from None
        except (OSError, ValueError) as problem:
            plain.close()
            raise NotSent("connect", self.host, type(problem).__name__) from None
        return self._kept


def client_for(endpoint: Endpoint, *, private: bool) -> Client:
    """The client of a channel's address: `tls=yes` unless it says no, its own port or the usual one, `ca=` a file, `wait=` seconds.

    Raises:
        BadUrl: no host, or an option is wrong.
    """
    endpoint.need("host")
    tls = endpoint.flag("tls", True)
    wait = endpoint.seconds("wait", READ_SECONDS)
    return Client(endpoint.host, endpoint.port or (443 if tls else 80), tls=tls, private=private, ca=endpoint.option("ca"), wait=wait)


def tls_context(ca: str = "") -> ssl.SSLContext:
    """Verified TLS, against the system's authorities or those in one file.

    Raises:
        BadUrl: the file cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as problem:
        raise BadUrl("bad_ca", reason=type(problem).__name__) from None


def _read(response: HTTPResponse) -> Answer:
    """Raises HTTPException: the answer broke off."""
    body = response.read(MOST_BYTES)
    if response.length and len(body) < MOST_BYTES:
        raise IncompleteRead(body, response.length)
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


def _readable(sock: socket.socket) -> bool:
    """Whether something waits to be read on an idle connection: it was closed, or says what nobody asked."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))

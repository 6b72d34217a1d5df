"""A small, fast HTTP/1.1 server: kept connections, bodies with a length, and the power to fall silent in the middle of an answer."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

log = logging.getLogger(__name__)

LARGEST_BODY: Final = 1 << 20
LONGEST_HEAD: Final = 1 << 16
IDLE_SECONDS: Final = 300.0


class CutError(Exception):
    """The connection is to be cut without an answer: the other side cannot know what became of its request."""


class BadRequestError(Exception):
    """What came is not what can be read; its text says why."""


@dataclass(frozen=True)
class Request:
    """One request as it came.

    Attributes:
        target: Path and query as on the line, still encoded.
        headers: Names in lower case.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.target.partition("?")[0])

    @cached_property
    def query(self) -> dict[str, str]:
        """The values in the query, decoded; the last of a name wins."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, str]:
        """The values of a form in the body."""
        try:
            return dict(parse_qsl(self.body.decode("utf-8"), keep_blank_values=True))
        except UnicodeDecodeError:
            raise BadRequestError("the form is not UTF-8") from None

    @cached_property
    def json(self) -> dict[str, Any]:
        """The JSON object in the body; an empty body counts as an empty object.

        Raises:
            BadRequestError: it is none.
        """
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            raise BadRequestError("the body is not JSON") from None
        if not isinstance(found, dict):
            raise BadRequestError("the body is not a JSON object")
        return found

    @property
    def is_foreign(self) -> bool:
        """Whether a browser sent it from another site's page."""
        return self.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    status: int
    body: bytes
    kind: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Response]]


def answer(body: object, status: int = 200) -> Response:
    """Answer with JSON, Chinese left readable."""
    return Response(status, json.dumps(body, ensure_ascii=False, default=str).encode())


def see_other(where: str) -> Response:
    """Send a browser to a page after its form was taken."""
    return Response(303, b"", "text/plain", {"location": where})


class HttpServer:
    """Listens at one port and hands every request to one handler; each connection is served in order."""

    def __init__(self, host: str, port: int, handler: Handler) -> None:
        """Remember where; nothing listens yet. Port 0: any free one."""
        self._host, self.port = host, port
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen; the port is then known. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(self._serve, self._host, self.port, limit=LONGEST_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection; start() may be called again and takes the same port."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, TimeoutError, CutError, BadRequestError):
            writer.transport.abort()
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False: the connection is done with."""
        async with asyncio.timeout(IDLE_SECONDS):
            request = await _read(reader)
        try:
            response = await self._handler(request)
        except BadRequestError as problem:
            response = answer({"error": str(problem)}, 400)
        except CutError:
            raise
        except Exception:
            log.exception("%s %s", request.method, request.path)
            response = answer({"error": "internal"}, 500)
        keep = request.headers.get("connection", "").lower() != "close"
        writer.write(_bytes_of(response, keep=keep, head_only=request.method == "HEAD"))
        await writer.drain()
        return keep


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        raise BadRequestError("no request line")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LARGEST_BODY or "transfer-encoding" in headers:
        raise BadRequestError("a body needs a length, at most 1 MiB")
    body = await reader.readexactly(int(length)) if length != "0" else b""
    return Request(words[0], words[1], headers, body)


def _bytes_of(response: Response, *, keep: bool, head_only: bool) -> bytes:
    phrase = HTTPStatus(response.status).phrase
    extra = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    head = (
        f"HTTP/1.1 {response.status} {phrase}\r\ncontent-type: {response.kind}\r\ncontent-length: {len(response.body)}\r\n"
        f"connection: {'keep-alive' if keep else 'close'}\r\n{extra}\r\n"
    )
    return head.encode("latin-1") + (b"" if head_only else response.body)

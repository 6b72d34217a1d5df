"""What surrounds every request: meters, security headers, a limit on what may be sent in."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.meters import Meters
from web.site import language_of
from wording import say

BODY_LIMIT: Final = 256 * 1024
FORM_LIMIT: Final = 100 * 1024 * 1024  #: of a form with photos, all together
WITH_PHOTOS: Final = ("/cases", "/r", "/s", "/a", "/grid")  #: below these such forms are sent
SECURITY: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; img-src 'self' blob:"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # `no-referrer` would make browsers send `Origin: null` with our own forms
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
}


class SecurityHeaders:
    """Puts the security headers on every answer; pages are never kept by caches, files of ours for an hour."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update({name: value for name, value in SECURITY.items() if name not in headers})
                is_file = scope["path"].startswith("/static/") and message["status"] == 200
                headers.setdefault("Cache-Control", "public, max-age=3600" if is_file else "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class Metered:
    """Counts and times every request by its route, so that a scan of unknown addresses makes one row, not thousands."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self.app, self.meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500  # what is answered further out when this raises

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "other"
        with self.meters.seconds.time() as timer:
            try:
                await self.app(scope, receive, send_and_see)
            finally:
                route = getattr(scope.get("route"), "path", "unknown")
                timer.labels(method, route)
                self.meters.requests.labels(method, route, str(status)).inc()


_METHODS: Final = frozenset({"GET", "HEAD", "POST"})


class BodyLimit:
    """Reads what is sent in, and refuses it as soon as it is too much.

    A form with photos is not read here but where it is taken apart, once it is known who sends it; it must say its length.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        if _brings_photos(scope):
            if 0 < _said_length(scope) <= FORM_LIMIT:
                await self.app(scope, receive, send)
                return
            sentence = say("web.too_large_form", language_of(Request(scope)), mb=FORM_LIMIT // (1024 * 1024))
            await _too_large(sentence)(scope, receive, send)
            return
        body = await _read(scope, receive)
        if body is None:
            sentence = say("web.too_large", language_of(Request(scope)), kb=BODY_LIMIT // 1024)
            await _too_large(sentence)(scope, receive, send)
            return
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, receive_again, send)


def _too_large(sentence: str) -> JSONResponse:
    return JSONResponse({"code": "too_large", "sentence": sentence}, 413, {"Connection": "close"})


def _brings_photos(scope: Scope) -> bool:
    kind = dict(scope["headers"]).get(b"content-type", b"")
    below = any(f"{scope['path']}/".startswith(f"{place}/") for place in WITH_PHOTOS)
    return below and bytes(kind).lower().startswith(b"multipart/form-data")


def _said_length(scope: Scope) -> int:
    """The length that the request says it has; nought where it says none, below nought where it says nonsense."""
    said = dict(scope["headers"]).get(b"content-length", b"0")
    return int(said) if said.isdigit() and len(said) < 20 else -1


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body; None when it is over the limit, said or counted."""
    if not 0 <= _said_length(scope) <= BODY_LIMIT:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return None
        if not message.get("more_body", False):
            return bytes(body)

"""Small real servers for tests of channels: HTTP that answers what the test says, and certificates of an authority of our own."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clock import utcnow

HANG_UP = 0  #: instead of a status: close the connection without a word


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Listening:
    """A server and what it was asked; `answers` may be replaced at any time."""

    port: int
    answers: Callable[[Asked], tuple[int, Any] | tuple[int, Any, dict[str, str]]]
    asked: list[Asked] = field(default_factory=list)
    close_after: bool = False  #: close each connection after its answer, without saying so
    hold: threading.Event = field(default_factory=threading.Event)


@contextmanager
def http(answers: Callable[[Asked], Any] = lambda _: (200, {}), context: ssl.SSLContext | None = None) -> Iterator[Listening]:
    """A real HTTP/1.1 server on a port of its own; `answers(asked)` gives (status, JSON or bytes[, headers])."""
    heard: Listening

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body, self.client_address[1])
            heard.asked.append(asked)
            closing = heard.close_after  # as it was before the client has its answer
            status, said, *more = heard.answers(asked)
            if status == HANG_UP:
                self.close_connection = True
                return
            raw = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(raw))} | (more[0] if more else {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)
            self.close_connection = self.close_connection or closing

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that went away is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    heard = Listening(server.server_address[1], answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        heard.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Papers:
    """An authority's certificate, and a server's for localhost and 127.0.0.1."""

    authority: Path
    chain: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


def papers(folder: Path) -> Papers:
    """Made anew, good for a day."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("authority", authority_key, "authority", authority_key, ca=True)
    server = _certificate("localhost", key, "authority", authority_key, ca=False)
    made = Papers(folder / "authority.pem", folder / "server.pem", folder / "key.pem")
    made.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    made.chain.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return made


def _certificate(name: str, key: Any, issuer: str, signer: Any, *, ca: bool) -> x509.Certificate:
    now = utcnow()
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(signer, hashes.SHA256())
    )

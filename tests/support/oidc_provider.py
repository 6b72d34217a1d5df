"""An identity provider on loopback, in a process of its own: discovery, code flow with PKCE, tokens signed with a key of its own.

Whom it lets in is asked in the address, as a person would choose there: `as=<user name>`; `spoil=` makes one thing wrong.
"""

import base64
import hashlib
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "bihuan", "s3cret of ours/+"
KEY, OTHER = (RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}) for _ in range(2))
CODES: dict[str, dict[str, str]] = {}


class Provider(BaseHTTPRequestHandler):
    @property
    def here(self) -> str:
        return f"http://{self.headers['Host']}"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
            self.tell({"issuer": self.here, **{name: f"{self.here}/{end}" for name, end in ends.items()}})
        elif address.path == "/jwks":
            self.tell({"keys": [KEY.as_dict(private=False)]})
        else:
            self.authorize({name: values[-1] for name, values in parse_qs(address.query).items()})

    def authorize(self, asked: dict[str, str]) -> None:
        right = asked["client_id"] == CLIENT and asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        CODES[code] = asked
        answer = {"code": code} if right and asked.get("as") else {"error": "access_denied"}
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[-1] for name, values in parse_qs(body).items()}
        asked = CODES.pop(form.get("code", ""), None)
        given = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if (
            asked is None
            or given != f"{CLIENT}:{SECRET}"
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            self.tell({"error": "invalid_grant"}, 400)
            return
        self.tell({"access_token": "x", "token_type": "Bearer", "id_token": self.token(asked, asked.get("spoil", ""))})

    def token(self, asked: dict[str, str], spoil: str) -> str:
        now = int(asked["now"])
        claims: dict[str, Any] = {"iss": self.here, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims["preferred_username"] = asked["as"]
        wrong: dict[str, Any] = {"nonce": "another", "aud": "somebody", "iss": "http://evil.example", "exp": now - 3600}
        if spoil in wrong:
            claims[spoil] = wrong[spoil]
        if spoil == "azp":
            claims |= {"aud": [CLIENT, "somebody"], "azp": "somebody"}
        return jwt.encode({"alg": "RS256", "kid": "1"}, claims, OTHER if spoil == "key" else KEY)

    def tell(self, what: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def provider() -> Iterator[str]:
    """The issuer of one that runs."""
    with subprocess.Popen([sys.executable, "-m", "tests.support.oidc_provider"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()

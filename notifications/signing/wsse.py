"""Huawei Cloud's X-WSSE (UsernameToken) of the message & SMS service."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Final

AUTHORIZATION: Final = 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"'


def digest(nonce: str, created: str, secret: str) -> str:
    """PasswordDigest: Base64 of the *hexadecimal* SHA-256 of nonce, moment and secret, as the vendor's example requests have it."""
    return base64.b64encode(hashlib.sha256(f"{nonce}{created}{secret}".encode()).hexdigest().encode()).decode()


def headers(*, app_key: str, secret: str, nonce: str, now: datetime) -> dict[str, str]:
    """The two headers that let a request in.

    Args:
        app_key: APP_Key.
        secret: APP_Secret.
        nonce: 1 to 128 letters and digits, never used before.
        now: The wall clock, aware.
    """
    created = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    token = f'UsernameToken Username="{app_key}",PasswordDigest="{digest(nonce, created, secret)}",Nonce="{nonce}",Created="{created}"'
    return {"Authorization": AUTHORIZATION, "X-WSSE": token}

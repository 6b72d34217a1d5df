"""Tencent Cloud's TC3-HMAC-SHA256 (signature v3) for POST requests with a JSON body."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

ALGORITHM: Final = "TC3-HMAC-SHA256"


@lru_cache(maxsize=16)
def signing_key(secret: str, day: str, service: str) -> bytes:
    """The key of one day: three HMACs that need not be made again for each message.

    Args:
        secret: SecretKey.
        day: UTC date, YYYY-MM-DD.
        service: Of the interface, e.g. sms.
    """
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def authorization(*, secret_id: str, secret: str, service: str, path: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The Authorization header of a POST without a query.

    Args:
        secret_id: SecretId.
        secret: SecretKey.
        service: Of the interface, e.g. sms.
        path: With its leading slash; `/` at Tencent's own hosts.
        headers: Those that are signed, in the order of their names, names and values in lower case; `content-type` and `host` must be
            among them.
        body: As it goes over the wire.
        now: The wall clock, aware UTC, the moment that X-TC-Timestamp says; five minutes of difference are allowed.
    """
    moment = now.astimezone(UTC)
    day = moment.strftime("%Y-%m-%d")
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"POST\n{path}\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{service}/tc3_request"
    text = f"{ALGORITHM}\n{int(moment.timestamp())}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(signing_key(secret, day, service), text.encode(), "sha256").hex()
    return f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={signature}"

"""Alibaba Cloud's ACS3-HMAC-SHA256 (V3 request signature), for interfaces that take their parameters in the query."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

ALGORITHM: Final = "ACS3-HMAC-SHA256"
_EMPTY: Final = hashlib.sha256(b"").hexdigest()


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Parameters by name, percent-encoded as RFC 3986 has it: what is signed and what goes over the wire."""
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(parameters.items()))


def signed(
    *, key_id: str, secret: str, host: str, path: str, query: str, action: str, version: str, nonce: str, now: datetime
) -> dict[str, str]:
    """All headers of a POST without a body, its signature among them.

    Args:
        key_id: AccessKey id.
        secret: Its secret.
        host: As the Host header says it, with the port where it is not the protocol's own.
        path: With its leading slash.
        query: Made by `canonical_query`.
        action: Name of the operation, e.g. SendSms.
        version: Of the interface, e.g. 2017-05-25.
        nonce: Never used before with this key.
        now: The wall clock, aware UTC; the vendor allows some minutes of difference.
    """
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": _EMPTY,
        "x-acs-date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"POST\n{path}\n{query}\n{lines}\n{names}\n{_EMPTY}"
    text = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(secret.encode(), text.encode(), "sha256").hex()
    return headers | {"authorization": f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"}

"""Secrets of channels: named in an address as {secret:NAME}, kept in the environment or in a file, masked wherever shown."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from notifications.channels.errors import BadUrl

#: How an address names a secret.
NAMED: Final = re.compile(r"\{secret:([A-Za-z][A-Za-z0-9_]{0,39})\}")
MASK: Final = "****"
_LEAST: Final = 4
#: Options of an address that say nothing secret; every other option is masked.
_OPEN_OPTIONS: Final = frozenset(
    (
        *("address", "agent", "app", "body", "ca", "from", "medium", "name", "play", "private", "public", "region", "sender"),
        *("sign", "tls", "to", "type", "version", "wait", "window"),
    )
)
#: Names of options that may be shown, their values may not; any other name may itself be half a password.
_NAMES: Final = _OPEN_OPTIONS | {"callback", "ec", "key", "prefix", "secret", "serial", "signcode", "token"}
#: The one option of which an @ is part.
_MAILBOX: Final = re.compile(r"from=[^@/?#=]+(?:@|%40)[^@/?#=]+", re.IGNORECASE)
#: Schemes whose path is a place and not a token.
_OPEN_PATHS: Final = frozenset(("gwsms", "hook", "mail", "mails", "record", "voice"))
#: Schemes whose host is a machine: of all others only the scheme is shown.
_OWN: Final = _OPEN_PATHS | {"alisms", "ding", "fsbot", "hwsms", "inbox", "qywx", "smsc", "tcsms"}


class Secrets:
    """Where the secrets named in addresses are found: `BIHUAN_SECRET_<NAME>`, or the file named by `BIHUAN_SECRET_<NAME>_FILE`."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """Args: environment: The process's own unless given."""
        self._environment = os.environ if environment is None else environment

    def filled(self, url: str) -> str:
        """The address with its secrets in place, percent-encoded.

        Raises:
            BadUrl: a secret is not there, or its file cannot be read.
        """
        return NAMED.sub(lambda found: quote(self._value(found[1].upper()), safe=""), url)

    def _value(self, name: str) -> str:
        variable = f"BIHUAN_SECRET_{name}"
        if value := self._environment.get(variable):
            return value
        file = self._environment.get(f"{variable}_FILE")
        if not file:
            raise BadUrl("no_secret", name=variable)
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise BadUrl("secret_unreadable", name=f"{variable}_FILE", reason=type(problem).__name__) from None


def is_open(option: str) -> bool:
    """Whether the value of an option of this name says nothing secret and may be shown."""
    return option in _OPEN_OPTIONS


def secrets_in(url: str) -> tuple[str, ...]:
    """What of an address must not be repeated wherever a provider says it: account, password and secret options, the longest first.

    Args:
        url: With its secrets in place. Values of fewer than four characters are left out: masking them would only spoil words.
    """
    try:
        parts = urlsplit(url)
        account = [unquote(parts.username or ""), unquote(parts.password or "")]
    except ValueError:
        return ()
    options = [value for name, value in parse_qsl(parts.query) if name not in _OPEN_OPTIONS]
    return tuple(sorted({value for value in (*account, *options) if len(value) >= _LEAST}, key=len, reverse=True))


def masked_url(url: str) -> str:
    """A channel's address as it may be shown: scheme, host and harmless options; secrets named {secret:…} stay as they are written."""
    kept: list[str] = []
    plain = NAMED.sub(lambda found: _put_aside(found[0], kept), url)
    try:
        masked = _masked(plain)
    except ValueError:
        scheme, colon, _ = plain.partition("://")
        masked = f"{scheme}://{MASK}" if colon and scheme.isalnum() else MASK
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], masked)


def _put_aside(name: str, kept: list[str]) -> str:
    kept.append(name)
    return f"\x00{len(kept) - 1}\x00"


def _masked(url: str) -> str:
    parts = urlsplit(url)
    _ = parts.port  # a ValueError here: what stands after the colon is a password with an unescaped / ? or #
    if parts.scheme not in _OWN or _spilled(parts):
        return f"{parts.scheme}://{MASK}" if parts.scheme else MASK
    user = "" if parts.username is None else _hidden(parts.username, parts.scheme in ("mail", "mails"))
    if parts.password is not None:
        user += ":" + _hidden(parts.password)
    host = parts.netloc.rpartition("@")[2]
    path = parts.path if parts.scheme in _OPEN_PATHS or not parts.path.strip("/") else f"/{MASK}"
    options = [
        f"{name if name in _NAMES else MASK}={value if name in _OPEN_OPTIONS else _hidden(value)}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return f"{parts.scheme}://{user}{'@' if user else ''}{host}{path}{'?' if options else ''}{'&'.join(options)}"


def _spilled(parts: SplitResult) -> bool:
    """Whether half of a password may stand beyond the host, because it holds a / ? or # that should have been percent-encoded."""
    options = [option for option in parts.query.split("&") if not _MAILBOX.fullmatch(option)]
    return bool(parts.fragment) or any("@" in piece for piece in (parts.path, *options))


def _hidden(value: str, name: bool = False) -> str:
    """A secret masked; what only names one, and what a name shows of itself, stays."""
    if not value or re.fullmatch("\x00\\d+\x00", value):
        return value
    return value[:2] + MASK if name else MASK

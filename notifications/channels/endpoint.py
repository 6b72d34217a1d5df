"""A channel's address taken apart: `scheme://user:password@host:port/path?option=value`, every part percent-decoded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from notifications.channels.errors import BadUrl

#: What every scheme of ours understands besides its own options.
COMMON: Final = frozenset(("address", "ca", "medium", "private", "public", "tls", "wait"))
#: Seconds that a channel waits for an answer, at least and at most, when its address says `wait=`.
WAITS: Final = (1, 60)
#: What an option must look like, whatever the scheme, and how that is told.
FORMS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "app": (re.compile(r"[0-9]{1,20}"), "0–9"),
    "callback": (re.compile(r"https?://[A-Za-z0-9\[][!-~]*"), "https://…"),
    "prefix": (re.compile(r"\+?[0-9]{1,8}"), "0–9 (1–8)"),
}
YES: Final = frozenset(("yes", "true", "1", "on"))
NO: Final = frozenset(("no", "false", "0", "off"))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One channel's address.

    Attributes:
        port: None: what the protocol uses by itself.
        path: With its leading slash, empty when none was given; still percent-encoded, as it goes over the wire.
        options: The last one of a name counts.
    """

    scheme: str
    user: str
    password: str
    host: str
    port: int | None
    path: str
    options: Mapping[str, str]

    def option(self, name: str, otherwise: str = "") -> str:
        """One option; `otherwise` when it is not given or empty."""
        return self.options.get(name) or otherwise

    def flag(self, name: str, otherwise: bool) -> bool:
        """A yes/no option.

        Raises:
            BadUrl: it is neither.
        """
        value = self.option(name).lower()
        if not value:
            return otherwise
        if value not in YES | NO:
            raise BadUrl("choice", option=name, allowed="yes, no")
        return value in YES

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """An option that is one of a few; the first of them when it is not given.

        Raises:
            BadUrl: it is another.
        """
        value = self.option(name, allowed[0])
        if value not in allowed:
            raise BadUrl("choice", option=name, allowed=", ".join(allowed))
        return value

    def look_right(self) -> None:
        """Insist that options of `FORMS` look as they must.

        Raises:
            BadUrl: one does not.
        """
        for name, (form, told) in FORMS.items():
            if (value := self.option(name)) and not form.fullmatch(value):
                raise BadUrl("choice", option=name, allowed=told)

    def seconds(self, name: str, otherwise: float) -> float:
        """An option that is a number of seconds, 1 to 60.

        Raises:
            BadUrl: it is none.
        """
        value = self.option(name)
        if not value:
            return otherwise
        least, most = WAITS
        if not value.isdecimal() or not least <= int(value) <= most:
            raise BadUrl("choice", option=name, allowed=f"{least}–{most}")
        return float(value)

    def need(self, *names: str) -> None:
        """Insist on these: `user`, `password`, `host`, or names of options.

        Raises:
            BadUrl: one is missing.
        """
        for name in names:
            if not (getattr(self, name) if name in ("user", "password", "host") else self.option(name)):
                raise BadUrl("missing", part=name)


def read_endpoint(url: str) -> Endpoint:
    """Take an address apart.

    Raises:
        BadUrl: it is none.
    """
    if any(ord(character) < 33 for character in url):
        raise BadUrl("bad_url", reason="blank")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its text would show what may be half a password
        raise BadUrl("bad_url", reason="host or port") from None
    if not parts.scheme:
        raise BadUrl("bad_url", reason="scheme")
    if parts.fragment or "@" in parts.path:  # half of a password, or of what was meant as an option
        raise BadUrl("bad_url", reason="@ / ? #")
    if port == 0 or not (parts.hostname or "").isascii():
        raise BadUrl("bad_url", reason="host or port")
    return Endpoint(
        parts.scheme,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        (parts.hostname or "").strip(),
        port,
        parts.path,
        dict(parse_qsl(parts.query, keep_blank_values=True)),
    )

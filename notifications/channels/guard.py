"""Which machines channels may talk to. Names are resolved here, the address found is judged, and that very address is dialled."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from notifications.channels.deadline import Deadline
from notifications.channels.errors import NotSent

#: Never dialled, whatever an administrator allows: this host under another name, link-local, the metadata services of clouds, everybody.
_NEVER: Final = tuple(
    ip_network(n)
    for n in (
        *("0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "224.0.0.0/4", "255.255.255.255/32"),
        *("::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128"),
    )
)
#: IPv6 networks that carry an IPv4 address in their last 32 bits: NAT64, compatible, and translated (SIIT).
_CARRIES_V4: Final = tuple(ip_network(n) for n in ("64:ff9b::/96", "64:ff9b:1::/96", "::/96", "::ffff:0:0:0/96"))
#: Private, though Python's tables call it global: site-local addresses of old networks.
_SITE_LOCAL: Final = ip_network("fec0::/10")
#: More addresses of one name are not tried.
_MOST_ADDRESSES: Final = 4
#: In a sending by a stock service: whether private addresses are allowed; None: not in one.
_watch: ContextVar[bool | None] = ContextVar("watch", default=None)


def allowed(address: str, *, private: bool) -> bool:
    """Tell whether this IP address may be dialled.

    Args:
        address: IPv4 or IPv6, as resolved.
        private: An administrator allows private networks (RFC 1918, loopback, ULA, carrier-grade NAT) for this channel.
    """
    found = _plain(ip_address(address.partition("%")[0]))
    if any(found in network for network in _NEVER if network.version == found.version):
        return False
    return private or (found.is_global and found not in _SITE_LOCAL)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one that only wraps it; any other as it is."""
    if isinstance(address, IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inside is None and int(address) > 1 and any(address in network for network in _CARRIES_V4):
        inside = IPv4Address(int(address) & 0xFFFFFFFF)
    return inside or address


def dial(host: str, port: int, timeout: float, *, private: bool) -> socket.socket:
    """A TCP connection to a machine that may be talked to.

    Args:
        host: Name or IP address.
        port: 1 to 65535.
        timeout: Seconds for each of at most four addresses of the name; all together may take twice as long.
        private: As in `allowed`.

    Raises:
        NotSent: no such name (`name`), nothing but forbidden addresses (`private`), or nobody answers (`connect`).
    """
    reason, deadline = "", Deadline(timeout)
    for family, kind, protocol, _, place in _good(host, port, private):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(deadline.left())
            connection.connect(place)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as problem:
            connection.close()
            reason = type(problem).__name__
        else:
            return connection
    raise NotSent("connect", host, reason)


def _good(host: str, port: int, private: bool) -> list[tuple[Any, ...]]:
    """The addresses of a name that may be dialled, as the system gives them. Raises NotSent when there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise NotSent("name", host, type(problem).__name__) from None
    good = [entry for entry in found if allowed(str(entry[4][0]), private=private)][:_MOST_ADDRESSES]
    if not good:
        raise NotSent("private", host, "not allowed")
    return good


@contextmanager
def watched(*, private: bool) -> Iterator[None]:
    """While this lasts, code that is not ours connects to allowed addresses only, whatever it resolves and wherever it is sent on.

    The judgement is made when the socket connects, so that a name which changes its mind gains nothing. Threads that are
    handed a copy of the context are watched too.
    """
    _install()
    token = _watch.set(private)
    try:
        yield
    finally:
        _watch.reset(token)


def watching() -> bool:
    """Tell whether code that is not ours is sending a message in this context."""
    return _watch.get() is not None


@cache
def _install() -> None:
    """Have the interpreter ask us before a socket connects; it cannot be undone, so it is done once."""
    sys.addaudithook(_judge)


def _judge(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    private = _watch.get()
    if private is None:
        return
    place = arguments[1]
    if isinstance(place, tuple) and not allowed(str(place[0]), private=private):
        raise ConnectionRefusedError("a private address that no administrator allowed")

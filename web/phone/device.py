"""What tells one device from another, as far as a web server can: where it comes from, and what it says it is."""

import ipaddress

from fastapi import Request


def device_of(request: Request) -> str:
    """The device of a request; of the newer addresses the network, because one device has many. Only keyed hashes of it are kept."""
    return f"{network_of(request)} {request.headers.get('user-agent', '')}"[:200]


def network_of(request: Request) -> str:
    """Where a request comes from, which nobody changes as easily as what a browser says it is."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network(f"{host}/64", strict=False)) if address.version == 6 else host

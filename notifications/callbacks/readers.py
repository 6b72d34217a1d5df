"""Which pushes a channel understands, by the scheme of its address."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from notifications.callbacks import aliyun, gateway, huawei, tencent
from notifications.callbacks.reading import Reader
from notifications.channels.endpoint import read_endpoint
from notifications.web.kinds import kinds

_VENDORS: Final[Mapping[str, Reader]] = {"alisms": aliyun.read, "tcsms": tencent.read, "hwsms": huawei.read}
#: Schemes whose kind is named in the address, and the kind used when it is not.
_GATEWAYS: Final = {"gwsms": "plain", "voice": "call"}


def reader_for(url: str) -> Reader | None:
    """How pushes to a channel with this address are read; None: nothing is pushed to it.

    Args:
        url: The channel's address; secrets in it may still be named instead of filled in.

    Raises:
        BadUrl: it is no address.
    """
    endpoint = read_endpoint(url)
    if endpoint.scheme in _VENDORS:
        return _VENDORS[endpoint.scheme]
    if endpoint.scheme not in _GATEWAYS:
        return None
    kind = kinds().get(endpoint.option("body", _GATEWAYS[endpoint.scheme]))
    return None if kind is None else partial(gateway.read, kind=kind)

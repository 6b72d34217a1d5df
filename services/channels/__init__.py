"""Channels as data: configured by an administrator, checked before they are written down, opened by whoever sends."""

from services.channels.opening import open_channels, opened, reopened
from services.channels.stored import SYSTEM, Configured, Wanted, code_of_callback, configure, configured, urls

__all__ = ["SYSTEM", "Configured", "Wanted", "code_of_callback", "configure", "configured", "open_channels", "opened", "reopened", "urls"]

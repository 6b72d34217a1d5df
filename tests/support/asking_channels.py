"""What tests of channels hand over."""

from notifications.channels.endpoint import read_endpoint
from notifications.channels.http import Client, client_for
from notifications.outcome import Outgoing


def told(channel: str, to: str = "13800138000", number: int = 1) -> Outgoing:
    return Outgoing(number, channel, to, "题目", "【五治】工单请签收。")


def client(port: int, **options: object) -> Client:
    return client_for(read_endpoint(f"hook://127.0.0.1:{port}/?tls=no&wait=1"), private=True)

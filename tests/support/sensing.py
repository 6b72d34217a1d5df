"""A supplier of sensors in tests: it signs what it brings and posts it to the real app."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from fastapi.testclient import TestClient

from models import Database
from services.sensors import hooks
from services.sensors.devices import Written, add
from services.sensors.signatures import sign
from tests.support.website import app_on, at

HOOK: Final = "acme"
SMOKE: Final = Written(
    "YG-0001",
    "smoke",
    "湖滨小区3幢2单元楼道",
    "chenguang-1",
    point="30.2500,120.1600",
    escalate_to="hubin.head",
    people="chenguang-1.worker",
)


@dataclass
class Supplier:
    """Brings alarms to a hook.

    Attributes:
        secret: What it signs with.
    """

    client: TestClient
    secret: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def alarm(self, device: str, now: datetime, **more: Any) -> dict[str, Any]:
        """One alarm as it writes it, with a key of its own."""
        return {"key": f"k{next(self.numbers)}", "device": device, "at": now.isoformat(), **more}

    def brings(self, alarms: object, now: datetime, hook: str = HOOK, **headers: str) -> Any:
        """Push a body, signed now; headers of its own take the place of the right ones. The app's clock is set to `now`."""
        at(self.client.app, now)
        body = json.dumps(alarms).encode()
        stamp, nonce = headers.pop("timestamp", str(int(now.timestamp()))), headers.pop("nonce", f"nonce-{next(self.numbers):08}")
        signature = headers.pop("signature", None) or sign(headers.pop("secret", self.secret), stamp, nonce, body)
        told = {"X-Bihuan-Timestamp": stamp, "X-Bihuan-Nonce": nonce, "X-Bihuan-Signature": signature}
        sent = {name.encode(): value.encode("latin-1") for name, value in {**told, **headers}.items()}
        return self.client.post(f"/sensors/{hook}", content=body, headers=sent)

    def alarms(self, devices: Sequence[str], now: datetime) -> list[dict[str, Any]]:
        """Push one alarm of each device at once; gives back what became of them."""
        answer = self.brings({"alarms": [self.alarm(device, now) for device in devices]}, now)
        assert answer.status_code == 202, answer.text
        return list(answer.json()["alarms"])


@contextmanager
def supplier_of(database: Database, folder: Path, key: bytes, now: datetime) -> Iterator[Supplier]:
    """A supplier with a hook, and one smoke detector registered."""
    with database.unit_of_work() as session:
        secret = hooks.make(session, HOOK, "安信烟感", "admin", now)
        add(session, SMOKE, "admin", now)
    with TestClient(app_on(database, folder, key), headers={"Accept-Language": "zh"}) as client:
        yield Supplier(client, secret)

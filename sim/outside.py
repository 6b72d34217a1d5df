"""The whole outside, running: HTTP, SMTP and SMPP servers around one world, and what switches them."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from sim.doors import styles
from sim.faults import MEDIA, Fault, vendors_named
from sim.ledger import Ledger
from sim.mail import MailServer
from sim.receipts import Answer, Receipts
from sim.smpp import SmppServer
from sim.web import Handler, HttpServer
from sim.world import World

GOODBYE_SECONDS: Final = 0.1
"""So long whoever sends the HTTP side away may read the answer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to listen (port 0: any free one), what to keep in which file, what is wrong from the start, and further settings.

    Attributes:
        setup: A JSON file with `callbacks`, `delay`, `again`, `templates`, `signs`, read at the start.
    """

    host: str = "127.0.0.1"
    http_port: int = 8025
    smtp_port: int = 2525
    smpp_port: int = 2775
    keep: Path | None = None
    setup: Path | None = None
    faults: Mapping[str, list[Fault]] = field(default_factory=dict)


class _Listener(Protocol):
    port: int

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Outside:
    """Everything outside of us."""

    def __init__(self, plan: Plan, utcnow: Callable[[], datetime], handler: Callable[["Outside"], Handler]) -> None:
        """Read what was kept; nothing listens yet.

        Args:
            plan: What to be.
            utcnow: Tells the time, aware UTC.
            handler: Makes the handler of the HTTP side.

        Raises:
            OSError: the file to keep things in cannot be used.
            ValueError: the file of settings cannot be read.
        """
        self.plan = plan
        ledger = Ledger(plan.keep)
        self.world = World(utcnow, ledger, Receipts(ledger, utcnow, styles()))
        self._http = HttpServer(plan.host, plan.http_port, handler(self))
        self._leaving: asyncio.Task[None] | None = None
        self._smpp = SmppServer(self.world, plan.host, plan.smpp_port)
        self._by_vendor: dict[str, _Listener] = {"mail": MailServer(self.world, plan.host, plan.smtp_port), "smpp": self._smpp}
        if plan.setup is not None:
            self.set_up(json.loads(plan.setup.read_text(encoding="utf-8")))

    def set_up(self, values: Mapping[str, Any]) -> None:
        """Change how receipts are given, file templates and signatures; only what is named changes. `reset`: the usual ones first.

        Raises:
            ValueError: a value cannot be used.
        """
        if not isinstance(values, Mapping):
            raise ValueError("the settings are not an object")
        receipts = self.world.receipts
        if values.get("reset"):
            receipts.forget()
            self.world.templates.forget()
        for name, url in _object(values.get("callbacks")).items():
            if name.removesuffix("_reply") not in MEDIA or not str(url).startswith(("http://", "https://")):
                raise ValueError(f"callbacks: {name}")
            receipts.callbacks[name] = str(url)
        if "delay" in values:
            receipts.delay = _seconds(values["delay"])
        if "again" in values:
            receipts.again = tuple(map(_seconds, _list(values["again"])))
        for template in _list(values.get("templates")):
            self.world.templates.file(template)
        for name in _list(values.get("signs")):
            self.world.templates.sign(str(name))

    def addresses(self) -> dict[str, Any]:
        """Where everything listens now."""
        ports = {"http_port": self._http.port, "smtp_port": self._by_vendor["mail"].port, "smpp_port": self._smpp.port}
        return {"host": self.plan.host, **ports, "keep": str(self.plan.keep) if self.plan.keep else None}

    async def start(self) -> None:
        """Listen everywhere, then switch on what is wrong from the start. Raises OSError when a port is taken."""
        for listener in (self._http, *self._by_vendor.values()):
            await listener.start()
        for name, faults in self.plan.faults.items():
            for fault in faults:
                await self.switch(name, fault)

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until told to stop, then close everything."""
        pushing = asyncio.create_task(self.world.receipts.run())
        await stop.wait()
        pushing.cancel()
        with suppress(asyncio.CancelledError):
            await pushing
        await self.close()

    async def close(self) -> None:
        """Close everything."""
        if self._leaving is not None:
            self._leaving.cancel()
        for listener in (self._http, *self._by_vendor.values()):
            await listener.stop()
        await self.world.receipts.close()
        self.world.ledger.close()

    async def switch(self, name: str, fault: Fault) -> tuple[str, ...]:
        """Switch a fault on; servers with a port of their own close it when they are down, and ask everybody anew who they are.

        Raises:
            BadFaultError: nobody is called so.
        """
        vendors = self.world.switches.set(name, fault)
        for vendor in vendors if fault.kind == "credentials" else ():
            if (listener := self._by_vendor.get(vendor)) is not None:
                await listener.stop()
        await self._follow(vendors)
        return vendors

    async def mend(self, name: str = "all", kind: str = "") -> tuple[str, ...]:
        """Switch one kind of fault off, or all.

        Raises:
            BadFaultError: nobody is called so.
        """
        vendors = self.world.switches.clear(name, kind)
        await self._follow(vendors_named(name))
        return vendors

    async def _follow(self, vendors: tuple[str, ...]) -> None:
        for vendor in vendors:
            if (listener := self._by_vendor.get(vendor)) is not None:
                await (listener.stop() if self.world.switches.get(vendor, "down") else listener.start())

    def send_away(self, seconds: float) -> None:
        """Begin to `leave`; while it is away nobody can send it away again."""
        self._leaving = asyncio.create_task(self.leave(seconds))

    async def leave(self, seconds: float) -> None:
        """Stop listening for HTTP, API and pages included, and come back by itself; what waited for an answer gets none."""
        await asyncio.sleep(GOODBYE_SECONDS)
        await self._http.stop()
        await asyncio.sleep(seconds)
        await self._http.start()

    def last_vendor(self, phone: str) -> str:
        """Who brought the newest SMS to a phone; Aliyun when nobody did."""
        found = self.world.ledger.find({"medium": "sms", "to": phone}, limit=1, accepted=True)
        return found[0].vendor if found else "aliyun"

    async def reply(self, vendor: str, given: Answer) -> bool:
        """Bring somebody's short message to our side; False: nobody took it."""
        if vendor == "smpp":
            return await self._smpp.reply(given)
        return await self.world.receipts.reply(vendor, given)


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or value < 0:
        raise ValueError("seconds are a number, 0 or more")
    return float(value)


def _list(value: object) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise ValueError("a list is wanted")
    return value or []


def _object(value: object) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise ValueError("an object is wanted")
    return value or {}

"""Receipts and replies: pushed to our addresses as the vendors do it, and pushed again when nobody takes them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import Final, Protocol

import httpx

from sim.arrival import Arrival
from sim.faults import RECEIPT, Switches
from sim.ledger import Ledger
from sim.said import receipt

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.02
DELAY_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = (60.0, 300.0, 600.0)
"""When a push that was not taken is made again (Aliyun: after 1, 5 and 10 minutes)."""


@dataclass(frozen=True, slots=True)
class Report:
    """A receipt: the message, what the receipt says, whether it arrived, and when that was."""

    arrival: Arrival
    status: str
    delivered: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A short message from somebody's phone to us."""

    phone: str
    text: str
    provider_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Push:
    """One POST to our side."""

    body: bytes
    kind: str = "application/json; charset=utf-8"


class Style(Protocol):
    """How one vendor pushes: up to `batch` receipts a time, and what it takes for "received"."""

    batch: int

    def reports(self, reports: Sequence[Report]) -> Push:
        """Word receipts."""

    def reply(self, answer: Answer) -> Push:
        """Word a reply."""

    def taken(self, status: int, body: bytes) -> bool:
        """Tell whether the answer to a push means that it was received."""


Bound = Callable[[Sequence[Report]], Awaitable[bool]]
"""Hands receipts over a kept connection (SMPP)."""


@dataclass(order=True, slots=True)
class _Due:
    at: float
    order: int
    report: Report = field(compare=False)
    tries: int = field(compare=False, default=0)


class Receipts:
    """Hands out receipts some time after a message was taken, in the vendor's own shape."""

    def __init__(self, ledger: Ledger, utcnow: Callable[[], datetime], styles: dict[str, Style], delay: float = DELAY_SECONDS) -> None:
        """Promise nothing yet.

        Args:
            ledger: Where it is kept what a receipt says, and what was handed over.
            utcnow: Tells the time, aware UTC.
            styles: How each vendor that pushes does it.
            delay: Seconds between message and receipt.
        """
        self.callbacks: dict[str, str] = {}
        self.delay = delay
        self.again: tuple[float, ...] = AGAIN_SECONDS
        self.bound: dict[str, Bound] = {}
        self._ledger, self._utcnow, self._styles = ledger, utcnow, styles
        self._queue: list[_Due] = []
        self._order = count()
        self._pushing: set[asyncio.Task[None]] = set()
        self._client = httpx.AsyncClient(timeout=10.0, trust_env=False)

    def forget(self) -> None:
        """Back to the usual settings; what was promised is not handed out any more."""
        self.callbacks.clear()
        self.delay, self.again = DELAY_SECONDS, AGAIN_SECONDS
        self._queue.clear()

    def promised_by(self, vendor: str) -> bool:
        """Whether a vendor gives receipts at all."""
        return receipt(vendor, "delivered") is not None

    def promise(self, arrival: Arrival, switches: Switches) -> None:
        """Plan the receipt of a message that was taken, as the switches have it."""
        if not self.promised_by(arrival.vendor):
            return
        bad = switches.first(arrival.vendor, ("bad_number",), arrival.to)
        fault = bad or switches.first(arrival.vendor, RECEIPT, arrival.to)
        kind = fault.kind if fault else ""
        if kind == "no_receipt":
            return
        what = {"bad_number": "bad_number", "failed_receipt": "failed"}.get(kind, "delivered")
        status = (fault.code if fault else "") or receipt(arrival.vendor, what) or ""
        for _ in range(2 if kind == "duplicate_receipt" else 1):
            self._plan(Report(arrival, status, what == "delivered", self._utcnow()), self.delay)

    def _plan(self, report: Report, seconds: float, tries: int = 0) -> None:
        at = asyncio.get_running_loop().time() + seconds
        heappush(self._queue, _Due(at, next(self._order), report, tries))

    async def run(self) -> None:
        """Hand out what is due, for ever."""
        while True:
            due: dict[tuple[str, str], list[_Due]] = {}
            now = asyncio.get_running_loop().time()
            while self._queue and self._queue[0].at <= now:
                one = heappop(self._queue)
                self._note(one)
                vendor, url = one.report.arrival.vendor, self._where(one.report.arrival)
                if url or vendor in self.bound:
                    due.setdefault((vendor, url), []).append(one)
            for (vendor, url), group in due.items():
                task = asyncio.create_task(self._hand_over(vendor, url, group))
                self._pushing.add(task)
                task.add_done_callback(self._pushing.discard)
            await asyncio.sleep(LOOK_SECONDS)

    def _where(self, arrival: Arrival) -> str:
        return arrival.callback or self.callbacks.get(arrival.vendor, "")

    def _note(self, due: _Due) -> None:
        """From now on the vendor says so when it is asked."""
        if due.tries == 0:
            self._ledger.note_receipt(due.report.arrival, due.report.status, self._utcnow())

    async def _hand_over(self, vendor: str, url: str, group: Sequence[_Due]) -> None:
        size = self._styles[vendor].batch if vendor in self._styles else len(group)
        for start in range(0, len(group), size):
            part = group[start : start + size]
            if await self._handed(vendor, url, [due.report for due in part]):
                self._ledger.note_push(vendor, "taken", len(part))
            else:
                self._again(vendor, part)

    async def _handed(self, vendor: str, url: str, reports: Sequence[Report]) -> bool:
        if vendor in self.bound:
            return await self.bound[vendor](reports)
        return await self.post(vendor, url, self._styles[vendor].reports(reports))

    def _again(self, vendor: str, part: Sequence[_Due]) -> None:
        self._ledger.note_push(vendor, "not_taken", len(part))
        for due in part:
            if due.tries < len(self.again):
                self._plan(due.report, self.again[due.tries], due.tries + 1)
            else:
                self._ledger.note_push(vendor, "given_up")

    async def post(self, vendor: str, url: str, push: Push) -> bool:
        """POST to our side; False: it was not taken."""
        try:
            response = await self._client.post(url, content=push.body, headers={"content-type": push.kind})
        except httpx.HTTPError as problem:
            log.info("%s: nobody takes receipts: %s", vendor, type(problem).__name__)
            return False
        return self._styles[vendor].taken(response.status_code, response.content)

    async def reply(self, vendor: str, answer: Answer) -> bool:
        """Bring somebody's short message to our side; False: nobody took it, or no address is known."""
        url = self.callbacks.get(f"{vendor}_reply") or self.callbacks.get(vendor)
        return bool(url) and await self.post(vendor, str(url), self._styles[vendor].reply(answer))

    async def close(self) -> None:
        """Give up what is under way."""
        for task in list(self._pushing):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._client.aclose()

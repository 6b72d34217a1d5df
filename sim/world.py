"""The outside as a whole: what every vendor does with a message, whatever its protocol."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sim.arrival import Arrival, Draft
from sim.faults import MEDIA, REFUSING, SILENT, Fault, Switches
from sim.ledger import Ledger
from sim.receipts import Receipts
from sim.said import Said, refusal
from sim.templates import Templates
from sim.tokens import Nonces, Tokens
from sim.web import CutError

USER: Final = "sim"
PASSWORD: Final = "sim-secret"  # noqa: S105 - of the simulator: it stands in the documents
DINGTALK_SECRET: Final = "SECsim-secret"  # noqa: S105
SMPP_PASSWORD: Final = "sim-smpp"  # noqa: S105 - SMPP allows no more than eight characters
VERDICTS: Final = {"drop": "dropped", "hang": "hung"}


class DownError(Exception):
    """The vendor is not there."""


@dataclass(frozen=True, slots=True)
class Met:
    """What became of a message: how it is kept, what refuses it, and whether it was taken before."""

    arrival: Arrival
    refused: Said | None = None
    repeated: bool = False


class World:
    """Ledger, switches, templates, receipts, and the course that every message takes through them."""

    def __init__(self, utcnow: Callable[[], datetime], ledger: Ledger, receipts: Receipts) -> None:
        """All is well.

        Args:
            utcnow: Tells the time, aware UTC.
            ledger: Where everything is kept.
            receipts: Who hands out receipts.
        """
        self.utcnow = utcnow
        self.ledger = ledger
        self.receipts = receipts
        self.switches = Switches()
        self.templates = Templates()
        self.nonces = Nonces()
        self.tokens = Tokens()
        self._boot = secrets.token_hex(4)
        self._number = 0

    def provider_id(self) -> str:
        """A name for a message that no vendor of any start has given before."""
        self._number += 1
        return f"{self._boot}{self._number:08d}"

    async def gate(self, vendor: str) -> None:
        """What a vendor does before it looks at a request: it may be away, cut the line, or take its time.

        Raises:
            DownError: it is not there.
            CutError: the line breaks before anything was taken.
        """
        if self.switches.first(vendor, ("down",), ""):
            raise DownError
        if self.switches.first(vendor, ("reset",), ""):
            raise CutError
        if slow := self.switches.first(vendor, ("slow",), ""):
            await asyncio.sleep(slow.seconds)

    def rejects(self, vendor: str) -> Said | None:
        """What a vendor says to right credentials while that fault is on; None: it believes them."""
        fault = self.switches.first(vendor, ("credentials",), "")
        return refusal(vendor, "credentials", fault.code) if fault else None

    def turn_away(self, draft: Draft, said: Said) -> Met:
        """Keep a message that was refused before it was looked at."""
        return Met(self._keep(draft, "", said.kind, accepted=False, code=said.code), said)

    async def meet(self, draft: Draft, provider_id: str = "") -> Met:
        """Take a message or refuse it, as the switches say; hang where they say so.

        Args:
            draft: What the vendor read.
            provider_id: What the vendor calls it; empty: a new name.

        Raises:
            CutError: it was taken (or not), and the line is cut before the sender learns it.
        """
        if (said := self._refusal(draft)) is not None:
            return self.turn_away(draft, said)
        if (first := self.ledger.repeated(draft, self.utcnow())) is not None:
            self._keep(draft, first.provider_id, "repeated", accepted=False)
            return Met(first, repeated=True)
        fault = self.switches.first(draft.vendor, SILENT, draft.to)
        if fault is None:
            return Met(self._take(draft, provider_id, "accepted"))
        return await self._fall_silent(draft, provider_id, fault)

    async def _fall_silent(self, draft: Draft, provider_id: str, fault: Fault) -> Met:
        if fault.taken:
            arrival = self._take(draft, provider_id, VERDICTS[fault.kind])
        else:
            arrival = self._keep(draft, provider_id or self.provider_id(), VERDICTS[fault.kind], accepted=False)
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "drop" or not fault.taken:
            raise CutError
        return Met(arrival)

    def _refusal(self, draft: Draft) -> Said | None:
        kinds = (*REFUSING, "bad_number") if self._refuses_bad_numbers(draft) else REFUSING
        fault = self.switches.first(draft.vendor, kinds, draft.to)
        if fault is not None:
            return refusal(draft.vendor, fault.kind, fault.code)
        if draft.template and self.templates.of(draft.template).state != "approved":
            return refusal(draft.vendor, "template")
        return None

    def _refuses_bad_numbers(self, draft: Draft) -> bool:
        """Whether a wrong address is told at once: by whom gives no receipts always, by the others when the switch says so."""
        on = self.switches.get(draft.vendor, "bad_number")
        return on is not None and (on.at == "answer" or not self.receipts.promised_by(draft.vendor))

    def _take(self, draft: Draft, provider_id: str, verdict: str) -> Arrival:
        arrival = self._keep(draft, provider_id or self.provider_id(), verdict, accepted=True)
        if draft.wants_receipt:
            self.receipts.promise(arrival, self.switches)
        return arrival

    def _keep(self, draft: Draft, provider_id: str, verdict: str, *, accepted: bool, code: str = "") -> Arrival:
        return self.ledger.keep(
            draft, medium=MEDIA[draft.vendor], provider_id=provider_id, at=self.utcnow(), verdict=verdict, accepted=accepted, code=code
        )

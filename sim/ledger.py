"""The simulator's own record: everything that came, in memory and in an append-only file that outlives a restart."""

import json
import os
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sim.arrival import Arrival, Draft

MOST: Final = 200_000
"""Messages kept in memory; older ones are only in the file."""


class Ledger:
    """What came, newest last. Written to its file before anybody is answered, so that `kill -9` loses nothing accepted."""

    def __init__(self, file: Path | None = None) -> None:
        """Read what an earlier start kept; None: memory only."""
        self._kept: deque[Arrival] = deque(maxlen=MOST)
        self._by_id: dict[int, Arrival] = {}
        self._first: dict[tuple[str, str, str], int] = {}
        self._by_provider: dict[tuple[str, str], Arrival] = {}
        self._receipts: Counter[tuple[str, str]] = Counter()
        self._last_id = 0
        self._out = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._read(file)
            self._out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _read(self, file: Path) -> None:
        if not file.exists():
            return
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):  # the last one may be cut off
                    self._replay(json.loads(line))

    def _replay(self, entry: dict[str, Any]) -> None:
        match entry:
            case {"message": found}:
                self._add(Arrival.from_json(found))
            case {"receipt": {"id": number, "status": status, "at": at}}:
                self._note(number, status, datetime.fromisoformat(at))
            case {"pushed": {"vendor": vendor, "result": result, "count": number}}:
                self._receipts[vendor, result] += number
            case {"cleared": last_id}:
                self._forget()
                self._last_id = last_id

    def _write(self, **entry: object) -> None:
        if self._out is not None:
            os.write(self._out, json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def _add(self, arrival: Arrival) -> None:
        if len(self._kept) == MOST:
            self._drop(self._kept[0])
        self._kept.append(arrival)
        self._by_id[arrival.id] = arrival
        self._by_provider[arrival.vendor, arrival.provider_id] = arrival
        self._last_id = max(self._last_id, arrival.id)
        if arrival.accepted and arrival.reference:
            self._first.setdefault((arrival.vendor, arrival.to, arrival.reference), arrival.id)

    def _drop(self, oldest: Arrival) -> None:
        self._by_id.pop(oldest.id, None)
        self._by_provider.pop((oldest.vendor, oldest.provider_id), None)

    def keep(self, draft: Draft, *, medium: str, provider_id: str, at: datetime, verdict: str, accepted: bool, code: str = "") -> Arrival:
        """Keep one message, and find out whether it came before. Its number is one more than the last one's."""
        arrival = Arrival(
            id=self._last_id + 1,
            vendor=draft.vendor,
            medium=medium,
            to=draft.to,
            text=draft.text,
            reference=draft.reference,
            subject=draft.subject,
            sender=draft.sender,
            template=draft.template,
            params=draft.params,
            provider_id=provider_id,
            at=at,
            verdict=verdict,
            accepted=accepted,
            code=code,
            duplicate_of=self._first.get((draft.vendor, draft.to, draft.reference)) if accepted else None,
            callback=draft.callback,
        )
        self._write(message=arrival.as_json())
        self._add(arrival)
        return arrival

    def note_receipt(self, arrival: Arrival, status: str, at: datetime) -> None:
        """Remember what the receipt of a message says."""
        self._write(receipt={"id": arrival.id, "status": status, "at": at.isoformat()})
        self._note(arrival.id, status, at)

    def _note(self, number: int, status: str, at: datetime) -> None:
        if (arrival := self._by_id.get(number)) is not None:
            arrival.receipt, arrival.receipt_at = status, at

    def note_push(self, vendor: str, result: str, number: int = 1) -> None:
        """Count receipts that were handed over: `taken`, `not_taken` or `given_up`."""
        self._write(pushed={"vendor": vendor, "result": result, "count": number})
        self._receipts[vendor, result] += number

    def clear(self) -> int:
        """Forget everything; numbers go on. Gives back how many there were."""
        count = len(self._kept)
        self._write(cleared=self._last_id)
        self._forget()
        return count

    def _forget(self) -> None:
        for kept in (self._kept, self._by_id, self._first, self._by_provider, self._receipts):
            kept.clear()

    def repeated(self, draft: Draft, now: datetime) -> Arrival | None:
        """The accepted message that a vendor takes this one to be, because it came within the time in which it checks; None: it is new."""
        number = self._first.get((draft.vendor, draft.to, draft.reference)) if draft.reference and draft.check_seconds else None
        first = self._by_id.get(number) if number is not None else None
        return first if first is not None and (now - first.at).total_seconds() <= draft.check_seconds else None

    def called(self, vendor: str, provider_id: str) -> Arrival | None:
        """The message that a vendor calls so."""
        return self._by_provider.get((vendor, provider_id))

    def newest(self) -> Iterator[Arrival]:
        """Everything in memory, newest first."""
        return reversed(self._kept)

    def find(self, fields: Mapping[str, str], *, limit: int = 1000, since: int = 0, accepted: bool | None = None) -> list[Arrival]:
        """Messages with these values (`to`, `vendor`, `medium`, `reference`, `verdict` …), newest first, numbered above `since`."""
        found: list[Arrival] = []
        for arrival in self.newest():
            if arrival.id <= since or len(found) >= limit:
                break
            if accepted in (None, arrival.accepted) and all(str(getattr(arrival, name)) == value for name, value in fields.items()):
                found.append(arrival)
        return found

    def summary(self) -> dict[str, Any]:
        """Figures: in all and by vendor, how many came, were accepted, came twice, were refused as what; receipts handed over."""
        vendors: dict[str, Counter[str]] = {}
        for arrival in self._kept:
            count = vendors.setdefault(arrival.vendor, Counter())
            count["arrived"] += 1
            count["accepted"] += arrival.accepted
            count["duplicates"] += arrival.duplicate_of is not None
            count[f"verdict_{arrival.verdict}"] += 1
        for (vendor, result), number in self._receipts.items():
            vendors.setdefault(vendor, Counter())[f"pushed_{result}"] += number
        total = Counter(arrived=0, accepted=0, duplicates=0)
        for count in vendors.values():
            total.update(count)
        return {"total": dict(total), "vendors": {name: dict(count) for name, count in sorted(vendors.items())}, "last_id": self._last_id}

    def close(self) -> None:
        """Give the file back."""
        if self._out is not None:
            os.close(self._out)
            self._out = None

"""Requests across cases: what waits for whose decision, the ledger of holds, returns and what became of them. Changes nothing."""

from services.requests.holds import Held, held, ledger_json, public_ledger
from services.requests.returns import Returns, passed_around, returned, returns_json
from services.requests.waiting import KINDS, waiting, waiting_json

__all__ = [
    "KINDS",
    "Held",
    "Returns",
    "held",
    "ledger_json",
    "passed_around",
    "public_ledger",
    "returned",
    "returns_json",
    "waiting",
    "waiting_json",
]

"""A city's own system behind a signed webhook: HMAC checked, each Idempotency-Key taken once."""

import hashlib
import hmac
from typing import Final

from sim.arrival import Draft
from sim.said import Said, refusal
from sim.web import Request, Response, answer
from sim.world import PASSWORD, World

VENDOR: Final = "hook"
DAY: Final = 86_400.0


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`sha256=` and the hex HMAC-SHA256 over `<timestamp>.<body>` (docs/channels.md)."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _trouble_with(world: World, request: Request) -> Said | None:
    if (said := world.rejects(VENDOR)) is not None:
        return said
    timestamp = request.headers.get("x-bihuan-timestamp", "")
    fresh = timestamp.isdecimal() and abs(world.utcnow().timestamp() - int(timestamp)) <= 300
    right = hmac.compare_digest(signature(PASSWORD, timestamp, request.body), request.headers.get("x-bihuan-signature", ""))
    return None if fresh and right else refusal(VENDOR, "credentials")


async def receive(world: World, request: Request) -> Response:
    """Take one event; a ping speaks of nobody and is only answered."""
    await world.gate(VENDOR)
    values = request.json
    said = _trouble_with(world, request)
    if values.get("event") == "ping":
        return answer({"error": said.code}, said.status) if said else answer({"ok": True})
    reference = request.headers.get("idempotency-key", "")
    to, text, subject = (str(values.get(name, "")) for name in ("to", "text", "subject"))
    draft = Draft(VENDOR, to, text, reference, subject, check_seconds=DAY)
    met = world.turn_away(draft, said) if said else await world.meet(draft)
    if met.refused is not None:
        return answer({"error": met.refused.code}, met.refused.status)
    return answer({"id": met.arrival.provider_id}, 409 if met.repeated else 202)

"""The simulator's own JSON API, for tests and for scripts."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from sim.faults import MEDIA, BadFaultError, fault_of
from sim.outside import Outside
from sim.receipts import Answer
from sim.web import BadRequestError, Request, Response, answer

FIELDS: Final = ("to", "vendor", "medium", "reference", "verdict", "provider_id", "template")
MOST: Final = 10_000
LONGEST_AWAY: Final = 600

Handler = Callable[[Outside, Request], Awaitable[Response]]


async def live(outside: Outside, request: Request) -> Response:
    """The simulator runs, and where it listens."""
    del request
    return answer({"ok": True, **outside.addresses()})


async def messages(outside: Outside, request: Request) -> Response:
    """What came, newest first; `?to=`, `vendor`, `medium`, `reference`, `verdict`, `template`, `accepted=yes|no`, `since=<id>`, `limit`."""
    query = request.query
    limit, since = (_number(query.get(name) or default) for name, default in (("limit", "1000"), ("since", "0")))
    accepted = {"yes": True, "no": False}.get(query.get("accepted", ""))
    fields: dict[str, str] = {name: query[name] for name in FIELDS if name in query}
    found = outside.world.ledger.find(fields, limit=min(limit, MOST), since=since, accepted=accepted)
    return answer({"messages": [arrival.as_json() for arrival in found]})


def _number(text: str) -> int:
    if not text.isdecimal():
        raise BadRequestError(f"{text!r} is not a number")
    return int(text)


async def clear(outside: Outside, request: Request) -> Response:
    """Forget all messages."""
    del request
    return answer({"forgotten": outside.world.ledger.clear()})


async def summary(outside: Outside, request: Request) -> Response:
    """Figures."""
    del request
    return answer(outside.world.ledger.summary())


async def faults(outside: Outside, request: Request) -> Response:
    """What is switched on."""
    del request
    return answer({"faults": outside.world.switches.listed()})


async def set_fault(outside: Outside, request: Request) -> Response:
    """Switch a fault on: `{vendor, kind, seconds, code, numbers, times, taken, at}`."""
    values = request.json
    try:
        vendors = await outside.switch(str(values.get("vendor", "")), fault_of(values))
    except BadFaultError as problem:
        raise BadRequestError(str(problem)) from None
    return answer({"vendors": vendors})


async def clear_faults(outside: Outside, request: Request) -> Response:
    """Switch off: `?vendor=` and `kind=`, or everything."""
    try:
        vendors = await outside.mend(request.query.get("vendor") or "all", request.query.get("kind", ""))
    except BadFaultError as problem:
        raise BadRequestError(str(problem)) from None
    return answer({"vendors": vendors})


async def away(outside: Outside, request: Request) -> Response:
    """Stop listening for HTTP for so many seconds: `{seconds}`."""
    seconds = request.json.get("seconds", 1)
    if not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST_AWAY:
        raise BadRequestError(f"seconds: 0 to {LONGEST_AWAY}")
    outside.send_away(seconds)
    return answer({"seconds": seconds})


async def templates(outside: Outside, request: Request) -> Response:
    """What is filed with the gateways."""
    del request
    return answer({"templates": outside.world.templates.listed(), "signs": outside.world.templates.signs})


async def file_template(outside: Outside, request: Request) -> Response:
    """File a template, or decide on it: `{code, content, state, reason, name}`."""
    try:
        return answer({"code": outside.world.templates.file(request.json).code})
    except ValueError as problem:
        raise BadRequestError(str(problem)) from None


async def file_sign(outside: Outside, request: Request) -> Response:
    """File a signature, or decide on it: `{sign, state}`."""
    try:
        outside.world.templates.sign(str(request.json.get("sign", "")), str(request.json.get("state") or "approved"))
    except ValueError as problem:
        raise BadRequestError(str(problem)) from None
    return answer({"signs": outside.world.templates.signs})


async def set_up(outside: Outside, request: Request) -> Response:
    """How receipts are given: `{callbacks: {vendor: url}, delay: seconds, again: [seconds, …]}`; only what is named changes."""
    values = request.json
    try:
        outside.set_up(values)
    except ValueError as problem:
        raise BadRequestError(str(problem)) from None
    return answer(_setup(outside))


async def setup(outside: Outside, request: Request) -> Response:
    """How receipts are given now."""
    del request
    return answer(_setup(outside))


def _setup(outside: Outside) -> dict[str, Any]:
    receipts = outside.world.receipts
    return {"callbacks": receipts.callbacks, "delay": receipts.delay, "again": list(receipts.again)}


async def reply(outside: Outside, request: Request) -> Response:
    """Somebody answers by SMS: `{from, text, vendor}`; without a vendor by the one who brought them the last message."""
    values = request.json
    phone, text = str(values.get("from", "")), str(values.get("text", ""))
    vendor = str(values.get("vendor") or outside.last_vendor(phone))
    if not phone or MEDIA.get(vendor) != "sms":
        raise BadRequestError("from: a phone; vendor: one who brings SMS")
    at, called = outside.world.utcnow(), str(values.get("id") or outside.world.provider_id())
    taken = await outside.reply(vendor, Answer(phone, text, called, at))
    return answer({"taken": taken, "vendor": vendor, "id": called}, 200 if taken else 502)


ROUTES: Final[Mapping[tuple[str, str], Handler]] = {
    ("GET", "/livez"): live,
    ("GET", "/api/messages"): messages,
    ("DELETE", "/api/messages"): clear,
    ("GET", "/api/summary"): summary,
    ("GET", "/api/faults"): faults,
    ("POST", "/api/faults"): set_fault,
    ("DELETE", "/api/faults"): clear_faults,
    ("POST", "/api/away"): away,
    ("GET", "/api/templates"): templates,
    ("POST", "/api/templates"): file_template,
    ("POST", "/api/signs"): file_sign,
    ("GET", "/api/setup"): setup,
    ("POST", "/api/setup"): set_up,
    ("POST", "/api/reply"): reply,
}

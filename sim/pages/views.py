"""What the pages show and what their forms do."""

import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from sim.arrival import Arrival
from sim.faults import GROUPS, KINDS, NAMES, BadFaultError, by_hand
from sim.outside import Outside
from sim.receipts import Answer
from sim.said import meaning
from sim.times import local
from sim.web import Request, Response, see_other

LANGUAGES: Final = ("zh", "en")
MOST_COLUMNS: Final = 40
MOST_IN_COLUMN: Final = 20
MOST_READ: Final = 2000
_LINK: Final = re.compile(r"(https?://[^\s<>\"'，。；）】]+)")
SAFE: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

View = Callable[[Outside, Request], Awaitable[Response]]


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("sim.pages").joinpath("words.toml").read_text(encoding="utf-8"))


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("sim", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def _lang(request: Request) -> str:
    wanted = request.query.get("lang", "zh")
    return wanted if wanted in LANGUAGES else "zh"


def _page(name: str, request: Request, status: int = 200, **values: object) -> Response:
    lang = _lang(request)
    known = {"lang": lang, "words": _words()[lang], "here": name, "path": request.path}
    text = _templates().get_template(f"{name}.html.j2").render(**known, **values)
    return Response(status, text.encode(), "text/html; charset=utf-8", SAFE)


async def style(outside: Outside, request: Request) -> Response:
    """How the pages look."""
    del outside, request
    return Response(200, resources.files("sim.pages").joinpath("style.css").read_bytes(), "text/css; charset=utf-8", SAFE)


async def inbox(outside: Outside, request: Request) -> Response:
    """What came: a column for every phone and mailbox, the one with the newest message first; `?to=` shows one of them."""
    to, ledger = request.query.get("to", ""), outside.world.ledger
    kept = ledger.find({"to": to} if to else {}, limit=MOST_READ)
    lang = _lang(request)
    refused = [_shown(arrival, lang) for arrival in kept if not arrival.accepted][:20]
    values = {"total": ledger.summary()["total"], "faults": outside.world.switches.listed(), "still": "still" in request.query}
    return _page("inbox", request, to=to, columns=_columns(kept, lang, whole=bool(to)), refused=refused, **values)


def _columns(kept: list[Arrival], lang: str, *, whole: bool) -> list[dict[str, Any]]:
    columns: dict[tuple[str, str], dict[str, Any]] = {}
    for arrival in kept:
        key = arrival.medium, arrival.to
        if not arrival.accepted or (key not in columns and len(columns) == MOST_COLUMNS):
            continue
        column = columns.setdefault(key, {"medium": arrival.medium, "to": arrival.to, "vendor": arrival.vendor, "messages": []})
        if whole or len(column["messages"]) < MOST_IN_COLUMN:
            column["messages"].append(_shown(arrival, lang))
    return list(columns.values())


def _shown(arrival: Arrival, lang: str) -> dict[str, Any]:
    said = _words()[lang]["receipt_said"]
    told = said.get(meaning(arrival.vendor, arrival.receipt) or "", arrival.receipt)
    pieces = [(piece, place % 2 == 1) for place, piece in enumerate(_LINK.split(arrival.text))]
    return arrival.as_json() | {"time": local(arrival.at), "pieces": pieces, "receipt_told": told}


async def switches(outside: Outside, request: Request, problem: BadFaultError | None = None) -> Response:
    """Which faults are on, and a form to switch on another; with what was wrong in the form that came, which stays filled in."""
    names = [name for name in NAMES if name not in GROUPS]
    told = _words()[_lang(request)]["problem"][problem.code].format(**problem.values) if problem else ""
    given = request.form if problem else {}
    known = {"faults": outside.world.switches.listed(), "groups": GROUPS, "names": names, "kinds": KINDS}
    return _page("switches", request, 400 if problem else 200, problem=told, given=given, **known)


async def switch_on(outside: Outside, request: Request) -> Response:
    """Switch a fault on."""
    given = {name: value.strip() for name, value in request.form.items()}
    try:
        await outside.switch(given.get("vendor", ""), by_hand(given))
    except BadFaultError as problem:
        return await switches(outside, request, problem)
    return see_other(f"/switches?lang={_lang(request)}")


async def switch_off(outside: Outside, request: Request) -> Response:
    """Switch one fault off, or all."""
    try:
        await outside.mend(request.form.get("vendor") or "all", request.form.get("kind", ""))
    except BadFaultError as problem:
        return await switches(outside, request, problem)
    return see_other(f"/switches?lang={_lang(request)}")


async def empty(outside: Outside, request: Request) -> Response:
    """Forget all messages."""
    outside.world.ledger.clear()
    return see_other(f"/?lang={_lang(request)}")


async def reply(outside: Outside, request: Request) -> Response:
    """A form to answer by SMS, and whether the last answer arrived."""
    taken = {"yes": True, "no": False}.get(request.query.get("taken", ""))
    return _page("reply", request, phone=request.query.get("from", ""), taken=taken)


async def send_reply(outside: Outside, request: Request) -> Response:
    """Answer by SMS."""
    phone, text = request.form.get("from", ""), request.form.get("text", "")
    given = Answer(phone, text, outside.world.provider_id(), outside.world.utcnow())
    taken = await outside.reply(outside.last_vendor(phone), given)
    return see_other(f"/reply?lang={_lang(request)}&from={quote(phone)}&taken={'yes' if taken else 'no'}")


ROUTES: Final[Mapping[tuple[str, str], View]] = {
    ("GET", "/"): inbox,
    ("GET", "/style.css"): style,
    ("GET", "/switches"): switches,
    ("POST", "/switches"): switch_on,
    ("POST", "/switches/off"): switch_off,
    ("POST", "/clear"): empty,
    ("GET", "/reply"): reply,
    ("POST", "/reply"): send_reply,
}

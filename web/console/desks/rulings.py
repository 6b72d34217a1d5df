"""裁定台: returns, more time, holds, ends and appeals that wait for a decision; the facts, the clock, and a decision with its reason."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from rules.facts import Thing
from services.desks.queues import DECISIONS
from services.privacy.masking import masked
from web.access.visitor import Posted, Signed
from web.console.desks.queue import Chosen, Queue, Turn, decide, show
from web.console.shown import capital
from web.site import Here, Now
from web.spoken import day_time

router = APIRouter(include_in_schema=False)


@router.get("/desks/rulings")
def rulings(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """What waits for a ruling."""
    return show(_QUEUE, request, who, site, now, Turn())


@router.post("/desks/rulings")
def rule(request: Request, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Rule on one of them."""
    return decide(_QUEUE, request, form, who, site, now)


def _asked(chosen: Chosen) -> Mapping[str, Any] | None:
    """The row of what was asked for; None: a hold that is looked at again."""
    waits, draft = chosen.waits, chosen.draft
    rows: Mapping[Thing, Mapping[int, Mapping[str, Any]]] = {Thing.REQUEST: draft.requests, Thing.EXTENSION: draft.extensions}
    return rows.get(waits.thing, {}).get(waits.no or 0)


def _about(chosen: Chosen) -> dict[str, Any]:
    """What was asked for, by whom, why; what was asked for before."""
    row, words = _asked(chosen), chosen.words
    if row is None:
        return {"asked_name": capital(words.word("clock", chosen.waits.clock["kind"])), "asked": [], "before": _before(chosen)}
    kind = "extension" if chosen.waits.thing is Thing.EXTENSION else row["kind"]
    return {"asked_name": capital(words.word("request", kind)), "asked": list(_lines(row, chosen)), "before": _before(chosen)}


def _lines(row: Mapping[str, Any], chosen: Chosen) -> Iterator[tuple[str, str]]:
    """What stands in a request, each with its name in Chinese."""
    words, zone, now = chosen.words, chosen.words.known.zone, chosen.now
    order = chosen.draft.orders.get(row.get("order_no") or 0)
    unit = row.get("unit_id") or (order["unit_id"] if order is not None else None)
    yield "谁申请", " · ".join(filter(None, (words.unit(unit)[1], words.actor(row["asked_by"]))))
    if row.get("code"):
        yield "原因", words.word("reason", row["code"])
    yield "理由", row["reason"] if chosen.seen.seen.words else masked(row["reason"])
    if row.get("to_unit_id"):
        yield "说该归", words.unit(row["to_unit_id"])[1] or ""
    if row.get("amount"):
        yield "延长多少", words.limit(row["amount"])
    if row.get("until"):
        yield "到什么时候", day_time(row["until"], now, zone, words.lang)
    yield "什么时候", day_time(row["asked_at"], now, zone, words.lang)


def _before(chosen: Chosen) -> list[tuple[str, str, str]]:
    """What was asked for in this case before and how it was decided: name, state, when."""
    words = chosen.words
    rows = [("extension", row) for row in chosen.draft.extensions.values()] + [(r["kind"], r) for r in chosen.draft.requests.values()]
    decided = sorted((pair for pair in rows if pair[1]["decided_at"] is not None), key=lambda pair: pair[1]["decided_at"], reverse=True)
    at = ((kind, row, day_time(row["decided_at"], chosen.now, words.known.zone, words.lang)) for kind, row in decided)
    return [(capital(words.word("request", kind)), words.word("state", row["state"]), when) for kind, row, when in at]


def _offers(chosen: Chosen) -> dict[str, Any]:
    """What was asked for stands in the fields already."""
    row = _asked(chosen)
    if row is None:
        return {}
    until = row.get("until")
    unit = chosen.words.unit(row.get("to_unit_id"))[0]
    local = until.astimezone(chosen.words.known.zone) if until is not None else None
    return {
        name: value
        for name, value in {"amount": row.get("amount"), "unit": unit, "until": f"{local:%Y-%m-%dT%H:%M}" if local else None}.items()
        if value is not None
    }


_QUEUE: Final = Queue(
    "rulings", "desks/rulings.html", tuple(action for actions in DECISIONS.values() for action in actions), (), _about, _offers
)

"""本级处置: what a grid, community, street or the district holds in ③: handle it here, report it up, or send it down."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from rules.facts import Level
from services.routing.explaining import explain
from web.access.visitor import Posted, Signed
from web.console.desks.queue import Chosen, Queue, Turn, decide, show
from web.console.shown import capital
from web.site import Here, Now
from web.spoken import day_time

router = APIRouter(include_in_schema=False)
_MOVES: Final = ("handle_here", "report_up", "send_down")
_MORE: Final = ("dispatch", "self_handle", "skip_levels")


@router.get("/desks/level")
def held(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """What this level holds."""
    return show(_QUEUE, request, who, site, now, Turn())


@router.post("/desks/level")
def decide_level(request: Request, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Handle it here, report it up, send it down."""
    return decide(_QUEUE, request, form, who, site, now)


def _about(chosen: Chosen) -> dict[str, Any]:
    """The way that the case came, and from which level on it may be handled."""
    words, case = chosen.words, chosen.draft.case
    turns = explain(chosen.session, case["no"], words.lang) if chosen.seen.seen.opened else []
    zone = words.known.zone
    way = [
        (day_time(each.at, chosen.now, zone, words.lang), capital(words.word("action", each.action)), words.actor(each.actor), each.why)
        for each in turns
    ]
    levels = [(level.value, words.word("level", level.value)) for level in Level]
    return {"way": way, "levels": levels, "level": case["level"] or "", "authority": case["authority"] or ""}


_QUEUE: Final = Queue("level", "desks/level.html", _MOVES, _MORE, _about, lambda _: {})

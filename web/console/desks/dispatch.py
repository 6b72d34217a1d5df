"""派单台: filed cases that nobody has sent yet, with the units that could have each and why, sent to one or to several."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from rules.facts import Thing
from services.choices import engine_goes_on
from services.desks.candidates import Candidate, suggested
from services.routing.explaining import explain, words_of_route
from services.triage.desk import limits
from web.access.visitor import Posted, Signed
from web.console.desks.queue import Chosen, Queue, Turn, decide, show
from web.console.shown import capital
from web.site import Here, Now
from web.spoken import day_time
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_PARTS: Final = {"lead": "目录：主办", "co": "目录：协办", "": "职责清单"}
_LEFT: Final = frozenset({"no_unit", "no_holder", "outside_duty_list"})  #: entries by which the engine leaves a case to people


@router.get("/desks/dispatch")
def to_send(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """What waits to be sent."""
    return show(_QUEUE, request, who, site, now, Turn())


@router.post("/desks/dispatch")
def send(request: Request, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Send a case to one unit, or to several at once."""
    return decide(_QUEUE, request, form, who, site, now)


def _about(chosen: Chosen) -> dict[str, Any]:
    """The units that could have it, until when if it was sent now, and why the engine has left it."""
    words, case, known = chosen.words, chosen.draft.case, chosen.words.known
    found = suggested(chosen.session, case)
    given = limits(case, case["category"], case["urgency"], found.route.lead, known, chosen.now)
    left = [turn for turn in explain(chosen.session, case["no"], words.lang) if turn.action in _LEFT]
    return {
        "units": [_unit(each, words) for each in found.units],
        "why": words_of_route(found.route.told(), known, words.lang),
        "limits": [(capital(words.word("clock", e.kind)), day_time(e.due_at, chosen.now, known.zone, words.lang)) for e in given],
        "left": [" · ".join(filter(None, (capital(words.word("action", turn.action)), turn.why))) for turn in left[-1:]],
        "soon": chosen.draft.case["attend_at"] is not None and engine_goes_on(chosen.draft, _last(chosen)),
        "hops": case["hops"],
    }


def _last(chosen: Chosen) -> str:
    """The last move of the case: after some of them nobody goes on but a person."""
    return next((entry["action"] for entry in reversed(chosen.seen.story.journal) if entry["thing"] == Thing.CASE.value), "")


def _unit(each: Candidate, words: Words) -> dict[str, Any]:
    listed = {None: "没有清单，都可派", True: "清单内", False: "清单外"}[each.listed]
    said = {"unit": words.unit(each.unit_id)[1], "part": translated(_PARTS[each.part], words.lang), "open": each.open}
    return {**said, "listed": translated(listed, words.lang), "off": each.broken is not None}


def _offers(chosen: Chosen) -> dict[str, Any]:
    """The units of the catalogue stand in the fields already, but for those off their duty list."""
    found = suggested(chosen.session, chosen.draft.case)
    fit = [each for each in found.units if each.broken is None]
    code = chosen.words.unit
    return {
        "lead": next((code(each.unit_id)[0] for each in fit if each.part == "lead"), None),
        "first": tuple(code(each.unit_id)[0] for each in found.units),
        "co": tuple(str(code(each.unit_id)[0]) for each in fit if each.part == "co"),
    }


_QUEUE: Final = Queue(
    "dispatch", "desks/dispatch.html", ("dispatch",), ("refile", "divert", "place", "self_handle", "merge"), _about, _offers
)

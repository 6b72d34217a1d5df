"""All cases that somebody sees, newest first; found again by number, place or words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from rules.facts import FINAL, Actor, State
from services.catalogue.known import AREA_KINDS
from services.listing import CaseLine, Light, Wanted, is_number, list_cases
from services.moves.filing import URGENCIES
from services.visibility import is_visible
from web.access.visitor import Signed
from web.console.page import page
from web.console.shown import capital, short
from web.site import Here, Lang, Now
from web.spoken import Standing, day_time, standing
from web.views import Words

router = APIRouter(include_in_schema=False)
_SIZE: Final = 50
_LONGEST: Final = 60  #: characters of a search
_MOST: Final = 2**31 - 1
_Coded = TypeVar("_Coded", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the list in words."""

    case: CaseLine
    standing: Standing | None
    clock: str
    state: str
    ended: bool
    category: str
    urgency: str
    area: str
    holder: str
    since: str
    short: str


@router.get("/cases")
def cases(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The list; a whole number that one sees leads to its case."""
    given = request.query_params
    wanted, words = _wanted(given, who.actor), Words(who.known, lang)
    number = wanted.search.upper()
    with site.database.unit_of_work() as session:
        if is_number(number) and is_visible(session, who.actor, number):
            return RedirectResponse(f"/cases/{number}", 303)
        found = list_cases(session, wanted, now)
    kept = {name: value for name in ("q", "state", "urgency", "category", "area", "light") if (value := given.get(name, ""))}
    return page(
        request,
        who,
        "cases.html",
        "cases",
        rows=[_shown(line, found.clocks, words, now) for line in found.cases],
        older=f"?{urlencode({**kept, 'after': found.next})}" if found.next is not None else "",
        newest=f"?{urlencode(kept)}" if wanted.after is not None else "",
        filtered=bool(kept),
        q=wanted.search,
        wanted=wanted,
        states=[(state.value, capital(words.word("state", state.value))) for state in State if state is not State.BESIDE],
        urgencies=[(code, capital(words.word("urgency", code))) for code in sorted(URGENCIES)],
        categories=[(code, f"{code} {words.named(known.name)}") for code, known in sorted(who.known.categories.items())],
        areas=_areas(words),
        lights=[light.value for light in (Light.LATE, Light.WARN, Light.OK, Light.HOLD)],
    )


def _wanted(given: Mapping[str, str], viewer: Actor) -> Wanted:
    """What is asked for; what there is not is not asked for."""
    after, urgency = given.get("after", ""), given.get("urgency", "")
    return Wanted(
        state=_coded(State, given.get("state", "")),
        urgency=urgency if urgency in URGENCIES else None,
        after=int(after) if after.isascii() and after.isdecimal() and 0 < int(after[:12]) <= _MOST else None,
        limit=_SIZE,
        viewer=viewer,
        category=given.get("category") or None,
        area=given.get("area") or None,
        light=_coded(Light, given.get("light", "")),
        search=given.get("q", "").strip()[:_LONGEST],
    )


def _coded(kind: type[_Coded], given: str) -> _Coded | None:
    return next((each for each in kind if each.value == given), None)


def _areas(words: Words) -> list[tuple[str, str]]:
    """Streets, then communities; a grid is too small to be looked for by name."""
    known = words.known
    units = [unit for unit in known.units.values() if unit.kind in AREA_KINDS[1:3]]
    units.sort(key=lambda unit: (unit.kind != "SUBDISTRICT", unit.code))
    return [(unit.code, str(words.named(known.names[unit.id]))) for unit in units]


def _shown(line: CaseLine, clocks: Mapping[int, Mapping[str, object]], words: Words, now: datetime) -> Shown:
    known, clock = words.known, line.clock
    category = known.categories.get(line.category or "")
    ended = State(line.state) in FINAL
    return Shown(
        line,
        standing(clocks[line.id], known, now, words.lang) if clock is not None else None,
        capital(words.word("clock", clock.kind)) if clock is not None else "",
        capital(words.word("state", line.state)),
        ended,
        f"{category.code} {words.named(category.name)}" if category else "",
        capital(words.word("urgency", line.urgency)),
        words.unit(line.area_unit_id)[1] or "",
        "" if ended else words.unit(line.held_by)[1] or words.word("actor", "resident"),
        day_time(line.submitted_at, now, known.zone, words.lang),
        short(line.no, now, known),
    )

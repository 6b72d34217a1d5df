"""Affairs that somebody sees, what is due first before the rest: by kind, those that wait for him, all; and where one opens another."""

from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from rules.facts import Thing
from rules.handling import AFFAIRS
from services.affairs.naming import form_name, state_name, thing_name
from services.affairs.offering import openable
from services.affairs.seen import Wanted, seen_affairs
from services.privacy.masking import masked
from web.access.visitor import Signed
from web.console.affairs.openings import OPENINGS
from web.console.page import page
from web.console.shown import capital
from web.site import Here, Lang, Now
from web.spoken import day_time, standing
from web.views import Words

router = APIRouter(include_in_schema=False)
_SHOW: Final = ("mine", "open", "all")
_LONGEST: Final = 60  #: characters of a search


@router.get("/affairs")
def affairs(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The list."""
    given, words = request.query_params, Words(who.known, lang)
    kind, show = given.get("kind", ""), given.get("show", "open")
    thing = next((each for each in AFFAIRS if each.value == kind), None)
    show = show if show in _SHOW else "open"
    sought = given.get("q", "").strip()[:_LONGEST]
    wanted = Wanted(thing, show != "all", show == "mine", sought, given.get("after", "")[:24], by_due=True)
    with site.database.unit_of_work() as session:
        found = seen_affairs(session, who.actor, wanted)
        mine = openable(session, who.actor, who.known)
    kept = {name: value for name, value in (("kind", kind if thing else ""), ("show", show), ("q", sought)) if value}
    openings = [(each.code, each.label(lang)) for each in OPENINGS.values() if each.action in mine]
    return page(
        request,
        who,
        "affairs/list.html",
        "affairs",
        rows=[_row(row, found.clocks.get((row["case_id"], row["seq"])), words, now) for row in found.rows],
        older=f"?{urlencode({**kept, 'after': found.next})}" if found.next else "",
        kinds=[(each.value, capital(thing_name(each, lang))) for each in AFFAIRS],
        kind=thing.value if thing is not None else "",
        show=show,
        words=sought,
        openings=openings,
        filtered=bool(thing or sought or show != "open"),
        pool=thing in (None, Thing.POOL),
    )


def _row(row: Any, clock: Any, words: Words, now: Now) -> dict[str, Any]:  # noqa: ANN401 - rows
    form = form_name(row["thing"], row["form"], words.known, words.lang) if row["form"] else ""
    kind = capital(thing_name(row["thing"], words.lang))
    return {
        "no": row["no"],
        "title": masked(row["title"]),
        "place": masked(row["place"] or ""),
        "kind": f"{kind} · {form}" if form and form != kind else kind,
        "state": capital(state_name(row["thing"], row["state"], words.lang)),
        "ended": row["ended_at"] is not None,
        "unit": words.unit(row["unit_id"])[1] or "",
        "clock": capital(words.word("clock", clock["kind"])) if clock is not None else "",
        "standing": standing(clock, words.known, now, words.lang) if clock is not None else None,
        "since": day_time(row["opened_at"], now, words.known.zone, words.lang),
    }

"""我的业绩 (/own): one's own figures, told to oneself alone; no ranking, no average of others."""

from collections import Counter
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from services.desks import own as figures
from web.access.visitor import Signed
from web.console.desks.frame import check_desk, desk_page
from web.console.shown import short
from web.site import Here, Now, language_of
from web.spoken import day_time
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
#: Days looked back over → what that is called, in Chinese.
_SPANS: Final = {7: "近7天", 30: "近30天", 90: "近90天"}
_USUAL: Final = 30


@router.get("/own")
def own(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """What the visitor handled lately."""
    check_desk(who, "own")
    lang, given = language_of(request), request.query_params.get("days", "")
    days = int(given) if given in map(str, _SPANS) else _USUAL
    words = Words(who.known, lang)
    with site.database.unit_of_work() as session:
        found = figures.own(session, who.actor, now - timedelta(days=days), now)
    return desk_page(
        request,
        who,
        "desks/own.html",
        "own",
        days=days,
        choices=[(count, translated(name, lang)) for count, name in _SPANS.items()],
        own=found,
        average=f"{sum(found.rated.scores) / len(found.rated.scores):.1f}" if found.rated.scores else "",
        kinds=_kinds(found, words),
        rows=[{**row, "short": short(row["no"], now, who.known), "at": _at(row, words, now)} for row in found.done[: figures.SHOWN]],
    )


def _at(row: figures.Row, words: Words, now: Now) -> str:
    return day_time(row["finished_at"], now, words.known.zone, words.lang)


def _kinds(found: figures.Own, words: Words) -> list[dict[str, Any]]:
    """By category: how many, how many of them on time."""
    count = Counter(row["category"] or "" for row in found.done)
    on_time = Counter(row["category"] or "" for row in found.done if not row["late"])
    known = words.known.categories
    names = {code: f"{code} {words.named(known[code].name)}" if code in known else translated("没有类别", words.lang) for code in count}
    return [{"name": names[code], "done": n, "on_time": on_time[code]} for code, n in sorted(count.items())]

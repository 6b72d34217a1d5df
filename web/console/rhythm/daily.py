"""每日清单: the list of a day as it was made, part by part, and what was said about it."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from services.moves import Row
from services.rhythm import lists
from services.rhythm.lines import BLOCKED, NEW, PARTS
from services.rhythm.periods import DAY, local_day, read_day
from services.rhythm.remarks import remarks
from web.access.visitor import Signed, Visitor
from web.console.nav import leads
from web.console.page import page
from web.site import Here, Lang, Now, Site
from web.spoken import day_time
from web.views import Words

router = APIRouter(include_in_schema=False)
_OTHERS: Final = 14  #: so many of the newest lists are led to
#: Where what a line waits for is worded; what is new waits for nothing.
_WHY: Final[Mapping[str, str]] = {BLOCKED: "blocked", NEW: ""}


@router.get("/board/daily")
def one(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The list of a day, of today unless another is asked for; who leads sees all of it, a unit first what is its own."""
    asked, words = request.query_params.get("day", ""), Words(who.known, lang)
    day = read_day(asked) if asked else local_day(now, who.known.zone)
    whole = leads(who.actor) or "whole" in request.query_params
    values = _shown(site, day, None if whole else who.known.units[who.person.unit_id].code, who, words, now)
    return page(request, who, "rhythm/daily.html", "board", day=day.isoformat(), whole=whole, leads=leads(who.actor), **values)


def _shown(site: Site, day: date, of: str | None, who: Visitor, words: Words, now: Now) -> dict[str, Any]:
    with site.database.unit_of_work() as session:
        others = [row["day"] for row in lists.lists(session, DAY, _OTHERS)]
        if day.isoformat() not in others and day == local_day(now, who.known.zone):
            return {"made": "", "parts": (), "told": (), "others": others}
        seen = lists.read_list(session, DAY, day, who.actor, of)
        told = _told(session, day, {None, *(line["no"] for line in seen.lines)}, who, words)
    by_part: dict[str, list[Row]] = {part: [] for part in PARTS}
    for line in seen.lines:
        by_part[line["part"]].append(_line(line, words, now))
    made = day_time(seen.row["made_at"], now, words.known.zone, words.lang)
    parts = [(words.word("duty_part", part), rows, seen.counts[part]) for part, rows in by_part.items()]
    return {"made": made, "parts": parts, "told": told, "others": others}


def _line(line: Row, words: Words, now: Now) -> Row:
    section = _WHY.get(line["part"], "clock")
    due = line["due_at"]
    return {
        "no": line["no"],
        "case": line["case"],
        "subject": line["subject"],
        "urgency": line["urgency"],
        "urgent": words.word("urgency", line["urgency"]) if line["urgency"] else "",
        "why": words.word(section, line["why"]) if section and line["why"] else "",
        "due": day_time(due, now, words.known.zone, words.lang) if due is not None else "—",
        "unit": words.unit(line["unit_id"])[1] or "",
    }


def _told(session: Session, day: date, shown: Collection[int | None], who: Visitor, words: Words) -> list[Row]:
    """Remarks on the whole list and on the lines that are shown, each with the kind of task that was made of it."""
    rows = [row for row in remarks(session, DAY, day, who.actor) if row["line_no"] in shown]
    return [row | {"by": words.actor(row["by"]), "kind": words.word("duty_task", row["task"]) if row["task"] else ""} for row in rows]

"""The inbox (收件箱): what waits for one's unit, what burns first on top; moves of many at once, with a result a row."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from rules.facts import Actor
from services.catalogue import Catalogue, Person
from services.worklist import MOST, Asked, Lamp, Task, counted, groups, picked, waiting
from web.access.visitor import Posted, Signed, Visitor
from web.console.bulk import Done, ask
from web.console.page import page
from web.console.shown import Shown, shown
from web.site import Here, Lang, Now, Site
from web.spoken import how_long, today
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_SIZE: Final = 40  #: rows a page
_FILTERS: Final = ("role", "category", "area", "handler")
_COLUMNS: Final = ("编号", "状态灯", "事项", "地点", "类别", "紧急程度", "角色", "正在走的时钟", "剩余", "到期", "下一步", "经办人")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  #: what a spreadsheet would take for one


@dataclass(frozen=True, slots=True)
class Listed:
    """The inbox as one has asked for it.

    Attributes:
        every: All rows, whatever is asked for.
        filtered: Those that pass the filters, whatever lamp.
        rows: Those of the lamp as well.
        cut: There is more than is looked at.
    """

    asked: Asked
    every: Sequence[Task]
    filtered: Sequence[Task]
    rows: Sequence[Task]
    cut: bool


def _listed(who: Visitor, site: Site, given: Mapping[str, str], now: datetime) -> Listed:
    lamp = given.get("f", "")
    role, category, area, handler = (given.get(name, "") for name in _FILTERS)
    wanted = Asked(role=role, category=category, area=area, handler=handler)
    asked = replace(wanted, lamp=Lamp(lamp) if lamp in list(Lamp) else Lamp.ALL)
    with site.database.unit_of_work() as session:
        found = waiting(session, who.actor, now)
    every = found.tasks
    filtered = picked(every, wanted, who.person.name, who.known, now)
    return Listed(asked, every, filtered, picked(filtered, Asked(asked.lamp), who.person.name, who.known, now), found.cut)


@router.get("/inbox")
def inbox(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """What waits, by what burns first."""
    return _inbox(request, who, site, now, lang, dict(request.query_params))


@router.post("/inbox")
def act(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Make one move of all rows that are ticked, or of the one whose button was pressed; or set the ticked ones out for the printer."""
    given = {name: form.fields.get(name, "") for name in ("f", "page", *_FILTERS)}
    keys = form.many.get("row", ())
    if form.fields.get("do") == "print":
        return _inbox(request, who, site, now, lang, given, only=frozenset(keys))
    with site.database.unit_of_work() as session:
        done = ask(session, form, who, now, lang)
    if done and all(each.sentence == "" for each in done):
        told = [("did", done[0].action), *(("no", each.no) for each in done), *((n, v) for n, v in given.items() if v)]
        return RedirectResponse(f"/inbox?{urlencode(told)}", 303)
    return _inbox(request, who, site, now, lang, given, done=done, ticked=frozenset(keys), status=409)


@router.get("/inbox/export")
def export(who: Signed, site: Here, now: Now, lang: Lang, request: Request) -> Response:
    """The rows that are asked for as a table for spreadsheets: CSV in UTF-8, no cell a formula."""
    listed = _listed(who, site, request.query_params, now)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([translated(column, lang) for column in _COLUMNS])
    for task in listed.rows:
        writer.writerow([_harmless(cell) for cell in _cells(shown(task, Words(who.known, lang), now))])
    name = f"inbox-{now.astimezone(who.known.zone):%Y%m%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(b"\xef\xbb\xbf" + out.getvalue().encode(), media_type="text/csv; charset=utf-8", headers=headers)


def _cells(row: Shown) -> tuple[str, ...]:
    standing = row.standing
    clock = f"{row.clock} · {standing.unit}"
    first = (row.task.case["no"], standing.word, row.task.case["subject"], row.task.case["place"], row.category, row.urgency)
    return (*first, row.role, clock, standing.left, standing.due, row.step, row.handler)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _inbox(
    request: Request,
    who: Visitor,
    site: Site,
    now: datetime,
    lang: str,
    given: Mapping[str, str],
    *,
    done: Sequence[Done] = (),
    ticked: frozenset[str] = frozenset(),
    only: frozenset[str] | None = None,
    status: int = 200,
) -> Response:
    listed, words = _listed(who, site, given, now), Words(who.known, lang)
    rows = listed.rows if only is None else [task for task in listed.every if task.key in only]
    number, last = _page_of(given.get("page", ""), len(rows))
    cut = rows[(number - 1) * _SIZE : number * _SIZE] if only is None else rows
    kept = {"f": listed.asked.lamp.value, **{name: getattr(listed.asked, name) for name in _FILTERS}}
    return page(
        request,
        who,
        "inbox.html",
        "inbox",
        status,
        said=f"{today(now, who.known.zone, lang)}{_working(who, now, lang)}",
        groups=[(light, len([t for t in rows if t.light is light]), [shown(t, words, now) for t in found]) for light, found in groups(cut)],
        lamps=counted(listed.filtered, now, who.known.zone),
        every=len(listed.every),
        most=MOST if listed.cut else 0,
        count=len(rows),
        asked=listed.asked,
        link=lambda **more: "?" + urlencode({n: v for n, v in {**kept, **more}.items() if v and (n, v) != ("f", "all")}),
        used=lambda percent: translated("已用%(n)d%%", lang, n=percent),
        number=number,
        last=last,
        first_shown=(number - 1) * _SIZE + 1,
        last_shown=(number - 1) * _SIZE + len(cut),
        done=done,
        ticked=ticked,
        printing=only is not None,
        went=_went(request, words),
        choices=_choices(listed.every, words),
        colleagues=[(person.name, words.named(person.title)) for person in colleagues(who.actor, who.known, now)],
    )


def _page_of(given: str, count: int) -> tuple[int, int]:
    last = max(1, -(-count // _SIZE))
    return min(max(int(given), 1), last) if given.isdecimal() and len(given) < 6 else 1, last


def _working(who: Visitor, now: datetime, lang: str) -> str:
    """What is left of today's working time."""
    calendar = who.known.calendar_of(who.person.unit_id)
    midnight = now.astimezone(who.known.zone).replace(hour=23, minute=59, second=59)
    left = calendar.between(int(now.timestamp()), int(midnight.timestamp()))
    if not left:
        return " · " + translated("今天的工作时间已过", lang)
    return " · " + translated("今天工作时间还有%(time)s", lang, time=how_long(left, lang))


def _went(request: Request, words: Words) -> tuple[str, list[str]] | None:
    """What was done a moment ago, as the address says: nothing but a known action and things like numbers of cases are repeated."""
    action, numbers = request.query_params.get("did", ""), request.query_params.getlist("no")
    return (words.word("action", action), numbers[:_SIZE]) if action in ("acknowledge", "contact", "hand_to") and numbers else None


def _choices(tasks: Sequence[Task], words: Words) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer: what is on the list."""
    known = words.known
    categories = sorted({task.case["category"] for task in tasks if task.case["category"] in known.categories})
    areas = {unit for task in tasks for unit in known.line(task.case["area_unit_id"])}
    kinds = [known.units[unit] for unit in areas if known.units[unit].kind in ("SUBDISTRICT", "COMMUNITY")]
    kinds.sort(key=lambda unit: (unit.kind != "SUBDISTRICT", unit.code))
    return {
        "category": [(code, f"{code} {words.named(known.categories[code].name)}") for code in categories],
        "area": [(unit.code, str(words.named(known.names[unit.id]))) for unit in kinds],
    }


def colleagues(viewer: Actor, known: Catalogue, now: datetime) -> list[Person]:
    """Whom work orders of the viewer's unit can be handed to: whoever works in it or a section of it, and is there."""
    away = {absence.person_id for absence in known.absences if absence.covers(now)}
    inside = [person for unit in known.units if set(viewer.body) & set(known.line(unit)) for person in known.by_unit.get(unit, ())]
    same = {known.units[unit].kind for unit in viewer.body}
    return [p for p in inside if p.left_at is None and p.id not in away and known.units[p.unit_id].kind in same]

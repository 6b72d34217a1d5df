"""/grid: what waits for whoever is out in the field, what burns first on top; what is open around, and what he or she reported."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from rules.lifecycle import ACTIONS
from services.intake.on_the_spot import around, reported_by, to_check
from services.worklist import Lamp, Role, Task, counted, worklist
from web.access.visitor import Signed
from web.console.shown import shown
from web.phone.bench.frame import bench_page
from web.site import Here, Lang, Now
from web.spoken import Standing, day_time
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
MOST: Final = 40  #: tasks on the page; the inbox has them all
_OWN_ENTRIES: Final = ("report", "handled", "visit")
#: What is asked for, by what the unit is in the case.
_GROUPS: Final[Mapping[str, str]] = {
    Role.CHECK: "要核查的",
    Role.HOLD: "等本级决定的",
    Role.LEAD: "本单位主办的",
    Role.CO: "本单位协办的",
}
_ORDER: Final = tuple(_GROUPS)


@dataclass(frozen=True, slots=True)
class Card:
    """One task on the page."""

    no: str
    where: str
    subject: str
    place: str
    step: str
    role: str
    standing: Standing


@router.get("/grid")
def home(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The bench."""
    words = Words(who.known, lang)
    with site.database.unit_of_work() as session:
        tasks = worklist(session, who.actor, now)
        near, own = around(session, who.actor), reported_by(session, who.actor, 5)
        handled = to_check(session, who.actor)
    shut = {task.case["no"] for task in tasks}
    groups: dict[str, list[Card]] = {}
    for task in sorted(tasks[:MOST], key=lambda task: _ORDER.index(task.role) if task.role in _ORDER else len(_ORDER)):
        groups.setdefault(translated(_GROUPS.get(task.role, "其他"), lang), []).append(_card(task, words, now))
    done, no = request.query_params.get("done", ""), request.query_params.get("no", "")[:20]
    return bench_page(
        request,
        who,
        "home.html",
        groups=groups,
        more=max(0, len(tasks) - MOST),
        late=sum(task.light == "late" for task in tasks),
        waiting=counted(tasks, now, who.known.zone)[Lamp.ALL],
        around=[_line(row, words, now) for row in near if row["no"] not in shut],
        checks=[_line(row, words, now) for row in handled if row["no"] not in shut],
        own=[_line(row, words, now) for row in own],
        done=done if done in _OWN_ENTRIES or done in ACTIONS else "",
        done_no=no,
    )


def _card(task: Task, words: Words, now: datetime) -> Card:
    row = shown(task, words, now)
    beside = task.role is Role.BESIDE
    where = f"/grid/cases/{task.case['no']}" if row.where and not beside else row.where or "/inbox"
    return Card(task.case["no"], where, task.case["subject"], task.case["place"] or row.area, row.step, row.role, row.standing)


def _line(row: Mapping[str, Any], words: Words, now: datetime) -> dict[str, str]:
    area = words.unit(row["area_unit_id"])[1] or ""
    return {
        "no": row["no"],
        "subject": row["subject"],
        "place": row["place"] or area,
        "state": words.word("state", row["state"]),
        "at": day_time(row["submitted_at"], now, words.known.zone, words.lang),
    }

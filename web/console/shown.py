"""A row of the inbox in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from rules.facts import FINAL, State, Thing
from rules.handling import AFFAIRS, PARTS
from services.catalogue import Catalogue
from services.worklist import Role, Task
from web.spoken import Standing, standing
from web.views import Words
from web.words import translated

_ROLES: Final = {
    Role.LEAD: "主办",
    Role.CO: "协办",
    Role.HOLD: "本级",
    Role.CHECK: "核查",
    Role.DESK: "值守",
    Role.SUPERVISED: "督办",
    Role.BESIDE: "其他",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the inbox.

    Attributes:
        where: Address of the case, or of the affair whose clock runs; empty: it has no page of its own.
        do: Address of the form of the next step; empty: a button does it at once, or there is none.
        step: The next step in words.
    """

    task: Task
    standing: Standing
    role: str
    clock: str
    category: str
    urgency: str
    area: str
    source: str
    handler: str
    where: str
    do: str
    step: str
    short: str


def shown(task: Task, words: Words, now: datetime) -> Shown:
    """A row of the inbox in the language of these words."""
    case, known = task.case, words.known
    category, handler = known.categories.get(case["category"] or ""), known.by_id.get(task.handler_id or 0)
    where = "" if case["state"] == State.BESIDE.value else f"/cases/{case['no']}"
    if task.clock["affair_seq"] is not None:
        where = f"/affairs/{case['no']}/{task.clock['affair_seq']}"
    return Shown(
        task,
        standing(task.clock, known, now, words.lang),
        translated(_ROLES[task.role], words.lang),
        capital(words.word("clock", task.clock["kind"])),
        f"{category.code} {words.named(category.name)}" if category else "",
        capital(words.word("urgency", case["urgency"])),
        words.unit(case["area_unit_id"])[1] or "",
        words.named(known.source_names.get(case["source"])) or "",
        str(words.named(handler.title)) if handler else "",
        where,
        _form(task, where),
        _step(task, words),
        short(case["no"], now, known),
    )


def short(no: str, now: datetime, known: Catalogue) -> str:
    """A number as lists show it: 1120-0025; with its year where that is another one."""
    return no.removeprefix("BH-").removeprefix(f"{now.astimezone(known.zone):%Y}")


def _form(task: Task, where: str) -> str:
    step = task.next
    if step.at_once or not where:
        return ""
    if step.action == "file":
        return f"/triage?no={task.case['no']}"
    if not step.action or task.clock["affair_seq"] is not None:
        return where
    about = {"thing": step.thing.value, "thing_no": step.no} if step.thing is not Thing.CASE else {}
    return f"{where}/do/{step.action}" + (f"?{urlencode(about)}" if about else "")


def _step(task: Task, words: Words) -> str:
    beside = task.thing in AFFAIRS or task.thing in PARTS or task.case["state"] in FINAL
    if not task.next.action:
        return translated("查看", words.lang) if beside else translated("去处理", words.lang)
    return capital(words.word("action", task.next.action))


def capital(words: str) -> str:
    """Words that begin a line or a button; Chinese has no capitals."""
    return words[:1].upper() + words[1:]

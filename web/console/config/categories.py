"""All categories of matters: who leads, from which level on, how urgent, within what time, by what right."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Category, TriageRule, connection_of, table
from rules.facts import Refused
from rules.sla import Matter
from services.catalogue import CategoryFacts, catalogue
from services.categories import check_person
from web.access.visitor import Signed, Visitor
from web.console.config.sla_shown import BASES
from web.console.config.units_choices import code_name
from web.console.config.units_shown import check_looks
from web.console.page import page
from web.site import Here, Lang, Now
from web.views import View, Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_category, _rule = table(Category), table(TriageRule)
#: Kinds of category in the order in which they are shown.
KINDS: Final = {"component": "部件：有主的东西", "event": "事件：发生的事", "service": "服务：请人办的事", "sensor": "感知：设备报来的"}
CLOCKS: Final = ("acknowledge", "contact", "control", "handle")  #: limits with a column of their own
STATUTORY: Final = frozenset({"a", "b"})  #: figures that a published rule gives for this very matter, or for all matters
PHOTO_NAMES: Final = {"photo_before": "处理前的照片", "photo_after": "处理后的照片"}


@router.get("/config/categories")
def categories(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """All categories by kind, or those with certain words."""
    check_looks(who.actor)
    searched = request.query_params.get("q", "")[:60]
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), lang)
        rows = _rows(session, words, now)
        may = may_keep(session, who)
    found = [row for row in rows if all(word in row["text"] for word in searched.casefold().split())]
    groups = [(translated(name, lang), [row for row in found if row["kind"] == kind]) for kind, name in KINDS.items()]
    suggested = sum(row["suggested"] for row in rows)
    more: dict[str, Any] = {"groups": [(name, each) for name, each in groups if each], "found": len(found), "all_rows": len(rows)}
    more["suggested"] = suggested
    heads = [words.word("clock", kind) for kind in CLOCKS]
    return page(request, who, "config/categories.html", "config", searched=searched, heads=heads, may=may, **more)


def _rows(session: Session, words: Words, now: datetime) -> Sequence[View]:
    run, known = connection_of(session).execute, words.known
    bases: dict[str, str] = {row.code: row.basis for row in run(select(_category.c.code, _category.c.basis))}
    wanted = select(_rule.c.category, func.count().label("n")).group_by(_rule.c.category)
    rules = {row.category: row.n for row in run(wanted)}
    ordered = sorted(known.categories.values(), key=lambda category: category.code)
    return [_row(category, bases[category.code], rules.get(category.code, 0), words, now) for category in ordered]


def _row(category: CategoryFacts, basis: str, rules: int, words: Words, now: datetime) -> View:
    """A category; its limits are those of no special place, source or person."""
    known = words.known
    policy, matter = known.policies[known.policy_at(now)], Matter(category.code, category.urgency)
    given = [policy.limit(kind, matter) for kind in CLOCKS]
    told: View = {
        "code": category.code,
        "name": words.named(category.name),
        "kind": category.kind,
        "retired": category.retired,
        "urgency": category.urgency,
        "lead": code_name(category.lead, words),
        "co": [code_name(code, words) for code in category.co],
        "level": words.word("level", category.authority.value),
        "limits": [words.limit(str(each.limit)) if each is not None else "" for each in given],
        "stages": [(stage.zh if words.lang == "zh" else stage.en, words.limit(str(stage.limit))) for stage in policy.stages(matter)],
        "suggested": any(each is not None and not each.row.confirmed_by for each in given),
        "basis": translated(BASES[basis], words.lang) if basis in BASES else basis,
        "statutory": basis in STATUTORY,
        "verify": category.verify,
        "photos": [translated(PHOTO_NAMES[code], words.lang) for code in category.closing if code in PHOTO_NAMES],
        "rules": rules,
    }
    said = (category.code, category.name.zh, category.name.en, told["lead"], *told["co"], words.word("urgency", category.urgency))
    return told | {"text": " ".join(said).casefold()}


def may_keep(session: Session, who: Visitor) -> bool:
    """Whether somebody may make and change categories."""
    try:
        check_person(session, who.person.name)
    except Refused:
        return False
    return True

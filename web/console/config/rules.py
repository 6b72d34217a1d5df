"""Words of triage: by which words a category or an urgency is known; tried on a message, changed at once and on record."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused
from rules.triage import HARMLESS
from services.catalogue import URGENCIES, catalogue
from services.privacy.masking import masked
from services.triage import rules_editing as editing
from services.triage.rules_editing import RuleRow, Trial
from services.triage.rules_editing import Words as Said
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.units_choices import category_options, code_name
from web.console.config.units_shown import check_looks
from web.console.config.words import said as sentence_of
from web.console.page import page
from web.site import Here, Lang, Now, Site, language_of
from web.views import View, Words
from web.words import translated

router = APIRouter(include_in_schema=False)
MOST: Final = 60  #: rules on a page
SHOWN: Final = 60  #: characters of a rule's words in the table
LONGEST: Final = 2000  #: characters of a message that is tried
#: Changes a rule; gives back its number.
Deed = Callable[[Session, Sent, str, datetime], str]


@router.get("/config/rules")
def rules(request: Request, who: Signed, site: Here, lang: Lang) -> Response:
    """Rules, all or of one category or urgency; with a text, what they make of it."""
    check_looks(who.actor)
    return _page(request, who, site)


@router.post("/config/rules")
def change(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Make, change or drop a rule, or try the rules on a message, which stands in no address."""
    check_looks(who.actor)
    what = form.fields.get("do", "")
    if what == "try":
        return _page(request, who, site, form=form)
    try:
        if what not in DEEDS:
            raise Refused("unknown_action", action=what)
        with site.database.unit_of_work() as session:
            no = DEEDS[what](session, form, who.person.name, now)
    except Refused as refusal:
        return _page(request, who, site, 409, form, sentence_of(refusal, lang))
    target = form.fields.get("target", "")
    return RedirectResponse(f"/config/rules?done={what}&target={target if target.isalnum() else ''}#{no}", 303)


def _said(form: Sent) -> Said:
    return Said(*(editing.split(form.fields.get(name, "")) for name in ("words", "needs", "excludes")))


def _add(session: Session, form: Sent, by: str, now: datetime) -> str:
    return editing.add(session, form.fields.get("target", ""), _said(form), by, now).no


def _change(session: Session, form: Sent, by: str, now: datetime) -> str:
    return editing.change(session, form.fields.get("no", ""), _said(form), by, now)[1].no


def _drop(session: Session, form: Sent, by: str, now: datetime) -> str:
    return editing.drop(session, form.fields.get("no", ""), by, now).no


DEEDS: Final[Mapping[str, Deed]] = {"add": _add, "change": _change, "drop": _drop}


# the page -------------------------------------------------------------------------------------------------------------


def _page(request: Request, who: Visitor, site: Site, status: int = 200, form: Sent | None = None, sentence: str = "") -> Response:
    query, fields = request.query_params, form.fields if form is not None else {}
    target, text = query.get("target", "") or fields.get("shown", ""), fields.get("text", "")[:LONGEST]
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), language_of(request))
        every = editing.listed(session)
        trial = editing.attempt(session, "", text) if text else None
        may = _may(session, who)
    searched = query.get("q", "")[:60]
    wanted = searched.casefold().split()
    rows = [_row(rule, words) for rule in every if target in ("", rule.target)] if target or wanted else []
    found = [row for row in rows if all(word in row["text"] for word in wanted)]
    values = {
        "rows": found[:MOST],
        "found": len(found),
        "chosen": bool(target or wanted),
        "counts": Counter(rule.target for rule in every),
        "of_all": len(every),
        "target": target,
        "target_name": _target(target, words) if target else "",
        "searched": searched,
        "tried": _trial(trial, words) if trial is not None else None,
        "text": text,
        "may": may,
        "edit": query.get("edit", ""),
        "silent": words.known.categories.keys() - words.known.offered.keys(),
        "targets": [*category_options(words), *((code, _target(code, words)) for code in (*sorted(URGENCIES), HARMLESS))],
    }
    said = {"sentence": sentence, "typed": fields, "done": query.get("done", "")}
    return page(request, who, "config/rules.html", "config", status, **values, **said)


def _may(session: Session, who: Visitor) -> bool:
    try:
        editing.check_person(session, who.person.name)
    except Refused:
        return False
    return True


def _target(code: str, words: Words) -> str:
    """What a rule speaks for: a category, an urgency, or phrases without danger."""
    if code == HARMLESS:
        return translated("没有危险的说法", words.lang)
    return translated("紧急程度：%(name)s", words.lang, name=words.word("urgency", code)) if code in URGENCIES else code_name(code, words)


def _row(rule: RuleRow, words: Words) -> View:
    told: View = {
        "no": rule.no,
        "code": rule.target,
        "target": _target(rule.target, words),
        "of_category": rule.no[0] == editing.OF_CATEGORY,
    }
    lists = {"words": rule.words, "needs": rule.needs, "excludes": rule.excludes}
    told["told"] = {name: _begun(each) for name, each in lists.items()}
    text = " ".join((rule.no, str(told["target"]), *rule.words, *rule.needs, *rule.excludes)).casefold()
    return {**told, **lists, "text": text}


def _begun(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The words that stand in the table, and those that are opened: some rules have hundreds, or one that is very long."""
    lengths = accumulate(len(word) + 1 for word in words)
    shown = sum(length <= SHOWN for length in lengths)
    return words[:shown], words[shown:]


def _trial(trial: Trial, words: Words) -> View:
    """What the rules make of a message."""
    spoke: list[View] = []
    for each in trial.spoke:
        score = f"{each.score:g}" if each.score else ""
        spoke.append({"no": each.rule.no, "target": _target(each.rule.target, words), "words": each.words, "score": score})
    urgency = words.word("urgency", trial.urgency) if trial.urgency else ""
    told: View = {"category": code_name(trial.category, words) if trial.category else "", "urgency": urgency}
    return told | {"words": [masked(word) for word in trial.words], "spoke": spoke, "least": f"{trial.threshold:g}"}

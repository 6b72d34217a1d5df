"""One move of many work orders: what was ticked is asked of the door in one go, and each row has its own answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, connection_of, table
from rules.facts import Refused, Thing
from services.moves import Intent, Moved, Outcome, Setting, make_moves
from services.visibility import visible_cases
from services.worklist.tasks import AT_ONCE
from web.access.visitor import Sent, Visitor
from web.errors import refusal_in_words
from web.words import translated

_case = table(Case)
_KEY: Final = re.compile(r"(BH-\d{8}-\d{4,8})\.(\w{1,12})\.(\d{1,6})\.(\d{1,9})", re.ASCII)
_HAND: Final = "hand_to"
_MOST: Final = 200  #: rows a form


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one row.

    Attributes:
        sentence: Why it did not go; empty: it went.
    """

    no: str
    action: str
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    no: str
    thing: str
    thing_no: int
    version: int


def ask(session: Session, form: Sent, who: Visitor, now: datetime, lang: str) -> list[Done]:
    """Make the move that a form asks for, of each of its rows.

    Args:
        session: The unit of work; committed by the caller.
        form: `row` (any number) and `do`, or `now`: an action and one row, from a button of that row; `person` for `hand_to`.
        who: Who asks.
        now: The instant.
        lang: `zh` or `en`.

    Returns:
        For each row, in order, what became of it. Without a row that can be read: one line that says so.
    """
    single, _, key = form.fields.get("now", "").partition("/")
    action = single or form.fields.get("do", "")
    keys = (key,) if single else form.many.get("row", ())[:_MOST]
    rows = [_Row(m[1], m[2], int(m[3]), int(m[4])) for each in keys if (m := _KEY.fullmatch(each))]
    if action not in (*AT_ONCE, _HAND) or not rows:
        return [Done("", action, translated("没有选中工单。先勾选，再按按钮。", lang))]
    args: Mapping[str, object] = {}
    if action == _HAND:
        person = who.known.people.get(form.fields.get("person", ""))
        if person is None:
            return [Done("", action, translated("没有选经办人。先选人，再按“分给经办人”。", lang))]
        args = {"person": person.id}
    return _made(session, rows, action, args, who, now, lang)


def _made(
    session: Session, rows: list[_Row], action: str, args: Mapping[str, object], who: Visitor, now: datetime, lang: str
) -> list[Done]:
    query = select(_case.c.no, _case.c.id).where(_case.c.no.in_([row.no for row in rows]), visible_cases(session, who.actor))
    ids = {row.no: row.id for row in connection_of(session).execute(query)}
    orders = [row for row in rows if row.no in ids and row.thing == Thing.ORDER.value]
    seen: set[str] = set()
    intents = []
    for row in orders:  # the second order of a case sees what the first has changed, so its version says nothing
        version = row.version if row.no not in seen else None
        seen.add(row.no)
        intents.append(Intent(ids[row.no], action, who.actor, Thing.ORDER, row.thing_no, args, version))
    answers = dict(zip(orders, make_moves(session, intents, Setting(now)), strict=True)) if intents else {}
    return [Done(row.no, action, _sentence(answers.get(row), row, ids, action, lang)) for row in rows]


def _sentence(answer: Outcome | None, row: _Row, ids: Mapping[str, int], action: str, lang: str) -> str:
    if isinstance(answer, Moved):
        return ""
    if isinstance(answer, Refused):
        return refusal_in_words(answer, lang)
    if answer is not None:
        return translated("别人刚改过这件案件，这一步没有做。看一眼最新情况，再按一次。", lang)
    if row.no not in ids:
        return refusal_in_words(Refused("unknown_case", case=row.no), lang)
    return translated("这一行不是工单，请打开案件处理。", lang)

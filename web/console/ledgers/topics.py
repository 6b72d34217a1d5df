"""Topics (未诉先办): what comes up in one place again and again, its cases, the plan at the root, and whether it has eased."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from services import topics
from services.affairs.seen import check_seen, look_into, seen_among
from services.mechanisms import is_on
from services.privacy.masking import masked
from services.topics.policy import CODE
from services.visibility import visible_among
from web.console.ledgers.forms import Acts, Ask, Form, Looks, Said, Turn, carried_out, shown
from web.console.ledgers.offers import open_moves, units
from web.console.ledgers.rights import check_ours
from web.spoken import day_time

router = APIRouter(include_in_schema=False)
_HERE: Final = "/ledgers/topics"
_REASON: Final = (Ask("reason", "理由", "textarea"),)
_RESULT: Final = (Ask("result", "办成什么样", "textarea"),)
#: What each move takes; the unit of `take_topic` is put in when the page is made.
_FORMS: Final = (
    Form("take_topic", "定办法", (Ask("plan", "怎么从根上治", "textarea"),), hint="说明由谁牵头、怎么治；要经另一人同意。"),
    Form("approve_plan", "同意办法", hint="同意后开始治理，程序接着数还有没有再发生。"),
    Form("return_plan", "退回办法", _REASON, grave=True),
    Form("choose_topic", "列为每月一题", (Ask("month", "哪个月", "month"),)),
    Form("confirm_solved", "确认解决了", _RESULT),
    Form("doubt_solved", "还没有解决", _REASON, grave=True),
    Form("close_topic", "了结", _RESULT, grave=True),
    Form("reopen_topic", "重新打开", _REASON),
)
_DONE: Final[Mapping[str, str]] = {
    "take_topic": "办法已报，等另一人同意。",
    "approve_plan": "已同意，开始治理。",
    "return_plan": "已退回，请牵头单位重写。",
    "choose_topic": "已列为每月一题。",
    "confirm_solved": "已确认解决，专题了结。",
    "doubt_solved": "已退回治理。",
    "close_topic": "已了结。",
    "reopen_topic": "已重新打开。",
}


@router.get("/ledgers/topics")
def listed(turn: Looks) -> Response:
    """The topics that somebody sees."""
    check_ours(turn)
    state = turn.asked("state") if turn.asked("state") in topics.STATES else None
    with turn.site.database.unit_of_work() as session:
        found = topics.topics(session, state)
        seen = seen_among(session, turn.actor, [row["no"] for row in found])
        rows = [_row(turn, row) for row in found if row["no"] in seen]
        on = is_on(session, CODE)
    return shown(turn, "ledgers/topics.html", None, _DONE, rows=rows, state=state, states=topics.STATES, off=not on)


@router.get("/ledgers/topics/{no}")
def one(no: str, turn: Looks) -> Response:
    """One topic with its cases."""
    return _one(turn, no)


@router.post("/ledgers/topics/{no}")
def change(no: str, turn: Acts) -> Response:
    """Say how it is dealt with, approve that, choose it for a month, say whether it is solved."""
    with turn.site.database.unit_of_work() as session:
        check_seen(session, turn.actor, no)
    deeds = {form.do: lambda s, t: _act(s, t, no) for form in _FORMS}
    return carried_out(turn, deeds, lambda t, said: _one(t, no, said), f"{_HERE}/{no}")


def _act(session: Session, turn: Turn, no: str) -> None:
    do, who, now = turn.text("do"), turn.actor, turn.now
    if do == "take_topic":
        topics.take(session, no, turn.text("unit"), turn.text("plan"), who, now)
    elif do == "choose_topic":
        topics.choose(session, no, turn.text("month"), who, now)
    else:
        given = {name: turn.text(name) for name in ("reason", "result") if turn.text(name)}
        topics.act(session, no, do, who, now, **given)


def _row(turn: Turn, row: Mapping[str, Any]) -> dict[str, Any]:
    known, words = turn.known, turn.words
    category = known.categories.get(row["category"])
    return {
        **row,
        "place": masked(row["place"]) or words.unit(row["area_unit_id"])[1],
        "category_name": words.named(category.name) if category else row["category"],
        "state_name": words.word("topic_state", row["state"]),
        "unit": words.unit(row["unit_id"])[1],
        "due": day_time(row["due_at"], turn.now, known.zone, turn.lang) if row["due_at"] else None,
        "late": row["due_at"] is not None and row["due_at"] <= turn.now,
    }


def _one(turn: Turn, no: str, said: Said | None = None) -> Response:
    check_ours(turn)
    with turn.site.database.unit_of_work() as session:
        look_into(session, turn.actor, no, turn.now)
        row, found = topics.topic_of(session, no)
        theirs = visible_among(session, turn.actor, [case["no"] for case in found])
        cases = [_case(turn, case, seen=case["no"] in theirs) for case in found]
        mine = {action for part, action in open_moves(session, no, turn.actor) if part is None}
    forms = [_form(turn, form) for form in _FORMS if form.do in mine]
    return shown(turn, "ledgers/topic.html", said, _DONE, row=_row(turn, {**row, "cases": len(found)}), cases=cases, forms=forms)


def _case(turn: Turn, case: Mapping[str, Any], *, seen: bool) -> dict[str, Any]:
    """A case of the topic; whoever does not see it is told its number and state only."""
    return {**case, "subject": masked(case["subject"]) if seen else None, "state_name": turn.words.word("state", case["state"])}


def _form(turn: Turn, form: Form) -> Form:
    if form.do != "take_topic":
        return form
    return Form(form.do, form.title, (Ask("unit", "牵头单位", "select", options=units(turn)), *form.asks), form.hint)

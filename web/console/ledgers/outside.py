"""Records of organisations outside (约谈与不良记录): what is on record with its basis; objections are decided by another person."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from rules.facts import Refused, Thing
from rules.handling.outside_records import FORMS
from services.affairs.offering import openable
from services.affairs.seen import Wanted, seen_affairs
from services.mechanisms import is_on
from services.outside_records import Record, read_records, record, records
from services.outside_records.recording import ACTION, CODE
from web.console.ledgers.forms import Acts, Ask, Form, Looks, Said, Turn, carried_out, shown
from web.console.ledgers.offers import affair_moves, open_moves_of, units, worded
from web.console.ledgers.rights import check_ours

router = APIRouter(include_in_schema=False)
_HERE: Final = "/ledgers/outside"
_MOST: Final = 200
_DONE: Final[Mapping[str, str]] = {"record": "已记录在案；在本平台的单位已收到，可以提出异议。", "import": "名单已记录在案。"}


@router.get("/ledgers/outside")
def listed(turn: Looks) -> Response:
    """The records that somebody sees."""
    return _list(turn)


@router.post("/ledgers/outside")
def enter(turn: Acts) -> Response:
    """Put an organisation on record, or a whole list."""
    return carried_out(turn, {"record": _record, "import": _import}, _list, _HERE)


def _record(session: Session, turn: Turn) -> None:
    organisation = turn.text("unit") or turn.text("name")
    if not organisation:
        raise Refused("organisation_missing")
    evidence = tuple(line.strip() for line in turn.text("evidence").splitlines() if line.strip())
    own = (turn.text("form"), organisation, turn.text("reason"), turn.text("basis"))
    record(session, [Record(*own, turn.moment("at"), turn.moment("until", ends=True), evidence)], turn.actor, turn.setting)


def _import(session: Session, turn: Turn) -> None:
    with turn.table("table") as path:
        record(session, read_records(path, turn.known.zone), turn.actor, turn.setting)


def _list(turn: Turn, said: Said | None = None) -> Response:
    check_ours(turn)
    form = turn.asked("form") if turn.asked("form") in FORMS else None
    with turn.site.database.unit_of_work() as session:
        seen = {row["no"] for row in seen_affairs(session, turn.actor, Wanted(Thing.RECORD, open_only=False, limit=_MOST)).rows}
        lines = records(session, turn.now, among=seen, limit=_MOST)
        moves = open_moves_of(session, [line.no for line in lines if line.counts], turn.actor)
        on, may = is_on(session, CODE), ACTION in openable(session, turn.actor, turn.known)
    rows = [
        _row(turn, line, affair_moves(turn, moves.get(line.no, set()), Thing.RECORD.value)) for line in lines if form in (None, line.form)
    ]
    figures = {code: (sum(each.form == code for each in lines), sum(each.form == code and each.counts for each in lines)) for code in FORMS}
    return shown(
        turn,
        "ledgers/outside.html",
        said,
        _DONE,
        rows=rows,
        figures=figures,
        form=form,
        forms=_forms(turn) if on and may else (),
        off=not on,
    )


def _row(turn: Turn, line: Any, moves: list[tuple[str, str]]) -> dict[str, Any]:  # noqa: ANN401 - a line of the list
    words = turn.words
    named = words.unit(line.unit_id)[1] if line.unit_id is not None else line.organisation
    return {
        "line": line,
        "name": named,
        "form": words.word("record_form", line.form),
        "state": words.word("record_state", line.state),
        "by": words.unit(line.by_unit_id)[1],
        "moves": moves,
    }


def _forms(turn: Turn) -> tuple[Form, ...]:
    form = Ask("form", "哪一种", "select", options=worded(turn, "record_form", tuple(FORMS)))
    asks = (
        form,
        Ask("unit", "单位", "select", wanted=False, options=units(turn), hint="在本平台的外部单位从这里选"),
        Ask("name", "或写名称", wanted=False, hint="不在本平台的公司写全称"),
        Ask("reason", "为了什么事", "textarea"),
        Ask("basis", "依据", hint="哪部规定第几条"),
        Ask("at", "哪一天", "date", wanted=False),
        Ask("until", "有效期至", "date", wanted=False, hint="不良记录必须写"),
        Ask("evidence", "证据", "textarea", wanted=False, hint="一行一条"),
    )
    table = Ask("table", "表格文件", "file", hint="CSV 或 XLSX，要有组织、种类、理由、依据四列")
    return Form("record", "记录在案", asks), Form("import", "导入名单", (table,), hint="整张表一起进：有一行不对，就一行也不进。")

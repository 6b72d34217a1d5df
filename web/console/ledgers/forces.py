"""Task forces (专班): units with an end date; on it what is open goes to the successor."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from rules.facts import Refused
from services.mechanisms import is_on
from services.units import task_forces
from services.units.task_forces import CODE, Force
from web.console.ledgers.forms import Acts, Ask, Form, Looks, Said, Turn, carried_out, shown
from web.console.ledgers.offers import units
from web.console.ledgers.rights import check_ours

router = APIRouter(include_in_schema=False)
_HERE: Final = "/ledgers/forces"
_DONE: Final[Mapping[str, str]] = {
    "set_up": "专班已设，到期自动移交。请给它的经办和负责人开户。",
    "move": "结束日期已改。",
    "end": "已结束，正在移交。",
}


@router.get("/ledgers/forces")
def listed(turn: Looks) -> Response:
    """All task forces, those that have ended too."""
    return _list(turn)


@router.post("/ledgers/forces")
def change(turn: Acts) -> Response:
    """Set one up, or let one end on another day or at once, as an administrator."""
    return carried_out(turn, {"set_up": _set_up, "move": _move, "end": _end}, _list, _HERE)


def _set_up(session: Session, turn: Turn) -> None:
    code, zh, en, parent = (turn.text(name) for name in ("code", "zh", "en", "parent"))
    task_forces.set_up(session, [Force(code, zh, en, parent, _until(turn), turn.maybe("successor"))], turn.actor.name, turn.now)


def _until(turn: Turn) -> datetime:
    found = turn.moment("until", ends=True)
    if found is None:
        raise Refused("bad_date_here", given="—")
    return found


def _move(session: Session, turn: Turn) -> None:
    task_forces.move_end(session, turn.text("force"), _until(turn), turn.actor.name, turn.now)


def _end(session: Session, turn: Turn) -> None:
    task_forces.move_end(session, turn.text("force"), turn.now, turn.actor.name, turn.now)


def _list(turn: Turn, said: Said | None = None) -> Response:
    check_ours(turn)
    with turn.site.database.unit_of_work() as session:
        found, on = task_forces.forces(session), is_on(session, CODE)
    rows = [_row(turn, row) for row in found]
    admin = "admin" in turn.actor.roles and on
    return shown(turn, "ledgers/forces.html", said, _DONE, rows=rows, forms=_forms(turn, rows) if admin else (), off=not on)


def _row(turn: Turn, row: Mapping[str, Any]) -> dict[str, Any]:
    words = turn.words
    days = (row["until"] - turn.now).days
    people = [words.named(person.title) for person in turn.known.by_unit.get(row["unit_id"], ()) if person.left_at is None]
    return {**row, "name": words.unit(row["unit_id"])[1], "heir": words.unit(row["successor_id"])[1], "days": days, "people": people}


def _forms(turn: Turn, rows: list[dict[str, Any]]) -> tuple[Form, ...]:
    asks = (
        Ask("code", "代码", hint="小写字母、数字和 -，例如 renewal"),
        Ask("zh", "中文名称"),
        Ask("en", "英文名称"),
        Ask("parent", "设在哪个单位下", "select", options=units(turn)),
        Ask("until", "到哪天结束", "date"),
        Ask("successor", "到期由谁接着办", "select", wanted=False, options=units(turn), hint="不选则由上级单位"),
    )
    here = [(row["code"], row["name"]) for row in rows if row["ended_at"] is None]
    which = Ask("force", "哪个专班", "select", options=here)
    found = [Form("set_up", "设一个专班", asks, hint="同时有经办、负责人两个岗位。")]
    if here:
        found.append(Form("move", "改结束日期", (which, Ask("until", "到哪天结束", "date"))))
        found.append(Form("end", "现在就结束", (which,), hint="没办完的工单、事项都移交给接续单位。", grave=True))
    return tuple(found)

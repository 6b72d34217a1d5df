"""Working on a campaign: how far its lines are, who has looked, money, cases that come of a line, its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, connection_of, table
from rules.facts import Actor, Refused, Thing
from services.affairs import Ref
from services.affairs import find as find_affair
from services.affairs.whose import naming_whose
from services.campaigns.opening import CODE
from services.catalogue import catalogue
from services.intake import Report, submit
from services.mechanisms import require
from services.moves import Intent, Moved, Setting, make_moves, one

MOST: Final = 2**31 - 1  #: as much as a column holds
_affair, _part = table(Affair), table(AffairPart)


@dataclass(frozen=True, slots=True)
class Done:
    """How far one line is: its number, how much of it is done, and how it looks now."""

    no: int
    done: int
    after: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a unit asks for: how many of what was done, how much money in fen, in words for what, and what shows it."""

    quantity: int
    amount_fen: int
    words: str = ""
    after: tuple[str | Mapping[str, Any], ...] = ()


def move(session: Session, no: str, action: str, actor: Actor, setting: Setting, part: int | None = None, **args: Any) -> Moved:  # noqa: ANN401
    """Make a move of a campaign, or of a line or claim of it.

    Raises:
        Refused: `mechanism_off`, `unknown_affair`, `no_such_task`, and what the table says.
    """
    require(session, CODE)
    ref = find_affair(session, no, Thing.CAMPAIGN)
    thing = Thing.CAMPAIGN if part is None else _thing(session, ref, part)
    with naming_whose(session, ref.case_id, ref.seq, part):
        return one(make_moves(session, [Intent(ref.case_id, action, actor, thing, ref.seq if part is None else part, args)], setting))


def _thing(session: Session, ref: Ref, part: int) -> Thing:
    return Thing(_row(session, ref, part, select(_part.c.thing)).thing)


def _row(session: Session, ref: Ref, part: int, wanted: Select[Any]) -> Any:  # noqa: ANN401 - a result row
    """What is wanted of one part.

    Raises:
        Refused: `no_such_task`.
    """
    mine = (_part.c.case_id == ref.case_id, _part.c.seq == ref.seq, _part.c.no == part)
    row = connection_of(session).execute(wanted.where(*mine)).first() if 0 < part <= MOST else None
    if row is None:
        raise Refused("no_such_task", task=part)
    return row


def record(session: Session, no: str, lines: Sequence[Done], actor: Actor, setting: Setting) -> Moved:
    """Say how far lines are, all of them or none; what is full is done. A unit speaks for its own lines, the owner for all.

    Raises:
        Refused: `no_such_task`, `not_your_task`, `task_not_open`, `task_twice`, `done_wrong`, `done_over`, and as `move`.
    """
    rows = [{"no": each.no, "done": each.done, **({"after": each.after} if each.after else {})} for each in lines]
    return move(session, no, "record_progress", actor, setting, rows=rows)


def check(session: Session, no: str, lines: Sequence[int], actor: Actor, setting: Setting, words: str = "") -> Moved:
    """Another unit has looked at these lines, all of them or none.

    Raises:
        Refused: `no_such_task`, `task_not_done`, `checks_own_task`, `task_twice`, and as `move`.
    """
    rows = [{"no": each, **({"words": words} if words else {})} for each in lines]
    return move(session, no, "check_tasks", actor, setting, rows=rows)


def claim(session: Session, no: str, wanted: Claim, actor: Actor, setting: Setting) -> int:
    """Claim money for what was done and checked (以奖代补).

    Returns:
        The number of the claim within the campaign's file.

    Raises:
        Refused: `no_subsidy`, `claim_missing`, `claim_too_much`, `subsidy_used_up`, and as `move`.
    """
    args: dict[str, Any] = {"quantity": wanted.quantity, "amount_fen": wanted.amount_fen, "words": wanted.words}
    if wanted.after:
        args["after"] = wanted.after
    move(session, no, "claim_subsidy", actor, setting, **args)
    ref = find_affair(session, no)
    newest = select(func.max(_part.c.no)).where(_part.c.case_id == ref.case_id, _part.c.thing == Thing.SUBSIDY.value)
    return int(connection_of(session).execute(newest).scalar_one())


def settle(session: Session, no: str, part: int, actor: Actor, setting: Setting, result: str, *, pay: bool) -> Moved:
    """Look at a claim, or pay it: another unit does the one, another person the other.

    Raises:
        Refused: `checks_own_work`, `pays_own_check`, `result_missing`, and as `move`.
    """
    return move(session, no, "pay_subsidy" if pay else "check_subsidy", actor, setting, part, result=result)


def open_case(session: Session, no: str, part: int, actor: Actor, setting: Setting) -> str:
    """Make a case of one line (清单具体化): it goes through the loop like any other.

    Returns:
        The case's number.

    Raises:
        Refused: `task_has_case`, `no_such_task`, and as `move`.
    """
    require(session, CODE)
    ref, known = find_affair(session, no, Thing.CAMPAIGN), catalogue(session)
    wanted = select(_part, _affair.c.title.label("campaign"), _affair.c.area_unit_id).join(
        _affair, (_affair.c.case_id == _part.c.case_id) & (_affair.c.seq == _part.c.seq)
    )
    row = _row(session, ref, part, wanted)
    if row.other_case_id is not None:
        raise Refused("task_has_case", task=part)
    amount = f"（{row.quantity}{row.measure}）" if row.quantity else ""
    body = "\n".join(text for text in (f"{row.title}{amount}", row.data.get("was", ""), row.words, f"{row.campaign} {ref.no}") if text)
    area = known.units[row.area_unit_id].code
    report = Report(
        f"{row.title}{amount}"[:200], body, source="affair", area=area, place=row.data.get("place", ""), key=f"task:{ref.no}:{part}"
    )
    (done,) = submit(session, [report], setting, actor)
    move(session, no, "link_task", actor, setting, part, other=done.case_id)
    return done.no


def finish(session: Session, no: str, result: str, actor: Actor, setting: Setting) -> Moved:
    """End a campaign or project: every line is checked or dropped, both sides of every pair are done, no project is open.

    Raises:
        Refused: `tasks_open`, `pair_open`, `projects_open`, `claims_open`, `result_missing`, and as `move`.
    """
    return move(session, no, "finish_campaign", actor, setting, result=result)

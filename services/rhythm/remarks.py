"""What is said about a list (一点评): words, and what is made of them at once, an urge or a supervision order, through the one door."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models import Case, DutyLine, DutyList, DutyRemark, SupervisionOrder, WorkOrder, connection_of, table
from rules.facts import Actor, Refused, Thing
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.moves import Intent, Row, Setting, make_moves, one
from services.moves.proof import legible
from services.privacy.seeing import may_open
from services.ratings.samples import only_centre
from services.rhythm.alone import alone
from services.rhythm.lines import leads
from services.rhythm.lists import MECHANISM
from services.rhythm.periods import FIRST
from services.rhythm.urging import urge_unit
from services.supervision import Wish

_list, _line, _remark = table(DutyList), table(DutyLine), table(DutyRemark)
_case, _order, _supervision = table(Case), table(WorkOrder), table(SupervisionOrder)
URGE, SUPERVISE = "urge", "supervise"
LONGEST: Final = 500  #: characters


@dataclass(frozen=True, slots=True)
class Said:
    """A remark as it is made.

    Attributes:
        words: What is said; it is also the reason of the urge.
        line: Number of the line; None: about the list as a whole.
        urge: Urge the unit whose work order the line is about, else who leads, else the unit that the line waits for.
        order: The supervision order that is proposed; None: none. Somebody has to sign it.
    """

    words: str
    line: int | None = None
    urge: bool = False
    order: Wish | None = None


def remark(session: Session, span: str, day: date, said: Said, actor: Actor, setting: Setting) -> int:
    """Put a remark with a list, and make of it what was asked for; both or neither.

    Args:
        session: The unit of work; to be given up where this raises.
        span: `day` or `week`.
        day: The day of the list.
        said: What is said.
        actor: Of the district's centre, or its duty leader.
        setting: The instant.

    Returns:
        The number of the remark.

    Raises:
        Refused: `mechanism_off`, `centre_only`, `no_such_list`, `no_such_list_line`, `remark_missing`, `one_task_a_remark`,
            `task_needs_line`, `nobody_to_urge`, `text_too_long`, `text_unprintable`, and what the table says of the move.
        Conflict: the case has changed meanwhile.
    """
    require(session, MECHANISM[span])
    only_centre(catalogue(session), actor)
    words = legible("words", said.words, LONGEST)
    if not words:
        raise Refused("remark_missing")
    if said.urge and said.order is not None:
        raise Refused("one_task_a_remark")
    if said.line is None and (said.urge or said.order is not None):
        raise Refused("task_needs_line")
    alone(session)
    home = list_id(session, span, day)
    line = _line_of(session, home, said.line) if said.line is not None else None
    task = _task(session, line, said, words, actor, setting) if line is not None else {}
    run = connection_of(session).execute
    no = int(run(select(func.coalesce(func.max(_remark.c.no), 0)).where(_remark.c.list_id == home)).scalar_one()) + 1
    values = {"list_id": home, "no": no, "line_no": said.line, "words": words, "at": setting.now, "by": actor.name, **task}
    run(insert(_remark).values(values))
    return no


def list_id(session: Session, span: str, day: date) -> int:
    """The id of a list.

    Raises:
        Refused: `no_such_list`.
    """
    first = FIRST[span](day).isoformat()
    found = connection_of(session).execute(select(_list.c.id).where(_list.c.span == span, _list.c.day == first)).scalar()
    if found is None:
        raise Refused("no_such_list", day=first)
    return int(found)


def _line_of(session: Session, home: int, no: int) -> Row:
    found = connection_of(session).execute(select(_line).where(_line.c.list_id == home, _line.c.no == no)).mappings().first()
    if found is None:
        raise Refused("no_such_list_line", line=no)
    return dict(found)


def _task(session: Session, line: Row, said: Said, words: str, actor: Actor, setting: Setting) -> dict[str, Any]:
    """Make the move, and what the remark remembers of it."""
    case_id = line["case_id"]
    if said.urge:
        order = line["order_no"] if line["order_no"] is not None else _lead_no(session, case_id)
        if order is None:
            urge_unit(session, line, words, actor, setting.now)
            return {"task": URGE, "case_id": case_id}
        one(make_moves(session, [Intent(case_id, "urge", actor, Thing.ORDER, order, {"reason": words})], setting))
        return {"task": URGE, "case_id": case_id, "order_no": order}
    if said.order is None:
        return {"case_id": case_id}
    one(make_moves(session, [Intent(case_id, "supervise", actor, args=said.order.args())], setting))
    newest = select(func.max(_supervision.c.seq)).where(_supervision.c.case_id == case_id)
    return {"task": SUPERVISE, "case_id": case_id, "supervision_seq": connection_of(session).execute(newest).scalar_one()}


def _lead_no(session: Session, case_id: int) -> int | None:
    lead = leads()
    found = connection_of(session).execute(select(lead.c.no).where(lead.c.case_id == case_id)).scalar()
    return None if found is None else int(found)


# what became of it ----------------------------------------------------------------------------------------------------


def remarks(session: Session, span: str, day: date, viewer: Actor | None) -> Sequence[Row]:
    """What was said about a list, in order, and how the matter stands now.

    Each has `case` (number), `state` of the case, and of what was made of it `became`: the state of the work order that was urged, or of
    the supervision order, with its `number`. Of a sensitive case that the viewer may not see there is the number only, and no words.

    Raises:
        Refused: `mechanism_off`, `no_such_list`.
    """
    require(session, MECHANISM[span])
    known = catalogue(session)
    shown = (_case.c[name].label(f"case_{name}") for name in ("no", "state", "sensitive", "readers", "area_unit_id", "requester_id"))
    order = (_order.c.case_id == _remark.c.case_id) & (_order.c.no == _remark.c.order_no)
    opened = (_supervision.c.case_id == _remark.c.case_id) & (_supervision.c.seq == _remark.c.supervision_seq)
    joined = _remark.outerjoin(_case, _case.c.id == _remark.c.case_id).outerjoin(_order, order).outerjoin(_supervision, opened)
    became = (_order.c.state.label("order_state"), _supervision.c.state.label("supervision_state"), _supervision.c.number)
    wanted = select(*_remark.c, *shown, *became).select_from(joined).where(_remark.c.list_id == list_id(session, span, day))
    rows = [dict(row) for row in connection_of(session).execute(wanted.order_by(_remark.c.no)).mappings()]
    return [_as_told(row, opened=_opened(row, viewer, known)) for row in rows]


def _opened(row: Row, viewer: Actor | None, known: Catalogue) -> bool:
    if row["case_id"] is None:
        return True
    return may_open({name.removeprefix("case_"): value for name, value in row.items() if name.startswith("case_")}, viewer, known)


def _as_told(row: Row, *, opened: bool) -> Row:
    about = {name: row[name] for name in ("no", "line_no", "words", "at", "by", "task")}
    became = row["supervision_state"] if row["task"] == SUPERVISE else row["order_state"]
    told = about | {"case": row["case_no"], "state": row["case_state"], "became": became, "number": row["number"]}
    return told if opened else told | {"words": "", "state": None, "became": None, "number": None}

"""Opening an affair: on a case that it is about, or in a case file of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Affair, connection_of, table
from rules.facts import Actor, Facts, Refused, State, Thing
from rules.handling import MECHANISM_OF, OPENING
from rules.lifecycle import allowed
from services.catalogue import catalogue
from services.intake import Report, submit
from services.mechanisms import require
from services.moves import Intent, Setting, make_moves, one
from services.supervision.opening import case_ids

SOURCE: Final = "affair"  #: of case files that were opened for an affair
URGENCY: Final = "P3"  #: of these; what must not wait is reported as a case
_affair = table(Affair)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be opened.

    Attributes:
        action: The move that opens it, a key of `rules.handling.OPENING`.
        args: What that move needs; what is None is left out.
    """

    action: str
    args: Mapping[str, Any] = field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """What is handed in."""
        return {name: value for name, value in self.args.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Began:
    """An affair that was opened: its number, and where it is kept."""

    no: str
    case_id: int
    seq: int


def open_on(session: Session, case_nos: list[str], plan: Plan, actor: Actor, setting: Setting) -> Began:
    """Open an affair on a case, and on others along with it; it is kept with the first.

    Raises:
        Refused: `mechanism_off`, `unknown_case`, and what the table and the mechanism say.
        Conflict: the case has changed meanwhile.
    """
    _require(session, plan)
    nos = [no.strip().upper() for no in case_nos]
    ids = case_ids(session, nos)
    missing = [no for no in nos if no not in ids]
    if missing or not nos:
        raise Refused("unknown_case", case=missing[0] if missing else "")
    home, *more = dict.fromkeys(ids[no] for no in nos)
    return _open(session, home, plan, {**plan.given(), **({"cases": tuple(more)} if more else {})}, actor, setting)


def begin(session: Session, plan: Plan, actor: Actor, setting: Setting, area: str | None = None, key: str | None = None) -> Began:
    """Open an affair that belongs to no case, in a case file of its own which the loop leaves alone.

    Args:
        session: The unit of work; must be given up when this raises.
        plan: What is opened.
        actor: Who opens it.
        setting: The instant.
        area: Code of the unit in whose area it lies; None: the actor's own area, or the district.
        key: Of the form that asks for it: the same key again opens nothing, and gives back what was opened then. None: it has none.

    Raises:
        Refused: `mechanism_off`, `unknown_area`, and what the table and the mechanism say.
    """
    _require(session, plan)
    known, args = catalogue(session), plan.given()
    where = area or next((known.units[u].code for u in (actor.covers, *actor.unit_line) if u and known.units[u].code in known.areas), None)
    if where is not None and where not in known.areas:
        raise Refused("unknown_area", area=where)
    line = known.line(known.unit_ids[where] if where else known.district_id)
    allowed(Thing.CASE, plan.action, Facts(State.BESIDE, URGENCY, area_line=line), actor, args)
    title = str(args.get("title") or "")
    source = SOURCE if actor.resident_id is None else "resident"
    report = Report(title[:200], title, source=source, area=where, place=str(args.get("place") or ""), urgency=URGENCY, key=key)
    (done,) = submit(session, [report], setting, actor, state=State.BESIDE)
    return _newest(session, done.case_id) if done.known else _open(session, done.case_id, plan, args, actor, setting)


def _require(session: Session, plan: Plan) -> None:
    kind = OPENING.get(plan.action)
    if kind is None:
        raise Refused("unknown_action", action=plan.action)
    require(session, MECHANISM_OF[kind.thing])


def _open(session: Session, home: int, plan: Plan, args: Mapping[str, Any], actor: Actor, setting: Setting) -> Began:
    one(make_moves(session, [Intent(home, plan.action, actor, args=args)], setting))
    return _newest(session, home)


def _newest(session: Session, home: int) -> Began:
    newest = select(func.max(_affair.c.seq)).where(_affair.c.case_id == home)
    seq = int(connection_of(session).execute(newest).scalar_one())
    no = connection_of(session).execute(select(_affair.c.no).where(_affair.c.case_id == home, _affair.c.seq == seq)).scalar_one()
    return Began(str(no), home, seq)

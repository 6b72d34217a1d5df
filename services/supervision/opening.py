"""Opening a supervision order: on a case, on several along with it, or on a problem found on the spot that is no case yet."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from models import Case, SupervisionOrder, connection_of, table
from rules.facts import Actor, Facts, Refused, State, Thing
from rules.lifecycle import allowed
from services.catalogue import Catalogue, catalogue
from services.intake import LONGEST, Report, submit
from services.mechanisms import require
from services.moves import Intent, Setting, make_moves, one
from services.moves.act import Act
from services.moves.proof import legible
from services.moves.supervising import asked_for

_case, _order = table(Case), table(SupervisionOrder)
_IDS: Final = select(_case.c.no, _case.c.id).where(_case.c.no.in_(bindparam("nos", expanding=True)))
_NEWEST: Final = (
    select(_order.c.case_id, func.max(_order.c.seq).label("seq"))
    .where(_order.c.case_id.in_(bindparam("ids", expanding=True)))
    .group_by(_order.c.case_id)
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a supervision order is to demand.

    Attributes:
        unit: Id of the unit it is addressed to.
        demand: What is to be put right.
        limit: Time for that, e.g. `5wd`; None: as the policy says when it is signed.
        form: `order`, `letter` or `bulletin`; to a unit on a vertical line an order becomes a letter by itself.
        rank: `daily` or `listed`, for whoever signs to decide.
        before: Evidence of how it is now: sentences, and kept files (`Kept.as_evidence`).
    """

    unit: int
    demand: str
    limit: str | None = None
    form: str = "order"
    rank: str = "daily"
    before: tuple[str | Mapping[str, Any], ...] = ()

    def args(self) -> dict[str, Any]:
        """What is handed in with the move; what is not said is left out."""
        given = {"unit": self.unit, "demand": self.demand, "limit": self.limit, "form": self.form, "rank": self.rank, "before": self.before}
        return {name: value for name, value in given.items() if value not in (None, (), "daily", "order")}


@dataclass(frozen=True, slots=True)
class Spot:
    """A problem found on the spot that is no case yet: in whose area, where, and what it is."""

    area: str
    place: str
    problem: str
    source: str = "inspection"


@dataclass(frozen=True, slots=True)
class Opened:
    """A supervision order that was opened: the case it is kept with, and the journal entry there that opened it."""

    case_no: str
    seq: int

    @property
    def label(self) -> str:
        """What it is called until it is signed."""
        return f"{self.case_no}#{self.seq}"


def case_ids(session: Session, nos: Sequence[str]) -> dict[str, int]:
    """Ids of cases by their numbers; those that do not exist are left out."""
    return {row.no: row.id for row in connection_of(session).execute(_IDS, {"nos": sorted(set(nos))})}


def newest(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """The entry that opened the newest supervision order of each case."""
    return {row.case_id: row.seq for row in connection_of(session).execute(_NEWEST, {"ids": sorted(ids)})} if ids else {}


def open_on(session: Session, nos: Sequence[str], wish: Wish, actor: Actor, setting: Setting) -> Opened:
    """Propose one supervision order on a case and on others along with it; it is kept with the first.

    Raises:
        Refused: `mechanism_off`; `unknown_case`, `already_supervised`, and what the table and `services.moves.supervising` say.
        Conflict: the case has changed meanwhile.
    """
    require(session, "supervision")
    plain = [no.strip().upper() for no in nos]
    ids = case_ids(session, plain)
    missing = [no for no in plain if no not in ids]
    if missing:
        raise Refused("unknown_case", case=missing[0])
    home, *more = dict.fromkeys(ids[no] for no in plain)
    args = wish.args() | ({"cases": tuple(more)} if more else {})
    one(make_moves(session, [Intent(home, "supervise", actor, args=args)], setting))
    return Opened(plain[0], newest(session, [home])[home])


def note(session: Session, spot: Spot, wish: Wish, actor: Actor, setting: Setting) -> Opened:
    """Note a problem found on the spot and propose a supervision order on it, both or neither.

    The note is a case file that the loop leaves alone: `take_up` makes it a case like any other, the end of its last supervision
    order settles it. The same note handed in twice on one day is refused.

    Raises:
        Refused: `mechanism_off`; `already_noted`, `unknown_area`, `place_missing`, and what `open_on` may say; the unit of work must
            then be given up.
    """
    require(session, "supervision")
    known = catalogue(session)
    report = report_of(spot, wish, known, actor, setting)
    (done,) = submit(session, [report], setting, actor, state=State.NOTED)
    if done.known:
        raise Refused("already_noted", case=done.no)
    one(make_moves(session, [Intent(done.case_id, "supervise", actor, args=wish.args())], setting))
    return Opened(done.no, newest(session, [done.case_id])[done.case_id])


def report_of(spot: Spot, wish: Wish, known: Catalogue, actor: Actor, setting: Setting) -> Report:
    """The report that a note begins with, once it is sure that this person may supervise it and that the wish can be used.

    Raises:
        Refused: `unknown_area`, `place_missing`, `problem_missing`, `unknown_source`, and what `services.moves.supervising` says.
    """
    if spot.area not in known.areas:
        raise Refused("unknown_area", area=spot.area)
    if spot.source not in known.sources:
        raise Refused("unknown_source", source=spot.source)
    place, problem = legible("place", spot.place, LONGEST["place"]), legible("problem", spot.problem, LONGEST["body"])
    if not place or not problem:
        raise Refused("problem_missing" if place else "place_missing")
    args = wish.args()
    allowed(Thing.CASE, "supervise", Facts(State.NOTED, "P2", area_line=known.line(known.unit_ids[spot.area])), actor, args)
    asked_for(known, Act(actor, args, setting.now))
    said = "\n".join((spot.area, place, problem, known.units[wish.unit].code, wish.demand.strip()))
    day = setting.now.astimezone(known.zone).date()
    key = f"note:{day}:{hashlib.sha256(said.encode()).hexdigest()[:32]}"
    return Report("", problem, source=spot.source, area=spot.area, place=place, key=key)

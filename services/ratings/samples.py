"""Call-back samples (回访抽样): random and stratified over closed cases, repeatable from their seed, asked by another unit."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from models import CallBack, Case, CaseReporter, Journal, WorkOrder, begin_write, connection_of, table
from rules.facts import Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.ratings import records

STRATA: Final = ("unit", "category")
_case, _journal, _order, _call, _reporter = table(Case), table(Journal), table(WorkOrder), table(CallBack), table(CaseReporter)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn.

    Attributes:
        since, until: The cases that were closed in this stretch, aware; until is not in it.
        permille: Share of each stratum in thousandths, rounded up, so that none goes without.
        by: What makes a stratum: unit, category, both.
        seed: From which the draw follows.
    """

    since: datetime
    until: datetime
    permille: int
    by: tuple[str, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Closed:
    """A case that may be drawn, with its stratum."""

    case_id: int
    no: str
    stratum: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw: what it is called, how many there were and which of them were taken, by stratum.

    Attributes:
        name: Local day and number; empty: only looked at.
    """

    name: str
    pool: Mapping[str, int]
    taken: tuple[Closed, ...]


def only_centre(known: Catalogue, actor: Actor) -> None:
    """See to it that somebody is of the district's centre, or its duty leader.

    Raises:
        Refused: `centre_only`.
    """
    if actor.unit_id != known.desk_id and "duty_leader" not in actor.roles:
        raise Refused("centre_only")


def draw(session: Session, wish: Wish, actor: Actor, now: datetime, *, dry_run: bool = False) -> Drawn:
    """Draw a sample and put it on record with its seed; a case is drawn once in its life.

    Args:
        session: The unit of work; committed by the caller.
        wish: What is to be drawn.
        actor: Who draws: of the centre.
        now: The instant, aware UTC.
        dry_run: Only look.

    Raises:
        Refused: `centre_only`, `bad_share`, `unknown_stratum`; `nothing_to_draw`: nothing was closed; `nobody_to_ask`: nobody of it can be.
    """
    if not dry_run:
        begin_write(session)
    known = catalogue(session)
    only_centre(known, actor)
    if not 0 < wish.permille <= 1000:
        raise Refused("bad_share")
    if not wish.by or set(wish.by) - set(STRATA):
        raise Refused("unknown_stratum", known=", ".join(STRATA))
    pool = list(_pool(session, wish, now))
    if not pool:
        raise _why_none(session, wish, now)
    taken = pick(pool, wish.permille, wish.seed)
    found = Drawn("" if dry_run else _name(session, now, known), _sizes(pool), tuple(taken))
    if not dry_run:
        _keep(session, wish, found, actor, now)
    return found


def pick(pool: Iterable[Closed], permille: int, seed: int) -> list[Closed]:
    """The cases that a seed draws: of each stratum its share, rounded up, in the order of a hash that nobody can choose.

    The same pool and seed give the same cases everywhere, whatever order they come in.
    """
    strata: dict[str, list[Closed]] = defaultdict(list)
    for each in pool:
        strata[each.stratum].append(each)
    taken: list[Closed] = []
    for stratum in sorted(strata):
        members = sorted(strata[stratum], key=lambda each: hashlib.sha256(f"{seed} {each.no}".encode()).digest())
        taken += members[: -(-len(members) * permille // 1000)]
    return taken


def proved(session: Session, name: str) -> tuple[Drawn, frozenset[str]]:
    """Draw a recorded sample once more from its seed.

    Returns:
        What follows from the seed; and the numbers in which that and what is on record differ: none, if nobody chose.

    Raises:
        Refused: `unknown_draw`.
    """
    record = records.newest(session, records.DRAWN, name)
    if record is None:
        raise Refused("unknown_draw", given=name)
    data = record.data
    moments = (datetime.fromisoformat(data["since"]), datetime.fromisoformat(data["until"]))
    wish = Wish(*moments, data["permille"], tuple(data["by"]), data["seed"])
    pool = list(_pool(session, wish, record.at))
    again = pick(pool, wish.permille, wish.seed)
    kept = select(_case.c.no).join(_call, _call.c.case_id == _case.c.id).where(_call.c.draw == name)
    there = {row.no for row in connection_of(session).execute(kept)}
    return Drawn(name, _sizes(pool), tuple(again)), frozenset(there ^ {each.no for each in again})


def _sizes(pool: Iterable[Closed]) -> dict[str, int]:
    sizes: dict[str, int] = defaultdict(int)
    for each in pool:
        sizes[each.stratum] += 1
    return dict(sorted(sizes.items()))


def _pool(session: Session, wish: Wish, at: datetime) -> Iterable[Closed]:
    """Cases that the journal says were closed in the stretch and stood closed at a moment, with somebody to call, not drawn before."""
    known = catalogue(session)
    for row in connection_of(session).execute(_closed(wish, at)):
        unit = known.units[row.lead].code if row.lead is not None else "-"
        parts = {"unit": unit, "category": row.category or "-"}
        yield Closed(row.id, row.no, "/".join(parts[name] for name in STRATA if name in wish.by))


def _why_none(session: Session, wish: Wish, at: datetime) -> Refused:
    """Why there is nothing to draw: no case was closed, or there is nobody to ask of those that were."""
    cases = select(_journal.c.case_id).where(*_closings(wish, at)).distinct().subquery()
    count = select(func.count()).select_from(cases.outerjoin(_call, _call.c.case_id == cases.c.case_id))
    closed, drawn = (connection_of(session).execute(c).scalar_one() for c in (count, count.where(_call.c.case_id.is_not(None))))
    return Refused("nobody_to_ask", closed=closed, drawn=drawn) if closed else Refused("nothing_to_draw")


def _closings(wish: Wish, at: datetime) -> tuple[Any, ...]:
    """The entries by which cases were closed in the stretch."""
    closed = (_journal.c.thing == "case", _journal.c.after == "closed", _journal.c.before != "closed")
    return (*closed, _journal.c.at >= wish.since, _journal.c.at < wish.until, _journal.c.at <= at)


def _closed(wish: Wish, at: datetime) -> Select[Any]:
    newest = select(_journal.c.case_id, func.max(_journal.c.seq).label("seq"))
    closing = newest.where(*_closings(wish, at)).group_by(_journal.c.case_id).subquery()
    opened = select(_journal.c.case_id).where(
        _journal.c.case_id == closing.c.case_id, _journal.c.seq > closing.c.seq, _journal.c.action == "reopen", _journal.c.at <= at
    )
    before = select(_call.c.case_id).where(_call.c.case_id == closing.c.case_id, _call.c.drawn_at < at)
    stays = (_reporter.c.since <= at, _reporter.c.until.is_(None) | (_reporter.c.until > at))
    others = select(_reporter.c.case_id).where(_reporter.c.case_id == _case.c.id, *stays)
    of_lead = (_order.c.case_id == _case.c.id, _order.c.lead, _order.c.state != "recalled")
    last = select(func.max(_order.c.no)).where(*of_lead).correlate(_case).scalar_subquery()
    lead = select(_order.c.unit_id).where(_order.c.case_id == _case.c.id, _order.c.no == last).correlate(_case).scalar_subquery()
    return (
        select(_case.c.id, _case.c.no, _case.c.category, lead.label("lead"))
        .join(closing, closing.c.case_id == _case.c.id)
        .where(_case.c.requester_id.is_not(None) | others.exists(), _case.c.sensitive.is_(None), ~opened.exists(), ~before.exists())
        .order_by(_case.c.id)
    )


def _name(session: Session, now: datetime, known: Catalogue) -> str:
    day = f"{now.astimezone(known.zone):%Y%m%d}"
    wanted = select(func.count(_call.c.draw.distinct())).where(_call.c.draw.like(f"{day}-%"))
    return f"{day}-{int(connection_of(session).execute(wanted).scalar_one()) + 1}"


def _keep(session: Session, wish: Wish, found: Drawn, actor: Actor, now: datetime) -> None:
    same = {"draw": found.name, "drawn_at": now, "drawn_by": actor.name, "note": ""}
    rows: Sequence[dict[str, Any]] = [{"case_id": each.case_id, "stratum": each.stratum, **same} for each in found.taken]
    connection_of(session).execute(insert(_call), rows)
    stretch = {"since": wish.since.isoformat(), "until": wish.until.isoformat()}
    about = {"seed": wish.seed, "permille": wish.permille, "by": list(wish.by), "pool": dict(found.pool), "taken": len(found.taken)}
    records.keep(session, now, actor.name, records.DRAWN, found.name, **stretch, **about)

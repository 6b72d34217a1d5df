"""Some cases held against the table of clocks: exactly those that their states demand, each as it must be."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models import Case, Clock, RungFiring, connection_of, table
from rules.clocks import OPTIONAL, Demand, key_of, of_supervision
from rules.facts import OPEN_ORDER, ExtensionState, SupervisionState
from services.audit.clocks import Look, Stamp, Subject, astray, families
from services.audit.findings import Finding, of_clock
from services.catalogue import catalogue
from services.moves import Along, Draft, Row, read_drafts
from services.moves.affair_clocks import demands_of
from services.moves.clockwork import allowance_of, demands
from services.moves.supervising import check_unit

_case, _clock, _firing = table(Case), table(Clock), table(RungFiring)
TRIES: Final = 3  #: how often a case that moves while it is looked at is looked at again
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_FIRED: Final = (
    select(_firing.c.clock_id, _firing.c.round, _firing.c.rung)
    .join(_clock, _clock.c.id == _firing.c.clock_id)
    .where(_clock.c.case_id.in_(_IDS), _clock.c.stopped_at.is_(None))
)
_COUNTS: Final = select(_case.c.id, _case.c.seq).where(_case.c.id.in_(_IDS))
_NO: Final = select(_case.c.no).where(_case.c.id == bindparam("id"))
#: What makes two clocks of a case the same: what `key_of` says, and the supervision order it belongs to.
Key = tuple[str, int | None, int | str | None, int | None, int | None, int | None]
Fired = Mapping[int, Mapping[int, set[str]]]


def audit_cases(session: Session, ids: Sequence[int], look: Look) -> list[Finding]:
    """Hold some cases against what their states demand.

    A case that moves while it is read shows its parts at different moments; what was found of such a one is
    forgotten, and it is looked at again. A case that cannot be read is a finding of its own; nothing else raises.

    Raises:
        DBAPIError: the database itself fails.
    """
    known = families(catalogue(session))
    settled: list[Finding] = []
    for attempt in range(TRIES):
        found, counts = _audit(session, ids, look, known)
        now = {row.id: row.seq for row in connection_of(session).execute(_COUNTS, {"ids": sorted(found)})} if found else {}
        moved = [case for case in found if counts.get(case, now.get(case)) != now.get(case)]
        settled += [f for case, group in found.items() if case not in moved for f in group]
        ids = moved
        if not ids or attempt == TRIES - 1:
            break
    return settled


def _audit(
    session: Session, ids: Sequence[int], look: Look, known: Mapping[Stamp, frozenset[str]]
) -> tuple[dict[int, list[Finding]], dict[int, int]]:
    """What is wrong, by case, and the journal count with which each case was read."""
    try:
        drafts = read_drafts(session, ids, Along(extensions=ids, supervision=ids, affairs=ids), lock=False)
        fired = _read_fired(session, ids)
    except DBAPIError:
        raise
    except Exception as problem:
        if len(ids) == 1:
            return {ids[0]: [_failed(_number(session, ids[0]), problem)]}, {}
        return _one_by_one(session, ids, look, known)
    found = {case: _audit_case(draft, fired, look, known) for case, draft in drafts.items()}
    return {case: group for case, group in found.items() if group}, {case: draft.seq for case, draft in drafts.items()}


def _one_by_one(
    session: Session, ids: Sequence[int], look: Look, known: Mapping[Stamp, frozenset[str]]
) -> tuple[dict[int, list[Finding]], dict[int, int]]:
    """One of them cannot be read: find out which, and look at the others."""
    found: dict[int, list[Finding]] = {}
    counts: dict[int, int] = {}
    for case in ids:
        more, seen = _audit(session, [case], look, known)
        found |= more
        counts |= seen
    return found, counts


def _read_fired(session: Session, ids: Sequence[int]) -> Fired:
    fired: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in connection_of(session).execute(_FIRED, {"ids": sorted(ids)}):
        fired[row.clock_id][row.round].add(row.rung)
    return fired


def _number(session: Session, case_id: int) -> str:
    return str(connection_of(session).execute(_NO, {"id": case_id}).scalar_one())


def _failed(no: str, problem: Exception) -> Finding:
    first = str(problem).strip().partition("\n")[0]
    return Finding("audit_failed", no, {"error": f"{type(problem).__name__}: {first}"[:200]})


def _audit_case(draft: Draft, fired: Fired, look: Look, known: Mapping[Stamp, frozenset[str]]) -> list[Finding]:
    try:
        return [*_clocks(draft, fired, look, known), *_extensions(draft)]
    except Exception as problem:
        return [_failed(draft.case["no"], problem)]


def _clocks(draft: Draft, fired: Fired, look: Look, known: Mapping[Stamp, frozenset[str]]) -> Iterator[Finding]:
    no, wanted = draft.case["no"], {_asked(d): d for d in _demanded(draft)}
    counted = Counter(map(_key, draft.clocks))
    for key, demand in wanted.items():
        if not counted[key]:
            about = {"clock": demand.kind.value, "order": demand.order_no, "stage": demand.stage, "supervision": demand.supervision_seq}
            about |= {"affair": _affair_no(draft, demand.affair_seq), "part": demand.part_no} if demand.affair_seq is not None else {}
            yield Finding("clock_missing", no, about)
    seen: set[Key] = set()
    for clock in draft.clocks:
        key, first = _key(clock), _key(clock) not in seen
        seen.add(key)
        code = _out_of_place(draft, clock, first=first)
        if code is None and key not in wanted:
            code = "clock_extra"
        if code is None:
            code = astray(Subject(clock, wanted[key], draft.catalogue, fired.get(clock["id"], {}), known), look)
        if code is not None:
            yield of_clock(code, no, clock, _affair_no(draft, clock["affair_seq"]))


def _affair_no(draft: Draft, seq: int | None) -> str | None:
    """Number of an affair; None: there is no such one."""
    return draft.affairs[seq]["no"] if seq in draft.affairs else None


def _out_of_place(draft: Draft, clock: Row, *, first: bool) -> str | None:
    """What is wrong with a clock whatever is demanded: what it belongs to does not exist, or has such a clock already."""
    order, supervision = clock["order_no"], clock["supervision_seq"]
    if (order is not None and order not in draft.orders) or (supervision is not None and supervision not in draft.supervision):
        return "clock_orphan"
    affair, part = clock["affair_seq"], clock["part_no"]
    if (affair is not None and affair not in draft.affairs) or (part is not None and part not in draft.parts):
        return "clock_orphan"
    return None if first else "clock_double"


def _demanded(draft: Draft) -> Iterator[Demand]:
    """Everything that must be under a clock: the case, its work orders, its supervision orders.

    One that was opened before supervision orders had clocks (`seq` below zero) has one from its next move on.
    """
    yield from (d for d in demands(draft) if d.kind not in OPTIONAL or allowance_of(draft, d) is not None)
    known = draft.catalogue
    for seq, order in draft.supervision.items():
        state, unit = SupervisionState(order["state"]), order["unit_id"]
        demand = of_supervision(state, seq, unit, known.desk_id, check_unit(known, unit))
        if demand is not None and (seq >= 0 or any(clock["supervision_seq"] == seq for clock in draft.clocks)):
            yield demand
    for seq in draft.affairs:
        yield from demands_of(draft, seq)


def _asked(demand: Demand) -> Key:
    return (*demand.key, demand.supervision_seq, demand.affair_seq, demand.part_no)


def _key(clock: Row) -> Key:
    return (
        *key_of(clock["kind"], clock["order_no"], clock["unit_id"], clock["stage"]),
        clock["supervision_seq"],
        clock["affair_seq"],
        clock["part_no"],
    )


def _extensions(draft: Draft) -> Iterator[Finding]:
    """Every request that waits for a decision is known to its work order, whose clock waits with it, and no other is."""
    asked = {(e["order_no"], no) for no, e in draft.extensions.items() if e["state"] == ExtensionState.ASKED}
    linked = {(no, o["extension_no"]) for no, o in draft.orders.items() if o["extension_no"] is not None}
    closed = {(order, no) for order, no in asked & linked if draft.orders[order]["state"] not in OPEN_ORDER}
    for order, no in sorted((asked ^ linked) | closed):
        yield Finding("extension_stray", draft.case["no"], {"order": order, "extension": no})

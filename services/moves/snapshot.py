"""Reading cases for a decision: three statements for one case or for five hundred."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, Integer, bindparam, select
from sqlalchemy.orm import Session

from models import (
    WRITING,
    Case,
    Clock,
    Extension,
    Prepared,
    SupervisionCase,
    SupervisionOrder,
    System,
    WorkOrder,
    connection_of,
    read_together,
    table,
)
from services.catalogue import catalogue
from services.moves.draft import Draft, Row

_case, _order, _clock = table(Case), table(WorkOrder), table(Clock)
_extension, _supervision, _linked = table(Extension), table(SupervisionOrder), table(SupervisionCase)
_ids: BindParameter[list[int]] = bindparam("ids", expanding=True)
_id = bindparam("id", type_=Integer)
_EVERY_CASE = select(*[c for c in _case.c if c.name != "body"], select(System.revision).scalar_subquery().label("revision"))
_EVERY_ORDER = select(_order).order_by(_order.c.case_id, _order.c.no)
_EVERY_CLOCK = select(_clock).where(_clock.c.stopped_at.is_(None)).order_by(_clock.c.id)
_CASES = _EVERY_CASE.where(_case.c.id.in_(_ids)).order_by(_case.c.id)
#: `FOR UPDATE` holds the rows on PostgreSQL until the commit; SQLite knows no such thing and re-checks `seq` instead.
_CASES_LOCKED = _CASES.with_for_update(of=_case)
_ORDERS = _EVERY_ORDER.where(_order.c.case_id.in_(_ids))
_CLOCKS = _EVERY_CLOCK.where(_clock.c.case_id.in_(_ids))
#: One case to be written is what people ask for one by one: its statements go to the driver as they are.
_ONE_LOCKED = (
    Prepared(_EVERY_CASE.where(_case.c.id == _id).with_for_update(of=_case)),
    Prepared(_EVERY_ORDER.where(_order.c.case_id == _id)),
    Prepared(_EVERY_CLOCK.where(_clock.c.case_id == _id)),
)
_EXTENSIONS = select(_extension).where(_extension.c.case_id.in_(_ids)).order_by(_extension.c.case_id, _extension.c.no)
_SUPERVISION = select(_supervision).where(_supervision.c.case_id.in_(_ids)).order_by(_supervision.c.case_id, _supervision.c.seq)
_LINKED = select(_linked).where(_linked.c.home_id.in_(_ids))


@dataclass(frozen=True, slots=True)
class Along:
    """What is read along with the cases, because moves are about it; reading it for every case would cost the hot path.

    Attributes:
        extensions: Cases whose requests for more time are read.
        supervision: Cases whose supervision orders are read.
    """

    extensions: Collection[int] = ()
    supervision: Collection[int] = ()


def further_cases(session: Session, home_ids: Collection[int]) -> set[int]:
    """The further cases that supervision orders of these cases are about."""
    return {row.case_id for row in connection_of(session).execute(_LINKED, {"ids": sorted(home_ids)})}


def read_drafts(session: Session, case_ids: Iterable[int], along: Along = Along(), *, lock: bool = True) -> dict[int, Draft]:
    """Read cases with their work orders and open clocks; ids that do not exist are left out.

    Args:
        session: The unit of work.
        case_ids: Which cases.
        along: What else is read for some of them.
        lock: Hold the cases until the commit, because they are about to be written (PostgreSQL); False to look only.
    """
    connection = connection_of(session)
    cases, orders, open_clocks = _rows(connection, sorted(set(case_ids)), lock=lock)
    if not cases:
        return {}
    known = catalogue(session, cases[0]["revision"])
    locked = bool(session.info.get(WRITING))
    drafts: dict[int, Draft] = {}
    for case in cases:
        del case["revision"]
        drafts[case["id"]] = Draft(case, {}, [], known, seq=case["seq"], locked=locked)
    for order in orders:
        drafts[order["case_id"]].orders[order["no"]] = order
    clocks: dict[int, list[Row]] = defaultdict(list)
    for clock in open_clocks:
        clocks[clock["case_id"]].append(clock)
    for case_id, found in clocks.items():
        drafts[case_id].clocks = found
    _read_along(connection, drafts, along)
    return drafts


def _read_along(connection: Connection, drafts: Mapping[int, Draft], along: Along) -> None:
    if along.extensions:
        for row in connection.execute(_EXTENSIONS, {"ids": sorted(along.extensions)}).mappings():
            drafts[row["case_id"]].extensions[row["no"]] = dict(row)
    if along.supervision:
        ids = {"ids": sorted(along.supervision)}
        for row in connection.execute(_SUPERVISION, ids).mappings():
            drafts[row["case_id"]].supervision[row["seq"]] = {**row, "cases": []}
        for row in connection.execute(_LINKED, ids).mappings():
            drafts[row["home_id"]].supervision[row["seq"]]["cases"].append(row["case_id"])


def _rows(connection: Connection, ids: list[int], *, lock: bool) -> list[list[Row]]:
    """Cases, their work orders, their open clocks."""
    if lock and len(ids) == 1:
        return read_together(connection, [(statement, {"id": ids[0]}) for statement in _ONE_LOCKED])
    statements = (_CASES_LOCKED if lock else _CASES, _ORDERS, _CLOCKS)
    return [[dict(row) for row in connection.execute(s, {"ids": ids}).mappings()] for s in statements]

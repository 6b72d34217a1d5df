"""Reading cases for a decision: three statements for one case or for five hundred."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from models import Case, Clock, SupervisionOrder, System, WorkOrder, table
from services.catalogue import catalogue
from services.moves.draft import Draft, Row

_case, _order, _clock, _supervision = table(Case), table(WorkOrder), table(Clock), table(SupervisionOrder)
_ids: BindParameter[list[int]] = bindparam("ids", expanding=True)
_CASES = (
    select(*[c for c in _case.c if c.name != "body"], select(System.revision).scalar_subquery().label("revision"))
    .where(_case.c.id.in_(_ids))
    .order_by(_case.c.id)
)
#: Holds the rows on PostgreSQL until the commit; SQLite knows no such thing and re-checks `seq` instead.
_CASES_LOCKED = _CASES.with_for_update(of=_case)
_ORDERS = select(_order).where(_order.c.case_id.in_(_ids)).order_by(_order.c.case_id, _order.c.no)
_CLOCKS = select(_clock).where(_clock.c.case_id.in_(_ids), _clock.c.stopped_at.is_(None)).order_by(_clock.c.id)
_SUPERVISION = select(_supervision).where(_supervision.c.id.in_(_ids))


def read_drafts(session: Session, case_ids: Iterable[int], supervision_ids: Collection[int] = (), *, lock: bool = True) -> dict[int, Draft]:
    """Read cases with their work orders and open clocks; ids that do not exist are left out.

    Args:
        session: The unit of work.
        case_ids: Which cases.
        supervision_ids: Supervision orders that will be spoken of.
        lock: Hold the cases until the commit, because they are about to be written (PostgreSQL); False to look only.
    """
    ids = {"ids": sorted(set(case_ids))}
    run = session.connection().execute
    cases: list[Row] = [dict(row) for row in run(_CASES_LOCKED if lock else _CASES, ids).mappings()]
    if not cases:
        return {}
    known = catalogue(session, cases[0]["revision"])
    drafts: dict[int, Draft] = {}
    for case in cases:
        del case["revision"]
        drafts[case["id"]] = Draft(case, {}, [], known, seq=case["seq"])
    for order in run(_ORDERS, ids).mappings():
        drafts[order["case_id"]].orders[order["no"]] = dict(order)
    clocks: dict[int, list[Row]] = defaultdict(list)
    for clock in run(_CLOCKS, ids).mappings():
        clocks[clock["case_id"]].append(dict(clock))
    for case_id, found in clocks.items():
        drafts[case_id].clocks = found
    if supervision_ids:
        for row in run(_SUPERVISION, {"ids": sorted(supervision_ids)}).mappings():
            if row["case_id"] in drafts:
                drafts[row["case_id"]].supervision[row["id"]] = dict(row)
    return drafts

"""Reading cases for a decision: three statements for one case or for five hundred."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Integer, Result, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from models import (
    WRITING,
    Affair,
    AffairCase,
    AffairPart,
    Attachment,
    Case,
    CaseReporter,
    Clock,
    Evaluation,
    Extension,
    Journal,
    Prepared,
    Request,
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
_REQUESTS = select(table(Request)).where(table(Request).c.case_id.in_(_ids)).order_by(table(Request).c.case_id, table(Request).c.no)
_REPORTERS = select(table(CaseReporter)).where(table(CaseReporter).c.case_id.in_(_ids)).order_by(table(CaseReporter).c.since)
_EVALUATIONS = select(table(Evaluation)).where(table(Evaluation).c.case_id.in_(_ids)).order_by(table(Evaluation).c.no)
_photo, _journal = table(Attachment), table(Journal)
#: It was begun anew after this photo was taken: what it shows of the result is no longer so.
_OUTDATED = exists().where(
    _photo.c.stage == "after",
    _journal.c.case_id == _photo.c.case_id,
    _journal.c.action.in_(("redo", "reopen")),
    _journal.c.at >= _photo.c.added_at,
)
_PHOTOS = select(_photo.c.case_id, _photo.c.stage).where(_photo.c.case_id.in_(_ids), ~_OUTDATED).distinct()
_TRIES = (
    select(_journal.c.case_id, _journal.c.thing_no, func.max(_journal.c.at).label("at"))
    .where(_journal.c.case_id.in_(_ids), _journal.c.action == "try_contact")
    .group_by(_journal.c.case_id, _journal.c.thing_no)
)
CUTTING: Final = ("reprojected", "absorb", "released")  #: entries that say so
_REPROJECTED = (
    select(_journal.c.case_id, _journal.c.data)
    .where(_journal.c.case_id.in_(_ids), _journal.c.action.in_(CUTTING))
    .order_by(_journal.c.case_id, _journal.c.seq)
)
CUT: Final = ("merged", "split", "bound")  #: why a limit moved that merging has cut off or given back
_affair, _part = table(Affair), table(AffairPart)
_AFFAIRS = select(_affair).where(_affair.c.case_id.in_(_ids)).order_by(_affair.c.case_id, _affair.c.seq)
_PARTS = select(_part).where(_part.c.case_id.in_(_ids)).order_by(_part.c.case_id, _part.c.no)
_ABOUT = select(table(AffairCase)).where(table(AffairCase).c.home_id.in_(_ids))
_MERGED_INTO = select(_case.c.merged_into_id).where(_case.c.id.in_(_ids))
_LINKED = select(_linked).where(_linked.c.home_id.in_(_ids))


@dataclass(frozen=True, slots=True)
class Along:
    """What is read along with the cases, because moves are about it; reading it for every case would cost the hot path.

    Attributes:
        extensions: Cases whose requests for more time are read.
        requests: Cases whose requests are read.
        evaluations: Cases whose ratings are read.
        photos: Cases of which it is read which photos are there; of results, those of the present round.
        tries: Cases of which it is read when a unit last tried to reach the reporter.
        cuts: Cases of which it is read what merging has cut off their clocks.
        supervision: Cases whose supervision orders are read.
        affairs: Cases whose affairs are read; those with a clock of an affair always are.
    """

    extensions: Collection[int] = ()
    requests: Collection[int] = ()
    evaluations: Collection[int] = ()
    photos: Collection[int] = ()
    tries: Collection[int] = ()
    cuts: Collection[int] = ()
    supervision: Collection[int] = ()
    affairs: Collection[int] = ()


def everything(case_ids: Collection[int]) -> Along:
    """All that can be read along with these cases."""
    return Along(**{field.name: case_ids for field in fields(Along)})


def further_cases(session: Session, home_ids: Collection[int]) -> set[int]:
    """The further cases that supervision orders of these cases are about."""
    return {row.case_id for row in connection_of(session).execute(_LINKED, {"ids": sorted(home_ids)})}


def of_affairs(session: Session, home_ids: Collection[int]) -> set[int]:
    """The further cases that affairs of these case files are about."""
    return {row.case_id for row in connection_of(session).execute(_ABOUT, {"ids": sorted(home_ids)})}


def merged_into(session: Session, case_ids: Collection[int]) -> set[int]:
    """The cases that these were merged into, and those that these were merged into in their turn."""
    found: set[int] = set()
    ahead = set(case_ids)
    while ahead:
        rows = connection_of(session).execute(_MERGED_INTO, {"ids": sorted(ahead)})
        ahead = {row.merged_into_id for row in rows if row.merged_into_id is not None} - found
        found |= ahead
    return found


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
    read_along(connection, drafts, along)
    return drafts


def read_along(connection: Connection, drafts: Mapping[int, Draft], along: Along) -> None:
    """Put to drafts what moves are about besides; of what was read elsewhere nothing is asked."""
    _read_people(connection, drafts, along)
    for row in _of(connection, _EXTENSIONS, along.extensions):
        drafts[row["case_id"]].extensions[row["no"]] = row
    for row in _of(connection, _REQUESTS, along.requests):
        drafts[row["case_id"]].requests[row["no"]] = row
    for row in _of(connection, _SUPERVISION, along.supervision):
        drafts[row["case_id"]].supervision[row["seq"]] = {**row, "cases": []}
    for row in _of(connection, _LINKED, along.supervision):
        drafts[row["home_id"]].supervision[row["seq"]]["cases"].append(row["case_id"])
    _read_affairs(connection, drafts, along.affairs)


def _read_affairs(connection: Connection, drafts: Mapping[int, Draft], asked: Collection[int]) -> None:
    """Affairs with their parts and the further cases that they are about, where the batch or an open clock speaks of them."""
    ids = {i for i, d in drafts.items() if i in asked or any(c["affair_seq"] is not None for c in d.clocks)}
    if not ids:
        return
    for row in _of(connection, _AFFAIRS, ids):
        drafts[row["case_id"]].affairs[row["seq"]] = {**row, "cases": []}
    for row in _of(connection, _PARTS, ids):
        drafts[row["case_id"]].parts[row["no"]] = row
    for row in _of(connection, _ABOUT, ids):
        drafts[row["home_id"]].affairs[row["seq"]]["cases"].append(row["case_id"])


def _read_people(connection: Connection, drafts: Mapping[int, Draft], along: Along) -> None:
    """Further reporters, ratings, photos, and what merging has done to the clocks."""
    for row in _of(connection, _REPORTERS, [i for i, d in drafts.items() if d.case["reporters"]]):
        drafts[row["case_id"]].co_reporters.append(row)
    for row in _of(connection, _EVALUATIONS, [i for i in along.evaluations if _may_be_rated(drafts[i].case)]):
        drafts[row["case_id"]].evaluations.append(row)
    for case_id in along.photos:
        drafts[case_id].photos = frozenset()
    for row in _of(connection, _PHOTOS, [i for i in along.photos if _asks_for_photos(drafts[i])]):
        drafts[row["case_id"]].photos = frozenset({row["stage"]}) | (drafts[row["case_id"]].photos or frozenset())
    for row in _of(connection, _TRIES, along.tries):
        drafts[row["case_id"]].tried_at[row["thing_no"]] = row["at"]
    for row in _of(connection, _REPROJECTED, along.cuts):
        if row["data"].get("why") in CUT:
            drafts[row["case_id"]].cuts.append(row["data"])


def _may_be_rated(case: Row) -> bool:
    """Whether there can be ratings: a first round that waits for its only reporter has none, and that is most of them."""
    return bool(case["round"] > 1 or case["reporters"] or case["state"] != "fed_back")


def _asks_for_photos(draft: Draft) -> bool:
    """Whether the category asks for photos; of one that has none yet nobody knows."""
    category = draft.catalogue.categories.get(draft.case["category"])
    return category is None or bool(category.closing)


def _of(connection: Connection, statement: Select[Any], case_ids: Collection[int]) -> list[Row]:
    """Rows of some cases; nothing is asked where none is named."""
    return _as_dicts(connection.execute(statement, {"ids": sorted(case_ids)})) if case_ids else []


def _as_dicts(result: Result[Any]) -> list[Row]:
    """All rows by the names of their columns; a row's own mapping looks up every column by its name."""
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def _rows(connection: Connection, ids: list[int], *, lock: bool) -> list[list[Row]]:
    """Cases, their work orders, their open clocks."""
    if lock and len(ids) == 1:
        return read_together(connection, [(statement, {"id": ids[0]}) for statement in _ONE_LOCKED])
    statements = (_CASES_LOCKED if lock else _CASES, _ORDERS, _CLOCKS)
    return [_as_dicts(connection.execute(s, {"ids": ids})) for s in statements]

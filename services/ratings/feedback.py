"""What only the reporter who is told knows and what was promised to all: looked up when the feedback is put into words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from models import Clock, Journal, WorkOrder, connection_of, table
from services.catalogue import catalogue
from services.ratings.codes import code_of
from wording import say

NOTICE: Final = "fed_back"
_clock, _journal, _order = table(Clock), table(Journal), table(WorkOrder)
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_CLOCKS = (
    select(_clock.c.case_id, _clock.c.order_no, _clock.c.started_at, _clock.c.due_at, _order.c.finished_at)
    .join(_order, (_order.c.case_id == _clock.c.case_id) & (_order.c.no == _clock.c.order_no))
    .where(_clock.c.case_id.in_(_IDS), _clock.c.kind == "handle")
    .order_by(_clock.c.id)
)
_REWORKS = select(_journal.c.case_id, _journal.c.at).where(
    _journal.c.case_id.in_(_IDS), _journal.c.thing == "case", _journal.c.action == "rework"
)


def told(session: Session, rows: Iterable[Any], lang: str) -> dict[int, dict[str, str]]:
    """What messages to residents say besides: what it is about; of feedback their own code, and whether the promise was kept.

    Args:
        session: The unit of work; nothing is asked where no message is for a resident.
        rows: Messages that are put into words: id, case_id, notice, requester_id, about, queued_at, category and sensitive.
        lang: Language of the words.

    Returns:
        Values for the template, by message.
    """
    residents = [row for row in rows if row.requester_id is not None]
    topics = {row.id: {"reported": _reported(session, row, lang)} for row in residents}
    found = [row for row in residents if row.notice == NOTICE]
    if not found:
        return topics
    ids = {"ids": sorted({row.case_id for row in found})}
    run = connection_of(session).execute
    clocks: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for clock in run(_CLOCKS, ids):
        clocks[clock.case_id, clock.order_no].append(clock)
    reworks: dict[int, list[datetime]] = defaultdict(list)
    for entry in run(_REWORKS, ids):
        reworks[entry.case_id].append(entry.at)
    return topics | {row.id: topics[row.id] | _values(row, clocks, reworks[row.case_id], lang) for row in found}


def _reported(session: Session, row: Any, lang: str) -> str:  # noqa: ANN401 - a row
    """What the matter is called; of a sensitive one nothing, because a telephone is read by others at home."""
    category = catalogue(session).categories.get(row.category or "")
    return "" if category is None or row.sensitive is not None else str(getattr(category.name, lang))


def _values(row: Any, clocks: Mapping[tuple[int, int], Sequence[Any]], reworks: Sequence[datetime], lang: str) -> dict[str, str]:  # noqa: ANN401 - a row
    about = row.about
    code = code_of(row.case_id, about["round"], row.requester_id) if "round" in about else ""
    since = max((at for at in reworks if at <= row.queued_at), default=None)
    promised = [c for c in clocks.get((row.case_id, about.get("order", 0)), ()) if since is None or c.started_at >= since]
    return {"rating_code": code, "promise": _kept(promised[0], lang) if promised else ""}


def _kept(clock: Any, lang: str) -> str:  # noqa: ANN401 - a row
    """Whether the handling limit that the residents were told was kept; one that was begun anew without telling them is no promise."""
    if clock.finished_at is None:
        return ""
    late = clock.finished_at - clock.due_at
    if late <= timedelta(0):
        return say("promise.kept", lang)
    days, hours = late // timedelta(days=1), -(-late // timedelta(hours=1))
    return say("promise.late_days", lang, n=days) if days else say("promise.late_hours", lang, n=hours)

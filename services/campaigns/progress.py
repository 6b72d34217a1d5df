"""How far a campaign is, with its projects: counted from the lines, so that everybody can count again."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Clock, connection_of, table
from rules.facts import Thing
from rules.handling.campaigns import SubsidyState, TaskState
from services.affairs import find as find_affair
from services.moves import Row

_affair, _part, _clock = table(Affair), table(AffairPart), table(Clock)
Key = tuple[int, int]  #: id of a case file, place of the affair in it
WHOLE: Final = 10_000  #: hundredths of a per cent
_FINISHED: Final = (TaskState.DONE.value, TaskState.CHECKED.value)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is.

    Attributes:
        tasks: Lines of all its lists, those of its projects among them; those that were dropped count nowhere else.
        states: How many lines are in each state.
        done_bp: How much is done, in hundredths of a per cent, each line by its weight; 0 where there is no line.
        quantities: By unit of measure: how much is done, of how much.
        projects, projects_done: Its projects.
        late: Clocks of it that are past due now: lines and projects.
        money_fen: Money claimed, checked, paid and refused.
        pairs_open: Pairs of which one side is not done and checked, with the number of the project.
    """

    tasks: int
    states: Mapping[str, int]
    done_bp: int
    quantities: Mapping[str, tuple[int, int]]
    projects: int
    projects_done: int
    late: int
    money_fen: Mapping[str, int] = field(default_factory=dict)
    pairs_open: Sequence[str] = ()


def projects(session: Session, no: str) -> list[Row]:
    """The projects of a campaign, oldest first."""
    ref = find_affair(session, no, Thing.CAMPAIGN)
    return _below(session, [(ref.case_id, ref.seq)])


def _below(session: Session, keys: Sequence[Key]) -> list[Row]:
    wanted = select(_affair).where(tuple_(_affair.c.parent_case_id, _affair.c.parent_seq).in_(keys))
    return [dict(row) for row in connection_of(session).execute(wanted.order_by(_affair.c.no)).mappings()]


def progress(session: Session, no: str, now: datetime) -> Progress:
    """How far a campaign is, with its projects.

    Raises:
        Refused: `unknown_affair`.
    """
    ref = find_affair(session, no, Thing.CAMPAIGN)
    return progress_of(session, {ref.no: (ref.case_id, ref.seq)}, now)[ref.no]


def progress_of(session: Session, campaigns: Mapping[str, Key], now: datetime) -> dict[str, Progress]:
    """How far each of several campaigns or projects is, in three statements however many there are.

    Args:
        session: The unit of work; nothing is changed.
        campaigns: By number, where each is kept: the id of its case file and its place there.
        now: The instant, aware UTC.
    """
    if not campaigns:
        return {}
    below: dict[Key, list[Row]] = defaultdict(list)
    for row in _below(session, list(campaigns.values())):
        below[row["parent_case_id"], row["parent_seq"]].append(row)
    keys = list({*campaigns.values(), *((row["case_id"], row["seq"]) for rows in below.values() for row in rows)})
    parts, late = _parts(session, keys), _late(session, keys, now)
    return {no: _counted(no, key, below[key], parts, late) for no, key in campaigns.items()}


def _counted(no: str, key: Key, below: Sequence[Row], of: Mapping[Key, Sequence[Any]], late: Mapping[Key, int]) -> Progress:
    names = {key: no} | {(row["case_id"], row["seq"]): row["no"] for row in below}
    parts = [part for each in sorted(names) for part in of.get(each, ())]
    tasks = [part for part in parts if part.thing == Thing.TASK]
    kept = [part for part in tasks if part.state != TaskState.DROPPED]
    return Progress(
        tasks=len(tasks),
        states=dict(Counter(part.state for part in tasks)),
        done_bp=_weighed(kept),
        quantities=_quantities(kept),
        projects=len(below),
        projects_done=sum(row["state"] == "done" for row in below),
        late=sum(late.get(each, 0) for each in names),
        money_fen=_money(part for part in parts if part.thing == Thing.SUBSIDY),
        pairs_open=_pairs(tasks, names),
    )


def _parts(session: Session, keys: Sequence[Key]) -> dict[Key, list[Any]]:
    wanted = select(_part).where(tuple_(_part.c.case_id, _part.c.seq).in_(keys))
    found: dict[Key, list[Any]] = defaultdict(list)
    for part in connection_of(session).execute(wanted.order_by(_part.c.case_id, _part.c.no)):
        found[part.case_id, part.seq].append(part)
    return found


def _weighed(tasks: Sequence[Any]) -> int:
    """What is done of each line, weighed; a line without a quantity is done or not."""
    whole = sum(int(part.data.get("weight", 1)) for part in tasks)
    if not whole:
        return 0
    return int(sum(int(part.data.get("weight", 1)) * _share(part) for part in tasks) * WHOLE / whole)


def _share(part: Any) -> float:  # noqa: ANN401 - a result row
    if part.state in _FINISHED:
        return 1.0
    return min(1.0, (part.done or 0) / part.quantity) if part.quantity else 0.0


def _quantities(tasks: Sequence[Any]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for part in tasks:
        if part.quantity is not None:
            done, wanted = found[part.measure]
            found[part.measure] = (done + (part.done or 0), wanted + part.quantity)
    return dict(found)


def _money(claims: Any) -> dict[str, int]:  # noqa: ANN401 - result rows
    found = dict.fromkeys((state.value for state in SubsidyState), 0)
    for part in claims:
        found[part.state] += part.amount_fen
    return found


def _late(session: Session, keys: Sequence[Key], now: datetime) -> dict[Key, int]:
    own = (_clock.c.case_id, _clock.c.affair_seq)
    late = (tuple_(*own).in_(keys), _clock.c.stopped_at.is_(None), _clock.c.due_at < now)
    rows = connection_of(session).execute(select(*own, func.count().label("n")).where(*late).group_by(*own))
    return {(row.case_id, row.affair_seq): row.n for row in rows}


def _pairs(tasks: Sequence[Any], names: Mapping[Key, str]) -> list[str]:
    sides: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    for part in tasks:
        if part.data.get("pair") and part.state != TaskState.DROPPED:
            found, side = sides[names[part.case_id, part.seq], str(part.data["pair"])], str(part.data["side"])
            found[side] = found.get(side, False) or part.state == TaskState.CHECKED
    return sorted(f"{no} {pair}" for (no, pair), found in sides.items() if len(found) < 2 or not all(found.values()))

"""Affairs are sound: what waits has its clock, what has ended has none, parts belong to it, numbers have no gaps."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, table
from rules.facts import Thing
from rules.handling import AFFAIRS, PARTS
from services.moves.affair_clocks import suggested_limits

_affair, _part = table(Affair), table(AffairPart)


def affair_complaints(session: Session, clocks: Mapping[int, Sequence[Any]]) -> list[str]:
    """Everything about affairs that is not as it should be, said from their rows alone.

    Args:
        session: The unit of work.
        clocks: All clocks, by case file.
    """
    run = session.connection().execute
    affairs, parts = list(run(select(_affair))), defaultdict(list)
    for part in run(select(_part)):
        parts[part.case_id, part.seq].append(part)
    known = {(a.case_id, a.seq) for a in affairs}
    found = [f"part {p.case_id}/{p.no} of no affair" for key, own in parts.items() if key not in known for p in own]
    for affair in affairs:
        running = [c for c in clocks[affair.case_id] if c.affair_seq == affair.seq and c.stopped_at is None]
        found += [f"{affair.no}: {what}" for what in _of_one(affair, parts[affair.case_id, affair.seq], running)]
    return found + _gaps(affairs)


def _of_one(affair: Any, parts: Sequence[Any], running: Sequence[Any]) -> list[str]:
    kind = AFFAIRS[Thing(affair.thing)]
    over = affair.state in {str(state) for state in kind.ends}
    found = [] if over == (affair.ended_at is not None) else [f"is {affair.state}, but ended at {affair.ended_at}"]
    wanted = Counter() if over else Counter(_wanted(affair, parts))
    there = Counter((c.kind, c.part_no) for c in running)
    found += [f"waits under no clock {key}" for key in wanted - there] + [
        f"has a clock {key} that nothing demands" for key in there - wanted
    ]
    return found + [f"clock {c.kind} does not run" for c in running if c.running_since is None]


def _wanted(affair: Any, parts: Sequence[Any]) -> list[tuple[str, int | None]]:
    """Kinds of clock that its states demand, for the affair and each part, as far as anybody gives them a limit."""
    kind = AFFAIRS[Thing(affair.thing)]
    found = [
        (timed.kind.value, None) for state, timed in kind.clocks.items() if state == affair.state and _limited(timed.kind.value, affair)
    ]
    for part in parts:
        of_part = PARTS[Thing(part.thing)][1]
        mine = next((each for each in kind.parts if each.thing is of_part.thing), of_part)
        if mine.during and affair.state not in {str(state) for state in mine.during}:
            continue
        timed_here = (timed for state, timed in mine.clocks.items() if state == part.state)
        found += [(timed.kind.value, part.no) for timed in timed_here if _limited(timed.kind.value, part, affair)]
    return found


def _limited(kind: str, *rows: Any) -> bool:
    given = next((row.limits[kind] for row in rows if kind in row.limits), None)
    return given != "none" if given is not None else kind in suggested_limits()


def _gaps(affairs: Sequence[Any]) -> list[str]:
    by_day: dict[str, list[int]] = defaultdict(list)
    for affair in affairs:
        stem, _, last = affair.no.rpartition("-")
        by_day[stem].append(int(last))
    return [f"{stem}: numbers {sorted(nos)}" for stem, nos in by_day.items() if sorted(nos) != list(range(1, len(nos) + 1))]

"""Who decided in a replay: what triage and routing did by themselves, and what they left to people."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, Journal, table
from rules.facts import SYSTEM

_case, _journal = table(Case), table(Journal)


def triage(session: Session, case_ids: Iterable[int]) -> dict[str, Any]:
    """How many messages the rules filed, and how many were left to people; a replay's own database has learned nothing.

    Args:
        session: A unit of work on the replay's database.
        case_ids: The cases replayed.

    Returns:
        `claimed`, `left_to_people`, `claimed_share` of both (None: of none), `sensitive` (closed up because of their words).
    """
    done = _counted(session, set(case_ids), ("file", "unclaimed", "closed_up"))
    claimed, left = done["file", "engine"], done["unclaimed", "engine"]
    return {
        "claimed": claimed,
        "left_to_people": left,
        "claimed_share": round(claimed / (claimed + left), 4) if claimed + left else None,
        "sensitive": done["closed_up", "engine"],
    }


def routing(session: Session, case_ids: Iterable[int]) -> dict[str, Any]:
    """How the messages came to their units.

    Returns:
        `dispatched` (how often), of these `by_engine`, `by_people`; `overridden` (off a duty list, because the centre ruled so: a dispatch
        or a return), `handled_here` (by the level that held it), `left_to_people` (the catalogue named nobody, or somebody off whose list
        it is), `returned`, `upheld`.
    """
    names = ("dispatch", "handle_here", "no_unit", "outside_duty_list", "ask_return", "uphold_return", "overridden")
    done = _counted(session, set(case_ids), names)
    by_engine, by_people = done["dispatch", "engine"], done["dispatch", "people"]
    return {
        "dispatched": by_engine + by_people,
        "by_engine": by_engine,
        "by_people": by_people,
        "overridden": done["overridden", "people"],
        "handled_here": done["handle_here", "people"],
        "left_to_people": done["no_unit", "engine"] + done["outside_duty_list", "engine"],
        "returned": done["ask_return", "people"],
        "upheld": done["uphold_return", "people"],
    }


def _counted(session: Session, case_ids: set[int], actions: Iterable[str]) -> Counter[tuple[str, str]]:
    """Journal entries by action and by who made them; what was overridden is counted besides."""
    wanted = select(_journal.c.case_id, _journal.c.action, _journal.c.actor, _journal.c.data).where(_journal.c.action.in_(actions))
    found: Counter[tuple[str, str]] = Counter()
    for entry in session.connection().execute(wanted):
        if entry.case_id in case_ids:
            found[entry.action, "engine" if entry.actor == SYSTEM.name else "people"] += 1
            found["overridden", "people"] += bool(entry.data.get("override"))
    return found

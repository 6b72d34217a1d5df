"""The mechanisms that communities invented, as rows.

To add one: a row here and, where it has a life of its own (states, moves, clocks), its file beside this one.
"""

from collections.abc import Iterable
from typing import Final

from rules.facts import Thing
from rules.handling import (
    campaigns,
    claims,
    deliberation,
    disputes,
    errands,
    inspections,
    outside_records,
    polls,
    subjects,
    topics,
    whistle,
)
from rules.handling.kinds import AffairKind, Mechanism, PartKind, Timed, Whose

__all__ = ["AFFAIRS", "BELONGS_TO", "HANDLING", "MECHANISM_OF", "OPENING", "PARTS", "AffairKind", "Mechanism", "PartKind", "Timed", "Whose"]

# fmt: off
_ROWS: Final = (
    Mechanism("profiles",           (1,)),
    Mechanism("levels",             (2,), actions=frozenset({"report_up", "send_down", "skip_levels"}), core=True),
    Mechanism("supervision",        (3,), actions=frozenset({"supervise"}), core=True),
    Mechanism("smart_dispatch",     (4,), core=True),
    Mechanism("whistle",            (5,), (whistle.KIND,)),
    Mechanism("claims",             (5, 18), (claims.KIND,)),
    Mechanism("disputes",           (6,), (disputes.KIND,)),
    Mechanism("sensors",            (7,)),
    Mechanism("households",         (8,), (subjects.KIND,)),
    Mechanism("enterprises",        (9,), (subjects.ENTERPRISE,)),
    Mechanism("deliberation",       (10, 14, 27, 28), (deliberation.KIND,)),
    Mechanism("patrols",            (11,)),
    Mechanism("daily",              (12,)),
    Mechanism("weekly",             (13,)),
    Mechanism("bulletin",           (13,)),
    Mechanism("ranking",            (13,), on=False),
    Mechanism("self_governance",    (15,), actions=frozenset({"give_up"}), core=True),
    Mechanism("inspections",        (16,), (inspections.KIND,)),
    Mechanism("points",             (17,), on=False),
    Mechanism("errands",            (19,), (errands.KIND,)),
    Mechanism("visits",             (20,), core=True),
    Mechanism("campaigns",          (21, 22, 24, 25), (campaigns.KIND,)),
    Mechanism("professional_grids", (23,)),
    Mechanism("polls",              (26,), (polls.KIND,)),
    Mechanism("task_forces",        (21, 28)),
    Mechanism("staffing",           (29,)),
    Mechanism("outside_records",    (31,), (outside_records.KIND,)),
    Mechanism("responsibility",     (32,)),
    Mechanism("topics",             (25,), (topics.KIND,)),
)
# fmt: on


def _affairs(rows: Iterable[Mechanism]) -> Iterable[AffairKind]:
    return (kind for row in rows for kind in row.affairs)


#: The mechanisms by code: what is not here does not work.
HANDLING: Final[dict[str, Mechanism]] = {row.code: row for row in _ROWS}
AFFAIRS: Final[dict[Thing, AffairKind]] = {kind.thing: kind for kind in _affairs(_ROWS)}
#: Kinds of part, by thing, with the kind of affair that they are part of.
PARTS: Final[dict[Thing, tuple[AffairKind, PartKind]]] = {p.thing: (kind, p) for kind in AFFAIRS.values() for p in kind.parts}
#: The mechanism that each kind of affair belongs to.
MECHANISM_OF: Final[dict[Thing, str]] = {kind.thing: row.code for row in _ROWS for kind in row.affairs}
#: Moves of a case file that open an affair.
OPENING: Final[dict[str, AffairKind]] = {action: kind for kind in AFFAIRS.values() for action in kind.opened_by}
#: The mechanism that a move of the loop itself belongs to.
BELONGS_TO: Final[dict[str, str]] = {action: row.code for row in _ROWS for action in row.actions}

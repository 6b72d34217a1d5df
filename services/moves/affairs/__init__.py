"""What the moves of affairs change and whom they tell: one mechanism a file; to add one, its file and its name in `_MECHANISMS`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import ModuleType
from typing import Final

from rules.facts import Thing
from services.moves.act import Act, Effect
from services.moves.affairs import (
    agreeing,
    campaign_tasks,
    campaigns,
    claims,
    confirming,
    deliberation,
    disputes,
    diverting,
    errands,
    fulfilling,
    inspections,
    outside_records,
    polls,
    standing,
    subjects,
    topics,
    whistle,
)
from services.moves.draft import Draft

_MECHANISMS: Final[tuple[ModuleType, ...]] = (
    agreeing,
    campaign_tasks,
    campaigns,
    claims,
    confirming,
    deliberation,
    disputes,
    diverting,
    errands,
    fulfilling,
    inspections,
    outside_records,
    polls,
    standing,
    subjects,
    topics,
    whistle,
)

Key = tuple[Thing, str]


def _following() -> dict[Key, tuple[Callable[[Draft, Act], None], ...]]:
    """By move; several mechanisms may have something follow from the same one."""
    found: dict[Key, tuple[Callable[[Draft, Act], None], ...]] = {}
    for part in _MECHANISMS:
        for key, each in getattr(part, "FOLLOWS", {}).items():
            found[key] = (*found.get(key, ()), each)
    return found


#: What a move changes besides the state.
EFFECTS: Final[Mapping[Key, Effect]] = {key: each for part in _MECHANISMS for key, each in getattr(part, "EFFECTS", {}).items()}
#: What follows from a move once it is in the journal and before the clocks follow, e.g. further moves (`base.move_on`).
FOLLOWS: Final[Mapping[Key, tuple[Callable[[Draft, Act], None], ...]]] = _following()
#: By kind of affair: what becomes of parts that are one unit's now (draft, affair, unit, instant), because two units have become one.
UNITED: Final[Mapping[Thing, Callable[[Draft, int, int, datetime], None]]] = {
    thing: each for part in _MECHANISMS for thing, each in getattr(part, "UNITED", {}).items()
}
#: Who hears of it, once the clocks have followed.
TOLD: Final[Mapping[Key, Effect]] = {key: each for part in _MECHANISMS for key, each in getattr(part, "TOLD", {}).items()}

"""Names and lines of units as they were: history is told as it was when it happened."""

from collections.abc import Sequence
from datetime import datetime

from services.catalogue import Catalogue, Named


def name_at(known: Catalogue, unit_id: int | None, at: datetime) -> Named | None:
    """What a unit was called at a moment; None for no unit.

    Args:
        known: The reference data.
        unit_id: The unit; one that was merged keeps the name that it had.
        at: The moment, aware UTC.
    """
    if unit_id is None:
        return None
    former = known.former_names.get(unit_id, ())
    return next((each.name for each in former if at < each.until), known.names.get(unit_id))


def line_at(known: Catalogue, unit_id: int, at: datetime) -> Sequence[int]:
    """The unit and all above it by territory as they lay at a moment, nearest first.

    Args:
        known: The reference data.
        unit_id: The unit.
        at: The moment, aware UTC.
    """
    later = [each for each in known.reorderings if each.at > at]
    if not later:
        return known.line(unit_id)
    parents = {unit: parent for each in reversed(later) for unit, parent in each.parents.items()}
    alive = {each.merged_id for each in later}
    line: list[int] = []
    above: int | None = unit_id
    while above is not None and above not in line:
        unit = known.units[above]
        if unit.successor_id is not None and above not in alive:
            above = unit.successor_id
            continue
        line.append(above)
        above = parents.get(above, unit.parent_id)
    return line

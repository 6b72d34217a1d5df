"""Step 3 of 6, report: bring each filed case to the level that may decide, and from there to the unit that must answer for it."""

from collections.abc import Sequence
from datetime import datetime

from rules.facts import Step
from tasks.recording import recorded_flow
from tasks.stepping import at_step, route_filed


@recorded_flow("step-3-report", "report × {count}")
def report(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """Dispatch what needs no decision; place the rest where its climb begins.

    A case that needs a decision stays with the level that holds it (grid, community, street, district), under its decision clock.

    Args:
        cases: Ids of cases, wherever they are; those at this step are attended to.
        count: How many there are, for the run's name.
        now: The instant to act at, aware UTC.

    Returns:
        Ids of the cases that moved on.
    """
    here = at_step(cases, Step.REPORT)
    return route_filed(here, len(here), now) if here else []

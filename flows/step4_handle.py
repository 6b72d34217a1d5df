"""Step 4 of 6, handle: lead and co-handling units do the work; the case goes on when every one of them has finished."""

from collections.abc import Sequence
from datetime import datetime

from rules.facts import Step
from tasks.recording import recorded_flow
from tasks.stepping import at_step, finish_handled


@recorded_flow("step-4-handle", "handle × {count}")
def handle(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """Finish the handling of cases whose work orders are all done.

    Acknowledging, contacting the resident and finishing are moves of people; their clocks are watched in watch_clocks.py.

    Args:
        cases: Ids of cases, wherever they are; those at this step are attended to.
        count: How many there are, for the run's name.
        now: The instant to act at, aware UTC.

    Returns:
        Ids of the cases that moved on.
    """
    here = at_step(cases, Step.HANDLE)
    return finish_handled(here, len(here), now) if here else []

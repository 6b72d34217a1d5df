"""Step 5 of 6, feedback: have the result verified by somebody else, then tell the reporters."""

from collections.abc import Sequence
from datetime import datetime

from rules.facts import Step
from tasks.recording import recorded_flow
from tasks.stepping import at_step, feed_back_verified


@recorded_flow("step-5-feedback", "feedback × {count}")
def feedback(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """Waive the check where none is needed, and feed back what was verified.

    A result that must be looked at waits for a person who is not of the handling unit.

    Args:
        cases: Ids of cases, wherever they are; those at this step are attended to.
        count: How many there are, for the run's name.
        now: The instant to act at, aware UTC.

    Returns:
        Ids of the cases that moved on.
    """
    here = at_step(cases, Step.FEEDBACK)
    return feed_back_verified(here, len(here), now) if here else []

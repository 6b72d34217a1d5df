"""Step 1 of 6, collect: take in what was reported, and tell the reporter its number."""

from collections.abc import Sequence
from datetime import datetime

from rules.facts import Step
from tasks.recording import recorded_flow
from tasks.stepping import accept_submitted, at_step


@recorded_flow("step-1-collect", "collect × {count}")
def collect(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """Accept what is complete enough to be judged.

    Args:
        cases: Ids of cases, wherever they are; those at this step are attended to.
        count: How many there are, for the run's name.
        now: The instant to act at, aware UTC.

    Returns:
        Ids of the cases that moved on.
    """
    here = at_step(cases, Step.COLLECT)
    return accept_submitted(here, len(here), now) if here else []

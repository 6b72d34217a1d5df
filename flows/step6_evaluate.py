"""Step 6 of 6, evaluate: the resident says whether it is solved; only then is the case closed."""

from collections.abc import Sequence
from datetime import datetime

from rules.facts import Step
from tasks.recording import recorded_flow
from tasks.stepping import at_step, settle_rated


@recorded_flow("step-6-evaluate", "evaluate × {count}")
def evaluate(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """Close what the resident calls solved.

    A bad rating waits for the centre's judgement; silence is ended by the evaluation clock and counts as neither.

    Args:
        cases: Ids of cases, wherever they are; those at this step are attended to.
        count: How many there are, for the run's name.
        now: The instant to act at, aware UTC.

    Returns:
        Ids of the cases that moved on.
    """
    here = at_step(cases, Step.EVALUATE)
    return settle_rated(here, len(here), now) if here else []

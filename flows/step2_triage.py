"""Step 2 of 6, triage: say what kind of matter it is and how urgent."""

from collections.abc import Sequence
from datetime import datetime

from rules.facts import Step
from tasks.recording import recorded_flow
from tasks.stepping import at_step, file_claimed


@recorded_flow("step-2-triage", "triage × {count}")
def triage(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """File what the rules of words claim.

    What none claims falls to the centre's desk, under its clock: we wait for people in the database, never in a sleeping run.

    Args:
        cases: Ids of cases, wherever they are; those at this step are attended to.
        count: How many there are, for the run's name.
        now: The instant to act at, aware UTC.

    Returns:
        Ids of the cases that moved on.
    """
    here = at_step(cases, Step.TRIAGE)
    return file_claimed(here, len(here), now) if here else []

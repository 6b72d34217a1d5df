"""The closed loop: collect → triage → report → handle → feed back → evaluate, for cases that can go on without a person."""

from collections.abc import Sequence
from datetime import datetime

from flows.step1_collect import collect
from flows.step2_triage import triage
from flows.step3_report import report
from flows.step4_handle import handle
from flows.step5_feedback import feedback
from flows.step6_evaluate import evaluate
from tasks.recording import recorded_flow


@recorded_flow("closed-loop", "{label}")
def closed_loop(cases: Sequence[int], label: str, now: datetime) -> int:
    """Take each case as far as it can go until it must wait for a person.

    One case or five hundred, the same six steps; where a case waits, its clock runs in the database.

    Args:
        cases: Ids of ready cases, claimed by this engine.
        label: What an administrator reads in the run list, e.g. `BH-20261119-0231 · report`.
        now: The instant to act at, aware UTC.

    Returns:
        How many moves were made.
    """
    moved = [step(cases, len(cases), now) for step in (collect, triage, report, handle, feedback, evaluate)]
    return sum(map(len, moved))

"""Tasks of the six steps: what the engine does by itself for cases that are ready. Each is safe to run twice."""

from collections.abc import Sequence
from datetime import datetime

from rules.facts import Step
from services.engine import steps
from tasks.context import here
from tasks.recording import recorded_task
from tasks.safely import in_batches


def at_step(cases: Sequence[int], step: Step) -> list[int]:
    """Those of the cases in which the engine may have something to do at this step."""
    with here().database.unit_of_work() as session:
        return steps.at_step(session, step, cases)


def _advance(step: Step, cases: Sequence[int], now: datetime) -> list[int]:
    return in_batches(step.value, cases, now, lambda session, ids, setting: steps.advance(session, step, ids, setting))


@recorded_task("accept × {count}")
def accept_submitted(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """① Accept what is complete enough to be judged; gives back who moved on."""
    return _advance(Step.COLLECT, cases, now)


@recorded_task("file × {count}")
def file_claimed(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """② File what a rule claims; what none claims falls to the centre's desk."""
    return _advance(Step.TRIAGE, cases, now)


@recorded_task("route × {count}")
def route_filed(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """③ Dispatch what needs no decision, place the rest at the level where its climb begins."""
    return _advance(Step.REPORT, cases, now)


@recorded_task("finish × {count}")
def finish_handled(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """④ Finish the handling where every unit has said that it is done."""
    return _advance(Step.HANDLE, cases, now)


@recorded_task("feed back × {count}")
def feed_back_verified(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """⑤ Waive the check where none is needed, and tell the reporters what was verified."""
    return _advance(Step.FEEDBACK, cases, now)


@recorded_task("settle × {count}")
def settle_rated(cases: Sequence[int], count: int, now: datetime) -> list[int]:
    """⑥ Close what the resident calls solved; a bad rating waits for the centre."""
    return _advance(Step.EVALUATE, cases, now)

"""Whoever passed a case on to us (12345 and the like): the limit that came from there, and the answer, on record once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from rules.facts import FINAL, Refused, State, Thing
from services.moves.act import Act, Effect
from services.moves.clockwork import BOUND_FROM_OUTSIDE, reproject, settle, touch
from services.moves.draft import Draft, Row

#: From here on there is something to answer.
_SETTLED: Final = frozenset({State.FED_BACK, State.EVALUATED}) | FINAL


def outside_of(case: Row) -> Row | None:
    """A case's limit given from outside, as the journal keeps it: `due_at`, `by`, `reason`; None: it has none."""
    due = case["outside_due_at"]
    return None if due is None else {"due_at": due.isoformat(), "by": case["outside_by"], "reason": case["outside_note"]}


def bind(draft: Draft, now: datetime) -> list[tuple[Row, Row]]:
    """Let the case's limit from outside bind its clocks that are not due yet, where it is earlier; safe to call again.

    Returns:
        The clocks that it may bind, each with what it was before.
    """
    found: list[tuple[Row, Row]] = []
    for clock in draft.clocks:
        running = clock["running_since"] is not None
        if clock["kind"] in BOUND_FROM_OUTSIDE and (not running or clock["due_at"] > now):
            found.append((clock, dict(clock)))
            clock.update(bound_at=draft.case["outside_due_at"], bound_by=draft.case["outside_by"], restamped=True)
            if running:
                settle(draft, clock, now)
            (reproject if running else touch)(draft, clock)
    return found


def _answer(draft: Draft, act: Act) -> None:
    """Note when it went back; the words stand in the journal, and what the lead says was done stays as it is.

    Of a merged case the answer is what became of the one that it went into.
    """
    found = draft
    while found.state is State.MERGED:
        into = draft.others.get(found.case["merged_into_id"])
        if into is None or into.state not in _SETTLED:
            raise Refused("upstream_goes_on", no=into.case["no"] if into is not None else "")
        found = into
    draft.change(upstream_replied_at=act.now)


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {(Thing.CASE, "answer_upstream"): _answer}
#: It goes back through upstream's own system; nobody here has to be told.
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {}

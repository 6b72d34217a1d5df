"""Watch the clocks: remind, warn, urge and escalate at the moment each rung is due."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from tasks.clocks import fire
from tasks.recording import recorded_flow


@recorded_flow("watch-clocks", "{label}")
def watch_clocks(claimed: Mapping[int, int], label: str, now: datetime) -> Counter[str]:
    """Fire every rung that is due.

    Args:
        claimed: Due clocks with their cases, claimed by this engine.
        label: What an administrator reads in the run list.
        now: The instant to act at, aware UTC.

    Returns:
        How often each rung fired.
    """
    return fire(claimed, len(claimed), now)

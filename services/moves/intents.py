"""What is asked of the door, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rules.facts import Actor, Refused, Thing


@dataclass(frozen=True, slots=True)
class Intent:
    """Somebody wants to make one move of one thing.

    Attributes:
        case_id: The case it is about, also for moves of its work orders.
        action: As in `rules.lifecycle.MOVES`.
        actor: Who asks.
        thing: Case, work order, request for more time or supervision order.
        no: Number of the work order or request within the case, or the journal entry that opened the supervision order.
        args: What the move needs: reason, category, lead, result, …
        version: Version of the case that the person saw; None when it does not matter (the engine).
    """

    case_id: int
    action: str
    actor: Actor
    thing: Thing = Thing.CASE
    no: int | None = None
    args: Mapping[str, object] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that was made."""

    case_id: int
    action: str
    state: str
    version: int


class Conflict(Exception):  # noqa: N818 - an answer: somebody else changed this case, here it is
    """The case has changed since the person looked.

    Attributes:
        case_id: Which case.
        version: Its present version.
    """

    def __init__(self, case_id: int, version: int) -> None:
        super().__init__(f"case {case_id} is at version {version}")
        self.case_id = case_id
        self.version = version


Outcome = Moved | Refused | Conflict


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a batch of moves: the instant, and the flow run in which they happen (for Prefect's event feed)."""

    now: datetime
    run_id: str | None = None


def one(outcomes: list[Outcome]) -> Moved:
    """The outcome of a single move: given back, or raised when it is a refusal or a conflict."""
    (outcome,) = outcomes
    if isinstance(outcome, Moved):
        return outcome
    raise outcome

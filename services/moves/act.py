"""One move being made, as effects and notices see it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from rules.facts import Actor, Args
from services.moves.draft import Draft, Row


@dataclass(frozen=True, slots=True)
class Act:
    """One move being made: who, with what, when."""

    actor: Actor
    args: Args
    now: datetime
    no: int | None = None

    def text(self, name: str) -> str:
        """A text that was handed in; empty when it was not."""
        return str(self.args.get(name) or "")


Effect = Callable[[Draft, Act], None]


def local(draft: Draft, moment: datetime) -> str:
    """A moment as a refusal names it: the district's local time, to the minute."""
    return f"{moment.astimezone(draft.catalogue.zone):%Y-%m-%d %H:%M}"


def order_of(draft: Draft, act: Act) -> Row:
    """The work order that the act is about."""
    return draft.orders[cast(int, act.no)]

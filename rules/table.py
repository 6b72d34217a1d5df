"""What a row of the table of moves is: who may do what to which thing in which state, and what it needs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from rules.facts import Actor, Facts, Step, Thing, Who
from rules.needs import Need


@dataclass(frozen=True, slots=True)
class Stays:
    """When a move leaves the state as it is, because others have a say as well."""

    when: Callable[[Facts, Actor], bool]


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table.

    Attributes:
        to: State after the move; the same as before where only a fact is recorded.
        stays: When it stays as it was before, although the table says `to`.
        follows: Made by the door itself as a consequence of another move, never asked for.
    """

    thing: Thing
    action: str
    step: Step
    source: StrEnum
    to: StrEnum
    who: frozenset[Who]
    needs: tuple[Need, ...] = ()
    stays: Stays | None = field(default=None, kw_only=True)
    follows: bool = field(default=False, kw_only=True)

    def leads_to(self, facts: Facts, actor: Actor) -> StrEnum:
        """The state after the move."""
        return self.source if self.stays is not None and self.stays.when(facts, actor) else self.to


def by(*who: Who) -> frozenset[Who]:
    """Whoever may make a move, as its row says it."""
    return frozenset(who)


def moves(thing: Thing, step: Step, rows: Iterable[tuple[object, ...]]) -> tuple[Move, ...]:
    """Rows of the table, each written as action, state before, state after, who, and then its needs, `Stays` or "follows"."""
    return tuple(row(thing, step, each) for each in rows)


def row(thing: Thing, step: Step, written: tuple[object, ...]) -> Move:
    """One row of the table from how it is written."""
    action, source, to, who, *rest = written
    needs = tuple(n for n in rest if isinstance(n, Need))
    stays = next((s for s in rest if isinstance(s, Stays)), None)
    return Move(thing, action, step, source, to, who, needs, stays=stays, follows="follows" in rest)  # type: ignore[arg-type]

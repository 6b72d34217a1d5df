"""What an affair is: a matter beside the loop with states, moves, parts and clocks of its own, kept in the journal of a case file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rules.clocks import ClockKind
from rules.facts import Thing
from rules.table import Move


class Whose(StrEnum):
    """Whose time a clock of an affair measures."""

    OWNER = "owner"  #: the unit whose affair it is
    PARTY = "party"  #: the unit whose part it is; the owner's where the part is a person's
    DESK = "desk"  #: the district's 网格中心


@dataclass(frozen=True, slots=True)
class Timed:
    """The clock that a state demands.

    Where neither the affair nor the policy nor seeds/handling.toml gives it a limit, no clock is demanded.
    """

    kind: ClockKind
    whose: Whose = Whose.OWNER


@dataclass(frozen=True, slots=True)
class PartKind:
    """One kind of part of an affair.

    Attributes:
        thing: What it is called in the table of moves.
        clocks: The clock that each of its states demands; none at its ends.
        during: States of the affair in which these clocks run; empty: in all but its ends.
    """

    thing: Thing
    clocks: Mapping[StrEnum, Timed] = field(default_factory=dict)
    during: frozenset[StrEnum] = frozenset()


@dataclass(frozen=True, slots=True)
class AffairKind:
    """One kind of affair.

    Attributes:
        thing: What it is called in the table of moves.
        prefix: What its numbers begin with, e.g. `CS` for CS-20261120-0001.
        ends: States after which nothing of it is waited for.
        moves: Its rows of the table of moves, those that open it and those of its parts among them.
        opened_by: The moves that open one: of a case file, or of an affair of this kind that begets another (the next standing meeting).
        clocks: The clock that each of its states demands.
        parts: Its kinds of part.
        afterwards: Moves of its parts that can be made after its end as well.
    """

    thing: Thing
    prefix: str
    ends: frozenset[StrEnum]
    moves: tuple[Move, ...]
    opened_by: frozenset[str]
    clocks: Mapping[StrEnum, Timed] = field(default_factory=dict)
    parts: tuple[PartKind, ...] = ()
    afterwards: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One way of handling that a community has invented: a row that can be switched off, and without which nothing of it works.

    Attributes:
        code: What it is called.
        rows: Rows of the fact sheet that it answers (`bihuan seeds`).
        affairs: Its kinds of affair, where it has any.
        on: Whether it is on in a new installation; what the law is wary of is not.
        actions: Moves of the loop itself that are its own.
        core: Whether the loop rests on it, so that nobody switches it off.
    """

    code: str
    rows: tuple[int, ...]
    affairs: tuple[AffairKind, ...] = ()
    on: bool = True
    actions: frozenset[str] = frozenset()
    core: bool = False

"""Figures of the month, defined: which cases a figure looks at, which of them count, how sure it is. Anybody can recompute them.

A *family* is a list of things with what was true of each (facts); an *indicator* is two named conditions over the facts of one family:
among which things it is asked (the denominator), and of which it is true (the numerator). No figure is about a person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import sqrt
from typing import Final

LEAST_SMALL: Final = 5  #: no district may compare figures of fewer
_Z: Final = 1.959963984540054  #: of a normal distribution, 95 % lie within so many standard deviations


class Family(StrEnum):
    """A list of things behind figures, each of one case."""

    RECEIVED = "received"  #: cases handed in within the month
    ACKNOWLEDGE = "acknowledge"  #: work orders whose limit to acknowledge was up within the month
    CONTACT = "contact"  #: leading work orders whose limit to contact the reporter was up within the month
    HANDLE = "handle"  #: work orders whose handling limit was up within the month, as it was lengthened if it was
    RESULT = "result"  #: cases that were finished, or sent back, or whose reporters kept silent, within the month
    RETURN = "return"  #: returns that were ruled on within the month
    RATING = "rating"  #: ratings that came in within the month and count
    HOLD = "hold"  #: holds that were granted within the month
    EXTENSION = "extension"  #: requests for more time that were made within the month


class Fact(StrEnum):
    """What may be true of a thing of a family."""

    MET = "met"  #: done before the limit was up
    HELD = "held"  #: put on hold while the limit ran, or still
    EXTENDED = "extended"  #: more time was granted
    HANDLED = "handled"  #: finished by its units, or put right on the spot
    SELF = "self"  #: put right on the spot, no unit was sent
    BACK = "back"  #: sent back after somebody had looked, or after a rating
    SILENT = "silent"  #: nobody rated within the window
    GRANTED = "granted"
    REFUSED = "refused"
    SOLVED = "solved"  #: the resident says it is solved
    SCORED = "scored"  #: the resident said how content he or she is
    SATISFIED = "satisfied"  #: 3 or more of 5


Facts = frozenset[str]


@dataclass(frozen=True, slots=True)
class Named:
    """A condition with a name: all of these facts, none of those, and (if any are named) at least one of some.

    Attributes:
        code: Under `[among]` in locales/rules/rhythm.*.toml.
    """

    code: str
    has: Facts = frozenset()
    lacks: Facts = frozenset()
    any_of: Facts = frozenset()

    def holds(self, facts: Facts) -> bool:
        """Whether it holds of these facts."""
        return self.has <= facts and not (self.lacks & facts) and (not self.any_of or bool(self.any_of & facts))


def _named(code: str, *has: Fact, lacks: Iterable[Fact] = (), any_of: Iterable[Fact] = ()) -> Named:
    return Named(code, frozenset(has), frozenset(lacks), frozenset(any_of))


_LENGTHENED: Final = (Fact.HELD, Fact.EXTENDED)
ALL: Final = _named("all")
PLAIN: Final = _named("plain", lacks=_LENGTHENED)
MET: Final = _named("met", Fact.MET)
MET_AT_FIRST: Final = _named("met_at_first", Fact.MET, lacks=_LENGTHENED)
HANDLED: Final = _named("handled", Fact.HANDLED)
SELF: Final = _named("self", Fact.HANDLED, Fact.SELF)
CONCLUDED: Final = _named("concluded", any_of=(Fact.HANDLED, Fact.BACK))
BACK: Final = _named("back", Fact.BACK)
SILENT: Final = _named("silent", Fact.SILENT)
GRANTED: Final = _named("granted", Fact.GRANTED)
REFUSED: Final = _named("refused", Fact.REFUSED)
SOLVED: Final = _named("solved", Fact.SOLVED)
SCORED: Final = _named("scored", Fact.SCORED)
SATISFIED: Final = _named("satisfied", Fact.SCORED, Fact.SATISFIED)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure.

    Attributes:
        code: Under `[indicator]` in locales/rules/rhythm.*.toml; docs/rhythm.md says each in a sentence.
        family: The list it looks at.
        among: Of which things it is asked.
        hits: Of which of them it is true; None: it only counts, there is no rate.
        more_is_better: Which end of a ranking is the good one; None: never ranked.
    """

    code: str
    family: Family
    among: Named = ALL
    hits: Named | None = None
    more_is_better: bool | None = None


_F: Final = Family
_LIST: Final = (
    Indicator("received", _F.RECEIVED),
    Indicator("handled", _F.RESULT, HANDLED),
    Indicator("acknowledged_rate", _F.ACKNOWLEDGE, ALL, MET, True),
    Indicator("first_contact_rate", _F.CONTACT, ALL, MET, True),
    Indicator("on_time_rate", _F.HANDLE, ALL, MET, True),
    Indicator("on_time_rate_strict", _F.HANDLE, ALL, MET_AT_FIRST),
    Indicator("on_time_rate_plain", _F.HANDLE, PLAIN, MET),
    Indicator("rework_rate", _F.RESULT, CONCLUDED, BACK, False),
    Indicator("self_handled_rate", _F.RESULT, HANDLED, SELF),
    Indicator("rejected_return_rate", _F.RETURN, ALL, REFUSED),
    Indicator("resolution_rate", _F.RATING, ALL, SOLVED, True),
    Indicator("satisfaction_rate", _F.RATING, SCORED, SATISFIED, True),
    Indicator("silent", _F.RESULT, SILENT),
    Indicator("holds", _F.HOLD),
    Indicator("extensions_asked", _F.EXTENSION),
    Indicator("extensions_granted", _F.EXTENSION, GRANTED),
)
INDICATORS: Final[Mapping[str, Indicator]] = {each.code: each for each in _LIST}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it came out.

    Attributes:
        code: The indicator.
        n: Of how many it was asked (the denominator); of what only counts, the count.
        hits: Of how many it is true; None: it only counts.
        rate: Thousandths; None: it only counts, or there was nothing to ask of.
        low, high: Between which thousandths the rate lies with 95 % certainty, were it a sample (Wilson).
        small: So few that it says little and is compared with nothing.
    """

    code: str
    n: int
    hits: int | None = None
    rate: int | None = None
    low: int | None = None
    high: int | None = None
    small: bool = False


def figure(indicator: Indicator, counted: Mapping[Facts, int], least: int) -> Figure:
    """Work out a figure.

    Args:
        indicator: Which.
        counted: How many things of its family have exactly these facts.
        least: With fewer than so many it is small; at least `LEAST_SMALL` holds.
    """
    among = {facts: count for facts, count in counted.items() if indicator.among.holds(facts)}
    n = sum(among.values())
    if indicator.hits is None:
        return Figure(indicator.code, n)
    hits = sum(count for facts, count in among.items() if indicator.hits.holds(facts))
    if not n:
        return Figure(indicator.code, 0, 0, small=True)
    low, high = wilson(hits, n)
    return Figure(indicator.code, n, hits, permille(hits, n), low, high, n < max(least, LEAST_SMALL))


def permille(hits: int, n: int) -> int:
    """Thousandths, the half rounded up: 2 of 3 is 667."""
    return (2000 * hits + n) // (2 * n)


def wilson(hits: int, n: int) -> tuple[int, int]:
    """The 95 % interval of a rate in thousandths (E. B. Wilson 1927).

    Args:
        hits: Of how many it is true.
        n: Of how many it was asked, at least 1.
    """
    p, z2 = hits / n, _Z * _Z
    middle, spread = p + z2 / (2 * n), _Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low, high = (middle - spread) / (1 + z2 / n), (middle + spread) / (1 + z2 / n)
    return (0 if hits == 0 else max(0, round(low * 1000)), 1000 if hits == n else min(1000, round(high * 1000)))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A unit in a ranking; `place` is None where its sample is small, and the same for all that tie."""

    unit_id: int
    figure: Figure
    place: int | None


def ranked(indicator: Indicator, figures: Mapping[int, Figure]) -> list[Ranked]:
    """Units of one class in order, best first: exact fractions are compared, ties share a place, small samples stand apart at the end.

    Args:
        indicator: One that has a good end (`more_is_better`).
        figures: By unit.

    Raises:
        ValueError: the indicator is never ranked.
    """
    if indicator.more_is_better is None:
        raise ValueError(indicator.code)
    sure = [(unit, each) for unit, each in figures.items() if not each.small]
    sign = -1 if indicator.more_is_better else 1

    def standing(each: Figure) -> Fraction:
        return sign * Fraction(each.hits or 0, each.n)

    sure.sort(key=lambda pair: (standing(pair[1]), pair[0]))
    found = [Ranked(unit, each, 1 + sum(standing(other) < standing(each) for _, other in sure)) for unit, each in sure]
    return found + [Ranked(unit, each, None) for unit, each in sorted(figures.items()) if each.small]

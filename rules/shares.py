"""Shares that add up to exactly 100 %, money split by them to the last fen, and votes counted by a rule.

Shares are basis points (hundredths of a per cent), money is fen, floor area is square decimetres: whole numbers only, so nothing is lost.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from rules.facts import Refused

WHOLE: Final = 10_000  #: basis points of 100 %
ABSTAIN: Final = "abstain"  #: takes part and is for nothing
_PERCENT: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?\s*[%％]?")
_YUAN: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,2}))?")
_BAR: Final = re.compile(r"(>=|>)\s*(\d+)/(\d+)")


# shares ---------------------------------------------------------------------------------------------------------------


def basis_points(text: str) -> int:
    """A share as people write it, `30`, `30%` or `33.33%`, in basis points.

    Raises:
        Refused: `share_unreadable`; two decimals are the most.
    """
    found = _PERCENT.fullmatch(text.strip())
    if found is None:
        raise Refused("share_unreadable", given=text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def check_whole(shares: Sequence[int]) -> None:
    """See to it that shares are above nothing and add up to exactly 100 %.

    Raises:
        Refused: `shares_not_whole`, with the sum in per cent.
    """
    if not shares or min(shares) <= 0 or sum(shares) != WHOLE:
        raise Refused("shares_not_whole", sum=percent(sum(shares)))


def percent(share_bp: int) -> str:
    """A share as people read it: 3000 is `30`, 3333 is `33.33`."""
    return f"{share_bp / 100:.2f}".rstrip("0").rstrip(".")


def even(parties: int) -> tuple[int, ...]:
    """Equal shares of so many parties; where 100 % does not divide evenly the first ones carry one hundredth more.

    Raises:
        Refused: `shares_not_whole`, where there is no party.
    """
    if parties < 1:
        raise Refused("shares_not_whole", sum="0")
    return _largest_remainder(WHOLE, [1] * parties).amounts


@dataclass(frozen=True, slots=True)
class Split:
    """An amount split by shares.

    Attributes:
        amounts: What each party carries, in fen; they add up to the amount exactly.
        rounded: By how much each amount differs from what its share comes to, in thousandths of a fen; above nothing: it carries more.
    """

    amounts: tuple[int, ...]
    rounded: tuple[int, ...]

    @property
    def exact(self) -> bool:
        """Whether the amount divides evenly, so that nobody carries a part of a fen of anybody else."""
        return not any(self.rounded)


def split(amount_fen: int, shares: Sequence[int]) -> Split:
    """Split an amount by shares: each gets the whole fen of its share, what is left goes one fen each to the largest remainders.

    Where remainders are equal the party named first gets the fen.

    Args:
        amount_fen: The whole amount, not below nothing.
        shares: Basis points that add up to exactly 10000.

    Raises:
        Refused: `shares_not_whole`; `amount_below_nothing`.
    """
    check_whole(shares)
    return _largest_remainder(amount_fen, shares)


def _largest_remainder(amount: int, weights: Sequence[int]) -> Split:
    if amount < 0:
        raise Refused("amount_below_nothing")
    total = sum(weights)
    exact = [Fraction(amount * weight, total) for weight in weights]
    whole = [int(each) for each in exact]
    order = sorted(range(len(weights)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[: amount - sum(whole)]:
        whole[i] += 1
    return Split(tuple(whole), tuple(round((given - due) * 1000) for given, due in zip(whole, exact, strict=True)))


def fen(text: str) -> int:
    """An amount in yuan as people write it, `1000` or `999.99`, in fen.

    Raises:
        Refused: `amount_unreadable`.
    """
    found = _YUAN.fullmatch(text.strip().replace(",", ""))
    if found is None:
        raise Refused("amount_unreadable", given=text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def yuan(amount_fen: int) -> str:
    """An amount in fen as people read it: 30000 is `300.00`."""
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"


# votes ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a whole that must be reached, `>=2/3`, or gone beyond, `>1/2` (Civil Code art. 1259: 以上 includes the number itself)."""

    part: Fraction
    beyond: bool

    @staticmethod
    def parse(text: str) -> "Bar":
        """Read `>=2/3` or `>1/2`.

        Raises:
            ValueError: it is neither.
        """
        found = _BAR.fullmatch(text.strip())
        if found is None or int(found[3]) == 0:
            raise ValueError(text)
        return Bar(Fraction(int(found[2]), int(found[3])), found[1] == ">")

    def reached(self, count: int, of: int) -> bool:
        """Whether so many of so many are enough; of nothing, nothing is."""
        if of <= 0:
            return False
        share = Fraction(count, of)
        return share > self.part if self.beyond else share >= self.part


@dataclass(frozen=True, slots=True)
class VoteRule:
    """How a vote is counted (seeds/deliberation.toml).

    Attributes:
        code: What it is called.
        quorum: Bar that those who take part must reach, of all who may vote, by `heads` and, where the rule counts it, by `area`.
        majority: Bar that those for an option must reach, of those who take part.
        of_present: Those who are present take part, and who is silent among them abstains; a vote of somebody absent does not count.
            Otherwise those who vote take part, present or not.
        source: The law it is taken from.
    """

    code: str
    quorum: Mapping[str, Bar]
    majority: Mapping[str, Bar]
    source: str
    of_present: bool = False


@dataclass(frozen=True, slots=True)
class Ballot:
    """One head's vote.

    Attributes:
        choice: An option, `abstain`, or None: did not vote, and so takes no part.
        area_dm2: The floor area that it counts by.
        present: Was there.
    """

    choice: str | None
    area_dm2: int = 0
    present: bool = True


@dataclass(frozen=True, slots=True)
class Count:
    """Heads, and the floor area that is theirs."""

    heads: int
    area: int

    def of(self, measure: str) -> int:
        """By `heads` or by `area`."""
        return self.area if measure == "area" else self.heads


@dataclass(frozen=True, slots=True)
class Tally:
    """A vote that was counted.

    Attributes:
        eligible: All who may vote.
        part: Those who took part, abstentions among them.
        options: Those for each option, in the order of the options.
        abstained: Those who took part and were for nothing.
        silent: Those who did not vote: they take no part.
        quorate: Enough took part.
        won: The option that reached the majority; None: none did, or too few took part.
    """

    eligible: Count
    part: Count
    options: Mapping[str, Count]
    abstained: Count
    silent: Count
    quorate: bool
    won: str | None


def count(rule: VoteRule, options: Sequence[str], ballots: Sequence[Ballot], eligible: Count) -> Tally:
    """Count a vote.

    Args:
        rule: How.
        options: What can be voted for.
        ballots: One for each head that was asked.
        eligible: All who may vote; never fewer than were asked.
    """
    ballots = [_counted(rule, ballot) for ballot in ballots]
    part = _sum(b for b in ballots if b.choice is not None)
    by_option = {option: _sum(b for b in ballots if b.choice == option) for option in options}
    quorate = all(bar.reached(part.of(measure), eligible.of(measure)) for measure, bar in rule.quorum.items())
    reached = [
        option
        for option, found in by_option.items()
        if all(bar.reached(found.of(measure), part.of(measure)) for measure, bar in rule.majority.items())
    ]
    silent = Count(eligible.heads - part.heads, eligible.area - part.area)
    abstained = _sum(b for b in ballots if b.choice == ABSTAIN)
    return Tally(eligible, part, by_option, abstained, silent, quorate, reached[0] if quorate and len(reached) == 1 else None)


def _counted(rule: VoteRule, ballot: Ballot) -> Ballot:
    """A ballot as the rule takes it."""
    if not rule.of_present:
        return ballot
    return replace(ballot, choice=(ballot.choice or ABSTAIN) if ballot.present else None)


def _sum(ballots: Iterable[Ballot]) -> Count:
    found = list(ballots)
    return Count(len(found), sum(ballot.area_dm2 for ballot in found))

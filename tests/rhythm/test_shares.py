"""Shares add up to exactly 100 %, money is split to the last fen, votes are counted as the rule says."""

import random
from fractions import Fraction

import pytest

from rules.facts import Refused
from rules.shares import WHOLE, Ballot, Bar, Count, basis_points, check_whole, count, even, fen, percent, split, yuan
from services.moves.affairs.voting import vote_rules


def test_shares_are_read_and_written_as_people_do() -> None:
    assert [basis_points(text) for text in ("30", "30%", "33.33%", "0.5 %", "100％")] == [3000, 3000, 3333, 50, 10_000]
    assert [percent(share) for share in (3000, 3333, 50, 10_000, 3330)] == ["30", "33.33", "0.5", "100", "33.3"]
    for text in ("", "a third", "33.333", "-5", "1/3"):
        with pytest.raises(Refused, match="share_unreadable"):
            basis_points(text)


def test_money_is_read_and_written_in_yuan_and_kept_in_fen() -> None:
    assert [fen(text) for text in ("1000", "999.99", "0.5", "1,200.00")] == [100_000, 99_999, 50, 120_000]
    assert [yuan(amount) for amount in (100_000, 99_999, 5)] == ["1000.00", "999.99", "0.05"]
    for text in ("", "-1", "1.999", "about ten"):
        with pytest.raises(Refused, match="amount_unreadable"):
            fen(text)


@pytest.mark.parametrize("shares", [[], [3000], [3000, 6999], [3000, 7001], [10_000, 0], [-1, 10_001]])
def test_shares_that_are_not_whole_are_refused(shares: list[int]) -> None:
    with pytest.raises(Refused, match="shares_not_whole"):
        check_whole(shares)
    with pytest.raises(Refused, match="shares_not_whole"):
        split(100, shares)


def test_an_amount_is_split_to_the_last_fen_and_the_rounding_is_told() -> None:
    even_split = split(100_000, [3000, 7000])
    assert (even_split.amounts, even_split.exact) == ((30_000, 70_000), True)
    odd = split(99_999, [3000, 7000])  # 299.997 and 699.993 yuan
    assert odd.amounts == (30_000, 69_999)
    assert odd.rounded == (300, -300), "the tenant carries 0.3 fen more, the landlord 0.3 less"
    assert split(1, [5000, 5000]).amounts == (1, 0), "of equal remainders the first one carries the fen"
    assert split(100, list(even(3))).amounts == (34, 33, 33)
    assert even(3) == (3334, 3333, 3333)
    with pytest.raises(Refused, match="amount_below_nothing"):
        split(-1, [10_000])


def test_any_amount_by_any_shares_adds_up_and_nobody_is_off_by_a_whole_fen() -> None:
    rng = random.Random(1)
    for _ in range(300):
        cuts = sorted(rng.sample(range(1, WHOLE), rng.randrange(0, 7)))
        shares = [b - a for a, b in zip([0, *cuts], [*cuts, WHOLE], strict=True)]
        amount = rng.randrange(0, 10**9)
        done = split(amount, shares)
        assert sum(done.amounts) == amount
        assert all(abs(Fraction(amount * bp, WHOLE) - fen) < 1 for bp, fen in zip(shares, done.amounts, strict=True))


def test_bars_include_or_go_beyond_their_number() -> None:
    assert Bar.parse(">=2/3").reached(2, 3)
    assert not Bar.parse(">1/2").reached(1, 2)
    assert not Bar.parse(">=2/3").reached(0, 0)
    for text in ("2/3", "=1/2", ">1", ">1/0"):
        with pytest.raises(ValueError, match=r".*"):
            Bar.parse(text)


FOR, AGAINST = "同意", "不同意"


def vote(rule: str, ballots: list[Ballot], heads: int | None = None, area: int | None = None) -> tuple[bool, str | None]:
    eligible = Count(heads or len(ballots), area or sum(b.area_dm2 for b in ballots))
    tally = count(vote_rules()[rule], [FOR, AGAINST], ballots, eligible)
    assert tally.part.heads + tally.silent.heads == eligible.heads
    assert sum(found.heads for found in tally.options.values()) + tally.abstained.heads == tally.part.heads
    return tally.quorate, tally.won


def test_by_heads_more_than_half_come_and_more_than_half_of_them_agree() -> None:
    three_for = [Ballot(FOR)] * 3
    assert vote("heads", [*three_for, Ballot(AGAINST), Ballot(AGAINST)]) == (True, FOR)
    assert vote("heads", [*three_for, Ballot(AGAINST), Ballot("abstain"), Ballot("abstain")]) == (True, None), "who abstains takes part"
    absent, silent = Ballot(None, present=False), Ballot(None)
    assert vote("heads", [*three_for, *[absent] * 3]) == (False, None), "half is not more than half"
    assert vote("heads", [*three_for, *[absent] * 2]) == (True, FOR), "who is absent takes no part"
    assert vote("heads", [*three_for, *[silent] * 3]) == (True, None), "who is there and silent abstains: three of six"
    assert vote("heads", [*three_for, *[Ballot(FOR, present=False)] * 3]) == (False, None), "who is absent has no vote"


def test_owners_decide_by_heads_and_area_as_the_civil_code_asks() -> None:
    """Art. 278: two thirds of both take part; more than half of both, for special matters three quarters of both, agree."""
    small, large = 6000, 20_000  # 60 and 200 square metres
    silent = [Ballot(None, small)] * 3
    agree = [Ballot(FOR, small)] * 4 + [Ballot(AGAINST, small)] * 2
    assert vote("owners", agree + silent) == (True, FOR), "six of nine are two thirds exactly, of heads and of area"
    assert vote("owners", [*agree[:-1], Ballot(None, small), *silent]) == (False, None)
    assert vote("owners", [*agree, Ballot(AGAINST, large)]) == (True, None), "four heads of seven, but 240 of 560 square metres"
    assert vote("owners_special", [Ballot(FOR, small)] * 3 + [Ballot(AGAINST, small)]) == (True, FOR), "three quarters exactly"
    assert vote("owners_special", [Ballot(FOR, small)] * 3 + [Ballot("abstain", small + 1)]) == (True, None)
    assert vote("owners", agree, heads=10) == (False, None), "owners who were not even asked count for the quorum"
    assert all(rule.source for rule in vote_rules().values())

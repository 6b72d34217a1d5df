"""Figures, defined: what is counted among what, how sure a rate is, who may be compared with whom, and that none is about a person."""

from fractions import Fraction

import pytest

from rules.indicators import INDICATORS, LEAST_SMALL, Fact, Family, Figure, figure, permille, ranked, wilson
from wording import LANGUAGES, sentences

ON_TIME = INDICATORS["on_time_rate"]


def counted(**how_many: int) -> dict[frozenset[str], int]:
    """So many things have these facts: `met_held=3`."""
    return {frozenset(facts.split("_")) - {"none"}: n for facts, n in how_many.items()}


def test_the_same_month_on_time_with_and_without_what_was_lengthened():
    things = counted(none=2, met=4, met_extended=3, held=1, met_held=2)
    found = {code: figure(INDICATORS[code], things, 5) for code in ("on_time_rate", "on_time_rate_strict", "on_time_rate_plain")}
    assert {code: (f.hits, f.n, f.rate) for code, f in found.items()} == {
        "on_time_rate": (9, 12, 750),
        "on_time_rate_strict": (4, 12, 333),
        "on_time_rate_plain": (4, 6, 667),
    }


def test_solved_and_satisfied_are_asked_apart_and_silence_is_neither():
    things = counted(solved_scored_satisfied=4, solved=2, scored=1)
    assert (figure(INDICATORS["resolution_rate"], things, 5).hits, figure(INDICATORS["resolution_rate"], things, 5).n) == (6, 7)
    assert (figure(INDICATORS["satisfaction_rate"], things, 5).hits, figure(INDICATORS["satisfaction_rate"], things, 5).n) == (4, 5)
    silent = counted(handled=3, handled_silent=5)
    assert figure(INDICATORS["silent"], silent, 5) == Figure("silent", 5)
    assert figure(INDICATORS["rework_rate"], counted(handled=3, back=1, handled_back=1), 5).hits == 2


def test_a_small_sample_is_marked_whatever_the_district_says():
    assert [figure(ON_TIME, counted(met=n), 1).small for n in (LEAST_SMALL - 1, LEAST_SMALL)] == [True, False]
    assert figure(ON_TIME, counted(met=29), 30).small
    nothing = figure(ON_TIME, {}, 5)
    assert (nothing.n, nothing.rate, nothing.small) == (0, None, True)


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (1, 5), (5, 6), (50, 60), (60, 60), (997, 1000)])
def test_the_interval_is_that_of_wilson(hits, n):
    low, high = wilson(hits, n)
    assert 0 <= low <= permille(hits, n) <= high <= 1000
    z = Fraction(196, 100)
    for end, cut in ((low, hits == 0), (high, hits == n)):
        if not cut:  # at its ends the rate lies 1.96 standard errors away, by the error at the end itself
            p = Fraction(end, 1000)
            assert abs(abs(Fraction(hits, n) - p) - z * Fraction(str((float(p * (1 - p)) / n) ** 0.5))) < Fraction(2, 1000)
    assert wilson(0, n)[0] == 0
    assert wilson(n, n)[1] == 1000


def test_ties_share_a_place_and_small_samples_have_none():
    figures = {unit: Figure("on_time_rate", n, hits, small=n < 5) for unit, n, hits in ((1, 8, 6), (2, 12, 9), (3, 10, 9), (4, 3, 3))}
    assert [(each.unit_id, each.place) for each in ranked(ON_TIME, figures)] == [(3, 1), (1, 2), (2, 2), (4, None)]
    rework = {1: Figure("rework_rate", 10, 1), 2: Figure("rework_rate", 10, 3)}
    assert [each.unit_id for each in ranked(INDICATORS["rework_rate"], rework)] == [1, 2], "fewer is better"
    for code in ("rejected_return_rate", "self_handled_rate", "received", "on_time_rate_plain"):
        with pytest.raises(ValueError, match=code):
            ranked(INDICATORS[code], figures)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_figure_condition_list_and_fact_has_a_name_and_none_says_shirking(lang):
    words = sentences(lang)
    assert set(words["indicator"]) == set(INDICATORS)
    assert {c.code for i in INDICATORS.values() for c in (i.among, i.hits) if c} == set(words["among"])
    assert set(words["family"]) == set(Family)
    assert set(words["fact"]) == set(Fact)
    assert not [word for word in words["indicator"].values() if "推诿" in word or "shirk" in word.lower()]

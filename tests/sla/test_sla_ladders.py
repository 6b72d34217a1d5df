"""Ladders of a policy, words for every problem, and any policy at all."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.clocks import OF_AFFAIRS, ClockKind
from rules.ladder_checks import Place, Written, WrittenLadder, ladder_problems
from rules.sla import COUNTS, DIMENSIONS, KINDS, MANDATORY, NONE, STAGE, Matter, Policy, Row
from rules.sla_checks import problems, surely
from rules.worktime import Limit
from tests.support.limits import BASE, CATEGORIES, KNOWN, LINE, SEEDED, wrong
from wording import LANGUAGES, sentences


def ladder(*rungs: dict[str, object], code: str = "handle_lead", line: int = 70) -> WrittenLadder:
    return WrittenLadder(line, code, "阶梯", "Ladder", rungs)


def rung(at: str, code: str = "x", **more: object) -> dict[str, object]:
    return {"code": code, "at": at, "act": "tell", "notice": "clock_remind", **more}


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (rung("0%"), "rung_before_start"),
        (rung("-10%"), "rung_before_start"),
        (rung("0.0 %"), "rung_before_start"),
        (rung("soon"), "bad_rung"),
        (rung("0.5%"), "bad_rung"),
        (rung("80%", act="punish"), "bad_rung"),
        (rung("80%", act="move:mountains"), "bad_rung"),
        (rung("80%", to=["emperor"]), "bad_rung"),
        (rung("80%", colour="red"), "bad_rung"),
        (rung("80%", to=[3]), "bad_rung"),
        (rung("80%", notice="postcard"), "unknown_notice"),
        (rung("-2wd"), "rung_too_early"),
        (rung("-5h"), "rung_too_early"),
    ],
)
def test_a_bad_rung_is_refused_with_its_ladder_and_code(bad, code) -> None:
    assert wrong(ladder(bad)) == [(70, "ladder handle_lead.x", code)]


def test_a_rung_for_working_days_hangs_on_working_days_only() -> None:
    assert wrong(ladder(rung("-1wd", only="wd"))) == []
    assert wrong(ladder(rung("-2wd", only="wd"))) == [(70, "ladder handle_lead.x", "rung_too_early")]


def test_an_emergencys_own_ladder_hangs_on_its_own_limits() -> None:
    early = ladder(rung("-6h"), code="mine")
    assert wrong(early, verify_p0="mine") == [(70, "ladder mine.x", "rung_too_early")]
    assert wrong(early, judge="mine") == [(70, "ladder mine.x", "rung_too_early")]
    assert wrong(early, judge="mine", judge_p0="desk") == []


@pytest.mark.parametrize(
    ("clock", "act", "fits"),
    [
        ("acknowledge", "deem_acknowledged", True),
        ("evaluate", "close_unrated", True),
        ("judge", "close", True),
        ("verify", "waive_check", True),
        ("hold_cap", "resume", True),
        ("judge", "close_unrated", False),
        ("verify_p0", "deem_acknowledged", False),
        ("extend", "deem_acknowledged", False),
        ("rectify", "close", False),
    ],
)
def test_a_rung_asks_only_for_what_the_table_can_allow_while_its_clock_is_open(clock, act, fits) -> None:
    mine = ladder(rung("100%", act=f"move:{act}"), code="mine")
    assert wrong(mine, **{clock: "mine"}) == ([] if fits else [(70, "ladder mine.x", "rung_never_moves")])


def test_what_is_wrong_with_whole_ladders() -> None:
    assert wrong(ladder(rung("50%"), rung("60%"))) == [(70, "ladder handle_lead.x", "rung_twice")]
    assert wrong(ladder()) == [(70, "ladder handle_lead", "ladder_empty")]
    assert wrong(ladder(rung("50%")), ladder(rung("50%"), line=80)) == [(80, "ladder handle_lead", "ladder_twice")]
    assert wrong(ladder(rung("50%"), code="no good")) == [(70, "ladder no good", "bad_code")]
    assert wrong(ladder(rung("100%", code="red"), code="handle_gentle")) == [(70, "ladder handle_gentle.red", "gentle_red")]
    assert wrong(ladder(rung("100%", act="propose_order"), code="handle_gentle")) == [(70, "ladder handle_gentle.x", "gentle_red")]


def test_clocks_and_ladders_fit_together() -> None:
    assert wrong(handle="nowhere") == [(0, "clocks.handle", "unknown_ladder")]
    assert wrong(lunch="desk") == [(0, "clocks.lunch", "unknown_clock")]
    few = Written((), {"handle": "handle_lead"}, {"handle": Place(40)})
    found = ladder_problems(few, [], replace(KNOWN, ladders=frozenset({"handle_lead"})))
    assert {(p.line, p.code) for p in found} == {(40, "clock_without_ladder")}
    assert {p.detail for p in found} == {*ClockKind, "gentle"} - {"handle", *OF_AFFAIRS}


def test_a_file_without_clocks_leaves_the_ladders_as_they_are() -> None:
    assert ladder_problems(Written((), {}), SEEDED.rows, KNOWN) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_problem_and_every_reason_is_worded(lang) -> None:
    from ast import Call, Constant, parse, walk
    from pathlib import Path

    root = Path(__file__).parents[2]
    files = [*(root / "rules").glob("*_checks.py"), *(root / "services" / "policy_files").glob("*.py")]
    calls = [c for f in files for c in walk(parse(f.read_text(encoding="utf-8"))) if isinstance(c, Call)]
    named = {"_problem": 2, "Problem": 2, "refuse": 1, "_add": 1}
    args = [
        c.args[named[name]]
        for c in calls
        if (name := getattr(c.func, "id", getattr(c.func, "attr", ""))) in named and len(c.args) > named[name]
    ]
    codes = {a.value for a in args if isinstance(a, Constant)} | {f"unknown_{d}" for d in DIMENSIONS} | {"rung_before_start", "bad_rung"}
    assert len(codes) > 40
    assert codes - set(sentences(lang)["policy_row"]) == set()
    assert set(sentences(lang)["policy_reason"]) == {"only", "nearer_area", *DIMENSIONS}
    assert set(KINDS) <= set(sentences(lang)["policy_column"])


LIMITS = st.builds("{}{}".format, st.integers(1, 30), st.sampled_from(["m", "h", "wh", "wd"]))
SAYS = st.dictionaries(
    st.sampled_from([k for k in KINDS if k not in COUNTS and k != STAGE]), LIMITS | st.just(NONE) | st.just("3d"), max_size=4
)
ROWS = st.lists(
    st.builds(
        Row,
        st.integers(100, 999),
        st.sampled_from([None, "A01", "A03", "Z99"]),
        st.sampled_from([None, "P0", "P1", "P2"]),
        st.sampled_from([None, "hotline"]),
        st.sampled_from([None, *LINE]),
        st.sampled_from([None, "elder_alone"]),
        SAYS,
    ),
    max_size=12,
)
MATTERS = st.builds(
    Matter,
    st.sampled_from(["A01", "A03", "B01", None]),
    st.sampled_from(["P0", "P1", "P2", "P3"]),
    st.sampled_from(["hotline", "resident", None]),
    st.sampled_from([LINE, LINE[1:], ()]),
    st.sampled_from([None, "elder_alone", "minor"]),
)


def usable(rows: list[Row]) -> list[Row]:
    """Of fuzzed rows those that make a policy: the first of a key, and what can be read."""
    first = {r.key: r for r in reversed(rows)}
    return [replace(r, limits={k: v for k, v in r.limits.items() if v != "3d"}) for r in first.values()]


def naive(rows: list[Row], kind: str, matter: Matter) -> list[Row]:
    """All rows that hold and say something, the most specific first, found by looking at each."""
    has = {"category": matter.category, "urgency": matter.urgency, "source": matter.source, "special_group": matter.special_group}

    def holds(r: Row) -> bool:
        fits = all(r.names[n] == has[n] for n in has if n in r.names) and (r.area is None or r.area in matter.area_line)
        return fits and (matter.urgency != "P0" or r.urgency == "P0") and kind in r.limits

    def weight(r: Row) -> tuple[int, int, int]:
        near = len(matter.area_line) - matter.area_line.index(r.area) if r.area else 0
        rest = 4 * (r.source is not None) + 2 * (r.category is not None) + (r.urgency is not None)
        return (16 * (r.special_group is not None), near, rest)

    return sorted((r for r in rows if holds(r)), key=weight, reverse=True)


@settings(deadline=None)
@given(ROWS, st.lists(MATTERS, min_size=1, max_size=5))
def test_the_index_finds_what_a_search_finds(rows, matters) -> None:
    rows = usable(rows)
    policy = Policy(rows)
    for matter in [*matters, *matters]:
        for kind in KINDS:
            said, wanted = policy.said(kind, matter), naive(rows, kind, matter)
            assert ([said.row, *said.beaten] if said else []) == wanted
            if said and wanted[0].limits[kind] == NONE:
                assert policy.limit(kind, matter) is None


@settings(deadline=None)
@given(ROWS)
def test_a_policy_is_refused_with_a_place_or_gives_every_limit_a_case_needs(rows) -> None:
    whole = [*BASE, *rows]
    found = problems(whole, KNOWN)
    assert all(p.line and p.key and p.code in sentences("zh")["policy_row"] for p in found)
    if found:
        return
    policy = Policy(whole)
    for category in CATEGORIES:
        for urgency in KNOWN.urgencies:
            for group in (None, "elder_alone"):
                matter = Matter(category, urgency, "hotline", LINE, group)
                assert all(policy.limit(kind, matter) for kind in MANDATORY)


@given(LIMITS, LIMITS)
def test_what_is_surely_longer_is_never_surely_shorter(one, other) -> None:
    from operator import ge, gt

    a, b = Limit.parse(one), Limit.parse(other)
    assert not (surely(gt, a, b) and surely(ge, b, a))

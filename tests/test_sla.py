"""Which row gives a limit and why, and what is refused before a policy is used."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seeds
from notifications.notices import NOTICES
from rules.clocks import ClockKind
from rules.ladder_checks import Place, Written, WrittenLadder, ladder_problems
from rules.sla import COUNTS, DIMENSIONS, KINDS, MANDATORY, NONE, STAGE, Given, Matter, Policy, Row, Stage, read_value, row_of
from rules.sla_checks import Known, Problem, problems, surely
from rules.worktime import Limit
from services.policy_files import seeded_policy
from wording import LANGUAGES, sentences

CATEGORIES = {c["code"]: c for c in seeds.read("categories.toml")["category"]}
LADDERS = seeds.read("ladders.toml")
KNOWN = Known(
    frozenset(CATEGORIES),
    frozenset({"P0", "P1", "P2", "P3"}),
    frozenset(s["code"] for s in seeds.read("sources.toml")["source"]),
    frozenset(u["code"] for u in seeds.read("chenghu.toml")["unit"] if u["kind"] in ("GRID", "COMMUNITY", "SUBDISTRICT", "DISTRICT")),
    frozenset({"elder_alone", "minor"}),
    frozenset(NOTICES),
)
SEEDED = seeded_policy()
LINE = ("chenguang-1", "chenguang", "hubin", "chenghu")
BASE = tuple(row for row in SEEDED.rows if row.names.keys() == {"urgency"})
ANYTHING = Matter("A03", "P2", "hotline", LINE, "elder_alone")


def row(line: int = 900, limits: dict[str, str] | None = None, **names: str) -> Row:
    return Row(line, **names, limits={"handle": "3wd"} if limits is None else limits)


def told(*rows: Row) -> list[tuple[int, str, str]]:
    return [(p.line, p.key, p.code) for p in problems([*BASE, *rows], KNOWN)]


# which row decides


def test_every_kind_of_clock_has_a_kind_of_limit() -> None:
    assert {k.value for k in ClockKind} <= set(KINDS)
    assert set(MANDATORY) <= set(KINDS)


def test_the_more_specific_row_wins_limit_by_limit() -> None:
    rows = [
        row(1, {"handle": "5wd", "acknowledge": "2wh", "verify": "1wd"}, urgency="P2"),
        row(2, {"handle": "4wd", "acknowledge": "1wh"}, category="A03"),
        row(3, {"handle": "3wd"}, source="hotline", urgency="P2"),
        row(4, {"handle": "9wd"}, category="A04"),
    ]
    policy = Policy(rows)
    found = [policy.limit(kind, ANYTHING) for kind in ("handle", "acknowledge", "verify")]
    assert [(g.row.line, str(g.limit), [r.line for r in g.beaten], g.reason) for g in found if g] == [
        (3, "3wd", [2, 1], "source"),
        (2, "1wh", [1], "category"),
        (1, "1wd", [], "only"),
    ]
    assert policy.limit("control", ANYTHING) is None


@pytest.mark.parametrize(
    ("stronger", "weaker", "reason"),
    [
        (
            {"special_group": "elder_alone"},
            {"area": "chenguang-1", "source": "hotline", "category": "A03", "urgency": "P2"},
            "special_group",
        ),
        ({"area": "chenghu"}, {"source": "hotline", "category": "A03", "urgency": "P2"}, "area"),
        ({"area": "chenguang-1"}, {"area": "hubin"}, "nearer_area"),
        ({"area": "chenguang-1"}, {"area": "hubin", "category": "A03", "urgency": "P2"}, "nearer_area"),
        ({"source": "hotline"}, {"category": "A03", "urgency": "P2"}, "source"),
        ({"category": "A03"}, {"urgency": "P2"}, "category"),
        ({"category": "A03", "urgency": "P2"}, {"category": "A03"}, "urgency"),
        ({"urgency": "P2"}, {}, "urgency"),
    ],
)
def test_dimensions_have_an_order_and_the_reason_is_the_one_that_decided(stronger, weaker, reason) -> None:
    found = Policy([row(1, **weaker), row(2, **stronger)]).limit("handle", ANYTHING)
    assert found is not None
    assert (found.row.line, found.beaten[0].line, found.reason) == (2, 1, reason)


def test_an_emergency_takes_only_rows_that_name_it() -> None:
    policy = Policy(
        [row(1, {"handle": "5wd"}), row(2, {"handle": "24h"}, urgency="P0"), row(3, {"handle": "9wd"}, special_group="elder_alone")]
    )
    found = policy.limit("handle", replace(ANYTHING, urgency="P0"))
    assert found is not None
    assert (found.row.line, found.beaten) == (2, ())


def test_a_limit_can_be_taken_away_and_the_row_that_did_it_is_known() -> None:
    policy = Policy([row(1, {"control": "4h"}, urgency="P2"), row(2, {"control": NONE}, category="A03")])
    assert policy.limit("control", ANYTHING) is None
    said = policy.said("control", ANYTHING)
    assert said is not None
    assert not isinstance(said, Given)
    assert (said.row.line, [r.line for r in said.beaten]) == (2, [1])
    assert policy.limit("control", replace(ANYTHING, category="A04")) is not None


def test_milestones_come_from_one_row_as_a_whole() -> None:
    first, second = Stage("a", "甲", "A", Limit.parse("4wh")), Stage("b", "乙", "B", Limit.parse("7wd"))
    policy = Policy(
        [Row(1, urgency="P2", stages=(first, second)), Row(2, category="A03", stages=(second,)), row(3, {STAGE: NONE}, source="hotline")]
    )
    assert policy.stages(Matter("A04", "P2")) == (first, second)
    assert policy.stages(Matter("A03", "P2")) == (second,)
    assert policy.stages(ANYTHING) == ()


def test_times_are_counted_not_measured() -> None:
    policy = Policy([row(1, {"extension_times": "2"}), row(2, {"extension_times": NONE}, category="A03")])
    assert policy.count("extension_times", Matter("A04", "P2")) == 2
    assert policy.limit("extension_times", Matter("A04", "P2")) is None
    assert policy.count("extension_times", ANYTHING) is None
    assert policy.count("extension_times", Matter("A04", "P0")) is None


def test_a_row_goes_to_the_database_and_back() -> None:
    class Stored:
        def __init__(self, values: dict[str, object]) -> None:
            self.__dict__.update(values)

    for each in SEEDED.rows:
        assert row_of(Stored(each.stored())) == each


def test_rows_that_cannot_be_told_apart_are_no_policy() -> None:
    with pytest.raises(ValueError, match="name the same"):
        Policy([row(1, urgency="P2"), row(2, urgency="P2")])
    with pytest.raises(ValueError, match="not a time limit"):
        Policy([row(1, {"handle": "soon"})])


@pytest.mark.parametrize(
    ("kind", "text"), [("handle", "2"), ("extension_times", "2wd"), ("extension_times", "-1"), (STAGE, "3wd"), ("handle", "")]
)
def test_what_no_row_can_say(kind, text) -> None:
    with pytest.raises(ValueError, match="not a"):
        read_value(kind, text)


# what is refused


def test_the_seeds_are_right() -> None:
    assert SEEDED.problems(KNOWN) == []


@pytest.mark.parametrize(
    ("bad", "key", "code"),
    [
        (row(urgency="P2"), "urgency=P2", "same_key"),
        (row(category="Z99"), "category", "unknown_category"),
        (row(urgency="P7"), "urgency", "unknown_urgency"),
        (row(source="telepathy"), "source", "unknown_source"),
        (row(area="atlantis"), "area", "unknown_area"),
        (row(special_group="cats"), "special_group", "unknown_special_group"),
        (row(limits={"hurry": "3wd"}), "limits.hurry", "unknown_kind"),
        (row(limits={"handle": "soon"}), "limits.handle", "unreadable_limit"),
        (row(limits={"handle": "1.5wd"}), "limits.handle", "unreadable_limit"),
        (row(limits={"handle": "0wd"}), "limits.handle", "unreadable_limit"),
        (row(limits={"handle": "3d"}), "limits.handle", "unknown_unit"),
        (row(limits={"handle": "3天"}), "limits.handle", "unknown_unit"),
        (row(limits={"handle": NONE}), "limits.handle", "cannot_be_none"),
        (row(limits={}, category="A03"), "category=A03", "row_empty"),
        (row(limits={"handle": "5wd"}, category="A03", urgency="P0"), "limits.handle", "emergency_waits"),
        (row(limits={"acknowledge": "1wh"}, category="A03", urgency="P0"), "limits.acknowledge", "emergency_waits"),
        (replace(row(), basis="x" * 61), "basis", "too_long"),
        (row(limits={"acknowledge": "4wd", "handle": "3wd"}), "limits.acknowledge", "acknowledge_longer"),
        (row(limits={"handle": "1h"}, category="A03", urgency="P2", source="hotline"), "limits.acknowledge", "acknowledge_longer"),
        (row(limits={"acknowledge": "90m", "handle": "1h"}, category="A03"), "limits.acknowledge", "acknowledge_longer"),
        (row(limits={"acknowledge": "6wd"}, area="chenghu", urgency="P2"), "limits.acknowledge", "acknowledge_longer"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_key(bad, key, code) -> None:
    assert told(bad) == [(900, key, code)]


def stages(*limits: str) -> Row:
    return Row(900, category="D01", stages=tuple(Stage(f"s{i}", "节点", "Stage", Limit.parse(x)) for i, x in enumerate(limits)))


@pytest.mark.parametrize(
    ("limits", "wrong"),
    [
        (("4wh", "7wd", "20wd"), []),
        (("2h", "4wh", "7wd"), []),
        (("7wd", "50wh"), []),
        (("4wh", "4wh"), ["stages.s1"]),
        (("7wd", "4wh"), ["stages.s1"]),
        (("4wh", "3h"), ["stages.s1"]),
        (("90m", "1h"), ["stages.s1"]),
        (("3wd", "48h"), ["stages.s1"]),
        (("4wh", "20wd", "7wd", "30wd"), ["stages.s2"]),
    ],
)
def test_milestones_have_to_grow(limits, wrong) -> None:
    assert told(stages(*limits)) == [(900, key, "stages_not_growing") for key in wrong]


def test_milestones_have_codes_of_their_own() -> None:
    twice = replace(stages("1wh", "2wh"), stages=(Stage("a", "a", "a", Limit.parse("1wh")), Stage("a", "b", "b", Limit.parse("2wh"))))
    assert told(twice) == [(900, "stages.a", "stage_twice")]
    assert told(replace(twice, stages=(Stage("停工", "a", "a", Limit.parse("1wh")),))) == [(900, "stages.停工", "bad_code")]
    assert told(replace(stages("1wh"), limits={STAGE: NONE})) == [(900, "stages", "stages_taken_away")]


@pytest.mark.parametrize("kind", MANDATORY)
def test_a_missing_limit_is_told_with_the_row_of_the_urgency(kind) -> None:
    poor = [replace(r, limits={k: v for k, v in r.limits.items() if k != kind}) if r.urgency == "P2" else r for r in BASE]
    line = next(r.line for r in BASE if r.urgency == "P2")
    assert problems(poor, KNOWN) == [Problem(line, f"limits.{kind}", "missing_limit", "P2")]
    for_all = row(limits={kind: "2wh"})
    assert problems([*poor, for_all], KNOWN) == []
    assert problems([*poor, row(limits={kind: "2wh"}, category="A03", urgency="P2")], KNOWN) != []


def test_a_row_for_all_gives_an_emergency_nothing() -> None:
    everything = row(1, dict.fromkeys(MANDATORY, "30m"))
    assert {p.detail for p in problems([everything], KNOWN)} == {"P0"}


# ladders


def ladder(*rungs: dict[str, object], code: str = "handle_lead", line: int = 70) -> WrittenLadder:
    return WrittenLadder(line, code, "阶梯", "Ladder", rungs)


def rung(at: str, code: str = "x", **more: object) -> dict[str, object]:
    return {"code": code, "at": at, "act": "tell", "notice": "clock_remind", **more}


def wrong(*ladders: WrittenLadder, **clocks: str) -> list[tuple[int, str, str]]:
    there = {x.code for x in ladders}
    others = tuple(x for x in SEEDED.ladders if x.code not in there)
    written = Written((*others, *ladders), {**SEEDED.clocks, **clocks}, {"accept": Place(40)})
    return [(p.line, p.key, p.code) for p in ladder_problems(written, SEEDED.rows, KNOWN)]


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
    assert {p.detail for p in found} == {*ClockKind, "gentle"} - {"handle"}


def test_a_file_without_clocks_leaves_the_ladders_as_they_are() -> None:
    assert ladder_problems(Written((), {}), SEEDED.rows, KNOWN) == []


# words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_problem_and_every_reason_is_worded(lang) -> None:
    from ast import Call, Constant, parse, walk
    from pathlib import Path

    root = Path(__file__).parents[1]
    files = [*(root / "rules").glob("*_checks.py"), *(root / "services").glob("policy_*.py")]
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


# fuzz

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

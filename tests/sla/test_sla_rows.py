"""Which row decides, and what no row can say."""

from dataclasses import replace

import pytest

from rules.clocks import ClockKind
from rules.sla import KINDS, MANDATORY, NONE, STAGE, Given, Matter, Policy, Row, Stage, read_value, row_of
from rules.sla_checks import Problem, problems
from rules.worktime import Limit
from tests.support.limits import BASE, KNOWN, LINE, SEEDED, row

ANYTHING = Matter("A03", "P2", "hotline", LINE, "elder_alone")


def told(*rows: Row) -> list[tuple[int, str, str]]:
    return [(p.line, p.key, p.code) for p in problems([*BASE, *rows], KNOWN)]


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

"""One event in many wordings, by text and time, from tables."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rules.facts import Refused
from rules.likeness import distance, likeness, score_of
from rules.triage import tidy
from services.duplicates.clusters import find_clusters
from services.duplicates.files import messages_of, moment
from services.duplicates.marks import Message, marks_of, words
from services.duplicates.names import names_in
from tests.support.alike import MARKET

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
OWN = Path(__file__).parents[1] / "data" / "duplicates.csv"
#: In one set one of the nine names neither the street nor, in words that are known, the trouble.
LEAST_FOUND = {"cotton mill": 0.75}


def sets() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(OWN.read_text(encoding="utf-8").splitlines()):
        found.setdefault(row["set"], []).append(row)
    return found


def message(key: str, text: str, hours: float = 0, **more) -> Message:
    return Message(key, NIGHT + timedelta(hours=hours), "", text, **more)


def clusters(*messages: Message) -> list[set[str]]:
    return [{messages[i].key for i in cluster} for cluster in find_clusters(messages).clusters]


def names(text: str) -> set[str]:
    """Names but for `spot`, which are guesses by one character and speak against nothing."""
    return {name.key for name in names_in(tidy(text), words().endings) if name.kind != "spot"}


# by text and time ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(sets()))
def test_what_people_call_one_event_is_found_and_nothing_else(name: str) -> None:
    rows = sets()[name]
    found = find_clusters([_message(row) for row in rows])
    told = {pair for cluster in found.clusters for pair in combinations(sorted(cluster), 2)}
    true = {(a, b) for a, b in combinations(range(len(rows)), 2) if rows[a]["event"] == rows[b]["event"]}
    assert len(told & true) / len(told) >= 0.9
    assert len(told & true) / len(true) >= LEAST_FOUND.get(name, 0.9)


def _message(row: dict[str, str]) -> Message:
    at = moment(row["submitted_at"], ZONE)
    assert at is not None
    return Message(row["id"], at, row["subject"], row["body"], author=row["user"])


def test_nine_wordings_of_a_night_market_are_one_event() -> None:
    assert clusters(*(message(str(n), text, n * 9) for n, text in enumerate(MARKET))) == [set("012345678")]


def test_the_order_of_the_messages_makes_no_difference() -> None:
    told = [message(str(n), text, n * 9) for n, text in enumerate(MARKET)]
    told += [message("lift", "桃花苑5栋电梯坏了三天"), message("lift again", "桃花苑5栋的电梯一直没修好", 5)]
    assert sorted(map(sorted, clusters(*told))) == sorted(map(sorted, clusters(*reversed(told))))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("滨河夜市半夜放音响，吵得睡不着", "南湖夜市半夜放音响，吵得睡不着"),  # two markets
        ("桃花苑门口夜市半夜吵闹", "桃花苑电梯坏了三天没修"),  # one estate, two matters
        ("滨河夜市半夜吵闹睡不着", "滨河夜市早上满地竹签，油污没人扫"),  # one market, two troubles
        ("望江路的路灯不亮，存在安全隐患，请尽快维修", "建设路的路灯不亮，存在安全隐患，请尽快维修"),  # a form letter
        ("桃花苑5栋电梯停运", "桃花苑7栋电梯停运"),  # two buildings
        ("请问养老金资格认证怎么办理", "我的养老金什么时候调整"),  # everybody's own
    ],
)
def test_different_events_are_not_thrown_together(one: str, other: str) -> None:
    assert clusters(message("1", one), message("2", other, 2)) == []


def test_the_same_thing_a_month_later_is_another_event() -> None:
    text = "滨河夜市半夜放音响，吵得睡不着"
    assert clusters(message("1", text), message("2", text, 24 * 13)) == [{"1", "2"}]
    assert clusters(message("1", text), message("2", text, 24 * 15)) == []


def test_a_chain_of_half_like_messages_does_not_join_everything() -> None:
    told = [message(str(n), text, n) for n, text in enumerate(MARKET)]
    told += [
        message(f"site {n}", text, n) for n, text in enumerate(("滨河路工地凌晨打桩，吵得睡不着", "滨河路工地通宵施工，桃花苑没人能睡"))
    ]
    assert clusters(*told) == [set("012345678"), {"site 0", "site 1"}]


def test_who_does_not_name_the_market_that_everybody_names_means_that_one() -> None:
    told = [message(str(n), text, n * 9) for n, text in enumerate(MARKET)]
    vague, rival = message("vague", "楼下烧烤摊凌晨还在喝酒划拳，吵死了", 30), message("rival", "南湖夜市半夜吵得睡不着", 31)
    assert clusters(*told, vague, rival) == [{*"012345678", "vague"}]
    assert clusters(vague, rival) == []


def test_a_name_without_a_known_ending_is_learned_from_the_messages() -> None:
    told = ("翠湖云间北门的夜市太吵", "住在翠湖云间5栋，夜里睡不着", "翠湖云间的电梯坏了", "半夜吵得睡不着")
    drawn = marks_of([message(str(n), text, author=f"u{n}") for n, text in enumerate(told)])
    assert [[name.key for name in each.names if name.kind == "learned"] for each in drawn] == [["翠湖云间"]] * 3 + [[]]
    assert not any(
        name.kind == "learned"
        for each in marks_of([message(str(n), text, author="one") for n, text in enumerate(told)])
        for name in each.names
    )


def test_a_road_of_one_character_is_learned_and_not_taken_for_the_end_of_another() -> None:
    told = ("斜街夜市太吵", "斜街的摊子半夜不收", "斜街晚上没法睡", "我奶奶说斜街夜里太吵")
    drawn = marks_of([message(str(n), text) for n, text in enumerate(told)])
    assert all("斜街" in {name.key for name in each.names} for each in drawn)
    assert {name.key for name in drawn[3].names} == {"斜街"}


def test_the_smoke_and_the_noise_of_one_market_are_one_event() -> None:
    assert clusters(message("1", "滨河路烧烤摊油烟大"), message("2", "滨河路夜市半夜吵闹", 2)) == [{"1", "2"}]
    assert clusters(message("1", "滨河路烧烤摊油烟大"), message("2", "滨河路夜市吃了拉肚子", 2)) == []


def test_who_names_the_place_and_the_trouble_but_no_source_means_what_most_others_report() -> None:
    site = [
        f"{place}工地{what}"
        for place, what in (("云栖苑", "半夜打桩"), ("云栖苑旁边", "凌晨还在施工，吵"), ("云栖苑西边", "通宵施工，睡不着"))
    ]
    told = [message(f"site {n}", text, n) for n, text in enumerate((*site, "云栖苑业主投诉工地夜里太吵"))]
    told += [
        message("bbq", "云栖苑东门烧烤店划拳喝酒，吵到一点，没法睡", 5),
        message("vague", "云栖苑东门划拳喝酒似的闹，吵到一点，没法睡", 6),
    ]
    assert clusters(*told) == [{*(f"site {n}" for n in range(4)), "vague"}]


def test_a_point_near_by_joins_and_one_far_away_parts() -> None:
    here, near, far = (30.0, 120.0), (30.0018, 120.0), (30.02, 120.0)
    assert distance(here, near) == pytest.approx(200, rel=0.01)
    text = "楼下垃圾没人清运，臭味难闻"
    assert clusters(message("1", text, point=here), message("2", "垃圾堆了三天，一股恶臭", 3, point=near)) == [{"1", "2"}]
    assert clusters(message("1", text, point=here), message("2", text, 3, point=far)) == []


def test_evidence_carries_its_reasons_and_is_the_same_both_ways() -> None:
    one, other = marks_of([message("1", MARKET[0], author="u1"), message("2", MARKET[4], 2, author="u1")])
    there, back = likeness(one, other), likeness(other, one)
    assert there.evidence == back.evidence > 0
    assert there.reasons[0] == "same_place:滨河夜市"
    assert {"same_source:night_market", "same_harm:noise", "same_author", "time:2h"} <= set(there.reasons)
    assert score_of(0) == 0.5
    assert there.score == score_of(there.evidence) > 0.9
    assert likeness(one, replace(other, category="C01")).evidence == there.evidence
    assert likeness(replace(one, category="F01"), replace(other, category="C01")).evidence < there.evidence


def test_names_are_found_by_their_endings_and_common_words_are_none() -> None:
    assert names("我住在锦绣花园，门口是河湾夜市，靠近望江路") == {"锦绣花园", "河湾夜市", "望江路"}
    assert names("我们小区楼下的夜市在马路边，农村和社区都有") == set()
    assert {"丽发新城", "a5", "a"} == names("A5区丽发新城小区")


@pytest.fixture
def write(tmp_path: Path) -> Iterator:
    def write(text: str) -> Path:
        file = tmp_path / "table.csv"
        file.write_text(text, encoding="utf-8")
        return file

    return write


# tables ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at", ["2019/12/30 17:06:14", "2019-12-30 17:06:14", "2019-12-30T17:06:14+08:00", "2019-12-30T09:06:14Z", "2019年12月30日 17:06:14"]
)
def test_moments_are_read_as_people_and_programs_write_them(at: str) -> None:
    assert moment(at, ZONE) == datetime(2019, 12, 30, 9, 6, 14, tzinfo=UTC)


def test_headings_may_be_called_many_things(write) -> None:
    file = write("ID,Text,time,lat,LNG,社区\n007,路灯不亮,2026-11-20 08:31,30.1,120.2,晨光\n008,没有水,2026/11/20 8:31,,,\n")
    one, other = messages_of(file, ZONE)
    assert (one.key, one.body, one.point, one.area) == ("007", "路灯不亮", (30.1, 120.2), "晨光")
    assert one.at == other.at == datetime(2026, 11, 20, 0, 31, tzinfo=UTC)
    assert other.point is None


@pytest.mark.parametrize(
    ("rows", "line", "field"),
    [
        ("1,路灯不亮,下周三,,", 2, "at"),
        ("1,路灯不亮,2026-11-20,,\n1,没水,2026-11-20,,", 3, "id"),
        (",路灯不亮,2026-11-20,,", 2, "id"),
        ("1,,2026-11-20,,", 2, "body"),
        ("1,路灯不亮,2026-11-20,95,120", 2, "lat"),
        ("1,路灯不亮,2026-11-20,30,", 2, "lon"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_field(write, rows: str, line: int, field: str) -> None:
    with pytest.raises(Refused) as refused:
        messages_of(write(f"id,body,at,lat,lon\n{rows}\n"), ZONE)
    assert refused.value.code == "bad_field"
    assert (refused.value.details["line"], refused.value.details["field"]) == (line, field)


def test_a_row_that_cannot_be_taken_apart_and_a_missing_column_are_refused(write) -> None:
    with pytest.raises(Refused, match="bad_row"):
        messages_of(write("id,body,at\n1,路灯不亮\n"), ZONE)
    with pytest.raises(Refused) as refused:
        messages_of(write("id,when\n1,x\n"), ZONE)
    assert (refused.value.code, refused.value.details["columns"]) == ("table_columns_missing", "submitted_at, body")

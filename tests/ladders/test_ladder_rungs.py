"""How a rung is written, and what a low one waits for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.ladder import Offset, Post, Rung
from rules.worktime import Unit
from tests.support.rungs import UNTIMED, course, ladder, told

#: The lead's ladder with everything a rung can say.
LEAD = (
    {"code": "remind", "at": "50%", "act": "tell", "notice": "n", "low": True, "hold": "working", "gap": "5m"},
    {"code": "eve", "at": "-1wd", "act": "tell", "notice": "n", "only": "wd", "low": True, "hold": "working", "gap": "5m"},
    {"code": "last_call", "at": "-2wh", "act": "tell", "notice": "n", "low": True, "gap": "5m"},
    {"code": "yellow", "at": "80%", "act": "tell", "notice": "n", "low": True, "hold": "working", "gap": "5m"},
    {"code": "red", "at": "100%", "act": "propose_order", "notice": "n", "to": ["clerk", "head", "duty"]},
    {"code": "after_30m", "at": "+30m", "act": "tell", "notice": "n"},
    {"code": "after_4wh", "at": "+4wh", "act": "tell", "notice": "n"},
    {"code": "after_1wd", "at": "+1wd", "act": "tell", "notice": "n"},
    {"code": "escalate_1", "at": "150%", "act": "tell", "notice": "n", "to": ["above", "above_head"]},
    {"code": "after_5wd", "at": "+5wd", "act": "propose_listing", "notice": "n", "only": "wd"},
    {"code": "escalate_2", "at": "200%", "act": "tell", "notice": "n", "to": ["head+2", "centre_head"]},
)
#: By hand, from Friday 2026-11-20 10:42: 78 working minutes before noon and 180 after, then 390 a day.
BY_HAND = {
    # 1,428 working minutes, to the close of Wednesday
    "3wd": [
        ("11-24 09:36:00", "remind"),  # 714: 258 on Friday, 390 on Monday, 66 on Tuesday
        ("11-24 17:30:00", "eve"),
        ("11-25 10:14:24", "yellow"),  # 1,142.4: 104.4 on Wednesday
        ("11-25 15:30:00", "last_call"),
        ("11-25 17:30:00", "red"),
        ("11-25 18:00:00", "after_30m"),
        ("11-26 15:00:00", "after_4wh"),
        ("11-26 17:30:00", "after_1wd"),
        ("11-27 16:24:00", "escalate_1"),  # 714 more: Thursday, and 324 on Friday
        ("11-30 15:18:00", "escalate_2"),  # 1,428 more: Thursday, Friday, a make-up Saturday, and 258 on Monday
        ("12-01 17:30:00", "after_5wd"),
    ],
    "4wh": [
        ("11-20 15:12:00", "remind"),  # 120: 42 in the afternoon
        ("11-20 15:17:00", "last_call"),  # at 15:12 too, five minutes kept
        ("11-20 16:24:00", "yellow"),  # 192: 114 in the afternoon
        ("11-20 17:12:00", "red"),
        ("11-20 17:42:00", "after_30m"),
        ("11-23 10:12:00", "escalate_1"),  # 360: 102 on Monday
        ("11-23 14:42:00", "after_4wh"),  # 18 on Friday, 222 on Monday
        ("11-23 14:42:00", "escalate_2"),  # 480: the same minute, in the order of the ladder
        ("11-23 17:12:00", "after_1wd"),
    ],
    "24h": [
        ("11-20 15:30:00", "last_call"),  # two working hours before Saturday is half past three on Friday
        ("11-20 22:42:00", "remind overtaken"),  # held until Monday, red is on Saturday
        ("11-21 05:54:00", "yellow overtaken"),
        ("11-21 10:42:00", "red"),
        ("11-21 11:12:00", "after_30m"),
        ("11-21 22:42:00", "escalate_1"),
        ("11-22 10:42:00", "escalate_2"),
        ("11-23 10:42:00", "after_1wd"),
        ("11-23 15:00:00", "after_4wh"),
    ],
}


# a whole ladder by hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", BY_HAND)
def test_the_leads_ladder_as_reckoned_by_hand(limit: str) -> None:
    assert told(course(limit), *LEAD) == BY_HAND[limit]


# how a rung is written -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "post"),
    [
        ("clerk", Post("clerk")),
        ("head", Post("head", 0)),
        ("head+1", Post("head", 1)),
        ("clerk+9", Post("clerk", 9)),
        ("above", Post("clerk", 1)),
        ("above_head", Post("head", 1)),
        ("duty", Post("duty")),
        ("centre", Post("centre")),
        ("centre_head", Post("centre_head")),
        ("admin", Post("admin")),
        ("reporter", Post("reporter")),
    ],
)
def test_an_audience_is_a_role_and_a_distance(text: str, post: Post) -> None:
    assert Rung.parse({"code": "x", "at": "1%", "act": "tell", "notice": "n", "to": [text]}).to == (post,)


def test_an_audience_named_twice_hears_once() -> None:
    rung = Rung.parse({"code": "x", "at": "1%", "act": "tell", "notice": "n", "to": ("head", "above", "clerk+1", "head")})
    assert rung.to == (Post("head"), Post("clerk", 1))


def test_a_rung_of_the_first_ladders_still_reads() -> None:
    share = Rung.parse({"code": "yellow", "at": "80%", "act": "tell", "notice": "clock_yellow"})
    assert share == Rung("yellow", "tell", "clock_yellow", permille=800)
    overlay = Rung.parse({"code": "after_5wd", "at": "+5wd", "act": "propose_bulletin", "only": "wd"})
    assert overlay == Rung("after_5wd", "propose_bulletin", offset=Offset(5, Unit.WORK_DAY), only_wd=True)


@pytest.mark.parametrize("text", ["+1wd", "-1wd", "+4wh", "-2wh", "+30m", "-999h"])
def test_an_offset_reads_back_as_it_was_written(text: str) -> None:
    assert str(Rung.parse({"code": "x", "at": text, "act": "tell"}).offset) == text


@pytest.mark.parametrize(
    ("row", "red"), [({"code": "red"}, True), ({"code": "urge"}, True), ({"code": "yellow"}, False), ({"code": "late", "red": True}, True)]
)
def test_which_rung_says_you_are_late(row: dict[str, Any], red: bool) -> None:
    assert Rung.parse({"at": "100%", "act": "tell", **row}).red is red


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"at": "0%"}, "at is '0%'"),
        ({"at": "-10%"}, "at is '-10%'"),
        ({"at": "50"}, "at is '50'"),
        ({"at": 80}, "at is 80"),
        ({"at": "10000%"}, "at is '10000%'"),
        ({"at": "+0wd"}, r"at is '\+0wd'"),
        ({"at": "1wd"}, "at is '1wd'"),
        ({"at": "+1.5wd"}, r"at is '\+1.5wd'"),
        ({"at": "+1d"}, r"at is '\+1d'"),
        ({"at": "８0%"}, "at is '８0%'"),
        ({"at": "80%\n"}, "at is"),
        ({"act": "shout"}, "act is 'shout'"),
        ({"act": "move:"}, "act is 'move:'"),
        ({"act": "move:rate"}, "act is 'move:rate'"),
        ({"act": "move:redo"}, "act is 'move:redo'"),
        ({"notice": None}, "notice is None"),
        ({"only": "wh"}, "only is 'wh'"),
        ({"to": "head"}, "to is 'head'"),
        ({"to": ["boss"]}, "unknown audience: 'boss'"),
        ({"to": ["head+0"]}, r"unknown audience: 'head\+0'"),
        ({"to": ["above+1"]}, r"unknown audience: 'above\+1'"),
        ({"to": ["duty+1"]}, r"unknown audience: 'duty\+1'"),
        ({"to": [3]}, "unknown audience: '3'"),
        ({"to": ["head"], "notice": ""}, "no notice to send"),
        ({"low": "yes"}, "low is 'yes'"),
        ({"low": True, "hold": "always"}, "hold is 'always'"),
        ({"low": True, "gap": "5"}, "gap is '5'"),
        ({"low": True, "gap": "1wh"}, "gap is '1wh'"),
        ({"hold": "working"}, "need low = true"),
        ({"gap": "5m"}, "need low = true"),
        ({"low": True, "act": "move:close_unrated"}, "its act can only be tell"),
        ({"low": True, "red": True}, "cannot be low"),
        ({"colour": "red", "sound": 1}, "unknown key 'colour'.*unknown key 'sound'"),
    ],
)
def test_what_is_wrong_with_a_rung_is_said_with_its_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=rf"^rung third: .*{said}"):
        Rung.parse({"code": "third", "at": "80%", "act": "tell", "notice": "n", **wrong})


@pytest.mark.parametrize("code", ["", "Red", "a b", "extended", "reprojected", "a" * 21, 7, None])
def test_a_rung_needs_a_name_that_the_journal_can_tell(code: object) -> None:
    with pytest.raises(ValueError, match="code is"):
        Rung.parse({"code": code, "at": "80%", "act": "tell"})


def test_what_is_missing_is_said() -> None:
    with pytest.raises(ValueError, match=r"^rung \(no code\): code is missing; at is missing; act is missing"):
        Rung.parse({"notice": "n"})


def test_two_rungs_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="ladder test: more than one rung is called x"):
        ladder({"code": "x", "at": "1%"}, {"code": "y", "at": "1%"}, {"code": "x", "at": "2%"})


@UNTIMED
@given(
    st.dictionaries(
        st.sampled_from(["code", "at", "act", "notice", "only", "to", "low", "hold", "gap", "red", "x"]),
        st.one_of(
            st.text("015+-%wdhm ％五\n", max_size=6),
            st.sampled_from(["80%", "+1wd", "tell", "wd", "working", "5m", "red"]),
            st.booleans(),
            st.integers(),
            st.lists(st.sampled_from(["head", "above", "?"])),
        ),
    )
)
def test_any_row_is_read_or_refused_by_name(row: dict[str, Any]) -> None:
    try:
        said = f"rung {Rung.parse(row).code}: read"
    except ValueError as error:
        said = str(error)
    assert said.startswith(f"rung {row.get('code', '(no code)')}: ")


LOW = {"low": True}
HELD = {"low": True, "hold": "working"}


# what a low rung waits for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "rows", "expected"),
    [
        # 18 h from Friday 10:42: half of it at 19:42, all of it on Saturday at 04:42
        ("18h", [{"at": "50%", **HELD}], [("11-23 08:30:00", "r0")]),
        ("18h", [{"at": "50%", **HELD}, {"at": "100%"}], [("11-20 19:42:00", "r0 overtaken"), ("11-21 04:42:00", "r1")]),
        ("18h", [{"at": "50%", **LOW}, {"at": "100%"}], [("11-20 19:42:00", "r0"), ("11-21 04:42:00", "r1")]),
        # a higher rung of the very opening has come; one of the minute after has not
        ("4188m", [{"at": "10%", **HELD}, {"at": "100%"}], [("11-20 17:40:48", "r0 overtaken"), ("11-23 08:30:00", "r1")]),
        ("4189m", [{"at": "10%", **HELD}, {"at": "100%"}], [("11-23 08:30:00", "r0"), ("11-23 08:31:00", "r1")]),
        ("24h", [{"at": "50%", **HELD}, {"at": "+1wd"}], [("11-23 08:30:00", "r0"), ("11-23 10:42:00", "r1")]),
        # in the lunch break; the closing moment itself is business hours
        ("4h", [{"at": "50%", **HELD}], [("11-20 14:30:00", "r0")]),
        ("1h", [{"at": "130%", **HELD}], [("11-20 12:00:00", "r0")]),
        # the gap is kept from any rung before, low or not, but not by a rung that is not low
        ("100m", [{"at": "10%"}, {"at": "12%", **LOW, "gap": "5m"}], [("11-20 10:52:00", "r0"), ("11-20 10:57:00", "r1")]),
        ("100m", [{"at": "10%"}, {"at": "14%", **LOW, "gap": "5m"}], [("11-20 10:52:00", "r0"), ("11-20 10:57:00", "r1")]),
        ("100m", [{"at": "10%"}, {"at": "15%", **LOW, "gap": "5m"}], [("11-20 10:52:00", "r0"), ("11-20 10:57:00", "r1")]),
        ("100m", [{"at": "10%", **LOW, "gap": "5m"}, {"at": "12%"}], [("11-20 10:52:00", "r0"), ("11-20 10:54:00", "r1")]),
        (
            "100m",
            [{"at": "10%"}, {"at": "12%", **LOW, "gap": "5m"}, {"at": "14%"}],
            [("11-20 10:52:00", "r0"), ("11-20 10:54:00", "r1 overtaken"), ("11-20 10:56:00", "r2")],
        ),
        (
            "100m",
            [{"at": "10%"}, {"at": "12%", **LOW, "gap": "5m"}, {"at": "13%", **LOW, "gap": "5m"}],
            [("11-20 10:52:00", "r0"), ("11-20 10:57:00", "r1"), ("11-20 11:02:00", "r2")],
        ),
        # one after another, and a gap that ends in the lunch break waits for the afternoon
        (
            "100m",
            [{"at": "60%", **HELD, "gap": "15m"}, {"at": "65%", **HELD, "gap": "15m"}, {"at": "70%", **HELD, "gap": "15m"}],
            [("11-20 11:42:00", "r0"), ("11-20 11:57:00", "r1"), ("11-20 14:30:00", "r2")],
        ),
        # what was skipped is no rung to keep a gap from
        (
            "100m",
            [{"at": "10%"}, {"at": "12%", **LOW, "gap": "1h"}, {"at": "14%"}, {"at": "20%", **LOW, "gap": "5m"}],
            [("11-20 10:52:00", "r0"), ("11-20 10:54:00", "r1 overtaken"), ("11-20 10:56:00", "r2"), ("11-20 11:02:00", "r3")],
        ),
        # at one moment: as the ladder has them, and what stands before a low rung does not overtake it
        ("100m", [{"at": "10%"}, {"at": "10%", **LOW, "gap": "5m"}], [("11-20 10:52:00", "r0"), ("11-20 10:57:00", "r1")]),
        ("100m", [{"at": "10%"}, {"at": "10%", **LOW}], [("11-20 10:52:00", "r0"), ("11-20 10:52:00", "r1")]),
        ("100m", [{"at": "10%", **LOW}, {"at": "10%"}], [("11-20 10:52:00", "r0"), ("11-20 10:52:00", "r1")]),
    ],
)
def test_what_a_low_rung_waits_for(limit: str, rows: list[dict[str, Any]], expected: list[tuple[str, str]]) -> None:
    assert told(course(limit), *rows) == expected

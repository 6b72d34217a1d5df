"""Votes that are the voter's own, meetings that end by themselves, disputes that are at law or were not kept, polls within their bounds."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models import Affair, table
from rules.facts import Refused
from services.affairs.voices import Voice
from services.deliberation import Cadence, Called, Matter, Share, Term
from services.disputes import Raised
from services.moves import Setting
from services.polls import Poll, answer, open_poll, poll_result
from services.units.task_forces import Force, move_end, set_up
from tests.stories.seeds.test_row_06_disputes import SIDES, part, raises
from tests.stories.seeds.test_row_10_bench import agrees, calls, drain
from tests.stories.seeds.test_row_14_thursday import founds, registers
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

CLERK = "chenguang.clerk"


def owners(n: int, area: str = "@60") -> list[Voice]:
    return [Voice.parse(f"resident:1000000{7000 + i}=owner{area}") for i in range(n)]


def held(town: Town, no: str, there: int | None = None) -> list[int]:
    """The first so many are there; the numbers of all."""
    numbers = [p["no"] for p in seen(town, no).parts if p["thing"] == "voice"]
    does(town, no, "hold_meeting", CLERK, minutes="记录", present=numbers[:there])
    return numbers


def votes(town: Town, no: str, n: int, voice: int, choice: str) -> None:
    does(town, no, "cast_vote", f"resident:1000000{7000 + n}", voice, choice=choice)


def won(town: Town, no: str) -> str | None:
    does(town, no, "count_votes", CLERK)
    found: str | None = seen(town, no).affair["data"]["tally"]["won"]
    return found


def test_a_vote_is_the_voters_own_and_no_means_no(sqlite_town: Town) -> None:
    town = sqlite_town
    no = calls(town, CLERK, Called("修电梯", "owners", [*owners(3), Voice(unit="chenguang-estate"), Voice(unit="water")], rule="owners"))
    voices = held(town, no)
    with pytest.raises(Refused, match="paper_missing"):
        does(town, no, "cast_vote", CLERK, voices[0], choice="同意")
    does(town, no, "cast_vote", CLERK, voices[0], choice="同意", paper="社区柜2-18")
    kept = next(p["data"] for p in seen(town, no).parts if p["no"] == voices[0])
    assert (kept["by"], kept["paper"], kept["own_hand"]) == (CLERK, "社区柜2-18", False)
    for n in range(3):
        votes(town, no, n, voices[n], "不同意")
    with pytest.raises(Refused, match="vote_cast_already"):
        does(town, no, "cast_vote", CLERK, voices[1], choice="同意", paper="社区柜2-19")
    with pytest.raises(Refused, match="guest_has_no_vote"):
        does(town, no, "cast_vote", "chenguang-estate.head", voices[3], choice="同意")
    assert won(town, no) == "不同意"
    assert seen(town, no).affair["data"]["tally"]["eligible"]["heads"] == 3, "guests are no heads"
    with pytest.raises(Refused, match="vote_not_carried"):
        agrees(town, no, CLERK, "动工")
    for n in range(3):
        votes(town, no, n, voices[n], "同意")
    agrees(town, no, CLERK, "动工", terms=[Term("付", voice=voices[0]), Term("付", voice=voices[1])])
    does(town, no, "sign_agreement", "resident:10000007000", voices[0])
    does(town, no, "decline_to_sign", "resident:10000007001", voices[1], reason="太贵")
    for n in range(2):
        votes(town, no, n, voices[n], "不同意")
    assert won(town, no) == "不同意", "after it fell through whoever signed or declined has a vote anew"
    assert complaints(town.context.database, town.now) == []


def test_who_counts_by_area_and_who_by_being_there(sqlite_town: Town) -> None:
    town = sqlite_town
    no = calls(town, CLERK, Called("修电梯", "owners", [*owners(2), Voice.parse("resident:10000007999=owner")], rule="owners"))
    held(town, no)
    with pytest.raises(Refused, match="area_missing_of_voters"):
        does(town, no, "count_votes", CLERK)
    no = calls(town, CLERK, Called("换届", "council", owners(10, ""), rule="heads"))
    voices = held(town, no, there=8)
    for n in range(4):
        votes(town, no, n, voices[n], "同意")
    votes(town, no, 9, voices[9], "同意")
    assert won(town, no) is None, "four of eight who are there; the fifth was not there"
    votes(town, no, 4, voices[4], "同意")
    assert won(town, no) == "同意"


def test_money_is_kept_whole_and_nobody_carries_two_shares(town: Town) -> None:
    no = calls(town, CLERK, Called("换管", "bench", owners(2)))
    first, second = held(town, no)
    with pytest.raises(Refused, match="voice_twice"):
        agrees(town, no, CLERK, "平摊", shares=[Share(first, 3000), Share(first, 7000)], amount_fen=10_000)
    with pytest.raises(Refused, match="number_too_large"):
        agrees(town, no, CLERK, "平摊", shares=[Share(first, 3000), Share(second, 7000)], amount_fen=10**15)
    agrees(town, no, CLERK, "平摊", shares=[Share(first, 3000), Share(second, 7000)], amount_fen=3_000_000_000)
    found = seen(town, no)
    assert found.affair["amount_fen"] == 3_000_000_000
    assert [p["amount_fen"] for p in found.parts if p["thing"] == "term"] == [900_000_000, 2_100_000_000]
    with pytest.raises(Refused, match="number_too_large"):
        calls(town, CLERK, Called("议", "owners", [Voice(phone="10000007000", area_dm2=30_000_000_000)], rule="owners"))


def test_own_staff_neither_judge_nor_mediate(sqlite_town: Town) -> None:
    town = sqlite_town
    with pytest.raises(Refused, match="judged_takes_part"):
        calls(town, CLERK, Called("听评", "hearing", [Voice(user="water.clerk")], judged="water"))
    no = raises(town, CLERK, Raised("挖断了管", "other", (Voice(unit="water", role="party"), SIDES[0]))).no
    does(town, no, "take_up_dispute", CLERK)
    clerk = town.actor("water.clerk").user_id
    with pytest.raises(Refused, match="mediator_is_party"):
        does(town, no, "name_mediators", CLERK, voices=({"staff": clerk},))


def test_a_series_without_a_day_left_ends_and_says_so(sqlite_town: Town) -> None:
    town = sqlite_town
    town.now = datetime(2026, 9, 14, 2, tzinfo=UTC)
    series = founds(town, CLERK, "周末例会", Cadence((6,), "19:30", workdays=True))
    town.fast_forward(days=21)
    assert seen(town, series.no).affair["state"] == "stopped", "no further Sunday is worked"
    assert any("不再召集" in text for text in town.heard(CLERK))
    assert complaints(town.context.database, town.now) == []


def test_a_matter_goes_onto_a_meeting_still_to_come(sqlite_town: Town) -> None:
    town = sqlite_town
    series = founds(town, CLERK, "例会", Cadence((3,), "19:30"))
    town.fast_forward(days=6, hours=12)
    (matter,) = registers(town, series.no, Matter("facilities", "下水又堵"))
    does(town, series.no, "put_on_agenda", CLERK, matter)
    on = next(p["data"]["meeting"] for p in seen(town, series.no).parts if p["no"] == matter)
    assert seen(town, on).affair["at"] > town.now
    assert on != series.first_no, "the first one has been; its minutes are late"


def test_meetings_of_a_task_force_follow_its_end(sqlite_town: Town) -> None:
    town = sqlite_town
    early, late = datetime(2026, 11, 23, 16, tzinfo=UTC), datetime(2026, 12, 19, 16, tzinfo=UTC)
    end = datetime(2026, 12, 4, 16, tzinfo=UTC)
    with town.context.database.unit_of_work() as session:
        set_up(session, [Force("night", "夜班", "Night", "hubin", end), Force("dusk", "暮班", "Dusk", "hubin", end)], "admin", town.now)
    night, dusk = (founds(town, f"{code}.clerk", code, Cadence((0,), "17:00"), form="task_force") for code in ("night", "dusk"))
    with town.context.database.unit_of_work() as session:
        move_end(session, "night", early, "admin", town.now)
        move_end(session, "dusk", late, "admin", town.now)
    town.fast_forward(until=end + timedelta(days=5))
    assert [seen(town, series.no).affair["state"] for series in (night, dusk)] == ["stopped", "standing"]
    assert seen(town, dusk.no).affair["until"] == late


def test_what_was_not_kept_is_talked_over_again(sqlite_town: Town) -> None:
    town = sqlite_town
    no = raises(town, CLERK, Raised("噪音", "neighbours", SIDES)).no
    does(town, no, "take_up_dispute", CLERK)
    does(town, no, "agree", CLERK, text="十点后不练琴", at_table=True)
    does(town, no, "visit", CLERK, part(town, no, "sitting", "to_visit"), kept=False, result="没有履行")
    found = seen(town, no)
    assert (found.affair["state"], [c["kind"] for c in found.clocks]) == ("talking", ["mediate"])
    town.turn()
    told = [text for text in town.heard(CLERK) if no in text]
    assert any("约定未履行" in text for text in told)
    assert not any("已全部履行" in text for text in told)
    does(town, no, "agree", CLERK, text="八点后不练琴", at_table=True)
    does(town, no, "resume_talks", CLERK, reason="双方都要改")
    assert seen(town, no).affair["state"] == "talking"
    assert complaints(town.context.database, town.now) == []


def test_what_is_at_law_is_not_handled_by_way_of_a_linked_case(town: Town) -> None:
    home, linked = (town.case(drain(town, phone=phone)).no for phone in ("10000000001", "10000000099"))
    no = raises(town, CLERK, Raised("漏水", "neighbours", SIDES), home, linked).no
    does(town, no, "take_up_dispute", CLERK)
    does(town, no, "divert_dispute", CLERK, to="court", reason="已起诉")
    for case in (home, linked):
        with pytest.raises(Refused, match="handled_elsewhere"):
            raises(town, CLERK, Raised("再吵", "neighbours", SIDES), case)
        with pytest.raises(Refused, match="handled_elsewhere"):
            calls(town, CLERK, Called("坐下谈", "bench", owners(2)), case)
    way = part(town, no, "diversion", "sent")
    does(town, no, "return_dispute", CLERK, way, reason="未受理")
    assert calls(town, CLERK, Called("坐下谈", "bench", owners(2)), linked)


def test_a_poll_takes_a_household_each_until_its_end(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        poll = Poll("车棚", ("建", "不建"), (town.now + timedelta(days=3)).isoformat(), 2)
        no = open_poll(session, poll, town.actor(CLERK), Setting(town.now)).no

    def answers(n: int) -> None:
        with town.context.database.unit_of_work() as session:
            answer(session, no, f"1000000{8000 + n}", "建", Setting(town.now), household=str(n))

    answers(0)
    town.now += timedelta(days=4)
    with pytest.raises(Refused, match="poll_closed"):
        answers(1)
    town.now -= timedelta(days=4)
    answers(1)
    with pytest.raises(Refused, match="too_many_answers"):
        answers(2)
    town.fast_forward(days=4)
    with town.context.database.unit_of_work() as session:
        assert poll_result(session, no).part_bp == 10_000
    with pytest.raises(Refused, match="source_twice"):
        does(town, no, "decide_poll", CLERK, result="建", amount_fen=1001, funding=[{"source": "residents", "bp": 5000}] * 2)
    does(town, no, "decide_poll", CLERK, result="建", amount_fen=3_000_000_000, funding=[{"source": "residents", "bp": 10_000}])
    (row,) = town.rows(select(table(Affair).c.amount_fen).where(table(Affair).c.no == no))
    assert row.amount_fen == 3_000_000_000
    assert complaints(town.context.database, town.now) == []

"""Ratings: two questions apart, one a reporter and round, by a one-time code or by somebody who did not handle it."""

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select

from models import AdminEntry, table
from rules.facts import SYSTEM, Refused
from services.audit import audit_clocks
from services.ratings.bursts import flag
from services.ratings.codes import ALPHABET, code_of, hidden, whose
from services.ratings.seeing import ratings_for
from tests.support.answered import keys_of, rows_of
from tests.support.rated import FIRST, code, done, fed_back, rates, ratings, resident, sent
from tests.support.town import Town

SECOND, THIRD = "10000000002", "10000000003"


def sound(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        assert audit_clocks(session, town.now, timedelta(minutes=2)) == []


def seen(town: Town, case: int, user: str) -> list[dict[str, object]]:
    with town.context.database.unit_of_work() as session:
        return ratings_for(session, case, town.actor(user), town.now)


# codes ----------------------------------------------------------------------------------------------------------------


def test_a_code_is_short_unambiguous_and_another_for_each_case_round_and_reporter() -> None:
    codes = {code_of(case, round_no, who) for case in range(1, 9) for round_no in (1, 2) for who in range(1, 9)}
    assert len(codes) == 8 * 2 * 8
    assert all(len(c) == 9 and c[4] == "-" and set(c) <= {*ALPHABET, "-"} for c in codes)
    assert not set("01ILO") & set(ALPHABET)
    given = code_of(3, 1, 7)
    assert [whose(text, 3, 1, (6, 7)) for text in (given, given.lower().replace("-", " "), f" {given} ")] == [7, 7, 7]
    assert [whose(given, *about) for about in ((4, 1, (6, 7)), (3, 2, (6, 7)), (3, 1, (6, 8)))] == [None, None, None]
    assert hidden(f"评价码{given}。") == "评价码****-****。"


def _nth(town: Town, case: int, phone: str) -> int:
    return [row.requester_id for row in rows_of(town, case, "fed_back")].index(resident(town, phone))


def test_every_reporter_is_told_his_own_code_what_was_done_and_whether_the_promise_was_kept(town: Town, tmp_path: Path) -> None:
    case = fed_back(town, SECOND)
    for phone, other in ((FIRST, SECOND), (SECOND, FIRST)):
        told = sent(tmp_path, phone)[-1]
        assert town.case(case).no in told
        assert "您反映的下水道" in told
        mine, others = (keys_of(town, case, "fed_back", nth)[0] for nth in (_nth(town, case, phone), _nth(town, case, other)))
        assert (mine in told, others in told, code(town, case, phone) in told) == (True, False, False), "one code only"
        assert "，在承诺时限内。" in told
    kept = [m.wording for m in town.messages(case) if m.notice == "fed_back"]
    assert len(kept) == 2
    assert all("输码******" in wording for wording in kept), "nobody who looks at messages learns a code"
    assert not any(code(town, case, phone) in str(m.about) for phone in (FIRST, SECOND) for m in town.messages(case))


def test_a_promise_that_was_broken_is_called_so(town: Town, tmp_path: Path) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    due = town.open_clock(case, "handle", "water").due_at
    town.fast_forward(until=due + timedelta(hours=2, minutes=10))
    done(town, case)
    assert "，超承诺3小时。" in sent(tmp_path)[-1]


# rating ---------------------------------------------------------------------------------------------------------------


def test_a_resident_rates_with_the_code_and_the_engine_closes_what_is_solved(town: Town) -> None:
    case = fed_back(town)
    rates(town, case, code(town, case), True, score=4, words="来得很快", device="phone-1")
    town.turn()
    assert town.state(case) == "closed"
    (row,) = ratings(town, case)
    assert (row.round, row.requester_id, row.solved, row.score, row.words) == (1, resident(town, FIRST), True, 4, "来得很快")
    assert (row.channel, row.by, row.by_unit_id, row.counted, row.flagged, row.at) == ("self", "resident", None, True, None, town.now)
    assert row.device not in (None, "phone-1"), "only a keyed hash of the device is kept"
    (entry,) = [e for e in town.journal(case) if e.action == "rate"]
    assert not {"words", "device", "rater"} & set(entry.data), "the journal forgets nothing, so it never learns it"
    sound(town)


def test_solved_and_satisfied_are_two_questions_and_either_is_judged(town: Town) -> None:
    case = fed_back(town)
    rates(town, case, code(town, case), True, score=2)
    town.turn()
    assert town.state(case) == "evaluated"
    assert "等中心判定" in town.heard("centre.duty", case)[-1]
    with pytest.raises(Refused, match="rating_needs_judgement"):
        town.act(case, "close", "centre.duty")
    town.act(case, "close", "centre.duty", reason="已上门说明")
    assert town.case(case).judged_by == "centre.duty"
    town.turn()
    assert "已结案" in town.heard(f"resident:{FIRST}", case)[-1]


def test_nobody_else_changes_state_until_all_have_rated_and_one_no_is_a_no(town: Town) -> None:
    case = fed_back(town, SECOND, THIRD)
    rates(town, case, code(town, case), True, score=5)
    assert (town.state(case), town.case(case).solved, town.case(case).score) == ("fed_back", True, 5)
    rates(town, case, code(town, case, THIRD), False, score=1, words="还在冒水")
    assert (town.state(case), town.case(case).solved, town.case(case).score) == ("fed_back", False, 1)
    with pytest.raises(Refused, match="rated_already"):
        rates(town, case, code(town, case), False)
    rates(town, case, code(town, case, SECOND), True)
    assert (town.state(case), town.case(case).solved, town.case(case).score) == ("evaluated", False, 1)
    assert [(r.no, r.requester_id, r.score) for r in ratings(town, case)] == [
        (1, resident(town, FIRST), 5),
        (2, resident(town, THIRD), 1),
        (3, resident(town, SECOND), None),
    ]
    sound(town)


def test_the_window_ends_with_what_was_said_and_nobody_waits_for_ever(town: Town) -> None:
    case, silent = fed_back(town, SECOND), fed_back(town, phone=THIRD, place="chenguang-2")
    rates(town, case, code(town, case), False, score=2)
    town.fast_forward(until=lambda: town.state(case) != "fed_back")
    assert town.state(case) == "evaluated"
    assert [e.action for e in town.journal(case) if e.thing == "case"][-1] == "end_window"
    assert [rung for kind, rung, _ in town.fired(case, "evaluate")] == ["close"]
    town.turn()
    assert "等中心判定" in town.heard("centre.duty", case)[-1]
    town.fast_forward(until=lambda: town.state(silent) == "closed")
    assert (town.case(silent).solved, town.case(silent).score) == (None, None), "silence is counted as neither"
    assert "close_unrated" in town.actions(silent)
    sound(town)


def test_a_window_that_ends_well_is_closed_by_the_engine(town: Town) -> None:
    case = fed_back(town, SECOND)
    rates(town, case, code(town, case, SECOND), True, score=3)
    town.fast_forward(until=lambda: town.state(case) == "closed")
    assert town.actions(case)[-2:] == ["end_window", "close"]


def test_staff_of_another_unit_write_it_down_by_paper_call_or_visit(town: Town) -> None:
    case = fed_back(town, SECOND)
    with pytest.raises(Refused, match=r"rates_own_work|not_yours"):
        rates(town, case, code(town, case), True, "water.clerk", channel="call")
    with pytest.raises(Refused, match="which_rater"):
        rates(town, case, None, True, "centre.duty", channel="call")
    with pytest.raises(Refused, match="unknown_rating_channel"):
        rates(town, case, code(town, case), True, "centre.duty", channel="self")
    with pytest.raises(Refused, match="unknown_rating_channel"):
        rates(town, case, code(town, case), True, channel="visit")
    rates(town, case, code(town, case), True, "chenguang-1.worker", channel="visit", words="老人当面说的")
    rates(town, case, None, True, "centre.duty", score=4)
    assert [(r.requester_id, r.channel, r.by, town.unit_code(r.by_unit_id)) for r in ratings(town, case)] == [
        (resident(town, FIRST), "visit", "chenguang-1.worker", "chenguang-1"),
        (resident(town, SECOND), "call", "centre.duty", "centre"),
    ]
    assert town.state(case) == "evaluated"


def test_an_anonymous_report_is_rated_once_by_whoever_asks_on_the_spot(town: Town) -> None:
    case = fed_back(town, phone=None)
    with pytest.raises(Refused, match="code_missing"):
        rates(town, case, None, True)
    rates(town, case, None, True, "chenguang-1.worker", channel="visit", score=4)
    assert [(r.requester_id, r.score) for r in ratings(town, case)] == [(None, 4)]
    assert town.state(case) == "evaluated"


def test_who_is_no_reporter_is_nobodys_rater(town: Town) -> None:
    case = fed_back(town)
    stranger = fed_back(town, phone=SECOND, place="chenguang-2")
    with pytest.raises(Refused, match="no_such_rater"):
        town.act(case, "rate", "centre.duty", solved=True, rater=resident(town, SECOND))
    with pytest.raises(Refused, match="wrong_code"):
        rates(town, case, code(town, stranger, SECOND), True)


@pytest.mark.parametrize(("given", "refusal"), [({"words": "好" * 501}, "text_too_long"), ({"words": "\0"}, "text_unprintable")])
def test_words_have_a_limit(sqlite_town: Town, given: dict[str, str], refusal: str) -> None:
    case = fed_back(sqlite_town)
    with pytest.raises(Refused, match=refusal):
        rates(sqlite_town, case, code(sqlite_town, case), True, **given)
    assert ratings(sqlite_town, case) == []


def test_after_five_wrong_codes_in_an_hour_none_is_looked_at(town: Town) -> None:
    case = fed_back(town)
    for _ in range(5):
        with pytest.raises(Refused, match="wrong_code"):
            rates(town, case, "2222-2222", True)
    entry = table(AdminEntry)
    tried = town.rows(select(entry).where(entry.c.action == "rating_code_wrong"))
    assert [(e.subject, e.actor) for e in tried] == [(town.case(case).no, "resident")] * 5
    with pytest.raises(Refused, match="too_many_codes"):
        rates(town, case, code(town, case), True)
    town.now += timedelta(hours=1)
    rates(town, case, code(town, case), True)
    assert town.state(case) == "evaluated"


def test_a_code_is_worth_nothing_before_after_and_in_another_round(town: Town) -> None:
    early = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    with pytest.raises(Refused, match="rating_not_open"):
        rates(town, early, code(town, early), True)
    case = done(town, early)
    old = code(town, case)
    rates(town, case, old, False)
    for typed in (old, "2222-2222", keys_of(town, case, "fed_back")[0]):
        with pytest.raises(Refused, match="rated_already"):
            rates(town, case, typed, True)
    town.act(case, "rework", "centre.duty", reason="仍有外溢")
    done(town, case)
    assert code(town, case) != old
    with pytest.raises(Refused, match="wrong_code"):
        rates(town, case, old, True)
    rates(town, case, code(town, case), True)
    assert [(r.no, r.round, r.solved) for r in ratings(town, case)] == [(1, 1, False), (2, 2, True)]


def test_a_code_that_is_used_twice_at_once_counts_once(town: Town) -> None:
    case = fed_back(town, SECOND)
    given, outcomes = code(town, case), []

    def attempt() -> None:
        try:
            outcomes.append(rates(town, case, given, True, score=5))
        except Refused as refusal:
            outcomes.append(refusal.code)

    threads = [Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(o for o in outcomes if isinstance(o, str)) == ["rated_already"] * 3
    assert len(ratings(town, case)) == 1


# judging --------------------------------------------------------------------------------------------------------------


def test_rework_takes_half_the_limit_and_the_reporters_hear_of_the_new_promise(town: Town, tmp_path: Path) -> None:
    case = fed_back(town, SECOND)
    rates(town, case, code(town, case), False)
    rates(town, case, code(town, case, SECOND), True)
    town.act(case, "rework", "centre.duty", reason="现场仍有外溢")
    assert (town.case(case).judged_by, town.case(case).round, town.case(case).solved) == ("centre.duty", 2, None)
    assert town.open_clock(case, "handle", "water").limit == "12h"
    town.turn()
    assert "重办" in town.heard("water.clerk", case)[-1]
    for phone in (FIRST, SECOND):
        assert "重新办理" in sent(tmp_path, phone)[-1]
    assert town.supervision(case) == []
    assert "rework_again" not in [m.notice for m in town.messages(case)]
    done(town, case)
    assert "，在承诺时限内。" in sent(tmp_path)[-1], "the promise is that of the rework"


def test_discontent_a_second_time_goes_up_and_a_supervision_order_is_proposed(town: Town) -> None:
    case = fed_back(town)
    for reason in ("现场仍有外溢", "井盖下仍有油块"):
        rates(town, case, code(town, case), False, score=1)
        town.act(case, "rework", "centre.duty", reason=reason)
        if reason == "现场仍有外溢":
            done(town, case)
    (order,) = town.supervision(case)
    assert (order.state, order.origin, order.form, order.demand) == ("proposed", "rework", "order", "井盖下仍有油块")
    assert (town.unit_code(order.unit_id), order.order_no) == ("water", town.order_no(case))
    (entry,) = [e for e in town.journal(case) if e.seq == order.seq]
    assert entry.action == "rework"
    assert [c.kind for c in town.clocks(case) if c.supervision_seq == order.seq and c.stopped_at is None] == ["sign"]
    town.turn()
    told = {m.name for m in town.messages(case) if m.notice == "rework_again"}
    assert told == {"centre.clerk", "centre.head"}, "the unit above water is the centre"
    assert "第二次" in town.heard("centre.head", case)[-1]
    town.sign(case, "sign", "centre.head")
    assert town.supervision(case)[0].number is not None
    sound(town)


# who may see ----------------------------------------------------------------------------------------------------------


def test_who_handled_it_sees_nothing_before_the_window_ends_and_never_who_said_it(town: Town) -> None:
    case = fed_back(town, SECOND)
    rates(town, case, code(town, case), False, score=1, words="没修好，打13800138000", device="d")
    town.now += timedelta(minutes=1)
    rates(town, case, code(town, case, SECOND), True, "centre.duty", channel="call")
    end = town.clocks(case)[-2].due_at
    assert {c.kind: c.due_at for c in town.clocks(case)}["evaluate"] == end
    for user in ("centre.duty", "centre.head", "chenghu.leader"):
        assert [(r["reporter"], r["solved"], r["channel"], r["by"]) for r in seen(town, case, user)] == [
            (1, False, "self", "resident"),
            (2, True, "call", "centre.duty"),
        ]
    assert [seen(town, case, user) for user in ("water.clerk", "water.head", "hubin.clerk")] == [[], [], []]
    assert [r["words"] for r in seen(town, case, f"resident:{FIRST}")] == ["没修好，打13800138000"]
    town.act(case, "close", "centre.duty", reason="说明")
    town.now = end - timedelta(seconds=1)
    assert seen(town, case, "water.clerk") == [], "closed early, but the window has not ended"
    town.now = end
    told = seen(town, case, "water.clerk")
    assert [sorted(r) for r in told] == [["counted", "no", "round", "score", "solved", "words"]] * 2
    assert told[0] == {"no": 1, "round": 1, "solved": False, "score": 1, "words": "没修好，打138****", "counted": True}
    assert not any("device" in r or "requester_id" in r for user in ("centre.duty", "water.clerk") for r in seen(town, case, user))


# bursts ---------------------------------------------------------------------------------------------------------------


def cases_of(town: Town, count: int) -> list[int]:
    return [fed_back(town, phone=f"1000000001{n}", place=f"chenguang-{n % 3 + 1}") for n in range(count)]


def flagged(town: Town, cases: list[int]) -> list[str | None]:
    return [ratings(town, case)[0].flagged for case in cases]


def flags(town: Town) -> int:
    with town.context.database.unit_of_work() as session:
        return flag(session, town.now)


def test_three_ratings_from_one_device_within_a_day_are_flagged_all_and_the_centre_is_told_once(town: Town) -> None:
    cases = cases_of(town, 5)
    for n, case in enumerate(cases[:2]):
        rates(town, case, code(town, case, f"1000000001{n}"), True, device="one")
    assert flags(town) == 0
    town.now += timedelta(hours=23)
    rates(town, cases[2], code(town, cases[2], "10000000012"), True, device="one")
    rates(town, cases[3], code(town, cases[3], "10000000013"), True, device="another")
    assert flags(town) == 3
    assert flagged(town, cases[:4]) == ["burst", "burst", "burst", None]
    assert [town.actions(case).count("rating_burst") for case in cases] == [1, 1, 1, 0, 0]
    assert all(ratings(town, case)[0].counted for case in cases[:4]), "never dropped"
    town.now += timedelta(minutes=5)
    rates(town, cases[4], code(town, cases[4], "10000000014"), True, device="one")
    assert (flags(town), flags(town)) == (1, 0)
    told = [m for case in cases for m in town.messages(case) if m.notice == "rating_burst"]
    assert [(m.name, m.about["count"]) for m in told] == [("centre.duty", 3)]
    town.turn()
    assert "来自同一台设备" in town.heard("centre.duty", cases[2])[-1]


def test_three_for_one_unit_from_one_device_in_a_month_are_flagged_too(town: Town) -> None:
    cases = cases_of(town, 3)
    for n, case in enumerate(cases):
        town.now += timedelta(days=2)
        rates(town, case, code(town, case, f"1000000001{n}"), True, device="one")
    assert flags(town) == 3
    assert flagged(town, cases) == ["burst"] * 3


def test_the_engines_patrol_looks_for_them(town: Town) -> None:
    from tasks.context import at_work
    from tasks.patrol import EVERY, Patrol

    cases = cases_of(town, 3)
    for n, case in enumerate(cases):
        rates(town, case, code(town, case, f"1000000001{n}"), True, device="one")
    patrol = Patrol(town.now)
    with at_work(town.context):
        patrol.look(town.now + EVERY / 2)
        assert flagged(town, cases) == [None] * 3
        town.now += EVERY
        patrol.look(town.now)
    assert flagged(town, cases) == ["burst"] * 3
    assert patrol.looked_at == town.now


def test_the_system_sees_all(sqlite_town: Town) -> None:
    case = fed_back(sqlite_town)
    rates(sqlite_town, case, code(sqlite_town, case), True)
    with sqlite_town.context.database.unit_of_work() as session:
        assert len(ratings_for(session, case, SYSTEM, sqlite_town.now)) == 1
        with pytest.raises(Refused, match="unknown_case"):
            ratings_for(session, 999, SYSTEM, sqlite_town.now)

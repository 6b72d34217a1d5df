"""Files, errands and orders: what goes wrong when nobody looks: a second alert, a paper too late, an order for ever, what is bad input."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import Affair, AffairPart, Journal, Message, table
from rules.facts import Refused
from services.claims_pool import Line, Order, board, figures, pair, post
from services.errands import Wish, begin_errand
from services.moves import Setting
from services.subjects import Alert, Subject, alert, ledger, looks_at, open_subject
from tests.support.beside import does, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town

CLERK, PHONE = "chenguang.clerk", "10000000001"
RESIDENT = f"resident:{PHONE}"
TEN = Order("要10把椅子", (Line("椅子", 10, "把"),), area="chenguang")
WISH = Order("想要10把椅子", (Line("椅子", 10, "把"),), area="chenguang", phone=PHONE, name="王")


def opened(town: Town, code: str = "1-101", *, user: str = CLERK, area: str = "chenguang-1", tier: int = 1) -> str:
    with town.context.database.unit_of_work() as session:
        return open_subject(session, Subject("household", code, tier=tier, area=area), town.actor(user), Setting(town.now)).no


def alerted(town: Town, no: str, given: Alert) -> int:
    with town.context.database.unit_of_work() as session:
        return alert(session, no, given, Setting(town.now))


def posted(town: Town, order: Order = TEN, user: str = CLERK) -> str:
    with town.context.database.unit_of_work() as session:
        return post(session, order, town.actor(user), Setting(town.now)).no


def begun(town: Town) -> str:
    with town.context.database.unit_of_work() as session:
        return begin_errand(session, Wish("chronic", area="chenguang-1"), town.actor(CLERK), Setting(town.now)).no


def waiting(town: Town, no: str) -> list[dict[str, Any]]:
    return [p for p in seen(town, no).parts if p["thing"] == "look" and p["state"] in ("due", "missed")]


def due_of(town: Town, no: str, part: int) -> datetime:
    found: datetime = next(c["due_at"] for c in seen(town, no).clocks if c["part_no"] == part)
    return found


def test_an_alert_at_the_tier_that_it_has_is_told_and_keeps_the_moment_of_the_look(sqlite_town: Town) -> None:
    town = sqlite_town
    no = opened(town, tier=4)
    (look,) = waiting(town, no)
    due = due_of(town, no, look["no"])
    does(town, no, "ask_lower", CLERK, tier=1, reason="好了")
    town.fast_forward(hours=1)
    assert alerted(town, no, Alert("sos", "倒地，来电 13812345678")) == 4
    assert seen(town, no).affair["state"] == "kept", "nobody lowers it now without being asked anew"
    assert (waiting(town, no)[0]["no"], due_of(town, no, look["no"])) == (look["no"], due)
    town.turn()
    assert any("又有警报" in text for text in town.heard(CLERK))
    town.fast_forward(until=due + timedelta(minutes=1))
    assert waiting(town, no)[0]["state"] == "missed"
    assert alerted(town, no, Alert("call", "长" * 5000)) == 4, "a look that is missed is one that waits"
    assert len(waiting(town, no)) == 1
    with town.context.database.unit_of_work() as session:
        heard = ledger(session, no).alerts
    assert [(a["alert"], a["words"][:13]) for a in heard] == [("sos", "倒地，来电 138****"), ("call", "长" * 13)]
    assert "倒地" not in str(town.rows(select(table(Journal)))) + str(town.rows(select(table(Message))))
    assert complaints(town.context.database, town.now) == []


def test_one_code_in_two_places_is_two_files_and_no_number_of_a_person_stands_in_any(sqlite_town: Town) -> None:
    town = sqlite_town
    mine = opened(town)
    assert (opened(town), opened(town, user="centre.duty", area="chenguang-2") != mine) == (mine, True)
    with pytest.raises(Refused, match="file_names_person"):
        does(town, mine, "end_subject", CLERK, reason="搬走，联系 13812345678")
    does(town, mine, "look", CLERK, waiting(town, mine)[0]["no"], words="在家 13812345678")
    assert "13812345678" not in str(town.rows(select(table(AffairPart)))) + str(town.rows(select(table(Journal))))
    with town.context.database.unit_of_work() as session:
        assert looks_at(session, mine, town.actor("chenguang.head")) == []
        with pytest.raises(Refused, match="looks_not_yours"):
            looks_at(session, mine, town.actor(CLERK))


def test_an_issue_that_is_handed_on_keeps_its_moment_and_who_solves_his_own_is_checked(sqlite_town: Town) -> None:
    town = sqlite_town
    town.turn()
    no = opened(town)
    for bad in ("urban", 99999):
        with pytest.raises(Refused, match=r"unit_missing|unknown_unit"):
            does(town, no, "open_issue", CLERK, title="漏水", unit=bad)
    does(town, no, "open_issue", CLERK, title="漏水", unit=town.unit_id("urban"), limit="2wd")
    issue = part_of(town, no, "urban")
    due = due_of(town, no, issue)
    town.fast_forward(days=1)
    does(town, no, "hand_issue", "urban.clerk", issue, unit=town.unit_id("chenguang"), reason="是社区的事")
    assert abs(due_of(town, no, issue) - due) <= timedelta(minutes=1)
    does(town, no, "solve_issue", CLERK, issue, result="修好")
    (clock,) = [c for c in seen(town, no).clocks if c["part_no"] == issue]
    assert (clock["kind"], town.unit_code(clock["unit_id"])) == ("assent", "centre")
    town.turn()
    assert any(no in text for text in town.heard("centre.clerk"))
    does(town, no, "refuse_issue", "centre.duty", issue, reason="还在漏")
    assert due_of(town, no, issue) >= due, "done again in the time that was first given"
    does(town, no, "solve_issue", CLERK, issue, result="换了管")
    does(town, no, "write_off_issue", "centre.duty", issue, reason="去看过，不漏了")
    assert complaints(town.context.database, town.now) == []


def test_an_errand_waits_for_papers_and_what_was_overdue_stays_so(sqlite_town: Town) -> None:
    town = sqlite_town
    no = begun(town)
    step = seen(town, no).parts[0]["no"]
    bad: Any
    for bad in (3, "diagnosis", [3], {}, []):
        with pytest.raises(Refused, match="materials_unnamed"):
            does(town, no, "ask_material", CLERK, materials=bad)
    does(town, no, "visit_home", CLERK, words="老人行动不便")
    town.fast_forward(days=40)
    does(town, no, "ask_material", CLERK, materials=("diagnosis",))
    found = seen(town, no)
    assert [(c["kind"], c["unit_id"]) for c in found.clocks] == [("assent", town.unit_id("chenguang"))], "somebody asks after it"
    assert [v["words"] for v in found.affair["data"]["visited"]] == ["老人行动不便"]
    for action, args in (("skip_step", {"reason": "不用"}), ("do_step", {"words": "办了"})):
        with pytest.raises(Refused, match=r"errand_waits|materials_wanting"):
            does(town, no, action, CLERK, step, **args)
    for material in found.affair["data"]["materials"]:
        does(town, no, "waive_material", CLERK, material=material["code"], reason="容缺")
    assert {c["limit"] for c in seen(town, no).clocks} == {"1m"}, "asking for a paper renews nothing"
    with pytest.raises(Refused, match="errand_item_missing"):
        town.act(town.reports("要办事"), "begin_errand", CLERK, title="x", item="y", steps=("a",))
    assert complaints(town.context.database, town.now) == []


@pytest.mark.parametrize("how", ["give_up", "expire"])
def test_what_is_left_of_a_pledge_is_delivered_by_the_way_and_the_asker_is_asked(sqlite_town: Town, how: str) -> None:
    town = sqlite_town
    town.reports("路灯不亮了", phone=PHONE)
    no = posted(town, WISH)
    with pytest.raises(Refused, match="claims_own_wish"):
        does(town, no, "claim", RESIDENT)
    does(town, no, "claim", "urban.clerk")
    pledge = part_of(town, no, "urban")
    does(town, no, "deliver", "urban.clerk", pledge, quantity=6)
    if how == "give_up":
        does(town, no, "give_up", "urban.clerk", pledge, quantity=4, reason="没有了")
        town.turn()
    else:
        town.fast_forward(until=due_of(town, no, pledge) + timedelta(minutes=1))
    assert any("请确认" in text for text in town.heard(RESIDENT))
    does(town, no, "confirm_pledge", RESIDENT, pledge)
    does(town, no, "cut_order", CLERK, reason="六把够了")
    assert (seen(town, no).affair["state"], seen(town, no).affair["quantity"]) == ("done", 6)
    assert complaints(town.context.database, town.now) == []


def test_paired_units_have_their_day_from_the_release_and_by_the_case(sqlite_town: Town) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        pair(session, "chenguang", "urban", town.actor("admin"), town.now)
    case = town.reports("缺椅子", area="chenguang-1", phone=PHONE)
    town.turn()
    on_case = posted(town, Order("椅子", (Line("椅子", 2, "把"),), cases=(town.case(case).no,)), "centre.duty")
    assert seen(town, on_case).affair["data"]["paired"] == [town.unit_id("urban")]
    no = posted(town, Order("微心愿", (Line("书", 2, "本"),), area="chenguang", form="wish"), RESIDENT)
    town.fast_forward(hours=30)
    does(town, no, "release_order", CLERK)
    with pytest.raises(Refused, match="paired_first"):
        does(town, no, "claim", "market.clerk", quantity=1)
    town.fast_forward(hours=25)
    does(town, no, "claim", "market.clerk", quantity=1)
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="unknown_area"):
            board(session, town.actor(CLERK), town.now, area="nowhere")
        assert figures(session, no, town.actor(CLERK))[0].pledged == 1


@pytest.mark.parametrize("limit", ["none", "2020-01-01T00:00:00+08:00", "9999-12-31T23:59:59+00:00"])
def test_an_order_is_extended_for_some_time_to_come(sqlite_town: Town, limit: str) -> None:
    no = posted(sqlite_town)
    with pytest.raises(Refused, match=r"extension_limit_missing|moment_past|moment_too_far"):
        does(sqlite_town, no, "extend_order", CLERK, limit=limit, reason="再等等")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"lines": ({"title": "a", "quantity": 10**30},)}, "lines_missing"),
        ({"paired": 5}, "paired_unreadable"),
        ({"paired": (99999,)}, "unknown_unit"),
        ({"asker": "x"}, "unknown_resident"),
    ],
)
def test_an_order_that_cannot_be_is_refused(sqlite_town: Town, more: dict[str, Any], code: str) -> None:
    case = sqlite_town.reports("缺椅子")
    with pytest.raises(Refused, match=code):
        sqlite_town.act(case, "post_order", CLERK, **{"title": "x", "lines": ({"title": "a", "quantity": 1},), **more})
    assert sqlite_town.rows(select(table(Affair))) == []


def test_an_adopter_that_is_released_does_not_stay_on(sqlite_town: Town) -> None:
    town = sqlite_town
    no = posted(town, Order("路段", (Line("路段", 1, "段"),), area="chenguang", form="adopt", limits={"look": "5wd"}))
    does(town, no, "claim", "urban.clerk")
    pledge = part_of(town, no, "urban")
    does(town, no, "give_notice", "urban.clerk", pledge, reason="搬走")
    does(town, no, "stay_on", "urban.clerk", pledge)
    does(town, no, "release_adopter", CLERK, pledge, reason="不管事")
    with pytest.raises(Refused, match="adopter_let_go"):
        does(town, no, "stay_on", "urban.clerk", pledge)

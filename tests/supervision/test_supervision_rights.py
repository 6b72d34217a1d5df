"""Who may supervise whom, and what is refused."""

from typing import Any

import pytest

from tests.support.ordering import case_at_work, clock_of, opened, order, refused, signed, sound
from tests.support.town import Town

# who may, and what not -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["chenguang", "chenguang-1", "chenguang-estate", "chenghu"])
def test_never_to_a_unit_without_penalties_nor_to_the_district(sqlite_town: Town, unit: str) -> None:
    case = case_at_work(sqlite_town)
    with refused("never_to_gentle"):
        opened(sqlite_town, case, unit)
    assert sqlite_town.supervision(case) == []


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"demand": ""}, "demand_missing"),
        ({"demand": "   "}, "demand_missing"),
        ({"demand": "整" * 1001}, "text_too_long"),
        ({"demand": "整改\x00"}, "text_unprintable"),
        ({"limit": "soon"}, "bad_limit"),
        ({"limit": "0wd"}, "bad_limit"),
        ({"form": "postcard"}, "unknown_form"),
        ({"rank": "famous"}, "unknown_rank"),
        ({"cases": (999_999,)}, "unknown_case"),
        ({"before": ("看",) * 21}, "too_much_evidence"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(sqlite_town: Town, args: dict[str, Any], code: str) -> None:
    case = case_at_work(sqlite_town)
    entries = sqlite_town.actions(case)
    with refused(code):
        opened(sqlite_town, case, **args)
    assert sqlite_town.actions(case) == entries


def test_who_may_open_sign_check_and_write_off(sqlite_town: Town) -> None:
    town, case = sqlite_town, case_at_work(sqlite_town)
    for user in ("water.clerk", "water.head", "dongtang-centre.duty", "dongtang-centre.head", "admin"):
        with refused("not_yours"):
            opened(town, case, user=user)
    seq = opened(town, case, user="hubin-centre.duty")
    for user in ("water.clerk", "centre.clerk", "centre.duty", "hubin-centre.duty", "dongtang-centre.head"):
        with refused("not_yours"):
            town.sign(case, "sign", user, seq)
    with refused("reason_missing"):
        town.sign(case, "dismiss", "centre.head", seq)
    town.sign(case, "sign", "hubin-centre.head", seq)
    with refused("not_yours"):
        town.sign(case, "reply", "sanitation.clerk", seq, result="好了", after="看")
    for missing, code in (({"after": "看"}, "result_missing"), ({"result": "好了"}, "evidence_missing")):
        with refused(code):
            town.sign(case, "reply", "water.clerk", seq, **missing)
    with refused("evidence_missing"):
        town.sign(case, "reply", "water.clerk", seq, result="好了", after=("  ",))
    town.sign(case, "reply", "water.clerk", seq, result="好了", after="看过")
    with refused("not_yours"):
        town.sign(case, "pass_check", "water.head", seq)
    with refused("reason_missing"):
        town.sign(case, "fail_check", "centre.duty", seq)
    town.sign(case, "pass_check", "hubin-centre.duty", seq)
    with refused("not_yours"):
        town.sign(case, "write_off", "water.head", seq)
    town.sign(case, "write_off", "centre.duty", seq)
    sound(town)


def test_nobody_looks_at_the_result_of_his_own_unit(sqlite_town: Town) -> None:
    town, case = sqlite_town, case_at_work(sqlite_town)
    seq = signed(town, case, "hubin-centre", "chenghu.leader")
    town.sign(case, "reply", "hubin-centre.duty", seq, result="已重新派单", after="派单记录")
    with refused("checks_own_work"):
        town.sign(case, "pass_check", "hubin-centre.duty", seq)
    town.sign(case, "pass_check", "centre.duty", seq)
    with refused("checks_own_work"):
        town.sign(case, "write_off", "hubin-centre.head", seq)


def test_the_desk_itself_is_looked_at_by_the_district(sqlite_town: Town) -> None:
    town, case = sqlite_town, case_at_work(sqlite_town)
    seq = signed(town, case, "centre", "chenghu.leader")
    town.sign(case, "reply", "centre.clerk", seq, result="已补派", after="派单记录")
    assert clock_of(town, case, seq).unit_id == town.unit_id("chenghu")
    town.turn()
    number = order(town, case, seq).number
    assert any(number in text for text in town.heard("chenghu.clerk", case))
    town.sign(case, "pass_check", "chenghu.leader", seq)
    sound(town)


def test_who_may_sign_what_he_opened_is_not_asked_to_sign_it(sqlite_town: Town) -> None:
    town, case = sqlite_town, case_at_work(sqlite_town)
    opened(town, case, user="centre.head", demand="甲")
    assert not [m for m in town.messages(case) if m.notice == "supervision_asked"]
    opened(town, case, user="centre.duty", demand="乙")
    (asked,) = [m for m in town.messages(case) if m.notice == "supervision_asked"]
    assert asked.name == "centre.head"


def test_the_same_demand_twice_is_one_order_until_it_has_ended(sqlite_town: Town) -> None:
    town, case = sqlite_town, case_at_work(sqlite_town)
    seq = opened(town, case)
    with refused("already_supervised"):
        opened(town, case, user="centre.head")
    opened(town, case, demand="另一件事")
    town.sign(case, "dismiss", "centre.head", seq, reason="重复")
    opened(town, case)
    assert [o.state for o in town.supervision(case)] == ["dismissed", "proposed", "proposed"]
    sound(town)


def test_a_signed_order_can_be_withdrawn_and_the_unit_hears_it(sqlite_town: Town) -> None:
    town, case = sqlite_town, case_at_work(sqlite_town)
    seq = signed(town, case)
    town.sign(case, "withdraw", "chenghu.leader", seq, reason="已由另一单位接手")
    town.turn()
    assert any("撤销" in text for text in town.heard("water.head", case))
    with refused("wrong_state"):
        town.sign(case, "reply", "water.clerk", seq, result="好了", after="看")
    sound(town)


def test_listing_is_decided_by_people(sqlite_town: Town) -> None:
    town, case = sqlite_town, case_at_work(sqlite_town)
    seq = signed(town, case)
    with refused("not_yours"):
        town.sign(case, "list", "centre.duty", seq, reason="久拖")
    with refused("not_listed"):
        town.sign(case, "unlist", "centre.head", seq, reason="好转")
    town.sign(case, "list", "centre.head", seq, reason="久拖不改")
    with refused("already_listed"):
        town.sign(case, "list", "centre.head", seq, reason="再挂")
    assert order(town, case, seq).rank == "listed"
    town.turn()
    assert any("挂牌" in text for text in town.heard("water.head", case))
    assert [m for m in town.messages(case) if m.notice == "supervision_listed" and m.name.startswith("centre.")]
    town.sign(case, "unlist", "chenghu.leader", seq, reason="整改过半")
    assert order(town, case, seq).rank == "daily"
    later = opened(town, case, demand="路面", rank="listed")
    town.sign(case, "sign", "centre.head", later)
    assert order(town, case, later).rank == "listed"
    sound(town)


# vertical lines --------------------------------------------------------------------------------------------------------


def test_a_unit_on_a_vertical_line_gets_a_letter(town: Town) -> None:
    case = case_at_work(town, "小区门口机动车乱停堵路")
    seq = signed(town, case, "traffic", demand="清理门口停车")
    assert order(town, case, seq).form == "letter"
    assert clock_of(town, case, seq).ladder == "letter"
    town.turn()
    texts = town.heard("traffic.head", case)
    assert any("函告" in text for text in texts)
    assert not any("督办单" in text for text in texts)
    town.fast_forward(days=14)
    assert [rung for kind, rung, _ in town.fired(case, "rectify")] == ["remind", "remind_again", "help"], "no red light on a letter"
    town.sign(case, "reply", "traffic.clerk", seq, result="已加派警力", after="现场照片")
    assert clock_of(town, case, seq).ladder == "desk", "the desk that checks is no vertical line"
    bulletin = opened(town, case, "traffic", demand="通报", form="bulletin")
    assert order(town, case, bulletin).form == "bulletin"
    sound(town)

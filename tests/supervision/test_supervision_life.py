"""A supervision order's life, and its clocks."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from models import Case, Clock, Evidence, SupervisionCase, SupervisionOrder, table
from services.attachments import is_whole, keep
from services.moves import Setting
from services.supervision import Spot, Wish, note, open_on
from tests.support.ordering import DRAIN, case_at_work, clock_of, opened, order, refused, signed, sound
from tests.support.pictures import photo
from tests.support.town import Town

_evidence = table(Evidence)
_linked = table(SupervisionCase)
_order = table(SupervisionOrder)
_clock = table(Clock)
_case = table(Case)


PNG = photo("PNG")


# a whole life ----------------------------------------------------------------------------------------------------------


def test_a_rung_proposes_people_sign_check_and_write_off(town: Town, tmp_path: Path) -> None:
    case = case_at_work(town)
    owner = town.orders(case)[0].code
    town.fast_forward(until=lambda: bool(town.supervision(case)))
    seq = int(town.supervision(case)[0].seq)
    assert clock_of(town, case, seq).kind == "sign"
    town.sign(case, "sign", "centre.head", seq, demand="疏通管道并清洗路面", limit="2wd")
    row = order(town, case, seq)
    assert (row.number, row.limit, row.origin, row.state) == (f"DB-{town.now:%Y%m%d}-0001", "2wd", "rung", "signed")
    first = clock_of(town, case, seq)
    assert (first.kind, first.limit, first.unit_id) == ("rectify", "2wd", row.unit_id)
    town.turn()
    assert any(row.number in text and "限时整改" in text for text in town.heard(f"{owner}.head", case))
    assert any("疏通管道并清洗路面" in text for text in town.heard(f"{owner}.clerk", case))

    town.now += timedelta(hours=1)
    photo = keep(tmp_path, PNG, "清运后.png")
    town.sign(case, "reply", f"{owner}.clerk", seq, result="已疏通", after=("路面已冲洗", photo.as_evidence("井口")))
    assert (order(town, case, seq).state, clock_of(town, case, seq).kind) == ("replied", "review")
    town.turn()
    assert any(row.number in text for text in town.heard("centre.clerk", case)), "somebody is asked to look"

    town.now += timedelta(hours=1)
    town.sign(case, "fail_check", "centre.duty", seq, reason="井盖没有复位")
    again = clock_of(town, case, seq)
    assert (again.kind, again.started_at, again.consumed_s) == ("rectify", town.now, 0)
    assert town.journal(case)[-1].data["anew"] == "rectify"
    town.turn()
    assert any("退回" in text for text in town.heard(f"{owner}.head", case))

    town.sign(case, "reply", f"{owner}.clerk", seq, result="井盖已复位", after="现场照片已传")
    with refused("wrong_state"):
        town.sign(case, "write_off", "centre.head", seq)
    town.sign(case, "pass_check", "centre.duty", seq)
    assert clock_of(town, case, seq).unit_id == town.unit_id("centre")
    town.sign(case, "write_off", "centre.head", seq)
    town.turn()
    done = order(town, case, seq)
    assert (done.state, done.number, done.reply) == ("written_off", row.number, "井盖已复位")
    assert any("已销号" in text for text in town.heard(f"{owner}.clerk", case))
    assert {o.code for o in town.orders(case) if o.lead} == {owner}, "the owner of the case stays"
    sound(town)


def test_the_journal_says_the_number_and_whose_turn_it_is(sqlite_town: Town) -> None:
    town, case = sqlite_town, case_at_work(sqlite_town)
    seq = signed(town, case)
    town.sign(case, "reply", "water.clerk", seq, result="已疏通", after="现场看过")
    town.sign(case, "pass_check", "centre.duty", seq)
    town.sign(case, "write_off", "chenghu.leader", seq)
    about = [e for e in town.journal(case) if e.thing == "supervision" or e.action == "supervise"]
    desk, unit = town.unit_id("centre"), town.unit_id("water")
    assert [e.data["turn_unit_id"] for e in about] == [desk, unit, desk, desk, None]
    assert [e.data.get("number") for e in about] == [None] + [order(town, case, seq).number] * 4
    assert about[1].data["limit"] == order(town, case, seq).limit == "2wd", "the limit of the policy for this urgency"


def test_evidence_is_kept_under_its_hash_and_stands_in_the_journal(town: Town, tmp_path: Path) -> None:
    case = case_at_work(town)
    before = keep(tmp_path, PNG, "before.png")
    seq = opened(town, case, before=(before.as_evidence(), "污水流到路面"))
    town.sign(case, "sign", "centre.head", seq)
    after = keep(tmp_path, b"%PDF-1.7\n" + bytes(64) + b"%%EOF", "报告.pdf")
    town.sign(case, "reply", "water.head", seq, result="已疏通", after=(after.as_evidence("验收报告"),))
    rows = town.rows(select(_evidence).where(_evidence.c.case_id == case, _evidence.c.seq == seq).order_by(_evidence.c.id))
    assert [(r.stage, r.note, r.name, r.media, r.sha256) for r in rows] == [
        ("before", "", "before.png", "image/png", before.sha256),
        ("before", "污水流到路面", None, None, None),
        ("after", "验收报告", "报告.pdf", "application/pdf", after.sha256),
    ]
    assert is_whole(tmp_path, after.sha256)
    sound(town)


# several cases ---------------------------------------------------------------------------------------------------------


def test_one_order_on_several_cases_stands_in_all_their_journals(town: Town) -> None:
    home, *more = (case_at_work(town, text) for text in (DRAIN, "6号楼前污水井堵了", "7号楼下水道反水"))
    nos = [town.case(case).no for case in (home, *more)]
    with town.context.database.unit_of_work() as session:
        made = open_on(session, [*nos, nos[1]], Wish(town.unit_id("water"), "整条管线清淤"), town.actor("centre.duty"), Setting(town.now))
    assert made.case_no == nos[0]
    linked = town.rows(select(_linked.c.case_id).where(_linked.c.home_id == home, _linked.c.seq == made.seq))
    assert {row.case_id for row in linked} == set(more)
    town.sign(home, "sign", "centre.head", made.seq)
    town.sign(home, "reply", "water.clerk", made.seq, result="已清淤", after="照片")
    number = order(town, home, made.seq).number
    for case in more:
        assert town.supervision(case) == [], "it is kept with the first"
        about = [e for e in town.journal(case) if e.action.startswith("supervis")]
        assert [e.action for e in about] == ["supervised", "supervision_sign", "supervision_reply"]
        assert [e.data["number"] for e in about] == [None, number, number]
    sound(town)


def test_a_further_case_out_of_reach_is_refused(sqlite_town: Town) -> None:
    town = sqlite_town
    here, there = case_at_work(town), case_at_work(town, "桥下路灯坏了", area="jinqiao-1")
    with refused("not_yours"):
        opened(town, here, user="hubin-centre.duty", cases=(there,))
    assert "supervised" not in town.actions(there)


SPOT = Spot("chenguang-2", "晨光路12号旁", "建筑垃圾占用人行道")


def noted(town: Town, spot: Spot = SPOT, unit: str = "urban", user: str = "chenghu.leader", demand: str = "两日内清运") -> tuple[int, int]:
    with town.context.database.unit_of_work() as session:
        made = note(session, spot, Wish(town.unit_id(unit), demand, before=("占道约三米",)), town.actor(user), Setting(town.now))
    case = next(row.id for row in town.rows(select(_case.c.id, _case.c.no)) if row.no == made.case_no)
    return case, made.seq


# problems found on the spot --------------------------------------------------------------------------------------------


def test_a_problem_on_the_spot_is_settled_when_its_order_has_ended(town: Town) -> None:
    case, seq = noted(town)
    assert town.state(case) == "noted"
    assert (order(town, case, seq).origin, order(town, case, seq).proposed_by) == ("inspection", "chenghu.leader")
    town.turn()
    assert town.state(case) == "noted", "the loop leaves it alone"
    sound(town)
    town.sign(case, "sign", "chenghu.leader", seq)
    town.sign(case, "reply", "urban.clerk", seq, result="已清运", after="照片")
    town.sign(case, "pass_check", "centre.duty", seq)
    assert town.state(case) == "noted"
    town.sign(case, "write_off", "centre.head", seq)
    assert (town.state(case), town.actions(case)[-1]) == ("closed", "settle")
    sound(town)


def test_one_of_two_orders_ended_settles_nothing(sqlite_town: Town) -> None:
    town = sqlite_town
    case, seq = noted(town)
    other = opened(town, case, "sanitation", demand="冲洗路面")
    town.sign(case, "dismiss", "centre.head", seq, reason="由环卫一并清运")
    assert town.state(case) == "noted"
    town.sign(case, "dismiss", "centre.head", other, reason="已自行清走")
    assert town.state(case) == "closed"
    sound(town)


def test_a_noted_problem_taken_up_goes_the_way_of_every_case(town: Town) -> None:
    case, seq = noted(town, Spot("chenguang-2", "5号楼前", DRAIN), "water")
    with refused("not_yours"):
        town.act(case, "take_up", "water.clerk")
    town.act(case, "take_up", "centre.duty")
    town.turn()
    assert town.state(case) == "dispatched"
    town.sign(case, "dismiss", "centre.head", seq, reason="已转为案件")
    assert town.state(case) == "dispatched", "its order does not settle it any more"
    sound(town)


def test_a_note_is_refused_whole(sqlite_town: Town) -> None:
    town = sqlite_town
    for spot, unit, user, code in (
        (SPOT, "chenguang", "chenghu.leader", "never_to_gentle"),
        (SPOT, "urban", "urban.clerk", "not_yours"),
        (SPOT, "urban", "dongtang-centre.duty", "not_yours"),
        (Spot("moon", "x", "y"), "urban", "chenghu.leader", "unknown_area"),
        (Spot("chenguang-2", " ", "y"), "urban", "chenghu.leader", "place_missing"),
        (Spot("chenguang-2", "x", ""), "urban", "chenghu.leader", "problem_missing"),
    ):
        with refused(code):
            noted(town, spot, unit, user)
    assert town.rows(select(_case)) == []
    case, _ = noted(town)
    with refused("already_noted"):
        noted(town)
    assert [row.id for row in town.rows(select(_case))] == [case]


# clocks ----------------------------------------------------------------------------------------------------------------


def test_a_rectification_that_runs_out_climbs_its_ladder_and_names_the_number(town: Town) -> None:
    case = case_at_work(town)
    seq = signed(town, case, limit="1wd")
    number = order(town, case, seq).number
    town.fast_forward(days=6)
    assert [rung for _, rung, _ in town.fired(case, "rectify")] == ["remind", "yellow", "red", "listing", "escalate_2"]
    urged = [text for text in town.heard("water.head", case) if number in text and "催办" in text]
    assert urged, "the red light names the order"
    assert all("限时整改" in text for text in urged)
    assert any(number in text and "挂" in text for text in town.heard("centre.head", case))
    assert order(town, case, seq).rank == "daily", "a rung only asks"
    sound(town)


def test_closing_or_holding_the_case_leaves_its_order_alone(town: Town) -> None:
    case = case_at_work(town)
    seq = signed(town, case, limit="5wd")
    due = clock_of(town, case, seq).due_at
    for work in town.orders(case):
        town.order(case, "acknowledge", f"{work.code}.clerk", work.code)
    town.act(case, "hold", "centre.duty", reason="等汛期过去")
    assert clock_of(town, case, seq).running_since is not None
    town.act(case, "resume", "centre.duty")
    for work in town.orders(case):
        town.order(case, "finish", f"{work.code}.clerk", work.code, result="好了")
    town.turn()
    town.act(case, "pass_check", "centre.duty")
    town.turn()
    town.act(case, "rate", "resident", solved=True, score=5)
    town.turn()
    assert town.state(case) == "closed"
    assert clock_of(town, case, seq).due_at == due
    sound(town)
    town.sign(case, "reply", "water.clerk", seq, result="已清淤", after="照片")
    town.sign(case, "pass_check", "centre.duty", seq)
    town.sign(case, "write_off", "centre.duty", seq)
    assert town.state(case) == "closed"
    sound(town)


def test_a_case_that_was_merged_keeps_its_order(sqlite_town: Town) -> None:
    town = sqlite_town
    into, case = case_at_work(town), town.reports("有件事想说一下")
    town.turn()
    seq = signed(town, case)
    assert town.state(case) == "accepted"
    town.act(case, "merge", "centre.duty", into=into)
    with refused("wrong_state"):
        opened(town, case, demand="又一张")
    town.sign(case, "reply", "water.clerk", seq, result="好了", after="照片")
    assert clock_of(town, case, seq).kind == "review"
    sound(town)


def test_a_policy_without_a_limit_asks_for_one(sqlite_town: Town) -> None:
    town, case = sqlite_town, case_at_work(sqlite_town)
    seq = opened(town, case)
    with refused("bad_limit"):
        town.sign(case, "sign", "centre.head", seq, limit="5")
    with refused("unknown_rank"):
        town.sign(case, "sign", "centre.head", seq, rank="famous")
    assert (order(town, case, seq).state, order(town, case, seq).number) == ("proposed", None)
    town.sign(case, "sign", "centre.head", seq)
    assert order(town, case, seq).number.endswith("-0001"), "a refused signature takes no number"

"""Call-backs (回访): paper slips, random stratified samples that can be proved, asked by another unit."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from models import AdminEntry, CallBack, table
from rules.facts import Refused
from services.ratings.callbacks import Heard, call_backs, record
from services.ratings.samples import Closed, Drawn, Wish, draw, pick, proved
from services.ratings.slips import Slip, slips_of
from services.units.asking import ask_merge
from tests.support.rated import FIRST, code, done, fed_back, joins, rates
from tests.support.town import Town

SECOND = "10000000002"
_call = table(CallBack)


def closed(town: Town, phone: str | None = FIRST, place: str = "chenguang-1") -> int:
    case = fed_back(town, phone=phone, place=place)
    rates(town, case, code(town, case, phone) if phone else None, True, None if phone else "centre.duty", score=5)
    town.turn()
    assert town.state(case) == "closed"
    return case


def wish(town: Town, seed: int = 7, permille: int = 50, by: tuple[str, ...] = ("unit", "category")) -> Wish:
    return Wish(town.now - timedelta(days=30), town.now + timedelta(minutes=1), permille, by, seed)


def draws(town: Town, asked: Wish, user: str = "centre.duty", *, dry_run: bool = False) -> Drawn:
    with town.context.database.unit_of_work() as session:
        return draw(session, asked, town.actor(user), town.now, dry_run=dry_run)


def records(town: Town, case: int, heard: Heard, user: str = "centre.duty") -> None:
    with town.context.database.unit_of_work() as session:
        record(session, town.case(case).no, heard, town.actor(user), town.now)


def slips(town: Town, case: int, user: str) -> list[Slip]:
    with town.context.database.unit_of_work() as session:
        return slips_of(session, town.case(case).no, town.actor(user), town.now)


# samples --------------------------------------------------------------------------------------------------------------


def test_of_each_stratum_its_share_rounded_up_whatever_the_order() -> None:
    pool = [Closed(n, f"BH-20261120-{n:04d}", "water/A01" if n < 100 else "police/D09") for n in range(103)]
    taken = pick(pool, 50, seed=1)
    assert [sum(t.stratum == s for t in taken) for s in ("water/A01", "police/D09")] == [5, 1]
    assert pick(reversed(pool), 50, seed=1) == taken, "the same seed, the same cases"
    assert {t.no for t in pick(pool, 50, seed=2)} != {t.no for t in taken}
    assert len(pick(pool, 1000, seed=1)) == 103
    counts = [sum(each in pick(pool, 50, seed) for seed in range(400)) for each in pool[:100]]
    assert min(counts) > 0, "nobody is out of reach of chance"


def test_a_draw_is_kept_with_its_seed_and_can_be_proved(town: Town) -> None:
    cases = [closed(town), closed(town, SECOND, "chenguang-2")]
    looked = draws(town, wish(town), dry_run=True)
    assert (looked.name, dict(looked.pool)) == ("", {"water/A01": 2})
    assert town.rows(select(_call)) == []
    drawn = draws(town, wish(town))
    assert drawn.taken == looked.taken
    assert drawn.name == "20261120-1"
    (row,) = town.rows(select(_call))
    assert (row.draw, row.stratum, row.drawn_by, row.drawn_at, row.done_at) == ("20261120-1", "water/A01", "centre.duty", town.now, None)
    entry = table(AdminEntry)
    (kept,) = town.rows(select(entry).where(entry.c.action == "call_backs_drawn"))
    assert (kept.subject, kept.data["seed"], kept.data["pool"], kept.data["taken"]) == ("20261120-1", 7, {"water/A01": 2}, 1)
    town.now += timedelta(hours=1)
    other = next(c for c in cases if c != row.case_id)
    town.act(other, "reopen", "centre.duty", reason="又堵了")
    with town.context.database.unit_of_work() as session:
        assert proved(session, "20261120-1") == (drawn, frozenset()), "what happened since changes nothing"
    with town.context.database.unit_of_work() as session:
        session.connection().execute(delete(_call))
    with town.context.database.unit_of_work() as session:
        assert proved(session, "20261120-1")[1] == {drawn.taken[0].no}, "somebody took it out"


def test_nobody_is_drawn_twice_and_who_cannot_be_called_not_at_all(town: Town) -> None:
    first, _, gone = closed(town), closed(town, None, "chenguang-2"), closed(town, SECOND, "chenguang-3")
    town.act(gone, "reopen", "centre.duty", reason="又堵了")
    drawn = draws(town, wish(town, permille=1000, by=("unit",)))
    assert [(t.case_id, t.stratum) for t in drawn.taken] == [(first, "water")]
    town.now += timedelta(minutes=1)
    with pytest.raises(Refused, match="nobody_to_ask"):
        draws(town, wish(town))


def test_who_still_speaks_for_a_case_can_be_called_though_the_first_reporter_has_left(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢", phone=FIRST, area="chenguang-1")
    joins(town, case, SECOND)
    town.turn()
    town.act(case, "withdraw", f"resident:{FIRST}", reason="搬走了")
    done(town, case)
    rates(town, case, code(town, case, SECOND), True, score=5)
    town.turn()
    assert (town.state(case), town.case(case).requester_id) == ("closed", None)
    assert [each.case_id for each in draws(town, wish(town)).taken] == [case]
    town.now += timedelta(hours=1)
    with town.context.database.unit_of_work() as session:
        assert proved(session, "20261120-1")[1] == frozenset()


def test_of_a_case_restricted_after_it_was_drawn_others_see_the_number_only(sqlite_town: Town) -> None:
    town = sqlite_town
    case = closed(town)
    draws(town, wish(town))
    records(town, case, Heard(True, True, 5, "孩子好了"))
    town.act(case, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    with town.context.database.unit_of_work() as session:
        (outside,) = call_backs(session, town.actor("centre.clerk"))
        (reader,) = call_backs(session, town.actor("centre.duty"))
    assert (outside["no"], outside["subject"], outside["stratum"], outside["note"], outside["score"]) == (town.case(case).no, *[None] * 4)
    assert (reader["subject"], reader["note"]) == (town.case(case).subject, "孩子好了")
    assert not {"sensitive", "readers", "requester_id"} & set(outside)


@pytest.mark.parametrize(
    ("refusal", "user", "changes"),
    [
        ("centre_only", "water.head", {}),
        ("centre_only", "hubin.clerk", {}),
        ("bad_share", "centre.duty", {"permille": 0}),
        ("bad_share", "centre.duty", {"permille": 1001}),
        ("unknown_stratum", "centre.duty", {"by": ("street",)}),
        ("unknown_stratum", "centre.duty", {"by": ()}),
        ("nothing_to_draw", "chenghu.leader", {}),
    ],
)
def test_what_is_not_drawn(sqlite_town: Town, refusal: str, user: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=refusal):
        draws(sqlite_town, wish(sqlite_town, **changes), user)


def test_what_the_resident_says_is_written_down_once_by_another_unit_and_the_centre_hears_of_a_no(town: Town) -> None:
    good, bad = closed(town), closed(town, SECOND, "chenguang-2")
    with pytest.raises(Refused, match="not_drawn"):
        records(town, good, Heard(True, True))
    draws(town, wish(town, permille=1000))
    for heard in (Heard(True), Heard(False, True)):
        with pytest.raises(Refused, match="answer_missing"):
            records(town, good, heard)
    for user in ("water.clerk", "police.clerk"):
        with pytest.raises(Refused, match=r"not_yours|rates_own_work"):
            records(town, good, Heard(True, True), user)
    town.now += timedelta(hours=1)
    records(town, good, Heard(True, True, 5, "谢谢"))
    records(town, bad, Heard(True, False, 2), "chenguang-2.worker")
    with pytest.raises(Refused, match="call_back_done"):
        records(town, good, Heard(True, True))
    with town.context.database.unit_of_work() as session:
        found = {row["no"]: row for row in call_backs(session, town.actor("centre.duty"))}
        assert call_backs(session, town.actor("centre.duty"), "20261120-1", open_only=True) == []
        with pytest.raises(Refused, match="centre_only"):
            call_backs(session, town.actor("water.clerk"))
    row = found[town.case(good).no]
    assert (row["reached"], row["solved"], row["score"], row["note"], row["done_by"]) == (True, True, 5, "谢谢", "centre.duty")
    assert [town.actions(case).count("called_back") for case in (good, bad)] == [1, 1]
    assert [e.data for e in town.journal(bad) if e.action == "called_back"] == [{"reached": True}]
    assert [m.notice for m in town.messages(good)].count("call_back_bad") == 0
    town.turn()
    assert "没解决" in town.heard("centre.duty", bad)[-1]
    town.act(bad, "reopen", "centre.duty", reason="回访说没解决")


def test_who_came_along_with_a_merged_unit_that_handled_it_does_not_ask(sqlite_town: Town) -> None:
    town = sqlite_town
    case = closed(town)
    draws(town, wish(town))
    with town.context.database.unit_of_work() as session:
        ask_merge(session, "water", "hubin-centre", town.now, "admin", town.now)
    town.turn()
    assert town.actor("water.clerk").unit_id == town.unit_id("hubin-centre")
    with pytest.raises(Refused, match="rates_own_work"):
        records(town, case, Heard(True, True), "hubin-centre.duty")


def test_nobody_reached_is_no_answer(sqlite_town: Town) -> None:
    case = closed(sqlite_town)
    draws(sqlite_town, wish(sqlite_town))
    records(sqlite_town, case, Heard(False))
    (row,) = sqlite_town.rows(select(_call))
    assert (row.reached, row.solved, row.score, row.done_by) == (False, None, None, "centre.duty")
    assert "call_back_bad" not in [m.notice for m in sqlite_town.messages(case)]


# paper ----------------------------------------------------------------------------------------------------------------


def test_a_slip_for_each_reporter_who_has_not_rated_and_a_record_that_it_was_printed(town: Town) -> None:
    case = fed_back(town, SECOND)
    rates(town, case, code(town, case), True)
    with pytest.raises(Refused, match=r"not_yours|rates_own_work"):
        slips(town, case, "water.clerk")
    (slip,) = slips(town, case, "chenguang-1.worker")
    assert (slip.no, slip.result, slip.code) == (town.case(case).no, "已疏通", code(town, case, SECOND))
    assert slip.until == town.open_clock(case, "evaluate").due_at
    entry = table(AdminEntry)
    (kept,) = town.rows(select(entry).where(entry.c.action == "rating_slip_printed"))
    assert (kept.actor, kept.subject, kept.data) == ("chenguang-1.worker", town.case(case).no, {"round": 1, "slips": 1})
    rates(town, case, slip.code, False, "chenguang-1.worker", channel="paper")
    with pytest.raises(Refused, match="rating_not_open"):
        slips(town, case, "centre.duty")


def test_who_is_not_known_gets_a_slip_without_a_code(sqlite_town: Town) -> None:
    case = fed_back(sqlite_town, phone=None)
    assert [slip.code for slip in slips(sqlite_town, case, "centre.duty")] == [None]

"""A form of the bench is taken once, on both databases, also when two of it arrive at the same instant."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from models import Case, Submission, table
from rules.facts import Refused
from services.intake import Report
from services.intake.on_the_spot import Done, put_right, to_check
from services.intake.submissions import KEPT, claim, key_of, settle
from services.moves import Setting
from tests.support.town import Town

WORKER = "chenguang-1.worker"


def test_of_two_at_the_same_instant_one_does_the_work(town: Town) -> None:
    actor, start = town.actor(WORKER), Barrier(2)
    key = key_of(actor, "0123456789ab")

    def sends(n: int) -> str:
        start.wait()
        with town.context.database.unit_of_work() as session:
            before = claim(session, key, actor, town.now)
            if before is not None:
                return before
            case = put_right(
                session, Report("", f"门口堆物{n}", area="chenguang-1", key=key), Done("B04", "已清走"), actor, Setting(town.now)
            )
            return settle(session, key, f"/grid?no={case.no}")

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(sends, range(2))
    assert first == second
    assert town.rows(select(func.count()).select_from(table(Case)))[0][0] == 1


def test_what_was_not_done_has_used_up_no_key_and_old_ones_go(town: Town) -> None:
    actor, other = town.actor(WORKER), town.actor("chenguang-2.worker")
    key = key_of(actor, "a-key-of-mine")

    def in_vain() -> None:
        with town.context.database.unit_of_work() as session:
            assert claim(session, key, actor, town.now) is None
            put_right(session, Report("", "门口堆物", area="chenguang-1", key=key), Done("", "已清走"), actor, Setting(town.now))

    with pytest.raises(Refused, match=r"^category_missing$"):
        in_vain()
    assert town.rows(select(table(Case).c.no)) == []
    with town.context.database.unit_of_work() as session:
        assert claim(session, key, actor, town.now) is None
        assert claim(session, key_of(other, "a-key-of-mine"), other, town.now) is None
        settle(session, key, "/grid?done=report")
    with town.context.database.unit_of_work() as session:
        assert claim(session, key, actor, town.now) == "/grid?done=report"
        assert claim(session, "x later", actor, town.now + KEPT + timedelta(seconds=1)) is None
        assert session.connection().execute(select(table(Submission).c.key)).scalars().all() == ["x later"]
    for nonsense in ("", "short", "with blank in it", "x" * 61):
        with pytest.raises(Refused, match=r"^submission_key$"):
            key_of(actor, nonsense)


def test_nobody_is_asked_to_check_what_his_own_unit_has_done(town: Town) -> None:
    case = town.reports("晨光小区5号楼前污水管外溢", phone="13812345678")
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    with town.context.database.unit_of_work() as session:
        seen = {user: [row["no"] for row in to_check(session, town.actor(user))] for user in (WORKER, "chenguang.clerk", "shiban-1.worker")}
        own = [to_check(session, town.actor(f"{order.code}.clerk")) for order in town.orders(case)]
    assert (seen[WORKER], seen["chenguang.clerk"], seen["shiban-1.worker"]) == ([town.case(case).no], [town.case(case).no], [])
    assert own == [[] for _ in own]

"""Put right on the spot, and answered upstream: straight to feeding back, and once under the number that others gave."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rules.facts import Refused
from services.attachments import Belongs, attach, keep
from services.intake import Report, submit
from services.moves import Setting
from services.upstream import tickets
from tests.support.in_hand import in_hand
from tests.support.pictures import photo
from tests.support.sound import complaints
from tests.support.town import Town

BINS = "晨光小区门口乱贴小广告"


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


def sound(town: Town) -> None:
    assert complaints(town.context.database, town.now) == []


def ticket(town: Town, no: str = "T-1") -> int:
    report = Report(BINS, BINS, "hotline", "chenguang-1", requester="10000000001", phone="10000000001", upstream_no=no)
    with town.context.database.unit_of_work() as session:
        return submit(session, [report], Setting(town.now))[0].case_id


def unfiled(town: Town, source: str = "grid_worker") -> int:
    """A report that no rule claims: it waits for somebody to say what it is."""
    case = town.reports("有件事说一下", "楼下那个东西又来了", source=source)
    town.turn()
    assert town.state(case) == "accepted"
    return case


def test_the_grid_worker_puts_it_right_and_the_reporter_is_asked(town: Town) -> None:
    case = unfiled(town)
    town.act(case, "self_handle", "chenguang-1.worker", category="B04", urgency="P2", result="已当场清除")
    assert town.state(case) == "verified"
    (order,) = town.orders(case)
    assert (order.code, order.lead, order.state, order.result) == ("chenguang-1", True, "done", "已当场清除")
    row = town.case(case)
    assert (row.category, row.result, row.holder_unit_id) == ("B04", "已当场清除", None)
    town.turn()
    assert town.state(case) == "fed_back"
    assert any("已当场清除" in text or row.no in text for text in town.heard("resident:10000000001", case))
    sound(town)


def test_a_case_that_somebody_holds_may_be_put_right_too(sqlite_town: Town) -> None:
    town, case = sqlite_town, sqlite_town.reports(BINS, source="block_captain")
    town.turn()
    assert town.state(case) == "reporting"
    town.act(case, "self_handle", "chenguang.clerk", result="已清除")
    town.turn()
    assert town.state(case) == "fed_back"
    sound(town)


def test_who_may_not_and_what_is_missing(sqlite_town: Town) -> None:
    town, case = sqlite_town, unfiled(sqlite_town)
    for user in ("water.clerk", "shiban-1.worker", "dongtang-centre.duty"):
        with refused("not_yours"):
            town.act(case, "self_handle", user, category="B04", urgency="P2", result="好了")
    with refused("category_missing"):
        town.act(case, "self_handle", "chenguang-1.worker", result="好了")
    with refused("result_missing"):
        town.act(case, "self_handle", "chenguang-1.worker", category="B04", urgency="P2")
    with refused("unknown_category"):
        town.act(case, "self_handle", "chenguang-1.worker", category="Z99", urgency="P2", result="好了")
    assert town.orders(case) == []
    town.act(case, "file", "centre.duty", category="B04", urgency="P2")
    with refused("unit_cannot_handle"):
        town.act(case, "self_handle", "chenghu.clerk", result="好了")


def shows(town: Town, case: int, folder: Path, user: str, *stages: str, shade: int = 120) -> None:
    """Somebody puts photos with a case."""
    with town.context.database.unit_of_work() as session:
        for stage in stages:
            attach(session, case, [keep(folder, photo(shade=shade), "现场.jpg")], Belongs(stage), town.actor(user), Setting(town.now))


def test_on_the_spot_the_photos_are_asked_for_too(sqlite_town: Town, tmp_path: Path) -> None:
    town, case = sqlite_town, unfiled(sqlite_town)
    args = {"category": "B02", "urgency": "P2", "result": "已清"}
    with refused("photo_missing"):
        town.act(case, "self_handle", "chenguang-1.worker", **args)
    shows(town, case, tmp_path, "chenguang-1.worker", "before", "after")
    town.act(case, "self_handle", "chenguang-1.worker", **args)
    assert town.state(case) == "verified"


@pytest.mark.parametrize("again", ["fail_check", "rework", "reopen"])
def test_the_result_of_another_round_is_shown_anew(town: Town, tmp_path: Path, again: str) -> None:
    case = in_hand(town, category="B02")
    shows(town, case, tmp_path, "sanitation.clerk", "before")
    ends_and_begins_anew(town, case, tmp_path, again)
    town.now += timedelta(hours=1)
    with refused("photo_missing"):
        town.order(case, "finish", "sanitation.clerk", result="又清了")
    shows(town, case, tmp_path, "sanitation.clerk", "after", shade=90)
    town.order(case, "finish", "sanitation.clerk", result="又清了")
    sound(town)


def ends_and_begins_anew(town: Town, case: int, folder: Path, again: str) -> None:
    shows(town, case, folder, "sanitation.clerk", "after")
    for unit in [order.code for order in town.orders(case)]:
        town.order(case, "finish", f"{unit}.clerk", unit, result="已清")
    town.turn()
    if again == "fail_check":
        town.act(case, "fail_check", "centre.duty", reason="还有垃圾")
        return
    town.act(case, "pass_check", "centre.duty")
    town.turn()
    town.act(case, "rate", "resident:10000000001", solved=again == "reopen", score=1)
    town.act(case, *(("rework", "centre.duty") if again == "rework" else ("close", "centre.duty")), reason="还有垃圾")
    if again == "reopen":
        town.act(case, "reopen", "centre.duty", reason="又堆了")
        town.act(case, "dispatch", "centre.duty", lead=town.unit_id("sanitation"))
        town.order(case, "acknowledge", "sanitation.clerk")


def test_the_answer_goes_back_upstream_once(town: Town) -> None:
    case = ticket(town)
    town.turn()
    with refused("wrong_state"):
        town.act(case, "answer_upstream", "centre.duty", result="正在办理")
    for unit in [order.code for order in town.orders(case)]:
        town.order(case, "acknowledge", f"{unit}.clerk", unit)
        town.order(case, "finish", f"{unit}.clerk", unit, result="已清除")
    town.turn()
    town.act(case, "pass_check", "centre.duty")
    town.turn()
    assert town.state(case) == "fed_back"
    town.now += timedelta(hours=1)
    town.act(case, "answer_upstream", "centre.duty", result="已清除，居民知晓")
    assert town.case(case).upstream_replied_at == town.now
    assert (town.state(case), town.case(case).result) == ("fed_back", "已清除")
    assert town.journal(case)[-1].data["result"] == "已清除，居民知晓"
    with refused("not_from_upstream"):
        town.act(case, "answer_upstream", "centre.duty", result="再答一次")
    with town.context.database.unit_of_work() as session:
        assert tickets(session, open_only=True) == []
        assert [t.replied_at for t in tickets(session)] == [town.now]
    sound(town)


def test_a_case_that_nobody_passed_on_has_nobody_to_answer(sqlite_town: Town) -> None:
    case = unfiled(sqlite_town)
    sqlite_town.act(case, "decline", "centre.duty", reason="不是本区的事")
    with refused("not_from_upstream"):
        sqlite_town.act(case, "answer_upstream", "centre.duty", result="已办")

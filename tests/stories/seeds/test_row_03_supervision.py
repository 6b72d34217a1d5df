"""问题督办单·限时整改 (row 3): 120 orders in one day, numbered without a gap; rectified, looked at, written off; what is late goes up."""

from collections import Counter
from pathlib import Path

from sqlalchemy import select

from models import SupervisionOrder, table
from services.catalogue import catalogue
from services.moves import Setting
from services.supervision import ask, issue, read_sheet, waiting_for
from tests.support.sound import complaints
from tests.support.town import Town

A_DAY = 120  # 3 万余件/年，每个工作日约 120 件
LATE = 5
UNITS = ("urban", "sanitation", "municipal", "market")


def moved(town: Town, names: list[str], action: str, user: str, **args: object) -> list[str]:
    with town.context.database.unit_of_work() as session:
        done = ask(session, names, action, catalogue(session).actor(user), Setting(town.now), args)
    assert all(each.done for each in done), [each.outcome for each in done if not each.done][:3]
    return [each.label for each in done]


def test_120_orders_in_one_day_are_signed_rectified_and_written_off(town: Town, tmp_path: Path) -> None:
    lines = ["区域,地点,问题,单位,要求,时限"]
    lines += [f"chenguang-1,湖滨路{n}号,店外经营占道{n},{UNITS[n % 4]},当日整改,5wd" for n in range(A_DAY)]
    (tmp_path / "督办.csv").write_text("\n".join(lines), encoding="utf-8")
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        done = issue(session, read_sheet(tmp_path / "督办.csv", known), known.actor("centre.duty"), Setting(town.now))
    assert sum(line.opened is not None for line in done) == A_DAY
    with town.context.database.unit_of_work() as session:
        waiting = [each.name for each in waiting_for(session, catalogue(session).actor("centre.head"))]
    signed = moved(town, waiting, "sign", "centre.head")
    assert signed == [f"DB-20261120-{n:04d}" for n in range(1, A_DAY + 1)], "numbers without a gap"

    orders = table(SupervisionOrder)
    unit_of = {row.number: town.unit_code(row.unit_id) for row in town.rows(select(orders.c.number, orders.c.unit_id))}
    answered = signed[:-LATE]
    for unit in UNITS:
        mine = [number for number in answered if unit_of[number] == unit]
        moved(town, mine, "reply", f"{unit}.clerk", result="已整改", after="摊位已退回店内")
    moved(town, answered, "pass_check", "hubin-centre.duty")
    moved(town, answered, "write_off", "centre.head")

    town.fast_forward(days=9)
    states = Counter(row.state for row in town.rows(select(orders.c.state)))
    assert states == {"written_off": A_DAY - LATE, "signed": LATE}
    late = town.rows(select(orders.c.case_id).where(orders.c.state == "signed"))
    for row in late:
        rungs = [rung for _, rung, _ in town.fired(row.case_id, "rectify")]
        assert len(rungs) >= 2, "an order that nobody answers goes up, rung by rung"
    heads = {unit_of[number].partition("-")[0] for number in signed[-LATE:]}
    assert all(town.heard(f"{unit}.head") for unit in heads)
    assert complaints(town.context.database, town.now) == []

"""一办六组、专班 (row 28): a task force is a unit with an end date; on that day what is open goes on with its successor."""

from datetime import timedelta

import pytest

from rules.facts import Refused
from services.catalogue import catalogue
from services.units.task_forces import Force, forces, move_end, set_up
from tests.support.beside import does, opens, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town


def test_a_task_force_works_until_its_last_day_and_its_successor_goes_on(town: Town) -> None:
    end = town.now + timedelta(days=10)
    office = Force("renewal", "老旧小区改造专班", "Estate Renewal Task Force", "hubin", end, successor="hubin-works")
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="admins_only"):
            set_up(session, [office], "hubin.head", town.now)
        with pytest.raises(Refused, match="force_end_past"):
            set_up(session, [Force("late", "专班", "x", "hubin", town.now)], "admin", town.now)
        with pytest.raises(Refused, match="force_heir"):
            set_up(session, [Force("top", "专班", "x", "chenghu", end)], "admin", town.now)
        (unit,) = set_up(session, [office], "admin", town.now)
    case = town.reports("晨光小区5号楼下水道堵了，污水外溢")
    town.turn()
    assert [order.code for order in town.orders(case) if order.lead] == ["water"]
    town.act(case, "recall", "centre.duty", reason="列入改造，交专班")
    town.act(case, "dispatch", "centre.duty", lead=unit, co=())
    town.order(case, "acknowledge", "renewal.clerk", "renewal")
    whistle = opens(town, "hubin.clerk", "whistle", town.case(case).no, called=(unit,), title="现场会商", limit="30wd")
    town.fast_forward(until=end - timedelta(hours=1))
    with town.context.database.unit_of_work() as session:
        move_end(session, "renewal", end + timedelta(days=5), "admin", town.now)
        assert [(f["code"], f["until"], f["ended_at"]) for f in forces(session)] == [("renewal", end + timedelta(days=5), None)]
    town.fast_forward(days=1)
    assert town.orders(case)[-1].code == "renewal", "it was given more time"
    town.fast_forward(until=end + timedelta(days=6))
    works = town.unit_id("hubin-works")
    assert town.orders(case)[-1].code == "hubin-works"
    assert {c.unit_id for c in town.open_clocks(case)} & {unit} == set()
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        assert (known.units[unit].retired, known.present(unit)) == (True, works)
        assert forces(session)[0]["ended_at"] == end + timedelta(days=5)
        with pytest.raises(Refused, match="unit_retired"):
            move_end(session, "renewal", end + timedelta(days=9), "admin", town.now)
    with pytest.raises(Refused, match="unit_retired"):
        opens(town, "hubin.clerk", "whistle", town.case(case).no, called=(unit,), title="再吹一次")
    assert [p["unit_id"] for p in seen(town, whistle.no).parts] == [works], "what it was called to is its successor's"
    does(town, whistle.no, "report_in", "hubin-works.clerk", part_of(town, whistle.no, "hubin-works"), way="on_site")
    assert complaints(town.context.database, town.now) == []

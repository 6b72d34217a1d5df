"""The inbox's list: whose work it is, what burns first, what is next, and nothing of others."""

from datetime import timedelta

from sqlalchemy import update

from models import Case, table
from rules.facts import Thing
from services.catalogue import Catalogue, catalogue
from services.listing import Light
from services.worklist import Asked, Lamp, Role, Task, counted, groups, picked, worklist
from tests.support.beside import opens
from tests.support.in_hand import climbing, in_hand, sent
from tests.support.town import Town


def _of(town: Town, user: str) -> list[Task]:
    with town.context.database.unit_of_work() as session:
        return worklist(session, catalogue(session).actor(user), town.now)


def _brief(town: Town, user: str) -> list[tuple[int, str, str, str]]:
    return [(task.case["id"], task.role.value, task.thing.value, task.next.action) for task in _of(town, user)]


def test_everybody_finds_what_waits_for_the_own_unit_with_the_next_step(town: Town) -> None:
    fresh, working, held = sent(town), in_hand(town), climbing(town)
    assert _brief(town, "water.clerk") == [(fresh, "lead", "order", "acknowledge"), (working, "lead", "order", "contact")]
    assert _brief(town, "housing.clerk")[0] == (fresh, "co", "order", "acknowledge")
    assert _brief(town, "hubin.clerk") == [(held, "hold", "case", "")]
    assert _brief(town, "urban.clerk") == []
    town.order(working, "contact", "water.clerk")
    assert (working, "lead", "order", "finish") in _brief(town, "water.clerk")
    assert [task.next.at_once for task in _of(town, "water.clerk")] == [True, False]
    town.order(working, "ask_extension", "water.clerk", amount="3wd", reason="等配件")
    town.order(fresh, "ask_return", "water.clerk", code="not_our_duty", reason="不归本单位")
    desk = _brief(town, "centre.duty")
    assert (working, "desk", "extension", "grant") in desk
    assert (fresh, "desk", "request", "") in desk
    for order in town.orders(working):
        town.order(working, "finish", f"{order.code}.clerk", order.code, result="疏通了")
    town.turn()
    assert (working, "check", "case", "pass_check") in _brief(town, "hubin-centre.duty")


def test_what_burns_first_is_on_top_and_lamps_count_it(town: Town) -> None:
    slow, held = in_hand(town), in_hand(town)
    town.act(held, "hold", "centre.duty", reason="等停气窗口")
    urgent = sent(town, "P0")
    supervised = in_hand(town)
    town.sign(supervised, "sign", "chenghu.leader", town.supervise(supervised, "centre.duty", "water"))
    first, *_, last = (task.case["id"] for task in _of(town, "water.clerk"))
    assert (first, last) == (urgent, held)
    town.now += timedelta(days=1, minutes=1)
    tasks, known = _of(town, "water.clerk"), _known(town)
    lights = [task.light for task in tasks]
    assert lights == sorted(lights, key=[Light.LATE, Light.WARN, Light.OK, Light.HOLD].index)
    lamps = counted(tasks, town.now, known.zone)
    assert lamps[Lamp.ALL] == len(tasks) == 5
    assert (lamps[Lamp.HOLD], lamps[Lamp.ACK], lamps[Lamp.SUPERVISED]) == (1, 1, 2)
    assert lamps[Lamp.LATE] == len([t for t in tasks if t.light is Light.LATE]) > 0
    assert {t.case["id"] for t in picked(tasks, Asked(Lamp.HOLD), "water.clerk", known, town.now)} == {held}
    assert [t.thing for t in picked(tasks, Asked(role=Role.SUPERVISED), "water.clerk", known, town.now)] == [Thing.SUPERVISION]
    assert picked(tasks, Asked(category="A03"), "water.clerk", known, town.now) == []
    assert picked(tasks, Asked(area="dongtang"), "water.clerk", known, town.now) == []
    assert len(picked(tasks, Asked(area="hubin", category="A01"), "water.clerk", known, town.now)) == 5
    town.order(slow, "hand_to", "water.clerk", person=known.people["water.clerk"].id)
    again = _of(town, "water.clerk")
    assert {t.case["id"] for t in picked(again, Asked(handler="mine"), "water.clerk", known, town.now)} == {slow}
    assert slow not in {t.case["id"] for t in picked(again, Asked(handler="nobody"), "water.clerk", known, town.now)}
    assert [light for light, _ in groups(again)] == list(dict.fromkeys(lights))


def test_affairs_wait_for_the_unit_too_and_sensitive_cases_for_nobody_else(town: Town) -> None:
    opens(town, "hubin.clerk", "whistle", called=(town.unit_id("urban"), town.unit_id("water")), title="联合清理13912345678")
    (task,) = _of(town, "urban.clerk")
    assert (task.role, task.case["subject"], task.case["state"]) == (Role.BESIDE, "联合清理139****", "beside")
    case = in_hand(town)
    assert case in {task.case["id"] for task in _of(town, "water.clerk")}
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(table(Case)).where(table(Case).c.id == case).values(sensitive="minor", readers=[]))
    assert case not in {task.case["id"] for task in _of(town, "water.clerk")}, "whose unit it is, but who is no reader"


def _known(town: Town) -> Catalogue:
    with town.context.database.unit_of_work() as session:
        return catalogue(session)

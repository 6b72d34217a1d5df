"""富华 365·六步法则 (row 1): six steps in order, at each the public reads who has the case, and the five offices decide who hears."""

from sqlalchemy import func, select

from models import Case, OfficeTag, table
from rules.facts import Step
from services.responsibility.offices import hearers
from services.responsibility.profiles import profile_of_case
from services.responsibility.watching import tell_officers
from tests.support.duties import entered
from tests.support.sound import complaints
from tests.support.town import Town

ESTATES = tuple(f"富华{n}小区" for n in range(1, 17))  # 16 小区
DEMOLISHED, AREA = 75, 2330  # 拆违 75 处，2330 m²
OFFICES = ("information", "publicity", "agent", "advocate", "deliberation")
FACES = (
    ("centre", "值班调度受理派单", "当日受理", "Filed the same day"),
    ("chenguang-1", "每天走一遍，看到就报", "随手能办的当场办", "What can be done on the spot is"),
    ("chenguang", "社区问题先由社区议", "一小时到场", "There within the hour"),
    ("hubin-centre", "核查处置结果", "一天内到现场看", "On the spot within a day"),
    ("urban", "查处违法建设", "先停工再拆除，拆完补绿", "Stopped, removed, greened"),
)


def shown(town: Town, case: int) -> tuple[str, str, str]:
    """What everybody reads of the case now: the step, who has it, and what is promised."""
    with town.context.database.unit_of_work() as session:
        page = profile_of_case(session, town.case(case).no, town.now)
    return page.step, page.cards[0].unit.zh if page.cards else "", page.cards[0].promise.zh if page.cards else ""


def test_six_steps_in_order_with_identity_duty_and_promise_at_each(town: Town) -> None:
    database = town.context.database
    entered(database, "profiles", "unit duty promise promise_en from", *((u, d, p, e, "2026-01-01") for u, d, p, e in FACES))
    captains = [(estate, office, f"1000000{100 + n}") for n, estate in enumerate(ESTATES) for office in OFFICES]
    entered(database, "offices", "area building office holder from", *(("chenguang-1", *captain, "2026-01-01") for captain in captains))
    town.without_photos()
    case = town.reports("小区外墙搭了个棚子", f"富华3小区沿街违法建设{DEMOLISHED}处，共{AREA}平方米，占了公共绿地", source="grid_worker")
    seen = [shown(town, case)]
    town.turn()
    seen.append(shown(town, case))  # the step in which a level decides
    for user in ("chenguang-1.worker", "chenguang.clerk", "hubin.clerk"):
        town.act(case, "report_up", user)
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("urban"))
    seen.append(shown(town, case))
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "contact", f"{order.code}.clerk", order.code)
        town.order(case, "finish", f"{order.code}.clerk", order.code, result=f"{DEMOLISHED}处{AREA}平方米全部拆除，零补偿")
    town.turn()
    seen.append(shown(town, case))
    town.act(case, "pass_check", "centre.duty")
    town.turn()
    seen.append(shown(town, case))
    town.act(case, "rate", "resident", solved=True, score=5)
    town.fast_forward(until=lambda: town.state(case) == "closed")
    steps = list(dict.fromkeys(entry.step for entry in town.journal(case)))
    assert steps == [step.value for step in Step], "collect, triage, report, handle, feed back, evaluate, in this order"
    assert [step for step, _, _ in seen][1:] == ["report", "handle", "feedback", "evaluate"]
    assert ("handle", "区城管执法局", "先停工再拆除，拆完补绿") in seen
    assert all(promise for _, _, promise in seen), "at every step somebody promises"

    with database.unit_of_work() as session:
        found = session.connection().execute(select(table(Case).c.area_unit_id).where(table(Case).c.id == case)).scalar_one()
        heard = {kind: len(hearers(session, kind, found, town.now)) for kind in ("case_new", "campaign", "errand", "appeal", "meeting")}
        at_home = len(hearers(session, "case_new", found, town.now, "富华3小区5号楼"))
        tags = table(OfficeTag)
        buildings = session.connection().execute(select(func.count(tags.c.building.distinct()))).scalar_one()
        body = session.connection().execute(select(table(Case).c.body, table(Case).c.result).where(table(Case).c.id == case)).one()
    assert heard == dict.fromkeys(heard, 16), "each office is held in each of the 16 小区"
    assert (buildings, at_home) == (len(ESTATES), 1), "and a matter at one of them reaches its own captain only"
    assert f"{DEMOLISHED}处" in body.body
    assert f"{AREA}平方米" in body.result
    assert complaints(database, town.now) == []


def test_the_captain_of_the_building_hears_of_a_new_case_there(town: Town) -> None:
    columns = "area building office holder from"
    entered(town.context.database, "offices", columns, ("chenguang-1", "", "information", "10000000105", "2026-01-01"))
    case = town.reports("楼道路灯不亮三天了")
    town.turn()
    with town.context.database.unit_of_work() as session:
        assert tell_officers(session, town.now) == 1
    town.turn()
    (told,) = town.heard("resident:10000000105", case)
    assert town.case(case).no in told
    assert len(told) <= 70

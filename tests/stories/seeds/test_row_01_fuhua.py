"""富华 365·六步法则 (row 1): six steps in order, at each the public reads who has the case, and the five offices decide who hears.

What was torn down is quantities: 75 lines of one list in 16 estates, 2,330 m² in all, without a fen of compensation and without a petition.
"""

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from models import Affair, AffairPart, Case, Message, OfficeTag, table
from rules.facts import Step
from services.campaigns import Campaign, Done, Progress, add_tasks, check, finish, move, open_campaign, progress, record
from services.errands import Wish, begin_errand
from services.moves import Setting
from services.responsibility.news import NOTICE, tell_of_affairs
from services.responsibility.profiles import profile_of_case
from services.responsibility.watching import tell_officers
from tests.support.beside import opens
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


def sheds() -> list[int]:
    """How many square metres each of them has: 31, and what is left for the last."""
    return [31] * (DEMOLISHED - 1) + [AREA - 31 * (DEMOLISHED - 1)]


def listed(town: Town) -> str:
    """The street draws up the list, one line for each of them (一户一策), and starts."""
    with town.context.database.unit_of_work() as session:
        clerk, setting = town.actor("hubin.clerk"), Setting(town.now)
        wanted = Campaign("富华片区拆违", "先党员干部后群众，零补偿零上访", unit="urban", area="chenguang-1", target="60wd")
        no = open_campaign(session, wanted, clerk, setting).no
        head = town.actor("urban.head")
        rows = [
            {"title": f"违建{n}", "place": ESTATES[n % len(ESTATES)], "unit": town.unit_id("urban"), "quantity": m2, "measure": "m²"}
            for n, m2 in enumerate(sheds())
        ]
        add_tasks(session, no, rows, head, setting)
        move(session, no, "start_campaign", head, setting)
    return no


def torn_down(town: Town, no: str) -> Progress:
    """Everything on the list is torn down and looked at by somebody else; how it came out, as the database has it."""
    with town.context.database.unit_of_work() as session:
        setting = Setting(town.now)
        record(session, no, [Done(n, m2, "已拆除清运") for n, m2 in enumerate(sheds(), start=1)], town.actor("urban.clerk"), setting)
        check(session, no, list(range(1, DEMOLISHED + 1)), town.actor("centre.duty"), setting, "现场看过")
        finish(session, no, "全部拆除，腾出的地方改造完", town.actor("urban.head"), setting)
    with town.context.database.unit_of_work() as session:
        return progress(session, no, town.now)


def neighbours_hear(town: Town, case_no: str) -> Counter[str]:
    """An errand, a meeting, a poll and the campaign: how many captains were told of each, by what they were told."""
    with town.context.database.unit_of_work() as session:
        wish = Wish("pension_check", "10000000001", "周某", place="富华3小区2栋", area="chenguang-1")
        begin_errand(session, wish, town.actor("chenguang.clerk"), Setting(town.now))
    opens(town, "chenguang.clerk", "call_meeting", case_no, title="拆完的地方做什么", form="bench")
    poll = {"title": "补绿还是停车", "options": ("补绿", "停车"), "households": 900}
    closes = (town.now + timedelta(days=20)).isoformat()
    opens(town, "chenguang.clerk", "open_poll", area="chenguang-1", closes=closes, **poll)
    with town.context.database.unit_of_work() as session:
        tell_of_affairs(session, town.now)
    message = table(Message)
    return Counter(row.about["news"] for row in town.rows(select(message.c.about).where(message.c.notice == NOTICE)))


def test_six_steps_in_order_with_identity_duty_and_promise_at_each(town: Town) -> None:
    database = town.context.database
    entered(database, "profiles", "unit duty promise promise_en from", *((u, d, p, e, "2026-01-01") for u, d, p, e in FACES))
    captains = [(estate, office, f"1000000{100 + n}") for n, estate in enumerate(ESTATES) for office in OFFICES]
    entered(database, "offices", "area building office holder from", *(("chenguang-1", *captain, "2026-01-01") for captain in captains))
    town.without_photos()
    case = town.reports("小区外墙搭了个棚子", "富华片区沿街违法建设，占了公共绿地", source="grid_worker")
    seen = [shown(town, case)]
    town.turn()
    seen.append(shown(town, case))  # the step in which a level decides
    for user in ("chenguang-1.worker", "chenguang.clerk", "hubin.clerk"):
        town.act(case, "report_up", user)
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("urban"))
    seen.append(shown(town, case))
    no = listed(town)
    heard = neighbours_hear(town, town.case(case).no)
    found = torn_down(town, no)
    done, of = found.quantities["m²"]
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "contact", f"{order.code}.clerk", order.code)
        town.order(case, "finish", f"{order.code}.clerk", order.code, result=f"{found.states['checked']}处{done}平方米全部拆除，见{no}")
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
    everybody = len(ESTATES)
    assert heard == {"office_campaign": everybody, "office_meeting": everybody, "office_poll": everybody, "office_errand": 1}
    assert (done, of, found.done_bp) == (AREA, AREA, 10_000)
    reads_like_the_article(town, case)
    assert complaints(database, town.now) == []


def reads_like_the_article(town: Town, case: int) -> None:
    """16 小区, 75 处, 2330 m², 零补偿, 零上访, 100 % 改造, from the database alone."""
    part, affair, tags, files = table(AffairPart), table(Affair), table(OfficeTag), table(Case)
    lines = town.rows(select(part).where(part.c.thing == "task"))
    assert len({line.data["place"] for line in lines}) == len(ESTATES) == 16
    assert Counter(line.state for line in lines) == {"checked": DEMOLISHED}, "all of them, looked at by somebody else"
    assert (len(lines), sum(line.done for line in lines), {line.measure for line in lines}) == (75, 2330, {"m²"})
    money = town.rows(select(func.count()).select_from(part).where(part.c.amount_fen.is_not(None)))[0][0]
    petitions = town.rows(select(func.count()).select_from(files).where(files.c.state.in_(["diverted", "declined"])))[0][0]
    disputes = town.rows(select(func.count()).select_from(affair).where(affair.c.thing == "dispute"))[0][0]
    assert (money, petitions, disputes) == (0, 0, 0), "零补偿，零上访"
    assert town.rows(select(affair.c.state, affair.c.result).where(affair.c.thing == "campaign"))[0].state == "done"
    held = town.rows(select(tags.c.office, func.count(tags.c.building.distinct()).label("n")).group_by(tags.c.office))
    assert {row.office: row.n for row in held} == dict.fromkeys(OFFICES, 16), "each office is held in each of the 16 小区"
    assert f"{DEMOLISHED}处{AREA}平方米" in town.case(case).result


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

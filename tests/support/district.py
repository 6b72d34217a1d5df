"""The demonstration district after three days: a case in every state that a page has to show, and who looks at it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from clock import utcnow
from demo.showing import show_all
from models import Affair, Case, Database, ScoreSheet, connection_of, table
from rules.remits import RouteRow
from services import places
from services.following import token_of
from services.policies import editing
from services.policies.stored import policy_file
from services.rhythm.bulletins import bulletins
from services.routing import drafting
from tasks.context import EngineContext
from tests.support.answered import minted, rows_of
from tests.support.town import Town

_case, _sheet, _affair = table(Case), table(ScoreSheet), table(Affair)
RESIDENT: Final = "resident:10000000001"
#: What people have written, and which unit has it in hand then.
SAID: Final = (
    ("晨光小区5号楼下水道堵了", "5号楼前下水道堵了，污水外溢，臭死了，老人出门都绕着走", "chenguang-1"),
    ("人行道上路灯不亮", "桂园路人行道上路灯不亮三天了，晚上看不见路", "guiyuan-1"),
    ("共享单车乱停乱放", "地铁口共享单车乱停乱放，人行道走不了", "lianchi-1"),
    ("楼道堆物", "3栋楼道堆满纸箱，消防通道走不了", "chenguang-2"),
)


@dataclass(frozen=True)
class District:
    """The town that was lived in, and its cases by what they show.

    Attributes:
        cases: What it shows → the number of the case: `fresh`, `working`, `handled`, `rated`, `late`,
            `unsorted`, `returned`, `sensitive`; `order`: a supervision order by its case and the entry that opened it.
        secret: Of a link that lets a unit acknowledge without signing in.
        place: Code of a place whose sticker leads to the form.
    """

    town: Town
    cases: dict[str, str]
    secret: str
    place: str

    @property
    def database(self) -> Database:
        """The database of all this."""
        return self.town.context.database

    @property
    def days(self) -> dict[str, str]:
        """The month of the bulletin that is there, and the week that is published."""
        with self.database.unit_of_work() as session:
            week = connection_of(session).scalars(select(_sheet.c.week).order_by(_sheet.c.week).limit(1)).one()
            return {"month": bulletins(session)[0]["month"], "week": week}

    @property
    def affairs(self) -> dict[str, str]:
        """Numbers of the demonstration's affairs: of each kind the newest."""
        return {row.thing: row.no for row in self.town.rows(select(_affair.c.thing, _affair.c.no).order_by(_affair.c.no))}

    def token(self, what: str) -> str:
        """By which the reporter of a case follows it."""
        (row,) = self.town.rows(select(_case.c.no, _case.c.requester_id).where(_case.c.no == self.cases[what]))
        return token_of(row.no, row.requester_id)


def lived_in(context: EngineContext) -> District:
    """Live through three days that end now."""
    town = Town(context, utcnow() - timedelta(days=3))
    assert show_all(context.database, town.now) == []
    made: dict[str, int] = {}
    made["late"] = town.reports(*SAID[1][:2], area=SAID[1][2], phone="10000000002")
    made["rated"] = _handled(town)
    town.act(made["rated"], "pass_check", "hubin.clerk")
    town.turn()
    town.act(made["rated"], "rate", RESIDENT, solved=True, score=4)
    town.fast_forward(days=2)
    made["handled"] = _handled(town)
    town.fast_forward(until=utcnow() - timedelta(hours=2))
    made |= _today(town)
    town.fast_forward(until=utcnow() - timedelta(minutes=2))
    made |= _just_now(town)
    (told, *_) = rows_of(town, made["fresh"], "dispatched_lead")
    _, link = minted(town, [told])[told.id]
    with context.database.unit_of_work() as session:
        wall = places.add(session, places.Place("chenguang-1", "晨光小区5号楼门口"), town.actor("centre.duty"), town.now)
        _draft_of_limits(session, town)
        _draft_of_routing(session, town)
    cases = {what: str(town.case(case).no) for what, case in made.items()}
    return District(town, cases | {"order": _at_the_desks(town, made)}, link.rpartition("/")[2], wall)


def _draft_of_limits(session: Session, town: Town) -> None:
    """Version 2 of the time limits, a draft in which street lights are mended faster."""
    version = editing.start(session, "admin", town.now)
    row = next(each for each in policy_file(session, version).rows if (each.category, each.urgency) == ("A03", "P2"))
    editing.put_row(session, version, replace(row, limits={**row.limits, "handle": "2wd"}), "admin", town.now)


def _draft_of_routing(session: Session, town: Town) -> None:
    """Version 2 of the routing catalogue, a draft with a row less and a row more."""
    version = drafting.draft(session, None, "", "centre.duty", town.now)
    drafting.drop_row(session, version, 1, "centre.duty", town.now)
    row = RouteRow(0, "A04", "jinqiao-1", "area", "MUNICIPAL", (), "市政道路移交清单")
    drafting.add_row(session, version, row, "centre.duty", town.now)


def _today(town: Town) -> dict[str, int]:
    """What has come in within the last two hours."""
    made = {"working": town.reports(*SAID[0][:2], area=SAID[0][2])}
    made["returned"] = town.reports("小区东门垃圾桶满溢", "东门垃圾桶两天没清，垃圾掉了一地", area="chenguang-2", phone="10000000005")
    made["sensitive"] = town.reports("邻居家孩子被打", "每天晚上都听到孩子被打，哭得厉害", area="chenguang-1", phone="10000000006")
    made["unsorted"] = town.reports("孩子上学的事", "想问问转学插班的手续怎么走", area="rongyin-1", phone="10000000003")
    town.turn()
    for unit in [order.code for order in town.orders(made["working"])]:
        town.order(made["working"], "acknowledge", f"{unit}.clerk", unit)
    town.order(made["working"], "contact", "water.clerk", "water")
    return made


def _at_the_desks(town: Town, made: dict[str, int]) -> str:
    """A return that waits for a ruling, a supervision order to sign, and one to answer: its case and the entry that opened it."""
    town.order(made["returned"], "acknowledge", "sanitation.clerk", "sanitation")
    town.order(made["returned"], "ask_return", "sanitation.clerk", "sanitation", code="not_our_duty", reason="垃圾房归小区物业")
    town.supervise(made["working"], "centre.duty", "water", "三天内修好并附前后照片")
    seq = town.supervise(made["late"], "centre.duty", "municipal", "两天内修复路灯，说明拖延原因")
    town.sign(made["late"], "sign", "chenghu.leader", seq)
    return f"{town.case(made['late']).no}/{seq}"


def _just_now(town: Town) -> dict[str, int]:
    """What nobody has had the time to open yet."""
    made = {"fresh": town.reports(*SAID[2][:2], area=SAID[2][2], phone="10000000004")}
    for n, (subject, body, area) in enumerate(SAID * 3):
        town.reports(subject, f"{body}（{n + 1}）", area=area, phone=f"1000000{n:04d}", source="hotline")
    town.turn()
    return made


def _handled(town: Town) -> int:
    """A blocked drain that every unit has finished and nobody has checked."""
    case = town.reports(*SAID[0][:2], area=SAID[0][2])
    town.turn()
    for unit in [order.code for order in town.orders(case)]:
        town.order(case, "acknowledge", f"{unit}.clerk", unit)
        town.order(case, "contact", f"{unit}.clerk", unit)
        town.order(case, "finish", f"{unit}.clerk", unit, result="已疏通，冲洗了地面")
    town.turn()
    return case

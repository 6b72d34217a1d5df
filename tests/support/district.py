"""The demonstration district after three days: a case in every state that a page has to show, and who looks at it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from clock import utcnow
from demo.showing import show_all
from models import Case, Database, table
from services import places
from services.following import token_of
from tasks.context import EngineContext
from tests.support.answered import minted, rows_of
from tests.support.town import Town

_case = table(Case)
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
        cases: What it shows → the number of the case: `fresh`, `working`, `handled`, `rated`, `late`, `unsorted`.
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
    return District(town, {what: str(town.case(case).no) for what, case in made.items()}, link.rpartition("/")[2], wall)


def _today(town: Town) -> dict[str, int]:
    """What has come in within the last two hours."""
    made = {"working": town.reports(*SAID[0][:2], area=SAID[0][2])}
    made["unsorted"] = town.reports("孩子上学的事", "想问问转学插班的手续怎么走", area="rongyin-1", phone="10000000003")
    town.turn()
    for unit in [order.code for order in town.orders(made["working"])]:
        town.order(made["working"], "acknowledge", f"{unit}.clerk", unit)
    town.order(made["working"], "contact", "water.clerk", "water")
    return made


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

"""The index of the ledgers: a card each, what it is for, how much is in it, and whether its mechanisms are on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from rules.facts import Actor, Thing
from services import patrols, points
from services.affairs.seen import Wanted, count_seen
from services.mechanisms import standings, switch
from services.sensors.seen import counted
from services.units.task_forces import forces
from web.console.ledgers.forms import Acts, Looks, Said, Turn, carried_out, shown
from web.console.ledgers.rights import keeps_points
from web.console.nav import of_ours
from web.words import translated

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Card:
    """One ledger.

    Attributes:
        name, about: In Chinese, as in the catalogues of pages.
        mechanisms: Codes of those that it shows.
        counts: How much is in it, in words.
        who: Whose it is.
    """

    path: str
    name: str
    about: str
    icon: str
    mechanisms: Sequence[str]
    counts: Callable[[Session, Turn], str]
    who: Callable[[Actor], bool] = of_ours


def _affairs(text: str, *things: Thing) -> Callable[[Session, Turn], str]:
    def count(session: Session, turn: Turn) -> str:
        found = sum(count_seen(session, turn.actor, Wanted(thing, top=True)) for thing in things)
        return translated(text, turn.lang, n=found)

    return count


def _devices(session: Session, turn: Turn) -> str:
    found = counted(session, turn.actor, turn.now)
    return translated("%(n)d台设备，%(open)d台在报警", turn.lang, n=found.devices, open=found.alarming)


def _groups(session: Session, turn: Turn) -> str:
    found = [row for row in patrols.listed(session, "group") if row["closed_at"] is None]
    return translated("%(n)d支队伍，%(members)d名队员", turn.lang, n=len(found), members=sum(row["members"] for row in found))


def _accounts(session: Session, turn: Turn) -> str:
    return translated("%(n)d个账户", turn.lang, n=sum(row["closed_at"] is None for row in points.listed(session)))


def _forces(session: Session, turn: Turn) -> str:
    return translated("在用的%(n)d个", turn.lang, n=sum(row["ended_at"] is None for row in forces(session)))


def _nothing(_: Session, turn: Turn) -> str:
    return translated("谁负责、哪里没人管", turn.lang)


CARDS: Final = (
    Card("/ledgers/sensors", "感知设备", "烟感、燃气、水位、一键呼叫：报警、静默、解除。", "i-sensor", ("sensors",), _devices),
    Card(
        "/ledgers/subjects",
        "一户一档、一企一档",
        "分级、该去看的、问题清单、密封记录。",
        "i-home",
        ("households", "enterprises"),
        _affairs("在管%(n)d份档案", Thing.SUBJECT, Thing.ENTERPRISE),
    ),
    Card("/ledgers/patrols", "巡查队伍", "小蜜蜂、小嗨嗨：队员、随手拍、办到哪一步。", "i-walk", ("patrols",), _groups),
    Card("/ledgers/points", "居民积分", "规则、账户、商品和领取；不给个人排名。", "i-star", ("points",), _accounts, keeps_points),
    Card(
        "/ledgers/campaigns", "专项行动", "任务、项目、清单，做到多少。", "i-flag", ("campaigns",), _affairs("在办%(n)d项", Thing.CAMPAIGN)
    ),
    Card("/ledgers/topics", "未诉先办", "同一处一再发生的事，从根上治。", "i-bolt", ("topics",), _affairs("在办%(n)d个专题", Thing.TOPIC)),
    Card(
        "/ledgers/responsibility",
        "责任书与网格",
        "包保、片长、专业网格、网格人员、五大员。",
        "i-shield",
        ("responsibility", "professional_grids", "staffing", "profiles", "levels", "self_governance"),
        _nothing,
    ),
    Card(
        "/ledgers/outside",
        "约谈与不良记录",
        "对外部单位的记录，可以提异议。",
        "i-chat",
        ("outside_records",),
        _affairs("在册%(n)d条", Thing.RECORD),
    ),
    Card("/ledgers/forces", "专班", "有结束日期的单位，到期由接续单位接着办。", "i-users", ("task_forces",), _forces),
)
_DONE: Final = {"on": "已启用。", "off": "已停用；在办的照常办完。"}


@router.get("/ledgers")
def index(turn: Looks) -> Response:
    """All ledgers of this person."""
    return _index(turn)


@router.post("/ledgers")
def change(turn: Acts) -> Response:
    """Switch a mechanism on or off, as an administrator."""
    return carried_out(turn, {"on": _switch, "off": _switch}, _index, "/ledgers")


def _switch(session: Session, turn: Turn) -> None:
    switch(session, turn.text("mechanism"), turn.actor, turn.now, on=turn.text("do") == "on")


def _index(turn: Turn, said: Said | None = None) -> Response:
    with turn.site.database.unit_of_work() as session:
        on = {each.code: each.on for each in standings(session)}
        cards = [(card, card.counts(session, turn)) for card in CARDS if card.who(turn.actor)]
    return shown(turn, "ledgers/index.html", said, _DONE, cards=cards, on=on, admin="admin" in turn.actor.roles)

"""The index of configuration: every page with what it is for, and what waits on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from services.calendars.listing import list_calendars
from services.catalogue import catalogue
from services.policies.stored import versions
from services.routing.stored import versions as catalogue_versions
from services.versions import DRAFT
from web.access.visitor import Signed
from web.console.config.channels import letters_lost
from web.console.config.routing import looks
from web.console.config.templates import drafts_of_words, writes
from web.console.nav import admin, leads
from web.console.page import page
from web.site import Here, Lang, Now
from web.words import translated

router = APIRouter(include_in_schema=False)
#: What waits on a page, in the words of the reader; empty: nothing does.
Waiting = Callable[[Session, datetime, str], str]
Who = Callable[[Actor], bool]


@dataclass(frozen=True, slots=True)
class Room:
    """A page of configuration.

    Attributes:
        name: In Chinese, as in the catalogues of pages; `purpose` as well.
        who: Whom it is shown to; the page itself decides again.
        waiting: Says what waits on it; None: nothing ever does.
    """

    path: str
    name: str
    icon: str
    purpose: str
    who: Who = leads
    waiting: Waiting | None = None


def drafts_of_policy(session: Session, _now: datetime, lang: str) -> str:
    """How many drafts of the time limits wait for a second person."""
    drafts = sum(version.state == DRAFT for version in versions(session))
    return translated("%(n)s 个草稿等第二人发布", lang, n=drafts) if drafts else ""


def years_awaited(session: Session, now: datetime, lang: str) -> str:
    """The years within a year's reach whose notice is not loaded yet."""
    year = now.astimezone(catalogue(session).zone).year
    awaited = sorted({each for found in list_calendars(session) for each in found.awaiting if each <= year + 1})
    return translated("%(years)s 年放假安排未发布", lang, years="、".join(map(str, awaited))) if awaited else ""


def drafts_of_routing(session: Session, _now: datetime, lang: str) -> str:
    """How many drafts of the routing catalogue wait for a second person."""
    drafts = sum(version.state == DRAFT for version in catalogue_versions(session))
    return translated("%(n)s 个草稿等第二人发布", lang, n=drafts) if drafts else ""


_SLA: Final = "每类事项签收、联系、控制、处置各多久，特殊来源另算。改在草稿里，试算后由第二人发布。"
_CALENDARS: Final = "哪天上班、每天几点到几点。国务院放假通知、本地停工、延时服务都在这里录。"
_CHANNELS: Final = "消息从哪里发出去，现在通不通；新增、更换、试发、停用，没送到的重发。"
_WORDS: Final = "哪件事告诉谁、怎么说：写草稿、在真实案件上预览、由第二人发布。"
#: Group → its pages, as they are shown. Another room adds its lines here.
ROOMS: Final[Mapping[str, Sequence[Room]]] = {
    "时限": (
        Room("/config/sla", "办理时限", "i-clock", _SLA, waiting=drafts_of_policy),
        Room("/config/ladders", "升级阶梯", "i-ladder", "到了时限的几成提醒谁、报给谁、挂什么灯、何时督办。"),
        Room("/config/calendars", "工作日历", "i-calendar", _CALENDARS, waiting=years_awaited),
    ),
    "组织与派单": (
        Room(
            "/config/routing",
            "派单目录",
            "i-route",
            "哪类事项在哪里派给谁，职责清单，各级权限。改在草稿里，由第二人发布。",
            looks,
            drafts_of_routing,
        ),
        Room("/config/categories", "类别目录", "i-sort", "四十类事项：主办种类、紧急程度、从哪一级派、时限多久、依据是什么。"),
        Room("/config/rules", "研判用语", "i-search", "说到哪些字，就当是哪一类、有多急；可以拿一段话试。"),
        Room("/config/units", "单位设置", "i-home", "区、街道、社区、网格和各部门：人员、日历、上下级，改名、合并、拆分。"),
        Room("/config/rosters", "值班与外出", "i-calendar", "谁在值班、谁外出、B 角是谁：决定通知发给谁。"),
    ),
    "消息": (
        Room("/config/templates", "消息用语", "i-mail", _WORDS, writes, drafts_of_words),
        Room("/config/notices", "什么事告诉谁", "i-bell", "每种通知告诉谁、先走哪条路、走不通再走哪条、夜里发不发。", writes),
        Room("/config/channels", "消息通道", "i-chat", _CHANNELS, admin, letters_lost),
        Room("/config/limits", "发送规则", "i-bell", "一个人最多收几条、夜间几点不打扰、没发成怎么再试。", admin),
    ),
}


@router.get("/config")
def index(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Every page of configuration that the person may open."""
    mine = {group: [room for room in rooms if room.who(who.actor)] for group, rooms in ROOMS.items()}
    groups = {group: rooms for group, rooms in mine.items() if rooms}
    if not groups:
        raise Refused("config_only", user=who.actor.name)
    with site.database.unit_of_work() as session:
        waiting = {room.path: room.waiting(session, now, lang) for rooms in groups.values() for room in rooms if room.waiting}
    return page(request, who, "config/index.html", "config", groups=groups, waiting=waiting)

"""How each kind of affair is opened: what its form asks for, and the service that opens it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Thing
from services.affairs import Plan, begin, open_on
from services.affairs.naming import thing_name
from services.affairs.voices import Voice
from services.catalogue import Catalogue
from services.claims_pool.posting import Order, parse_line, post
from services.deliberation import Cadence, Called, call, found
from services.disputes import Raised, raise_dispute
from services.errands import Wish, begin_errand
from services.inspections import Planned, Site, plan
from services.moves import Setting
from services.polls import Poll, open_poll
from web.console.affairs import options as o
from web.console.affairs.fields import PEOPLE, Kind, Taken
from web.console.affairs.typed import moment, number, people, unit
from web.console.shown import capital
from web.words import translated

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class New:
    """An affair that is to be opened, as it was typed."""

    given: Given
    actor: Actor
    known: Catalogue
    setting: Setting

    def text(self, name: str) -> str:
        """A text; empty where nothing was typed."""
        return str(self.given.get(name, ""))

    def when(self, name: str) -> str | None:
        """A local moment as ISO writes it; None where nothing was typed."""
        return moment(self.given[name], self.known.zone) if name in self.given else None

    def instant(self, name: str) -> datetime | None:
        """The same as an instant."""
        at = self.when(name)
        return datetime.fromisoformat(at) if at is not None else None

    @property
    def cases(self) -> list[str]:
        """Numbers of the cases that it is about."""
        return list(self.given.get("cases", ()))

    @property
    def voices(self) -> list[Voice]:
        """Who takes part."""
        return people(self.given.get("units", ()), self.given.get("people", ()))


@dataclass(frozen=True, slots=True)
class Opening:
    """How a kind of affair is opened.

    Attributes:
        code: In the address.
        thing: What is opened.
        action: The move that opens it.
        takes: What its form asks for, in order; `?`: may be left out.
        kinds: Each of these as a field.
        make: Opens it and says its number.
        name: In Chinese, where it is called otherwise than its kind.
        intro: What it is for, in Chinese.
    """

    code: str
    thing: Thing
    action: str
    takes: str
    kinds: Mapping[str, Kind]
    make: Callable[[Session, New], str]
    intro: str
    name: str = ""

    def label(self, lang: str) -> str:
        """What it is called."""
        return translated(self.name, lang) if self.name else capital(thing_name(self.thing, lang))

    def wanted(self) -> list[Taken]:
        """What the form asks for."""
        return [Taken(each.rstrip("?"), not each.endswith("?")) for each in self.takes.split()]


def _whistle(session: Session, new: New) -> str:
    called = tuple(unit(new.known, code) for code in new.given.get("called", ()))
    texts = {"title": new.text("title"), "place": new.text("place"), "limit": new.text("limit") or None}
    wanted = Plan("whistle", {**texts, "called": called, "at": new.when("at")})
    if new.cases:
        return open_on(session, new.cases, wanted, new.actor, new.setting).no
    return begin(session, wanted, new.actor, new.setting).no


def _pool(session: Session, new: New) -> str:
    lines = tuple(parse_line(line.replace("：", ":")) for line in new.given.get("lines", ()))
    texts: Given = {name: new.text(name) for name in ("body", "place", "form")}
    who: Given = {name: new.text(name) or None for name in ("area", "phone", "name")}
    order = Order(new.text("title"), lines, until=new.instant("until"), cases=new.cases, **texts, **who)
    return post(session, order, new.actor, new.setting).no


def _meeting(session: Session, new: New) -> str:
    texts: Given = {name: new.text(name) for name in ("title", "form", "place", "body")}
    more: Given = {name: new.text(name) or None for name in ("rule", "judged")}
    options = tuple(new.given.get("options", ())) or None
    heads = number(new.given["heads"], "heads") if "heads" in new.given else None
    called = Called(**texts, voices=new.voices, at=new.when("at"), options=options, heads=heads, **more)
    return call(session, called, new.actor, new.setting, new.cases).no


def _series(session: Session, new: New) -> str:
    days = tuple(number(day, "days") for day in new.given.get("days", ()))
    cadence = Cadence(days, new.text("time"), bool(new.given.get("workdays")), new.when("until"))
    about: Given = {"voices": new.voices, "place": new.text("place")}
    return found(session, new.text("title"), new.text("form"), cadence, new.actor, new.setting, **about).no


def _dispute(session: Session, new: New) -> str:
    voices = people((), new.given.get("people", ()), role="party")
    more: Given = {name: new.text(name) or None for name in ("unit", "source", "reference", "pending")}
    raised = Raised(new.text("title"), new.text("kind"), voices, new.text("body"), new.text("place"), **more)
    return raise_dispute(session, raised, new.actor, new.setting, new.cases).no


def _errand(session: Session, new: New) -> str:
    who: Given = {name: new.text(name) or None for name in ("phone", "name", "agent")}
    where: Given = {"body": new.text("body"), "place": new.text("place")}
    wish = Wish(new.text("item"), home=bool(new.given.get("home")), at=new.instant("at"), **where, **who)
    return begin_errand(session, wish, new.actor, new.setting).no


def _inspection(session: Session, new: New) -> str:
    sites = [Site(row["words"], row["who"]) for row in new.given.get("sites", ())]
    wanted = Planned(new.text("title"), new.text("body"), new.text("checklist"), new.given.get("inspectors", ()), sites, new.instant("at"))
    return plan(session, wanted, new.actor, new.setting).no


def _poll(session: Session, new: New) -> str:
    households = number(new.given["households"], "households") if "households" in new.given else 0
    options = tuple(new.given.get("options", ()))
    poll = Poll(new.text("title"), options, new.when("until") or "", households, new.text("body"), new.text("place"))
    return open_poll(session, poll, new.actor, new.setting, new.cases).no


_TITLE: Final = Kind("text", "标题", "一句话说清是什么事")
_PLACE: Final = Kind("text", "地点")
_AT: Final = Kind("moment", "时间")
_BODY: Final = Kind("textarea", "说明")
_CASES: Final = Kind("lines", "涉及的案件编号", "一行一件；事项记在第一件里")
_UNITS: Final = Kind("many", "参加的单位", "可选多家", o.units)
_OPTIONS: Final = Kind("lines", "选项", "一行一个，至少两个")
_COMMON: Final = {"title": _TITLE, "place": _PLACE, "at": _AT, "body": _BODY, "cases": _CASES}

_ROWS: Final = (
    Opening(
        "whistle",
        Thing.WHISTLE,
        "whistle",
        "title called place? at? limit? cases?",
        _COMMON | {"called": Kind("many", "叫哪些单位", "可选多家", o.others), "limit": Kind("span", "多久内报到", "不填则为30分钟")},
        _whistle,
        "一件事一个单位办不了，把几个单位叫到现场。到时没来的，会告诉它的负责人和上级。",
    ),
    Opening(
        "pool",
        Thing.POOL,
        "post_order",
        "title lines place? area? form? until? body? phone? name? cases?",
        _COMMON
        | {
            "lines": Kind("lines", "需要什么", "一行一项：名称:数量单位，例如 折叠椅:100把。要技能的再写一节：安装:2人:木工"),
            "area": Kind("select", "哪里要", "不选则是您单位的区域", o.areas),
            "form": Kind("select", "种类", "不选则是一般认领单", o.ours("affair_form", ("wish", "adopt"))),
            "until": Kind("moment", "挂到什么时候"),
            "phone": Kind("text", "替居民点单：居民手机号"),
            "name": Kind("text", "居民姓名"),
        },
        _pool,
        "把要的东西、要的人手挂出来，由单位、志愿者和居民认领。结对的单位先看到。",
    ),
    Opening(
        "meeting",
        Thing.MEETING,
        "call_meeting",
        "title form at? place? units? people? body? rule? options? heads? judged? cases?",
        _COMMON
        | {
            "form": Kind("select", "会议形式", options=o.MEETINGS),
            "units": _UNITS,
            "people": PEOPLE,
            "rule": Kind("select", "要表决的，按什么规则", "不表决就不选", o.rules),
            "options": Kind("lines", "表决的选项", "一行一个；不填则是同意、不同意"),
            "heads": Kind("number", "一共多少人有表决权", "不填则按邀请的人算"),
            "judged": Kind("select", "听评哪个单位", "开听评会时选", o.units),
        },
        _meeting,
        "把人请到一起商量：记录、表决、分摊、签字、谁做什么，都在一处。",
        "议事会",
    ),
    Opening(
        "series",
        Thing.MEETING,
        "found_series",
        "title form days time workdays? until? place? units? people?",
        _COMMON
        | {
            "form": Kind("select", "会议形式", options=o.MEETINGS),
            "days": Kind("boxes", "星期几", options=o.weekdays),
            "time": Kind("text", "几点", "例如 19:30"),
            "workdays": Kind("check", "只在工作日开"),
            "until": Kind("moment", "开到什么时候", "不填则一直开"),
            "units": _UNITS,
            "people": PEOPLE,
        },
        _series,
        "定好星期几、几点，到时系统自动通知下一次；居民平时说的事先登记，会上一起议。",
        "例会",
    ),
    Opening(
        "dispute",
        Thing.DISPUTE,
        "open_dispute",
        "title kind people? unit? source? reference? pending? place? body? cases?",
        _COMMON
        | {
            "title": Kind("text", "标题", "用中性的话，不写姓名"),
            "kind": Kind("select", "种类", options=o.DISPUTES),
            "people": Kind("lines", "当事各方", "一行一方：称呼或手机号"),
            "unit": Kind("select", "由哪个单位化解", "不选则是本单位", o.units),
            "source": Kind("select", "从哪里转来的", "没有就不选", o.BODIES),
            "reference": Kind("text", "对方的编号"),
            "pending": Kind("select", "哪里已经受理了", "法院、仲裁、信访已经受理的，这里不能再办", o.BODIES),
        },
        _dispute,
        "登记以后交给化解的单位：约谈、协商、签协议、申请司法确认、到期回访。",
    ),
    Opening(
        "errand",
        Thing.ERRAND,
        "begin_errand",
        "item phone? name? agent? home? at? place? body?",
        _COMMON
        | {
            "item": Kind("select", "办什么", options=o.listed("errands")),
            "phone": Kind("text", "居民手机号", "办好了由他确认；不填则由本单位确认"),
            "name": Kind("text", "居民姓名"),
            "agent": Kind("select", "代办员", "不选则是您自己", o.agents),
            "home": Kind("check", "上门办"),
            "at": Kind("moment", "约好什么时候上门"),
        },
        _errand,
        "替居民跑腿：要哪些材料、分几步、每步多久，按帮办清单来。",
    ),
    Opening(
        "inspection",
        Thing.INSPECTION,
        "plan_inspection",
        "title inspectors sites checklist at? body?",
        _COMMON
        | {
            "title": Kind("text", "名称", "公开以后才显示"),
            "inspectors": Kind("many", "谁去看", "不能看自己的单位", o.staff),
            "sites": Kind("sites", "看哪里", "每行选被看的单位，写地点", o.units),
            "checklist": Kind("select", "用哪张清单", options=o.listed("checklists")),
            "body": Kind("textarea", "看什么、怎么看"),
        },
        _inspection,
        "四不两直：不发通知、不打招呼。公开之前，被检查的单位看不到。",
    ),
    Opening(
        "poll",
        Thing.POLL,
        "open_poll",
        "title options households until place? body? cases?",
        _COMMON
        | {
            "options": _OPTIONS,
            "households": Kind("number", "一共多少户"),
            "until": Kind("moment", "截止时间"),
        },
        _poll,
        "问一个小区的意见：线上答、座谈会上记、上门记，一户一次；定了以后写明谁出多少钱。",
    ),
)
OPENINGS: Final[Mapping[str, Opening]] = {each.code: each for each in _ROWS}

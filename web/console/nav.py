"""The console's navigation: one line a page; each person sees the pages of his or her role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rules.facts import STAFF, Actor

Who = Callable[[Actor], bool]


@dataclass(frozen=True, slots=True)
class Entry:
    """One page.

    Attributes:
        key: Says which entry is the present one.
        name: In Chinese, as in the catalogues of pages.
        icon: Symbol of templates/_sprite.html.
        who: Whose page it is.
    """

    key: str
    path: str
    name: str
    icon: str
    who: Who


def staff(actor: Actor) -> bool:
    """Everybody who handles cases."""
    return bool(actor.roles & STAFF)


def field(actor: Actor) -> bool:
    """Whoever is out in the field: grid workers."""
    return "worker" in actor.roles


def desk(actor: Actor) -> bool:
    """Whoever dispatches for a 网格中心, or heads it."""
    return actor.covers is not None


def leads(actor: Actor) -> bool:
    """The desk, duty leaders and administrators."""
    return desk(actor) or bool(actor.roles & {"duty_leader", "admin"})


def admin(actor: Actor) -> bool:
    """Administrators."""
    return "admin" in actor.roles


def of_ours(actor: Actor) -> bool:
    """Everybody who handles cases, and administrators."""
    return bool(actor.roles & (STAFF | {"admin"}))


def anybody(_: Actor) -> bool:
    """Everybody who is signed in."""
    return True


#: Section → its pages, as they are shown.
NAV: Final[Mapping[str, tuple[Entry, ...]]] = {
    "工作台": (
        Entry("grid", "/grid", "现场工作台", "i-walk", field),
        Entry("inbox", "/inbox", "收件箱", "i-inbox", staff),
        Entry("triage", "/triage", "研判台", "i-sort", desk),
        Entry("desks", "/desks", "办理台", "i-keys", staff),
        Entry("cases", "/cases", "案件", "i-case", anybody),
        Entry("affairs", "/affairs", "事项", "i-horn", staff),
        Entry("ledgers", "/ledgers", "台账", "i-table", of_ours),
        Entry("rosters", "/config/rosters", "值班与外出", "i-calendar", staff),
    ),
    "监测": (
        Entry("board", "/board", "今日调度", "i-chart", leads),
        Entry("rhythm", "/bulletins", "通报测评", "i-table", anybody),
        Entry("engine", "/engine", "引擎运行", "i-pulse", leads),
    ),
    "配置": (
        Entry("config", "/config", "配置", "i-wrench", leads),
        Entry("sla", "/config/sla", "办理时限", "i-clock", leads),
        Entry("ladders", "/config/ladders", "升级阶梯", "i-ladder", leads),
        Entry("calendars", "/config/calendars", "工作日历", "i-calendar", leads),
        Entry("people", "/people", "人员与账户", "i-users", admin),
    ),
}


def nav_of(actor: Actor) -> dict[str, list[Entry]]:
    """The pages of one person, by section; sections without any are left out."""
    mine = {section: [entry for entry in entries if entry.who(actor)] for section, entries in NAV.items()}
    return {section: entries for section, entries in mine.items() if entries}


def home_of(actor: Actor) -> str:
    """Where somebody begins: the first page of his or her own."""
    return next(iter(nav_of(actor).values()))[0].path

"""What the pages of the desks share: which desks there are, whose each is, and the row of them above every page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request, Response

from rules.facts import STAFF, Actor, Refused
from rules.routing import level_of
from services.catalogue import Catalogue
from web.access.visitor import Visitor
from web.console.nav import Who, staff
from web.console.page import page


@dataclass(frozen=True, slots=True)
class Desk:
    """One desk.

    Attributes:
        name, about: In Chinese, as in the catalogues of pages.
        icon: Symbol of templates/_sprite.html.
        who: Whose it is.
    """

    path: str
    name: str
    about: str
    icon: str
    who: Who


def dispatcher(actor: Actor) -> bool:
    """Dispatchers of a 网格中心."""
    return "dispatcher" in actor.roles


def rules(actor: Actor) -> bool:
    """Whoever decides about requests: dispatchers and those who sign."""
    return dispatcher(actor) or signs(actor)


def signs(actor: Actor) -> bool:
    """Duty leaders and heads of a 网格中心."""
    return "duty_leader" in actor.roles or ("head" in actor.roles and actor.covers is not None)


def reads(actor: Actor) -> bool:
    """Whoever may be a reader of sensitive cases: all of the staff; which cases, each case says."""
    return bool(actor.roles & STAFF)


#: Key → desk, as they are shown; the level desk is for units that can hold a case in ③.
DESKS: Final[Mapping[str, Desk]] = {
    "dispatch": Desk("/desks/dispatch", "派单台", "已立案、还没派出的案件：看建议和职责清单，派给一家或几家", "i-route", dispatcher),
    "rulings": Desk("/desks/rulings", "裁定台", "退单、延期、挂账、终止、申诉：看事实和时钟，采纳或不采纳", "i-check", rules),
    "level": Desk("/desks/level", "本级处置", "上报到本级的案件：本级办、往上报，或交下一级", "i-ladder", staff),
    "supervision": Desk("/desks/supervision", "督办台", "待签发、整改中、待核查、待销号的督办单；本单位收到的在这里回复", "i-flag", staff),
    "shift": Desk("/desks/shift", "交接班", "当班没办完的一张单子，交班人和接班人都签字", "i-swap", staff),
    "restricted": Desk("/desks/restricted", "敏感件", "只对指定的人打开：谁能看、谁看过、法定报告", "i-eyeoff", reads),
    "own": Desk("/own", "我的业绩", "自己经办的：按期、被退、评价；不与别人比", "i-chart", staff),
}


def desks_of(actor: Actor, known: Catalogue) -> dict[str, Desk]:
    """The desks of one person."""
    holds = actor.unit_id is not None and level_of(known.units[actor.unit_id]) is not None
    return {key: desk for key, desk in DESKS.items() if desk.who(actor) and (key != "level" or holds)}


def check_desk(who: Visitor, key: str) -> None:
    """See to it that this is a desk of this person's.

    Raises:
        Refused: `desk_for_others`.
    """
    if key not in desks_of(who.actor, who.known):
        raise Refused("desk_for_others")


def desk_page(request: Request, who: Visitor, template: str, key: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - values of the template
    """Make a page of a desk.

    Args:
        request: What is answered.
        who: Who is signed in.
        template: File below web/templates/console.
        key: Of `DESKS`; empty for the page that lists them.
        status: HTTP status.
        values: What the template names.
    """
    mine = desks_of(who.actor, who.known)
    return page(request, who, template, "desks", status, desks=mine, desk=DESKS.get(key), desk_key=key, **values)

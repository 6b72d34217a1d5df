"""Posting an order: of a community, or of a resident for whom somebody writes it down."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, connection_of, table
from rules.facts import Actor, Refused
from rules.handling.claims import ADOPT
from services.affairs import Began, Plan, begin, open_on
from services.affairs.askers import requester_for
from services.catalogue import catalogue
from services.claims_pool.pairing import paired_with
from services.mechanisms import require
from services.moves import Setting

_case = table(Case)
#: How a line is written: title, quantity, measure, and the skill it takes: `折叠椅:100把`, `安装工:2人:安装`.
_LINE: Final = re.compile(r"\s*([^:：]{1,120})[:：]\s*(\d{1,7})\s*([^:：\d][^:：]{0,19})?(?:[:：]\s*([^:：]{1,20}))?\s*")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what is wanted.

    Attributes:
        quantity: How much, from 1.
        measure: Unit of measure, e.g. 把, 人.
        skill: What whoever takes it on has to be able to do; empty: nothing in particular.
    """

    title: str
    quantity: int
    measure: str = ""
    skill: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it is handed in.

    Attributes:
        title: One line.
        lines: What is wanted.
        area: Code of the unit in whose area it is wanted; None: the area of whoever posts it.
        form: Variety: empty, `wish` (微心愿), or `adopt` (taken on for good).
        phone, name: Of the resident for whom it is written down; None: it is the community's own.
        until: When it is too late, aware; None: the limit of the policy.
        limits: Limits for `claim`, `deliver` and `look`, e.g. `3wd`.
        cases: Numbers of the cases that it is about; none: it stands alone.
    """

    title: str
    lines: Sequence[Line]
    body: str = ""
    place: str = ""
    area: str | None = None
    form: str = ""
    phone: str | None = None
    name: str | None = None
    until: datetime | None = None
    limits: Mapping[str, str] | None = None
    cases: Sequence[str] = ()


def parse_line(text: str) -> Line:
    """Read a line as it is typed, e.g. `折叠椅:100把` or `安装工:2人:安装`.

    Raises:
        Refused: `line_unreadable`.
    """
    found = _LINE.fullmatch(text)
    if found is None or int(found[2]) == 0:
        raise Refused("line_unreadable", given=text)
    return Line(found[1].strip(), int(found[2]), (found[3] or "").strip(), (found[4] or "").strip())


def post(session: Session, order: Order, actor: Actor, setting: Setting, key: str | None = None) -> Began:
    """Put an order into the pool; the units paired with its area hear of it first and have it to themselves for a day.

    With the key of a form that was taken before nothing is put in, and what was put in then is given back.

    Raises:
        Refused: `mechanism_off`, `lines_missing`, `unknown_order_form`, `bad_phone`, and what opening an affair says.
    """
    require(session, "claims")
    if order.form not in ("", "wish", ADOPT):
        raise Refused("unknown_order_form", given=order.form, known=f"wish, {ADOPT}")
    asker = requester_for(session, order.phone, order.name) if order.phone else None
    args: dict[str, Any] = {
        "title": order.title,
        "lines": tuple(asdict(line) for line in order.lines),
        "body": order.body or None,
        "place": order.place or None,
        "form": order.form or None,
        "asker": asker,
        "until": order.until.isoformat() if order.until else None,
        "paired": _paired(session, order, actor, setting.now) or None,
        **dict(order.limits or {}),
    }
    plan = Plan("post_order", args)
    return (
        open_on(session, list(order.cases), plan, actor, setting) if order.cases else begin(session, plan, actor, setting, order.area, key)
    )


def _paired(session: Session, order: Order, actor: Actor, now: datetime) -> tuple[int, ...]:
    """The units paired with where it is wanted: with the area of the first case, the one that is named, or that of whoever posts it."""
    known = catalogue(session)
    if order.cases:
        first = select(_case.c.area_unit_id).where(_case.c.no == order.cases[0].strip().upper())
        area_id = connection_of(session).execute(first).scalar()
    else:
        area_id = known.unit_ids.get(order.area or "", actor.unit_id)
    return tuple(paired_with(session, known.line(area_id), known, now)) if area_id is not None else ()

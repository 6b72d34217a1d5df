"""One row of the inbox: a thing that waits for the unit, the clock of it that burns first, and the one thing to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rules.clocks import ClockKind
from rules.facts import OrderState, SupervisionState, Thing
from services.listing import Light

Row = Mapping[str, Any]


class Role(StrEnum):
    """What the unit is in a case."""

    LEAD = "lead"  #: 主办
    CO = "co"  #: 协办
    HOLD = "hold"  #: 本级: holds it in step ③
    CHECK = "check"  #: 核查
    DESK = "desk"  #: 值守: receives, dispatches, decides, answers
    SUPERVISED = "supervised"  #: 督办: puts right what a supervision order demands
    BESIDE = "beside"  #: 事项: an affair beside the loop


@dataclass(frozen=True, slots=True)
class Next:
    """The one thing to do next.

    Attributes:
        action: As in `rules.lifecycle.MOVES`; empty: look at the case and choose.
        thing: What it is about.
        no: Number of that within the case.
        at_once: Nothing has to be handed in, so a button may do it.
    """

    action: str
    thing: Thing = Thing.CASE
    no: int | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for the unit.

    Attributes:
        case: Columns of its case; nothing personal is in them but what people wrote into the subject, blotted out.
        thing, no: Work order, supervision order, affair or the case, and its number within the case.
        clock: The open clock of it that burns first.
        light: Its light.
        handler_id: Who in the unit does the work order.
        waits_ack: A work order that nobody in the unit has acknowledged.
        supervised: A supervision order about the case lies with the unit.
    """

    case: Row
    thing: Thing
    no: int | None
    role: Role
    clock: Row
    light: Light
    next: Next
    handler_id: int | None = None
    waits_ack: bool = False
    supervised: bool = False

    @property
    def due_at(self) -> datetime:
        """When it is due, aware UTC."""
        due: datetime = self.clock["due_at"]
        return due

    @property
    def key(self) -> str:
        """Names the row in a form: number of the case, thing, number of that, version of the case."""
        return f"{self.case['no']}.{self.thing.value}.{self.no or 0}.{self.case['version']}"


#: What is done next under a clock of the case itself, of a supervision order, or of a request; a clock without an entry: look and choose.
_NEXT: Final[Mapping[str, str]] = {
    ClockKind.ACCEPT: "accept",
    ClockKind.TRIAGE: "file",
    ClockKind.DISPATCH: "dispatch",
    ClockKind.VERIFY: "pass_check",
    ClockKind.FEEDBACK: "feed_back",
    ClockKind.HOLD_REVIEW: "review_hold",
    ClockKind.RECHECK: "recheck",
    ClockKind.RECHECK_LATE: "recheck",
    ClockKind.STATUTORY: "report_statutory",
}
_OF_ORDER: Final[Mapping[str, str]] = {ClockKind.CONTACT: "contact", ClockKind.CONTROL: "control", ClockKind.STAGE: "reach"}
_OF_SUPERVISION: Final[Mapping[str, str]] = {
    SupervisionState.PROPOSED: "sign",
    SupervisionState.SIGNED: "reply",
    SupervisionState.REPLIED: "pass_check",
    SupervisionState.VERIFIED: "write_off",
}
#: Moves that need nothing handed in and say nothing about the place.
AT_ONCE: Final = frozenset({"acknowledge", "contact"})
_CHECKS: Final = frozenset({ClockKind.VERIFY, ClockKind.RECHECK, ClockKind.RECHECK_LATE, ClockKind.REVIEW})
#: Clocks that carry the number of a work order, but wait for somebody who decides about it.
_DECIDED: Final = frozenset({ClockKind.EXTEND, ClockKind.RULE, ClockKind.APPROVE, ClockKind.CONFIRM, ClockKind.APPEAL})


def thing_of(row: Row) -> tuple[Thing, int | None]:
    """What a clock is about: clocks of the same thing are one row."""
    if row["kind"] == ClockKind.EXTEND:
        return Thing.EXTENSION, row["extension_no"]
    if row["kind"] in _DECIDED:
        return Thing.REQUEST, row["order_no"]
    if row["supervision_seq"] is not None:
        return Thing.SUPERVISION, row["supervision_seq"]
    if row["affair_seq"] is not None:
        return Thing(row["affair_thing"]), row["part_no"] or row["affair_seq"]
    return (Thing.ORDER, row["order_no"]) if row["order_no"] is not None else (Thing.CASE, None)


def role_of(row: Row) -> Role:
    """What the unit is in the case, by the clock that waits for it."""
    if row["affair_seq"] is not None:
        return Role.BESIDE
    if row["kind"] == ClockKind.RECTIFY:
        return Role.SUPERVISED
    if row["kind"] == ClockKind.DECIDE:
        return Role.HOLD
    if row["kind"] in _CHECKS:
        return Role.CHECK
    if row["order_no"] is None or row["kind"] in _DECIDED:
        return Role.DESK
    return Role.LEAD if row["lead"] else Role.CO


def waits_ack(row: Row) -> bool:
    """Whether a clock is one of a work order that nobody in the unit has acknowledged."""
    return thing_of(row)[0] is Thing.ORDER and (row["order_state"] == OrderState.SENT or bool(row["deemed"]))


def next_of(row: Row) -> Next:
    """The one thing to do next under this clock."""
    thing, no = thing_of(row)
    if row["kind"] == ClockKind.EXTEND:
        return Next("grant", thing, no)
    if thing is Thing.SUPERVISION:
        return Next(_OF_SUPERVISION[row["supervision_state"]], thing, no)
    if thing is Thing.ORDER:
        action = "acknowledge" if waits_ack(row) else _OF_ORDER.get(row["kind"], "finish")
        return Next(action, thing, no, action in AT_ONCE) if row["running_since"] is not None or waits_ack(row) else Next("")
    return Next(_NEXT.get(row["kind"], "") if thing is Thing.CASE else "")

"""Notices: which action or rung tells whom, by which channel. To add one: a row here and its template in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Audience(StrEnum):
    """Whom a notice is for, relative to the unit it is about."""

    REPORTER = "reporter"  #: the resident; nobody if anonymous without a phone
    CLERK = "clerk"  #: who does the work in the unit: clerk, grid worker or dispatcher
    HEAD = "head"  #: the unit's head
    ABOVE = "above"  #: who does the work in the supervising unit
    ABOVE_HEAD = "above_head"  #: head of the supervising unit
    CENTRE = "centre"  #: dispatcher at the district's 网格中心
    CENTRE_HEAD = "centre_head"  #: head of the district's 网格中心, who signs supervision orders
    DUTY = "duty"  #: the district's duty leader
    ADMIN = "admin"  #: who runs the system


SMS: Final = "sms"
EMAIL: Final = "email"
A = Audience


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: audiences with their channel. Whatever the channel, the recipient also finds it in the in-app inbox.

    Attributes:
        code: What it is called in the queue.
        to: Whom it is for, each with the channel.
        template: The words it uses, when they are those of another notice.
    """

    code: str
    to: tuple[tuple[Audience, str], ...]
    template: str


def _notice(code: str, *to: tuple[Audience, str], template: str | None = None) -> Notice:
    return Notice(code, to, template or code)


_RESIDENT = ((A.REPORTER, SMS),)
_LIST: Final = (
    # to residents
    _notice("accepted", *_RESIDENT),
    _notice("dispatched_reporter", *_RESIDENT),
    _notice("fed_back", *_RESIDENT),
    _notice("declined", *_RESIDENT),
    _notice("diverted", *_RESIDENT),
    _notice("answered", *_RESIDENT),
    _notice("merged", *_RESIDENT),
    _notice("held", *_RESIDENT),
    _notice("resumed_reporter", *_RESIDENT, template="dispatched_reporter"),
    _notice("closed", *_RESIDENT),
    _notice("clock_red_reporter", *_RESIDENT),
    _notice("extended_reporter", *_RESIDENT),
    # to whoever must act next
    _notice("dispatched_lead", (A.CLERK, SMS)),
    _notice("dispatched_co", (A.CLERK, SMS)),
    _notice("assigned", (A.CLERK, SMS), template="dispatched_lead"),
    _notice("level_asked", (A.CLERK, SMS)),
    _notice("unclaimed", (A.CENTRE, EMAIL)),
    _notice("verify_asked", (A.CLERK, EMAIL)),
    _notice("judge_asked", (A.CENTRE, EMAIL)),
    _notice("absorbed", (A.CLERK, EMAIL)),
    _notice("split_off", *_RESIDENT),
    _notice("restricted", (A.CENTRE_HEAD, SMS), (A.CENTRE, EMAIL), (A.DUTY, EMAIL)),
    _notice("named_reader", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("recheck_asked", (A.CLERK, EMAIL)),
    _notice("rework", (A.CLERK, SMS)),
    _notice("recalled", (A.CLERK, EMAIL)),
    _notice("resumed", (A.CLERK, EMAIL)),
    _notice("reopened", (A.CENTRE, EMAIL)),
    _notice("extension_asked", (A.CENTRE, EMAIL)),
    _notice("extension_granted", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("extension_refused", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("bound", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("order_signed", (A.HEAD, SMS), (A.CLERK, EMAIL)),
    _notice("letter_signed", (A.HEAD, SMS), (A.CLERK, EMAIL)),
    _notice("bulletin_signed", (A.HEAD, SMS), (A.CLERK, EMAIL)),
    _notice("supervision_listed", (A.HEAD, SMS), (A.ABOVE, EMAIL)),
    _notice("supervision_replied", (A.CLERK, EMAIL)),
    _notice("supervision_sent_back", (A.HEAD, SMS), (A.CLERK, EMAIL)),
    _notice("supervision_passed", (A.CENTRE_HEAD, EMAIL)),
    _notice("supervision_written_off", (A.HEAD, EMAIL), (A.CLERK, EMAIL)),
    _notice("supervision_withdrawn", (A.HEAD, SMS), (A.CLERK, EMAIL)),
    # returns, holds, other ends, other hands
    _notice("withdrawn", *_RESIDENT),
    _notice("voided", *_RESIDENT),
    _notice("terminated", *_RESIDENT),
    _notice("moved_up", *_RESIDENT),
    _notice("return_asked", (A.CENTRE, EMAIL)),
    _notice("return_upheld", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("return_rejected", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("ruled_lead", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("ruled_co", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("lead_changed", (A.CLERK, EMAIL)),
    _notice("co_added", (A.CLERK, EMAIL)),
    _notice("passed_around", (A.CENTRE_HEAD, EMAIL)),
    _notice("gave_up", (A.CLERK, EMAIL)),
    _notice("urged", (A.CLERK, SMS), (A.HEAD, SMS)),
    _notice("handed_to", (A.CLERK, SMS)),
    _notice("hold_asked", (A.CENTRE, EMAIL)),
    _notice("hold_refused", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("held_unit", (A.CLERK, EMAIL)),
    _notice("hold_goes_on", (A.CLERK, EMAIL)),
    _notice("end_asked", (A.CENTRE_HEAD, SMS), (A.CENTRE, EMAIL), (A.DUTY, EMAIL)),
    _notice("end_refused", (A.CLERK, SMS)),
    _notice("case_ended", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("request_lapsed", (A.CLERK, EMAIL)),
    # units and people that change
    _notice("taken_over", (A.CLERK, EMAIL)),
    _notice("units_changed", (A.HEAD, EMAIL)),
    # from the clock of a handling unit
    _notice("clock_remind", (A.CLERK, EMAIL)),
    _notice("clock_eve", (A.CLERK, EMAIL)),
    _notice("clock_yellow", (A.CLERK, SMS)),
    _notice("clock_red", (A.HEAD, SMS), (A.CLERK, EMAIL)),
    _notice("clock_after_1wd", (A.HEAD, SMS), (A.ABOVE, EMAIL)),
    _notice("clock_after_5wd", (A.ABOVE_HEAD, EMAIL), (A.CENTRE, EMAIL)),
    _notice("clock_escalate_1", (A.ABOVE, SMS)),
    _notice("clock_escalate_2", (A.DUTY, SMS)),
    _notice("clock_help", (A.ABOVE, EMAIL)),
    _notice("clock_due", (A.CLERK, SMS)),
    _notice("clock_moved_earlier", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("clock_overdue", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("acknowledge_overdue", (A.HEAD, SMS), (A.CLERK, SMS)),
    _notice("acknowledge_deemed", (A.HEAD, SMS), (A.CENTRE, EMAIL)),
    _notice("emergency_call", (A.HEAD, SMS), (A.CLERK, SMS), (A.ABOVE, SMS), (A.DUTY, SMS)),
    # from the clock of a desk
    _notice("desk_remind", (A.CLERK, EMAIL)),
    _notice("desk_overdue", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("desk_escalated", (A.ABOVE, SMS)),
    _notice("desk_escalated_again", (A.DUTY, SMS)),
    # to the centre and the administrators
    _notice("supervision_asked", (A.CENTRE_HEAD, EMAIL)),
    _notice("order_proposed", (A.CENTRE_HEAD, EMAIL), (A.CENTRE, EMAIL)),
    _notice("listing_proposed", (A.CENTRE_HEAD, EMAIL), (A.DUTY, EMAIL)),
    _notice("bulletin_proposed", (A.CENTRE_HEAD, EMAIL), (A.CENTRE, EMAIL)),
    _notice("set_aside", (A.DUTY, SMS), (A.DUTY, EMAIL), (A.CENTRE, SMS), (A.ADMIN, EMAIL)),
    _notice("set_aside_admin", (A.ADMIN, EMAIL), template="set_aside"),
    _notice("unreached", (A.ABOVE, SMS), (A.CENTRE, SMS)),
    _notice("nobody_to_tell", (A.ADMIN, EMAIL)),
    # ratings, topics
    _notice("rework_reporter", *_RESIDENT),
    _notice("rework_again", (A.ABOVE, EMAIL), (A.ABOVE_HEAD, EMAIL), (A.CENTRE_HEAD, EMAIL)),
    _notice("appeal_asked", (A.CENTRE_HEAD, EMAIL), (A.DUTY, EMAIL)),
    _notice("appeal_upheld", (A.CLERK, EMAIL), (A.HEAD, EMAIL)),
    _notice("appeal_rejected", (A.CLERK, EMAIL), (A.HEAD, EMAIL)),
    _notice("rating_burst", (A.CENTRE, EMAIL)),
    _notice("call_back_bad", (A.CENTRE, EMAIL)),
    _notice("topic_found", (A.CENTRE_HEAD, EMAIL)),
    # routing: a unit was given what is off its duty list
    _notice("duty_override", (A.CENTRE_HEAD, EMAIL)),
)
NOTICES: Final[Mapping[str, Notice]] = {n.code: n for n in _LIST}

"""Notices: which action or rung tells whom, by which channel. To add one: a row here and its template in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypedDict, Unpack


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
    NAMED = "named"  #: the person that the case names to hear when nobody acknowledges it; the unit's head where it names nobody


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
        urgent: It waits for nothing, whatever the case: no quiet hours, no budget by the minute.
        working: Of a clock in working time it is sent in working time only.
        expires: It says "before …" and would mislead once that moment has passed.
        reminder: It comes from a rung: a gap is kept between two of them, and the newest speaks for the others.
        chain: Name of the order in which other ways are tried (notifications/chains.py); empty: that of its channel.
    """

    code: str
    to: tuple[tuple[Audience, str], ...]
    template: str
    urgent: bool = False
    working: bool = False
    expires: bool = False
    reminder: bool = False
    chain: str = ""


class _Traits(TypedDict, total=False):
    urgent: bool
    working: bool
    expires: bool
    chain: str


def _notice(code: str, *to: tuple[Audience, str], template: str | None = None, **traits: Unpack[_Traits]) -> Notice:
    return Notice(code, to, template or code, **traits)


def _rung(code: str, *to: tuple[Audience, str], **traits: Unpack[_Traits]) -> Notice:
    return Notice(code, to, code, reminder=True, **traits)


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
    _notice("supplemented", (A.CLERK, EMAIL)),
    _notice("call_wanted", (A.CLERK, SMS)),
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
    _rung("clock_remind", (A.CLERK, EMAIL), working=True, expires=True),
    _rung("clock_eve", (A.CLERK, EMAIL), expires=True),
    _rung("clock_yellow", (A.CLERK, SMS), expires=True),
    _rung("clock_red", (A.HEAD, SMS), (A.CLERK, EMAIL)),
    _rung("clock_after_1wd", (A.HEAD, SMS), (A.ABOVE, EMAIL)),
    _rung("clock_after_5wd", (A.ABOVE_HEAD, EMAIL), (A.CENTRE, EMAIL)),
    _rung("clock_escalate_1", (A.ABOVE, SMS)),
    _rung("clock_escalate_2", (A.DUTY, SMS)),
    _rung("clock_help", (A.ABOVE, EMAIL)),
    _rung("clock_due", (A.CLERK, SMS)),
    _notice("clock_moved_earlier", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _rung("clock_overdue", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _rung("acknowledge_overdue", (A.HEAD, SMS), (A.CLERK, SMS)),
    _rung("acknowledge_deemed", (A.HEAD, SMS), (A.CENTRE, EMAIL)),
    _rung("emergency_call", (A.HEAD, SMS), (A.CLERK, SMS), (A.ABOVE, SMS), (A.DUTY, SMS), urgent=True),
    # from the clock of a desk
    _rung("desk_remind", (A.CLERK, EMAIL), working=True, expires=True),
    _rung("desk_overdue", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _rung("desk_escalated", (A.ABOVE, SMS)),
    _rung("desk_escalated_again", (A.DUTY, SMS)),
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
    _notice("reply_unclear", (A.CENTRE, EMAIL)),
    _notice("topic_found", (A.CENTRE_HEAD, EMAIL)),
    # the list of the day, score sheets of the week, the bulletin of the month
    _notice("duty_list", (A.CENTRE_HEAD, EMAIL), (A.DUTY, EMAIL)),
    _notice("sheet_signed", (A.HEAD, EMAIL), (A.CLERK, EMAIL)),
    _notice("rhythm_appealed", (A.CENTRE_HEAD, EMAIL), (A.DUTY, EMAIL)),
    _notice("rhythm_decided", (A.HEAD, EMAIL), (A.CLERK, EMAIL)),
    _notice("bulletin_open", (A.HEAD, EMAIL)),
    _notice("rhythm_published", (A.HEAD, EMAIL)),
    _notice("rhythm_ready", (A.CENTRE_HEAD, EMAIL), (A.DUTY, EMAIL)),
    # affairs beside the loop (rules/handling): something is asked, something has become of it, time runs out
    _notice("affair_asked", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _notice("affair_told", (A.CLERK, SMS)),
    _notice("affair_news", (A.CLERK, EMAIL)),
    _notice("affair_resident", *_RESIDENT),
    _rung("affair_remind", (A.CLERK, EMAIL), working=True, expires=True),
    _rung("affair_due", (A.CLERK, SMS), (A.HEAD, EMAIL)),
    _rung("affair_late", (A.ABOVE, SMS), (A.HEAD, SMS)),
    # what a device reported: none of it stands in for 119, 110, 120
    _notice("sensor_lead", (A.CLERK, SMS), urgent=True),
    _notice("sensor_co", (A.CLERK, SMS), urgent=True),
    _notice("sensor_alarm", (A.CLERK, SMS), urgent=True),
    _rung("sensor_unanswered", (A.NAMED, SMS), (A.HEAD, SMS), urgent=True),
    _notice("sensor_stood_down", (A.CLERK, SMS), urgent=True),
    _rung("sensor_remind", expires=True),
    _rung("sensor_late"),
    _notice("sensor_late_reporter", *_RESIDENT),
    # who is responsible: officers of a place, letters that run out, grids that nobody works
    _notice("office_case"),
    _notice("affair_office"),
    _notice("letter_expiring", (A.HEAD, EMAIL)),
    _notice("grid_gap", (A.ABOVE, SMS), (A.ABOVE_HEAD, EMAIL)),
    # of no single case: many in one, channels and numbers that fail
    _notice("digest"),
    _notice("channel_down", (A.ADMIN, EMAIL), (A.ADMIN, SMS), urgent=True),
    _notice("channel_up", (A.ADMIN, EMAIL)),
    _notice("channel_test"),
    _notice("sign_in_code", urgent=True, chain="phone_only"),
    _notice("number_failing", (A.HEAD, EMAIL), (A.ADMIN, EMAIL)),
    # routing: a unit was given what is off its duty list
    _notice("duty_override", (A.CENTRE_HEAD, EMAIL)),
)
NOTICES: Final[Mapping[str, Notice]] = {n.code: n for n in _LIST}

_OVER: Final = ("due", "overdue", "red", "after_1wd", "after_5wd", "escalate_1", "escalate_2", "help")
#: What is said instead of a case that a device reported, to the same people by the same way: a reminder, that it is late; each says, as
#: the first message did, that it does not stand in for 119, 110, 120.
OF_SENSORS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("clock_remind", "clock_eve", "clock_yellow", "desk_remind"), "sensor_remind"),
    **{f"clock_{name}": "sensor_late" for name in _OVER},
    **dict.fromkeys(("acknowledge_overdue", "emergency_call", "desk_overdue", "desk_escalated", "desk_escalated_again"), "sensor_late"),
    "clock_red_reporter": "sensor_late_reporter",
}

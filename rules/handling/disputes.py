"""矛盾纠纷: pushed to whoever brings the sides together, sent to another body and back, agreed, confirmed by the court, followed up.

Source: domain of the seeds, row 6; 《人民调解法》 art. 31 to 33 (the agreement, its being kept, confirmed within 30 days if both ask);
《信访工作条例》 art. 31 (what belongs to a legal procedure goes there and is not handled here as well).
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import FINAL, RELATIONS, Actor, Args, Facts, State, Step, Thing, Who
from rules.handling import agreeing
from rules.handling.agreeing import HAS_TEXT, Phase
from rules.handling.kinds import AffairKind, PartKind, Timed, Whose
from rules.needs import HAS_RESULT, REASON, Need, given
from rules.table import by, moves


class DisputeState(StrEnum):
    """What is true of a dispute."""

    RAISED = "raised"  #: on record and pushed to a unit; nobody has taken it up
    TALKING = "talking"  #: in the mediation room
    DIVERTED = "diverted"  #: with another body
    SIGNING = Phase.SIGNING.value  #: an agreement waits for signatures
    AGREED = Phase.AGREED.value  #: signed; being kept, confirmed, followed up
    SETTLED = "settled"  #: kept, and nothing more is waited for
    ELSEWHERE = "elsewhere"  #: another body has brought it to its end
    FAILED = "failed"  #: no agreement; the sides know where they can go
    WITHDRAWN = "withdrawn"


class SittingState(StrEnum):
    """What is true of one sitting, or of one follow-up visit."""

    SET = "set"  #: a sitting is to take place
    HELD = "held"
    CALLED_OFF = "called_off"
    TO_VISIT = "to_visit"  #: somebody has to ask whether it held
    VISITED = "visited"


class DiversionState(StrEnum):
    """What is true of a dispute's way to another body, or from one; the record says who waits for whom."""

    SENT = "sent"  #: they have not said yet whether they take it
    TAKEN = "taken"  #: they have taken it on: we wait for them
    RETURNED = "returned"  #: they have sent it back, or not taken it
    RESOLVED = "resolved"  #: they have brought it to its end
    HERE = "here"  #: it came from them: they wait for us
    TOLD = "told"  #: they were told what became of it


class JudicialState(StrEnum):
    """What is true of the court's confirmation."""

    WINDOW = "window"  #: both sides may ask for it
    ASKED = "asked"  #: both have; the court has not decided
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NOT_ASKED = "not_asked"  #: the window is over, or they do not want it


class JointState(StrEnum):
    """What is true of something that police and grid did together: a fact only once both have signed."""

    ONE_SIDED = "one_sided"  #: one side has written it down
    CHECKED = "checked"  #: the other has looked and signed
    CONTESTED = "contested"  #: the other says it was not so


#: 联采 collected by the grid and checked by the police, 联控 watched, 联调 settled, 联宣 made known together.
JOINT_WAYS: Final = ("collect", "watch", "settle", "publicise")
_D, _S, _V, _J, _P = DisputeState, SittingState, DiversionState, JudicialState, JointState
_OWNER, _SYSTEM, _THEIRS = by(Who.OWNER), by(Who.SYSTEM), by(Who.PARTY, Who.OWNER)
_NEVER: Final = Need("handled_elsewhere", lambda _f, _a, _x: False)
_OPENS: Final = Need("dispute_incomplete", given("title", "kind"))
_WHEN: Final = Need("meeting_time_missing", given("at"))
_BODY: Final = Need("body_missing", given("to", "reason"))
_MINUTES: Final = Need("minutes_missing", given("minutes"))
_HELD_GOOD: Final = Need("visit_incomplete", lambda _f, _a, args: isinstance(args.get("kept"), bool) and bool(args.get("result")))
_WAY: Final = Need("joint_way_missing", lambda _f, _a, args: args.get("way") in JOINT_WAYS and bool(args.get("words")))
_REFERENCE: Final = Need("reference_missing", given("reference"))


def _both(facts: Facts, _: Actor, args: Args) -> bool:
    """Confirmation is asked for by all sides together."""
    parts = facts.affair.parts if facts.affair is not None else ()
    sides = {p.no for p in parts if p.thing is Thing.VOICE and p.data.get("side")}
    asked = args.get("sides")
    return isinstance(asked, tuple | list) and bool(sides) and all(side in asked for side in sides)


def _takes_part(facts: Facts, actor: Actor, _: Args) -> bool:
    """Of a unit that has a part in it, or whose affair it is, or over the place."""
    affair = facts.affair
    if affair is None:
        return False
    units = {affair.unit_id, *(p.unit_id for p in affair.parts)} - {None}
    return bool(units & set(actor.body)) or RELATIONS[Who.NEAR](actor, facts)


def _another(facts: Facts, actor: Actor, _: Args) -> bool:
    """The second signature is not the hand of the first."""
    return facts.part is not None and facts.part.data.get("by") != actor.name


_BOTH: Final = Need("both_sides_ask", _both)
_IN_IT: Final = Need("not_in_dispute", _takes_part)
_SECOND: Final = Need("signs_own_record", _another)
_OPEN_CASE: Final = [s for s in State if s not in FINAL and s is not State.BESIDE]
_AT_WORK: Final = (_D.RAISED, _D.TALKING, _D.DIVERTED, _D.AGREED)

KIND: Final = AffairKind(
    Thing.DISPUTE,
    "JF",
    frozenset({_D.SETTLED, _D.ELSEWHERE, _D.FAILED, _D.WITHDRAWN}),
    (
        *moves(Thing.CASE, Step.HANDLE, [
            *[("open_dispute", s,             s,              by(Who.NEAR, Who.CENTRE, Who.HANDLER), _OPENS) for s in _OPEN_CASE],
            ("open_dispute",   State.BESIDE,  State.BESIDE,   by(Who.STAFF), _OPENS),
            ("open_dispute",   State.DIVERTED, State.DIVERTED, by(Who.STAFF), _NEVER),
        ]),
        *moves(Thing.DISPUTE, Step.HANDLE, [
            ("take_up_dispute", _D.RAISED,    _D.TALKING,     _OWNER),
            *[("push_dispute", s,             s,              by(Who.OWNER, Who.CENTRE), Need("unit_missing", given("unit")), REASON)
              for s in (_D.RAISED, _D.TALKING)],
            ("name_mediators", _D.TALKING,    _D.TALKING,     _OWNER, Need("voices_missing", given("voices"))),
            ("set_sitting",    _D.TALKING,    _D.TALKING,     _OWNER, _WHEN),
            ("set_sitting",    _D.DIVERTED,   _D.DIVERTED,    _OWNER, _NEVER),
            ("agree",          _D.TALKING,    _D.SIGNING,     _OWNER, HAS_TEXT),
            ("agree",          _D.DIVERTED,   _D.DIVERTED,    _OWNER, _NEVER),
            ("all_signed",     _D.SIGNING,    _D.AGREED,      _SYSTEM, "follows"),
            ("fall_through",   _D.SIGNING,    _D.TALKING,     _SYSTEM, "follows"),
            ("all_fulfilled",  _D.AGREED,     _D.SETTLED,     _SYSTEM, "follows"),
            ("resume_talks",   _D.AGREED,     _D.TALKING,     _OWNER, REASON),
            ("talks_reopened", _D.AGREED,     _D.TALKING,     _SYSTEM, "follows"),
            *[("divert_dispute", s,           _D.DIVERTED,    by(Who.OWNER, Who.CENTRE), _BODY) for s in (_D.RAISED, _D.TALKING)],
            ("divert_dispute", _D.DIVERTED,   _D.DIVERTED,    by(Who.OWNER, Who.CENTRE), _NEVER),
            ("come_back",      _D.DIVERTED,   _D.TALKING,     _SYSTEM, "follows"),
            ("end_elsewhere",  _D.DIVERTED,   _D.ELSEWHERE,   _SYSTEM, "follows"),
            ("fail_dispute",   _D.TALKING,    _D.FAILED,      _OWNER, REASON),
            *[("withdraw_dispute", s,         _D.WITHDRAWN,   _OWNER, REASON) for s in (_D.RAISED, _D.TALKING)],
            *[("act_jointly",  s,             s,              by(Who.STAFF), _IN_IT, _WAY) for s in _AT_WORK],
        ]),
        *moves(Thing.SITTING, Step.HANDLE, [
            ("hold_sitting",   _S.SET,        _S.HELD,        _OWNER, _MINUTES),
            ("call_off",       _S.SET,        _S.CALLED_OFF,  _OWNER, REASON),
            ("spare_sitting",  _S.SET,        _S.CALLED_OFF,  _SYSTEM, "follows"),
            ("visit",          _S.TO_VISIT,   _S.VISITED,     _OWNER, _HELD_GOOD),
            ("spare_visit",    _S.TO_VISIT,   _S.CALLED_OFF,  _SYSTEM, "follows"),
        ]),
        *moves(Thing.DIVERSION, Step.HANDLE, [
            ("take_over",      _V.SENT,       _V.TAKEN,       _THEIRS, _REFERENCE),
            *[("return_dispute", s,           _V.RETURNED,    _THEIRS, REASON) for s in (_V.SENT, _V.TAKEN)],
            ("resolve_there",  _V.TAKEN,      _V.RESOLVED,    _THEIRS, HAS_RESULT),
            ("tell_origin",    _V.HERE,       _V.TOLD,        _SYSTEM, "follows"),
        ]),
        *moves(Thing.JUDICIAL, Step.HANDLE, [
            ("ask_court",      _J.WINDOW,     _J.ASKED,       _OWNER, _BOTH),
            ("confirm_court",  _J.ASKED,      _J.CONFIRMED,   _OWNER, _REFERENCE),
            ("reject_court",   _J.ASKED,      _J.REJECTED,    _OWNER, REASON),
            ("waive_court",    _J.WINDOW,     _J.NOT_ASKED,   _OWNER, REASON),
            ("lapse_window",   _J.WINDOW,     _J.NOT_ASKED,   _SYSTEM),
            *[("spare_court",  s,             _J.NOT_ASKED,   _SYSTEM, "follows") for s in (_J.WINDOW, _J.ASKED)],
        ]),
        *moves(Thing.JOINT, Step.HANDLE, [
            ("check_joint",    _P.ONE_SIDED,  _P.CHECKED,     by(Who.PARTY), _SECOND),
            ("contest_joint",  _P.ONE_SIDED,  _P.CONTESTED,   by(Who.PARTY), _SECOND, REASON),
        ]),
    ),
    opened_by=frozenset({"open_dispute"}),
    clocks=dict.fromkeys((_D.RAISED, _D.TALKING), Timed(ClockKind.MEDIATE)),
    parts=(
        agreeing.VOICE,
        agreeing.TERM,
        PartKind(Thing.SITTING, {_S.SET: Timed(ClockKind.MEET), _S.TO_VISIT: Timed(ClockKind.FOLLOW_UP)}),
        PartKind(Thing.DIVERSION, {_V.SENT: Timed(ClockKind.ASSENT, Whose.PARTY), _V.TAKEN: Timed(ClockKind.SOLVE, Whose.PARTY)}),
        PartKind(Thing.JUDICIAL, {_J.WINDOW: Timed(ClockKind.JUDICIAL), _J.ASKED: Timed(ClockKind.SOLVE)}),
        PartKind(Thing.JOINT, {_P.ONE_SIDED: Timed(ClockKind.ASSENT, Whose.PARTY)}),
    ),
)  # fmt: skip

#: Days in which the court may be asked to confirm, and days after an agreement on which somebody asks whether it held.
WINDOW_DAYS: Final = 30
VISITS: Final = (7, 30)
#: The court decides within so many days of being asked (法释〔2011〕5号 art. 6).
COURT_DAYS: Final = 15


def window_end(agreed: datetime, zone: tzinfo, works_on: Callable[[date], bool]) -> datetime:
    """When the window for confirmation closes: the end of the 30th day after the day on which the agreement takes effect.

    The first day does not count; a last day that is a holiday moves on to the first day that is worked (Civil Code art. 201, 203).

    Args:
        agreed: When the last signature was given, aware.
        zone: The district's zone.
        works_on: Whether a day is worked.
    """
    day = agreed.astimezone(zone).date() + timedelta(days=WINDOW_DAYS)
    while not works_on(day):
        day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), zone)

"""Passing over due clocks: each rung exactly once, everything that follows from it in the same commit."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import RungFiring, table
from rules.facts import SYSTEM
from rules.ladder import Moment, Post, Rung, moments
from rules.worktime import instant, seconds
from services.engine.rung_moves import ask, make
from services.hearing import gave_no_sign, unheard
from services.moves import Draft, Intent, Row, Setting, read_drafts, supervising, write_drafts
from services.moves.act import Act
from services.moves.clockwork import course_of, follow_supervision, is_handle, project
from services.moves.messages import nobody, queue, tell
from services.recipients import Addressee, Filled, Roll, posts_of

_firing = table(RungFiring)
_FIRED = select(_firing.c.clock_id, _firing.c.round, _firing.c.rung).where(_firing.c.clock_id.in_(bindparam("ids", expanding=True)))
#: Why a rung does nothing, besides `overtaken` (rules/ladder.py) and the code with which the table refuses its move.
NOBODY: Final = "nobody"  #: there is nobody to tell; its words went to the people of another rung
UNHEARD: Final = "unheard"  #: it would be the first thing that the unit hears
GENTLE: Final = "gentle"  #: the unit gets reminders and help, never a red light
#: Acts that propose: the form of what is proposed, and the notice that asks somebody to decide.
_PROPOSALS: Final = {
    "propose_order": ("order", "order_proposed"),
    "propose_bulletin": ("bulletin", "bulletin_proposed"),
}
_LISTING: Final = "propose_listing"


@dataclass(slots=True)
class _Ripe:
    """A clock with the rungs that fire now, in order, and those that are still ahead."""

    draft: Draft
    clock: Row
    now: list[Moment]
    ahead: list[Moment]

    @property
    def order(self) -> Row | None:
        """The work order that the clock measures; None: the case, or another unit's desk."""
        order = self.draft.orders.get(self.clock["order_no"])
        return order if order is not None and order["unit_id"] == self.clock["unit_id"] else None


@dataclass(slots=True)
class _Due:
    """One rung that fires now: what it says to whom, or why it does nothing.

    Attributes:
        to: Those for whom it is the highest of what was missed.
        vacant: Posts that nobody fills.
        instead: The rung whose people hear its words, because it has none of its own.
        intent: The move that it asks for.
    """

    ripe: _Ripe
    moment: Moment
    notice: str
    skipped: str | None = None
    to: list[Addressee] = field(default_factory=list)
    vacant: list[Post] = field(default_factory=list)
    instead: str | None = None
    intent: Intent | None = None


@dataclass(slots=True)
class _Pass:
    """What is the same for everything that fires in one unit of work."""

    setting: Setting
    roll: Roll
    unheard: set[tuple[int, int]]
    called: set[tuple[int, int]] = field(default_factory=set)
    asked: set[tuple[object, ...]] = field(default_factory=set)


def fire_due(session: Session, claimed: Mapping[int, int], setting: Setting) -> Counter[str]:
    """Fire every rung that is due on the claimed clocks.

    Safe to run twice: the firing and all that follows from it are one unit of work, and a firing is unique.

    Args:
        session: The unit of work; committed by the caller.
        claimed: Clock id → case id.
        setting: The instant to act at.

    Returns:
        How often each rung fired.
    """
    drafts = read_drafts(session, set(claimed.values()))
    if not drafts:
        return Counter()
    ripe = _ripe(session, drafts, set(claimed), setting.now)
    roll = Roll(next(iter(drafts.values())).catalogue, setting.now)
    whole = _Pass(setting, roll, unheard(session, [pair for each in ripe for pair in _silent(each)]))
    due = [item for each in ripe for item in _due(each, whole)]
    intents: dict[int, list[Intent]] = defaultdict(list)
    for item in sorted(due, key=lambda d: (d.moment.at, d.ripe.clock["id"])):
        intents[item.ripe.draft.case["id"]] += _fire(item, whole)
    stale = write_drafts(session, list(drafts.values()))
    make(session, [i for case_id, asked in intents.items() if case_id not in stale for i in asked], setting)
    return Counter(d.moment.rung.code for d in due if d.ripe.draft.case["id"] not in stale)


# what is due ----------------------------------------------------------------------------------------------------------


def _ripe(session: Session, drafts: Mapping[int, Draft], clock_ids: set[int], now: datetime) -> list[_Ripe]:
    fired: dict[tuple[int, int], set[str]] = defaultdict(set)
    for row in session.connection().execute(_FIRED, {"ids": sorted(clock_ids)}):
        fired[row.clock_id, row.round].add(row.rung)
    return [
        _ripe_of(draft, clock, fired[clock["id"], clock["round"]], now)
        for draft in drafts.values()
        for clock in draft.clocks
        if clock["id"] in clock_ids and clock["next_fire_at"] is not None and clock["next_fire_at"] <= now
    ]


def _ripe_of(draft: Draft, clock: Row, fired: set[str], now: datetime) -> _Ripe:
    """The rungs of one clock that are due, and the clock projected to its next one."""
    calendar = draft.catalogue.calendar_by(clock)
    ladder = draft.catalogue.ladders[clock["ladder"], clock["ladder_version"]]
    every = moments(ladder, course_of(clock, calendar), seconds(clock["started_at"]))
    left = [m for m in every if m.rung.code not in fired]
    ripe = [m for m in left if m.at <= seconds(now)]
    project(clock, ladder, calendar, frozenset(fired | {m.rung.code for m in ripe}))
    draft.touched_clocks.append(clock)
    return _Ripe(draft, clock, ripe, left[len(ripe) :])


def _silent(ripe: _Ripe) -> Iterator[tuple[Draft, Row]]:
    """The work order, if a rung is about to call its unit late that has given no sign yet."""
    order = ripe.order
    if order is not None and any(m.rung.red for m in ripe.now) and gave_no_sign(order):
        yield ripe.draft, order


# who hears what -------------------------------------------------------------------------------------------------------


def _due(ripe: _Ripe, whole: _Pass) -> list[_Due]:
    """What fires, in order; after downtime each recipient hears only the highest of what was missed."""
    due = [_addressed(ripe, i, whole) for i in range(len(ripe.now))]
    highest = {each.who: item for item in due for each in item.to}
    for item in due:
        item.to = [each for each in item.to if highest[each.who] is item]
    return due


def _addressed(ripe: _Ripe, i: int, whole: _Pass) -> _Due:
    moment = ripe.now[i]
    item = _Due(ripe, moment, moment.rung.notice, moment.skip or _reason(ripe, moment.rung, whole))
    if item.skipped == GENTLE:
        item.notice = "clock_help"
    if item.skipped is None:
        item.intent, item.skipped = ask(ripe.draft, ripe.clock, moment.rung.act, whole.asked)
        item.notice = item.notice if item.skipped is None else ""
    if not item.notice or moment.skip:
        return item
    _address(item, _filled(item, whole.roll, () if item.skipped == GENTLE else moment.rung.to))
    if not item.to:
        _pass_on(item, [*ripe.now[i + 1 :], *ripe.ahead], whole.roll)
    return item


def _reason(ripe: _Ripe, rung: Rung, whole: _Pass) -> str | None:
    """Why a rung must not say what it says."""
    catalogue, proposes, order = ripe.draft.catalogue, rung.act.startswith("propose_"), ripe.order
    never = catalogue.gentle | {catalogue.district_id, None} if proposes else catalogue.gentle
    if (rung.red or proposes) and ripe.clock["unit_id"] in never:
        return GENTLE
    return UNHEARD if rung.red and order is not None and (ripe.draft.case["id"], order["no"]) in whole.unheard else None


def _filled(item: _Due, roll: Roll, to: Sequence[Post]) -> tuple[Filled, ...]:
    """Who fills the posts; of a part that is a person's, that person as well."""
    clock, order = item.ripe.clock, item.ripe.order
    part = item.ripe.draft.parts.get(clock["part_no"])
    party = _party(part, roll) if part is not None and not to else ()
    section, named = order["assigned_unit_id"] if order else None, item.ripe.draft.case["escalate_to_id"]
    return party + roll.addressees(item.notice, clock["unit_id"], section, to=to, named=named)


def _party(part: Row, roll: Roll) -> tuple[Filled, ...]:
    """The person whose part of an affair a clock measures: of the staff, or a resident."""
    people = roll.there([part["staff_id"]]) if part["staff_id"] is not None else []
    told = [Addressee(person, "sms") for person in people]
    if part["requester_id"] is not None:
        told.append(Addressee(None, "sms", requester_id=part["requester_id"]))
    return ((Post("reporter"), tuple(told)),) if told else ()


def _address(item: _Due, filled: Sequence[Filled]) -> None:
    item.to = [each for _, people in filled for each in people]
    item.vacant = [post for post, people in filled if not people]


def _pass_on(item: _Due, later: Sequence[Moment], roll: Roll) -> None:
    """A rung with nobody to tell waits for nobody: its words go at once to the next rung that has anybody."""
    if item.moment.rung.act == "tell" and item.skipped is None:
        item.skipped = NOBODY
    for rung in (moment.rung for moment in later if moment.rung.notice and not moment.skip):
        found = _filled(item, roll, rung.to or [post for post, _ in posts_of(rung.notice)])
        if any(people for _, people in found):
            _address(item, [(post, people) for post, people in found if people])
            item.instead = rung.code
            return


# firing ---------------------------------------------------------------------------------------------------------------


def _fire(item: _Due, whole: _Pass) -> list[Intent]:
    """One rung: its firing, its journal entry, its words, its act."""
    draft, clock, rung, now = item.ripe.draft, item.ripe.clock, item.moment.rung, whole.setting.now
    draft.run_id = whole.setting.run_id
    moment = instant(item.moment.at)
    firing = {"clock_id": clock["id"], "round": clock["round"], "rung": rung.code, "due_at": moment}
    draft.firings.append({**firing, "fired_at": now, "skipped": item.skipped})
    meant_for = moment.isoformat() if moment != now else None
    draft.enter_clock(now, SYSTEM, clock, rung.code, {"meant_for": meant_for, "skipped": item.skipped, "told_instead": item.instead})
    if item.skipped == UNHEARD:
        _reach(item, whole)
    else:
        _say(item, whole)
    if item.skipped is None:
        return _act(item, whole)
    if rung.act == "propose_order":
        _tell_reporter(item, whole)
    return []


def _say(item: _Due, whole: _Pass) -> None:
    seq, about, now = item.ripe.draft.case["seq"], _about(item.ripe), whole.setting.now
    for each in item.to:
        queue(item.ripe.draft, item.notice, now, each, about, seq)
    for post in item.vacant:
        nobody(item.ripe.draft, item.notice, post, item.ripe.clock["unit_id"], now)


def _about(ripe: _Ripe) -> Row:
    clock = ripe.clock
    return {
        "unit_id": clock["unit_id"],
        "clock": clock["kind"],
        "limit": clock["limit"],
        "due": clock["due_at"].isoformat(),
        "provisional": clock["provisional"] or None,
        "supervision": clock["supervision_seq"],
        "affair": clock["affair_seq"],
        "part": clock["part_no"],
    }


def _tell(ripe: _Ripe, notice: str, whole: _Pass, to: Sequence[Post] = ()) -> None:
    order = ripe.order
    tell(
        ripe.draft,
        notice,
        whole.setting.now,
        section_id=order["assigned_unit_id"] if order else None,
        to=to,
        roll=whole.roll,
        **_about(ripe),
    )


def _reach(item: _Due, whole: _Pass) -> None:
    """The unit has never been reached: it gets the work order again, and others are asked to call it; once in a pass."""
    ripe, order = item.ripe, item.ripe.order
    if order is None or (key := (ripe.draft.case["id"], order["no"])) in whole.called:
        return
    whole.called.add(key)
    notice = "dispatched_lead" if order["lead"] else "dispatched_co"
    both = (Post("clerk"), Post("head"))
    tell(ripe.draft, notice, whole.setting.now, unit_id=order["unit_id"], to=both, roll=whole.roll, clock="acknowledge")
    _tell(ripe, "unreached", whole)


def _act(item: _Due, whole: _Pass) -> list[Intent]:
    ripe, act = item.ripe, item.moment.rung.act
    if act in _PROPOSALS:
        _propose(ripe, whole, *_PROPOSALS[act])
        if act == "propose_order":
            _tell_reporter(item, whole)
    elif act == _LISTING:
        _tell(ripe, "listing_proposed", whole)
    return [] if item.intent is None else [item.intent]


def _propose(ripe: _Ripe, whole: _Pass, form: str, notice: str) -> None:
    """Propose a supervision order; a person signs it, and the owner stays the owner."""
    draft, clock, now = ripe.draft, ripe.clock, whole.setting.now
    order = supervising.propose(draft, Act(SYSTEM, {}, now), clock["unit_id"], form, "rung", order_no=clock["order_no"])
    follow_supervision(draft, order, now)
    _tell(ripe, notice, whole)


def _tell_reporter(item: _Due, whole: _Pass) -> None:
    """The resident was promised a moment that has passed, whatever the unit knows of it."""
    if is_handle(item.ripe.clock):
        _tell(item.ripe, "clock_red_reporter", whole)

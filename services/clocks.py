"""Passing over due clocks: each rung exactly once, everything that follows from it in the same commit."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import RungFiring, table
from notifications.notices import NOTICES, Audience
from rules.facts import SYSTEM, Refused, Thing
from rules.ladder import Moment, moments
from rules.worktime import instant, seconds
from services.moves import Draft, Intent, Row, Setting, make_moves, read_drafts, supervising, write_drafts
from services.moves.act import Act
from services.moves.clockwork import course_of, follow_supervision, is_handle, project
from services.moves.messages import tell

_firing = table(RungFiring)
_FIRED = select(_firing.c.clock_id, _firing.c.round, _firing.c.rung).where(_firing.c.clock_id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class _Due:
    """One rung of one clock that has to fire now, and those for whom it is the highest of what was missed."""

    draft: Draft
    clock: Row
    moment: Moment
    audiences: frozenset[Audience]


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
    due = _due(session, drafts, set(claimed), setting.now)
    intents: dict[int, list[Intent]] = defaultdict(list)
    for item in sorted(due, key=lambda d: (d.moment.at, d.clock["id"])):
        intents[item.draft.case["id"]] += _fire(item, setting)
    stale = write_drafts(session, list(drafts.values()))
    _move(session, [i for case_id, asked in intents.items() if case_id not in stale for i in asked], setting)
    return Counter(d.moment.rung.code for d in due if d.draft.case["id"] not in stale)


def _due(session: Session, drafts: Mapping[int, Draft], clock_ids: set[int], now: datetime) -> list[_Due]:
    fired: dict[tuple[int, int], set[str]] = defaultdict(set)
    for row in session.connection().execute(_FIRED, {"ids": sorted(clock_ids)}):
        fired[row.clock_id, row.round].add(row.rung)
    found: list[_Due] = []
    for draft in drafts.values():
        for clock in draft.clocks:
            if clock["id"] in clock_ids and clock["next_fire_at"] is not None and clock["next_fire_at"] <= now:
                found += _due_of(draft, clock, fired[clock["id"], clock["round"]], now)
    return found


def _due_of(draft: Draft, clock: Row, fired: set[str], now: datetime) -> list[_Due]:
    """The rungs of one clock that are due, and the clock projected to its next one."""
    calendar = draft.catalogue.calendar_of(clock["unit_id"])
    ladder = draft.catalogue.ladders[clock["ladder"], clock["ladder_version"]]
    every = moments(ladder, course_of(clock, calendar), seconds(clock["started_at"]))
    ripe = [m for m in every if m.at <= seconds(now) and m.rung.code not in fired]
    project(clock, ladder, calendar, frozenset(fired | {m.rung.code for m in ripe}))
    draft.touched_clocks.append(clock)
    highest = {audience: m for m in ripe if m.rung.notice and not m.skip for audience, _ in NOTICES[m.rung.notice].to}
    return [_Due(draft, clock, m, frozenset(a for a, top in highest.items() if top is m)) for m in ripe]


def _fire(item: _Due, setting: Setting) -> list[Intent]:
    """One rung: its firing, its journal entry, its act. After downtime each recipient hears only the highest missed rung."""
    draft, clock, rung = item.draft, item.clock, item.moment.rung
    draft.run_id = setting.run_id
    moment, skipped = instant(item.moment.at), item.moment.skip
    firing = {"clock_id": clock["id"], "round": clock["round"], "rung": rung.code, "due_at": moment}
    draft.firings.append({**firing, "fired_at": setting.now, "skipped": skipped})
    data = {"meant_for": moment.isoformat() if moment != setting.now else None, "skipped": skipped}
    draft.enter_clock(setting.now, SYSTEM, clock, rung.code, data)
    if skipped:
        return []
    if item.audiences:
        _tell(item, rung.notice, setting.now, only=item.audiences)
    return _act(item, setting.now)


def _tell(item: _Due, notice: str, now: datetime, only: frozenset[Audience] | None = None) -> None:
    clock = item.clock
    order = item.draft.orders.get(clock["order_no"])
    tell(
        item.draft,
        notice,
        now,
        unit_id=clock["unit_id"],
        section_id=order["assigned_unit_id"] if order else None,
        only=only,
        clock=clock["kind"],
        limit=clock["limit"],
        due=clock["due_at"].isoformat(),
        provisional=clock["provisional"] or None,
    )


#: Acts that propose: the form of what is proposed, and the notice that asks somebody to decide.
_PROPOSALS: Final = {
    "propose_order": ("order", "order_proposed"),
    "propose_bulletin": ("bulletin", "bulletin_proposed"),
}


def _act(item: _Due, now: datetime) -> list[Intent]:
    act, clock = item.moment.rung.act, item.clock
    if act in _PROPOSALS:
        _propose(item, now, *_PROPOSALS[act])
        if act == "propose_order" and is_handle(clock):
            _tell(item, "clock_red_reporter", now)
    elif act == "propose_listing":
        _tell(item, "listing_proposed", now)
    elif act.startswith("move:"):
        thing = Thing.ORDER if clock["order_no"] is not None else Thing.CASE
        return [Intent(item.draft.case["id"], act.removeprefix("move:"), SYSTEM, thing, clock["order_no"])]
    return []


def _propose(item: _Due, now: datetime, form: str, notice: str) -> None:
    """Propose a supervision order; a person signs it, and the owner stays the owner."""
    draft, clock = item.draft, item.clock
    order = supervising.propose(draft, Act(SYSTEM, {}, now), clock["unit_id"], form, "rung", order_no=clock["order_no"])
    follow_supervision(draft, order, now)
    _tell(item, notice, now)


def _move(session: Session, intents: list[Intent], setting: Setting) -> None:
    """A rung's act may be a move (deemed acknowledgement, closing in silence); it goes through the door like any other."""
    for outcome in make_moves(session, intents, setting) if intents else []:
        if isinstance(outcome, Refused):
            raise RuntimeError(f"a rung asked for a move that the table refuses: {outcome.code} {outcome.details}") from outcome

"""The clocks of a case that another was merged into: the earliest of each kind holds, and is given back when that is split off."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from rules.clocks import ClockKind
from rules.worktime import Calendar, Limit, after, budget_of, elapsed, instant, seconds
from services.moves.act import Act
from services.moves.clockwork import OUTSIDE, reproject, settle, touch
from services.moves.draft import Draft, Row
from services.moves.replan import is_spent
from services.moves.upstreaming import bind

#: Why a clock was changed, or a limit from outside came, in the journal.
MERGED: Final = "merged"
SPLIT: Final = "split"
BOUND: Final = "bound"


def bind_clocks(draft: Draft, target: Draft, act: Act) -> None:
    """Let the limit from outside that has come with a merged case bind, where it is earlier."""
    for clock, was in bind(target, act.now):
        if (clock["budget_s"], clock["due_at"]) != (was["budget_s"], was["due_at"]):
            until = target.case["outside_due_at"]
            _tell_clock(target, clock, act, _cut(clock, was, until, draft.case["no"]))


def take_earliest(draft: Draft, target: Draft, act: Act) -> None:
    """For each kind of clock that both have open, what is due first holds; what was due before is due now, not earlier."""
    for clock in _own_clocks(target):
        due = _due_of(draft, target, clock)
        if due is not None and not is_spent(clock, act.now):
            _shorten(target, clock, max(due, act.now), act, draft.case["no"])


def _own_clocks(draft: Draft) -> list[Row]:
    """The open clocks of the case itself and of its lead; they may stand still."""
    lead = draft.lead()
    lead_no = lead["no"] if lead is not None else None
    return [c for c in draft.own_clocks() if c["id"] is not None and c["stage"] is None and c["order_no"] in (None, lead_no)]


def _due_of(draft: Draft, target: Draft, clock: Row) -> datetime | None:
    """When the absorbed case's clock of this kind is due; where it was reported earlier and not filed yet, when its promise would be."""
    order_no = None if clock["order_no"] is None else (lead["no"] if (lead := draft.lead()) is not None else -1)
    other = draft.open_clock(clock["kind"], order_no)
    if other is not None:
        return other["due_at"] if other["running_since"] is not None else None
    earlier = draft.case["submitted_at"]
    if clock["kind"] != ClockKind.OVERALL or earlier >= target.case["submitted_at"]:
        return None
    limit, calendar = Limit.parse(clock["limit"]), target.catalogue.calendar_by(clock)
    measure = None if limit.natural else calendar
    lead_time = elapsed(seconds(earlier), seconds(target.case["submitted_at"]), measure)
    whole = budget_of(limit, seconds(clock["started_at"]), calendar)
    return instant(after(seconds(clock["started_at"]), max(0, whole - lead_time), measure))


def _shorten(target: Draft, clock: Row, due: datetime, act: Act, of: str) -> None:
    """Leave a clock no more than the time up to `due`; one that stands still keeps that for when it runs on."""
    was, running = dict(clock), clock["running_since"] is not None
    left = elapsed(seconds(act.now), seconds(due), _measure(target, clock))
    used = elapsed(seconds(clock["running_since"]), seconds(act.now), _measure(target, clock)) if running else 0
    most = clock["consumed_s"] + used + left
    if most >= clock["budget_s"] or (running and due >= clock["due_at"]):
        return
    _give(target, clock, most, act)
    _tell_clock(target, clock, act, _cut(clock, was, due, of))


def _give(target: Draft, clock: Row, budget: int, act: Act) -> None:
    """Let a clock have another budget; where nothing is left of it, it is due now."""
    if clock["running_since"] is not None:
        settle(target, clock, act.now)
    clock["budget_s"] = max(budget, clock["consumed_s"])
    if clock["budget_s"] <= clock["consumed_s"]:
        clock["due_at"] = act.now
    (reproject if clock["running_since"] is not None else touch)(target, clock)


def _measure(target: Draft, clock: Row) -> Calendar | None:
    return None if Limit.parse(clock["limit"]).natural else target.catalogue.calendar_by(clock)


def _cut(clock: Row, was: Row, until: datetime, of: str) -> Row:
    cut_s = was["budget_s"] - clock["budget_s"]
    return {"why": MERGED, "from": was["due_at"].isoformat(), "until": until.isoformat(), "of": of, "cut_s": cut_s}


def give_back(draft: Draft, target: Draft, act: Act, *, freed: bool) -> None:
    """Give the clocks back what this case had cut off them; what others that are merged into it had cut stays cut."""
    cuts: dict[int, list[Mapping[str, Any]]] = {}
    for entry in (e for e in target.cuts if "clock_id" in e):
        cuts.setdefault(entry["clock_id"], []).append(entry)
    given = draft.case["outside_due_at"]
    for clock in _leads_first(target):
        standing = _standing(cuts.get(clock["id"], ()))
        bound = freed and clock["bound_by"] in OUTSIDE and clock["bound_at"] == given
        if not is_spent(clock, act.now) and (bound or any(cut["of"] == draft.case["no"] for cut in standing)):
            _lengthen(target, clock, standing, act, draft.case["no"], bound=bound)


def _leads_first(target: Draft) -> list[Row]:
    """The open clocks; a co-handler's limit follows the lead's."""
    own = {id(clock) for clock in _own_clocks(target)}
    return sorted(target.own_clocks(), key=lambda c: id(c) not in own)


def _standing(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The cuts that hold: those of cases that were not split off since."""
    held: list[Mapping[str, Any]] = []
    for entry in entries:
        held = [*held, entry] if entry["why"] == MERGED else [e for e in held if e["of"] != entry["of"]]
    return held


def _lengthen(target: Draft, clock: Row, cuts: list[Mapping[str, Any]], act: Act, of: str, *, bound: bool) -> None:
    """Undo the cuts of one case; a clock that began under its limit from outside gets what it would have begun with."""
    was, calendar = dict(clock), target.catalogue.calendar_by(clock)
    if bound:
        clock.update(bound_at=target.case["outside_due_at"], bound_by=target.case["outside_by"], restamped=True)
    budget = clock["budget_s"] + sum(int(cut["cut_s"]) for cut in cuts)
    if bound and not cuts and clock["round"] == 1:
        budget = max(budget, budget_of(Limit.parse(clock["limit"]), seconds(clock["started_at"]), calendar))
    since = clock["running_since"] or act.now
    for until in _caps(target, clock, cuts, of):
        left = elapsed(seconds(since), max(seconds(since), seconds(until)), _measure(target, clock))
        budget = min(budget, clock["consumed_s"] + left)
    _give(target, clock, max(budget, was["budget_s"]), act)
    if bound or (clock["budget_s"], clock["due_at"]) != (was["budget_s"], was["due_at"]):
        _tell_clock(target, clock, act, {"why": SPLIT, "from": was["due_at"].isoformat(), "of": of, "cut_s": 0})


def _caps(target: Draft, clock: Row, cuts: Iterable[Mapping[str, Any]], of: str) -> Iterator[datetime]:
    """What else holds a clock: the limits of others that are merged into the case; of a co-handler's, the lead's."""
    yield from (datetime.fromisoformat(cut["until"]) for cut in cuts if cut["of"] != of)
    lead = target.lead()
    leads = target.open_clock(ClockKind.HANDLE, lead["no"]) if lead is not None else None
    if clock["kind"] == ClockKind.HANDLE and leads is not None and leads is not clock:
        yield leads["due_at"]


def _tell_clock(target: Draft, clock: Row, act: Act, data: Row) -> None:
    stamps = {name: clock[name] for name in ("consumed_s", "budget_s", "limit", "calendar_version", "policy_version")}
    more = {**stamps, "to": clock["due_at"].isoformat(), "order": clock["order_no"], "clock_id": clock["id"], "by": act.actor.name}
    target.enter_clock(act.now, act.actor, clock, "reprojected", {**data, **more})

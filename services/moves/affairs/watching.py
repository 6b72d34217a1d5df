"""What is waited for once the sides of a dispute have agreed: the court's confirmation, and visits that ask whether it held."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final

from rules.facts import SYSTEM, Thing
from rules.handling.disputes import VISITS, DiversionState, JudicialState, SittingState, window_end
from rules.worktime import Calendar, seconds
from services.moves.act import Act
from services.moves.affairs.base import add_part, move_on, tell_unit
from services.moves.draft import Draft, Row

_NOON: Final = time(12)
#: How each kind of part is let off once nobody waits for it any more.
_SPARED: Final = {
    (Thing.SITTING, SittingState.SET): "spare_sitting",
    (Thing.SITTING, SittingState.TO_VISIT): "spare_visit",
    (Thing.JUDICIAL, JudicialState.WINDOW): "spare_court",
    (Thing.JUDICIAL, JudicialState.ASKED): "spare_court",
}


def works_on(calendar: Calendar) -> Callable[[date], bool]:
    """Whether a day is worked, by a calendar."""

    def asked(day: date) -> bool:
        noon = datetime.combine(day, _NOON, calendar.zone)
        return calendar.working_days_between(seconds(noon - timedelta(days=1)), seconds(noon)) == 1

    return asked


def watch(draft: Draft, row: Row, now: datetime) -> None:
    """Open the window in which the court may be asked to confirm, and set the follow-up visits."""
    known, act = draft.catalogue, Act(SYSTEM, {}, now)
    if row["data"].get("judicial", True):
        end = window_end(now, known.zone, works_on(known.calendar_of(row["unit_id"])))
        limits = {"judicial": end.isoformat()}
        add_part(draft, act, row["seq"], Thing.JUDICIAL, JudicialState.WINDOW, unit_id=row["unit_id"], limits=limits)
    for days in VISITS:
        until = datetime.combine(now.astimezone(known.zone).date() + timedelta(days=days + 1), time(), known.zone)
        limits = {"follow_up": until.isoformat()}
        add_part(draft, act, row["seq"], Thing.SITTING, SittingState.TO_VISIT, role="follow_up", quantity=days, limits=limits)


def spare(draft: Draft, seq: int, now: datetime) -> None:
    """Nobody waits any more for a sitting, a visit, the court."""
    for part in draft.parts_of(seq):
        action = _SPARED.get((Thing(part["thing"]), part["state"]))
        if action is not None:
            move_on(draft, now, Thing(part["thing"]), part["no"], action)


def tell_origin(draft: Draft, seq: int, now: datetime) -> None:
    """Whoever sent a dispute to us hears what became of it, and the record says so on both sides; of others nothing."""
    row = draft.affairs[seq]
    for part in draft.parts_of(seq, Thing.DIVERSION):
        if part["state"] == DiversionState.HERE:
            part.update(done_at=now, done_by=SYSTEM.name)
            move_on(draft, now, Thing.DIVERSION, part["no"], "tell_origin")
            tell_unit(draft, "affair_told", now, part["unit_id"], row, part, news="origin_told")

"""The affairs of one case: those kept in its journal and those that it is further part of; which of them somebody may know of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from models import Affair, AffairCase, AffairPart, Case, Clock, connection_of, table
from rules.facts import Actor
from rules.handling import AFFAIRS, PARTS
from services.affairs.reading import may_know
from services.catalogue import Catalogue
from services.privacy.seeing import may_open

_affair, _part, _linked, _case, _clock = table(Affair), table(AffairPart), table(AffairCase), table(Case), table(Clock)
_OPEN: Final = and_(_clock.c.case_id == _affair.c.case_id, _clock.c.affair_seq == _affair.c.seq, _clock.c.stopped_at.is_(None))
_SHOWN: Final = ("no", "thing", "form", "state", "title", "unit_id", "case_id", "seq", "opened_at", "ended_at")
_DECIDES: Final = ("sensitive", "readers", "requester_id")
#: Entries with which a further case remarks what became of an affair.
REMARKS: Final = frozenset({"affair_opened", "affair_moved"})


@dataclass(frozen=True, slots=True)
class Beside:
    """An affair as a case knows it.

    Attributes:
        kept: Whether it is kept in the journal of this case; else the case is a further one that it is about.
        case_no: The case file that it is kept with.
        due: The next moment of any of its open clocks.
        parts: Numbers of its parts, where it is kept here.
        facts: What decides who may know of it.
    """

    no: str
    thing: str
    form: str
    state: str
    title: str
    unit_id: int | None
    case_id: int
    seq: int
    opened_at: datetime
    ended_at: datetime | None
    kept: bool
    case_no: str
    due: datetime | None
    parts: frozenset[int] = frozenset()
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)


def affairs_of(session: Session, case_id: int) -> list[Beside]:
    """The affairs of a case, oldest first; changes nothing."""
    run = connection_of(session).execute
    linked = exists().where(_linked.c.home_id == _affair.c.case_id, _linked.c.seq == _affair.c.seq, _linked.c.case_id == case_id)
    due = select(func.min(_clock.c.due_at)).where(_OPEN).correlate(_affair).scalar_subquery()
    home = (_case.c.no.label("case_no"), _case.c.area_unit_id.label("case_area_id"), *(_case.c[name] for name in _DECIDES))
    theirs = or_(_affair.c.case_id == case_id, linked)
    wanted = select(_affair, *home, due.label("due")).join(_case, _case.c.id == _affair.c.case_id).where(theirs)
    rows = run(wanted.order_by(_affair.c.opened_at, _affair.c.case_id, _affair.c.seq)).mappings().all()
    same = (_part.c.case_id == _affair.c.case_id) & (_part.c.seq == _affair.c.seq)
    parts = run(select(*(_part.c[n] for n in ("case_id", "seq", "no", "requester_id"))).join(_affair, same).where(theirs)) if rows else ()
    by_affair: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for part in parts:
        by_affair[part.case_id, part.seq].append(part)
    return [_beside(row, case_id, by_affair[row["case_id"], row["seq"]]) for row in rows]


def _beside(row: Mapping[Any, Any], case_id: int, parts: Sequence[Any]) -> Beside:
    kept = row["case_id"] == case_id
    shown = {name: row[name] for name in (*_SHOWN, "case_no", "due")}
    residents = {row["asker_id"], *(part.requester_id for part in parts)}
    return Beside(**shown, kept=kept, parts=frozenset(p.no for p in parts if kept), facts={**row, "residents": residents})


def known_to(found: Iterable[Beside], viewer: Actor | None, known: Catalogue) -> list[Beside]:
    """Those that somebody may know of: none of a sensitive case that he may not open, no hidden one but his own.

    A resident knows of what he or she asked for or takes part in.

    Args:
        found: Affairs.
        viewer: Who looks; None: the administrator of the machine.
        known: The reference data.
    """
    return [each for each in found if _is_known(each.facts, viewer, known)]


def _is_known(facts: Mapping[str, Any], viewer: Actor | None, known: Catalogue) -> bool:
    if not may_open({**facts, "area_unit_id": facts["case_area_id"]}, viewer, known):
        return False
    if viewer is None:
        return not facts["hidden"]
    return may_know(facts, viewer) and (viewer.resident_id is None or viewer.resident_id in facts["residents"])


def about(entry: Mapping[str, Any], found: Iterable[Beside]) -> Beside | None:
    """The affair that an entry of the case's journal is about: its opening, a move of it or of a part, a clock, a remark."""
    return next((each for each in found if _is_about(entry, each)), None)


def _is_about(entry: Mapping[str, Any], each: Beside) -> bool:
    thing, no, data = entry["thing"], entry["thing_no"], entry["data"]
    if thing == "case" and entry["action"] in REMARKS:
        return bool(data.get("affair") == each.no)
    if not each.kept:
        return False
    if thing in AFFAIRS:
        return bool(no == each.seq)
    if thing in PARTS:
        return no in each.parts
    return bool(entry["seq"] == each.seq or (thing == "clock" and data.get("affair") == each.seq))


def of_clock(clock: Mapping[str, Any], found: Iterable[Beside]) -> Beside | None:
    """The affair that a clock of the case belongs to; None: it is the case's own."""
    return next((each for each in found if each.kept and each.seq == clock["affair_seq"]), None)


def as_json(each: Beside, known: Catalogue) -> dict[str, Any]:
    """An affair of a case as plain data; the keys are stable."""
    unit = known.units[each.unit_id].code if each.unit_id is not None else None
    moments = {name: getattr(each, name) for name in ("opened_at", "ended_at", "due")}
    return {
        **{"no": each.no, "kind": each.thing, "form": each.form, "state": each.state, "title": each.title, "unit": unit},
        **{"case": each.case_no, "kept_here": each.kept},
        **{name: moment.isoformat() if moment is not None else None for name, moment in moments.items()},
    }

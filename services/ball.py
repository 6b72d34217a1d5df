"""Who held the ball (责任所在), to the minute: the whole time of a case, cut at every entry of its journal, adds up to itself."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from models import Journal, connection_of, table
from rules.facts import FINAL, STEP_OF, State
from services.catalogue import Catalogue

_journal = table(Journal)
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_COLUMNS: Final = ("case_id", "seq", "at", "thing", "action", "after", "ball_unit_id")
_ENTRIES = select(*(_journal.c[n] for n in _COLUMNS)).where(_journal.c.case_id.in_(_IDS)).order_by(_journal.c.case_id, _journal.c.seq)
_FINAL: Final = frozenset(state.value for state in FINAL)
MINUTE: Final = timedelta(minutes=1)


class _Entry(NamedTuple):
    """What is looked at of a journal entry."""

    at: datetime
    thing: str
    action: str
    after: str | None
    ball_unit_id: int | None


@dataclass(frozen=True, slots=True)
class Spell:
    """One unit held the ball from one moment to another.

    Attributes:
        unit_id: Whose next act everybody waited for; None: the resident's.
        state: What was true of the case.
        since, until: Aware UTC.
        after: The action with which it began.
    """

    unit_id: int | None
    state: str
    since: datetime
    until: datetime
    after: str

    @property
    def long(self) -> timedelta:
        """How long."""
        return self.until - self.since


def held(session: Session, case_ids: Collection[int], now: datetime) -> dict[int, list[Spell]]:
    """Who held the ball of each case, from the first journal entry until it ended, or until now.

    The spells follow each other without a gap. A case that was reopened counts from then on again; between its end and the
    reopening nobody held it. The file of an affair that belongs to no case is held by whose affair it is, until that has ended. One
    statement for all cases.
    """
    entries: dict[int, list[Any]] = defaultdict(list)
    for row in connection_of(session).execute(_ENTRIES, {"ids": sorted(case_ids)}):
        entries[row.case_id].append(row)
    return {case_id: _joined(_spells(rows, now)) for case_id, rows in entries.items()}


def spells_of(entries: Iterable[Mapping[str, Any]], now: datetime) -> list[Spell]:
    """The same of one case whose journal has been read already, in order."""
    return _joined(_spells([_Entry(*(entry[name] for name in _Entry._fields)) for entry in entries], now))


def _spells(rows: Sequence[Any], now: datetime) -> Iterable[Spell]:
    """A spell from each entry to the next; none after an end."""
    state = rows[0].after
    for entry, until in _with_next(rows, now):
        state = entry.after if entry.thing == "case" and entry.after is not None else state
        nobodys = state == State.BESIDE and entry.ball_unit_id is None  # the affair of this file has ended
        if state not in _FINAL and not nobodys and entry.at < until:
            yield Spell(entry.ball_unit_id, state, entry.at, until, entry.action)


def _with_next(rows: Sequence[Any], now: datetime) -> Iterable[tuple[Any, datetime]]:
    yield from ((a, b.at) for a, b in pairwise(rows))
    yield rows[-1], max(now, rows[-1].at)


def _joined(spells: Iterable[Spell]) -> list[Spell]:
    """Spells of one unit in one state that touch are one."""
    joined: list[Spell] = []
    for spell in spells:
        last = joined[-1] if joined else None
        if last is not None and (last.unit_id, last.state, last.until) == (spell.unit_id, spell.state, spell.since):
            joined[-1] = Spell(last.unit_id, last.state, last.since, spell.until, last.after)
        else:
            joined.append(spell)
    return joined


def by_unit(spells: Iterable[Spell]) -> dict[int | None, timedelta]:
    """How long each unit held the ball, the longest first."""
    total: dict[int | None, timedelta] = defaultdict(timedelta)
    for spell in spells:
        total[spell.unit_id] += spell.long
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def minutes(parts: Mapping[int | None, timedelta]) -> dict[int | None, int]:
    """Whole minutes that add up to the whole minutes of the sum: what is cut off goes to those who lost most of it."""
    whole = {unit: part // MINUTE for unit, part in parts.items()}
    missing = sum(parts.values(), timedelta()) // MINUTE - sum(whole.values())
    for unit in sorted(parts, key=lambda u: -(parts[u] % MINUTE))[:missing]:
        whole[unit] += 1
    return whole


def as_json(known: Catalogue, spells: Sequence[Spell]) -> dict[str, Any]:
    """The spells and the sums as plain data with stable keys; units by their codes, None for the resident."""
    code = {None: None} | {unit.id: unit.code for unit in known.units.values()}
    sums = minutes(by_unit(spells))
    return {
        "minutes": sum((s.long for s in spells), timedelta()) // MINUTE,
        "by_unit": [{"unit": code[unit], "minutes": n} for unit, n in sums.items()],
        "spells": [
            {
                **{"unit": code[s.unit_id], "state": s.state, "step": STEP_OF[State(s.state)].value, "after": s.after},
                **{"since": s.since.isoformat(), "until": s.until.isoformat(), "minutes": s.long // MINUTE},
            }
            for s in spells
        ],
    }

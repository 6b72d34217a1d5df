"""Was a list right? It is put together again from the journal and from what clocks keep, as far as these still know it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from models import Clock, DutyLine, DutyList, Journal, Request, connection_of, table
from rules.clocks import BY_REQUEST
from rules.facts import RequestState, State
from services.due_list import NOBODYS
from services.mechanisms import require
from services.moves import Row
from services.rhythm.lines import BLOCKED, DECISIONS, DUE, NEW, ON_HOLD, OVERDUE
from services.rhythm.lists import MECHANISM
from services.rhythm.remarks import list_id

_list, _line, _journal, _clock, _request = table(DutyList), table(DutyLine), table(Journal), table(Clock), table(Request)
#: Entries after which a clock is due at another moment than before.
_MOVED: Final = ("extended", "reprojected", "hold", "resume", "refile", "bind", "merge", "absorb", "split_off")
_ASKED: Final = frozenset(kind.value for kind in BY_REQUEST.values())

_YES, _UNKNOWN = "yes", "unknown"


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What came out.

    Attributes:
        lines: How many lines the list has.
        confirmed: Of these, those that come out again.
        unknown: Those that nothing on record can confirm or deny any more: the limit was moved since, or it is not kept.
        wrong: Those that come out otherwise: number, and what is otherwise.
        missing: Clocks that stood as due or overdue by what is on record, and are not on the list.
    """

    lines: int
    confirmed: int
    unknown: int
    wrong: tuple[tuple[int, str], ...]
    missing: tuple[int, ...]


def recheck(session: Session, span: str, day: date) -> Rechecked:
    """Put a list together again and compare; changes nothing.

    Raises:
        Refused: `mechanism_off`, `no_such_list`.
    """
    require(session, MECHANISM[span])
    home, run = list_id(session, span, day), connection_of(session).execute
    row = dict(run(select(_list).where(_list.c.id == home)).mappings().one())
    lines = [dict(line) for line in run(select(_line).where(_line.c.list_id == home)).mappings()]
    about = _About(session, row, home)
    said = [(line["no"], about.says(line)) for line in lines]
    wrong = tuple((no, what) for no, what in said if what not in (_YES, _UNKNOWN))
    missing = tuple(about.missing(row["until"]))
    return Rechecked(len(lines), sum(what == _YES for _, what in said), sum(what == _UNKNOWN for _, what in said), wrong, missing)


class _About:
    """What is on record of the cases of a list, as of the moment at which it was made; read once."""

    def __init__(self, session: Session, row: Row, home: int) -> None:
        self._run, self._at, self._since, self._home = connection_of(session).execute, row["made_at"], row["since"], home
        cases = select(_line.c.case_id).where(_line.c.list_id == home)
        self._states = self._read_states(cases)
        moved = select(_journal.c.case_id).where(_journal.c.case_id.in_(cases), *_moved(self._at)).distinct()
        self._moved = set(self._run(moved).scalars())
        clocks = select(_line.c.clock_id).where(_line.c.list_id == home, _line.c.clock_id.is_not(None))
        self._clocks: dict[int, Any] = {row.id: row for row in self._run(select(_clock).where(_clock.c.id.in_(clocks)))}
        self._requests = self._read_requests(cases)
        begun = select(_journal.c.case_id, _journal.c.at).where(_journal.c.case_id.in_(cases), _journal.c.seq == 1)
        self._begun = {entry.case_id: entry.at for entry in self._run(begun)}

    def _read_states(self, cases: Any) -> dict[int, str]:  # noqa: ANN401 - a question
        """The state that each case was in: the last entry before that moment that led to one."""
        of = (_journal.c.case_id.in_(cases), _journal.c.thing == "case", _journal.c.after.is_not(None), _journal.c.at <= self._at)
        last = select(_journal.c.case_id, func.max(_journal.c.seq).label("seq")).where(*of).group_by(_journal.c.case_id).subquery()
        joined = _journal.join(last, (last.c.case_id == _journal.c.case_id) & (last.c.seq == _journal.c.seq))
        return {row.case_id: row.after for row in self._run(select(_journal.c.case_id, _journal.c.after).select_from(joined))}

    def _read_requests(self, cases: Any) -> set[tuple[int, str]]:  # noqa: ANN401 - a question
        """What waited for a decision then: case and kind."""
        waited = (_request.c.asked_at <= self._at, or_(_request.c.decided_at.is_(None), _request.c.decided_at > self._at))
        wanted = select(_request.c.case_id, _request.c.kind).where(_request.c.case_id.in_(cases), *waited)
        return {(row.case_id, row.kind) for row in self._run(wanted.where(_request.c.state != RequestState.LAPSED.value))}

    def says(self, line: Row) -> str:
        """Whether a line was right, whether nothing can tell, or what was otherwise."""
        if self._states.get(line["case_id"]) != line["state"]:
            return "state"
        if line["part"] in (DUE, OVERDUE):
            return self._clock_says(line)
        if line["part"] == BLOCKED and line["why"] == ON_HOLD:
            return _YES if line["state"] == State.ON_HOLD.value else "hold"
        if line["part"] == NEW:
            return _YES if self._since < self._begun[line["case_id"]] <= self._at else "new"
        if line["why"] in DECISIONS:
            return self._decision_says(line)
        return _UNKNOWN

    def _clock_says(self, line: Row) -> str:
        clock = self._clocks.get(line["clock_id"])
        if clock is None or clock.started_at > self._at or (clock.stopped_at is not None and clock.stopped_at <= self._at):
            return "clock"
        if line["case_id"] in self._moved:
            return _UNKNOWN
        if clock.due_at != line["due_at"]:
            return "due"
        return _YES if (line["due_at"] < self._at) == (line["part"] == OVERDUE) else "part"

    def _decision_says(self, line: Row) -> str:
        if line["why"] not in _ASKED:  # more time is asked for on a ledger of its own; its clock is what is kept
            clock = self._clocks[line["clock_id"]]
            return _YES if clock.started_at <= self._at and (clock.stopped_at is None or clock.stopped_at > self._at) else "clock"
        return _YES if self._asked(line["case_id"], line["why"]) else "request"

    def _asked(self, case_id: int, clock: str) -> bool:
        return any((case_id, request.value) in self._requests for request, kind in BY_REQUEST.items() if kind.value == clock)

    def missing(self, until: datetime) -> Iterator[int]:
        """Clocks that stood due or overdue and are on no line; those whose case was moved since say nothing, and those on hold either."""
        open_then = (
            _clock.c.started_at <= self._at,
            or_(_clock.c.stopped_at.is_(None), _clock.c.stopped_at > self._at),
            _clock.c.due_at < until,
            _clock.c.kind.not_in(NOBODYS),
            _clock.c.affair_seq.is_(None),
        )
        listed = exists().where(_line.c.list_id == self._home, _line.c.clock_id == _clock.c.id)
        touched = exists().where(_journal.c.case_id == _clock.c.case_id, _journal.c.action.in_(_MOVED))
        yield from self._run(select(_clock.c.id).where(*open_then, ~listed, ~touched).order_by(_clock.c.id)).scalars()


def _moved(at: datetime) -> tuple[Any, ...]:
    return (_journal.c.at > at, _journal.c.action.in_(_MOVED))

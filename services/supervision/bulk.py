"""Opening supervision orders in bulk: a result for every row of a table; a row that is refused holds up no other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused, State
from services.catalogue import catalogue
from services.intake import Report, submit
from services.mechanisms import require
from services.moves import Conflict, Intent, Moved, Setting, make_moves
from services.supervision.opening import Opened, case_ids, newest, report_of
from services.supervision.sheet import Asked, Sheet, Unusable
from services.tables import TableRow

#: The field of a row that a refusal is about; what is not named here is about the case.
FIELDS: Final[Mapping[str, str]] = {
    "unknown_unit": "unit",
    "never_to_gentle": "unit",
    "demand_missing": "demand",
    "already_supervised": "demand",
    "bad_limit": "limit",
    "bad_yes_no": "listed",
    "unknown_area": "area",
    "place_missing": "place",
    "problem_missing": "problem",
    "case_or_problem_missing": "problem",
    "already_noted": "problem",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one row: the supervision order that was proposed, or why none was."""

    row: TableRow
    opened: Opened | None = None
    refusal: Refused | Conflict | None = None

    @property
    def field(self) -> str | None:
        """The column that a refusal is about; None where nothing was refused."""
        if not isinstance(self.refusal, Refused):
            return "case" if self.refusal else None
        return FIELDS.get(self.refusal.code) or str(self.refusal.details.get("field") or "case")


@dataclass(frozen=True, slots=True)
class _Ready:
    """One row whose case is there."""

    asked: Asked
    case_id: int
    case_no: str


def issue(session: Session, sheet: Sheet, actor: Actor, setting: Setting) -> list[Line]:
    """Propose a supervision order for every row that can be used, all in this unit of work.

    Safe to run again with the same table: what is open already, or was noted today, is refused row by row.

    Args:
        session: The unit of work; a rehearsal gives it up instead of committing.
        sheet: What was read.
        actor: Who asks; each row is decided with the rights that he or she has there.
        setting: The instant.

    Returns:
        A line for each row that could be taken apart, by line number.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, "supervision")
    lines = [Line(bad.row, refusal=bad.refusal) for bad in sheet.unusable]
    ready: list[_Ready] = []
    for made in (*_on_cases(session, sheet.asked), *_on_the_spot(session, sheet.asked, actor, setting)):
        if isinstance(made, _Ready):
            ready.append(made)
        else:
            lines.append(Line(made.row, refusal=made.refusal))
    for wave in _waves(ready):
        lines += _supervise(session, wave, actor, setting)
    return sorted(lines, key=lambda line: line.row.line)


def _on_cases(session: Session, asked: Sequence[Asked]) -> Iterator[_Ready | Unusable]:
    named = [(each, each.case_no) for each in asked if each.case_no is not None]
    ids = case_ids(session, [no for _, no in named])
    for each, no in named:
        yield _Ready(each, ids[no], no) if no in ids else Unusable(each.row, Refused("unknown_case", case=no))


def _on_the_spot(session: Session, asked: Sequence[Asked], actor: Actor, setting: Setting) -> Iterator[_Ready | Unusable]:
    """Note the problems that are no case yet; only those that will be supervised, so that none is left lying without a clock."""
    known = catalogue(session)
    notes: list[tuple[Asked, Report]] = []
    for each in asked:
        if each.spot is not None:
            try:
                notes.append((each, report_of(each.spot, each.wish, known, actor, setting)))
            except Refused as refusal:
                yield Unusable(each.row, refusal)
    done = submit(session, [report for _, report in notes], setting, actor, state=State.NOTED) if notes else []
    for (each, _), noted in zip(notes, done, strict=True):
        ready = _Ready(each, noted.case_id, noted.no)
        yield Unusable(each.row, Refused("already_noted", case=noted.no)) if noted.known else ready


def _waves(ready: Sequence[_Ready]) -> Iterator[list[_Ready]]:
    """Rows in batches in which no case comes twice: the door makes one move a thing and call."""
    by_case: dict[int, list[_Ready]] = defaultdict(list)
    for each in ready:
        by_case[each.case_id].append(each)
    for depth in range(max(map(len, by_case.values()), default=0)):
        yield [rows[depth] for rows in by_case.values() if depth < len(rows)]


def _supervise(session: Session, wave: Sequence[_Ready], actor: Actor, setting: Setting) -> Iterator[Line]:
    outcomes = make_moves(session, [Intent(r.case_id, "supervise", actor, args=r.asked.wish.args()) for r in wave], setting)
    seqs = newest(session, [r.case_id for r, o in zip(wave, outcomes, strict=True) if isinstance(o, Moved)])
    for each, outcome in zip(wave, outcomes, strict=True):
        if not isinstance(outcome, Moved):
            if each.asked.spot is not None:
                raise RuntimeError(f"a problem was noted that cannot be supervised: {outcome!r}") from outcome
            yield Line(each.asked.row, refusal=outcome)
        else:
            yield Line(each.asked.row, opened=Opened(each.case_no, seqs[each.case_id]))

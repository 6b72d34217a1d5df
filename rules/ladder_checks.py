"""What is wrong with the ladders of a policy before they are used: each problem with its place."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from operator import gt
from typing import Any, Final, NamedTuple

from rules.clocks import OF_AFFAIRS, ClockKind, demanded
from rules.facts import OPEN_ORDER, Facts, OrderFacts, OrderState, State, Thing, Who
from rules.handling import AFFAIRS, AffairKind, PartKind
from rules.ladder import Rung
from rules.lifecycle import MOVES
from rules.sla import EMERGENCY, STAGE, Row, read_value
from rules.sla_checks import Known, Problem, surely
from rules.worktime import Limit, Unit

#: Clocks with ladders of their own besides the kinds: a co-handler's, a unit's without penalties, a letter's to a vertical line (函告).
BESIDES: Final[Mapping[str, ClockKind]] = {"handle_co": ClockKind.HANDLE, "gentle": ClockKind.HANDLE, "letter": ClockKind.RECTIFY}
FOR_SENSOR: Final = ("_sensor", "_sensor_co")  #: endings of a kind's name: the lead's and a co-handler's ladder for what devices report
GENTLE: Final = "gentle"  #: also an ending of any kind's name: its ladder for units without penalties
FOR_EMERGENCY: Final = "_p0"  #: ending of a kind's name: its ladder for emergencies
NEEDED: Final = (*(kind for kind in ClockKind if kind not in OF_AFFAIRS), GENTLE)
LONGEST: Final = {"code": 20, "zh": 40, "en": 60}


@dataclass(frozen=True, slots=True)
class WrittenLadder:
    """A ladder as a file has it; its rungs are read by `rules.ladder.Rung.parse`.

    Attributes:
        line: Line of the file or row of the sheet where it begins.
        sheet: Sheet that the line is in; empty: the file itself.
    """

    line: int = field(compare=False)
    code: str
    zh: str
    en: str
    rungs: tuple[Mapping[str, Any], ...]
    sheet: str = field(default="", compare=False)


class Place(NamedTuple):
    """Line of a file, or row of a sheet."""

    line: int = 0
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says about ladders: the ladders, and which clock climbs which of them, with the place where it says so."""

    ladders: Sequence[WrittenLadder]
    clocks: Mapping[str, str]
    places: Mapping[str, Place] = field(default_factory=dict)


def ladder_problems(written: Written, rows: Iterable[Row], known: Known) -> list[Problem]:
    """Everything that is wrong with the ladders of a policy.

    Args:
        written: The ladders; no clocks at all: those of the policy before stay as they are, and are not looked at.
        rows: Rows of the policy, whose limits the rungs hang on; limits that cannot be read are passed over.
        known: Codes that may be used, among them the ladders that are there already.
    """
    found = [*_same_code(written.ladders)]
    rungs = {}
    for ladder in written.ladders:
        found += _names(ladder)
        rungs[ladder.code] = _Rungs(ladder, known, found).read()
    if written.clocks:
        found += [*_clocks(written, known), *_too_gentle(written, rungs), *_never(written, rungs), *_before_the_start(written, rungs, rows)]
    return found


def _problem(ladder: WrittenLadder, key: str, code: str, detail: str = "") -> Problem:
    return Problem(ladder.line, f"ladder {ladder.code}{key}", code, detail, ladder.sheet)


def _same_code(ladders: Iterable[WrittenLadder]) -> Iterator[Problem]:
    first: dict[str, WrittenLadder] = {}
    for ladder in ladders:
        before = first.setdefault(ladder.code, ladder)
        if before is not ladder:
            yield _problem(ladder, "", "ladder_twice", str(before.line))


def _names(ladder: WrittenLadder) -> Iterator[Problem]:
    if not re.fullmatch("[a-z][a-z0-9_]*", ladder.code):
        yield _problem(ladder, "", "bad_code", ladder.code)
    for name, longest in LONGEST.items():
        if len(getattr(ladder, name)) > longest:
            yield _problem(ladder, f".{name}", "too_long", str(longest))
    if not ladder.rungs:
        yield _problem(ladder, "", "ladder_empty")


# rungs ----------------------------------------------------------------------------------------------------------------


class _Rungs:
    """Reads the rungs of one ladder; what is wrong with them is added to a list."""

    def __init__(self, ladder: WrittenLadder, known: Known, found: list[Problem]) -> None:
        self.ladder, self.known, self.found = ladder, known, found

    def read(self) -> list[Rung]:
        """The rungs that can be read."""
        rungs: list[Rung] = []
        for no, raw in enumerate(self.ladder.rungs, start=1):
            code = str(raw.get("code", no))
            rung = self._rung(raw, code)
            if rung is None:
                continue
            if rung.code in {r.code for r in rungs}:
                self._add(code, "rung_twice", code)
            if rung.notice and rung.notice not in self.known.notices:
                self._add(code, "unknown_notice", rung.notice)
            rungs.append(rung)
        return rungs

    def _rung(self, raw: Mapping[str, Any], code: str) -> Rung | None:
        try:
            return Rung.parse(raw)
        except ValueError as problem:
            at = re.fullmatch(r"\s*([+-]?[0-9.]+)\s*%\s*", str(raw.get("at")))
            early = at is not None and not re.search("[1-9]", at[1].partition("-")[0])
            self._add(code, "rung_before_start" if early else "bad_rung", str(raw.get("at")) if early else str(problem))
            return None

    def _add(self, rung: str, code: str, detail: str) -> None:
        self.found.append(_problem(self.ladder, f".{rung}", code, detail))


# clocks ---------------------------------------------------------------------------------------------------------------


_KINDS: Final = frozenset(ClockKind)


def kind_of(clock: str) -> str | None:
    """The kind of clock that a name in `[clocks]` is for, e.g. `acknowledge_p0`; None: no such clock."""
    if clock in BESIDES:
        return BESIDES[clock]
    for ending in (FOR_EMERGENCY, *FOR_SENSOR, f"_{GENTLE}"):
        clock = clock.removesuffix(ending)
    return clock if clock in _KINDS else None


def _clocks(written: Written, known: Known) -> Iterator[Problem]:
    there = {ladder.code for ladder in written.ladders} | known.ladders
    for clock, ladder in written.clocks.items():
        line, sheet = written.places.get(clock, Place())
        if kind_of(clock) is None:
            yield Problem(line, f"clocks.{clock}", "unknown_clock", clock, sheet)
        if ladder not in there:
            yield Problem(line, f"clocks.{clock}", "unknown_ladder", ladder, sheet)
    line, sheet = next(iter(written.places.values()), Place())
    for clock in NEEDED:
        if clock not in written.clocks:
            yield Problem(line, f"clocks.{clock}", "clock_without_ladder", clock, sheet)


def _too_gentle(written: Written, rungs: Mapping[str, Sequence[Rung]]) -> Iterator[Problem]:
    """Rungs that light a red light or propose supervision for units that get reminders and help only."""
    ladders = {ladder.code: ladder for ladder in written.ladders}
    for code in dict.fromkeys(ladder for clock, ladder in written.clocks.items() if clock.endswith(GENTLE)):
        for rung in rungs.get(code, ()):
            if rung.red or rung.act.startswith("propose_"):
                yield _problem(ladders[code], f".{rung.code}", "gentle_red", rung.code)


def _demanding() -> dict[ClockKind, set[tuple[Thing, str]]]:
    """Where each kind of clock can be open: states of the case, and of the work order or affair that it measures."""
    found: dict[ClockKind, set[tuple[Thing, str]]] = {}
    for state, order in product(State, OPEN_ORDER):
        one = OrderFacts(1, 1, None, True, order, deemed=True, stages_left=("any",), asks=order is OrderState.WORKING)
        for orders in ((), (one,)):
            for demand in demanded(Facts(state, EMERGENCY, orders=orders), 1, 1):
                place = (Thing.CASE, state.value) if demand.order_no is None else (Thing.ORDER, order.value)
                found.setdefault(demand.kind, set()).add(place)
    for affair in AFFAIRS.values():
        timed_kinds: tuple[AffairKind | PartKind, ...] = (affair, *affair.parts)
        for each in timed_kinds:
            for waiting, timed in each.clocks.items():
                found.setdefault(timed.kind, set()).add((each.thing, waiting.value))
    return found


#: Kind of clock → moves of the system that the table allows in at least one of the states in which such a clock is open.
_MOVES_ON: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(f"move:{m.action}" for m in MOVES if Who.SYSTEM in m.who and not m.follows and (m.thing, m.source.value) in places)
    for kind, places in _demanding().items()
}


def _never(written: Written, rungs: Mapping[str, Sequence[Rung]]) -> Iterator[Problem]:
    """Rungs that ask for a move that the table never allows while their clock is open."""
    ladders = {ladder.code: ladder for ladder in written.ladders}
    for clock, code in written.clocks.items():
        possible = _MOVES_ON.get(kind_of(clock) or "", frozenset())
        for rung in rungs.get(code, ()):
            if rung.act.startswith("move:") and rung.act not in possible:
                yield _problem(ladders[code], f".{rung.code}", "rung_never_moves", f"{clock}: {rung.act}")


def _before_the_start(written: Written, rungs: Mapping[str, Sequence[Rung]], rows: Iterable[Row]) -> Iterator[Problem]:
    """Rungs so long before the due moment that the clock has not even begun, on any calendar."""
    limits = list(_limits(rows))
    ladders = {ladder.code: ladder for ladder in written.ladders}
    for clock, code in written.clocks.items():
        its = [(row, limit) for row, kind, limit in limits if _hangs(clock, kind, row, written)]
        for rung in rungs.get(code, ()):
            hit = next((row for row, limit in its if _too_early(rung, limit)), None)
            if hit is not None:
                detail = f"{clock}: {rung.offset}, {hit.sheet} {hit.line}".replace("  ", " ")
                yield _problem(ladders[code], f".{rung.code}", "rung_too_early", detail)


def _limits(rows: Iterable[Row]) -> Iterator[tuple[Row, str, Limit]]:
    for row in rows:
        for stage in row.stages:
            yield row, STAGE, stage.limit
        for kind, text in row.limits.items():
            try:
                value = read_value(kind, text)
            except ValueError:
                continue  # told with the row
            if isinstance(value, Limit):
                yield row, kind, value


def _hangs(clock: str, kind: str, row: Row, written: Written) -> bool:
    """Whether a limit of this kind in this row is one that the clock may have; an emergency's own ladder takes the kind's place."""
    if kind != kind_of(clock):
        return False
    if clock.endswith(FOR_EMERGENCY):
        return row.urgency == EMERGENCY
    return not (row.urgency == EMERGENCY and f"{kind}{FOR_EMERGENCY}" in written.clocks)


def _too_early(rung: Rung, limit: Limit) -> bool:
    offset = rung.offset
    if offset is None or offset.amount > 0 or (rung.only_wd and limit.unit is not Unit.WORK_DAY):
        return False
    return surely(gt, Limit(-offset.amount, offset.unit), limit)

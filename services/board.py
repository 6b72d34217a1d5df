"""The daily board (每日一调度): what to ask about today, and how the last days went, of one person's area. Changes nothing.

Nothing here defines a figure: what stands on the list is what `services.rhythm.lines` says, rates are `rules.indicators` over the lists of
`services.rhythm.members`, lights are those of every list, durations are the spells of `services.ball`. Sensitive cases are left out.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median, quantiles
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from models import Case, Clock, Journal, connection_of, table
from rules.facts import FINAL, STEP_OF, Actor, State, Step
from rules.indicators import INDICATORS, Facts, Figure, figure
from services import ball
from services.catalogue import Catalogue, catalogue
from services.listing import Light, clock_line, weightiest
from services.moves import Row
from services.privacy.masking import masked
from services.rhythm.lines import BLOCKED, DUE, OVERDUE, Moment, lines_at
from services.rhythm.members import FAMILIES, NO_CASES, Month
from services.rhythm.periods import begin, local_day, monday_of
from services.visibility import places_of

_case, _clock, _journal = table(Case), table(Clock), table(Journal)
LEAST: Final = 30  #: of fewer cases no rate is told
WINDOW: Final = timedelta(days=30)
DAYS: Final = 14
SHOWN: Final = 12  #: lines of a part
PARTS: Final = (OVERDUE, DUE, BLOCKED)
_NEWEST: Final = 500  #: ended cases whose durations are looked at
#: Ends that are work done; a merged case goes on in another, a voided one was none.
_ENDS: Final = sorted(state.value for state in FINAL - {State.MERGED, State.VOIDED})
ALL, UNIT, CATEGORY = "all", "unit", "category"
TODAY, WEEK, MONTH = "day", "week", "month"
SPANS: Final = (TODAY, WEEK, MONTH)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of today's list: how many cases there are in all, and the first of them.

    A line has number and subject of its case, and under `others` how many further clocks of the case stand on the list.
    """

    name: str
    lines: Sequence[Row]
    cases: int


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: cases handed in, and cases that came to an end."""

    day: date
    received: int
    ended: int


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a step takes, in natural seconds: of half the cases at most the median, of nine tenths at most `high`."""

    step: Step
    median: float
    high: float
    cases: int


#: What figures are about (`all` with an empty key, a unit by its id, a category by its code) → indicator → figure.
Figures = Mapping[tuple[str, int | str], Mapping[str, Figure]]


def area_of(session: Session, viewer: Actor) -> frozenset[int]:
    """The units whose area the viewer's board is about; administrators have the district, who has no area nothing."""
    known = catalogue(session)
    return frozenset(known.units) if "admin" in viewer.roles else places_of(viewer, known)


def bounds(span: str, day: date) -> tuple[date, date]:
    """The first day of the span in which a day lies, and the first day after it."""
    if span == WEEK:
        return monday_of(day), monday_of(day) + timedelta(days=7)
    if span == MONTH:
        return day.replace(day=1), (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day, day + timedelta(days=1)


def _of(area: frozenset[int]) -> ColumnElement[bool]:
    return and_(_case.c.area_unit_id.in_(sorted(area)), _case.c.sensitive.is_(None), _case.c.state.not_in(NO_CASES))


def today(session: Session, area: frozenset[int], now: datetime, span: str = TODAY) -> list[Part]:
    """Overdue, due until the end of the local day, week or month, and blocked, as they stand now; in each part the earliest first.

    A case is on it once, where it stands worst: what is overdue is not counted again as due or blocked.

    Args:
        session: The unit of work.
        area: As `area_of` gives it.
        now: The instant, aware UTC.
        span: One of `SPANS`.
    """
    known = catalogue(session)
    _, after = bounds(span, local_day(now, known.zone))
    at = Moment(now, begin(after, known.zone), now)
    sensitive = set(connection_of(session).scalars(select(_case.c.id).where(_case.c.sensitive.is_not(None))))
    by_case: dict[int, list[Row]] = defaultdict(list)
    for line in lines_at(session, at, known.desk_id):
        if line["part"] in PARTS and line["area_unit_id"] in area and line["case_id"] not in sensitive:
            by_case[line["case_id"]].append(line)
    kept: dict[str, list[Row]] = {part: [] for part in PARTS}
    for lines in by_case.values():
        kept[lines[0]["part"]].append(lines[0] | {"others": _others(lines)})
    subjects = _subjects(session, [line["case_id"] for lines in kept.values() for line in lines[:SHOWN]])
    return [Part(part, [line | subjects[line["case_id"]] for line in lines[:SHOWN]], len(lines)) for part, lines in kept.items()]


def _others(lines: Sequence[Row]) -> int:
    """How many clocks besides the first line's stand on the list; a clock may stand there twice, as due and as provisional."""
    return len({line["clock_id"] for line in lines} - {None, lines[0]["clock_id"]})


def _subjects(session: Session, case_ids: Sequence[int]) -> dict[int, Row]:
    rows = connection_of(session).execute(select(_case.c.id, _case.c.no, _case.c.subject).where(_case.c.id.in_(case_ids)))
    return {row.id: {"case": row.no, "subject": masked(row.subject)} for row in rows}


def by_day(session: Session, area: frozenset[int], now: datetime, span: str = TODAY) -> list[Day]:
    """The last 14 local days with today, and so many more that the whole span is there: what came in, what came to an end."""
    zone = catalogue(session).zone
    last = local_day(now, zone)
    first, _ = bounds(span, last)
    found = [last - timedelta(days=back) for back in reversed(range(max(DAYS, (last - first).days + 1)))]
    spans = [(begin(day, zone), begin(day + timedelta(days=1), zone)) for day in found]
    came = _counted(session, _case.c.submitted_at, spans, select().select_from(_case).where(_of(area)))
    ends = select().select_from(_journal.join(_case, _case.c.id == _journal.c.case_id))
    ended = _counted(session, _journal.c.at, spans, ends.where(_of(area), _journal.c.thing == "case", _journal.c.after.in_(_ENDS)))
    return [Day(*each) for each in zip(found, came, ended, strict=True)]


def _counted(session: Session, at: ColumnElement[Any], spans: Sequence[tuple[datetime, datetime]], among: Any) -> Sequence[int]:  # noqa: ANN401 - a Select
    counts = [func.count().filter(at >= since, at < until).label(f"d{i}") for i, (since, until) in enumerate(spans)]
    wanted = among.add_columns(*counts).where(at >= spans[0][0], at < spans[-1][1])
    return tuple(connection_of(session).execute(wanted).one())


def lights(session: Session, area: frozenset[int], now: datetime) -> dict[Light, int]:
    """Open cases by the light of the clock that matters most, as in every list."""
    found = Counter(light for _, light in open_cases(session, area, now))
    return {light: found[light] for light in Light}


def open_cases(session: Session, area: frozenset[int], now: datetime) -> list[tuple[int, Light]]:
    """Every open case: the unit in whose area it lies, and the light of the clock that matters most."""
    known = catalogue(session)
    own = (_clock.c.stopped_at.is_(None), _clock.c.affair_seq.is_(None), _of(area), _case.c.state.not_in([s.value for s in FINAL]))
    joined = _clock.join(_case, _case.c.id == _clock.c.case_id)
    query = select(_clock, _case.c.area_unit_id.label("lies_in")).select_from(joined).where(*own)
    by_case: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in connection_of(session).execute(query).mappings():
        by_case[row["case_id"], row["lies_in"]].append(clock_line(dict(row), known, now))
    told = ((area_id, weightiest(lines)) for (_, area_id), lines in by_case.items())
    return [(area_id, line.light) for area_id, line in told if line is not None and line.light is not None]


def durations(session: Session, area: frozenset[int], now: datetime) -> list[Duration]:
    """How long each step took, of the newest 500 cases that came to an end in the last 30 days; of fewer than two nothing."""
    ended = select(_journal.c.case_id).join(_case, _case.c.id == _journal.c.case_id)
    within = (_journal.c.thing == "case", _journal.c.after.in_(_ENDS), _journal.c.at >= now - WINDOW, _journal.c.at <= now)
    newest = ended.where(_of(area), _case.c.state.in_(_ENDS), *within).order_by(_journal.c.at.desc()).limit(_NEWEST)
    case_ids = set(connection_of(session).scalars(newest))
    spent: dict[Step, list[float]] = defaultdict(list)
    for spells in ball.held(session, case_ids, now).values() if case_ids else ():
        of_case: Counter[Step] = Counter()
        for spell in spells:
            of_case[STEP_OF[State(spell.state)]] += round(spell.long.total_seconds())
        for step, seconds in of_case.items():
            spent[step].append(seconds)
    return [_duration(step, spent[step]) for step in Step if len(spent[step]) > 1]


def _duration(step: Step, spent: Sequence[float]) -> Duration:
    return Duration(step, median(spent), quantiles(spent, n=10, method="inclusive")[-1], len(spent))


def figures(session: Session, area: frozenset[int], codes: Sequence[str], now: datetime) -> Figures:
    """Indicators over the last 30 days, for the whole area, by unit and by category.

    Args:
        session: The unit of work.
        area: As `area_of` gives it.
        codes: Of `rules.indicators.INDICATORS`.
        now: The instant, aware UTC.
    """
    known, month = catalogue(session), Month(now - WINDOW, now, now)
    found: dict[tuple[str, int | str], dict[str, Figure]] = defaultdict(dict)
    for code in codes:
        indicator = INDICATORS[code]
        counts: dict[tuple[str, int | str], dict[Facts, int]] = defaultdict(lambda: defaultdict(int))
        for row in _tallies(session, area, FAMILIES[indicator.family](month).subquery()):
            for part in _parts(row, known):
                counts[part][frozenset(row.facts.split())] += row.n
        counts[ALL, ""]
        for part, counted in counts.items():
            found[part][code] = figure(indicator, counted, LEAST)
    return found


def _tallies(session: Session, area: frozenset[int], family: Any) -> Sequence[Any]:  # noqa: ANN401 - a Subquery
    what = (family.c.unit_id, family.c.category, family.c.facts)
    joined = family.join(_case, _case.c.id == family.c.case_id)
    wanted = select(*what, func.count().label("n")).select_from(joined).where(_of(area)).group_by(*what)
    return connection_of(session).execute(wanted).all()


def _parts(row: Any, known: Catalogue) -> list[tuple[str, int | str]]:  # noqa: ANN401 - a result row
    found: list[tuple[str, int | str]] = [(ALL, "")]
    if row.unit_id in known.units:
        found.append((UNIT, row.unit_id))
    if row.category is not None:
        found.append((CATEGORY, row.category))
    return found

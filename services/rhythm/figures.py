"""The figures of a bulletin: counted from its lists in one statement, for the district, by category, unit and class of unit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Bulletin, BulletinCase, connection_of, table
from rules.facts import Refused
from rules.indicators import INDICATORS, Fact, Facts, Family, Figure, Ranked, figure, ranked
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.moves import Row

_bulletin, _member = table(Bulletin), table(BulletinCase)
MECHANISM: Final = "bulletin"
RANKING: Final = "ranking"  #: a mechanism of its own, off unless somebody switches it on
DISTRICT, CATEGORY, UNIT, CLASS = "district", "category", "unit", "class"
BY: Final = (DISTRICT, CATEGORY, UNIT, CLASS)
LEFT_OUT, AS_MET = "left_out", "met"
CORRECTIONS: Final = (LEFT_OUT, AS_MET)

Counted = dict[Facts, int]


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of one part: of the district (key empty), of a category, a unit or a class of unit, each by its code."""

    by: str
    key: str
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a bulletin.

    Attributes:
        tables: The district first, then categories, units, classes, each by code.
        sensitive: Things of sensitive cases: counted for the district only, so that nobody can tell them apart.
        corrected: Things that are counted otherwise than they were, because an objection was upheld.
    """

    tables: Sequence[Table]
    sensitive: int
    corrected: int


def row_of(session: Session, month: str) -> Row:
    """The bulletin of a month.

    Raises:
        Refused: `no_such_bulletin`.
    """
    found = connection_of(session).execute(select(_bulletin).where(_bulletin.c.month == month)).mappings().first()
    if found is None:
        raise Refused("no_such_bulletin", month=month)
    return dict(found)


def figures_of(session: Session, bulletin: Row) -> Figures:
    """Work out all figures of a bulletin from its lists, corrections included."""
    known = catalogue(session)
    counts: dict[tuple[str, str], dict[Family, Counted]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    sensitive = corrected = 0
    for row in _tallies(session, bulletin["id"]):
        corrected += row.n if row.corrected else 0
        if row.corrected == LEFT_OUT:
            continue
        facts = frozenset(row.facts.split()) | ({Fact.MET.value} if row.corrected == AS_MET else frozenset())
        sensitive += row.n if row.sensitive else 0
        for part in _parts(row, known):
            counts[part][Family(row.family)][facts] += row.n
    counts[DISTRICT, ""]  # there also where nothing happened
    order = sorted(counts, key=lambda part: (BY.index(part[0]), part[1]))
    return Figures([Table(*part, _figures(counts[part], bulletin["small"])) for part in order], sensitive, corrected)


def _tallies(session: Session, bulletin_id: int) -> Sequence[Any]:
    what = (_member.c.family, _member.c.unit_id, _member.c.category, _member.c.sensitive, _member.c.facts, _member.c.corrected)
    wanted = select(*what, func.count().label("n")).where(_member.c.bulletin_id == bulletin_id).group_by(*what)
    return connection_of(session).execute(wanted).all()


def _parts(row: Any, known: Catalogue) -> Sequence[tuple[str, str]]:  # noqa: ANN401 - a result row
    """Where something counts; of a sensitive case the district only."""
    found = [(DISTRICT, "")]
    if row.sensitive:
        return found
    if row.category is not None:
        found.append((CATEGORY, row.category))
    if row.unit_id is not None:
        unit = known.units[row.unit_id]
        found += [(UNIT, unit.code), (CLASS, unit.kind)]
    return found


def _figures(counted: Mapping[Family, Counted], small: int) -> Sequence[Figure]:
    return [figure(indicator, counted.get(indicator.family, {}), small) for indicator in INDICATORS.values()]


def ranking(session: Session, month: str, code: str) -> Mapping[str, Sequence[Ranked]]:
    """Units in order by one figure, each class of unit by itself; never people, and never units that get reminders and help only.

    Args:
        session: The unit of work.
        month: Of a bulletin that is published.
        code: An indicator that has a good end.

    Returns:
        By class of unit; a class in which only one unit is left has no ranking.

    Raises:
        Refused: `mechanism_off` (the mechanism `ranking` is off unless switched on), `no_such_bulletin`, `bulletin_not_published`,
            `not_ranked`.
    """
    require(session, RANKING)
    require(session, MECHANISM)
    bulletin, known = row_of(session, month), catalogue(session)
    if bulletin["published_at"] is None:
        raise Refused("bulletin_not_published", month=month)
    indicator = INDICATORS.get(code)
    if indicator is None or indicator.more_is_better is None:
        ranked_ones = (each.code for each in INDICATORS.values() if each.more_is_better is not None)
        raise Refused("not_ranked", given=code, known=", ".join(ranked_ones))
    by_class: dict[str, dict[int, Figure]] = defaultdict(dict)
    for each in figures_of(session, bulletin).tables:
        if each.by == UNIT and (unit := known.unit_ids[each.key]) not in known.gentle:
            by_class[known.units[unit].kind][unit] = next(f for f in each.figures if f.code == code)
    asked = {kind: {unit: found for unit, found in units.items() if found.n} for kind, units in sorted(by_class.items())}
    return {kind: ranked(indicator, units) for kind, units in asked.items() if len(units) > 1}

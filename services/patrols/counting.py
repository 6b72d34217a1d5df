"""The public counter: reported, solved, in coordination, for a community, a group or a station, from the database at this moment.

Every report counts once as reported, and is either solved, in coordination, or ended otherwise (services/patrols/fates.py). Counts only:
no name, no phone, no address, no text of a report.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from models import Case, PatrolReport, connection_of, table
from rules.facts import Refused
from services.catalogue import Named, catalogue
from services.mechanisms import require
from services.patrols.fates import COORDINATING, SOLVED, fates, standing
from services.patrols.members import member
from services.patrols.places import MECHANISM, listed
from services.patrols.reporting import MEMBER, within

SCOPES: Final = ("community", "group", "station")
_report, _case = table(PatrolReport), table(Case)


@dataclass(frozen=True, slots=True)
class Figures:
    """Reports: all of them, and how many of them stand how; `reported` is the sum of the others."""

    reported: int = 0
    solved: int = 0
    coordinating: int = 0

    @property
    def other(self) -> int:
        """Ended otherwise: declined, diverted, withdrawn, voided, terminated, closed although not solved."""
        return self.reported - self.solved - self.coordinating

    def __add__(self, more: "Figures") -> "Figures":
        """Both together."""
        return Figures(self.reported + more.reported, self.solved + more.solved, self.coordinating + more.coordinating)


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of the counter."""

    scope: str
    code: str
    name: Named
    figures: Figures


@dataclass(frozen=True, slots=True)
class Community:
    """A community with the groups that belong to it and the stations that lie in it."""

    total: Counted
    groups: tuple[Counted, ...]
    stations: tuple[Counted, ...]


def counter(session: Session, *, since: datetime | None = None, until: datetime | None = None) -> list[Community]:
    """The whole counter, in order of the communities' codes; one query, whatever there is.

    Args:
        session: The unit of work.
        since: Only what was reported from this moment on, aware.
        until: Only what was reported before this moment, aware.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, MECHANISM)
    known, found = catalogue(session), _figures(session, *within(since, until))
    groups, stations = listed(session, "group"), listed(session, "station")
    codes = sorted({row["area"] for row in (*groups, *stations)})
    own = {row["id"]: row["area"] for row in groups}
    return [
        Community(
            Counted("community", area, known.names[known.unit_ids[area]], _sum(f for key, f in found.items() if own[key[0]] == area)),
            tuple(_lines("group", groups, area, found)),
            tuple(_lines("station", stations, area, found)),
        )
        for area in codes
    ]


_Found = Mapping[tuple[int, int | None], Figures]


def _lines(scope: str, rows: Sequence[Mapping[str, Any]], area: str, found: _Found) -> Iterator[Counted]:
    place = SCOPES.index(scope) - 1  # in the key of `found`: group, station
    for row in rows:
        if row["area"] == area:
            yield Counted(scope, row["code"], Named(row["zh"], row["en"]), _sum(f for key, f in found.items() if key[place] == row["id"]))


def _sum(figures: Iterable[Figures]) -> Figures:
    return sum(figures, Figures())


def one(session: Session, scope: str, code: str, *, since: datetime | None = None, until: datetime | None = None) -> Counted:
    """The line of one community, group or station.

    Raises:
        Refused: `mechanism_off`; `unknown_patrol_scope`, there is none such.
    """
    communities = counter(session, since=since, until=until)
    every = [line for each in communities for line in (each.total, *each.groups, *each.stations)]
    line = next((line for line in every if (line.scope, line.code) == (scope, code)), None)
    if line is None:
        raise Refused("unknown_patrol_scope", scope=scope, given=code, known=", ".join(SCOPES))
    return line


def of_member(session: Session, number: int, *, since: datetime | None = None, until: datetime | None = None) -> tuple[Figures, int]:
    """What one member has reported, and how many of those somebody of ours wrote down for him or her; not for the public.

    Raises:
        Refused: `unknown_member`.
    """
    member(session, number)
    mine = (_report.c.member_id == number, *within(since, until))
    written = select(func.count()).select_from(_report).where(*mine, _report.c.by != MEMBER)
    return _sum(_figures(session, *mine).values()), int(connection_of(session).execute(written).scalar_one())


def _figures(session: Session, *which: Any) -> _Found:  # noqa: ANN401 - conditions
    """Figures by group and station of the reports that meet these conditions."""
    fate, last = fates(select(_report.c.case_id).where(*which)), _case.alias("last")
    stands = standing(last)
    sums = [func.sum(case((stands == code, 1), else_=0)) for code in (SOLVED, COORDINATING)]
    joined = fate.join(last, last.c.id == fate.c.at_id).join(_report, _report.c.case_id == fate.c.case_id)
    wanted = select(_report.c.group_id, _report.c.station_id, func.count(), *sums).select_from(joined)
    by = wanted.where(last.c.merged_into_id.is_(None)).group_by(_report.c.group_id, _report.c.station_id)
    return {
        (group, station): Figures(n, int(solved), int(open_)) for group, station, n, solved, open_ in connection_of(session).execute(by)
    }


def told(line: Counted) -> dict[str, Any]:
    """A line of the counter for programs."""
    figures = {name: getattr(line.figures, name) for name in ("reported", "solved", "coordinating", "other")}
    return {"scope": line.scope, "code": line.code, "zh": line.name.zh, "en": line.name.en, **figures}

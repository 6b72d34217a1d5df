"""近邻·思民 入户 (row 20): 230 officials and 2,200 workers go from door to door in two rounds; one visit brings several matters."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

from sqlalchemy import func, select

from models import Case, Staff, Unit, Visit, table
from services.catalogue import catalogue
from services.intake.visit_tables import visits_of
from services.intake.visits import Opened, open_visits
from services.moves import Setting
from services.people.roster import Brought, bring
from tests.support.sound import complaints
from tests.support.town import Town

OFFICIALS, WORKERS, ROUNDS = 230, 2200, 2
STREETS = ("hubin", "qiaotou", "wanghai", "dongtang")
MATTERS = ("楼道灯不亮", "下水道堵了", "想问问高龄津贴")
#: One door in so many has something to say in the first round; behind the others people are well.
SAY = 60


def written(path: Path, head: str, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows((head.split(), *rows))
    return path


def grids(town: Town) -> list[str]:
    unit = table(Unit)
    return [row.code for row in town.rows(select(unit.c.code).where(unit.c.kind == "GRID").order_by(unit.c.id))]


def teams(town: Town) -> list[tuple[str, str]]:
    """Everybody who goes, with the unit: officials of the streets, workers of the communities."""
    unit = table(Unit)
    communities = [row.code for row in town.rows(select(unit.c.code).where(unit.c.kind == "COMMUNITY").order_by(unit.c.id))]
    officials = [(f"official{n}", street) for n, street in zip(range(OFFICIALS), cycle(STREETS))]
    return [*officials, *((f"visitor{n}", community) for n, community in zip(range(WORKERS), cycle(communities)))]


def brought(town: Town, path: Path, people: Sequence[tuple[str, str]]) -> Brought:
    """They are taken on from one table, brought twice."""
    rows = [(user, unit, "worker", "入户干部" if user.startswith("official") else "社工") for user, unit in people]
    written(path, "user unit post name", rows)
    for _ in range(2):
        with town.context.database.unit_of_work() as session:
            done = bring(session, path, "admin", town.now)
    return done


def doors(people: Sequence[tuple[str, str]], areas: Sequence[str], round_no: int, day: datetime) -> Iterator[tuple[str, ...]]:
    """One door for each of them; at one in sixty of the first round three matters come up."""
    for n, ((user, _), area) in enumerate(zip(people, cycle(areas))):
        said = "；".join(MATTERS) if round_no == 1 and n % SAY == 0 else ""
        yield user, (day + timedelta(minutes=n % 480)).isoformat(), f"{n // 20 + 1}号楼{n % 20 + 101}", area, "问过了", said


def visited(town: Town, path: Path) -> list[Opened]:
    with town.context.database.unit_of_work() as session:
        return open_visits(session, visits_of(path, catalogue(session)), Setting(town.now))


def test_two_rounds_of_visits_bring_several_cases_from_one_door(town: Town, tmp_path: Path) -> None:
    people, areas = teams(town), grids(town)
    assert brought(town, tmp_path / "people.csv", people) == Brought(0, OFFICIALS + WORKERS), "and taken on once"
    cases: list[str] = []
    for round_no in range(1, ROUNDS + 1):
        rows = list(doors(people, areas, round_no, datetime(2026, 9 + round_no, 12, 1, tzinfo=UTC)))
        path = written(tmp_path / f"round{round_no}.csv", "user at place area note matter", rows)
        done = visited(town, path)
        cases += [case.no for each in done for case in each.cases]
        if round_no == 1:
            again = visited(town, path)  # handed in twice, because the line was bad
            assert ([each.visit_id for each in again], all(each.known for each in again)) == ([each.visit_id for each in done], True)
    town.turn()
    reads_like_the_article(town, cases)
    assert complaints(town.context.database, town.now) == []


def reads_like_the_article(town: Town, cases: Sequence[str]) -> None:
    """230 officials, 2,200 workers, two rounds, several cases from one visit: from the database alone."""
    visit, staff, case = table(Visit), table(Staff), table(Case)
    joined = visit.join(staff, staff.c.id == visit.c.staff_id)
    went = town.rows(select(staff.c.zh, staff.c.name, visit.c.visited_at).select_from(joined))
    rounds = Counter((row.visited_at.month, row.zh) for row in went)
    assert rounds == {(10, "入户干部"): 230, (10, "社工"): 2200, (11, "入户干部"): 230, (11, "社工"): 2200}
    assert Counter(Counter(row.name for row in went).values()) == {ROUNDS: 2430}, "everybody went twice"
    per_visit = town.rows(select(case.c.visit_id, func.count().label("n")).where(case.c.visit_id.is_not(None)).group_by(case.c.visit_id))
    told = -(-(OFFICIALS + WORKERS) // SAY)
    assert Counter(row.n for row in per_visit) == {len(MATTERS): told}, "several cases from one visit, handed in twice they are there once"
    assert len(cases) == len(set(cases)) == told * len(MATTERS)
    rows = town.rows(select(case.c.source, case.c.entered_by, case.c.category).where(case.c.visit_id.is_not(None)))
    assert {row.source for row in rows} == {"visit"}
    assert len({row.entered_by for row in rows}) == told, "each under the name of who went there"
    assert Counter(row.category for row in rows)["A01"] == told, "and each goes its own way through the loop"

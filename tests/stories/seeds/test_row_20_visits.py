"""近邻·思民 入户 (row 20): officials and workers go from door to door in two rounds; one visit brings several matters."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from models import Case, Visit, table
from services.catalogue import catalogue
from services.intake import Report
from services.moves import Setting
from services.visits import Visited, open_visit
from tests.support.sound import complaints
from tests.support.town import Town

ROUNDS = 2
#: 230 位干部、2200 名社工 in the article; a sample of one official and three workers, each with four doors a round.
VISITORS = ("chenguang.head", "chenguang-1.worker", "chenguang-2.worker", "chenguang-3.worker")
DOORS = 4
MATTERS = ("楼道灯不亮", "下水道堵了", "想问问高龄津贴")


def visits(town: Town, user: str, round_no: int) -> list[str]:
    """One person's doors of a round: at the first one three matters come up, behind the others people are well."""
    numbers: list[str] = []
    for door in range(DOORS):
        matters = [Report("", text, requester=f"1000000{door}{round_no}00") for text in MATTERS] if door == 0 and round_no == 1 else []
        visited = Visited(area="chenguang-1", place=f"{door + 1}号楼{round_no}01", note="问过了", key=f"{user}-{round_no}-{door}")
        for _ in range(2):  # handed in twice, because the line was bad
            with town.context.database.unit_of_work() as session:
                opened = open_visit(session, visited, matters, catalogue(session).actor(user), Setting(town.now))
            numbers += [case.no for case in opened.cases if not case.known]
            if not matters:
                break
    return numbers


def test_two_rounds_of_visits_bring_several_cases_from_one_door(town: Town) -> None:
    brought = []
    for round_no in range(1, ROUNDS + 1):
        for user in VISITORS:
            brought += visits(town, user, round_no)
        town.turn()
        town.now += timedelta(days=30)
    visit, case = table(Visit), table(Case)
    by_day = Counter(row.visited_at.date() for row in town.rows(select(visit.c.visited_at)))
    assert list(by_day.values()) == [len(VISITORS) * DOORS] * ROUNDS, "every door is on record in each round, also where all is well"
    per_visit = town.rows(select(case.c.visit_id, func.count().label("n")).where(case.c.visit_id.is_not(None)).group_by(case.c.visit_id))
    assert Counter(row.n for row in per_visit) == {len(MATTERS): len(VISITORS)}, "several cases from one visit"
    assert len(brought) == len(set(brought)) == len(VISITORS) * len(MATTERS), "handed in twice they are there once"
    rows = town.rows(select(case.c.source, case.c.entered_by, case.c.category, case.c.state).where(case.c.visit_id.is_not(None)))
    assert {row.source for row in rows} == {"visit"}
    assert {row.entered_by for row in rows} == set(VISITORS)
    assert Counter(row.category for row in rows)["A01"] == len(VISITORS), "and each goes its own way through the loop"
    assert complaints(town.context.database, town.now) == []

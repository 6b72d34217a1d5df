"""1+X 多格合一 (row 23): 689 base grids, each with police, urban management, sanitation and fire laid over it; stations."""

from sqlalchemy import func, insert, select

from models import ProfessionalGrid, Unit, table
from services.catalogue import catalogue, reference_changed
from services.responsibility.asking import responsible
from services.responsibility.grids import coverage, laid
from tests.support.duties import entered, local
from tests.support.sound import complaints
from tests.support.town import Town

GRIDS = 689
LINES = {"police": "police-hubin", "urban": "urban-hubin", "sanitation": "sanitation", "fire": "fire"}
COLUMNS = "grid line name unit user from to"
_unit = table(Unit)


def base_grids(town: Town) -> list[str]:
    """The grids of the district, with as many more below the communities as the article counts."""
    there = [row.code for row in town.rows(select(_unit.c.code).where(_unit.c.kind == "GRID").order_by(_unit.c.id))]
    communities = [row.id for row in town.rows(select(_unit.c.id).where(_unit.c.kind == "COMMUNITY").order_by(_unit.c.id))]
    last = town.rows(select(func.max(_unit.c.id).label("id")))[0].id
    new = [
        {
            "id": last + n,
            "code": f"grid-{n}",
            "zh": f"第{n}网格",
            "en": f"Grid {n}",
            "kind": "GRID",
            "parent_id": (home := communities[n % len(communities)]),
            "supervising_id": home,
            "calendar": "cn",
        }
        for n in range(1, GRIDS - len(there) + 1)
    ]
    with town.context.database.unit_of_work() as session:
        session.connection().execute(insert(_unit), new)
        reference_changed(session)
    return [*there, *(row["code"] for row in new)]


def test_four_lines_lie_over_689_base_grids(town: Town) -> None:
    grids, database = base_grids(town), town.context.database
    assert len(grids) == GRIDS
    rows = [(grid, line, f"{line}-{grid}", unit, "", "2026-01-01", "") for grid in grids for line, unit in LINES.items()]
    assert entered(database, "lines", COLUMNS, *rows).new == GRIDS * len(LINES)
    moved = ("chenguang-1", "sanitation", "环卫新片", "sanitation", "sanitation.clerk", "2027-01-01", "")
    assert entered(database, "lines", COLUMNS, moved).following == 1, "from next year on another round, and nothing is overwritten"
    station = ("cgz-1", "晨光近邻城管工作站", "urban", "chenguang", "urban-hubin", "晨光路8号", "每天9:00–18:00", "2026-03-01")
    entered(database, "stations", "code name line area unit place hours from", station)
    with database.unit_of_work() as session:
        known = catalogue(session)
        today = laid(session, "chenguang-1", town.now)
        assert {each.line: known.units[each.unit_id].code for each in today.lines} == LINES
        assert [row["name"] for row in today.stations] == ["晨光近邻城管工作站"]
        assert {each.name for each in laid(session, "chenguang-1", local(1, 9, 1, 2027)).lines} >= {"环卫新片", "police-chenguang-1"}
        found = responsible(session, known.unit_ids["chenguang-1"], "B02", local(1, 9, 1, 2027))
        assert (found.reasons[0], found.person.name if found.person else None) == ("by_line", "sanitation.clerk")
        figures = coverage(session, town.now)
        stored = session.connection().execute(select(func.count()).select_from(table(ProfessionalGrid))).scalar_one()
        whole = session.connection().execute(select(func.count()).select_from(_unit).where(_unit.c.kind == "GRID")).scalar_one()
    assert figures == dict.fromkeys(sorted(LINES), GRIDS)
    assert (whole, stored) == (GRIDS, GRIDS * len(LINES) + 1)
    assert complaints(database, town.now) == []

"""四长制·网格管家 (row 29): 10 grids, 25 workers, 74 block captains, a station in each community; A away, B stands in; a gap is told."""

from itertools import cycle

from services.catalogue import catalogue
from services.duty import set_away
from services.people.staff import Post, take_on
from services.responsibility.staffing import Staffing, staffing, watch
from tests.support.duties import entered
from tests.support.sound import complaints
from tests.support.town import Town

COUNTED = {"chenguang": 3, "lianchi": 3, "rongyin": 2, "huxin": 2}
GRIDS = tuple(f"{community}-{n}" for community, grids in COUNTED.items() for n in range(1, grids + 1))
WORKERS, CAPTAINS = 25, 74
OFFICES = ("information", "publicity", "agent", "advocate", "deliberation")
SINCE = "2026-01-01"


def seen(town: Town) -> Staffing:
    with town.context.database.unit_of_work() as session:
        return staffing(session, town.now, "hubin")


def staffed(town: Town) -> None:
    """Each grid has its head, A and B; five have one more; captains take the offices in turn."""
    database, second = town.context.database, []
    for n in range(WORKERS - len(GRIDS)):
        grid = GRIDS[n % len(GRIDS)]
        second.append((grid, f"{grid}.worker{n // len(GRIDS) + 2}"))
        with database.unit_of_work() as session:
            take_on(session, Post(second[-1][1], grid, "worker", f"网格员{n}", f"Worker {n}"), "admin", town.now)
    heads = [(grid, "head", f"{grid.rpartition('-')[0]}.head") for grid in GRIDS]
    first = [(grid, "a", f"{grid}.worker") for grid in GRIDS]
    others = [(grid, "b" if n < len(GRIDS) else "more", user) for n, (grid, user) in enumerate(second)]
    entered(database, "posts", "grid slot user from", *((*row, SINCE) for row in (*heads, *first, *others)))
    tags = [(grid, f"{n}号楼", office, f"1000000{200 + n}") for n, grid, office in zip(range(CAPTAINS), cycle(GRIDS), cycle(OFFICES))]
    entered(database, "offices", "area building office holder from", *((*tag, SINCE) for tag in tags))
    stations = [(f"yz-{community}", f"{community}近邻驿站", community, community) for community in COUNTED]
    entered(database, "stations", "code name area unit from", *((*station, SINCE) for station in stations))


def test_ten_grids_are_staffed_b_stands_in_and_a_gap_is_told(town: Town) -> None:
    staffed(town)
    found = seen(town)
    mine = [grid for grid in found.grids if grid.a is not None]
    assert (len(mine), found.workers, found.captains, found.stations) == (len(GRIDS), WORKERS, CAPTAINS, len(COUNTED))
    assert {grid.how for grid in mine} == {"a"}
    with town.context.database.unit_of_work() as session:
        assert watch(session, town.now) == 0
        people = catalogue(session).people
        assert people["lianchi-2.worker"].deputy_id == people["lianchi-2.worker2"].id, "B is A's deputy in all that follows"
    case = town.reports("人行道上路灯不亮三天了", area="lianchi-2", source="grid_worker")
    for away, how in (("lianchi-2.worker", "b"), ("lianchi-2.worker2", "more"), ("lianchi-2.worker3", "gap")):
        with town.context.database.unit_of_work() as session:
            set_away(session, away, town.now, None, "培训", town.now)
        grid = next(g for g in seen(town).grids if town.unit_code(g.grid_id) == "lianchi-2")
        assert grid.how == how
    assert len(seen(town).gaps) == 1 + len(found.grids) - len(mine), "and grids that were never staffed are shown too"
    for _ in range(2):
        with town.context.database.unit_of_work() as session:
            assert watch(session, town.now) == 1, "a grid that was never staffed is none to be told of"
    town.turn()
    assert len([text for text in town.heard("lianchi.clerk") if "都不在岗" in text]) == 1
    assert town.state(case) != "submitted", "the loop goes on meanwhile"
    assert complaints(town.context.database, town.now) == []

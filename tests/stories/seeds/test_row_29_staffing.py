"""四长制·网格管家 (row 29): 10 grids, 25 workers, 74 block captains; 92 stations in 53 communities; A away, B stands in; a gap is told."""

from itertools import cycle

from sqlalchemy import func, insert, select

from models import GridPost, GridStation, OfficeTag, Unit, table
from services.catalogue import catalogue, reference_changed
from services.duty import set_away
from services.people.staff import Post, take_on_all
from services.responsibility.staffing import Staffing, staffing, watch
from tests.support.duties import entered
from tests.support.sound import complaints
from tests.support.town import Town

COUNTED = {"chenguang": 3, "lianchi": 3, "rongyin": 2, "huxin": 2}
GRIDS = tuple(f"{community}-{n}" for community, grids in COUNTED.items() for n in range(1, grids + 1))
WORKERS, CAPTAINS = 25, 74
COMMUNITIES, STATIONS = 53, 92
STREETS = ("hubin", "qiaotou", "wanghai", "dongtang")
OFFICES = ("information", "publicity", "agent", "advocate", "deliberation")
SINCE = "2026-01-01"


def seen(town: Town, area: str | None = "hubin") -> Staffing:
    with town.context.database.unit_of_work() as session:
        return staffing(session, town.now, area)


def communities(town: Town) -> list[str]:
    """The communities of the district, with as many more under its streets as the article counts."""
    unit = table(Unit)
    there = [row.code for row in town.rows(select(unit.c.code).where(unit.c.kind == "COMMUNITY").order_by(unit.c.id))]
    last = town.rows(select(func.max(unit.c.id).label("id")))[0].id
    new = [
        {"id": last + n, "code": f"community-{n}", "zh": f"第{n}社区", "en": f"Community {n}", "kind": "COMMUNITY", "calendar": "cn"}
        | {"parent_id": (street := town.unit_id(home)), "supervising_id": street}
        for n, home in zip(range(1, COMMUNITIES - len(there) + 1), cycle(STREETS))
    ]
    with town.context.database.unit_of_work() as session:
        session.connection().execute(insert(unit), new)
        reference_changed(session)
    return [*there, *(row["code"] for row in new)]


def stationed(town: Town) -> None:
    """One station in each community, and a second one in as many as there are stations more."""
    places = [(n, code) for n, code in zip(range(STATIONS), cycle(communities(town)))]
    rows = [(f"yz-{n}", f"{n + 1}号近邻驿站", code, code, SINCE) for n, code in places]
    entered(town.context.database, "stations", "code name area unit from", *rows)


def staffed(town: Town) -> None:
    """Each grid has its head, A and B; five have one more; captains take the offices in turn."""
    database, second = town.context.database, []
    for n in range(WORKERS - len(GRIDS)):
        grid = GRIDS[n % len(GRIDS)]
        second.append((grid, f"{grid}.worker{n // len(GRIDS) + 2}"))
    with database.unit_of_work() as session:
        posts = [Post(user, grid, "worker", f"网格员{n}", f"Worker {n}") for n, (grid, user) in enumerate(second)]
        take_on_all(session, posts, "admin", town.now)
    heads = [(grid, "head", f"{grid.rpartition('-')[0]}.head") for grid in GRIDS]
    first = [(grid, "a", f"{grid}.worker") for grid in GRIDS]
    others = [(grid, "b" if n < len(GRIDS) else "more", user) for n, (grid, user) in enumerate(second)]
    entered(database, "posts", "grid slot user from", *((*row, SINCE) for row in (*heads, *first, *others)))
    tags = [(grid, f"{n}号楼", office, f"1000000{200 + n}") for n, grid, office in zip(range(CAPTAINS), cycle(GRIDS), cycle(OFFICES))]
    entered(database, "offices", "area building office holder from", *((*tag, SINCE) for tag in tags))


def test_ten_grids_are_staffed_b_stands_in_and_a_gap_is_told(town: Town) -> None:
    staffed(town)
    stationed(town)
    found = seen(town)
    mine = [grid for grid in found.grids if grid.a is not None]
    assert (len(mine), found.workers, found.captains, seen(town, None).stations) == (len(GRIDS), WORKERS, CAPTAINS, STATIONS)
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
    reads_like_the_article(town)
    assert complaints(town.context.database, town.now) == []


def reads_like_the_article(town: Town) -> None:
    """10 grids, 25 workers, 74 block captains, 92 stations in 53 communities: from the database alone."""
    post, tag, station, unit = table(GridPost), table(OfficeTag), table(GridStation), table(Unit)
    workers = select(func.count(post.c.grid_id.distinct()), func.count(post.c.staff_id.distinct())).where(post.c.slot != "head")
    assert tuple(town.rows(workers)[0]) == (10, 25)
    heads = town.rows(select(post.c.grid_id).where(post.c.slot == "head"))
    assert len({row.grid_id for row in heads}) == 10, "each grid has its head"
    assert town.rows(select(func.count(tag.c.requester_id.distinct())))[0][0] == 74
    counted = select(func.count(), func.count(station.c.area_unit_id.distinct())).select_from(
        station.join(unit, unit.c.id == station.c.area_unit_id)
    )
    assert tuple(town.rows(counted.where(unit.c.kind == "COMMUNITY"))[0]) == (92, 53)
    assert town.rows(select(func.count()).select_from(unit).where(unit.c.kind == "COMMUNITY"))[0][0] == 53

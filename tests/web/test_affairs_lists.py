"""Lists of affairs on both databases: who sees which, page after page, and what a unit has taken on."""

from demo.mechanisms import claims, disputes, inspections, whistle
from rules.facts import Thing
from services.affairs.offering import floor, openable
from services.affairs.pledges import pledges_of, version_of
from services.affairs.seen import Wanted, seen_affairs
from services.catalogue import catalogue
from tests.support.town import Town


def test_who_sees_which_affairs_and_the_list_goes_on_where_it_ended(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        for example in (whistle, claims, disputes, inspections):
            example.show(session, town.now)
    with town.context.database.unit_of_work() as session:

        def seen(user: str, wanted: Wanted) -> set[str]:
            return {row["thing"] for row in seen_affairs(session, town.actor(user), wanted).rows}

        assert seen("water.clerk", Wanted()) == {"whistle", "pool"}
        assert seen("water.clerk", Wanted(mine=True)) == {"whistle"}
        assert seen("garden.clerk", Wanted()) == {"pool"}
        assert seen("chenguang.clerk", Wanted()) == {"pool", "dispute"}
        assert seen("chenghu.leader", Wanted(thing=Thing.INSPECTION)) == {"inspection"}
        assert seen("urban.clerk", Wanted(words="暗访")) == set()
        first = seen_affairs(session, town.actor("chenghu.leader"), Wanted(limit=2))
        rest = seen_affairs(session, town.actor("chenghu.leader"), Wanted(after=first.next))
        assert (len(first.rows), len(rest.rows), {r["no"] for r in first.rows} & {r["no"] for r in rest.rows}) == (2, 2, set())
        assert len(first.clocks) + len(rest.clocks) == 4
        (chairs,) = pledges_of(session, town.actor("urban.clerk"))
        assert (chairs.quantity, chairs.measure, chairs.version == version_of(session, chairs.no)) == (25, "把", True)
        offers = {
            (o.action, o.obstacle.code if o.obstacle else None) for o in floor(session, chairs.no, town.actor("chenguang.clerk")).offers
        }
        assert {("claim", None), ("withdraw_order", "pledges_live")} <= offers
        assert "plan_inspection" in openable(session, town.actor("chenghu.leader"), catalogue(session))

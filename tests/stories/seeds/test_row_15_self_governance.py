"""自管会·红管家 (row 15): seven residents see to it first, nobody is late, and what they cannot settle moves up."""

from sqlalchemy import insert

from models import Staff, table
from services.catalogue import reference_changed
from services.responsibility.self_governance import Record, record_of
from tests.support.sound import complaints
from tests.support.town import Town

MEMBERS = 7  # 红管家 7 人
HELPERS = 100  # 志愿者 100 余人


def record(town: Town, group: str) -> Record:
    with town.context.database.unit_of_work() as session:
        return record_of(session, group, town.now)


def joined(town: Town, group: str, count: int) -> None:
    """People of the estate join the group, until it has so many."""
    unit_id = town.unit_id(group)
    there = len(town.people_of(unit_id))
    new = [
        {"name": f"{group}.member{n}", "zh": f"{n}号委员", "en": f"Member {n}", "unit_id": unit_id, "role": "worker"}
        for n in range(there + 1, count + 1)
    ]
    with town.context.database.unit_of_work() as session:
        session.connection().execute(insert(table(Staff)), new)
        reference_changed(session)


def test_seven_residents_handle_first_without_penalty_and_pass_on_what_they_cannot(town: Town) -> None:
    joined(town, "songling-self", MEMBERS)
    town.without_photos()
    clutter = ("楼道堆物，进不了门", "楼道堆满杂物挡住消火栓")
    easy, hard = (town.reports(text, area="songling-2", phone=f"1000000000{n}") for n, text in enumerate(clutter))
    town.turn()
    for case in (easy, hard):
        (lead,) = [order for order in town.orders(case) if order.lead]
        assert lead.code == "songling-self", "residents first"
        town.order(case, "acknowledge", "songling-self.member3", "songling-self")
    assert record(town, "songling-self").open == 2
    town.order(easy, "contact", "songling-self.member3", "songling-self")
    town.order(easy, "finish", "songling-self.member4", "songling-self", result="上门劝说，当天搬走")
    town.fast_forward(days=20)
    assert "red" not in [rung for _, rung, _ in town.fired(hard)], "an open order of theirs is helped along, never a red light"
    assert [rung for _, rung, _ in town.fired(hard, "handle")], "they are reminded"
    town.order(hard, "give_up", "songling-self.head", "songling-self", reason="业主不在本地，劝不动")
    assert town.state(hard) == "reporting"
    assert (town.case(hard).level, town.unit_code(town.case(hard).holder_unit_id)) == ("community", "songling")
    assert "move_up" in town.actions(hard)
    town.turn()
    assert town.heard("songling.clerk", hard), "the community goes on with it"
    found = record(town, "songling-self")
    assert (found.members, found.taken, found.settled, found.passed_on, found.open, found.penalties) == (MEMBERS, 2, 1, 1, 0, 0)
    assert town.supervision(hard) == [], "and no supervision order is ever asked for against residents"
    assert complaints(town.context.database, town.now) == []


def test_a_hundred_volunteers_are_a_group_like_any_other(sqlite_town: Town) -> None:
    joined(sqlite_town, "longzhou-volunteers", HELPERS)
    found = record(sqlite_town, "longzhou-volunteers")
    assert (found.members, found.taken) == (HELPERS, 0)

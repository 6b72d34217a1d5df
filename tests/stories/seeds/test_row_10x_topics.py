"""未诉先办、每月一题 (item 10): the drain behind the market blocks again and again, until somebody gets at the root."""

from datetime import timedelta

from sqlalchemy import select, update

from models import Case, table
from services.topics import act, choose, detect, ease, take, topic_of, topics
from tests.support.beside import seen
from tests.support.sound import complaints
from tests.support.town import Town

PLACE = "榕荫路菜市场后巷"
_case = table(Case)


def blocked(town: Town, times: int) -> list[int]:
    """The same drain is reported so many times, a day apart."""
    made = []
    for n in range(times):
        made.append(town.reports("菜市场后巷下水道又堵了，污水外溢", area="rongyin-1", phone=f"1390000{len(made) + n:04d}"))
        town.turn()
        with town.context.database.unit_of_work() as session:
            session.connection().execute(update(_case).where(_case.c.id == made[-1]).values(place=PLACE))
        town.now += timedelta(days=1)
    return made


def found(town: Town) -> list[str]:
    """What the patrol, which looks every few minutes, finds now."""
    with town.context.database.unit_of_work() as session:
        return detect(session, town.now)


def test_a_drain_that_blocks_three_times_is_a_topic_with_an_owner_a_plan_and_a_clock(town: Town) -> None:
    cases = blocked(town, 3)
    (no,) = found(town)
    owner = town.unit_id("water")
    sheet = seen(town, no)
    assert (sheet.affair["unit_id"], sheet.affair["quantity"], [c["kind"] for c in sheet.clocks]) == (owner, 3, ["root"])
    assert sheet.cases == [town.case(case).no for case in cases]
    with town.context.database.unit_of_work() as session:
        take(session, no, "water", "后巷 60 米管网清淤换大管径，市场加隔油池", town.actor("water.head"), town.now)
        act(session, no, "approve_plan", town.actor("centre.head"), town.now)
        choose(session, no, "2026-12", town.actor("centre.head"), town.now)
    (late,) = blocked(town, 1)
    assert found(town) == []
    assert town.case(late).topic_id == town.case(cases[0]).topic_id, "the next one joins it"
    town.now += timedelta(days=40)
    with town.context.database.unit_of_work() as session:
        assert ease(session, town.now) == [no] or topics(session, "eased")[0]["no"] == no
    town.turn()
    assert any("确认" in text and no in text for text in town.heard("centre.clerk")), "a person is asked"
    with town.context.database.unit_of_work() as session:
        act(session, no, "confirm_solved", town.actor("centre.head"), town.now, result="换管后 40 天没有再堵")
    town.now += timedelta(days=20)
    again = blocked(town, 3)
    assert found(town) == [no], "it has come back: the same topic is open again"
    with town.context.database.unit_of_work() as session:
        row, members = topic_of(session, no)
    assert (row["state"], row["month"], len(members), len(row["returned"])) == ("open", "2026-12", 7, 1)
    homes = {row.topic_id for row in town.rows(select(_case.c.topic_id).where(_case.c.id.in_([*cases, late, *again])))}
    assert len(homes) == 1
    assert [e.data for case in again for e in town.journal(case) if e.action == "topic"] == [{"topic": no}] * 3
    assert complaints(town.context.database, town.now) == []

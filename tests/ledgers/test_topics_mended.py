"""Topics where a spot is spoken of twice, where they come from an older version, and where a case counts no more."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import func, insert, select, update

from models import Affair, Case, CaseLink, Clock, Database, Journal, Message, UtcDateTime, table
from rules.facts import Refused
from services.affairs.acting import Ask
from services.affairs.acting import act as ask
from services.catalogue import catalogue
from services.moves import Setting
from services.topics import act, ease, take, topic_of, topics
from services.upkeep import _config
from tasks.patrol import LOOKS
from tests.ledgers.test_topics import detects, drains, moves, of, takes
from tests.support.sound import complaints
from tests.support.town import START, Town

_case = table(Case)


def came_back(town: Town, late: int, early: int) -> None:
    """Somebody has said that a closed problem has come back in a later case."""
    link = {"case_id": late, "other_id": early, "kind": "recurrence", "score": 0.9, "reasons": [], "state": "confirmed", "at": town.now}
    with town.context.database.unit_of_work() as session:
        session.connection().execute(insert(table(CaseLink)).values(link))


def test_one_spot_is_one_topic_however_many_links_speak_of_it(town: Town) -> None:
    first = drains(town, 1)
    town.now += timedelta(days=40)
    other = drains(town, 1)
    town.now += timedelta(days=40)
    later = drains(town, 3)[:2]
    for late, early in ((later[0], first[0]), (later[1], first[0])):
        came_back(town, late, early)
    detects(town, 99)
    assert len(set(of(town, first + later))) == 1
    came_back(town, drains(town, 1)[0], other[0])
    detects(town, 99)
    with town.context.database.unit_of_work() as session:
        (topic,) = topics(session)
    assert topic["cases"] >= 4
    assert complaints(town.context.database, town.now) == []


def patrols(town: Town) -> None:
    for look in LOOKS:
        with town.context.database.unit_of_work() as session:
            look(session, town.now)


def test_a_month_has_one_topic_whoever_asks(sqlite_town: Town) -> None:
    town = sqlite_town
    drains(town, 3)
    (first,) = detects(town)
    drains(town, 3, "beishan-1")
    (second,) = detects(town)
    with town.context.database.unit_of_work() as session:
        head, setting = town.actor("centre.head"), Setting(town.now)
        ask(session, Ask(first, "choose_topic", args={"month": "2026-12"}), head, setting)
        ask(session, Ask(first, "choose_topic", args={"month": "2026-12"}), head, setting)
        with pytest.raises(Refused, match="month_has_one"):
            ask(session, Ask(second, "choose_topic", args={"month": "2026-12"}), head, setting)


def test_a_case_that_was_none_keeps_no_topic_open_and_the_patrol_looks(sqlite_town: Town) -> None:
    town = sqlite_town
    drains(town, 3)
    (topic,) = detects(town)
    takes(town, topic)
    moves(town, topic, "approve_plan", "centre.head")
    town.now += timedelta(days=25)
    late = drains(town, 1)
    detects(town)
    assert of(town, late) == [topic]
    town.now += timedelta(days=6)
    with town.context.database.unit_of_work() as session:
        assert ease(session, town.now) == []
        session.connection().execute(update(_case).where(_case.c.id == late[0]).values(state="voided"))
    patrols(town)
    with town.context.database.unit_of_work() as session:
        assert topic_of(session, topic)[0]["state"] == "eased"


def test_topics_of_an_older_version_have_a_clock_once_somebody_takes_them_up_and_go_back_whole(database: Database) -> None:
    config = _config(database.engine)
    command.downgrade(config, "0010")
    old = {"category": "A01", "area_unit_id": 1, "place": "榕荫路18号3栋", "opened_at": START, "plan": ""}
    topic = sa.table("topic", *(sa.column(n) for n in (*old, "id", "state", "unit_id", "closed_by", "result", "closed_at")))
    topic.c.opened_at.type = topic.c.closed_at.type = UtcDateTime()
    ended = {"closed_at": START, "closed_by": "centre.head", "result": "已改造"}
    with database.engine.begin() as connection:
        connection.execute(sa.insert(topic).values(id=2, state="closed", unit_id=None, **old, **ended))
        connection.execute(sa.insert(topic).values(id=3, state="open", unit_id=None, **(old | {"place": "望海路9号"})))
        connection.execute(sa.insert(topic).values(id=4, state="taken", unit_id=4, **(old | {"place": "望海路7号", "plan": "p"})))
    command.upgrade(config, "head")
    with database.unit_of_work() as session:
        head = catalogue(session).actor("centre.head")
        act(session, 2, "reopen_topic", head, START)
        take(session, 3, "water", "改管网", head, START)
        act(session, 4, "approve_plan", head, START)
        for number in (2, 3, 4):
            assert topic_of(session, number)[0]["due_at"] is not None, number
    assert complaints(database, START) == []
    with database.unit_of_work() as session:
        before = [(t["title"], t["plan"]) for t in sorted(topics(session), key=lambda t: str(t["title"]))]
        kept = session.connection().execute(select(func.count()).select_from(table(Message))).scalar_one()
    command.downgrade(config, "0010")
    with database.engine.begin() as connection:
        for gone in (Case, Affair, Clock, Journal):
            assert connection.execute(select(func.count()).select_from(table(gone))).scalar_one() == 0, gone
        assert connection.execute(select(func.count()).select_from(table(Message))).scalar_one() == kept > 0
    command.upgrade(config, "head")
    with database.unit_of_work() as session:
        assert [(t["title"], t["plan"]) for t in sorted(topics(session), key=lambda t: str(t["title"]))] == before
    assert complaints(database, START) == []

"""Topics (未诉先办): the same category in the same place three times within thirty days."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import insert, select, update

from models import Affair, Case, CaseLink, Database, UtcDateTime, table
from rules.facts import Refused
from services.audit import LAG, audit_clocks
from services.topics import act, choose, close, detect, ease, take, topic_of, topics
from services.upkeep import _config
from tests.support.beside import seen
from tests.support.sound import complaints
from tests.support.town import START, Town

DRAIN = "下水道堵了，污水外溢"
_case = table(Case)


def drains(town: Town, count: int, area: str | None = "chenguang-1", place: str = "") -> list[int]:
    made = [town.reports(DRAIN, area=area, phone=f"1000000{len(town.rows(select(_case.c.id))):04d}") for _ in range(count)]
    town.turn()
    if place:
        with town.context.database.unit_of_work() as session:
            session.connection().execute(update(_case).where(_case.c.id.in_(made)).values(place=place))
    return made


def detects(town: Town, times: int = 3) -> list[str]:
    with town.context.database.unit_of_work() as session:
        return detect(session, town.now, times)


def of(town: Town, cases: list[int]) -> list[str | None]:
    numbers = {row.case_id: row.no for row in town.rows(select(table(Affair)).where(table(Affair).c.thing == "topic"))}
    return [numbers.get(town.case(case).topic_id) for case in cases]


def test_the_third_of_its_kind_in_a_grid_is_a_topic_and_the_head_of_the_centre_hears_once(town: Town) -> None:
    cases = drains(town, 2)
    elsewhere = drains(town, 1, "chenguang-2")
    assert detects(town) == []
    cases += drains(town, 1)
    (topic,) = detects(town)
    assert of(town, cases + elsewhere) == [topic] * 3 + [None]
    assert [e.data for case in cases for e in town.journal(case) if e.action == "topic"] == [{"topic": topic}] * 3
    assert detects(town) == [], "found once"
    town.turn()
    told = [m for case in cases for m in town.messages(case) if m.notice == "topic_found"]
    assert [(m.name, m.about["count"]) for m in told] == [("centre.head", 3)]
    assert "反复发生" in town.heard("centre.head")[-1]
    with town.context.database.unit_of_work() as session:
        (row,) = topics(session)
        found, members = topic_of(session, topic)
    assert (row["category"], town.unit_code(row["area_unit_id"]), row["place"], row["state"], row["cases"]) == (
        "A01",
        "chenguang-1",
        "",
        "open",
        3,
    )
    assert found["no"] == topic
    assert [m["no"] for m in members] == [town.case(case).no for case in cases]


def test_the_next_one_joins_it_without_another_word(town: Town) -> None:
    cases = drains(town, 3)
    (topic,) = detects(town)
    cases += drains(town, 1)
    assert detects(town) == []
    assert of(town, cases) == [topic] * 4
    assert sum(m.notice == "topic_found" for case in cases for m in town.messages(case)) == 1


def test_an_address_in_words_is_a_place_wherever_it_was_filed(town: Town) -> None:
    cases = [*drains(town, 2, "chenguang-1", "榕荫路18号3栋"), *drains(town, 1, None, " 榕荫路18号3栋 ")]
    everywhere = [*drains(town, 1, "beishan-1", "小区门口"), *drains(town, 1, "songling-1", "小区门口"), *drains(town, 1, None, "小区门口")]
    (topic,) = detects(town)
    assert of(town, cases) == [topic] * 3
    assert of(town, everywhere) == [None] * 3, "that is everywhere"
    with town.context.database.unit_of_work() as session:
        assert topic_of(session, topic)[0]["place"] == "榕荫路18号3栋"


def test_what_is_long_ago_or_says_nothing_does_not_count(town: Town) -> None:
    old = drains(town, 1)
    town.now += timedelta(days=31)
    ended = [town.reports("有件事想说一下", phone="10000000555")]
    town.turn()
    town.act(ended[0], "decline", "centre.duty", reason="不属于受理范围")
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(_case).where(_case.c.id == ended[0]).values(category="A01"))
    drains(town, 2)
    assert detects(town) == []
    assert detects(town, times=2) != []
    assert of(town, old + ended) == [None, None]


def moves(town: Town, topic: str, action: str, user: str, **args: str) -> None:
    with town.context.database.unit_of_work() as session:
        act(session, topic, action, town.actor(user), town.now, **args)


def takes(town: Town, topic: str, user: str = "water.head") -> None:
    with town.context.database.unit_of_work() as session:
        take(session, topic, "water", "整段管网改造", town.actor(user), town.now)


def topics_of(town: Town, topic: str) -> dict[str, object]:
    with town.context.database.unit_of_work() as session:
        return topic_of(session, topic)[0]


def test_the_unit_that_the_catalogue_names_says_how_and_somebody_else_approves(town: Town) -> None:
    drains(town, 3)
    (topic,) = detects(town)
    assert topics_of(town, topic)["unit_id"] == town.unit_id("water")
    town.turn()
    assert any(topic in text for text in town.heard("water.clerk"))
    takes(town, topic)
    with pytest.raises(Refused, match="not_yours"):
        moves(town, topic, "approve_plan", "water.head")
    moves(town, topic, "return_plan", "centre.head", reason="没有工期")
    with town.context.database.unit_of_work() as session:
        take(session, topic, "water", "整段管网改造，30 日完工", town.actor("centre.head"), town.now)
    with pytest.raises(Refused, match="approves_own_plan"):
        moves(town, topic, "approve_plan", "centre.head")
    moves(town, topic, "approve_plan", "chenghu.leader")
    assert [c["kind"] for c in seen(town, topic).clocks] == ["root"]
    with town.context.database.unit_of_work() as session:
        choose(session, topic, "2026-12", town.actor("centre.head"), town.now)
        assert [t["month"] for t in topics(session, "approved")] == ["2026-12"]
        assert topics(session, "open") == []
    more = drains(town, 1)
    assert detects(town) == []
    assert of(town, more) == [topic], "under a plan is not over"
    assert complaints(town.context.database, town.now) == []


def test_it_is_solved_when_it_has_eased_and_comes_back_as_the_same_topic(town: Town) -> None:
    drains(town, 3)
    (topic,) = detects(town)
    takes(town, topic)
    moves(town, topic, "approve_plan", "centre.head")
    with town.context.database.unit_of_work() as session:
        assert ease(session, town.now + timedelta(days=29)) == []
        assert ease(session, town.now + timedelta(days=31)) == [topic]
        assert ease(session, town.now + timedelta(days=31)) == []
    town.now += timedelta(days=31)
    with pytest.raises(Refused, match="not_yours"):
        moves(town, topic, "confirm_solved", "water.head", result="已改造")
    moves(town, topic, "doubt_solved", "centre.head", reason="雨季未到")
    town.now += timedelta(days=31)
    with town.context.database.unit_of_work() as session:
        assert ease(session, town.now) == [topic]
        close(session, topic, "管网已改造，一个月未再发生", town.actor("centre.head"), town.now)
        assert topics(session) == []
    closed = topics_of(town, topic)
    assert (closed["state"], closed["closed_by"], closed["closed_at"]) == ("closed", "centre.head", town.now)
    assert detects(town) == [], "those that were dealt with are not counted again"
    again = drains(town, 3)
    assert detects(town) == [topic], "the same place, the same matter, within a year"
    assert of(town, again) == [topic] * 3
    row = topics_of(town, topic)
    assert (row["state"], row["cases"], len(row["returned"])) == ("open", 6, 1)
    assert complaints(town.context.database, town.now) == []


def test_a_closed_problem_that_comes_back_is_a_topic_once_somebody_says_so(sqlite_town: Town) -> None:
    town = sqlite_town
    first, second = drains(town, 1), drains(town, 1, "chenguang-1")
    row = {
        "case_id": second[0],
        "other_id": first[0],
        "kind": "recurrence",
        "score": 0.9,
        "reasons": [],
        "state": "proposed",
        "at": town.now,
    }
    with town.context.database.unit_of_work() as session:
        session.connection().execute(insert(table(CaseLink)).values(row))
    assert detects(town) == []
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(table(CaseLink)).values(state="confirmed"))
    (topic,) = detects(town)
    assert of(town, first + second) == [topic] * 2
    assert detects(town) == []


def test_what_is_refused(sqlite_town: Town) -> None:
    town = sqlite_town
    drains(town, 3)
    (topic,) = detects(town)
    drains(town, 3, "beishan-1")
    (other,) = detects(town)
    with town.context.database.unit_of_work() as session:
        head, traffic = town.actor("centre.head"), town.actor("traffic.head")
        choose(session, other, "2026-12", head, town.now)
        for refusal, attempt in (
            ("unknown_topic", lambda: topic_of(session, 99)),
            ("unknown_topic_state", lambda: topics(session, "gone")),
            ("unknown_unit", lambda: take(session, topic, "nobody", "x", head, town.now)),
            ("plan_missing", lambda: take(session, topic, "water", " ", head, town.now)),
            ("text_too_long", lambda: take(session, topic, "water", "x" * 1001, head, town.now)),
            ("not_yours", lambda: take(session, topic, "traffic", "x", traffic, town.now)),
            ("result_missing", lambda: close(session, topic, "", head, town.now)),
            ("bad_month", lambda: choose(session, topic, "2026-13", head, town.now)),
            ("month_has_one", lambda: choose(session, topic, "2026-12", head, town.now)),
        ):
            with pytest.raises(Refused, match=refusal):
                attempt()
        close(session, topic, "不是专题", head, town.now)
        with pytest.raises(Refused, match="topic_closed"):
            close(session, topic, "再了结", head, town.now)


def test_a_sensitive_case_is_in_no_topic(sqlite_town: Town) -> None:
    cases = drains(sqlite_town, 3)
    with sqlite_town.context.database.unit_of_work() as session:
        session.connection().execute(update(_case).where(_case.c.id == cases[0]).values(sensitive="minor"))
    assert detects(sqlite_town) == []


def test_topics_of_an_older_version_go_on_as_affairs(database: Database) -> None:
    config = _config(database.engine)
    command.downgrade(config, "0010")
    old = {"category": "A01", "area_unit_id": 1, "place": "榕荫路18号3栋", "opened_at": START, "plan": ""}
    topic = sa.table("topic", *(sa.column(n) for n in (*old, "id", "state", "unit_id", "closed_by", "result", "closed_at")))
    topic.c.opened_at.type = topic.c.closed_at.type = UtcDateTime()
    with database.engine.begin() as connection:
        connection.execute(sa.insert(topic).values(id=1, state="taken", unit_id=4, **(old | {"plan": "改管网"})))
        ended = {"closed_at": START, "closed_by": "centre.head", "result": "已改造"}
        connection.execute(sa.insert(topic).values(id=2, state="closed", unit_id=None, **(old | {"place": ""}), **ended))
    command.upgrade(config, "head")
    with database.unit_of_work() as session:
        first, _ = topic_of(session, 1)
        second, _ = topic_of(session, "2")
        assert (first["no"], first["state"], first["plan"], first["unit_id"]) == ("ZT-20261120-0001", "taken", "改管网", 4)
        assert (second["no"], second["state"], second["result"]) == ("ZT-20261120-0002", "closed", "已改造")
        assert audit_clocks(session, START, LAG) == []
    assert complaints(database, START) == []

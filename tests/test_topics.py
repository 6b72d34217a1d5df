"""Topics (未诉先办): the same category in the same place three times within thirty days."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import AdminEntry, Case, table
from rules.facts import Refused
from services.topics import close, detect, take, topic_of, topics
from tests.support.town import Town

DRAIN = "下水道堵了，污水外溢"
_case = table(Case)


def drains(town: Town, count: int, area: str | None = "chenguang-1", place: str = "") -> list[int]:
    made = [town.reports(DRAIN, area=area, phone=f"1000000{len(town.rows(select(_case.c.id))):04d}") for _ in range(count)]
    town.turn()
    if place:
        with town.context.database.unit_of_work() as session:
            session.connection().execute(update(_case).where(_case.c.id.in_(made)).values(place=place))
    return made


def detects(town: Town, times: int = 3) -> list[int]:
    with town.context.database.unit_of_work() as session:
        return detect(session, town.now, times)


def of(town: Town, cases: list[int]) -> list[int | None]:
    return [town.case(case).topic_id for case in cases]


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
    assert found["id"] == topic
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


def test_a_topic_is_taken_and_closed_and_what_comes_up_afterwards_is_another(town: Town) -> None:
    drains(town, 3)
    (topic,) = detects(town)
    with town.context.database.unit_of_work() as session:
        take(session, topic, "water", "整段管网改造", town.actor("centre.head"), town.now)
        assert [(t["state"], t["plan"]) for t in topics(session, "taken")] == [("taken", "整段管网改造")]
        assert topics(session, "open") == []
    more = drains(town, 1)
    assert detects(town) == []
    assert of(town, more) == [topic], "taken is not over"
    town.now += timedelta(hours=1)
    with town.context.database.unit_of_work() as session:
        close(session, topic, "已改造", town.actor("water.head"), town.now)
        assert topics(session) == []
    closed = topics_of(town, topic)
    assert (closed["state"], closed["closed_by"], closed["closed_at"], closed["result"]) == ("closed", "water.head", town.now, "已改造")
    entry = table(AdminEntry)
    kept = [(e.actor, e.data["state"]) for e in town.rows(select(entry).where(entry.c.action == "topic_decided").order_by(entry.c.id))]
    assert kept == [("centre.head", "taken"), ("water.head", "closed")]
    assert detects(town) == [], "those that were dealt with are not counted again"
    again = drains(town, 3)
    (other,) = detects(town)
    assert other != topic
    assert of(town, again) == [other] * 3


def topics_of(town: Town, topic: int) -> dict[str, object]:
    with town.context.database.unit_of_work() as session:
        return topic_of(session, topic)[0]


def test_what_is_refused(sqlite_town: Town) -> None:
    town = sqlite_town
    drains(town, 3)
    (topic,) = detects(town)
    with town.context.database.unit_of_work() as session:
        head, water = town.actor("centre.head"), town.actor("water.head")
        for refusal, attempt in (
            ("unknown_topic", lambda: topic_of(session, 99)),
            ("unknown_topic_state", lambda: topics(session, "gone")),
            ("unknown_unit", lambda: take(session, topic, "nobody", "x", head, town.now)),
            ("plan_missing", lambda: take(session, topic, "water", " ", head, town.now)),
            ("text_too_long", lambda: take(session, topic, "water", "x" * 1001, head, town.now)),
            ("not_for_topics", lambda: take(session, topic, "water", "x", water, town.now)),
            ("result_missing", lambda: close(session, topic, "", head, town.now)),
        ):
            with pytest.raises(Refused, match=refusal):
                attempt()
        close(session, topic, "已改造", head, town.now)
        with pytest.raises(Refused, match="topic_closed"):
            close(session, topic, "再改", head, town.now)


def test_a_sensitive_case_is_in_no_topic(sqlite_town: Town) -> None:
    cases = drains(sqlite_town, 3)
    with sqlite_town.context.database.unit_of_work() as session:
        session.connection().execute(update(_case).where(_case.c.id == cases[0]).values(sensitive="minor"))
    assert detects(sqlite_town) == []

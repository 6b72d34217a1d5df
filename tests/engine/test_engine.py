"""The engine as a real process, and the manners it has when a case is poisoned."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from clock import pause, utcnow
from models import Case, Category, Database, Message, System, WorkOrder, begin_write, table
from rules.facts import SYSTEM, Thing
from services.catalogue import catalogue
from services.engine import set_aside
from services.intake import Report, submit
from services.moves import Intent, Moved, Setting, make_moves, one
from tests.support.databases import reference_data_changed
from tests.support.processes import Installation, installed, until
from tests.support.sound import complaints
from tests.support.town import Town

_case, _message = table(Case), table(Message)


@pytest.fixture
def installation(database: Database, tmp_path: Path, encryption_key: bytes) -> Iterator[Installation]:
    with installed(tmp_path / "data", database, encryption_key) as made:
        yield made


def hand_in(database: Database, count: int) -> list[int]:
    reports = [Report("路灯不亮", f"三盏路灯不亮（{n}）", source="hotline", area="chenguang-1") for n in range(count)]
    with database.unit_of_work() as session:
        return [s.case_id for s in submit(session, reports, Setting(utcnow()))]


def states(database: Database) -> Counter[str]:
    with database.unit_of_work() as session:
        return Counter(session.connection().execute(select(_case.c.state)).scalars())


def unsent(database: Database) -> int:
    with database.unit_of_work() as session:
        wanted = select(func.count()).select_from(_message).where(_message.c.attend_at.is_not(None))
        return int(session.connection().execute(wanted).scalar_one())


# real processes -------------------------------------------------------------------------------------------------------


def test_the_engine_takes_up_what_waits_and_ends_cleanly_at_sigint(installation: Installation) -> None:
    database = installation.database
    hand_in(database, 60)
    engine = installation.engine()
    until(lambda: states(database) == {"dispatched": 60} and unsent(database) == 0, 30, "sixty dispatches")
    assert engine.stop() == 0, engine.said()
    assert complaints(database, utcnow(), timedelta(0)) == []
    assert not installation.works(engine)
    lines = [json.loads(line) for line in (installation.folder / "outbox.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({line["id"] for line in lines}) == len(lines) >= 60


@pytest.mark.soak
def test_a_batch_under_way_is_finished_at_sigint(installation: Installation) -> None:
    database = installation.database
    hand_in(database, 400)
    engine = installation.engine()
    assert engine.stop() == 0, engine.said()
    assert complaints(database, utcnow()) == []
    with database.unit_of_work() as session:
        claimed = select(func.count()).select_from(_case).where(_case.c.claimed_by.is_not(None))
        assert session.connection().execute(claimed).scalar_one() == 0


def test_a_persons_move_is_taken_up_at_once(installation: Installation) -> None:
    """With a poll of a minute, only the wake-up can be so quick."""
    database = installation.database
    (case_id,) = hand_in(database, 1)
    installation.engine(BIHUAN_POLL_MS="60000")
    until(lambda: states(database) == {"dispatched": 1}, 10, "the dispatch")
    pause(0.3)
    with database.unit_of_work() as session:
        known = catalogue(session)
        orders = session.connection().execute(select(table(WorkOrder))).all()
    for action in ("acknowledge", "finish"):
        for order in orders:
            with database.unit_of_work() as session:
                clerk = known.actor(next(p.name for p in known.by_unit[order.unit_id] if p.role == "clerk"))
                one(make_moves(session, [Intent(case_id, action, clerk, Thing.ORDER, order.no, {"result": "换了灯"})], Setting(utcnow())))
    until(lambda: states(database) == {"handled": 1}, 3, "the wake-up")


def test_a_second_engine_is_refused_on_sqlite(sqlite_database: Database, tmp_path: Path, encryption_key: bytes) -> None:
    with installed(tmp_path / "data", sqlite_database, encryption_key) as installation:
        first = installation.engine()
        second = installation.start(sys.executable, "-m", "tests.support.engine_main")
        assert second.ends() != 0
        assert "engine_running" in second.said()
        assert first.stop() == 0


@pytest.mark.soak
def test_two_engines_share_the_work_on_postgres(postgres_database: Database, tmp_path: Path, encryption_key: bytes) -> None:
    with installed(tmp_path / "data", postgres_database, encryption_key, BIHUAN_BATCH_SIZE="20") as installation:
        engines = [installation.engine(), installation.engine()]
        hand_in(postgres_database, 200)
        until(lambda: states(postgres_database) == {"dispatched": 200} and unsent(postgres_database) == 0, 30, "the work")
        assert [e.stop() for e in engines] == [0, 0]
        assert complaints(postgres_database, utcnow(), timedelta(0)) == []


def test_the_engine_command_ends_cleanly_too(sqlite_database: Database, tmp_path: Path, encryption_key: bytes) -> None:
    with installed(tmp_path / "data", sqlite_database, encryption_key) as installation:
        hand_in(sqlite_database, 5)
        engine = installation.start(sys.executable, "-m", "cli", "engine")
        until(lambda: states(sqlite_database) == {"dispatched": 5}, 30, "the dispatches")
        assert engine.stop() == 0, engine.said()


# what raises is set aside ---------------------------------------------------------------------------------------------


def poison(town: Town, case_id: int, source: str = "no_such_source") -> None:
    """Make the case raise when it is routed: its source is none."""
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(_case).where(_case.c.id == case_id).values(source=source))


def test_a_poisoned_case_is_set_aside_and_the_others_go_on(town: Town) -> None:
    cases = [town.reports("路灯不亮", f"三盏路灯不亮{n}", source="hotline") for n in range(50)]
    poison(town, cases[20])
    town.turn()
    assert [town.state(c) for c in cases] == ["filed" if c == cases[20] else "dispatched" for c in cases]
    (aside,) = town.set_aside(cases[20])
    assert aside.step == "report"
    assert "no_such_source" in aside.error
    assert (aside.tries, aside.resolved_at) == (1, None)
    assert town.actions(cases[20])[-1] == "set_aside"
    with town.context.database.unit_of_work() as session:
        assert [row.no for row in set_aside.listed(session)] == [town.case(cases[20]).no]
    assert town.messages(cases[20])[-1].name == "admin"
    assert complaints(town.context.database, town.now) == []


def test_it_is_tried_again_each_hour_without_new_noise(town: Town) -> None:
    case = town.reports("路灯不亮", source="hotline")
    poison(town, case)
    town.turn()
    town.fast_forward(hours=3.5)
    (aside,) = town.set_aside(case)
    assert aside.tries == 4
    assert town.actions(case).count("set_aside") == 1
    assert sum(m.notice == "set_aside_admin" for m in town.messages(case)) == 1


def test_retry_now_brings_it_through_once_it_is_repaired(town: Town) -> None:
    case = town.reports("路灯不亮", source="hotline")
    poison(town, case)
    town.turn()
    poison(town, case, "hotline")
    town.now += timedelta(minutes=5)
    with town.context.database.unit_of_work() as session:
        assert set_aside.retry_now(session, case, town.now)
    town.turn()
    assert town.state(case) == "dispatched"
    (aside,) = town.set_aside(case)
    assert aside.resolved_at == town.now
    with town.context.database.unit_of_work() as session:
        assert set_aside.listed(session) == []
        assert not set_aside.retry_now(session, case, town.now)
    assert complaints(town.context.database, town.now) == []


def test_a_poisoned_emergency_goes_to_duty_leader_centre_and_admin_at_once(town: Town) -> None:
    case = town.reports("煤气泄漏", "楼道里煤气泄漏，味道很大", source="hotline")
    poison(town, case)
    town.turn()
    assert town.case(case).urgency == "P0"
    told = {(m.name, m.channel) for m in town.messages(case) if m.notice == "set_aside" and m.state == "delivered"}
    assert told == {("chenghu.leader", "sms"), ("chenghu.leader", "email"), ("centre.duty", "sms"), ("admin", "email")}
    assert any("煤气泄漏" in heard or town.case(case).no in heard for heard in town.heard("chenghu.leader", case))


def test_a_case_whose_category_is_gone_is_set_aside_and_comes_back(town: Town) -> None:
    case = town.reports("路灯不亮", source="hotline")
    with town.context.database.unit_of_work() as session:
        kept = session.connection().execute(select(table(Category)).where(table(Category).c.code == "A03")).mappings().one()
        category = dict(kept)
        _forget(session, "A03")
    town.context.database.engine.dispose()
    town.turn()
    (aside,) = town.set_aside(case)
    assert "A03" in aside.error
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(table(Category).insert().values(category))
        reference_data_changed(session)
        set_aside.retry_now(session, case, town.now)
    town.now += timedelta(minutes=1)
    town.turn()
    assert town.state(case) == "dispatched"


def _forget(session: Session, code: str) -> None:
    """Somebody has deleted a category past all safeguards."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    reference_data_changed(session)
    connection.execute(delete(table(Category)).where(table(Category).c.code == code))


def test_a_clock_that_raises_is_set_aside_alone(town: Town) -> None:
    """Of two due clocks one names a calendar that is gone: the other fires, and the case itself stays ready for people."""
    bad, good = (town.reports("路灯不亮", f"{n}", source="hotline") for n in range(2))
    town.turn()
    with town.context.database.unit_of_work() as session:
        spoilt = text("UPDATE clock SET ladder = 'no_such_ladder' WHERE case_id = :c AND kind = 'acknowledge'")
        session.connection().execute(spoilt, {"c": bad})
    town.fast_forward(hours=30)
    assert town.fired(good, "acknowledge")
    assert not town.fired(bad, "acknowledge")
    assert {a.step for a in town.set_aside(bad)} == {"clock"}
    assert town.set_aside(good) == []
    town.order(bad, "acknowledge", f"{town.orders(bad)[0].code}.clerk")
    assert town.state(bad) == "handling"


def test_a_refused_move_of_the_engine_is_no_alarm(town: Town) -> None:
    case = town.reports("路灯不亮", source="hotline")
    town.act(case, "accept", "centre.duty")
    with town.context.database.unit_of_work() as session:
        assert not isinstance(make_moves(session, [Intent(case, "accept", SYSTEM)], Setting(town.now))[0], Moved)
    town.turn()
    assert town.set_aside(case) == []
    assert town.state(case) == "dispatched"


def test_reference_data_that_changes_is_seen_by_the_next_turn(town: Town) -> None:
    before = town.rows(select(table(System).c.revision))[0].revision
    with town.context.database.unit_of_work() as session:
        reference_data_changed(session)
        session.connection().execute(text("DELETE FROM triage_rule"))
    case = town.reports("路灯不亮", source="hotline")
    town.turn()
    assert town.rows(select(table(System).c.revision))[0].revision == before + 1
    assert town.state(case) == "accepted"
    assert town.actions(case)[-1] == "unclaimed"

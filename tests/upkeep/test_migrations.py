"""The tables on both databases: the migrations give exactly what the models say, and go down as well as up."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text

from models import Base, Database, Staff, Unit, table
from services.seeding import seed
from services.upkeep import _config, head, revision, upgrade

NOW = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)


def test_the_migrations_give_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    assert [f for f in found if f[0] != "remove_index"] == []


def test_what_lists_look_for_is_answered_from_an_index(sqlite_database: Database) -> None:
    asked = {
        "ix_work_order_handler": "SELECT case_id FROM work_order WHERE handler_id = 7",
        "ix_rung_firing_fired_at": "SELECT due_at FROM rung_firing WHERE fired_at > '2026-11-20 00:00:00'",
    }
    with sqlite_database.engine.connect() as connection:
        for index, query in asked.items():
            plan = " ".join(row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))
            assert index in plan


def test_down_and_up_again(database: Database) -> None:
    command.downgrade(_config(database.engine), "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    assert revision(database.engine) is None
    upgrade(database, NOW)
    assert revision(database.engine) == head()
    assert set(Base.metadata.tables) <= set(inspect(database.engine).get_table_names())


def test_seeding_twice_changes_nothing(database: Database) -> None:
    def counts() -> dict[str, int]:
        with database.engine.connect() as connection:
            return {t: connection.execute(text(f"SELECT count(*) FROM {t}")).scalar_one() for t in Base.metadata.tables}

    before = counts()
    with database.unit_of_work() as session:
        seed(session, demo=True)
    assert counts() == before
    assert before["unit"] > 60
    assert before["category"] == 40


def test_personal_data_is_encrypted_at_rest(database: Database) -> None:
    with database.unit_of_work() as session:
        phone = session.execute(select(table(Staff).c.phone).where(table(Staff).c.name == "water.clerk")).scalar_one()
        stored = bytes(session.execute(text("SELECT phone FROM staff WHERE name = 'water.clerk'")).scalar_one())
    assert phone.startswith("100")
    assert phone.encode() not in stored


def test_a_file_that_holds_anything_is_copied_before_a_migration(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0000_older')")
    with pytest.raises(Exception, match="0000_older"):
        upgrade(sqlite_database, NOW)
    copies = list(Path(sqlite_database.engine.url.database or "").parent.glob("*.before-20261120T024200Z"))
    assert len(copies) == 1
    copy = Database(f"sqlite:///{copies[0]}")
    with copy.unit_of_work() as session:
        assert session.execute(select(table(Unit).c.id).limit(1)).first() is not None
    copy.close()


def test_naive_instants_are_refused(sqlite_database: Database) -> None:
    from models import EngineInstance

    row = {"host": "h", "pid": 1, "started_at": datetime(2026, 1, 1), "heartbeat_at": NOW}  # noqa: DTZ001 - naive on purpose
    with pytest.raises(Exception, match="naive instant"), sqlite_database.unit_of_work() as session:
        session.execute(table(EngineInstance).insert().values(row))

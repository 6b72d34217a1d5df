"""Keys, copies, engines and set-aside cases when something went wrong before: power cuts, lost files, two at once, people who help."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import Case, Clock, Database, EngineInstance, Sealed, Staff, Unit, begin_write, table
from models.prepared import Prepared
from rules.facts import Refused
from services import upkeep
from services.engine import engines
from services.engine.set_aside import listed, resolve, retry_now, set_aside
from services.moves import Setting
from services.replay.messages import read_messages
from settings import Settings
from tests.support.databases import Supply
from tests.support.together import together
from tests.support.town import START, Town

_case, _clock, _engine = table(Case), table(Clock), table(EngineInstance)


@pytest.fixture(autouse=True)
def same_keys_afterwards() -> Iterator[None]:
    keys, oldest = Sealed.keys, Sealed.oldest
    yield
    Sealed.keys, Sealed.oldest = keys, oldest


def installed(folder: Path, **more: object) -> Settings:
    return Settings(data_dir=folder, prefect="off", **more)  # type: ignore[arg-type]


# engines --------------------------------------------------------------------------------------------------------------


def on_record(database: Database) -> object:
    with database.unit_of_work() as session:
        engines.begin(session, START, events_on=False)
        return session.connection().execute(select(_engine).order_by(_engine.c.id.desc())).first()


def changed(database: Database, **values: object) -> None:
    with database.unit_of_work() as session:
        session.connection().execute(update(_engine).values(values))


def living(database: Database, after: timedelta = timedelta(seconds=1)) -> int:
    with database.unit_of_work() as session:
        return len(engines.take_over(session, START + after))


def test_a_number_that_went_to_another_process_is_no_engine(sqlite_database: Database) -> None:
    """After a reboot, or in a container that started again, the old number is somebody's: ours even."""
    on_record(sqlite_database)
    assert living(sqlite_database) == 1
    here = engines.process_of(os.getpid())
    assert here is not None
    boot, _, ticks = here.partition(":")
    for other in (f"{boot}:{int(ticks) - 1}", f"another-boot:{ticks}"):
        changed(sqlite_database, process=other, stopped_at=None)
        assert living(sqlite_database) == 0
    changed(sqlite_database, pid=1, process=f"another-boot:{ticks}", stopped_at=None)
    assert living(sqlite_database) == 0


def test_a_living_process_is_an_engine_however_silent(sqlite_database: Database) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        on_record(sqlite_database)
        changed(sqlite_database, pid=other.pid, process=engines.process_of(other.pid))
        assert living(sqlite_database, timedelta(hours=1)) == 1
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert living(sqlite_database) == 0, "a zombie is none"


def test_without_proc_the_heartbeat_decides(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engines, "_PROC", tmp_path)
    on_record(sqlite_database)
    changed(sqlite_database, pid=os.getppid())
    assert engines.process_of(os.getppid()) is None
    assert living(sqlite_database, timedelta(seconds=119)) == 1
    assert living(sqlite_database, timedelta(seconds=121)) == 0


# migrations -----------------------------------------------------------------------------------------------------------


def aged(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000_older'"))


def test_no_migration_under_a_living_engine(database: Database) -> None:
    on_record(database)
    assert upkeep.upgrade(database, START) is None, "nothing to do disturbs nobody"
    aged(database)
    with pytest.raises(Refused) as refusal:
        upkeep.upgrade(database, START)
    assert (refusal.value.code, refusal.value.details["pid"]) == ("engine_in_the_way", os.getpid())


def test_the_copy_is_whole_while_somebody_reads_and_writes(sqlite_database: Database) -> None:
    """A reader kept the checkpoint from being finished, and a copy of the file alone would lack what is still in the log."""
    file = sqlite_database.engine.url.database or ""
    with closing(sqlite3.connect(file)) as reader, closing(sqlite3.connect(file)) as writer:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM unit").fetchone()
        writer.execute("UPDATE unit SET zh = 'new'")
        writer.commit()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE unit SET en = 'not committed'")
        copy = upkeep._copy_before(sqlite_database, START)
        writer.rollback()
    assert copy is not None
    with closing(sqlite3.connect(copy)) as copied:
        assert copied.execute("SELECT DISTINCT zh FROM unit").fetchall() == [("new",)]
        assert copied.execute("SELECT count(*) FROM unit WHERE en = 'not committed'").fetchone() == (0,)
        assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list(copy.parent.glob("*.part")) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_two_processes_prepare_at_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All have seen that the database is empty before the first one fills it."""
    ask, meeting = upkeep._one_at_a_time, threading.Barrier(4)

    def at_once(database: Database) -> object:
        meeting.wait(10)
        return ask(database)

    monkeypatch.setattr(upkeep, "_one_at_a_time", at_once)
    more: dict[str, object] = {}
    if kind == "postgres":
        supply: Supply = request.getfixturevalue("postgres_supply")
        more["database_url"] = supply.fresh()
    settings = installed(tmp_path, **more)
    with upkeep.connected(settings) as database:
        if kind == "postgres":
            with database.engine.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
        accounts = together([lambda: upkeep.prepare(settings, START)] * 4)
        assert all(accounts)
        with database.unit_of_work() as session:
            assert session.connection().execute(select(func.count()).select_from(table(Unit))).scalar_one() > 60
            assert session.connection().execute(select(table(Staff).c.phone).limit(1)).scalar_one().startswith("100")


def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    for n in range(60):
        several = [Database(f"sqlite:///{tmp_path / str(n)}.db") for _ in range(4)]
        assert set(together([lambda each=each: upkeep.revision(each.engine) for each in several])) == {None}  # type: ignore[misc]
        for each in several:
            each.close()


# keys -----------------------------------------------------------------------------------------------------------------


def test_a_lost_key_is_asked_for_and_never_replaced(tmp_path: Path) -> None:
    settings = installed(tmp_path)
    upkeep.prepare(settings, START)
    kept = settings.key_file.read_bytes()
    assert settings.key_file.stat().st_mode & 0o777 == 0o600
    settings.key_file.unlink()
    with pytest.raises(Refused) as refusal, upkeep.opened(settings):
        pass
    assert (refusal.value.code, refusal.value.details) == ("key_missing", {"file": str(settings.key_file)})
    assert not settings.key_file.exists()
    settings.key_file.write_bytes(kept)
    with upkeep.opened(settings) as database, database.unit_of_work() as session:
        assert session.connection().execute(select(table(Staff).c.phone).limit(1)).scalar_one().startswith("100")


def test_where_nothing_is_sealed_a_new_key_does(tmp_path: Path) -> None:
    settings = installed(tmp_path, demo=False)
    upkeep.prepare(settings, START)
    settings.key_file.unlink()
    upkeep.use_keys(settings)
    assert Fernet(settings.key_file.read_bytes().strip())


def test_whoever_has_lost_the_key_may_start_anew(tmp_path: Path) -> None:
    settings = installed(tmp_path)
    upkeep.prepare(settings, START)
    settings.key_file.unlink()
    assert upkeep.reset(settings, START)
    settings.key_file.write_text("not a key", encoding="utf-8")
    with pytest.raises(Refused, match="key_broken"):
        upkeep.reset(settings, START)
    with upkeep.connected(settings) as database:
        assert upkeep.revision(database.engine) == upkeep.head(), "a reset that cannot be finished throws nothing away"


def test_of_two_first_starts_one_makes_the_key(tmp_path: Path) -> None:
    """Both have seen that there is none; whoever is later leaves the first one's key alone, and uses it."""
    settings = installed(tmp_path)
    upkeep._make_key(settings.key_file)
    first = settings.key_file.read_bytes()
    upkeep._make_key(settings.key_file)
    assert settings.key_file.read_bytes() == first
    assert [f.name for f in tmp_path.iterdir()] == ["secret.key"]


# set aside ------------------------------------------------------------------------------------------------------------


def put_aside(town: Town, case: int, step: str = "report", clock: int | None = None) -> None:
    with town.context.database.unit_of_work() as session:
        set_aside(session, case, step, "ValueError: x\n[SQL: INSERT …]", Setting(town.now), clock)


def open_now(town: Town) -> list[int]:
    with town.context.database.unit_of_work() as session:
        return [row.case_id for row in listed(session)]


def at_a_clerks(town: Town) -> tuple[int, int]:
    """A case whose lead has yet to acknowledge, and that clock."""
    case = town.reports("路灯不亮", source="hotline")
    town.turn()
    return case, next(c.id for c in town.clocks(case) if c.kind == "acknowledge")


def test_a_set_aside_clock_is_over_when_a_person_has_stopped_it(town: Town) -> None:
    case, clock = at_a_clerks(town)
    put_aside(town, case, "clock", clock)
    assert open_now(town) == [case]
    assert town.set_aside(case)[0].error == "ValueError: x", "a statement is nothing for the duty officer"
    town.order(case, "acknowledge", f"{town.orders(case)[0].code}.clerk")
    assert open_now(town) == []
    with town.context.database.unit_of_work() as session:
        assert not retry_now(session, case, town.now)
        resolve(session, town.now)
    assert town.set_aside(case)[0].resolved_at == town.now


def test_a_set_aside_case_is_over_when_a_person_has_ended_it(town: Town) -> None:
    case = town.reports("路灯不亮", source="hotline")
    other = town.reports("路灯又不亮", source="hotline")
    for each in (case, other):
        put_aside(town, each, "collect")
    town.act(case, "accept", "centre.duty")
    town.act(case, "decline", "centre.duty", reason="重复反映")
    assert open_now(town) == [other]


def test_retry_brings_a_set_aside_clock_through(town: Town) -> None:
    case, clock = at_a_clerks(town)
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        ladder = session.connection().execute(select(_clock.c.ladder).where(_clock.c.id == clock)).scalar_one()
        session.connection().execute(update(_clock).where(_clock.c.id == clock).values(ladder="no_such_ladder"))
    town.fast_forward(until=lambda: open_now(town) == [case])
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(_clock).where(_clock.c.id == clock).values(ladder=ladder))
    attend_at = town.case(case).attend_at
    town.now += timedelta(minutes=1)
    town.turn()
    assert open_now(town) == [case], "it waits for its hour"
    with town.context.database.unit_of_work() as session:
        assert retry_now(session, case, town.now)
    assert town.case(case).attend_at == attend_at, "the case itself was not set aside"
    town.turn()
    assert open_now(town) == []
    assert town.fired(case, "acknowledge")
    assert town.set_aside(case)[0].resolved_at == town.now


def test_a_retry_where_the_engine_has_nothing_to_do_ends(town: Town) -> None:
    case, _ = at_a_clerks(town)
    for state in ("dispatched", "handling"):
        put_aside(town, case, "handle")
        with town.context.database.unit_of_work() as session:
            assert retry_now(session, case, town.now)
        town.now += timedelta(minutes=1)
        town.turn()
        assert (town.state(case), open_now(town)) == (state, [])
        if state == "dispatched":
            town.order(case, "acknowledge", f"{town.orders(case)[0].code}.clerk")


# errors ---------------------------------------------------------------------------------------------------------------


def test_errors_of_the_database_quote_nobody(database: Database) -> None:
    words = "李大妈家漏水"
    row = {"no": words, "subject": words}
    with pytest.raises(IntegrityError) as problem, database.unit_of_work() as session:
        session.connection().execute(insert(_case).values(row))
    assert words not in str(problem.value)
    assert words not in str(problem.value.orig)
    assert "NOT NULL" in str(problem.value).upper() or "null value" in str(problem.value)
    with pytest.raises(DBAPIError) as plain, database.unit_of_work() as session:
        Prepared(insert(_case).values(dict.fromkeys(row))).write(session.connection(), [row])
    assert words not in str(plain.value)


def test_a_value_that_cannot_be_read_is_not_quoted(postgres_database: Database) -> None:
    with pytest.raises(DBAPIError) as problem, postgres_database.unit_of_work() as session:
        session.connection().execute(text("SELECT CAST(:words AS integer)"), {"words": "李大妈"})
    assert "李大妈" not in str(problem.value)
    assert "invalid input syntax for type integer" in str(problem.value)


# replay ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["2008-12-31 23:59:59", "2101-01-01 00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_moments_out_of_this_world_are_rejected(tmp_path: Path, moment: str) -> None:
    file = tmp_path / "messages.csv"
    lines = [
        "id,user,subject,submitted_at,body,reply,replied_at",
        f"1,u,s,{moment},b,r,2026-01-05 09:00",
        f"2,u,s,2026-01-05 09:00,b,r,{moment}",
    ]
    file.write_text("\n".join([*lines, "3,u,s,2009-01-01 00:00,b,r,2100-12-31 00:00"]), encoding="utf-8")
    messages, read = read_messages(file, START.tzinfo)  # type: ignore[arg-type]
    assert [m.id for m in messages] == ["3"]
    assert [(r.line, r.code, r.detail) for r in read.rejects] == [(2, "bad_date", moment), (3, "bad_date", moment)]

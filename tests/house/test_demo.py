"""The demonstration: exactly as many cases as asked for, all of them sound, counted as what was made now."""

from datetime import UTC, datetime, timedelta

import pytest

from clock import utcnow
from models import Database
from rules.facts import FINAL
from services import audit
from services.catalogue import catalogue
from services.replay.pretend import pretend
from settings import get_settings, load
from tests.support.databases import SqliteSupply


@pytest.fixture
def settings(tmp_path, sqlite_supply: SqliteSupply, monkeypatch, encryption_key):
    """An installation of its own on a seeded database."""
    (tmp_path / "secret.key").write_bytes(encryption_key)
    url = sqlite_supply.fresh()
    yield load(data_dir=tmp_path, database_url=url, prefect="off")
    get_settings.reset()
    sqlite_supply.drop(url)


def demonstrate(settings, count: int, days: int, now: datetime) -> tuple[int, int]:
    from flows.demonstration import demonstrate

    return demonstrate(settings, count, days, now, lambda _done, _of: None)


@pytest.mark.parametrize("count", [1, 3, 60])
def test_as_many_messages_as_asked_for_all_before_now_and_in_utc(sqlite_database: Database, count):
    with sqlite_database.unit_of_work() as session:
        known = catalogue(session)
    for hour in (0, 3, 16, 23):  # in the district: 8, 11, midnight and 7 in the morning
        now = datetime(2026, 11, 21, hour, 0, 1, tzinfo=UTC)
        for days in (1, 30):
            messages = pretend(count, days, now, known)
            assert len({m.id for m in messages}) == count
            assert all(now - timedelta(days=days + 1) <= m.submitted_at < now for m in messages)
            assert all(moment.tzinfo is UTC for m in messages for moment in (m.submitted_at, m.replied_at))


def test_a_demonstration_is_sound_and_counts_what_it_made(settings):
    now = utcnow().replace(microsecond=0)
    made, closed = demonstrate(settings, 20, 30, now)
    assert made == 20
    assert demonstrate(settings, 20, 30, now) == (0, 0), "the same set is not made twice"
    assert demonstrate(settings, 3, 30, now)[0] == 3, "what others made is not counted"
    database = Database(settings.database_url)
    with database.unit_of_work() as session:
        cases = audit.newest_cases(session, 100)
        assert len(cases) == 23
        assert audit.check_journal(session, cases) == []
        assert audit.audit_clocks(session, now, timedelta(minutes=2)) == []
    with database.unit_of_work() as session:
        from sqlalchemy import select

        from models import Case, table

        states = session.connection().execute(select(table(Case).c.state).order_by(table(Case).c.id)).scalars().all()
    database.close()
    assert closed <= sum(state in FINAL for state in states)

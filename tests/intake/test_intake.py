"""Handing in: numbers without gaps, the same submission twice is one case, a bad report spoils nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from models import Case, Clock, Database, Journal, Requester, table
from rules.facts import Refused
from services.intake import Report, Submitted, submit
from services.moves import Setting
from tests.support.together import together

NOW = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
DRAIN = Report("晨光小区5号楼下水道堵了", "污水外溢，臭死了", area="chenguang-1")


def handed_in(database: Database, *reports: Report, now: datetime = NOW) -> list[Submitted]:
    with database.unit_of_work() as session:
        return submit(session, reports, Setting(now))


def hand_in_and_fail(database: Database) -> None:
    with database.unit_of_work() as session:
        submit(session, [DRAIN, DRAIN], Setting(NOW))
        raise RuntimeError("the lights go out before the commit")


def numbers(database: Database) -> list[str]:
    with database.unit_of_work() as session:
        return sorted(session.connection().execute(select(table(Case).c.no)).scalars())


def expected(count: int, day: str = "20261120") -> list[str]:
    return [f"BH-{day}-{n:04d}" for n in range(1, count + 1)]


def count(database: Database, model: type) -> int:
    with database.unit_of_work() as session:
        return int(session.connection().execute(select(func.count()).select_from(table(model))).scalar_one())


def test_a_report_becomes_a_case_with_journal_and_clock(database: Database) -> None:
    (first,) = handed_in(database, DRAIN)
    assert first == Submitted(first.case_id, "BH-20261120-0001", known=False)
    with database.unit_of_work() as session:
        case = session.connection().execute(select(table(Case))).one()
        entry = session.connection().execute(select(table(Journal))).one()
        clock = session.connection().execute(select(table(Clock))).one()
    assert (case.state, case.version, case.seq, case.attend_at) == ("submitted", 1, 1, NOW)
    assert (entry.action, entry.after, entry.actor, entry.hash) == ("submit", "submitted", "resident", case.journal_hash)
    assert (clock.kind, clock.started_at, clock.stopped_at) == ("accept", NOW, None)


def test_numbers_have_no_gaps_when_many_hand_in_at_once(database: Database) -> None:
    def clerk(batches: list[int]) -> None:
        for size in batches:
            handed_in(database, *[DRAIN] * size)

    together([partial(clerk, [1, 3, 1, 2]) for _ in range(8)])
    assert numbers(database) == expected(8 * 7)


def test_a_commit_that_fails_takes_no_number(database: Database) -> None:
    handed_in(database, DRAIN)
    with pytest.raises(RuntimeError):
        hand_in_and_fail(database)
    handed_in(database, DRAIN)
    assert numbers(database) == expected(2)


def test_no_gaps_when_some_of_many_commits_fail(database: Database) -> None:
    def clerk(fails: bool) -> None:
        for _ in range(4):
            try:
                with database.unit_of_work() as session:
                    submit(session, [DRAIN], Setting(NOW))
                    if fails:
                        raise RuntimeError
            except RuntimeError:
                pass

    together([partial(clerk, i % 2 == 0) for i in range(8)])
    assert numbers(database) == expected(16)


def test_numbers_begin_anew_with_each_local_day(database: Database) -> None:
    before_midnight = datetime(2026, 11, 20, 15, 59, tzinfo=UTC)
    handed_in(database, DRAIN, now=before_midnight)
    handed_in(database, DRAIN, now=before_midnight + timedelta(minutes=1))
    assert numbers(database) == ["BH-20261120-0001", "BH-20261121-0001"]


def test_the_same_key_is_one_case(database: Database) -> None:
    keyed = Report("路灯不亮", "三盏", key="form-7")
    (first,) = handed_in(database, keyed)
    again, other, twin = handed_in(database, keyed, Report("路灯不亮", "又一盏", key="form-8"), Report("路灯不亮", "又一盏", key="form-8"))
    assert again == Submitted(first.case_id, first.no, known=True)
    assert (other.known, twin.known, twin.case_id) == (False, True, other.case_id)
    assert numbers(database) == expected(2)


def test_the_same_words_twice_without_a_key_are_two_cases(database: Database) -> None:
    first, second = handed_in(database, DRAIN, DRAIN)
    assert (first.no, second.no) == ("BH-20261120-0001", "BH-20261120-0002")
    assert first.case_id != second.case_id


def test_the_same_key_at_the_same_moment_is_one_case(database: Database) -> None:
    keyed = Report("路灯不亮", "三盏", requester="10000000009", phone="10000000009", key="form-7")
    results = together([partial(handed_in, database, keyed) for _ in range(10)])
    assert len({r[0].case_id for r in results}) == 1
    assert sum(not r[0].known for r in results) == 1
    assert numbers(database) == expected(1)
    assert count(database, Requester) == 1


def test_the_same_resident_at_the_same_moment_is_one_resident(database: Database) -> None:
    theirs = Report("路灯不亮", "三盏", requester="10000000009", phone="10000000009")
    together([partial(handed_in, database, theirs) for _ in range(8)])
    assert count(database, Requester) == 1
    assert numbers(database) == expected(8)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (Report(" ", "\n"), "empty_report"),
        (Report("路灯不亮", "", source="nobody"), "unknown_source"),
        (Report("路灯不亮", "", area="atlantis"), "unknown_area"),
    ],
)
def test_a_bad_report_is_refused_with_its_whole_batch(sqlite_database: Database, bad: Report, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        handed_in(sqlite_database, DRAIN, bad)
    assert refusal.value.code == code
    handed_in(sqlite_database, DRAIN)
    assert numbers(sqlite_database) == expected(1)


def test_an_emergency_is_seen_at_once(sqlite_database: Database) -> None:
    handed_in(sqlite_database, Report("", "煤气泄漏，味道很大，快来人！"))
    with sqlite_database.unit_of_work() as session:
        case = session.connection().execute(select(table(Case))).one()
    assert (case.urgency, case.subject) == ("P0", "煤气泄漏，味道很大，快来人！")


def test_readers_see_no_half_a_case(database: Database) -> None:
    seen: list[tuple[int, int]] = []

    def reader() -> None:
        cases, entries = table(Case), table(Journal)
        for _ in range(60):
            with database.unit_of_work() as session:
                both = select(
                    select(func.count()).select_from(cases).scalar_subquery(), select(func.count()).select_from(entries).scalar_subquery()
                )
                seen.append(tuple(session.connection().execute(both).one()))

    writer: Callable[[], None] = lambda: [handed_in(database, DRAIN, DRAIN) for _ in range(10)] and None  # noqa: E731
    together([reader, writer])
    assert all(a == b for a, b in seen)

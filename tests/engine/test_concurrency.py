"""Many at once on the same case, the same batch, the same agenda: nothing is lost, nothing is done twice."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from models import Case, Database, EngineInstance, Journal, Message, table
from rules.facts import SYSTEM, Level, Refused, Step, Thing
from services.catalogue import catalogue
from services.engine import claims, engines
from services.engine.claims import Claimer
from services.engine.steps import advance
from services.intake import Report, submit
from services.moves import Conflict, Intent, Moved, Outcome, Setting, entry_hash, make_moves
from tests.conftest import context_for
from tests.support.sound import complaints
from tests.support.together import together
from tests.support.town import START, Town

DRAIN = "晨光小区5号楼下水道堵了，污水外溢"
_case, _journal = table(Case), table(Journal)


def ask(database: Database, *intents: Intent) -> list[Outcome]:
    with database.unit_of_work() as session:
        return make_moves(session, intents, Setting(START + timedelta(minutes=1)))


def cases_of(database: Database, count: int, source: str = "hotline", body: str = DRAIN) -> list[int]:
    with database.unit_of_work() as session:
        reports = [Report(body, body, source=source, area="chenguang-1") for _ in range(count)]
        return [s.case_id for s in submit(session, reports, Setting(START))]


def at_work(town: Town) -> int:
    """A case whose lead has acknowledged."""
    case = town.reports(DRAIN, source="hotline")
    town.turn()
    town.order(case, "acknowledge", f"{town.orders(case)[0].code}.clerk")
    return case


@contextmanager
def somebody_is_faster(database: Database, *faster: Intent) -> Iterator[list[Outcome]]:
    """Let somebody else's moves be committed just before the next write lock is taken, once."""
    outcomes: list[Outcome] = []

    def before(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE" and not outcomes:
            outcomes.append(Refused("under_way"))
            outcomes[:] = ask(database, *faster)

    event.listen(database.engine, "before_cursor_execute", before)
    try:
        yield outcomes
    finally:
        event.remove(database.engine, "before_cursor_execute", before)


def test_the_slower_of_two_with_a_form_gets_a_conflict(town: Town) -> None:
    case = at_work(town)
    seen = town.case(case).version
    users = [f"{order.code}.clerk" for order in town.orders(case)[:1]] * 2
    intents = [Intent(case, a, town.actor(u), Thing.ORDER, 1, version=seen) for a, u in zip(("contact", "control"), users, strict=True)]
    outcomes = [o for (o,) in together([partial(ask, town.context.database, i) for i in intents])]
    assert Counter(type(o) for o in outcomes) == {Moved: 1, Conflict: 1}
    conflict = next(o for o in outcomes if isinstance(o, Conflict))
    assert (conflict.case_id, conflict.version) == (case, seen + 1)
    assert town.case(case).version == seen + 1


def test_the_slower_of_two_without_a_form_is_decided_anew(town: Town) -> None:
    case = at_work(town)
    clerk = town.actor(f"{town.orders(case)[0].code}.clerk")
    intents = [Intent(case, a, clerk, Thing.ORDER, 1) for a in ("contact", "control")]
    outcomes = [o for (o,) in together([partial(ask, town.context.database, i) for i in intents])]
    assert [type(o) for o in outcomes] == [Moved, Moved]
    assert {"contact", "control"} <= set(town.actions(case))
    assert complaints(town.context.database, town.now) == []


def test_of_many_who_make_the_same_move_one_makes_it(town: Town) -> None:
    case = town.reports(DRAIN, source="hotline")
    town.turn()
    clerk = town.actor(f"{town.orders(case)[0].code}.clerk")
    intent = Intent(case, "acknowledge", clerk, Thing.ORDER, 1)
    outcomes = [o for (o,) in together([partial(ask, town.context.database, intent) for _ in range(10)])]
    assert Counter(type(o) for o in outcomes) == {Moved: 1, Refused: 9}
    assert {o.code for o in outcomes if isinstance(o, Refused)} == {"already_acknowledged"}
    assert town.actions(case).count("acknowledge") == 2  # the order's and, following from it, the case's
    assert town.state(case) == "handling"


def test_updates_are_never_lost(town: Town) -> None:
    """Ten people climb and descend on one case at once: every move that was promised is in the journal, in one unbroken chain."""
    case = town.reports("共享单车乱停乱放，人行道走不了", source="grid_worker")
    town.turn()
    assert town.state(case) == "reporting"
    before = town.case(case)

    def person(i: int) -> int:
        made = 0
        for _ in range(6):
            with town.context.database.unit_of_work() as session:
                known = catalogue(session)
                holder = session.connection().execute(select(_case.c.holder_unit_id).where(_case.c.id == case)).scalar_one()
                actor = next(known.actor(p.name) for p in known.by_unit[holder] if p.role in ("clerk", "worker", "dispatcher"))
            up = Intent(case, "report_up", actor)
            down = Intent(case, "send_down", actor, args={"level": Level.COMMUNITY, "reason": f"第{i}人"})
            (outcome,) = ask(town.context.database, up if i % 2 else down)
            made += isinstance(outcome, Moved)
        return made

    made = sum(together([partial(person, i) for i in range(10)]))
    after = town.case(case)
    assert made > 0
    assert after.version == before.version + made
    assert len(town.journal(case)) == after.seq
    assert complaints(town.context.database, town.now) == []


def test_the_journal_is_one_chain(town: Town) -> None:
    case = at_work(town)
    previous = ""
    for entry in town.journal(case):
        row = dict(entry._mapping)
        assert row["previous"] == previous
        assert entry_hash(row) == row["hash"]
        previous = row["hash"]
    assert town.case(case).journal_hash == previous


def test_a_stale_case_does_not_hold_up_its_batch(database: Database) -> None:
    ids = cases_of(database, 200)
    intents = [Intent(i, "accept", SYSTEM, version=7 if i == ids[77] else None) for i in ids]
    outcomes = ask(database, *intents)
    assert [o.case_id for o in outcomes if isinstance(o, Conflict)] == [ids[77]]
    assert sum(isinstance(o, Moved) for o in outcomes) == 199
    with database.unit_of_work() as session:
        states = Counter(session.connection().execute(select(_case.c.state)).scalars())
    assert states == {"accepted": 199, "submitted": 1}
    assert complaints(database, START) == []


def test_a_case_that_changes_between_reading_and_writing_is_decided_anew(sqlite_database: Database) -> None:
    """SQLite decides without the lock: what changed meanwhile is seen when the lock is taken, the others are written."""
    ids = cases_of(sqlite_database, 200)
    with sqlite_database.unit_of_work() as session:
        centre = catalogue(session).actor("centre.duty")
    with somebody_is_faster(sqlite_database, Intent(ids[77], "accept", centre)) as theirs:
        outcomes = ask(sqlite_database, *[Intent(i, "accept", SYSTEM) for i in ids])
    assert [type(o) for o in theirs] == [Moved]
    assert [i for i, o in zip(ids, outcomes, strict=True) if not isinstance(o, Moved)] == [ids[77]]
    refusal = outcomes[77]
    assert isinstance(refusal, Refused)
    assert refusal.code == "wrong_state"
    with sqlite_database.unit_of_work() as session:
        assert session.connection().execute(select(func.count()).where(_journal.c.action == "accept")).scalar_one() == 200
    assert complaints(sqlite_database, START) == []


def test_people_and_the_engine_work_on_the_same_cases(town: Town) -> None:
    """While the engine takes a batch on, the centre accepts and files the same cases by hand: each step happens once."""
    database = town.context.database
    ids = cases_of(database, 60)
    centre = town.actor("centre.duty")

    def person() -> None:
        for i in reversed(ids):
            ask(database, Intent(i, "accept", centre))
            ask(database, Intent(i, "file", centre, args={"category": "A01", "urgency": "P2"}))

    together([town.turn, person])
    town.now += timedelta(minutes=2)
    town.turn()
    with database.unit_of_work() as session:
        per_case = session.connection().execute(
            select(_journal.c.case_id, _journal.c.action, func.count()).group_by(_journal.c.case_id, _journal.c.action)
        )
        assert all(n == 1 for _, _, n in per_case)
    assert {town.state(i) for i in ids} == {"dispatched"}
    assert complaints(database, town.now) == []


def test_two_engines_claim_disjoint_work(postgres_database: Database, tmp_path: Path) -> None:
    ids = cases_of(postgres_database, 120)
    with postgres_database.unit_of_work() as session:
        mine = [Claimer(engines.begin(session, START, events_on=False), timedelta(seconds=60)) for _ in range(4)]

    def claim(claimer: Claimer) -> list[int]:
        found: list[int] = []
        for _ in range(6):
            with postgres_database.unit_of_work() as session:
                found += [c.id for c in claims.ready_cases(session, claimer, START, 10)]
        return found

    claimed = together([partial(claim, c) for c in mine])
    everything = [i for found in claimed for i in found]
    assert sorted(everything) == ids


def test_two_engines_share_one_agenda(postgres_database: Database, tmp_path: Path) -> None:
    ids = cases_of(postgres_database, 100)
    towns = []
    for n in range(2):
        folder = tmp_path / str(n)
        folder.mkdir()
        towns.append(Town(context_for(postgres_database, folder)))
    together([t.turn for t in towns])
    towns[0].turn()
    assert {towns[0].state(i) for i in ids} == {"dispatched"}
    texts = [line for file in tmp_path.glob("*/outbox.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    with postgres_database.unit_of_work() as session:
        states = Counter(session.connection().execute(select(table(Message).c.state)).scalars())
    assert set(states) == {"delivered"}
    assert len(texts) == states["delivered"]
    assert complaints(postgres_database, START) == []


def test_a_second_engine_on_a_sqlite_file_is_refused(sqlite_database: Database) -> None:
    with sqlite_database.unit_of_work() as session:
        engines.begin(session, START, events_on=False)
    with pytest.raises(Refused) as refusal, sqlite_database.unit_of_work() as session:
        engines.begin(session, START, events_on=False)
    assert refusal.value.code == "engine_running"


def entered(database: Database, *, host: str, pid: int) -> Claimer:
    with database.unit_of_work() as session:
        row = {"host": host, "pid": pid, "started_at": START, "heartbeat_at": START}
        made = table(EngineInstance)
        return Claimer(session.connection().execute(made.insert().values(row).returning(made.c.id)).scalar_one(), timedelta(hours=9))


def claimed_by(database: Database, claimer: Claimer) -> int:
    with database.unit_of_work() as session:
        return int(session.connection().execute(select(func.count()).where(_case.c.claimed_by == claimer.engine_id)).scalar_one())


def test_a_dead_engine_of_this_machine_is_buried_at_once(database: Database) -> None:
    cases_of(database, 5)
    dead = entered(database, host=socket.gethostname(), pid=4_000_000)
    with database.unit_of_work() as session:
        claims.ready_cases(session, dead, START, 10)
    assert claimed_by(database, dead) == 5
    with database.unit_of_work() as session:
        living = Claimer(engines.begin(session, START + timedelta(seconds=1), events_on=False), timedelta(seconds=60))
    assert claimed_by(database, dead) == 0
    with database.unit_of_work() as session:
        assert len(claims.ready_cases(session, living, START + timedelta(seconds=1), 10)) == 5
        assert not engines.beat(session, dead.engine_id, START + timedelta(seconds=2))


def test_an_engine_of_another_machine_is_dead_when_it_is_silent(postgres_database: Database) -> None:
    cases_of(postgres_database, 5)
    far = entered(postgres_database, host="elsewhere", pid=1)
    with postgres_database.unit_of_work() as session:
        claims.ready_cases(session, far, START, 10)
    for after, left in ((20, 5), (31, 0)):
        with postgres_database.unit_of_work() as session:
            engines.take_over(session, START + timedelta(seconds=after))
        assert claimed_by(postgres_database, far) == left


def test_a_lease_that_ran_out_is_anybodys(postgres_database: Database) -> None:
    cases_of(postgres_database, 5)
    slow, quick = (entered(postgres_database, host="elsewhere", pid=n) for n in (1, 2))
    short = Claimer(slow.engine_id, timedelta(seconds=60))
    with postgres_database.unit_of_work() as session:
        ids = [c.id for c in claims.ready_cases(session, short, START, 10)]
    with postgres_database.unit_of_work() as session:
        assert claims.ready_cases(session, quick, START + timedelta(seconds=59), 10) == []
        assert [c.id for c in claims.ready_cases(session, quick, START + timedelta(seconds=61), 10)] == ids
    with postgres_database.unit_of_work() as session:
        claims.release_cases(session, short, ids, START + timedelta(seconds=62))
    assert claimed_by(postgres_database, quick) == 5


def test_the_same_step_twice_moves_nobody_twice(database: Database) -> None:
    ids = cases_of(database, 30)

    def step() -> list[int]:
        with database.unit_of_work() as session:
            return advance(session, Step.COLLECT, ids, Setting(START))

    moved = together([step] * 6)
    assert sorted(i for found in moved for i in found) == ids
    assert complaints(database, START) == []

"""A database as issue 2 left it, with cases under way, goes on under the present program: nothing is lost, nothing is silent."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection, inspect, select
from sqlalchemy.orm import Session

import seeds
from models import Base, Clock, Database, LadderVersion, SetAside, SlaPolicy, SpecialGroup, table
from rules.clocks import OF_AFFAIRS, ClockKind
from rules.ladder_checks import BESIDES
from services.audit import LAG, audit_clocks, check_journal, newest_cases
from services.catalogue import catalogue, known_codes
from services.moves import entry_hash
from services.policies.drafting import draft
from services.policies.publishing import publish
from services.policies.stored import Treatment, policy_file
from services.seeding import add_missing
from services.upkeep import _config, upgrade
from services.why.explaining import Which, explain
from tests.conftest import context_for
from tests.support.beside import opens, seen
from tests.support.town import START, Town

Row = Mapping[str, Any]
LEFT: Final = START + timedelta(hours=21)  #: when issue 2 was stopped
DUE: Final = START + timedelta(hours=24)
LATE, DANGER = 1, 2  #: cases: one is about to be late; an emergency that nobody has acknowledged
WATER, UTILITY = 3, 4
GENTLE = [{"code": "remind", "at": "50%", "act": "tell", "notice": "clock_remind"}]
DESK = [{"code": "remind", "at": "80%", "act": "tell", "notice": "desk_remind"}]
LADDERS: Final = {
    "desk": DESK,
    "hold_review": DESK,
    "evaluation": [{"code": "close", "at": "100%", "act": "move:close_unrated", "notice": ""}],
    "acknowledge": [
        {"code": "urge", "at": "100%", "act": "tell", "notice": "acknowledge_overdue"},
        {"code": "deem", "at": "200%", "act": "move:deem_acknowledged", "notice": "acknowledge_deemed"},
    ],
    "milestone": [{"code": "urge", "at": "100%", "act": "tell", "notice": "clock_overdue"}],
    "handle_gentle": GENTLE,
    "handle_co": GENTLE,
    "handle_lead": [
        {"code": "remind", "at": "50%", "act": "tell", "notice": "clock_remind"},
        {"code": "red", "at": "100%", "act": "propose_order", "notice": "clock_red"},
        {"code": "escalate_1", "at": "200%", "act": "tell", "notice": "clock_escalate_1"},
    ],
}
CLOCKS: Final = {
    **dict.fromkeys(("accept", "triage", "decide", "dispatch", "verify", "feedback", "judge"), "desk"),
    **{"acknowledge": "acknowledge", "contact": "milestone", "control": "milestone", "evaluate": "evaluation"},
    **{"handle": "handle_lead", "handle_co": "handle_co", "gentle": "handle_gentle", "hold_review": "hold_review"},
}
LIMITS: Final = {
    **{"accept": "30m", "triage": "30m", "dispatch": "30m", "decide": "1h", "acknowledge": "30m", "handle": "24h"},
    **{"verify": "4h", "feedback": "1wd", "evaluate": "7wd", "judge": "1wd", "hold_review": "22wd"},
}
UNITS: Final = (  # code, kind, parent, supervising
    ("chenghu", "DISTRICT", None, None),
    ("centre", "GRID_CENTRE", 1, 1),
    ("water", "WATER", 1, 2),
    ("utility", "UTILITY", 1, 2),
    ("hubin", "SUBDISTRICT", 1, 1),
    ("chenguang", "COMMUNITY", 5, 5),
    ("chenguang-1", "GRID", 6, 6),
)
POSTS: Final = (("clerk", (3, 4, 5, 6)), ("head", (1, 2, 3, 4, 5)), ("dispatcher", (2,)), ("duty_leader", (1,)), ("admin", (1,)))


def add(connection: Connection, name: str, rows: Iterable[Row]) -> None:
    """Insert rows into a table as it is now; of each what the table has no column for is left out."""
    types = {c.name: c.type for c in Base.metadata.tables[name].c}
    there = {c["name"]: types.get(c["name"]) for c in inspect(connection).get_columns(name)}
    for row in rows:
        values = {k: v for k, v in row.items() if k in there}
        connection.execute(sa.insert(sa.table(name, *(sa.column(k, there[k]) for k in values))).values(values))


def reference(connection: Connection) -> None:
    names = {"zh": "x", "en": "x"}
    add(connection, "system", [{"id": 1, "revision": 1, "installation": "0b3e", "events_on": False}])
    add(connection, "unit_kind", seeds.read("unit_kinds.toml")["kind"])
    add(connection, "source", seeds.read("sources.toml")["source"])
    add(connection, "category", seeds.read("categories.toml")["category"])
    cn = {"code": "cn", "version": 1, "zone": "Asia/Shanghai", "first": date(2026, 1, 1), "last": date(2027, 12, 31)}
    add(connection, "calendar", [cn])
    add(connection, "working_window", [{"calendar": "cn", "opens": time(8, 30), "closes": time(17, 30)}])
    add(connection, "ladder", [{"code": code, "version": 1, **names, "rungs": rungs} for code, rungs in LADDERS.items()])
    add(connection, "sla_policy", [{"version": 1, "effective_from": date(2000, 1, 1), "note": "", "ladders": CLOCKS}])
    emergency = {**LIMITS, "acknowledge": "3m", "contact": "5m", "handle": "12h"}
    rows = [{"version": 1, "urgency": code, "limits": LIMITS} for code in ("P1", "P2", "P3")]
    add(connection, "sla_row", [*rows, {"version": 1, "urgency": "P0", "limits": emergency}])
    links = ("code", "kind", "parent_id", "supervising_id")
    units = [dict(zip(links, unit, strict=True)) for unit in UNITS]
    add(connection, "unit", [{"id": i, **unit, **names, "calendar": "cn"} for i, unit in enumerate(units, start=1)])
    staff = [{"name": f"{UNITS[unit - 1][0]}.{role}", "unit_id": unit, "role": role, **names} for role, units in POSTS for unit in units]
    add(connection, "staff", staff)


def case(connection: Connection, case_id: int, urgency: str, category: str, entries: Iterable[tuple[Any, ...]]) -> None:
    """A case in the hands of its lead, with its journal: minutes, step, thing, its number, action, before, after, actor, ball, data."""
    keys = ("step", "thing", "thing_no", "action", "before", "after", "actor", "ball_unit_id", "data")
    journal: list[dict[str, Any]] = []
    for seq, (minutes, *said) in enumerate(entries, start=1):
        entry = {"case_id": case_id, "seq": seq, "at": START + timedelta(minutes=minutes), **dict(zip(keys, said, strict=True))}
        entry["previous"] = journal[-1]["hash"] if journal else ""
        journal.append({**entry, "hash": entry_hash(entry)})
    row = {"id": case_id, "no": f"BH-20261120-000{case_id}", "state": "handling", "version": 7, "seq": len(journal), "source": "resident"}
    stamps = {"urgency": urgency, "category": category, "authority": "district", "policy_version": 1, "round": 1, "needs_check": True}
    words = {"subject": "x", "body": "x", "place": "", "area_unit_id": 7, "submitted_at": START, "journal_hash": journal[-1]["hash"]}
    add(connection, "case_file", [{**row, **stamps, **words}])
    add(connection, "journal", journal)


def clocks(connection: Connection, case_id: int, order_no: int | None, unit: int, *rows: tuple[Any, ...]) -> None:
    """Clocks that began at the start: kind, limit, its minutes, ladder, when it stopped or None, next rung or None, rungs that fired."""
    for kind, limit, budget, ladder, stopped, fires, *fired in rows:
        due = START + timedelta(minutes=budget)
        ended = None if stopped is None else START + timedelta(minutes=stopped)
        own = {"case_id": case_id, "order_no": order_no, "unit_id": unit, "kind": kind, "round": 1, "limit": limit, "budget_s": budget * 60}
        stands = {"consumed_s": 60 * (stopped or 0), "running_since": None if ended else START, "started_at": START, "stopped_at": ended}
        stamps = {"ladder": ladder, "ladder_version": 1, "calendar": "cn", "calendar_version": 1, "policy_version": 1, "provisional": False}
        next_fire = None if fires is None else START + timedelta(minutes=fires)
        add(connection, "clock", [{**own, **stands, **stamps, "due_at": due, "next_fire_at": next_fire}])
        clock_id = connection.execute(sa.text("SELECT max(id) FROM clock")).scalar_one()
        for rung, minutes in fired:
            at = START + timedelta(minutes=minutes)
            add(connection, "rung_firing", [{"clock_id": clock_id, "round": 1, "rung": rung, "due_at": at, "fired_at": at}])


def opened(category: str, urgency: str, lead: int) -> list[tuple[Any, ...]]:
    """How every case began."""
    return [
        (0, "collect", "case", None, "submit", None, "submitted", "resident", 2, {"source": "resident"}),
        (0, "collect", "case", None, "accept", "submitted", "accepted", "system", 2, {}),
        (0, "triage", "case", None, "file", "accepted", "filed", "system", 2, {"category": category, "urgency": urgency}),
        (0, "report", "case", None, "dispatch", "filed", "dispatched", "system", lead, {"lead": lead, "co": []}),
    ]


def rung(minutes: int, unit: int, code: str, kind: str, limit: str, due: int) -> tuple[Any, ...]:
    at = (START + timedelta(minutes=due)).isoformat()
    return minutes, "handle", "clock", 1, code, None, None, "system", unit, {"clock": kind, "limit": limit, "due": at, "unit_id": unit}


def under_way(connection: Connection) -> None:
    """Two cases: one whose unit is at work, and an emergency that was deemed acknowledged and is late, with an order proposed."""
    at_work: list[tuple[Any, ...]] = [
        (60, "handle", "order", 1, "acknowledge", "sent", "working", "water.clerk", WATER, {}),
        (60, "handle", "case", None, "acknowledge", "dispatched", "handling", "system", WATER, {}),
    ]
    case(connection, LATE, "P1", "A07", [*opened("A07", "P1", WATER), *at_work, rung(720, WATER, "remind", "handle", "24h", 1440)])
    deemed = [
        rung(3, UTILITY, "urge", "acknowledge", "3m", 3),
        rung(5, UTILITY, "urge", "contact", "5m", 5),
        rung(6, UTILITY, "deem", "acknowledge", "3m", 3),
        (6, "handle", "order", 1, "deem_acknowledged", "sent", "working", "system", UTILITY, {}),
        (6, "handle", "case", None, "acknowledge", "dispatched", "handling", "system", UTILITY, {}),
        rung(360, UTILITY, "remind", "handle", "12h", 720),
        rung(720, UTILITY, "red", "handle", "12h", 720),
    ]
    case(connection, DANGER, "P0", "A08", [*opened("A08", "P0", UTILITY), *deemed])
    at = START + timedelta(minutes=60)
    order = {"no": 1, "lead": True, "state": "working", "sent_at": START, "acknowledged_at": at}
    add(connection, "work_order", [{"case_id": LATE, "unit_id": WATER, "deemed": False, **order}])
    add(connection, "work_order", [{"case_id": DANGER, "unit_id": UTILITY, "deemed": True, **order}])
    for each, limit, minutes in ((LATE, "30m", 30), (DANGER, "30m", 30)):
        clocks(connection, each, None, 2, *((kind, limit, minutes, "desk", 0, None) for kind in ("accept", "triage", "dispatch")))
    clocks(connection, LATE, 1, WATER, ("acknowledge", "30m", 30, "acknowledge", 60, None, ("urge", 30)))
    clocks(connection, LATE, 1, WATER, ("handle", "24h", 1440, "handle_lead", None, 1440, ("remind", 720)))
    clocks(connection, DANGER, 1, UTILITY, ("acknowledge", "3m", 3, "acknowledge", 6, None, ("urge", 3), ("deem", 6)))
    clocks(connection, DANGER, 1, UTILITY, ("contact", "5m", 5, "milestone", None, None, ("urge", 5)))
    clocks(connection, DANGER, 1, UTILITY, ("handle", "12h", 720, "handle_lead", None, 1440, ("remind", 360), ("red", 720)))
    proposed = {"case_id": DANGER, "order_no": 1, "unit_id": UTILITY, "kind": "order", "state": "proposed"}
    add(connection, "supervision_order", [{**proposed, "proposed_at": START + timedelta(minutes=720)}])


@pytest.fixture
def upgraded(database: Database, tmp_path: Path) -> Town:
    """The town that issue 2 has left, under the present program."""
    command.downgrade(_config(database.engine), "base")
    command.upgrade(_config(database.engine), "0001")
    with database.engine.begin() as connection:
        reference(connection)
        under_way(connection)
    upgrade(database, LEFT)
    return Town(context_for(database, tmp_path), LEFT)


NEW: Final = {"source": ("affair",), "unit_kind": ("TASK_FORCE",)}  #: what came with affairs, by table


@pytest.fixture
def of_issue_5(town: Town) -> tuple[Town, str]:
    """The town as revision 0004 left it: a policy of its own in force, a case under way, nothing that came with affairs."""
    town.turn()
    with town.context.database.unit_of_work() as session:
        file = replace(policy_file(session, 1), effective_from=None, note="本区政策")
        version = draft(session, file, "own.toml", "admin", town.now)
        publish(session, version, "centre.head", Treatment.KEEP, None, town.now)
    town.now += timedelta(minutes=1)
    case = town.reports("夜市油烟扰民，占道经营")
    town.turn()
    no, engine = town.case(case).no, town.context.database.engine
    command.downgrade(_config(engine), "0004")
    with engine.begin() as connection:
        known = {kind.value for kind in ClockKind if kind not in OF_AFFAIRS}
        policy, ladder = table(SlaPolicy), table(LadderVersion)
        for row in connection.execute(select(policy.c.version, policy.c.ladders)).all():
            kept = {kind: stamp for kind, stamp in row.ladders.items() if kind in known or kind in BESIDES}
            connection.execute(sa.update(policy).where(policy.c.version == row.version).values(ladders=kept))
        used = {stamp.partition("@")[0] for (ladders,) in connection.execute(select(policy.c.ladders)) for stamp in ladders.values()}
        connection.execute(sa.delete(ladder).where(ladder.c.code.not_in(used)))
        for name, codes in NEW.items():
            assert connection.execute(sa.delete(gone := Base.metadata.tables[name]).where(gone.c.code.in_(codes))).rowcount == len(codes)
    upgrade(town.context.database, town.now)
    return Town(town.context, town.now), no


def test_after_issue_5_a_whistle_can_be_blown_and_its_clocks_run(of_issue_5: tuple[Town, str]) -> None:
    town, case = of_issue_5
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        assert known.policy_at(town.now) == 2, "its own limits stay in force"
        assert "report_in" not in known.ladders_of[2]
        for name, codes in NEW.items():
            assert {row.code for row in session.connection().execute(select(Base.metadata.tables[name].c.code))} >= set(codes)
    called = (town.unit_id("urban"), town.unit_id("water"))
    nos = [opens(town, "hubin.clerk", "whistle", *cases, called=called, title="联合处置").no for cases in ((case,), ())]
    assert {(c["ladder"], c["ladder_version"], c["limit"]) for no in nos for c in seen(town, no).clocks} == {("report_in", 1, "30m")}
    town.fast_forward(hours=2)
    for no in nos:
        found = seen(town, no)
        assert [part["state"] for part in found.parts] == ["absent", "absent"]
        assert {"remind", "absent", "late"} <= {entry["action"] for entry in found.journal if entry["thing"] == "clock"}
    with town.context.database.unit_of_work() as session:
        assert audit_clocks(session, town.now, LAG) == []
        assert check_journal(session, newest_cases(session, 10)) == []
        assert [e.problem for e in explain(session, case, town.now, Which(stopped=True)) if e.agrees is not True] == []
        before = known_rows(session)
        add_missing(session)
        assert known_rows(session) == before, "nothing is added twice"
    assert town.rows(select(table(SetAside).c.id)) == []


def known_rows(session: Session) -> list[int]:
    """How many ladders, sources and kinds of unit there are."""
    tables = [table(LadderVersion), *map(Base.metadata.tables.__getitem__, NEW)]
    return [session.connection().execute(select(sa.func.count()).select_from(each)).scalar_one() for each in tables]


def all_is_well(town: Town) -> None:
    """The audit finds nothing, every clock can be explained, nothing is set aside."""
    with town.context.database.unit_of_work() as session:
        assert audit_clocks(session, town.now, LAG) == []
        assert list(check_journal(session, [LATE, DANGER])) == []
        for no in (f"BH-20261120-000{i}" for i in (LATE, DANGER)):
            assert [(e.kind, e.problem) for e in explain(session, no, town.now, Which(stopped=True)) if e.agrees is not True] == []
    assert town.rows(select(table(SetAside).c.id)) == []


def test_what_was_under_way_goes_on(upgraded: Town) -> None:
    town = upgraded
    all_is_well(town)
    town.fast_forward(until=DUE)
    (order,) = town.supervision(LATE)
    assert (order.state, order.unit_id, order.origin) == ("proposed", WATER, "rung")
    assert "clock_red" in {m.notice for m in town.messages(LATE)}
    all_is_well(town)
    town.sign(LATE, "sign", "centre.head")
    town.sign(DANGER, "sign", "centre.head")  # one that was proposed before supervision orders had clocks
    all_is_well(town)
    town.order(DANGER, "contact", "utility.clerk")
    town.fast_forward(days=20)
    all_is_well(town)


def test_an_emergency_that_was_deemed_acknowledged_still_waits_for_a_sign(upgraded: Town) -> None:
    waiting = select(table(Clock).c.id).where(
        table(Clock).c.case_id == DANGER, table(Clock).c.kind == "acknowledge", table(Clock).c.stopped_at.is_(None)
    )
    assert len(upgraded.rows(waiting)) == 1
    upgraded.order(DANGER, "contact", "utility.clerk")
    assert upgraded.rows(waiting) == []


def test_from_now_on_cases_have_an_overall_limit_and_special_groups(upgraded: Town) -> None:
    with upgraded.context.database.unit_of_work() as session:
        known = catalogue(session)
        assert [known.policy_at(START), known.policy_at(LEFT)] == [1, 2]
        assert [(p.key, p.code) for p in policy_file(session, 2).problems(known_codes(session))] == []
        groups = list(session.connection().execute(select(table(SpecialGroup)).order_by(table(SpecialGroup).c.code)).mappings())
    assert [dict(g) for g in groups] == sorted(seeds.read("groups.toml")["group"], key=lambda g: g["code"])

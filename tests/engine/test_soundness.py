"""No sequence of moves by anybody breaks a case: a state machine plays everybody against the real door and the real engine."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models import Database
from rules.facts import FINAL, OPEN_ORDER, Actor, Level, OrderState, State, Thing
from rules.handling import AFFAIRS, PARTS
from rules.lifecycle import ACTIONS
from services.catalogue import catalogue
from services.choices import actor_of, choices
from services.moves import Draft, Intent, Moved, Setting, make_moves, read_drafts
from services.moves.snapshot import everything
from tests.conftest import context_for
from tests.support.databases import SqliteSupply, fresh_database
from tests.support.sound import asking, complaints, dispatched
from tests.support.town import Town

USERS = (
    "centre.duty",
    "hubin-centre.duty",
    "chenguang-1.worker",
    "chenguang.clerk",
    "hubin.clerk",
    "hubin.head",
    "water.clerk",
    "housing.clerk",
    "chenguang-estate.clerk",
    "municipal.clerk",
    "chenghu.leader",
    "centre.head",
    "admin",
    "resident",
)
Report = tuple[str, str | None, str]
REPORTS: tuple[Report, ...] = (
    ("下水道堵了，污水外溢", "chenguang-1", "grid_worker"),
    ("路灯坏了好几天", "chenguang-1", "block_captain"),
    ("楼下下水道堵塞", "chenguang", "resident"),
    ("我想问一下社保的事", None, "hotline"),
    ("咨询办理老年证需要什么材料", "chenguang-1", "resident"),
)


#: Moves that end a case before it has begun, and what is possible always: played less often, so that the rest is played at all.
SELDOM = {
    *("decline", "divert", "merge", "answer", "recall", "supervise", "refuse", "self_handle", "withdraw", "restrict", "unrestrict"),
    *("ask_void", "ask_terminate", "confirm_end", "refuse_end", "name_reader", "report_statutory"),
}
#: What a person would hand in who knows what is asked for.
SENSIBLE = {
    "reason": "现场看过",
    "result": "已疏通",
    "urgency": "P2",
    "category": "D01",
    "demand": "补齐围挡",
    "after": "围挡已补齐",
    "amount": "1wd",
    "due_at": "2026-12-24T12:00+08:00",
    "by": "note",
    "score": 5,
    "until": "2027-01-12T12:00+08:00",
    "kind": "officials",
}


@pytest.fixture(scope="module")
def machine_town(sqlite_supply: SqliteSupply) -> Iterator[Town]:
    with fresh_database(sqlite_supply) as database, tempfile.TemporaryDirectory() as folder:
        yield Town(context_for(database, Path(folder)))


def arguments(draw: random.Random, town_units: dict[str, int]) -> dict[str, Any]:
    """Something of everything that a move could want, some of it wrong."""
    return {
        "reason": draw.choice(["", "现场看过"]),
        "result": draw.choice(["", "已疏通"]),
        "category": draw.choice(["A01", "D01", "G05", "A08", "XX"]),
        "urgency": draw.choice(["P0", "P2", "P9"]),
        "lead": draw.choice(list(town_units.values())),
        "co": (draw.choice(list(town_units.values())),),
        "level": draw.choice(["grid", "community", "street", "district"]),
        "section": draw.choice(list(town_units.values())),
        "holder": draw.choice(list(town_units.values())),
        "into": draw.choice([1, 2]),
        "unit": draw.choice(list(town_units.values())),
        "demand": draw.choice(["", "补齐围挡"]),
        "after": draw.choice(["", "围挡已补齐"]),
        "stage": draw.choice(["stop_work", "penalty", "demolish"]),
        "amount": draw.choice(["", "1wd", "2h", "40wd"]),
        "with_co": draw.choice([True, False]),
        "due_at": draw.choice(["", "soon", "2026-11-24T12:00+08:00", "2026-12-24T12:00+08:00"]),
        "by": draw.choice(["note", "upstream", "nobody"]),
        "limit": draw.choice(["", "2wd"]),
        "solved": draw.choice([True, False]),
        "score": draw.choice([None, 1, 5, 9]),
        "code": draw.choice(["", "not_our_duty", "funding", "statutory_channel", "unreachable", "nonsense"]),
        "person": draw.randint(1, 60),
        "until": draw.choice(["", "soon", "2026-12-24T12:00+08:00"]),
        "kind": draw.choice(["", "minor", "officials", "nonsense"]),
        "words": draw.choice([None, "还行"]),
        "channel": draw.choice([None, "self", "paper", "police_110", "nonsense"]),
        "override": draw.choice([None, True]),
    }


PLAYED = settings(
    phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
any_sequence = given(report=st.sampled_from(REPORTS), seed=st.integers(0, 2**32), length=st.integers(5, 60))


@settings(PLAYED, max_examples=20)
@any_sequence
def test_no_sequence_of_moves_by_anybody_breaks_a_case(machine_town: Town, report: Report, seed: int, length: int) -> None:
    _play(machine_town, report, random.Random(seed), length)


@pytest.mark.soak
@settings(PLAYED, max_examples=200)
@any_sequence
def test_nor_do_many_sequences(machine_town: Town, report: Report, seed: int, length: int) -> None:
    _play(machine_town, report, random.Random(seed), length)


def _play(town: Town, report: Report, draw: random.Random, length: int) -> None:
    words, area, source = report
    case_id = town.reports(words, area=area, source=source)
    units = {code: town_unit for code, town_unit in _units(town.context.database).items() if code in {u.split(".")[0] for u in USERS}}
    for _ in range(length):
        chance = draw.random()
        if chance < 0.05:
            town.fast_forward(hours=draw.choice([0.2, 3, 20]))
        elif chance < 0.4:
            town.turn()
        else:
            _anybody_does_anything(town, case_id, draw, units)
        _still_sound(town, case_id)
    town.turn()
    _still_sound(town, case_id)
    assert complaints(town.context.database, town.now) == []


def _units(database: Database) -> dict[str, int]:
    with database.unit_of_work() as session:
        return dict(catalogue(session).unit_ids)


def _anybody_does_anything(town: Town, case_id: int, draw: random.Random, units: dict[str, int]) -> None:
    """Mostly a move that somebody could ask for in this state, so that sequences get far; sometimes anything at all."""
    with town.context.database.unit_of_work() as session:
        draft = read_drafts(session, [case_id], everything({case_id}), lock=False)[case_id]
    args = arguments(draw, units)
    args["level"] = Level(args["level"])
    if draw.random() < 0.75:
        actor, thing, no, action = _somebody_who_may(town, draft, draw)
        args |= {name: value for name, value in SENSIBLE.items() if draw.random() < 0.9}
        args["stage"] = next((stage for o in draft.order_facts() for stage in o.stages_left[:1]), None)
    else:
        thing = draw.choice(list(Thing))
        no = None if thing is Thing.CASE else draw.choice([*_numbers(draft, thing), 99])
        actor, action = town.actor(draw.choice(USERS)), draw.choice(sorted(ACTIONS))
    with town.context.database.unit_of_work() as session:
        make_moves(session, [Intent(case_id, action, actor, thing, no, args)], Setting(town.now))


def _somebody_who_may(town: Town, draft: Draft, draw: random.Random) -> tuple[Actor, Thing, int | None, str]:
    """One of the moves open to a few people; whoever works in a unit that has something to do is among them."""
    users = [
        "centre.duty",
        *draw.sample(USERS, 4),
        *(p.name for order in draft.orders.values() for p in draft.catalogue.by_unit[order["unit_id"]]),
    ]
    actors = [actor_of(user, draft) for user in users]
    open_moves = [(actor, c.thing, c.no, c.action) for actor in actors for c in choices(draft, actor, town.now) if c.obstacle is None]
    kinds = {(m[1], m[3]) for m in open_moves if m[3] not in SELDOM or draw.random() < 0.15}
    by_kind = {kind: [m for m in open_moves if (m[1], m[3]) == kind] for kind in sorted(kinds)}
    return draw.choice(by_kind[draw.choice(list(by_kind))]) if by_kind else (actors[0], Thing.CASE, None, "accept")


def _numbers(draft: Draft, thing: Thing) -> list[int]:
    if thing in AFFAIRS:
        return [seq for seq, row in draft.affairs.items() if row["thing"] == thing]
    if thing in PARTS:
        return [no for no, row in draft.parts.items() if row["thing"] == thing]
    things = {Thing.ORDER: draft.orders, Thing.EXTENSION: draft.extensions, Thing.REQUEST: draft.requests}
    return list({**things, Thing.SUPERVISION: draft.supervision}[thing])


def _still_sound(town: Town, case_id: int) -> None:
    case, orders = town.case(case_id), town.orders(case_id)
    state = State(case.state)
    assert sum(o.lead and o.state in OPEN_ORDER for o in orders) <= 1
    if state in (State.HANDLED, State.VERIFIED, State.FED_BACK, State.EVALUATED, State.CLOSED):
        assert orders
        assert all(OrderState(o.state) not in OPEN_ORDER for o in orders), "a work order was lost"
    if state in FINAL - {State.CLOSED}:
        assert all(OrderState(o.state) not in OPEN_ORDER for o in orders)
    _nobody_checked_own_work(town, case_id)


_ASKS = {
    **dict.fromkeys(("uphold_return", "reject_return"), ("ask_return",)),
    **dict.fromkeys(("approve_hold", "refuse_hold"), ("ask_hold",)),
    **dict.fromkeys(("confirm_end", "refuse_end"), ("ask_void", "ask_terminate")),
    **dict.fromkeys(("uphold_appeal", "reject_appeal"), ("appeal",)),
}


def _nobody_checked_own_work(town: Town, case_id: int) -> None:
    """Of whatever was dispatched until then and not taken back, of a request for more time, of a supervision order."""
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
    orders = town.orders(case_id)
    units = {o.no: o.unit_id for o in orders}
    journal, tried = town.journal(case_id), dict[int, int]()
    for i, entry in enumerate(journal, start=1):
        own = set(known.line(entry.actor_unit_id)) if entry.actor_unit_id is not None else set()
        tried |= {no: units[no] for no in range(len(tried) + 1, len(dispatched(journal[:i], orders)) + 1)}
        if entry.thing == "order" and entry.action in ("recall", "give_up"):
            tried[entry.thing_no] = 0
        elif entry.thing == "case" and entry.action in ("pass_check", "fail_check"):
            assert own, "the engine looks at nothing"
            assert not set(tried.values()) & own, "a unit verified its own work"
        elif entry.thing == "supervision" and entry.action in ("pass_check", "fail_check", "write_off"):
            target = next(s.unit_id for s in town.supervision(case_id) if s.seq == entry.thing_no)
            assert target not in own, "a unit looked at what it was told to put right"
        elif entry.thing == "request":
            asked = asking(journal[: i - 1], entry)
            assert asked.action in _ASKS[entry.action]
            assert asked.actor != entry.actor, "somebody decided his own request"
        elif entry.thing == "extension":
            asker = next(units[x.order_no] for x in town.extensions(case_id) if x.no == entry.thing_no)
            assert asker not in own, "a unit decided its own request"


def test_a_move_of_somebody_else_is_refused_and_changes_nothing(sqlite_town: Town) -> None:
    case_id = sqlite_town.reports("下水道堵了，污水外溢")
    sqlite_town.turn()
    before = sqlite_town.journal(case_id)
    intent = Intent(case_id, "acknowledge", sqlite_town.actor("garden.clerk"), Thing.ORDER, 1)
    with sqlite_town.context.database.unit_of_work() as session:
        (outcome,) = make_moves(session, [intent], Setting(sqlite_town.now))
    assert not isinstance(outcome, Moved)
    assert sqlite_town.journal(case_id) == before

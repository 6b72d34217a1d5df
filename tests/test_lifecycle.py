"""The table of moves: who may do what, and that nobody by any sequence can break it."""

from collections import deque

import pytest

from rules.clocks import ClockKind, demanded
from rules.facts import FINAL, STEP_OF, SYSTEM, Actor, Facts, Level, OrderFacts, OrderState, Refused, State, SupervisionState, Thing
from rules.lifecycle import MOVES, TABLE, allowed, goes_on_by_itself, moves_open_to

DISTRICT, STREET, COMMUNITY, GRID, CENTRE, WATER, HOUSING = range(1, 8)
LINE = (GRID, COMMUNITY, STREET, DISTRICT)


def staff(unit: int, *roles: str, line: tuple[int, ...] | None = None, covers: int | None = None) -> Actor:
    return Actor("x", user_id=1, unit_id=unit, unit_line=line or (unit, DISTRICT), roles=frozenset(roles or {"clerk"}), covers=covers)


DISPATCHER = staff(CENTRE, "dispatcher", covers=DISTRICT)
RESIDENT = Actor("resident", resident_id=9)


def facts(state: State, **more: object) -> Facts:
    return Facts(state=state, urgency="P2", area_line=LINE, reporter_id=9, **more)  # type: ignore[arg-type]


def order(state: OrderState, *, lead: bool = True, unit: int = WATER) -> OrderFacts:
    return OrderFacts(1 if lead else 2, unit, None, lead, state)


def refused(thing: Thing, action: str, picture: Facts, actor: Actor, **args: object) -> str:
    with pytest.raises(Refused) as found:
        allowed(thing, action, picture, actor, args)
    return found.value.code


def test_every_row_of_the_table_is_unique_and_leads_to_a_defined_state() -> None:
    assert len(TABLE) == len(MOVES)
    for move in MOVES:
        states = {Thing.CASE: State, Thing.ORDER: OrderState, Thing.SUPERVISION: SupervisionState}[move.thing]
        assert isinstance(move.source, states)
        assert isinstance(move.to, states)


def test_from_every_reachable_state_a_final_state_can_be_reached() -> None:
    steps = {s: {m.to for m in MOVES if m.thing is Thing.CASE and m.source is s} for s in State}
    reachable = _closure(State.SUBMITTED, steps)
    assert reachable == set(State), "every state is reached by some sequence"
    for state in reachable:
        assert _closure(state, steps) & FINAL, state


def _closure(start: State, steps: dict[State, set[object]]) -> set[object]:
    seen: set[object] = {start}
    queue: deque[object] = deque([start])
    while queue:
        for state in steps[queue.popleft()] - seen:  # type: ignore[index]
            seen.add(state)
            queue.append(state)
    return seen


def test_only_reopening_leaves_a_final_state() -> None:
    assert {(m.action, m.source) for m in MOVES if m.source in FINAL} == {("reopen", State.CLOSED)}


def test_a_unit_cannot_verify_its_own_work_nor_can_its_sections() -> None:
    picture = facts(State.HANDLED, tried=frozenset({STREET}), orders=(order(OrderState.DONE, unit=STREET),))
    own = staff(STREET, line=(STREET, DISTRICT))
    section = staff(99, line=(99, STREET, DISTRICT), covers=STREET)
    assert refused(Thing.CASE, "pass_check", picture, own) == "checks_own_work"
    assert refused(Thing.CASE, "pass_check", picture, section) == "checks_own_work"
    assert allowed(Thing.CASE, "pass_check", picture, DISPATCHER, {}).to is State.VERIFIED


def test_the_engine_may_waive_a_check_only_where_none_is_needed() -> None:
    assert refused(Thing.CASE, "waive_check", facts(State.HANDLED), SYSTEM) == "check_needed"
    assert allowed(Thing.CASE, "waive_check", facts(State.HANDLED, needs_check=False), SYSTEM, {}).to is State.VERIFIED


def test_an_emergency_skips_levels_and_is_never_put_on_hold() -> None:
    holder = staff(GRID, "worker", line=LINE)
    held = {"level": Level.GRID, "authority": Level.DISTRICT, "holder_unit_id": GRID}
    assert refused(Thing.CASE, "skip_levels", facts(State.REPORTING, **held), holder) == "only_p0_skips"
    emergency = Facts(state=State.REPORTING, urgency="P0", area_line=LINE, **held)  # type: ignore[arg-type]
    assert allowed(Thing.CASE, "skip_levels", emergency, holder, {}).action == "skip_levels"
    at_work = Facts(state=State.HANDLING, urgency="P0", area_line=LINE)
    assert refused(Thing.CASE, "hold", at_work, DISPATCHER, reason="等材料") == "p0_never_held"


def test_a_level_without_authority_must_report_up() -> None:
    clerk = staff(COMMUNITY, line=LINE[1:])
    held = facts(State.REPORTING, level=Level.COMMUNITY, authority=Level.DISTRICT, holder_unit_id=COMMUNITY)
    assert refused(Thing.CASE, "dispatch", held, clerk, lead=WATER) == "level_lacks_authority"
    assert allowed(Thing.CASE, "report_up", held, clerk, {}).to is State.REPORTING
    assert allowed(Thing.CASE, "dispatch", held, DISPATCHER, {"lead": WATER}).to is State.DISPATCHED
    assert refused(Thing.CASE, "send_down", held, clerk, level=Level.STREET, reason="x") == "not_below"
    assert refused(Thing.CASE, "report_up", held, staff(STREET)) == "not_yours"


def test_work_orders_move_only_while_the_case_is_with_the_units() -> None:
    sent = order(OrderState.SENT)
    unit = staff(WATER)
    assert allowed(Thing.ORDER, "acknowledge", facts(State.DISPATCHED, orders=(sent,), order=sent), unit, {}).to is OrderState.WORKING
    assert refused(Thing.ORDER, "acknowledge", facts(State.ON_HOLD, orders=(sent,), order=sent), unit) == "case_not_with_units"
    assert refused(Thing.ORDER, "acknowledge", facts(State.DISPATCHED, orders=(sent,), order=sent), staff(HOUSING)) == "not_yours"
    assert refused(Thing.ORDER, "acknowledge", facts(State.DISPATCHED, orders=(sent,)), unit) == "wrong_state"


def test_a_case_is_finished_only_when_every_order_is_done() -> None:
    orders = (order(OrderState.DONE), order(OrderState.WORKING, lead=False, unit=HOUSING))
    assert refused(Thing.CASE, "finish", facts(State.HANDLING, orders=orders), SYSTEM) == "orders_open"
    assert not goes_on_by_itself(facts(State.HANDLING, orders=orders))
    done = facts(State.HANDLING, orders=(order(OrderState.DONE),))
    assert goes_on_by_itself(done)
    assert allowed(Thing.CASE, "finish", done, SYSTEM, {}).to is State.HANDLED


def test_silence_and_a_bad_rating_are_told_apart() -> None:
    bad = facts(State.EVALUATED, solved=False, score=1)
    assert refused(Thing.CASE, "close", bad, SYSTEM) == "rating_needs_judgement"
    assert refused(Thing.CASE, "close", bad, DISPATCHER) == "rating_needs_judgement"
    assert allowed(Thing.CASE, "close", bad, DISPATCHER, {"reason": "已上门说明"}).to is State.CLOSED
    assert refused(Thing.CASE, "rate", facts(State.FED_BACK), RESIDENT) == "rating_missing"
    assert allowed(Thing.CASE, "rate", facts(State.FED_BACK), RESIDENT, {"solved": True, "score": 5}).to is State.EVALUATED
    assert refused(Thing.CASE, "rate", facts(State.FED_BACK), Actor("other", resident_id=8), solved=True) == "not_yours"


def test_people_are_shown_what_they_may_do() -> None:
    assert [m.action for m in moves_open_to(Thing.CASE, facts(State.FED_BACK), RESIDENT)] == ["rate"]
    assert [m.action for m in moves_open_to(Thing.CASE, facts(State.HANDLING), staff(WATER))] == []


def test_every_state_that_waits_demands_a_clock() -> None:
    for state in set(State) - FINAL - {State.NOTED}:  # what was only noted waits under the clock of its supervision order
        picture = facts(state, holder_unit_id=COMMUNITY, orders=(order(OrderState.SENT),) if STEP_OF[state] == "handle" else ())
        assert demanded(picture, CENTRE, CENTRE), state
    for state in FINAL:
        assert not demanded(facts(state), CENTRE, CENTRE)


def test_a_case_whose_orders_are_all_done_waits_for_its_check() -> None:
    clocks = demanded(facts(State.HANDLING, orders=(order(OrderState.DONE),)), CENTRE, STREET)
    assert [(c.kind, c.unit_id) for c in clocks] == [(ClockKind.VERIFY, STREET)]


def test_clocks_of_work_orders_pause_on_hold() -> None:
    clocks = demanded(facts(State.ON_HOLD, orders=(order(OrderState.WORKING),)), CENTRE, CENTRE)
    assert {c.running for c in clocks if c.order_no} == {False}
    assert [c.kind for c in clocks if c.order_no is None] == [ClockKind.HOLD_REVIEW]

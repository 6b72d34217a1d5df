"""The table of moves: who may do what, and that nobody by any sequence can break it."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import pytest

from rules.clocks import ClockKind, demanded, of_supervision
from rules.facts import (
    FINAL,
    OPEN_SUPERVISION,
    STEP_OF,
    SYSTEM,
    Actor,
    ExtensionFacts,
    ExtensionState,
    Facts,
    Level,
    OrderFacts,
    OrderState,
    Refused,
    RequestFacts,
    RequestKind,
    RequestState,
    State,
    SupervisionFacts,
    SupervisionState,
    Thing,
)
from rules.handling import AFFAIRS
from rules.lifecycle import MOVES, TABLE, allowed, goes_on_by_itself, moves_open_to

DISTRICT, STREET, COMMUNITY, GRID, CENTRE, WATER, HOUSING = range(1, 8)
LINE = (GRID, COMMUNITY, STREET, DISTRICT)


def staff(unit: int, *roles: str, line: tuple[int, ...] | None = None, covers: int | None = None) -> Actor:
    above, who = line or (unit, DISTRICT), frozenset(roles or {"clerk"})
    return Actor("x", user_id=1, unit_id=unit, unit_line=above, body=above[:-1], roles=who, covers=covers)


DISPATCHER = staff(CENTRE, "dispatcher", covers=DISTRICT)
RESIDENT = Actor("resident", resident_id=9)


STATES = {
    Thing.CASE: State,
    Thing.ORDER: OrderState,
    Thing.EXTENSION: ExtensionState,
    Thing.REQUEST: RequestState,
    Thing.SUPERVISION: SupervisionState,
}


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
        states = STATES.get(move.thing, type(move.source))
        assert isinstance(move.source, states)
        assert isinstance(move.to, states)


def test_every_affair_can_end_and_what_follows_is_never_asked_for() -> None:
    for kind in AFFAIRS.values():
        own = [m for m in kind.moves if m.thing is kind.thing]
        states = set(type(own[0].source))
        steps: dict[object, set[object]] = {s: {m.to for m in own if m.source is s} for s in states}
        for state in states - kind.ends:
            assert _closure(state, steps) & kind.ends, f"{kind.thing}: {state} never ends"
        opening = {m.action for m in kind.moves if m.thing is Thing.CASE}
        assert opening <= kind.opened_by <= opening | {m.action for m in kind.moves if m.thing is kind.thing}
        assert set(kind.clocks) <= states - kind.ends, f"{kind.thing}: a clock where nothing is waited for"


def test_from_every_reachable_state_a_final_state_can_be_reached() -> None:
    steps = {s: {m.to for m in MOVES if m.thing is Thing.CASE and m.source is s} for s in State}
    reachable = _closure(State.SUBMITTED, steps)
    apart = {State.NOTED, State.BESIDE}
    assert reachable == set(State) - apart, "every state is reached by some sequence; what was only noted, and affairs, are not in the loop"
    for state in set(State) - {State.BESIDE}:
        assert _closure(state, steps) & FINAL, state


def _closure(start: object, steps: Mapping[Any, set[object]]) -> set[object]:
    seen: set[object] = {start}
    queue: deque[object] = deque([start])
    while queue:
        for state in steps[queue.popleft()] - seen:
            seen.add(state)
            queue.append(state)
    return seen


def test_only_reopening_and_splitting_off_leave_a_final_state() -> None:
    leaving = {(m.action, m.source) for m in MOVES if m.thing is Thing.CASE and m.source in FINAL and m.to is not m.source}
    assert leaving == {("reopen", State.CLOSED), ("split_off", State.MERGED)}
    for thing, ended in (
        (Thing.EXTENSION, set(ExtensionState) - {ExtensionState.ASKED}),
        (Thing.REQUEST, set(RequestState) - {RequestState.ASKED}),
        (Thing.SUPERVISION, set(SupervisionState) - OPEN_SUPERVISION),
    ):
        assert [m.action for m in MOVES if m.thing is thing and m.source in ended] == []


def test_supervision_attaches_at_any_state_and_changes_none() -> None:
    rows = [m for m in MOVES if m.action == "supervise"]
    assert {m.source for m in rows} == set(State) - {State.MERGED}, "what was merged is supervised where it went"
    assert all(m.to is m.source for m in rows)
    head = staff(CENTRE, "head", covers=DISTRICT)
    closed = facts(State.CLOSED)
    assert refused(Thing.CASE, "supervise", closed, head, demand="补齐围挡") == "demand_missing"
    assert allowed(Thing.CASE, "supervise", closed, head, {"unit": WATER, "demand": "补齐围挡"}).to is State.CLOSED
    assert refused(Thing.CASE, "supervise", closed, staff(WATER), unit=WATER, demand="补齐围挡") == "not_yours"


def test_a_supervision_order_is_never_checked_nor_written_off_by_whom_it_is_addressed_to() -> None:
    def picture(state: SupervisionState, unit: int) -> Facts:
        return facts(State.HANDLING, supervision=SupervisionFacts(state, unit))

    own = staff(CENTRE, "dispatcher", covers=DISTRICT)
    for action in ("pass_check", "fail_check"):
        assert refused(Thing.SUPERVISION, action, picture(SupervisionState.REPLIED, CENTRE), own, reason="x") == "checks_own_work"
        assert allowed(Thing.SUPERVISION, action, picture(SupervisionState.REPLIED, WATER), own, {"reason": "x"})
    assert refused(Thing.SUPERVISION, "write_off", picture(SupervisionState.VERIFIED, CENTRE), own) == "checks_own_work"
    assert refused(Thing.SUPERVISION, "write_off", picture(SupervisionState.REPLIED, WATER), own) == "wrong_state", "a reply closes nothing"
    assert refused(Thing.SUPERVISION, "reply", picture(SupervisionState.SIGNED, WATER), staff(WATER), result="好了") == "evidence_missing"


def test_who_asks_for_more_time_never_decides_it() -> None:
    asked = facts(
        State.HANDLING,
        orders=(order(OrderState.WORKING, unit=CENTRE),),
        extension=ExtensionFacts(ExtensionState.ASKED, 1, CENTRE),
    )
    assert refused(Thing.EXTENSION, "grant", asked, DISPATCHER) == "decides_own_request"
    other = facts(State.HANDLING, extension=ExtensionFacts(ExtensionState.ASKED, 1, WATER))
    assert allowed(Thing.EXTENSION, "grant", other, DISPATCHER, {}).to is ExtensionState.GRANTED
    assert refused(Thing.EXTENSION, "grant", other, staff(HOUSING)) == "not_yours"
    assert refused(Thing.EXTENSION, "refuse", other, DISPATCHER) == "reason_missing"
    on_hold = facts(State.ON_HOLD, extension=ExtensionFacts(ExtensionState.ASKED, 1, WATER))
    assert refused(Thing.EXTENSION, "grant", on_hold, DISPATCHER) == "case_not_with_units"


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
    assert refused(Thing.CASE, "skip_levels", facts(State.REPORTING, **held), holder) == "may_not_skip"
    assert allowed(Thing.CASE, "skip_levels", facts(State.REPORTING, **held, rights=frozenset({"skip"})), holder, {})
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
    for state in set(State) - FINAL - {State.NOTED, State.BESIDE}:  # what was only noted waits under the clock of its supervision order
        picture = facts(state, holder_unit_id=COMMUNITY, orders=(order(OrderState.SENT),) if STEP_OF[state] == "handle" else ())
        assert demanded(picture, CENTRE, CENTRE), state
    for state in FINAL - {State.CLOSED}:
        assert not demanded(facts(state), CENTRE, CENTRE)
    kinds = [[d.kind for d in demanded(facts(State.CLOSED, rechecks=n), CENTRE, CENTRE)] for n in range(3)]
    assert kinds == [[ClockKind.RECHECK, ClockKind.RECHECK_LATE], [ClockKind.RECHECK_LATE], []], "after the end only looks at the place"


def test_a_request_waits_under_a_clock_of_its_own_and_nobody_decides_his_own() -> None:
    clerk, wanted = staff(WATER), {RequestKind.RETURN: ClockKind.RULE, RequestKind.HOLD: ClockKind.APPROVE}
    for kind, clock in wanted.items():
        asked = RequestFacts(1, kind, RequestState.ASKED, 1, WATER, "water.clerk")
        picture = facts(State.HANDLING, orders=(order(OrderState.WORKING),), asks=(asked,), request=asked)
        assert clock in {d.kind for d in demanded(picture, CENTRE, CENTRE)}
    asked = RequestFacts(1, RequestKind.VOID, RequestState.ASKED, None, None, "x")
    picture = facts(State.HANDLING, asks=(asked,), request=asked)
    assert refused(Thing.REQUEST, "confirm_end", picture, DISPATCHER) == "decides_own_request", "the same person"
    second = Actor("y", user_id=2, unit_id=CENTRE, unit_line=(CENTRE, DISTRICT), roles=frozenset({"dispatcher"}), covers=DISTRICT)
    assert allowed(Thing.REQUEST, "confirm_end", picture, second, {}).to is RequestState.GRANTED
    assert refused(Thing.REQUEST, "approve_hold", picture, second) == "not_a_hold"
    assert refused(Thing.REQUEST, "confirm_end", picture, clerk) == "not_yours"


def test_a_sensitive_case_is_moved_by_named_readers_only() -> None:
    picture = facts(State.ACCEPTED, sensitive="minor", readers=frozenset({7}))
    args = {"category": "F02", "urgency": "P1"}
    assert refused(Thing.CASE, "file", picture, DISPATCHER, **args) == "restricted"
    assert allowed(Thing.CASE, "file", facts(State.ACCEPTED, sensitive="minor", readers=frozenset({1})), DISPATCHER, args)


def test_with_several_reporters_a_rating_waits_for_the_others() -> None:
    move = allowed(Thing.CASE, "rate", facts(State.FED_BACK), RESIDENT, {"solved": True})
    assert move.leads_to(facts(State.FED_BACK, raters_left=3), RESIDENT) is State.FED_BACK
    assert move.leads_to(facts(State.FED_BACK, raters_left=1), RESIDENT) is State.EVALUATED


def test_a_case_whose_orders_are_all_done_waits_for_its_check() -> None:
    clocks = demanded(facts(State.HANDLING, orders=(order(OrderState.DONE),)), CENTRE, STREET)
    assert {(c.kind, c.unit_id) for c in clocks} == {(ClockKind.VERIFY, STREET), (ClockKind.OVERALL, CENTRE)}


def test_clocks_of_work_orders_pause_on_hold() -> None:
    clocks = demanded(facts(State.ON_HOLD, orders=(order(OrderState.WORKING),)), CENTRE, CENTRE)
    assert {c.running for c in clocks if c.order_no} == {False}
    own = {c.kind: c.running for c in clocks if c.order_no is None}
    assert own == {ClockKind.HOLD_REVIEW: True, ClockKind.HOLD_CAP: True, ClockKind.OVERALL: False}


def test_the_overall_limit_counts_from_filed_until_the_reporters_are_told() -> None:
    under_way = {s for s in State if any(d.kind is ClockKind.OVERALL for d in demanded(facts(s, holder_unit_id=GRID), CENTRE, CENTRE))}
    assert under_way == {
        *(State.FILED, State.REPORTING, State.DISPATCHED, State.HANDLING, State.ON_HOLD, State.HANDLED, State.VERIFIED),
    }


def test_an_emergency_that_was_deemed_acknowledged_is_called_until_somebody_gives_a_sign() -> None:
    def kinds(urgency: str, **more: bool) -> set[ClockKind]:
        deemed = OrderFacts(1, WATER, None, True, OrderState.WORKING, deemed=True, **more)
        picture = Facts(state=State.HANDLING, urgency=urgency, area_line=LINE, orders=(deemed,))
        return {d.kind for d in demanded(picture, CENTRE, CENTRE)}

    assert ClockKind.ACKNOWLEDGE in kinds("P0")
    assert ClockKind.ACKNOWLEDGE not in kinds("P0", contacted=True) | kinds("P0", controlled=True) | kinds("P1")


def test_a_request_waits_on_a_desk_and_each_milestone_has_a_clock_of_its_own() -> None:
    asking = OrderFacts(1, WATER, None, True, OrderState.WORKING, stages_left=("penalty", "removal"), asks=True)
    clocks = demanded(facts(State.HANDLING, orders=(asking,)), CENTRE, CENTRE)
    assert [(d.stage, d.unit_id) for d in clocks if d.kind is ClockKind.STAGE] == [("penalty", WATER), ("removal", WATER)]
    assert [d.unit_id for d in clocks if d.kind is ClockKind.EXTEND] == [CENTRE]
    assert len({d.key for d in clocks}) == len(clocks)


@pytest.mark.parametrize(
    ("state", "kind", "whose"),
    [
        (SupervisionState.PROPOSED, ClockKind.SIGN, CENTRE),
        (SupervisionState.SIGNED, ClockKind.RECTIFY, WATER),
        (SupervisionState.REPLIED, ClockKind.REVIEW, STREET),
        (SupervisionState.VERIFIED, ClockKind.SIGN, CENTRE),
    ],
)
def test_an_open_supervision_order_always_waits_under_a_clock(state: SupervisionState, kind: ClockKind, whose: int) -> None:
    demand = of_supervision(state, 7, WATER, CENTRE, STREET)
    assert demand is not None
    assert (demand.kind, demand.unit_id, demand.supervision_seq) == (kind, whose, 7)


def test_a_supervision_order_that_has_ended_waits_for_nobody() -> None:
    assert [of_supervision(s, 7, WATER, CENTRE, STREET) for s in set(SupervisionState) - OPEN_SUPERVISION] == [None, None]

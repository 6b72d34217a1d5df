"""The one table of moves: what may happen to a case, its work orders and its supervision orders, and who may do it.

States say what is true (`filed`), actions are verbs (`file`), journal entries name the action. Wording lives outside: a need
that is not met has a code (locales/*.toml). Sources: the seven stages of GB/T 30428 and the six-step rule; docs/lifecycle.md
is drawn from here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rules.facts import (
    AUTOMATIC,
    OPEN_ORDER,
    RELATIONS,
    Actor,
    Args,
    ExtensionState,
    Facts,
    OrderState,
    Refused,
    State,
    Step,
    SupervisionState,
    Thing,
    Who,
)
from rules.needs import (
    ALL_DONE,
    AUTHORITY,
    BELOW_TOP,
    GOES_DOWN,
    HAS_AMOUNT,
    HAS_CATEGORY,
    HAS_DEADLINE,
    HAS_DEMAND,
    HAS_EVIDENCE,
    HAS_HOLDER,
    HAS_LEAD,
    HAS_RATING,
    HAS_RESULT,
    HAS_SECTION,
    HAS_TARGET,
    IS_P0,
    LISTED,
    NEXT_STAGE,
    NO_CHECK,
    NOT_ASKER,
    NOT_ASKING,
    NOT_CONTACTED,
    NOT_CONTROLLED,
    NOT_LISTED,
    NOT_OWN,
    NOT_P0,
    NOT_TARGET,
    REASON,
    SETTLED,
    WAS_DEEMED,
    Need,
)


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table.

    Attributes:
        to: State after the move; the same as before where only a fact is recorded.
        follows: Made by the door itself as a consequence of another move, never asked for.
    """

    thing: Thing
    action: str
    step: Step
    source: State | OrderState | ExtensionState | SupervisionState
    to: State | OrderState | ExtensionState | SupervisionState
    who: frozenset[Who]
    needs: tuple[Need, ...] = ()
    follows: bool = field(default=False, kw_only=True)


def _by(*who: Who) -> frozenset[Who]:
    return frozenset(who)


def _case(step: Step, rows: Iterable[tuple[object, ...]]) -> list[Move]:
    return [_row(Thing.CASE, step, row) for row in rows]


def _row(thing: Thing, step: Step, row: tuple[object, ...]) -> Move:
    action, source, to, who, *rest = row
    needs = tuple(n for n in rest if isinstance(n, Need))
    return Move(thing, action, step, source, to, who, needs, follows="follows" in rest)  # type: ignore[arg-type]


S, O, E, V, W = State, OrderState, ExtensionState, SupervisionState, Who  # noqa: E741 - the table below is read in columns
_CENTRE, _AUTO = _by(W.CENTRE), _by(W.SYSTEM)
_CENTRE_AUTO, _HOLDER, _UNIT = _by(W.CENTRE, W.SYSTEM), _by(W.HOLDER), _by(W.UNIT)
_UNDER_WAY = (S.FILED, S.REPORTING, S.DISPATCHED, S.HANDLING, S.ON_HOLD)
_VERIFIER, _SIGNER, _TARGET = _by(W.VERIFIER), _by(W.SIGNER), _by(W.TARGET)

# fmt: off
MOVES: Final[tuple[Move, ...]] = (
    # ① collect
    *_case(Step.COLLECT, (
        ("take_up",       S.NOTED,      S.SUBMITTED,  _CENTRE),
        ("settle",        S.NOTED,      S.CLOSED,     _AUTO, "follows"),
        ("accept",        S.SUBMITTED,  S.ACCEPTED,   _CENTRE_AUTO),
    )),
    # ② triage
    *_case(Step.TRIAGE, (
        ("file",          S.ACCEPTED,   S.FILED,      _CENTRE_AUTO, HAS_CATEGORY),
        ("decline",       S.ACCEPTED,   S.DECLINED,   _CENTRE, REASON),
        ("divert",        S.ACCEPTED,   S.DIVERTED,   _CENTRE, REASON),
        ("merge",         S.ACCEPTED,   S.MERGED,     _CENTRE, HAS_TARGET),
        ("answer",        S.ACCEPTED,   S.ANSWERED,   _CENTRE, HAS_RESULT),
        ("divert",        S.FILED,      S.DIVERTED,   _CENTRE, REASON),
        ("refile",        S.FILED,      S.FILED,      _CENTRE, HAS_CATEGORY),
    )),
    # ③ report: a climb. The level that holds the case handles it, reports up, sends down, or (P0) skips levels
    *_case(Step.REPORT, (
        ("place",         S.FILED,      S.REPORTING,  _CENTRE_AUTO, HAS_HOLDER),
        ("dispatch",      S.FILED,      S.DISPATCHED, _CENTRE_AUTO, HAS_LEAD),
        ("report_up",     S.REPORTING,  S.REPORTING,  _HOLDER, BELOW_TOP),
        ("send_down",     S.REPORTING,  S.REPORTING,  _HOLDER, GOES_DOWN, REASON),
        ("skip_levels",   S.REPORTING,  S.REPORTING,  _HOLDER, IS_P0, BELOW_TOP),
        ("handle_here",   S.REPORTING,  S.HANDLING,   _HOLDER),
        ("dispatch",      S.REPORTING,  S.DISPATCHED, _by(W.HOLDER, W.CENTRE), HAS_LEAD, AUTHORITY),
    )),
    # ④ handle: the case is acknowledged by its lead's acknowledgement, finished when every work order is done
    *_case(Step.HANDLE, (
        ("acknowledge",   S.DISPATCHED, S.HANDLING,   _AUTO, "follows"),
        ("finish",        S.HANDLING,   S.HANDLED,    _AUTO, ALL_DONE),
        ("recall",        S.DISPATCHED, S.FILED,      _CENTRE, REASON),
        ("recall",        S.HANDLING,   S.FILED,      _CENTRE, REASON),
        ("recall",        S.HANDLED,    S.FILED,      _CENTRE, REASON),
        ("hold",          S.HANDLING,   S.ON_HOLD,    _CENTRE, NOT_P0, REASON),
        ("resume",        S.ON_HOLD,    S.HANDLING,   _CENTRE_AUTO),
    )),
    # a limit given from outside binds when it is earlier; supervision attaches at any state and changes none
    *_case(Step.HANDLE, [("bind", s, s, _CENTRE, HAS_DEADLINE, REASON) for s in _UNDER_WAY]),
    *_case(Step.HANDLE, [("supervise", s, s, _by(W.CENTRE, W.SIGNER), HAS_DEMAND) for s in S if s is not S.MERGED]),
    # ⑤ feed back: never verified by a unit that handled it
    *_case(Step.FEEDBACK, (
        ("pass_check",    S.HANDLED,    S.VERIFIED,   _VERIFIER, NOT_OWN),
        ("waive_check",   S.HANDLED,    S.VERIFIED,   _AUTO, NO_CHECK),
        ("fail_check",    S.HANDLED,    S.HANDLING,   _VERIFIER, NOT_OWN, REASON),
        ("feed_back",     S.VERIFIED,   S.FED_BACK,   _CENTRE_AUTO),
    )),
    # ⑥ evaluate: silence counts as neither
    *_case(Step.EVALUATE, (
        ("rate",          S.FED_BACK,   S.EVALUATED,  _by(W.REPORTER, W.CENTRE), HAS_RATING),
        ("close_unrated", S.FED_BACK,   S.CLOSED,     _AUTO),
        ("close",         S.EVALUATED,  S.CLOSED,     _CENTRE_AUTO, SETTLED),
        ("rework",        S.EVALUATED,  S.HANDLING,   _CENTRE, REASON),
        ("reopen",        S.CLOSED,     S.FILED,      _by(W.REPORTER, W.CENTRE), REASON),
    )),
    # work orders: one per lead and co-handling unit, each with its own clocks
    *(_row(Thing.ORDER, Step.HANDLE, row) for row in (
        ("acknowledge",   O.SENT,       O.WORKING,    _UNIT),
        ("acknowledge",   O.WORKING,    O.WORKING,    _UNIT, WAS_DEEMED),
        ("deem_acknowledged", O.SENT,   O.WORKING,    _AUTO),
        ("assign",        O.SENT,       O.SENT,       _UNIT, HAS_SECTION),
        ("assign",        O.WORKING,    O.WORKING,    _UNIT, HAS_SECTION),
        ("contact",       O.WORKING,    O.WORKING,    _UNIT, NOT_CONTACTED),
        ("control",       O.WORKING,    O.WORKING,    _UNIT, NOT_CONTROLLED),
        ("reach",         O.WORKING,    O.WORKING,    _UNIT, NEXT_STAGE),
        ("ask_extension", O.WORKING,    O.WORKING,    _UNIT, HAS_AMOUNT, REASON, NOT_ASKING),
        ("finish",        O.WORKING,    O.DONE,       _UNIT, HAS_RESULT),
        ("redo",          O.DONE,       O.WORKING,    _AUTO, "follows"),
        ("recall",        O.SENT,       O.RECALLED,   _AUTO, "follows"),
        ("recall",        O.WORKING,    O.RECALLED,   _AUTO, "follows"),
        ("recall",        O.DONE,       O.RECALLED,   _AUTO, "follows"),
    )),
    # extensions: asked before the limit is up, decided by somebody else
    *(_row(Thing.EXTENSION, Step.HANDLE, row) for row in (
        ("grant",         E.ASKED,      E.GRANTED,    _CENTRE, NOT_ASKER),
        ("refuse",        E.ASKED,      E.REFUSED,    _CENTRE, NOT_ASKER, REASON),
    )),
    # supervision orders: a person signs; a reply alone closes nothing; nobody looks at his own result
    *(_row(Thing.SUPERVISION, Step.HANDLE, row) for row in (
        ("sign",          V.PROPOSED,   V.SIGNED,     _SIGNER),
        ("dismiss",       V.PROPOSED,   V.DISMISSED,  _SIGNER, REASON),
        ("withdraw",      V.SIGNED,     V.DISMISSED,  _SIGNER, REASON),
        ("list",          V.SIGNED,     V.SIGNED,     _SIGNER, REASON, NOT_LISTED),
        ("unlist",        V.SIGNED,     V.SIGNED,     _SIGNER, REASON, LISTED),
        ("reply",         V.SIGNED,     V.REPLIED,    _TARGET, HAS_RESULT, HAS_EVIDENCE),
        ("pass_check",    V.REPLIED,    V.VERIFIED,   _VERIFIER, NOT_TARGET),
        ("fail_check",    V.REPLIED,    V.SIGNED,     _VERIFIER, NOT_TARGET, REASON),
        ("write_off",     V.VERIFIED,   V.WRITTEN_OFF, _by(W.SIGNER, W.CENTRE), NOT_TARGET),
    )),
)
# fmt: on

TABLE: Final[Mapping[tuple[Thing, str, str], Move]] = {(m.thing, m.action, m.source.value): m for m in MOVES}
ACTIONS: Final = frozenset(m.action for m in MOVES)


#: Actions after which a person goes on, although the engine could: what was recalled is not sent to the same units again.
WAITS: Final = frozenset({"recall"})


def state_of(thing: Thing, facts: Facts) -> str:
    """The state that decides for this thing: of the case, of the order or of the supervision order."""
    if thing is Thing.ORDER:
        return "none" if facts.order is None else facts.order.state.value
    if thing is Thing.EXTENSION:
        return "none" if facts.extension is None else facts.extension.state.value
    if thing is Thing.SUPERVISION:
        return "none" if facts.supervision is None else facts.supervision.state.value
    return facts.state.value


def _order_is_live(facts: Facts) -> bool:
    """Work orders move only while the case is with the handling units."""
    return facts.state in (State.DISPATCHED, State.HANDLING)


def allowed(thing: Thing, action: str, facts: Facts, actor: Actor, args: Args) -> Move:
    """Decide whether this actor may make this move now.

    Raises:
        Refused: `unknown_action`, `wrong_state`, `case_not_with_units`, `not_yours`, or the code of the first need that is not met.
    """
    if action not in ACTIONS:
        raise Refused("unknown_action", action=action)
    move = TABLE.get((thing, action, state_of(thing, facts)))
    if move is None or move.follows:
        raise Refused("wrong_state", action=action, state=state_of(thing, facts))
    if thing in (Thing.ORDER, Thing.EXTENSION) and not _order_is_live(facts):
        raise Refused("case_not_with_units", action=action, state=facts.state.value)
    if not any(RELATIONS[who](actor, facts) for who in move.who):
        raise Refused("not_yours", action=action)
    for need in move.needs:
        if not need.met(facts, actor, args):
            raise Refused(need.code, action=action)
    return move


def goes_on_by_itself(facts: Facts) -> bool:
    """Whether the engine may have something to do now without a person: entering such a state makes the case *ready*."""
    if facts.state is State.HANDLING:
        return bool(facts.orders) and all(o.state not in OPEN_ORDER for o in facts.orders)
    return facts.state in AUTOMATIC


def moves_open_to(thing: Thing, facts: Facts, actor: Actor) -> list[Move]:
    """The moves that this actor could ask for in this state, needs aside; draws buttons and command-line hints."""
    state = state_of(thing, facts)
    return [
        m
        for m in MOVES
        if m.thing is thing and m.source.value == state and not m.follows and any(RELATIONS[who](actor, facts) for who in m.who)
    ]

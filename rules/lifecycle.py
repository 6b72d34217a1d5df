"""The one table of moves: what may happen to a case, its work orders and its supervision orders, and who may do it.

States say what is true (`filed`), actions are verbs (`file`), journal entries name the action. Wording lives outside: a need
that is not met has a code (locales/). Sources: the seven stages of GB/T 30428 and the six-step rule; docs/lifecycle.md
is drawn from here.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rules.facts import (
    AUTOMATIC,
    FINAL,
    OPEN_ORDER,
    RELATIONS,
    Actor,
    AffairFacts,
    Args,
    ExtensionFacts,
    ExtensionState,
    Facts,
    OrderFacts,
    OrderState,
    Refused,
    RequestFacts,
    RequestState,
    State,
    Step,
    SupervisionFacts,
    SupervisionState,
    Thing,
    Who,
)
from rules.handling import AFFAIRS, BELONGS_TO, HANDLING, OPENING, PARTS
from rules.needs import (
    ALL_DONE,
    ANOTHER,
    AUTHORITY,
    BELOW_TOP,
    FROM_SENSOR,
    FROM_UPSTREAM,
    GENTLE,
    GOES_DOWN,
    HAS_AMOUNT,
    HAS_CATEGORY,
    HAS_DEADLINE,
    HAS_DEMAND,
    HAS_EVIDENCE,
    HAS_HOLDER,
    HAS_LEAD,
    HAS_PERSON,
    HAS_RATING,
    HAS_RESULT,
    HAS_SECTION,
    HAS_TARGET,
    HAS_UNIT,
    HOLD_CODE,
    IN_WINDOW,
    IS_APPEAL,
    IS_END,
    IS_HOLD,
    IS_RETURN,
    KIND_GIVEN,
    LISTED,
    MAY_DECIDE,
    MAY_SEND_DOWN,
    MAY_SKIP,
    NEXT_STAGE,
    NO_CHECK,
    NOT_APPEALED,
    NOT_ASKER,
    NOT_ASKING,
    NOT_CONTACTED,
    NOT_CONTROLLED,
    NOT_ENDING,
    NOT_HOLDING,
    NOT_LISTED,
    NOT_OWN,
    NOT_OWN_RATING,
    NOT_P0,
    NOT_RETURNING,
    NOT_TARGET,
    OPEN_TO_ALL,
    P0_KEPT,
    PHOTOS,
    RATED,
    REASON,
    RECHECKS_LEFT,
    RESTRICTED,
    RETURN_CODE,
    RETURNABLE,
    SETTLED,
    STATUTORY_LEFT,
    TERMINATE_CODE,
    TRIED,
    UNRATED,
    WAS_DEEMED,
)
from rules.table import Move, Stays, by, moves, row


def _case(step: Step, rows: Iterable[tuple[object, ...]]) -> tuple[Move, ...]:
    return moves(Thing.CASE, step, rows)


S, O, E, R, V, W = State, OrderState, ExtensionState, RequestState, SupervisionState, Who  # noqa: E741 - the table is read in columns
_CENTRE, _AUTO = by(W.CENTRE), by(W.SYSTEM)
_CENTRE_AUTO, _HOLDER, _UNIT = by(W.CENTRE, W.SYSTEM), by(W.HOLDER), by(W.UNIT)
_UNDER_WAY = (S.FILED, S.REPORTING, S.DISPATCHED, S.HANDLING, S.ON_HOLD)
_VERIFIER, _SIGNER, _TARGET, _LEAD = by(W.VERIFIER), by(W.SIGNER), by(W.TARGET), by(W.LEAD)
_BEFORE_UNITS = (S.SUBMITTED, S.ACCEPTED, S.FILED, S.REPORTING)
_WITH_UNITS = (S.DISPATCHED, S.HANDLING)
_UNTIL_HANDLED = (*_BEFORE_UNITS, *_WITH_UNITS, S.ON_HOLD, S.HANDLED)
_ANY = tuple(s for s in S if s is not S.MERGED)
_OTHERS_RATE = Stays(lambda f, _: f.raters_left > 1)
_OTHERS_STAY = Stays(lambda f, a: a.resident_id is not None and len(f.reporters) > 1)

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
        *[("merge",       s,            S.MERGED,     _CENTRE_AUTO, HAS_TARGET) for s in (S.ACCEPTED, S.FILED, S.REPORTING, *_WITH_UNITS)],
        ("split_off",     S.MERGED,     S.ACCEPTED,   _CENTRE, REASON),
        ("answer",        S.ACCEPTED,   S.ANSWERED,   _CENTRE, HAS_RESULT),
        ("divert",        S.FILED,      S.DIVERTED,   _CENTRE, REASON),
        ("refile",        S.FILED,      S.FILED,      _CENTRE, HAS_CATEGORY),
        # 自处理: whoever is on the spot puts it right; it goes straight to feeding back
        ("self_handle",   S.ACCEPTED,   S.VERIFIED,   by(W.CENTRE, W.NEAR), HAS_CATEGORY, HAS_RESULT, PHOTOS),
        ("self_handle",   S.FILED,      S.VERIFIED,   by(W.CENTRE, W.NEAR), HAS_RESULT, PHOTOS),
        ("self_handle",   S.REPORTING,  S.VERIFIED,   by(W.CENTRE, W.NEAR), HAS_RESULT, PHOTOS),
    )),
    # ③ report: a climb. The level that holds the case handles it, reports up, sends down, or (P0) skips levels
    *_case(Step.REPORT, (
        ("place",         S.FILED,      S.REPORTING,  _CENTRE_AUTO, HAS_HOLDER),
        ("dispatch",      S.FILED,      S.DISPATCHED, _CENTRE_AUTO, HAS_LEAD),
        ("report_up",     S.REPORTING,  S.REPORTING,  _HOLDER, BELOW_TOP),
        ("send_down",     S.REPORTING,  S.REPORTING,  _HOLDER, MAY_SEND_DOWN, GOES_DOWN, REASON),
        ("skip_levels",   S.REPORTING,  S.REPORTING,  _HOLDER, MAY_SKIP, BELOW_TOP),
        ("handle_here",   S.REPORTING,  S.HANDLING,   _HOLDER, MAY_DECIDE),
        ("dispatch",      S.REPORTING,  S.DISPATCHED, by(W.HOLDER, W.CENTRE), HAS_LEAD, AUTHORITY),
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
        ("ask_hold",      S.HANDLING,   S.HANDLING,   _LEAD, NOT_P0, HOLD_CODE, REASON, NOT_HOLDING),
        ("review_hold",   S.ON_HOLD,    S.ON_HOLD,    _CENTRE, REASON),
        ("prolong_hold",  S.ON_HOLD,    S.ON_HOLD,    _SIGNER, REASON),
        *[("reassign",    s,            S.DISPATCHED, _CENTRE, HAS_LEAD, REASON) for s in _WITH_UNITS],
        *[("add_co",      s,            s,            by(W.CENTRE, W.LEAD), HAS_UNIT, REASON) for s in _WITH_UNITS],
        *[("redispatch",  s,            S.DISPATCHED, _AUTO, "follows") for s in _WITH_UNITS],
        *[("move_up",     s,            S.REPORTING,  _AUTO, "follows") for s in _WITH_UNITS],
    )),
    # 解除警报: of what a device reported, where nothing is on fire; somebody else still looks at it
    *_case(Step.HANDLE, [("stand_down", s, S.HANDLED, by(W.HANDLER, W.CENTRE), FROM_SENSOR, REASON) for s in _WITH_UNITS]),
    # other ends: taken back by who reported it, or ended by two people
    *_case(Step.EVALUATE, (
        *[("withdraw",    s,            S.WITHDRAWN,  by(W.REPORTER), P0_KEPT, REASON, _OTHERS_STAY) for s in _UNTIL_HANDLED],
        *[("ask_void",    s,            s,            _CENTRE, REASON, NOT_ENDING) for s in _UNTIL_HANDLED],
        *[("ask_terminate", s,          s,            by(W.CENTRE, W.LEAD), TERMINATE_CODE, REASON, TRIED, NOT_ENDING)
          for s in (S.FILED, S.REPORTING, *_WITH_UNITS, S.ON_HOLD)],
        *[("void",        s,            S.VOIDED,     _AUTO, "follows") for s in _UNTIL_HANDLED],
        *[("terminate",   s,            S.TERMINATED, _AUTO, "follows") for s in (S.FILED, S.REPORTING, *_WITH_UNITS, S.ON_HOLD)],
    )),
    # 敏感件: seen and moved by named readers only; 强制报告: what the law wants told is told
    *_case(Step.TRIAGE, (
        *[("restrict",    s,            s,            _CENTRE, OPEN_TO_ALL, KIND_GIVEN, REASON) for s in _ANY],
        *[("name_reader", s,            s,            by(W.READER, W.SIGNER), RESTRICTED, HAS_PERSON, REASON) for s in _ANY],
        *[("unrestrict",  s,            s,            _SIGNER, RESTRICTED, REASON) for s in _ANY],
        *[("report_statutory", s,       s,            by(W.CENTRE, W.READER), STATUTORY_LEFT, HAS_RESULT) for s in S],
    )),
    # whoever passed a case on to us gets an answer under his own number
    *_case(Step.FEEDBACK, [("answer_upstream", s, s, _CENTRE, FROM_UPSTREAM, HAS_RESULT)
                           for s in (S.FED_BACK, S.EVALUATED, *(f for f in S if f in FINAL))]),
    # a limit given from outside binds when it is earlier; supervision attaches at any state and changes none
    *_case(Step.HANDLE, [("bind", s, s, _CENTRE, HAS_DEADLINE, REASON) for s in _UNDER_WAY]),
    *_case(Step.HANDLE, [("supervise", s, s, by(W.CENTRE, W.SIGNER), HAS_DEMAND) for s in S if s is not S.MERGED]),
    # ⑤ feed back: never verified by a unit that handled it
    *_case(Step.FEEDBACK, (
        ("pass_check",    S.HANDLED,    S.VERIFIED,   _VERIFIER, NOT_OWN),
        ("waive_check",   S.HANDLED,    S.VERIFIED,   _AUTO, NO_CHECK),
        ("fail_check",    S.HANDLED,    S.HANDLING,   _VERIFIER, NOT_OWN, REASON),
        ("feed_back",     S.VERIFIED,   S.FED_BACK,   _CENTRE_AUTO),
    )),
    # ⑥ evaluate: silence counts as neither
    *_case(Step.EVALUATE, (
        ("rate",          S.FED_BACK,   S.EVALUATED,  by(W.REPORTER, W.CENTRE, W.NEAR), HAS_RATING, NOT_OWN_RATING, _OTHERS_RATE),
        ("end_window",    S.FED_BACK,   S.EVALUATED,  _AUTO, RATED),
        ("close_unrated", S.FED_BACK,   S.CLOSED,     _AUTO, UNRATED),
        ("close",         S.EVALUATED,  S.CLOSED,     _CENTRE_AUTO, SETTLED),
        ("rework",        S.EVALUATED,  S.HANDLING,   _CENTRE, REASON),
        ("reopen",        S.CLOSED,     S.FILED,      by(W.REPORTER, W.CENTRE), REASON),
        *[("appeal",      s,            s,            _LEAD, REASON, RATED, NOT_APPEALED) for s in (S.EVALUATED, S.CLOSED)],
        ("recheck",       S.CLOSED,     S.CLOSED,     by(W.NEAR, W.CENTRE), RECHECKS_LEFT, HAS_RESULT, NOT_OWN),
    )),
    # work orders: one per lead and co-handling unit, each with its own clocks
    *(row(Thing.ORDER, Step.HANDLE, each) for each in (
        ("acknowledge",   O.SENT,       O.WORKING,    _UNIT),
        ("acknowledge",   O.WORKING,    O.WORKING,    _UNIT, WAS_DEEMED),
        ("deem_acknowledged", O.SENT,   O.WORKING,    _AUTO),
        ("assign",        O.SENT,       O.SENT,       _UNIT, HAS_SECTION),
        ("assign",        O.WORKING,    O.WORKING,    _UNIT, HAS_SECTION),
        ("contact",       O.WORKING,    O.WORKING,    _UNIT, NOT_CONTACTED),
        ("control",       O.WORKING,    O.WORKING,    _UNIT, NOT_CONTROLLED),
        ("reach",         O.WORKING,    O.WORKING,    _UNIT, NEXT_STAGE),
        ("ask_extension", O.WORKING,    O.WORKING,    _UNIT, HAS_AMOUNT, REASON, NOT_ASKING),
        *[("ask_return",  o,            o,            _UNIT, RETURNABLE, IN_WINDOW, RETURN_CODE, REASON, NOT_RETURNING)
          for o in (O.SENT, O.WORKING)],
        *[("give_up",     o,            O.RECALLED,   _UNIT, GENTLE, REASON) for o in (O.SENT, O.WORKING)],
        *[("urge",        o,            o,            _CENTRE, REASON) for o in (O.SENT, O.WORKING)],
        *[("hand_to",     o,            o,            _UNIT, HAS_PERSON) for o in (O.SENT, O.WORKING)],
        ("try_contact",   O.WORKING,    O.WORKING,    _UNIT, REASON),
        ("finish",        O.WORKING,    O.DONE,       _UNIT, HAS_RESULT, PHOTOS),
        ("redo",          O.DONE,       O.WORKING,    _AUTO, "follows"),
        ("recall",        O.SENT,       O.RECALLED,   _AUTO, "follows"),
        ("recall",        O.WORKING,    O.RECALLED,   _AUTO, "follows"),
        ("recall",        O.DONE,       O.RECALLED,   _AUTO, "follows"),
        *[("stand_down",  o,            O.DONE,       _AUTO, "follows") for o in (O.SENT, O.WORKING)],
    )),
    # extensions: asked before the limit is up, decided by somebody else
    *(row(Thing.EXTENSION, Step.HANDLE, each) for each in (
        ("grant",         E.ASKED,      E.GRANTED,    by(W.CENTRE, W.SIGNER), NOT_ASKER),
        ("refuse",        E.ASKED,      E.REFUSED,    _CENTRE, NOT_ASKER, REASON),
    )),
    # requests: asked by one, decided by another
    *(row(Thing.REQUEST, step, each) for step, each in (
        (Step.HANDLE,   ("uphold_return", R.ASKED,      R.GRANTED,    _CENTRE, IS_RETURN, ANOTHER, HAS_UNIT, REASON)),
        (Step.HANDLE,   ("reject_return", R.ASKED,      R.REFUSED,    _CENTRE, IS_RETURN, ANOTHER, REASON)),
        (Step.HANDLE,   ("approve_hold",  R.ASKED,      R.GRANTED,    _CENTRE, IS_HOLD, ANOTHER)),
        (Step.HANDLE,   ("refuse_hold",   R.ASKED,      R.REFUSED,    _CENTRE, IS_HOLD, ANOTHER, REASON)),
        (Step.EVALUATE, ("confirm_end",   R.ASKED,      R.GRANTED,    by(W.CENTRE, W.SIGNER), IS_END, ANOTHER)),
        (Step.EVALUATE, ("refuse_end",    R.ASKED,      R.REFUSED,    by(W.CENTRE, W.SIGNER), IS_END, ANOTHER, REASON)),
        (Step.EVALUATE, ("uphold_appeal", R.ASKED,      R.GRANTED,    _SIGNER, IS_APPEAL, ANOTHER, REASON)),
        (Step.EVALUATE, ("reject_appeal", R.ASKED,      R.REFUSED,    _SIGNER, IS_APPEAL, ANOTHER, REASON)),
    )),
    # supervision orders: a person signs; a reply alone closes nothing; nobody looks at his own result
    *(row(Thing.SUPERVISION, Step.HANDLE, each) for each in (
        ("sign",          V.PROPOSED,   V.SIGNED,     _SIGNER),
        ("dismiss",       V.PROPOSED,   V.DISMISSED,  _SIGNER, REASON),
        ("withdraw",      V.SIGNED,     V.DISMISSED,  _SIGNER, REASON),
        ("list",          V.SIGNED,     V.SIGNED,     _SIGNER, REASON, NOT_LISTED),
        ("unlist",        V.SIGNED,     V.SIGNED,     _SIGNER, REASON, LISTED),
        ("reply",         V.SIGNED,     V.REPLIED,    _TARGET, HAS_RESULT, HAS_EVIDENCE),
        ("pass_check",    V.REPLIED,    V.VERIFIED,   _VERIFIER, NOT_TARGET),
        ("fail_check",    V.REPLIED,    V.SIGNED,     _VERIFIER, NOT_TARGET, REASON),
        ("write_off",     V.VERIFIED,   V.WRITTEN_OFF, by(W.SIGNER, W.CENTRE), NOT_TARGET),
    )),
    # affairs: whistles, pools, meetings, disputes, files, errands, campaigns, … each in its own file of rules/handling
    *(move for kind in AFFAIRS.values() for move in kind.moves),
)
# fmt: on

TABLE: Final[Mapping[tuple[Thing, str, str], Move]] = {(m.thing, m.action, m.source.value): m for m in MOVES}
ACTIONS: Final = frozenset(m.action for m in MOVES)


#: Actions after which a person goes on, although the engine could: what was recalled is not sent to the same units again.
WAITS: Final = frozenset({"recall"})


#: Where the state of a thing beside the case is found.
_ABOUT: Final[Mapping[Thing, Callable[[Facts], OrderFacts | ExtensionFacts | RequestFacts | SupervisionFacts | None]]] = {
    Thing.ORDER: lambda f: f.order,
    Thing.EXTENSION: lambda f: f.extension,
    Thing.REQUEST: lambda f: f.request,
    Thing.SUPERVISION: lambda f: f.supervision,
}


def state_of(thing: Thing, facts: Facts) -> str:
    """The state that decides for this thing: of the case, of its order, of the affair, …; `none` where there is no such thing."""
    if thing is Thing.CASE:
        return facts.state.value
    if thing in _ABOUT:
        about = _ABOUT[thing](facts)
        return "none" if about is None else about.state.value
    beside = facts.affair if thing in AFFAIRS else facts.part
    return "none" if beside is None or beside.thing is not thing else beside.state


def _order_is_live(facts: Facts) -> bool:
    """Work orders move only while the case is with the handling units."""
    return facts.state in (State.DISPATCHED, State.HANDLING)


def _has_ended(affair: AffairFacts, action: str) -> bool:
    """Whether a part of an affair moves no more: the affair has come to its end, and the move is not one for afterwards."""
    kind = AFFAIRS[affair.thing]
    return affair.state in kind.ends and action not in kind.afterwards


def may_see(facts: Facts, actor: Actor) -> bool:
    """A sensitive case is moved by named readers, by who reported it, and by who may name readers."""
    if facts.sensitive is None or actor.system or actor.resident_id is not None:
        return True
    return actor.user_id in facts.readers or RELATIONS[Who.SIGNER](actor, facts)


def allowed(thing: Thing, action: str, facts: Facts, actor: Actor, args: Args) -> Move:
    """Decide whether this actor may make this move now.

    Raises:
        Refused: `unknown_action`, `mechanism_off`, `restricted`, `wrong_state`, `case_not_with_units`, `affair_ended`, `not_yours`,
            or the code of the first need that is not met.
    """
    if action not in ACTIONS:
        raise Refused("unknown_action", action=action)
    mechanism = BELONGS_TO.get(action)
    if mechanism is not None and mechanism not in HANDLING:
        raise Refused("mechanism_off", mechanism=mechanism, mechanism_code=mechanism)
    if not may_see(facts, actor):
        raise Refused("restricted")
    move = TABLE.get((thing, action, state_of(thing, facts)))
    if move is None or move.follows:
        about = {"thing": thing.value} if thing in AFFAIRS or thing in PARTS else {}
        raise Refused("wrong_state", action=action, state=state_of(thing, facts), **about)
    if thing in (Thing.ORDER, Thing.EXTENSION) and not _order_is_live(facts):
        raise Refused("case_not_with_units", action=action, state=facts.state.value)
    if thing in PARTS and facts.affair is not None and _has_ended(facts.affair, action):
        raise Refused("affair_ended", action=action)
    if not any(RELATIONS[who](actor, facts) for who in move.who):
        raise Refused("not_yours", action=action, thing=thing.value)
    for need in move.needs:
        if not need.met(facts, actor, args):
            raise need.refusal(action, facts)
    return move


def goes_on_by_itself(facts: Facts) -> bool:
    """Whether the engine may have something to do now without a person: entering such a state makes the case *ready*."""
    if facts.state is State.HANDLING:
        return bool(facts.orders) and all(o.state not in OPEN_ORDER for o in facts.orders)
    return facts.state in AUTOMATIC


def moves_open_to(thing: Thing, facts: Facts, actor: Actor) -> list[Move]:
    """The moves that this actor could ask for in this state, needs aside; draws buttons and command-line hints.

    Moves that open an affair are left out: they could be made of almost any case, and have commands of their own.
    """
    state = state_of(thing, facts)
    return [
        m
        for m in MOVES
        if m.thing is thing
        and m.source.value == state
        and not m.follows
        and m.action not in OPENING
        and any(RELATIONS[who](actor, facts) for who in m.who)
    ]

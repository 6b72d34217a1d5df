"""A second opinion on what is sound: every case's journal is read as a path through the table of moves, and nothing may be left over."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, Clock, Database, Extension, Journal, Message, RungFiring, WorkOrder, table
from rules.facts import AUTOMATIC, FINAL, SYSTEM, OrderState, State, Thing, Who
from rules.lifecycle import MOVES, TABLE
from rules.table import Move
from services.moves import entry_hash
from tests.support.affairs_sound import affair_complaints
from tests.support.lengthened import extension_complaints
from tests.support.supervised import supervision_complaints

_case, _order, _clock, _journal = table(Case), table(WorkOrder), table(Clock), table(Journal)
_firing, _message, _extension = table(RungFiring), table(Message), table(Extension)
#: What the journal says besides moves.
REMARKS: Final = (
    {
        "absorb",
        "unclaimed",
        "no_holder",
        "no_unit",
        "outside_duty_list",
        "passed_over",
        "nobody_to_tell",
        "not_delivered",
        "set_aside",
        "policy_changed",
        "supervised",
        "attach",
        "duplicate_found",
        "linked",
        "recurred",
        "link_refused",
        "link_confirmed",
        "released",
        "handed_over",
        "unit_succeeded",
        "topic",
        "clock_taken",
        "closed_up",
        "unit_urged",
        "called_back",
        "rating_burst",
        "reply_unclear",
        "sensor_alarm",
        "sensor_more",
        "sensor_clear",
    }
    | {f"supervision_{move.action}" for move in MOVES if move.thing is Thing.SUPERVISION}
    | {"affair_opened", "affair_moved"}
)
#: The clocks of a case itself in each state of the loop, said once more; with the units, work orders have theirs besides.
OWN_CLOCKS: Final[Mapping[State, set[str]]] = {
    State.NOTED: set(),
    State.BESIDE: set(),
    State.SUBMITTED: {"accept"},
    State.ACCEPTED: {"triage"},
    State.FILED: {"dispatch", "overall"},
    State.REPORTING: {"decide", "overall"},
    State.DISPATCHED: {"overall"},
    State.HANDLING: {"overall"},
    State.ON_HOLD: {"hold_review", "hold_cap", "overall"},
    State.HANDLED: {"verify", "overall"},
    State.VERIFIED: {"feedback", "overall"},
    State.FED_BACK: {"evaluate"},
    State.EVALUATED: {"judge"},
}
#: Clocks that run whatever the state: of requests, of looks at the place after the end, of reports that the law demands.
ASKED: Final = {"return": "rule", "hold": "approve", "void": "confirm", "terminate": "confirm", "appeal": "appeal"}
BESIDE: Final = {*ASKED.values(), "recheck", "recheck_late", "statutory"}
#: What a policy may leave out.
OPTIONAL: Final = {"hold_cap"}


def complaints(database: Database, now: datetime, lag: timedelta | None = None) -> list[str]:
    """Everything that is not as it should be.

    Args:
        database: Looked through in one transaction.
        now: The instant.
        lag: Given: nothing may be ready, due or queued that is older than that.
    """
    with database.unit_of_work() as session:
        run = session.connection().execute
        cases = list(run(select(_case).order_by(_case.c.id)))
        journal, orders = _by_case(run(select(_journal).order_by(_journal.c.case_id, _journal.c.seq))), _by_case(run(select(_order)))
        clocks, extensions = _by_case(run(select(_clock))), _by_case(run(select(_extension).order_by(_extension.c.no)))
        found = [f"{c.no}: {what}" for c in cases for what in _case_complaints(c, journal[c.id], orders[c.id], clocks[c.id])]
        for c in cases:
            found += [f"{c.no}: {w}" for w in extension_complaints(journal[c.id], orders[c.id], clocks[c.id], extensions[c.id])]
        found += _firings(session) + _numbers(cases) + _messages(session) + list(supervision_complaints(session))
        found += affair_complaints(session, clocks)
        if lag is not None:
            found += _left_over(session, now - lag)
    return found


def _by_case(rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row)
    return found


def _case_complaints(case: Any, journal: list[Any], orders: list[Any], clocks: list[Any]) -> list[str]:
    return [*_chain(case, journal), *_path(case, journal), *_orders(case, journal, orders), *_clocks(case, orders, clocks)]


def _chain(case: Any, journal: list[Any]) -> list[str]:
    if [e.seq for e in journal] != list(range(1, case.seq + 1)):
        return [f"journal {[e.seq for e in journal]}, seq {case.seq}"]
    previous = ""
    for entry in journal:
        if entry.previous != previous or entry_hash(dict(entry._mapping)) != entry.hash:
            return [f"chain broken at {entry.seq}"]
        previous = entry.hash
    return [] if case.journal_hash == previous else ["case's hash is not its journal's"]


def _path(case: Any, journal: list[Any]) -> list[str]:
    """The case's own moves lead from state to state along the table, and end where the case stands."""
    if not journal or journal[0].action != "submit" or journal[0].after not in ("submitted", "noted", "beside"):
        return ["does not begin with submit"]
    state, moves = journal[0].after, 1
    for entry in journal[1:]:
        if entry.thing == "clock" or entry.action in REMARKS:
            continue
        moves += not _follows(entry)
        if entry.thing != "case":
            continue
        move = TABLE.get((Thing.CASE, entry.action, state))
        if move is None or entry.before != state or entry.after not in ends(move):
            return [f"{entry.seq}: {entry.action} from {state} ({entry.before} → {entry.after}) is not in the table"]
        state = entry.after
    if state != case.state:
        return [f"is {case.state}, its journal says {state}"]
    return [] if moves == case.version else [f"version {case.version} after {moves} moves"]


def ends(move: Move) -> set[str]:
    """The states that a move may leave behind: where others have a say, the one it found."""
    return {move.to.value, move.source.value} if move.stays else {move.to.value}


def _follows(entry: Any) -> bool:
    """Made by the door as the consequence of another move: never asked for, or by the system where people only may ask."""
    move = TABLE.get((Thing(entry.thing), entry.action, entry.before))
    return move is not None and (move.follows or (entry.actor == SYSTEM.name and Who.SYSTEM not in move.who))


def _orders(case: Any, journal: list[Any], orders: list[Any]) -> list[str]:
    """No work order lost or double: as many as were dispatched, exactly one lead, each where its own entries lead."""
    orders, begun = sorted(orders, key=lambda o: o.no), dispatched(journal, orders)
    if [o.lead for o in orders] != [lead for _, lead in begun]:
        return [f"{len(orders)} work orders with {sum(o.lead for o in orders)} leads, dispatched were {begun}"]
    newest = next((e.seq for e in reversed(journal) if e.action in _ROUNDS), 0)
    present = [o for o in orders[len(dispatched([e for e in journal if e.seq < newest], orders)) :] if o.state != OrderState.RECALLED]
    taken_over = any(e.action == "unit_succeeded" for e in journal)  # whoever goes on may have had a part of its own
    found = ["a unit has two work orders"] if len({o.unit_id for o in present}) != len(present) and not taken_over else []
    if present and sum(o.lead for o in present) != 1:
        found.append(f"{sum(o.lead for o in present)} leads")
    return found + [w for o, (state, _) in zip(orders, begun, strict=True) if (w := _order_path(o, state, journal))]


def dispatched(journal: list[Any], orders: Iterable[Any]) -> list[tuple[str, bool]]:
    """The state in which each work order began, and whether it leads, in the order of their numbers."""
    begun: list[tuple[str, bool]] = []
    unit_of, gone = {o.no: o.unit_id for o in orders}, set[int]()
    for entry in journal:
        if entry.action in _ROUNDS:
            gone |= set(range(1, len(begun) + 1))
        if entry.action in ("dispatch", "reassign"):
            units = dict.fromkeys((entry.data["lead"], *(entry.data.get("co") or ())))
            begun += [("sent", i == 0) for i in range(len(units))]
        elif entry.action == "uphold_return":
            returned = asking(journal, entry).thing_no
            there = {unit_of[no] for no in range(1, len(begun) + 1) if no not in gone}
            if begun[returned - 1][1] or entry.data["unit"] not in there:  # a co-handler that is in it already gets no second
                begun.append(("sent", begun[returned - 1][1]))
        elif entry.action in _BEGINS:
            begun.append(_BEGINS[entry.action])
        elif entry.thing == "order" and entry.action in ("recall", "give_up"):
            gone.add(entry.thing_no)
    return begun


def asking(journal: Iterable[Any], ruling: Any) -> Any:
    """The entry by which a request was made that another entry rules on: they are numbered as they are made, and several may wait.

    A hold that the centre orders is on record as a request of its own; an approved one was asked for.
    """
    newest_first = pairwise(reversed([*journal]))
    made = [e for e, before in newest_first if e.action in _REQUESTS or (e.action == "hold" and before.action != "approve_hold")]
    return made[-ruling.thing_no]


_REQUESTS: Final = ("ask_return", "ask_hold", "ask_void", "ask_terminate", "appeal")
#: What sends a case to units anew; the work orders before are history, recalled or done.
_ROUNDS: Final = ("dispatch", "handle_here", "self_handle")
_BEGINS: Final = {"handle_here": ("working", True), "add_co": ("sent", False), "self_handle": ("done", True)}


def _order_path(order: Any, state: str, journal: list[Any]) -> str:
    for entry in journal:
        if entry.thing == "order" and entry.thing_no == order.no:
            move = TABLE.get((Thing.ORDER, entry.action, state))
            if move is None or entry.after not in ends(move):
                return f"order {order.no}: {entry.action} from {state} is not in the table"
            state = move.to.value
    return "" if state == order.state else f"order {order.no} is {order.state}, its journal says {state}"


def _clocks(case: Any, orders: list[Any], clocks: list[Any]) -> list[str]:
    """A case waits under the clocks of its state, none of them twice; on hold all stand still but those of the hold itself."""
    state, running = State(case.state), [c for c in clocks if c.stopped_at is None]
    beside = Counter(c.kind for c in running if c.kind in BESIDE)
    wanted = Counter(ASKED[kind] for _, kind, *_ in case.asks)
    if beside - Counter(dict.fromkeys(("recheck", "recheck_late", "statutory"), 1)) != wanted:
        return [f"requests {case.asks} wait under {dict(beside)}"]
    running = [c for c in running if c.kind not in BESIDE]
    own = [c for c in running if c.supervision_seq is None and c.affair_seq is None]
    if state in FINAL:
        return [f"final, but clocks run: {[c.kind for c in own]}"] if own else []
    there = Counter((c.kind, c.order_no, c.stage, c.supervision_seq, c.affair_seq, c.part_no) for c in running)
    found = [f"clock {key} twice" for key, n in there.items() if n > 1]
    found += [] if running or state is State.BESIDE else ["waits without a clock"]
    at_work = any(o.state in ("sent", "working") for o in orders)
    expected = OWN_CLOCKS[state] | ({"verify"} if state is State.HANDLING and not at_work else set())
    kinds = {c.kind for c in own if c.order_no is None}
    if kinds | OPTIONAL != expected | OPTIONAL or not kinds <= expected:
        found.append(f"is {state} under {sorted(kinds)}, not {sorted(expected)}")
    if at_work and not any(c.kind == "handle" for c in own):
        found.append("units are at work under no limit")
    wrong = [c.kind for c in own if (c.running_since is None) != (state is State.ON_HOLD and c.kind not in ("hold_review", "hold_cap"))]
    return found + ([f"is {state}, but paused or running against it: {wrong}"] if wrong else [])


def _firings(session: Session) -> list[str]:
    """Each (clock, rung) once; so says the primary key, and so must the journal, which has none."""
    entries, rungs = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    of_rungs = (_journal.c.thing == "clock", _journal.c.action.not_in(("extended", "reprojected")))
    for row in session.connection().execute(select(_journal.c.case_id, _journal.c.action).where(*of_rungs)):
        entries[row.case_id, row.action] += 1
    joined = _firing.join(_clock, _clock.c.id == _firing.c.clock_id)
    said = _firing.c.skipped.is_distinct_from("before_round")  # what a new round begins above was said in the one before
    for row in session.connection().execute(select(_clock.c.case_id, _firing.c.rung).select_from(joined).where(said)):
        rungs[row.case_id, row.rung] += 1
    return [f"case {k[0]}: rung {k[1]} fired {rungs[k]} times, journal {entries[k]}" for k in entries | rungs if entries[k] != rungs[k]]


def _numbers(cases: list[Any]) -> list[str]:
    days: dict[str, list[int]] = defaultdict(list)
    for case in cases:
        _, day, number = case.no.split("-")
        days[day].append(int(number))
    return [f"numbers of {day} have gaps" for day, taken in days.items() if sorted(taken) != list(range(1, len(taken) + 1))]


def _messages(session: Session) -> list[str]:
    columns = (_message.c.id, _message.c.notice, _message.c.state, _message.c.error)
    wanted = select(*columns).where(_message.c.state.in_(("dead", "failed_perm")))
    return [f"message {m.id} ({m.notice}) is {m.state}: {m.error}" for m in session.connection().execute(wanted)]


def _left_over(session: Session, before: datetime) -> list[str]:
    run = session.connection().execute
    ready = select(_case.c.no, _case.c.state).where(_case.c.attend_at < before)
    found = [f"{c.no} is ready and nobody takes it ({c.state})" for c in run(ready)]
    automatic = select(_case.c.no, _case.c.state).where(
        _case.c.state.in_([s.value for s in AUTOMATIC - {State.ACCEPTED, State.FILED, State.HANDLED, State.EVALUATED}]),
        _case.c.attend_at.is_(None),
    )
    found += [f"{c.no} stands at {c.state} and is not ready" for c in run(automatic)]
    found += [f"clock {c.id} is due and does not fire" for c in run(select(_clock.c.id).where(_clock.c.next_fire_at < before))]
    found += [f"message {m.id} is {m.state}" for m in run(select(_message).where(_message.c.attend_at.is_not(None)))]
    return found

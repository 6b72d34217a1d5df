"""专项行动 (任务项目化–项目清单化–清单具体化): plan → projects → lists; each line has a quantity, evidence, a check by another unit.

Source: domain of the seeds, rows 21 (一场一策一专班, 一户一策), 22 (公约, 以奖代补), 24 (撤留改替增), 25 (堵+疏).
"""

from collections import defaultdict
from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import Actor, AffairFacts, Args, Facts, PartFacts, State, Step, Thing, Who
from rules.handling.kinds import AffairKind, PartKind, Timed, Whose
from rules.needs import HAS_RESULT, REASON, Need, given
from rules.table import by, moves


class CampaignState(StrEnum):
    """What is true of a campaign, or of one project of it."""

    DRAFTED = "drafted"  #: plan and lists are being written
    UNDER_WAY = "under_way"  #: the units are at it, its target has a day
    DONE = "done"  #: every line is done and checked
    CANCELLED = "cancelled"


class TaskState(StrEnum):
    """What is true of one line of a list."""

    OPEN = "open"  #: to be done
    DONE = "done"  #: the unit says so; another has to look
    CHECKED = "checked"  #: another unit has looked
    DROPPED = "dropped"  #: not to be done after all


class SubsidyState(StrEnum):
    """What is true of a claim for money (以奖代补)."""

    CLAIMED = "claimed"  #: a unit asks for it
    CHECKED = "checked"  #: another unit has looked at what was done
    PAID = "paid"
    REFUSED = "refused"


_C, _T, _S = CampaignState, TaskState, SubsidyState


def units_of(part: PartFacts) -> tuple[int, ...]:
    """The units that work on one line: its own first, then those that handle it along with it."""
    along = part.data.get("with")
    found = tuple(along) if isinstance(along, list) else ()
    return (part.unit_id, *found) if part.unit_id is not None else found


def open_pairs(affair: AffairFacts) -> list[str]:
    """Pairs of a work plan of which one side is not done and checked (堵+疏: neither counts without the other); both may be dropped."""
    sides: dict[str, dict[str, bool]] = defaultdict(dict)
    for part in affair.parts:
        pair, side = part.data.get("pair"), part.data.get("side")
        if pair and part.state != _T.DROPPED.value:
            checked = part.state == _T.CHECKED.value
            sides[str(pair)][str(side)] = sides[str(pair)].get(str(side), False) or checked
    return sorted(pair for pair, found in sides.items() if len(found) < 2 or not all(found.values()))


def _works(facts: Facts, actor: Actor, _: Args) -> bool:
    return facts.part is not None and bool(set(units_of(facts.part)) & set(actor.body))


def _leads(facts: Facts, actor: Actor, _: Args) -> bool:
    """The line's own unit; where it has none, the unit whose campaign it is."""
    if facts.part is None or facts.affair is None:
        return False
    return (facts.part.unit_id or facts.affair.unit_id) in actor.body


def shared(part: PartFacts) -> bool:
    """Whether every unit that handles a line along with its own says that its share is done."""
    done = part.data.get("shares")
    return all(str(unit) in (done if isinstance(done, dict) else {}) for unit in units_of(part)[1:])


def _paid_out(facts: Facts, _: Actor, __: Args) -> bool:
    claims = [] if facts.affair is None else [p for p in facts.affair.parts if p.thing is Thing.SUBSIDY]
    return all(p.state in (_S.PAID.value, _S.REFUSED.value) for p in claims)


def _works_or_owns(facts: Facts, actor: Actor, args: Args) -> bool:
    return _works(facts, actor, args) or (facts.affair is not None and facts.affair.unit_id in actor.body)


def _settled(facts: Facts, _: Actor, __: Args) -> bool:
    tasks = [] if facts.affair is None else [p for p in facts.affair.parts if p.thing is Thing.TASK]
    return all(p.state in (_T.CHECKED.value, _T.DROPPED.value) for p in tasks)


def _another_unit(facts: Facts, actor: Actor, _: Args) -> bool:
    return facts.part is not None and facts.part.unit_id not in actor.body


def _another_person(facts: Facts, actor: Actor, _: Args) -> bool:
    return facts.part is not None and facts.part.data.get("checked_by") != actor.name


_OWNER, _STAFF, _OVER = by(Who.OWNER), by(Who.STAFF), by(Who.OWNER, Who.CENTRE, Who.SIGNER, Who.NEAR)
_PAYS: Final = by(Who.OWNER, Who.SIGNER)
_OPENS: Final = by(Who.CENTRE, Who.SIGNER, Who.NEAR)
_TITLE: Final = Need("title_missing", given("title"))
_ROWS: Final = Need("tasks_missing", given("rows"))
_WORKS: Final = Need("not_your_task", _works)
_LEADS: Final = Need("not_your_task", _leads)
_SHARED: Final = Need("shares_open", lambda f, _a, _x: f.part is not None and shared(f.part))
_SETTLED: Final = Need("tasks_open", _settled)
_PAIRED: Final = Need("pair_open", lambda f, _a, _x: f.affair is not None and not open_pairs(f.affair))
_PAID_OUT: Final = Need("claims_open", _paid_out)
_LINKS: Final = Need("not_your_task", _works_or_owns)
_TARGET: Final = Need("target_missing", given("target"))
_OTHER: Final = Need("task_case_missing", given("other"))
_CLAIM: Final = Need("claim_missing", given("amount_fen", "quantity"))
_AWAY: Final = Need("checks_own_work", _another_unit)
_NOT_CHECKER: Final = Need("pays_own_check", _another_person)

KIND: Final = AffairKind(
    Thing.CAMPAIGN,
    "ZX",
    frozenset({_C.DONE, _C.CANCELLED}),
    (
        *moves(Thing.CASE, Step.HANDLE, [
            ("open_campaign",  State.BESIDE, State.BESIDE, _OPENS, _TITLE),
            ("open_project",   State.BESIDE, State.BESIDE, _OPENS, _TITLE),
        ]),
        *moves(Thing.CAMPAIGN, Step.HANDLE, [
            *[("add_tasks",    s,            s,            _OWNER, _ROWS) for s in (_C.DRAFTED, _C.UNDER_WAY)],
            ("start_campaign", _C.DRAFTED,   _C.UNDER_WAY, _OVER),
            ("set_target",     _C.UNDER_WAY, _C.UNDER_WAY, _OVER, _TARGET, REASON),
            ("record_progress", _C.UNDER_WAY, _C.UNDER_WAY, _STAFF, _ROWS),
            ("share_lines",    _C.UNDER_WAY, _C.UNDER_WAY, _STAFF, _ROWS),
            ("check_tasks",    _C.UNDER_WAY, _C.UNDER_WAY, _OVER, _ROWS),
            ("sign_convention", _C.UNDER_WAY, _C.UNDER_WAY, _STAFF),
            ("claim_subsidy",  _C.UNDER_WAY, _C.UNDER_WAY, _STAFF, _CLAIM),
            ("finish_campaign", _C.UNDER_WAY, _C.DONE,     _OVER, HAS_RESULT, _SETTLED, _PAIRED, _PAID_OUT),
            *[("cancel_campaign", s,         _C.CANCELLED, _OVER, REASON, _PAID_OUT) for s in (_C.DRAFTED, _C.UNDER_WAY)],
        ]),
        *moves(Thing.TASK, Step.HANDLE, [
            ("work_on_task",   _T.OPEN,      _T.OPEN,      _STAFF, _WORKS),
            ("share_done",     _T.OPEN,      _T.OPEN,      _STAFF, _WORKS),
            ("link_task",      _T.OPEN,      _T.OPEN,      _STAFF, _OTHER, _LINKS),
            ("finish_task",    _T.OPEN,      _T.DONE,      _STAFF, _LEADS, HAS_RESULT, _SHARED),
            ("fulfil_task",    _T.OPEN,      _T.DONE,      by(Who.SYSTEM), "follows"),
            ("confirm_task",   _T.DONE,      _T.CHECKED,   by(Who.SYSTEM), "follows"),
            ("send_back_task", _T.DONE,      _T.OPEN,      _OVER, REASON),
            ("drop_task",      _T.OPEN,      _T.DROPPED,   _OWNER, REASON),
        ]),
        *moves(Thing.SUBSIDY, Step.HANDLE, [
            ("check_subsidy",  _S.CLAIMED,   _S.CHECKED,   _STAFF, _AWAY, HAS_RESULT),
            *[("refuse_subsidy", s,          _S.REFUSED,   _OVER, _AWAY, REASON) for s in (_S.CLAIMED, _S.CHECKED)],
            ("pay_subsidy",    _S.CHECKED,   _S.PAID,      _PAYS, _AWAY, _NOT_CHECKER, HAS_RESULT),
        ]),
    ),
    opened_by=frozenset({"open_campaign", "open_project"}),
    clocks={_C.UNDER_WAY: Timed(ClockKind.TARGET)},
    parts=(
        PartKind(Thing.TASK, {_T.OPEN: Timed(ClockKind.TARGET, Whose.PARTY)}, frozenset({_C.UNDER_WAY})),
        PartKind(Thing.SUBSIDY, {_S.CLAIMED: Timed(ClockKind.ASSENT), _S.CHECKED: Timed(ClockKind.FULFIL)}),
    ),
)  # fmt: skip

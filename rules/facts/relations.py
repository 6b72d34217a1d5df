"""Who stands in which relation to a case."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from rules.facts.actors import STAFF, Actor
from rules.facts.picture import Facts
from rules.facts.states import OrderState


class Who(StrEnum):
    """Roles as relations to the case; an actor may stand in several."""

    SYSTEM = "system"  #: the engine, by a rule
    CENTRE = "centre"  #: a dispatcher of the 网格中心 that serves the case's area
    HOLDER = "holder"  #: staff of the unit that holds the case in ③
    UNIT = "unit"  #: staff of the work order's unit, or of a section inside it
    HANDLER = "handler"  #: staff of any unit that has a work order of the case, or of a section inside it
    VERIFIER = "verifier"  #: staff who may look at the result: centre, or territory above or at the place
    REPORTER = "reporter"  #: the resident who handed the case in
    SIGNER = "signer"  #: may sign supervision orders: head of the centre, duty leader
    TARGET = "target"  #: staff of the unit that a supervision order is addressed to, or of a section inside it
    LEAD = "lead"  #: staff of the unit that leads, or of a section inside it
    NEAR = "near"  #: staff of a unit over the place: its grid, community, street or their 网格中心
    READER = "reader"  #: named as one who may see a sensitive case
    OWNER = "owner"  #: staff of the unit whose affair it is, or of a section inside it
    PARTY = "party"  #: whose part of an affair it is: staff of its unit, or the person
    AGENT = "agent"  #: the one person who is named to see to an affair, of whatever unit
    ASKER = "asker"  #: the resident for whom an affair is done
    STAFF = "staff"  #: anybody on the staff of any unit
    RESIDENT = "resident"  #: any resident


def is_centre(actor: Actor, facts: Facts) -> bool:
    """Whether the actor is a dispatcher of the 网格中心 that serves the case's area."""
    return "dispatcher" in actor.roles and (actor.covers in facts.area_line or not facts.area_line)


def _in_unit(actor: Actor, facts: Facts) -> bool:
    order = facts.order
    if order is None or not actor.roles & STAFF:
        return False
    return order.unit_id in actor.body or (order.assigned_unit_id is not None and order.assigned_unit_id in actor.body)


def _leads(actor: Actor, facts: Facts) -> bool:
    leads = {o.unit_id for o in facts.orders if o.lead and o.state is not OrderState.RECALLED}
    return bool(actor.roles & STAFF) and bool(leads & set(actor.body))


def _handles(actor: Actor, facts: Facts) -> bool:
    units = {u for o in facts.orders if o.state is not OrderState.RECALLED for u in (o.unit_id, o.assigned_unit_id)}
    return bool(actor.roles & STAFF) and bool(units & set(actor.body))


def _is_near(actor: Actor, facts: Facts) -> bool:
    return bool(actor.roles & STAFF) and bool({actor.unit_id, actor.covers} & set(facts.area_line))


def _is_target(actor: Actor, facts: Facts) -> bool:
    order = facts.supervision
    return order is not None and bool(actor.roles & STAFF) and order.unit_id in actor.body


def _owns(actor: Actor, facts: Facts) -> bool:
    return facts.affair is not None and bool(actor.roles & STAFF) and facts.affair.unit_id in actor.body


def _is_party(actor: Actor, facts: Facts) -> bool:
    part = facts.part
    if part is None:
        return False
    if actor.resident_id is not None:
        return part.requester_id == actor.resident_id
    if part.staff_id is not None and actor.user_id == part.staff_id:
        return True
    return part.unit_id is not None and bool(actor.roles & STAFF) and part.unit_id in actor.body


def _is_named(actor: Actor, facts: Facts) -> bool:
    return facts.affair is not None and actor.user_id is not None and actor.user_id == facts.affair.staff_id


def _asked(actor: Actor, facts: Facts) -> bool:
    return facts.affair is not None and actor.resident_id is not None and actor.resident_id == facts.affair.asker_id


def _may_verify(actor: Actor, facts: Facts) -> bool:
    return is_centre(actor, facts) or _is_near(actor, facts)


RELATIONS: Final[Mapping[Who, Callable[[Actor, Facts], bool]]] = {
    Who.SYSTEM: lambda a, _: a.system,
    Who.CENTRE: is_centre,
    Who.HOLDER: lambda a, f: bool(a.roles & STAFF) and a.unit_id is not None and a.unit_id == f.holder_unit_id,
    Who.UNIT: _in_unit,
    Who.HANDLER: _handles,
    Who.VERIFIER: _may_verify,
    Who.REPORTER: lambda a, f: a.resident_id is not None and (a.resident_id == f.reporter_id or a.resident_id in f.reporters),
    Who.TARGET: _is_target,
    Who.LEAD: _leads,
    Who.NEAR: _is_near,
    Who.OWNER: _owns,
    Who.PARTY: _is_party,
    Who.AGENT: _is_named,
    Who.ASKER: _asked,
    Who.STAFF: lambda a, _: bool(a.roles & STAFF),
    Who.RESIDENT: lambda a, _: a.resident_id is not None,
    Who.READER: lambda a, f: a.user_id is not None and a.user_id in f.readers,
    Who.SIGNER: lambda a, f: "duty_leader" in a.roles or ("head" in a.roles and a.covers in f.area_line),
}

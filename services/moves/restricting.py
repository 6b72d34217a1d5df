"""Sensitive cases (敏感件): named readers only, and the report that the law demands (强制报告).

Who handles or holds such a case is named by the door itself, one clerk and the head of each unit, and so is who has to answer a
supervision order; everybody else is named by a person.
"""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from rules.clocks import ClockKind
from rules.facts import OPEN_ORDER, SYSTEM, OrderState, Refused, State, SupervisionState, Thing
from services.catalogue import Catalogue, Person
from services.moves.act import Act, Effect
from services.moves.draft import Draft
from services.moves.messages import queue, tell
from services.recipients import Addressee

#: Who of a unit does the work, best first; one of them is named, and the head.
_DOES: Final = ("clerk", "worker", "dispatcher", "duty_leader", "head")


def first_readers(known: Catalogue) -> list[int]:
    """Who sees a sensitive case from the start: the first dispatcher and the head of the district's 网格中心, and its duty leaders."""
    desk = known.staff(known.desk_id, ("dispatcher",))[:1] + known.staff(known.desk_id, ("head",))
    return [person.id for person in (*desk, *known.staff(known.district_id, ("duty_leader",)))]


def close_up(draft: Draft, kind: str) -> None:
    """Make it a sensitive case of this kind; safe to call again.

    Raises:
        Refused: `unknown_sensitive`.
    """
    if kind not in draft.catalogue.sensitive:
        raise Refused("unknown_sensitive", given=kind, known=", ".join(draft.catalogue.sensitive))
    draft.change(sensitive=kind, readers=first_readers(draft.catalogue))
    follow(draft)


def follow(draft: Draft) -> None:
    """Name those who work on a sensitive case, wherever it is now; safe to call again.

    One clerk and the head of each unit that holds it, handles it (or the section it gave it to), has to answer a supervision
    order, or has an affair or a part of one under way, and the person to whom a work order or a part was given.
    """
    if draft.case["sensitive"] is None:
        return
    known, orders = draft.catalogue, [o for o in draft.orders.values() if OrderState(o["state"]) in OPEN_ORDER]
    units = [o[column] for o in orders for column in ("unit_id", "assigned_unit_id")]
    units += [draft.case["holder_unit_id"], *_supervised(draft), *_of_affairs(draft, "unit_id")]
    handlers = [o["handler_id"] for o in orders if o["handler_id"] in known.by_id and known.by_id[o["handler_id"]].left_at is None]
    people = [i for i in _of_affairs(draft, "staff_id") if i in known.by_id and known.by_id[i].left_at is None]
    _name(draft, *(p.id for unit in dict.fromkeys(units) if unit is not None for p in _of_unit(known, unit)), *handlers, *people)


def _supervised(draft: Draft) -> Iterator[int]:
    """Units that have to answer a supervision order: those whose clock runs, and who has just been given one."""
    yield from (c["unit_id"] for c in draft.clocks if c["kind"] == ClockKind.RECTIFY and c["stopped_at"] is None)
    yield from (row["unit_id"] for row in draft.supervision.values() if row["state"] == SupervisionState.SIGNED)


def _of_affairs(draft: Draft, column: str) -> Iterator[int]:
    """Whose affairs and parts of affairs are under way: units, or people of the staff."""
    for seq, row in draft.affairs.items():
        if row["ended_at"] is None:
            yield from (each[column] for each in (row, *draft.parts_of(seq)) if each[column] is not None)


def _of_unit(known: Catalogue, unit_id: int) -> list[Person]:
    return known.staff(unit_id, _DOES)[:1] + known.staff(unit_id, ("head",))[:1]


def _name(draft: Draft, *staff_ids: int) -> None:
    new = [i for i in dict.fromkeys(staff_ids) if i not in draft.case["readers"]]
    if new:
        draft.change(readers=[*draft.case["readers"], *new])


def _restrict(draft: Draft, act: Act) -> None:
    close_up(draft, act.text("kind"))
    if act.actor.user_id is not None:
        _name(draft, act.actor.user_id)


def _unrestrict(draft: Draft, _: Act) -> None:
    draft.change(sensitive=None, readers=[])


def _name_reader(draft: Draft, act: Act) -> None:
    person = cast(int, act.args["person"])
    if person not in draft.catalogue.by_id:
        raise Refused("unknown_person", person=person)
    if person in draft.case["readers"]:
        raise Refused("reads_already", user=draft.catalogue.by_id[person].name)
    _name(draft, person)


def _report(draft: Draft, act: Act) -> None:
    draft.change(statutory_at=act.now)


def _tell_readers(draft: Draft, act: Act) -> None:
    """Its first readers hear that it is restricted, and whether the law wants a report made."""
    kind = draft.catalogue.sensitive[draft.case["sensitive"]]
    tell(draft, "restricted", act.now, unit_id=draft.catalogue.desk_id, reason=kind.name.zh if kind.report_to else None)


def _tell_named(draft: Draft, act: Act) -> None:
    person = draft.catalogue.by_id[cast(int, act.args["person"])]
    queue(draft, "named_reader", act.now, Addressee(person, "sms"), {"unit_id": person.unit_id})


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "restrict"): _restrict,
    (Thing.CASE, "unrestrict"): _unrestrict,
    (Thing.CASE, "name_reader"): _name_reader,
    (Thing.CASE, "report_statutory"): _report,
}
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "restrict"): _tell_readers,
    (Thing.CASE, "name_reader"): _tell_named,
}


def restrict_at_intake(draft: Draft, kind: str, act: Act) -> None:
    """Restrict what was just handed in because of its words, before anybody has seen it; journalled as the system's."""
    close_up(draft, kind)
    if draft.state is State.BESIDE and act.actor.user_id is not None:
        _name(draft, act.actor.user_id)  # whoever opens an affair may go on with it
    draft.enter(act.now, SYSTEM, step="collect", thing="case", action="closed_up", data={"kind": kind})
    _tell_readers(draft, act)

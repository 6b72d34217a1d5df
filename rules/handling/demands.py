"""Which clocks an affair and its parts demand, as `rules.clocks.demanded` says it of a case."""

from rules.clocks import Demand
from rules.facts import AffairFacts, PartFacts
from rules.handling.kinds import AffairKind, Timed, Whose


def demanded_by(kind: AffairKind, affair: AffairFacts, desk_unit_id: int | None) -> list[Demand]:
    """The clocks that this picture of an affair demands; those without a limit are left out by whoever starts them.

    Args:
        kind: Its kind.
        affair: The affair with its parts.
        desk_unit_id: The 网格中心 of the district.
    """
    if affair.state in kind.ends:
        return []
    own = kind.clocks.get(affair.state)  # type: ignore[call-overload]  # states are looked up by their value
    found = [] if own is None else [_demand(own, affair, None, desk_unit_id)]
    by_thing = {part.thing: part for part in kind.parts}
    for part in affair.parts:
        known = by_thing[part.thing]
        if known.during and affair.state not in known.during:
            continue
        timed = known.clocks.get(part.state)  # type: ignore[call-overload]
        if timed is not None:
            found.append(_demand(timed, affair, part, desk_unit_id))
    return found


def _demand(timed: Timed, affair: AffairFacts, part: PartFacts | None, desk_unit_id: int | None) -> Demand:
    party = part.unit_id if part is not None else None
    unit = {Whose.OWNER: affair.unit_id, Whose.PARTY: party or affair.unit_id, Whose.DESK: desk_unit_id}[timed.whose]
    return Demand(timed.kind, None, unit, affair_seq=affair.seq, part_no=part.no if part is not None else None)

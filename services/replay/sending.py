"""Where the centre of a replay sends a case: as the routing catalogue says; what that leaves open, as a centre would rule."""

from typing import Final

from rules.routing import OUTSIDE, Route, breach
from services.moves import Draft
from services.routing.finding import route_of

Arguments = dict[str, object]
#: Said with an override, which the door asks a reason for.
NO_UNIT: Final = "辖区内没有对口单位，由街道牵头"
OFF_LIST: Final = "目录指定该单位，职责清单未列，由中心裁定"


def route(draft: Draft) -> Route:
    """Where the routing catalogue sends the case."""
    return route_of(draft.catalogue, draft.case["category"], draft.case["area_unit_id"])


def by_catalogue(found: Route) -> Arguments:
    """A dispatch as the catalogue says."""
    return {"lead": found.lead, "co": found.co, "why": found.reason, "route": found.told()}


def by_centre(draft: Draft, found: Route) -> Arguments:
    """A dispatch that the centre decides.

    Whom the catalogue names although its duty list does not say so is overruled; where it names nobody, or a community that may
    not be given it, the street leads.
    """
    if found.lead is not None and found.refused is None:
        return by_catalogue(found)
    if found.lead is not None and found.refused == OUTSIDE:
        return by_catalogue(found) | {"override": True, "reason": OFF_LIST}
    return {**to_street(draft, NO_UNIT), "co": (), "route": found.told()}


def to_street(draft: Draft, reason: str, name: str = "lead") -> Arguments:
    """The street over the place, with an override where its duty list does not have the matter."""
    unit = street(draft)
    off = breach(unit, draft.case["category"], draft.catalogue.routing, draft.catalogue.units) is not None
    return {name: unit, "reason": reason, **({"override": True} if off else {})}


def street(draft: Draft) -> int:
    """The street over the place; without one the centre's own desk."""
    known = draft.catalogue
    found = next((u for u in draft.area_line if known.units[u].kind == "SUBDISTRICT"), known.desk_id)
    if found is None:
        raise LookupError("neither a street nor a desk")
    return found

"""Where the routing catalogue sends a category from a place."""

from rules.remits import Routing
from rules.routing import Route, Wanted, find_route
from services.catalogue import Catalogue


def route_of(known: Catalogue, category: str, area_unit_id: int, routing: Routing | None = None) -> Route:
    """Where a category goes from a place, and why.

    Args:
        known: The reference data.
        category: Code of a category that exists.
        area_unit_id: Unit whose area the matter lies in.
        routing: Another version than the one in force, to try it.
    """
    facts = known.categories[category]
    wanted = Wanted(facts.code, facts.kind, facts.lead, facts.co)
    return find_route(routing or known.routing, wanted, known.line(area_unit_id), known.units)

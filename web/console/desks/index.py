"""/desks: which desks somebody has, and how much waits at each."""

from fastapi import APIRouter, Request, Response

from services.desks import orders
from services.desks.queues import QUEUES
from web.access.visitor import Signed
from web.console.desks.frame import desk_page, desks_of
from web.site import Here

router = APIRouter(include_in_schema=False)


@router.get("/desks")
def desks(request: Request, who: Signed, site: Here) -> Response:
    """A card for each desk."""
    mine = desks_of(who.actor, who.known)
    with site.database.unit_of_work() as session:
        waiting = {key: len(found(session, who.actor)) for key, found in QUEUES.items() if key in mine}
        waiting["supervision"] = orders.waiting(session, who.actor)
    return desk_page(request, who, "desks/index.html", "", waiting=waiting)

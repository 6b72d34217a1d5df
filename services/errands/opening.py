"""Beginning an errand for a resident: from an item of the catalogue, with an agent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from services.affairs import Began, Plan, begin, open_on
from services.affairs.askers import requester_for
from services.catalogue import Catalogue, catalogue
from services.errands.catalogue import item_of
from services.mechanisms import require
from services.moves import Setting

HOME: Final = "home"  #: form of an errand that is done at the resident's home


@dataclass(frozen=True, slots=True)
class Wish:
    """What a resident wants done.

    Attributes:
        item: Code of the catalogue.
        phone, name: The resident's; None: an errand for nobody in particular, which the unit itself confirms.
        area: Code of the unit in whose area it is; None: that of whoever writes it down.
        unit: Code of the unit that does it; None: that of whoever writes it down, of a grid its community.
        agent: User name of the agent (代办员); None: whoever writes it down, where he or she works there.
        home: The agent comes to the resident's home.
        at: When the agent comes, aware.
        cases: Numbers of the cases that it is about.
    """

    item: str
    phone: str | None = None
    name: str | None = None
    body: str = ""
    place: str = ""
    area: str | None = None
    unit: str | None = None
    agent: str | None = None
    home: bool = False
    at: datetime | None = None
    cases: Sequence[str] = ()


def begin_errand(session: Session, wish: Wish, actor: Actor, setting: Setting) -> Began:
    """Begin an errand; its steps and papers are those of the catalogue in force now.

    Raises:
        Refused: `mechanism_off`, `unknown_errand_item`, `not_at_home`, `unknown_unit`, `unknown_user`, `bad_phone`,
            `agent_of_other_unit`, and what opening an affair says.
    """
    require(session, "errands")
    item, version = item_of(session, wish.item, setting.now)
    if wish.home and not item.home:
        raise Refused("not_at_home", item=item.zh)
    known = catalogue(session)
    unit_id = _unit(known, wish, actor)
    args: dict[str, Any] = {
        "title": item.zh,
        "item": item.code,
        "version": version,
        "limit": item.limit,
        "steps": tuple(dict(step) for step in item.steps),
        "materials": tuple(dict(paper) for paper in item.materials),
        "body": wish.body or None,
        "place": wish.place or None,
        "unit": unit_id,
        "agent": _agent(known, wish, actor, unit_id),
        "asker": requester_for(session, wish.phone, wish.name) if wish.phone else None,
        "form": HOME if wish.home else None,
        "at": wish.at.isoformat() if wish.at else None,
    }
    plan = Plan("begin_errand", args)
    return open_on(session, list(wish.cases), plan, actor, setting) if wish.cases else begin(session, plan, actor, setting, wish.area)


def _unit(known: Catalogue, wish: Wish, actor: Actor) -> int | None:
    if wish.unit is not None:
        found = known.unit_ids.get(wish.unit)
        if found is None:
            raise Refused("unknown_unit", unit=wish.unit)
        return found
    own = actor.unit_id
    if own is not None and known.units[own].kind == "GRID":
        return next((u for u in actor.unit_line if known.units[u].kind == "COMMUNITY"), own)
    return own


def _agent(known: Catalogue, wish: Wish, actor: Actor, unit_id: int | None) -> int | None:
    """The agent who is named, or whoever writes it down where that one works in the unit or below it."""
    if wish.agent is not None:
        return known.actor(wish.agent).user_id
    return actor.user_id if unit_id in actor.unit_line else None

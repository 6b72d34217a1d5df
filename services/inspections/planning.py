"""Planning an inspection: where, by whom, by which checklist. Nobody who is inspected can learn of it (services/inspections/reading.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from seeds import read
from services.affairs import Began, Plan, begin
from services.catalogue import Catalogue, catalogue
from services.moves import Setting
from wording import say

CODE: Final = "inspections"  #: the mechanism
NAME_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Checklist:
    """A checklist: its items by code, each with the category as which a problem with it is filed."""

    code: str
    zh: str
    en: str
    item: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Site:
    """One place that is looked at: the unit whose it is, and in whose area it lies."""

    place: str
    unit: str
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """An inspection that is planned.

    Attributes:
        name: What it is called once it is released.
        plan: What is looked for, and how.
        checklist: Code of a checklist.
        inspectors: User names.
        sites: Where.
        at, until: From when to when, if that is set.
    """

    name: str
    plan: str
    checklist: str
    inspectors: Sequence[str]
    sites: Sequence[Site] = field(default_factory=tuple)
    at: datetime | None = None
    until: datetime | None = None


@cache
def checklists() -> dict[str, Checklist]:
    """The checklists that there are, by code."""
    found = read("inspections.toml")["checklist"]
    return {each["code"]: Checklist(each["code"], each["zh"], each["en"], tuple(each["item"])) for each in found}


def plan(session: Session, wanted: Planned, actor: Actor, setting: Setting) -> Began:
    """Plan an inspection; until it is released it is known by its number only, and read by its own people.

    Raises:
        Refused: `mechanism_off`, `unknown_checklist`, `unknown_user`, `unknown_unit`, `unknown_area`, `inspects_own_unit`, `not_yours`,
            `title_missing`, `inspection_plan_missing`.
    """
    known = catalogue(session)
    found = checklists().get(wanted.checklist)
    if found is None:
        raise Refused("unknown_checklist", given=wanted.checklist, known=", ".join(checklists()))
    if not wanted.name.strip():
        raise Refused("title_missing")
    people = [_person(known, user) for user in wanted.inspectors]
    args = {
        "title": say("inspection.covert", "zh"),
        "name": wanted.name,
        "plan": wanted.plan,
        "inspectors": tuple(people),
        "sites": tuple(_site(known, site) for site in wanted.sites),
        "checklist": list(found.item),
        "at": wanted.at.isoformat() if wanted.at else None,
        "until": wanted.until.isoformat() if wanted.until else None,
    }
    return begin(session, Plan("plan_inspection", args), actor, setting)


def _person(known: Catalogue, user: str) -> int:
    found = known.people.get(user)
    if found is None:
        raise Refused("unknown_user", user=user)
    return found.id


def _site(known: Catalogue, site: Site) -> dict[str, Any]:
    unit = known.unit_ids.get(site.unit)
    if unit is None:
        raise Refused("unknown_unit", unit=site.unit)
    if site.area is not None and site.area not in known.areas:
        raise Refused("unknown_area", area=site.area)
    return {"place": site.place.strip()[:NAME_MAX], "unit": unit, "area": site.area}

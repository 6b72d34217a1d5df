"""Tiers of subject files, as seeds/subjects.toml says: who looks how often, what an alert raises a file to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from rules.facts import Thing
from rules.handling.subjects import LookState
from seeds import read
from services.moves.draft import Draft, Row

_KIND: Final = {"grid": "GRID", "community": "COMMUNITY", "street": "SUBDISTRICT"}
MISSED: Final = "missed"
#: States of a look that somebody has yet to make.
WAITING: Final = frozenset({LookState.DUE, LookState.MISSED})


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of one form of file.

    Attributes:
        by: Level whose unit looks.
        look: How long until the next look.
        missed: Tier that a missed look raises it to; None: none.
    """

    by: str
    look: str
    missed: int | None


@cache
def _said() -> Mapping[str, Any]:
    return read("subjects.toml")


@cache
def _tiers() -> Mapping[tuple[str, int], Tier]:
    return {(t["form"], t["tier"]): Tier(t["by"], t["look"], t.get("missed")) for t in _said()["tier"]}


def tier_of(form: str, tier: int) -> Tier:
    """What a tier of a form of file asks for."""
    return _tiers()[form, tier]


def raised_by(alert: str) -> int:
    """The tier that an alert raises a file to."""
    return int(_said()["alert"][alert])


def note_kinds() -> tuple[str, ...]:
    """Kinds of sealed note."""
    return tuple(_said()["notes"])


def visit_kinds(form: str) -> tuple[str, ...]:
    """Kinds of visit to this form of subject."""
    return tuple(_said()["visits"][form])


def looker(draft: Draft, area_unit_id: int, by: str, owner: int | None) -> int | None:
    """The unit that looks: that of the level on the line of the place, else the one whose file it is."""
    known = draft.catalogue
    return next((u for u in known.line(area_unit_id) if known.units[u].kind == _KIND[by]), owner)


def waiting_look(draft: Draft, seq: int) -> Row | None:
    """The newest look of a file that somebody has yet to make, due or missed; None: there is none."""
    return next((p for p in reversed(draft.parts_of(seq, Thing.LOOK)) if p["state"] in WAITING), None)

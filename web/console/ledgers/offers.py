"""What fields of the ledgers offer, and which moves of an affair somebody could ask for."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy.orm import Session

from rules.facts import Actor
from services.affairs.naming import action_name
from services.affairs.offering import Floor, floor, floors
from web.console.ledgers.forms import Option, Turn

Moves = set[tuple[int | None, str]]  #: part of an affair (None: itself) and move


def areas(turn: Turn, *kinds: str) -> list[Option]:
    """Units of the territory, below each other; by default streets, communities and grids."""
    wanted = kinds or ("SUBDISTRICT", "COMMUNITY", "GRID")
    present = [unit for unit in turn.known.units.values() if unit.kind in wanted and not unit.retired]
    return _named(turn, present)


def units(turn: Turn) -> list[Option]:
    """All units that work."""
    return _named(turn, [unit for unit in turn.known.units.values() if not unit.retired])


def _named(turn: Turn, present: Sequence[Any]) -> list[Option]:
    known, words = turn.known, turn.words
    paths = {unit.id: [known.units[i].code for i in reversed(known.line(unit.id))] for unit in present}
    return [(unit.code, words.unit(unit.id)[1] or unit.code) for unit in sorted(present, key=lambda each: paths[each.id])]


def people(turn: Turn) -> list[Option]:
    """Everybody who works here."""
    known, words = turn.known, turn.words
    here = [person for person in known.people.values() if person.left_at is None]
    return [(p.name, f"{words.named(p.title) or p.name} · {p.name}") for p in sorted(here, key=lambda p: (p.unit_id, p.name))]


def categories(turn: Turn) -> list[Option]:
    """All categories."""
    return [(c.code, f"{c.code} {turn.words.named(c.name)}") for c in sorted(turn.known.categories.values(), key=lambda c: c.code)]


def worded(turn: Turn, section: str, codes: Sequence[str]) -> list[Option]:
    """Codes of ours with their words."""
    return [(code, turn.words.word(section, code)) for code in codes]


def open_moves(session: Session, no: str, actor: Actor) -> Moves:
    """What this person could ask for in an affair now: the part (None: the affair itself) and the move."""
    return _open(floor(session, no, actor))


def open_moves_of(session: Session, numbers: Collection[str], actor: Actor) -> dict[str, Moves]:
    """The same of several affairs, in as many statements as for one."""
    return {no: _open(stands) for no, stands in floors(session, numbers, actor).items()}


def _open(stands: Floor) -> Moves:
    return {(offer.part, offer.action) for offer in stands.offers if offer.obstacle is None}


def affair_moves(turn: Turn, mine: Moves, thing: str, *own: str) -> list[Option]:
    """Moves of an affair itself that this person could ask for on its own page, worded; those of `own` have a form here already."""
    found = (action for part, action in mine if part is None and action not in own)
    return [(action, action_name(thing, action, turn.lang)) for action in sorted(found)]

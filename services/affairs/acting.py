"""Moves of affairs and their parts, asked for by number; and what somebody could ask for next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from rules.facts import Actor, Facts, Refused, Thing
from rules.lifecycle import may_see, moves_open_to
from services.affairs.reading import find, may_know
from services.affairs.whose import naming_whose
from services.moves import Along, Draft, Intent, Moved, Setting, make_moves, one, read_drafts


@dataclass(frozen=True, slots=True)
class Ask:
    """A move that somebody asks for: of the affair with this number, or of the part with a number within it."""

    no: str
    action: str
    part: int | None = None
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """A move that somebody could ask for; `part` is None for one of the affair itself."""

    part: int | None
    action: str


@dataclass(frozen=True, slots=True)
class Choices:
    """An affair as it stands, and what somebody could do in it now."""

    no: str
    thing: Thing
    state: str
    title: str
    choices: tuple[Choice, ...]


def act(session: Session, ask: Ask, actor: Actor, setting: Setting) -> Moved:
    """Make a move of an affair, or of one of its parts.

    Raises:
        Refused: `unknown_affair`, `unknown_part`, and what the table and the mechanism say.
        Conflict: the case file has changed meanwhile.
    """
    draft, seq, thing = _drafted(session, ask.no, actor)
    if ask.part is None:
        intent = Intent(draft.case["id"], ask.action, actor, thing, seq, ask.args)
    else:
        part = draft.parts.get(ask.part)
        if part is None or part["seq"] != seq:
            raise Refused("unknown_part", part=ask.part, affair=ask.no)
        intent = Intent(draft.case["id"], ask.action, actor, Thing(part["thing"]), ask.part, ask.args)
    with naming_whose(session, intent.case_id, seq, ask.part):
        return one(make_moves(session, [intent], setting))


def choices_of(session: Session, no: str, actor: Actor) -> Choices:
    """What this actor could ask for in an affair now, whatever it needs besides.

    Raises:
        Refused: `unknown_affair`; `restricted`, it is kept with a sensitive case that this actor may not see.
    """
    draft, seq, thing = _drafted(session, no, actor)
    if not may_see(draft.facts(affair_seq=seq), actor):
        raise Refused("restricted")
    found = [Choice(None, action) for action in _open(thing, draft.facts(affair_seq=seq), actor)]
    for part in draft.parts_of(seq):
        facts = draft.facts(part_no=part["no"])
        found += [Choice(part["no"], action) for action in _open(Thing(part["thing"]), facts, actor)]
    row = draft.affairs[seq]
    return Choices(row["no"], thing, row["state"], row["title"], tuple(found))


def _open(thing: Thing, facts: Facts, actor: Actor) -> list[str]:
    return list(dict.fromkeys(move.action for move in moves_open_to(thing, facts, actor)))


def _drafted(session: Session, no: str, actor: Actor) -> tuple[Draft, int, Thing]:
    """The case file with the affair; one that is hidden from this actor is not there.

    Raises:
        Refused: `unknown_affair`.
    """
    ref = find(session, no)
    draft = read_drafts(session, [ref.case_id], Along(affairs=[ref.case_id]), lock=False)[ref.case_id]
    if not may_know(draft.affairs[ref.seq], actor):
        raise Refused("unknown_affair", affair=no)
    return draft, ref.seq, ref.thing

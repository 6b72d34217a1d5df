"""What became of a move: the case as it stands now, whom it waits for, and what can be done next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import typer

from rules.facts import FINAL, Actor, Thing
from wording import say

if TYPE_CHECKING:
    from services.moves import Draft, Moved


@dataclass(frozen=True, slots=True)
class Done:
    """A move that was made, of what, and when; and whether an engine is there to go on."""

    moved: "Moved"
    thing: Thing
    no: int | None
    now: datetime
    engine: bool = True


#: How it is told, by what it was about.
_SENTENCES: Final[Mapping[Thing, str]] = {
    Thing.CASE: "cli.moved",
    Thing.ORDER: "cli.moved_order",
    Thing.EXTENSION: "cli.moved_extension",
    Thing.REQUEST: "cli.moved_request",
    Thing.SUPERVISION: "cli.moved_supervision",
}


def report(draft: "Draft", done: Done, actor: Actor, *, as_json: bool) -> None:
    """Print what was done, and what this person could ask for next where the engine does not go on by itself."""
    from commands.act import deadlines
    from commands.screen import errors, joined, print_json, unit_name, word
    from services.choices import ANSWERS, choices, engine_goes_on, waited_for

    action, goes_on, whose = done.moved.action, engine_goes_on(draft, done.moved.action), waited_for(draft, done.moved.action)
    following = [] if goes_on else list(dict.fromkeys(c.action for c in choices(draft, actor, done.now) if c.obstacle is None))
    due = deadlines.deadlines(draft, action, done.thing, done.no)
    if as_json:
        code = None if whose is None else draft.catalogue.units[whose].code
        found = {"no": draft.case["no"], "action": action, "state": draft.state, "version": draft.case["version"]}
        print_json({**found, "waits_for": code, "next": following, "deadlines": deadlines.as_json(due)})
        return
    state = word("state", draft.state)
    told = {"no": draft.case["no"], "order": _number(draft, done), "action": word("action", action), "state": state}
    typer.echo(say(_SENTENCES[done.thing], None, **told))
    for sentence in deadlines.in_words(draft, action, due):
        typer.echo(sentence)
    out = errors()
    if goes_on:
        out.print(say("cli.engine_next"))
        if not done.engine:
            out.print(say("cli.no_engine"))
    elif draft.state not in FINAL or done.moved.action in ANSWERS:
        out.print(say("cli.waits_for", unit=unit_name(draft.catalogue, whose) or say("cli.resident")))
    if following:
        out.print(say("cli.next_for", user=actor.name, moves=joined(f"{m} {word('action', m)}" for m in following)))


def _number(draft: "Draft", done: Done) -> object:
    """A supervision order by its own number once it has one; anything else by its number within the case."""
    row = draft.supervision.get(done.no or 0) if done.thing is Thing.SUPERVISION else None
    return (row and row["number"]) or done.no

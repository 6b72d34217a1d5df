"""Moves of affairs that commands of their own ask for: made, and shown with what can be done next."""

from collections.abc import Mapping
from typing import Any


def moved(no: str, action: str, user: str, args: Mapping[str, Any], part: int | None = None, *, as_json: bool) -> None:
    """Make a move of an affair, or of one of its parts, and show where it stands.

    Raises:
        Refused: `unknown_affair`, `unknown_part`, and what the table and the mechanism say.
    """
    from clock import utcnow
    from commands.affairs.answers import print_moved
    from commands.opening import unit_of_work
    from services.affairs.acting import Ask, act, choices_of
    from services.affairs.people import actor_of
    from services.catalogue import catalogue
    from services.moves import Setting

    given = {name: value for name, value in args.items() if value not in (None, "")}
    with unit_of_work() as session:
        actor = actor_of(session, user)
        act(session, Ask(no, action, part, given), actor, Setting(utcnow()))
    with unit_of_work() as session:
        print_moved(choices_of(session, no, actor), catalogue(session), action, as_json=as_json, part=part)

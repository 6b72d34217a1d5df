"""Who looks at which ledger: the same rules as the services', asked before a page is made."""

from typing import Final

from rules.facts import Actor, Refused
from services.points.accounts import KEEPERS
from web.console.ledgers.forms import Turn
from web.console.nav import of_ours

#: Whoever keeps the tables of an area (services/responsibility/entering.py), and administrators.
_LEADS: Final = frozenset({"head", "dispatcher", "duty_leader", "admin"})


def keeps_points(actor: Actor) -> bool:
    """Whoever opens accounts and hands out points."""
    return bool(actor.roles & KEEPERS)


def leads(actor: Actor) -> bool:
    """Whoever keeps the tables of an area."""
    return bool(actor.roles & _LEADS)


def check_ours(turn: Turn) -> None:
    """See to it that somebody of ours looks.

    Raises:
        Refused: `ledger_for_staff`.
    """
    if not of_ours(turn.actor):
        raise Refused("ledger_for_staff")

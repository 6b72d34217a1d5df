"""What the commands of the rhythm share: who asks, now, in one unit of work; and how answers are printed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Actor, Refused
from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.catalogue import Catalogue

Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
User = Annotated[str, typer.Option("--as", help=say("rhythm.as_user"))]
Viewer = Annotated[str | None, typer.Option("--as", help=say("rhythm.as_viewer"))]


@dataclass(frozen=True, slots=True)
class Asked:
    """One command under way.

    Attributes:
        actor: Who asks; None: the administrator of the machine.
    """

    session: "Session"
    known: "Catalogue"
    actor: Actor | None
    now: datetime

    @property
    def person(self) -> Actor:
        """Who asks, where somebody has to be named.

        Raises:
            Refused: `unknown_user`.
        """
        if self.actor is None:
            raise Refused("unknown_user", user="")
        return self.actor


@contextmanager
def asked(user: str | None) -> Iterator[Asked]:
    """One unit of work, now, of this person."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue

    with unit_of_work() as session:
        known = catalogue(session)
        yield Asked(session, known, known.actor(user) if user is not None else None, utcnow())


def answer(sentence: str, data: Mapping[str, Any], *, as_json: bool) -> None:
    """Say what was done, in words or as data."""
    from commands.moments import plain
    from commands.screen import print_json

    if as_json:
        print_json(plain(dict(data)))
    else:
        typer.echo(sentence)


def number_of(text: str, prefix: str) -> int:
    """A number as people copy it from a message: CP-12 or 12.

    Raises:
        Refused: `bad_number`.
    """
    plain = text.strip().upper().removeprefix(prefix)
    if not plain.isdecimal():
        raise Refused("bad_number", given=text)
    return int(plain)

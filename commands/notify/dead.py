"""`bihuan notify dead`: messages that reached nobody and that nobody tries to send any more."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.messages.lost import DeadLetter


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan notify`."""

    @group.command(help=say("notify_dead.help"))
    def dead(
        channel: Annotated[str | None, typer.Option(help=say("notify_dead.channel"))] = None,
        since: Annotated[str | None, typer.Option(help=say("notify_dead.since"))] = None,
        everything: Annotated[bool, typer.Option("--all", help=say("notify_dead.all"))] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _dead(channel, since, everything=everything, as_json=as_json)


def _dead(channel: str | None, since: str | None, *, everything: bool, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import moment, plain
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.catalogue import catalogue
    from services.messages.lost import dead_letters

    with unit_of_work() as session:
        known = catalogue(session)
        begins = None if since is None else moment(since, known.zone, utcnow())
        found = dead_letters(session, channel=channel, since=begins, everything=everything)
    if as_json:
        print_json(plain([asdict(letter) for letter in found]))
        return
    if not found:
        typer.echo(say("notify_dead.none"))
        return
    columns = ("message", "case", "notice", "channel", "to", "state", "why_lost", "tries", "queued", *(["instead"] if everything else []))
    print_table(say("notify_dead.title", n=len(found)), columns, (_row(letter, known)[: len(columns)] for letter in found), on=screen())
    typer.echo(say("notify_dead.how"))


def _row(letter: "DeadLetter", known: "Catalogue") -> tuple[object, ...]:
    from commands.screen import local, word

    state = word("delivery", letter.state)
    if letter.state == "suppressed":
        state = say("notify_dead.not_sent", reason=word("lost_short", letter.error))
    what = (letter.id, letter.no, word("notice", letter.notice), word("channel", letter.channel), letter.to, state)
    return (*what, _why(letter), letter.attempts, local(letter.queued_at, known.zone), letter.instead and word("channel", letter.instead))


def _why(letter: "DeadLetter") -> str:
    """The reason in words; what the provider itself said stands behind ours."""
    from commands.screen import joined, word

    ours = word("delivery_error", letter.error) if letter.error else ""
    if ours and ours != letter.error:
        return ours
    theirs = joined(dict.fromkeys(each for each in (letter.code, letter.error) if each and each.upper() != "OK"))
    said = word("lost_because", letter.state)
    return say("notify_dead.why", reason=said, words=theirs) if theirs else said

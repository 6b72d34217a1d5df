"""`bihuan notify status`: how each channel stands."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wording import say

if TYPE_CHECKING:
    from datetime import datetime

    from services.catalogue import Catalogue
    from services.messages.standing import Standing

#: States that are shown, each in a column of its own.
SHOWN: Final = ("accepted", "delivered", "failed_temp", "failed_perm", "unknown", "dead", "expired", "suppressed")


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan notify`."""

    @group.command(help=say("notify_status.help"))
    def status(as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False) -> None:
        _status(as_json=as_json)


def _status(*, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.channels import configured
    from services.channels.checking import promises_receipts
    from services.messages.standing import RECENT, standings
    from settings import get_settings

    now, settings = utcnow(), get_settings()
    with unit_of_work() as session:
        known, channels = catalogue(session), configured(session, settings)
        found = standings(session, channels, now, promising=promises_receipts(channels.values(), settings))
    if as_json:
        print_json([_plain(standing, now) for standing in found])
        return
    columns = (
        "channel",
        "waits",
        "under_way",
        *(f"delivery_{state}" for state in SHOWN),
        "receipt_rate",
        "breaker",
        "oldest",
        "last_taken",
    )
    rows = [(word("channel", standing.channel), *_row(standing, known, now)) for standing in found]
    print_table(say("notify_status.title", n=RECENT), columns, rows, on=screen())


def _row(standing: "Standing", known: "Catalogue", now: "datetime") -> tuple[object, ...]:
    from commands.screen import local

    waiting = sum(standing.waiting.values()) - standing.waiting.get("sending", 0)
    counts = (standing.recent.get(state, 0) for state in SHOWN)
    rate = standing.receipt_rate
    moments = (local(standing.oldest_at, known.zone), local(standing.accepted_at, known.zone))
    return (
        waiting,
        standing.waiting.get("sending", 0),
        *counts,
        rate if rate is None else f"{rate:.0%}",
        _breaker(standing, known, now),
        *moments,
    )


def _breaker(standing: "Standing", known: "Catalogue", now: "datetime") -> str:
    from commands.screen import to_the_second, word

    if standing.open_until is None:
        return say("notify_status.closed")
    said = "open" if standing.is_open(now) else "on_trial"
    return say(
        f"notify_status.{said}",
        None,
        until=to_the_second(standing.open_until, known.zone),
        reason=word("channel_trouble", standing.reason or "-"),
    )


def _plain(standing: "Standing", now: "datetime") -> dict[str, Any]:
    from commands.moments import plain

    breaker = {"open": standing.is_open(now), "failures": standing.failures, "open_until": standing.open_until, "reason": standing.reason}
    told: Any = plain(
        {
            "channel": standing.channel,
            "waiting": dict(standing.waiting),
            "recent": dict(standing.recent),
            "receipt_rate": standing.receipt_rate,
            "breaker": breaker,
            "oldest_waiting_at": standing.oldest_at,
            "due_since": standing.due_since,
            "accepted_at": standing.accepted_at,
        }
    )
    return dict(told)

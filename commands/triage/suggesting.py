"""`bihuan triage suggest` and `disagreements`: what is suggested and why, and where people decided otherwise."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.triage.suggesting import Suggestion


def suggest_for(no: str, user: str | None, *, as_json: bool) -> None:
    """Suggest categories for a case now; put on record as the engine's suggestions are."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.mechanisms import require
    from services.privacy.opening import opened_case
    from services.triage.suggesting import suggest

    with unit_of_work() as session:
        require(session, "smart_dispatch")
        case_id = opened_case(session, no, user)
        found = suggest(session, [case_id], utcnow())[case_id]
        known = catalogue(session)
    if as_json:
        print_json(asdict(found))
    else:
        _show(no, found, known)


def _show(no: str, found: "Suggestion", known: "Catalogue") -> None:
    from commands.screen import joined, name_of, print_table, screen

    rows = [
        (
            f"{each.category} {name_of(known.categories[each.category].name)}",
            None if each.probability is None else f"{each.probability:.0%}",
            joined(each.words),
            joined(each.cases),
        )
        for each in found.top
    ]
    print_table(say("triage.suggested", no=no), ("category", "probability", "speaks_for_it", "similar"), rows, on=screen())
    if not rows:
        typer.echo(say("triage.nothing_known"))
    if found.urgency:
        typer.echo(say("triage.urgent", urgency=found.urgency))
    if rows or not found.abstained:
        typer.echo(say("triage.abstains" if found.abstained else f"triage_origin.{found.origin}"))


def show_disagreements(*, as_json: bool) -> None:
    """Show where people decided otherwise than was suggested, with the counts."""
    from commands.opening import unit_of_work
    from commands.screen import joined, local, print_json, print_table, screen
    from services.catalogue import catalogue
    from services.triage.standing import disagreements, tally

    with unit_of_work() as session:
        found, counted, zone = disagreements(session), tally(session), catalogue(session).zone
    if as_json:
        print_json(asdict(counted) | {"cases": [asdict(each) | {"chosen_at": each.chosen_at.isoformat()} for each in found]})
        return
    typer.echo(say("triage.judged", **asdict(counted)))
    rows = [(d.no, d.suggested, joined(d.words), d.chosen, d.chosen_by, local(d.chosen_at, zone)) for d in found]
    columns = ("no", "suggested", "speaks_for_it", "chosen", "actor", "when")
    print_table(say("triage.different", n=len(rows)), columns, rows, on=screen())

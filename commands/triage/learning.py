"""`bihuan triage train` and `status`: learn from the decisions that people have confirmed, and see how that stands."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from wording import say

if TYPE_CHECKING:
    from services.triage.standing import Standing


def learn(user: str, *, plain: bool, as_json: bool) -> None:
    """Learn a model and let it suggest; nothing is locked meanwhile."""
    from clock import utcnow
    from commands.opening import database
    from commands.screen import errors, print_json
    from services.triage.learning import keep, lesson
    from services.triage.meaning import READY, semantic_state
    from services.triage.rules_editing import check_person
    from services.triage.storing import about
    from services.triage.training import train

    with database() as opened:
        with opened.unit_of_work() as session:
            check_person(session, user)
            known = lesson(session)
        state = semantic_state()
        if state != READY and not plain:
            errors().print(say(f"triage_semantic.{state}"))
        with errors().status(say("triage.learning", n=len(known.messages))):
            trained = train(known, semantic=state == READY and not plain)
        with opened.unit_of_work() as session:
            row = about(session, keep(session, trained, user, utcnow()))
    if as_json:
        print_json({key: value for key, value in row._mapping.items() if key != "trained_at"})
    else:
        typer.echo(_learned(dict(row._mapping)))


def _learned(row: dict[str, object]) -> str:
    values = {key: f"{row[key]:.3f}" for key in ("macro_f1", "top2")}
    return say("triage.learned", id=row["id"], n=row["samples"], kind=say(f"triage_model.{row['kind']}"), **values)


def show_standing(*, as_json: bool) -> None:
    """Show how triage stands."""
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.triage.standing import standing

    with unit_of_work() as session:
        found = standing(session)
        zone = catalogue(session).zone
    if as_json:
        model = {k: v.isoformat() if k == "trained_at" else v for k, v in found.model.items()} if found.model else None
        print_json(asdict(found) | {"model": model})
        return
    if found.model is None:
        typer.echo(say("triage.no_model"))
    else:
        typer.echo(_learned(found.model))
        typer.echo(say("triage.since", when=f"{found.model['trained_at'].astimezone(zone):%Y-%m-%d %H:%M}", user=found.model["trained_by"]))
    _rest(found)


def _rest(found: "Standing") -> None:
    if found.damaged:
        typer.echo(say("triage.damaged"))
    typer.echo(say("triage.decisions", n=found.decisions))
    typer.echo(say("triage.judged", **asdict(found.tally)))
    typer.echo(say(f"triage_semantic.{found.semantic}"))

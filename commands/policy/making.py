"""Drafting, withdrawing, confirming and publishing versions of the policy."""

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from commands.policy.looking import version_in_force
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.policies.stored import Treatment


def make_draft(file: Path, user: str, *, as_json: bool) -> None:
    """Read a file and put it into the database as a draft."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.policies.drafting import draft
    from services.policy_files import read_policy_file

    written = read_policy_file(file)
    with unit_of_work() as session:
        version = draft(session, written, file.name, user, utcnow())
    if as_json:
        print_json({"version": version, "rows": len(written.rows)})
    else:
        typer.echo(say("policy.drafted", version=version, rows=len(written.rows)))


def withdraw_draft(version: int, user: str) -> None:
    """Withdraw a draft, or a version that is not yet in force."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.policies.drafting import withdraw

    with unit_of_work() as session:
        withdraw(session, version, user, utcnow())
    typer.echo(say("policy.withdrawn", version=version))


def confirm_lines(version: int | None, user: str, lines: list[int], *, every: bool) -> None:
    """Confirm suggested values, line by line or all of them."""
    from commands.opening import unit_of_work
    from services.policies.drafting import confirm

    if not lines and not every:
        raise Refused("confirm_what")
    with unit_of_work() as session:
        number = version_in_force(session, version)
        count = confirm(session, number, user, lines)
    typer.echo(say("policy.confirmed", version=number, n=count, user=user))


@dataclass(frozen=True, slots=True)
class Publishing:
    """What somebody wants to publish, and how."""

    version: int
    user: str
    treatment: str | None
    effective: date | None
    anyway: bool
    ask: bool


def publish_draft(wanted: Publishing, *, as_json: bool) -> None:
    """Publish a draft; where nobody said what becomes of open cases, ask."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.policy import treatment_of
    from commands.screen import local, print_json
    from services.catalogue import catalogue
    from services.policies.drafting import check_person
    from services.policies.publishing import publish

    with unit_of_work() as session:
        check_person(session, wanted.user)
    chosen = treatment_of(wanted.treatment) if wanted.treatment else _asked(ask=wanted.ask)
    words = say(f"policy.treatment_{chosen.value}")
    if wanted.ask and sys.stdin.isatty() and not typer.confirm(say("policy.sure", version=wanted.version, treatment=words)):
        typer.echo(say("policy.not_published"))
        raise typer.Exit(1)
    with unit_of_work() as session:
        since = publish(session, wanted.version, wanted.user, chosen, wanted.effective, utcnow(), anyway=wanted.anyway)
        zone = catalogue(session).zone
    treated = _treat(chosen) if since <= utcnow() else None
    if as_json:
        print_json({"version": wanted.version, "effective_at": since.isoformat(), "treatment": chosen.value, "cases_treated": treated})
        return
    typer.echo(say("policy.published", version=wanted.version, since=local(since, zone), treatment=words))
    if treated:
        typer.echo(say("policy.treated", n=treated))
    elif treated is None:
        typer.echo(say("policy.later"))


def _asked(*, ask: bool) -> "Treatment":
    """What becomes of open cases, asked of whoever sits there; promises are kept where nobody does."""
    from services.policies.stored import Treatment

    if not ask or not sys.stdin.isatty():
        return Treatment.KEEP
    typer.echo(say("policy.ask"))
    for each in Treatment:
        typer.echo(f"  {each.value:10} {say(f'policy.treatment_{each.value}')}")
    while (given := str(typer.prompt(say("policy.ask_which"), default=Treatment.KEEP.value))) not in list(Treatment):
        typer.echo(say("refused.unknown_treatment", given=given, known=", ".join(Treatment)))
    return Treatment(given)


def _treat(treatment: "Treatment") -> int:
    """Apply it to the open cases at once; stopped on the way, the engine does the rest."""
    from clock import utcnow
    from commands.opening import database
    from commands.progress import bar
    from commands.screen import errors
    from services.policies.applying import apply_due, open_cases
    from services.policies.stored import Treatment

    if treatment is Treatment.KEEP:
        return 0
    done = 0
    with database() as opened, bar(say("policy.treating"), errors()) as progress:
        with opened.unit_of_work() as session:
            total = open_cases(session)
        while True:
            with opened.unit_of_work() as session:
                count = apply_due(session, utcnow())
            if count is None:
                return done
            done += count
            progress(min(done, total), total)

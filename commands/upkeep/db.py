"""`bihuan db`: bring the tables up to date, fill them, or throw everything away."""

from typing import TYPE_CHECKING, Annotated

import typer

from rules.facts import Refused
from wording import language, say

if TYPE_CHECKING:
    from collections.abc import Sequence


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("cli.db"), no_args_is_help=True)
    app.add_typer(group, name="db")

    @group.command(help=say("cli.db_upgrade"))
    def upgrade() -> None:
        _upgrade()

    @group.command(help=say("cli.db_seed"))
    def seed() -> None:
        _seed()

    @group.command(help=say("cli.db_reset"))
    def reset(yes: Annotated[bool, typer.Option("--yes", help=say("cli.yes"))] = False) -> None:
        _reset(sure=yes)


def _upgrade() -> None:
    from clock import utcnow
    from commands.opening import database
    from services import upkeep

    with database() as opened:
        before = upkeep.revision(opened.engine)
        copy = upkeep.upgrade(opened, utcnow())
        after = upkeep.revision(opened.engine)
    if copy is not None:
        typer.echo(say("cli.db_copied", path=copy))
    typer.echo(say("cli.db_current" if before == after else "cli.db_upgraded", revision=after))


def _seed() -> None:
    from commands.opening import database
    from services.seeding import demo_accounts, is_seeded, seed
    from settings import get_settings

    demo = get_settings().demo
    with database() as opened:
        with opened.unit_of_work() as session:
            there = is_seeded(session)
        with opened.unit_of_work() as session:
            seed(session, demo=demo)
        with opened.unit_of_work() as session:
            accounts = demo_accounts(session) if demo else []
    typer.echo(say("cli.db_seeded_before" if there else "cli.db_seeded"))
    _show(accounts)


def _reset(*, sure: bool) -> None:
    from clock import utcnow
    from services.upkeep import connected, refuse_while_engines_run, reset
    from settings import get_settings

    settings = get_settings()
    with connected(settings) as database:  # without keys: whoever has lost them may well start anew
        refuse_while_engines_run(database, utcnow())
        where = database.engine.url.render_as_string(hide_password=True)
    if not sure and not typer.confirm(say("cli.db_reset_sure", where=where), err=True):
        raise Refused("not_confirmed")
    accounts = reset(settings, utcnow())
    typer.echo(say("cli.db_reset_done"))
    _show(accounts)


def _show(accounts: "Sequence[tuple[str, str, str]]") -> None:
    if accounts:
        typer.echo(say("cli.db_accounts"))
    for user, zh, en in accounts:
        typer.echo(f"  {user:<20} {zh if language() == 'zh' else en}")

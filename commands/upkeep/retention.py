"""`bihuan retention`: personal data are taken out of cases that ended long ago."""

from typing import Annotated

import typer

from wording import say


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("retention.help"), no_args_is_help=True)
    app.add_typer(group, name="retention")
    group.callback()(lambda: None)  # one command now, and still named

    @group.command(help=say("retention.run"))
    def run(
        dry_run: Annotated[bool, typer.Option("--dry-run", help=say("retention.dry_run"))] = False,
        user: Annotated[str | None, typer.Option("--as", help=say("retention.as"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _run(user, dry_run=dry_run, as_json=as_json)


def _run(user: str | None, *, dry_run: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from clock import utcnow
    from commands import progress
    from commands.opening import database
    from commands.screen import errors, print_json
    from services.privacy.retention import retention_of
    from settings import get_settings

    settings = get_settings()
    with database() as opened, progress.bar(say("retention.progress"), errors()) as shown:
        retention = retention_of(opened, settings, user)
        done = retention.preview(utcnow()) if dry_run else retention.run(utcnow(), shown)
    if as_json:
        print_json(asdict(done) | {"days": settings.retention_days, "dry_run": dry_run})
    else:
        typer.echo(say(f"retention.{'would' if dry_run else 'done'}", days=settings.retention_days, **asdict(done)))

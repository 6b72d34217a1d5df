"""`bihuan policy`: time limits and ladders as versions: show, draft, compare, try, publish, confirm."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.policies.stored import Treatment

_As = Annotated[str, typer.Option("--as", help=say("policy.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_Version = Annotated[int | None, typer.Argument(help=say("policy.version"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("policy.help"), no_args_is_help=True)
    app.add_typer(group, name="policy")
    _add_looking(group)
    _add_making(group)
    _add_publishing(group)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("policy.list"))
    def list_them(as_json: _Json = False) -> None:
        from commands.policy.looking import list_versions

        list_versions(as_json=as_json)

    @group.command(help=say("policy.show"))
    def show(
        version: _Version = None,
        to: Annotated[Path | None, typer.Option(help=say("policy.to"))] = None,
        category: Annotated[str | None, typer.Option(help=say("policy.category"))] = None,
        force: Annotated[bool, typer.Option("--force", help=say("policy.force"))] = False,
        as_json: _Json = False,
    ) -> None:
        from commands.policy.looking import export_version, show_version

        if to is not None and category is not None:
            raise Refused("export_whole")
        if to is not None:
            export_version(version, to, force=force)
        else:
            show_version(version, category, as_json=as_json)

    @group.command(help=say("policy.diff"))
    def diff(first: Annotated[int, typer.Argument(help=say("policy.diff_first"))], second: _Version = None, as_json: _Json = False) -> None:
        from commands.policy.looking import show_difference

        show_difference(first, second, as_json=as_json)

    @group.command("dry-run", help=say("policy.dry_run"))
    def dry_run(
        version: Annotated[int, typer.Argument(help=say("policy.version_needed"))],
        treatment: Annotated[str, typer.Option(help=say("policy.try_treatment"))] = "reproject",
        history: Annotated[int, typer.Option(min=0, max=3660, help=say("policy.history"))] = 90,
        as_json: _Json = False,
    ) -> None:
        from commands.policy.trying import try_version

        try_version(version, treatment_of(treatment), history, as_json=as_json)


def _add_making(group: typer.Typer) -> None:
    @group.command(help=say("policy.draft"))
    def draft(file: Annotated[Path, typer.Argument(help=say("policy.file"))], user: _As, as_json: _Json = False) -> None:
        from commands.policy.making import make_draft

        make_draft(file, user, as_json=as_json)

    @group.command(help=say("policy.withdraw"))
    def withdraw(version: Annotated[int, typer.Argument(help=say("policy.version_needed"))], user: _As) -> None:
        from commands.policy.making import withdraw_draft

        withdraw_draft(version, user)

    @group.command(help=say("policy.confirm"))
    def confirm(
        version: _Version = None,
        user: Annotated[str, typer.Option("--as", help=say("policy.as"))] = "admin",
        line: Annotated[list[int] | None, typer.Option(help=say("policy.line"))] = None,
        every: Annotated[bool, typer.Option("--all", help=say("policy.all"))] = False,
    ) -> None:
        from commands.policy.making import confirm_lines

        confirm_lines(version, user, line or [], every=every)


def _add_publishing(group: typer.Typer) -> None:
    @group.command(help=say("policy.publish"))
    def publish(
        version: Annotated[int, typer.Argument(help=say("policy.version_needed"))],
        user: _As,
        treatment: Annotated[str | None, typer.Option(help=say("policy.treatment"))] = None,
        effective: Annotated[str | None, typer.Option(help=say("policy.effective"))] = None,
        anyway: Annotated[bool, typer.Option("--anyway", help=say("policy.anyway"))] = False,
        yes: Annotated[bool, typer.Option("--yes", help=say("policy.yes"))] = False,
        as_json: _Json = False,
    ) -> None:
        from commands.policy.making import Publishing, publish_draft

        publish_draft(Publishing(version, user, treatment, day_of(effective), anyway=anyway, ask=not yes), as_json=as_json)


def treatment_of(text: str) -> "Treatment":
    """What becomes of open cases, as it is written on the command line.

    Raises:
        Refused: `unknown_treatment`.
    """
    from services.policies.stored import Treatment

    if text not in list(Treatment):
        raise Refused("unknown_treatment", given=text, known=", ".join(Treatment))
    return Treatment(text)


def day_of(text: str | None) -> date | None:
    """A day as it is written on the command line.

    Raises:
        Refused: `bad_day`.
    """
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise Refused("bad_day", given=text) from None

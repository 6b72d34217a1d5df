"""`bihuan notify template`: the words of notices in versions: drafted, published, approved by gateways."""

from pathlib import Path
from typing import Annotated

import typer

from wording import say

_As = Annotated[str, typer.Option("--as", help=say("template.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_Notice = Annotated[str, typer.Argument(help=say("template.notice"))]
_Medium = Annotated[str, typer.Option(help=say("template.medium"))]
_Version = Annotated[int, typer.Argument(help=say("template.version"))]


def add(group: typer.Typer) -> None:
    """Add the commands to `bihuan notify`."""
    template = typer.Typer(help=say("template.help"), no_args_is_help=True)
    group.add_typer(template, name="template")
    _add_looking(template)
    _add_writing(template)
    _add_deciding(template)
    _add_gateways(template)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("template.list"))
    def list_them(
        everything: Annotated[bool, typer.Option("--all", help=say("template.all"))] = False,
        as_json: _Json = False,
    ) -> None:
        from commands.notify.template_looking import list_changed, list_notices

        (list_notices if everything else list_changed)(as_json=as_json)

    @group.command(help=say("template.show"))
    def show(
        notice: _Notice,
        medium: _Medium = "sms",
        version: Annotated[int | None, typer.Option(help=say("template.version"))] = None,
        channel: Annotated[str | None, typer.Option(help=say("template.channel"))] = None,
        to: Annotated[Path | None, typer.Option(help=say("template.to"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.notify.template_looking import show_words, write_words

        if to is not None:
            write_words(notice, medium, version, to)
        else:
            show_words(notice, medium, version, channel, as_json=as_json)


def _add_writing(group: typer.Typer) -> None:
    @group.command(help=say("template.draft"))
    def draft(
        notice: _Notice,
        file: Annotated[Path, typer.Argument(help=say("template.file"), allow_dash=True)],
        user: _As,
        medium: _Medium = "sms",
        note: Annotated[str, typer.Option(help=say("template.note"))] = "",
        as_json: _Json = False,
    ) -> None:
        from commands.notify.template_making import make_draft

        make_draft(notice, medium, file, user, note, as_json=as_json)

    @group.command(help=say("template.propose"))
    def propose(
        notice: _Notice,
        version: _Version,
        user: _As,
        medium: _Medium = "sms",
        case: Annotated[str | None, typer.Option(help=say("template.case"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.notify.template_making import propose_draft

        propose_draft(notice, medium, version, user, case, as_json=as_json)


def _add_deciding(group: typer.Typer) -> None:
    @group.command(help=say("template.publish"))
    def publish(notice: _Notice, version: _Version, user: _As, medium: _Medium = "sms", as_json: _Json = False) -> None:
        from commands.notify.template_making import publish_version

        publish_version(notice, medium, version, user, as_json=as_json)

    @group.command(help=say("template.refuse"))
    def refuse(
        notice: _Notice,
        version: _Version,
        user: _As,
        note: Annotated[str, typer.Option(help=say("template.note"))],
        medium: _Medium = "sms",
        as_json: _Json = False,
    ) -> None:
        from commands.notify.template_making import refuse_version

        refuse_version(notice, medium, version, user, note, as_json=as_json)

    @group.command(help=say("template.retire"))
    def retire(notice: _Notice, version: _Version, user: _As, medium: _Medium = "sms", as_json: _Json = False) -> None:
        from commands.notify.template_making import retire_version

        retire_version(notice, medium, version, user, as_json=as_json)


def _add_gateways(group: typer.Typer) -> None:
    @group.command(help=say("template.provider"))
    def provider(
        notice: _Notice,
        version: _Version,
        user: _As,
        channel: Annotated[str, typer.Option(help=say("template.channel"))],
        code: Annotated[str, typer.Option(help=say("template.code"))],
        state: Annotated[str | None, typer.Option(help=say("template.state"))] = None,
        reason: Annotated[str, typer.Option(help=say("template.reason"))] = "",
        as_json: _Json = False,
    ) -> None:
        from commands.notify.template_rulings import record
        from services.templates.recording import Decision

        record(notice, version, Decision(channel, code, state or "", reason), user, as_json=as_json)

    @group.command(help=say("template.refresh"))
    def refresh(user: _As, as_json: _Json = False) -> None:
        from commands.notify.template_rulings import refresh_decisions

        refresh_decisions(user, as_json=as_json)

"""`bihuan notify preview`: how a notice speaks of a real case; nothing is sent."""

from typing import TYPE_CHECKING, Annotated

import typer

from wording import language, say

if TYPE_CHECKING:
    from services.templates.previewing import Occasion, Preview
    from services.templates.stored import Which


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan notify`."""

    @group.command(help=say("preview.help"))
    def preview(
        notice: Annotated[str, typer.Argument(help=say("template.notice"))],
        case: Annotated[str | None, typer.Option(help=say("template.case"))] = None,
        medium: Annotated[str, typer.Option(help=say("template.medium"))] = "sms",
        version: Annotated[int | None, typer.Option(help=say("template.version"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _preview(notice, case, medium, version, as_json=as_json)


def occasion(case: str | None) -> "Occasion":
    """What words are tried on: a case, and how this installation speaks, in the language of this process."""
    from services.deliveries import Setup, Voice
    from services.templates.previewing import Occasion
    from settings import get_settings

    settings = get_settings()
    return Occasion(Setup(Voice(language(), settings.sms_sign), {}, settings.public_url), case)


def _preview(notice: str, case: str | None, medium: str, version: int | None, *, as_json: bool) -> None:
    from dataclasses import asdict

    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.templates.previewing import preview
    from services.templates.stored import Which

    which = Which.of(notice, medium, language())
    with unit_of_work() as session:
        found = preview(session, which, occasion(case), version)
    if as_json:
        print_json({"notice": notice, "medium": medium, "lang": which.lang, **asdict(found)})
        return
    _show(which, found)


def _show(which: "Which", found: "Preview") -> None:
    typer.echo(say("preview.head", notice=which.notice, medium=which.medium, in_lang=which.lang, version=found.version, no=found.no))
    if found.subject:
        typer.echo(say("preview.subject", subject=found.subject))
    typer.echo(f"\n{found.text}\n")
    if found.segments is not None:
        typer.echo(say("preview.segments", n=found.segments, worst=found.worst, units=found.longest))
    if found.refused_words:
        typer.echo(say("preview.refused_words", words=" ".join(found.refused_words)))

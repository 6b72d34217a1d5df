"""`bihuan route`: the routing catalogue as versions: show, try, explain, draft, learn from a ruling, publish."""

from pathlib import Path
from typing import Annotated

import typer

from wording import say

_As = Annotated[str, typer.Option("--as", help=say("route.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_Version = Annotated[int | None, typer.Argument(help=say("route.version"))]
_Needed = Annotated[int, typer.Argument(help=say("route.version_needed"))]
_No = Annotated[str, typer.Argument(help=say("cli.no"))]
_Area = Annotated[str | None, typer.Option(help=say("route.area"))]
_Owner = Annotated[str | None, typer.Option(help=say("route.owner"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("route.help"), no_args_is_help=True)
    app.add_typer(group, name="route")
    _add_looking(group)
    _add_asking(group)
    _add_making(group)
    _add_publishing(group)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("route.list"))
    def list_them(as_json: _Json = False) -> None:
        from commands.route.looking import list_versions

        list_versions(as_json=as_json)

    @group.command(help=say("route.show"))
    def show(
        version: _Version = None,
        as_toml: Annotated[bool, typer.Option("--toml", help=say("route.toml"))] = False,
        as_json: _Json = False,
    ) -> None:
        from commands.route.looking import print_toml, show_version

        if as_toml:
            print_toml(version)
        else:
            show_version(version, as_json=as_json)

    @group.command(help=say("route.diff"))
    def diff(first: _Needed, second: _Version = None, as_json: _Json = False) -> None:
        from commands.route.looking import show_difference

        show_difference(first, second, as_json=as_json)


def _add_asking(group: typer.Typer) -> None:
    @group.command("try", help=say("route.try"))
    def try_it(
        category: Annotated[str, typer.Option(help=say("route.category"))],
        area: Annotated[str, typer.Option(help=say("route.area"))],
        version: Annotated[int | None, typer.Option(help=say("route.version"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.route.asking import try_category

        try_category(category, area, version, as_json=as_json)

    @group.command(help=say("route.explain"))
    def explain(no: _No, as_json: _Json = False) -> None:
        from commands.route.asking import explain_case

        explain_case(no, as_json=as_json)


def _add_making(group: typer.Typer) -> None:
    @group.command(help=say("route.draft"))
    def draft(user: _As, file: Annotated[Path | None, typer.Argument(help=say("route.file"))] = None, as_json: _Json = False) -> None:
        from commands.route.making import make_draft

        make_draft(file, user, as_json=as_json)

    @group.command("add", help=say("route.add"))
    def add_row(
        version: _Needed,
        user: _As,
        category: Annotated[str, typer.Option(help=say("route.category"))],
        lead: Annotated[str, typer.Option(help=say("route.lead"))],
        area: _Area = None,
        owner: _Owner = None,
        co: Annotated[list[str] | None, typer.Option(help=say("route.co"))] = None,
        basis: Annotated[str, typer.Option(help=say("route.basis_given"))] = "",
        as_json: _Json = False,
    ) -> None:
        from commands.route.making import Written, write_row

        write_row(Written(version, category, area, owner, lead, tuple(co or ()), basis), user, as_json=as_json)

    @group.command(help=say("route.drop"))
    def drop(version: _Needed, line: Annotated[int, typer.Argument(help=say("route.line"))], user: _As) -> None:
        from commands.route.making import drop_line

        drop_line(version, line, user)

    @group.command(help=say("route.learn"))
    def learn(
        no: _No,
        user: _As,
        into: Annotated[int | None, typer.Option(help=say("route.into"))] = None,
        area: _Area = None,
        owner: _Owner = None,
        as_json: _Json = False,
    ) -> None:
        from commands.route.making import learn_from
        from services.routing.learning import As

        learn_from(no, user, As(into, area, owner), as_json=as_json)


def _add_publishing(group: typer.Typer) -> None:
    @group.command(help=say("route.publish"))
    def publish(
        version: _Needed,
        user: _As,
        anyway: Annotated[bool, typer.Option("--anyway", help=say("route.anyway"))] = False,
        as_json: _Json = False,
    ) -> None:
        from commands.route.making import publish_draft

        publish_draft(version, user, anyway=anyway, as_json=as_json)

    @group.command(help=say("route.withdraw"))
    def withdraw(version: _Needed, user: _As) -> None:
        from commands.route.making import withdraw_draft

        withdraw_draft(version, user)

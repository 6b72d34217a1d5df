"""`bihuan case`: look at one case, list cases, let a set-aside case be tried again."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands import why
from commands.show import show_choices
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.reading import Wanted


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("cli.case"), no_args_is_help=True)
    app.add_typer(group, name="case")

    @group.command(help=say("cli.case_show"))
    def show(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        user: Annotated[str | None, typer.Option("--as", help=say("cli.case_show_as"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        if user is None:
            _show(no, as_json=as_json)
        else:
            show_choices(no, user, as_json=as_json)

    @group.command("list", help=say("cli.case_list"))
    def list_them(
        state: Annotated[str | None, typer.Option(help=say("cli.list_state"))] = None,
        urgency: Annotated[str | None, typer.Option(help=say("cli.list_urgency"))] = None,
        unit: Annotated[str | None, typer.Option(help=say("cli.list_unit"))] = None,
        every: Annotated[bool, typer.Option("--all", help=say("cli.list_all"))] = False,
        limit: Annotated[int, typer.Option(min=1, max=100_000, help=say("cli.list_limit"))] = 50,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.reading import Wanted

        _list(Wanted(state, urgency, unit, open_only=state is None and not every), limit, as_json=as_json)

    @group.command(help=say("cli.case_retry"))
    def retry(no: Annotated[str, typer.Argument(help=say("cli.no"))]) -> None:
        _retry(no)

    why.add(group)


def _show(no: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from commands.story import print_story
    from services.milestones import as_json as stages_told
    from services.milestones import milestones
    from services.reading import as_json as told
    from services.reading import read_case

    now = utcnow()
    with unit_of_work() as session:
        story = read_case(session, no)
    if as_json:
        print_json(told(story, now) | {"stages": stages_told(milestones(story), story)})
    else:
        print_story(story, now)


def _list(wanted: "Wanted", limit: int, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from commands.story import print_list
    from services.catalogue import catalogue
    from services.reading import list_cases, listed_json

    now = utcnow()
    with unit_of_work() as session:
        known = catalogue(session)
        found = list_cases(session, wanted, limit)
    if as_json:
        print_json([listed_json(each, known, now) for each in found])
    else:
        print_list(found, known, now)


def _retry(no: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.reading import case_id_of
    from services.set_aside import retry_now

    with unit_of_work() as session:
        if not retry_now(session, case_id_of(session, no), utcnow()):
            raise Refused("nothing_set_aside", case=no)
    typer.echo(say("cli.retried", no=no))

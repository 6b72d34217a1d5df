"""`bihuan case`: look at one case, list cases, let a set-aside case be tried again."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.cases import held, why
from commands.cases.show import plain_moves, print_moves
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from datetime import datetime

    from services.due_list import Wanted
    from services.privacy.showing import Shown


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("cli.case"), no_args_is_help=True)
    app.add_typer(group, name="case")

    @group.command(help=say("cli.case_show"))
    def show(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        user: Annotated[str | None, typer.Option("--as", help=say("privacy.show_as"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _show(no, user, as_json=as_json)

    @group.command(help=say("cli.case_retry"))
    def retry(no: Annotated[str, typer.Argument(help=say("cli.no"))]) -> None:
        _retry(no)

    _add_list(group)
    why.add(group)
    held.add(group)


def _add_list(group: typer.Typer) -> None:
    @group.command("list", help=say("cli.case_list"))
    def list_them(
        state: Annotated[str | None, typer.Option(help=say("cli.list_state"))] = None,
        urgency: Annotated[str | None, typer.Option(help=say("cli.list_urgency"))] = None,
        unit: Annotated[str | None, typer.Option(help=say("cli.list_unit"))] = None,
        every: Annotated[bool, typer.Option("--all", help=say("cli.list_all"))] = False,
        user: Annotated[str | None, typer.Option("--as", help=say("privacy.list_as"))] = None,
        mine: Annotated[bool, typer.Option("--mine", help=say("cli.list_mine"))] = False,
        limit: Annotated[int, typer.Option(min=1, max=100_000, help=say("cli.list_limit"))] = 50,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.due_list import Wanted

        _list(Wanted(state, urgency, unit, open_only=state is None and not every, mine=mine), limit, user, as_json=as_json)


def _show(no: str, user: str | None, *, as_json: bool) -> None:
    """One case as somebody sees it, with what he could do; without a person as the machine's administrator may see it."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.choices import actor_of, choices, drafted
    from services.privacy.showing import shown
    from services.reading import case_id_of

    now = utcnow()
    with unit_of_work() as session:
        draft = drafted(session, case_id_of(session, no)) if user is not None else None
        viewer = actor_of(user, draft) if user is not None and draft is not None else None
        found = shown(session, no, viewer, now)
        open_to = list(choices(draft, viewer, now)) if draft is not None and viewer is not None and found.seen.opened else []
    number = str(found.story.case["no"])
    if as_json and user is None:
        print_json(_plain(found, now))
    elif as_json:
        state = str(found.story.state) if found.seen.opened else None
        print_json({"no": number, "state": state, "user": user, "moves": plain_moves(open_to), "case": _plain(found, now)})
    elif not found.seen.opened:
        typer.echo(say("privacy.closed", no=number))
    else:
        _print(found, now)
        if user is not None:
            print_moves(number, str(found.story.state), user, open_to)


def _plain(found: "Shown", now: "datetime") -> dict[str, Any]:
    """The case as plain data; of a sensitive one that may not be seen its number."""
    from services.milestones import as_json as stages_told
    from services.milestones import milestones
    from services.reading import as_json as told

    if not found.seen.opened:
        return {"no": found.story.case["no"], "sensitive": True}
    stages = stages_told(milestones(found.story), found.story)
    return told(found.story, now) | {"contacts": [dict(each) for each in found.contacts], "stages": stages}


def _print(found: "Shown", now: "datetime") -> None:
    from commands.cases.story import print_story
    from commands.screen import print_table, screen

    print_story(found.story, now)
    rows = [(each["name"], each["phone"]) for each in found.contacts]
    print_table(say("privacy.contacts"), ("person_name", "phone"), rows, on=screen())


def _list(wanted: "Wanted", limit: int, user: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.cases.story import print_list
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.due_list import list_cases, listed_json

    now = utcnow()
    with unit_of_work() as session:
        known = catalogue(session)
        found = list_cases(session, wanted, limit, None if user is None else known.actor(user), now)
    if as_json:
        print_json([listed_json(each, known, now) for each in found])
    else:
        print_list(found, known, now, orders=wanted.mine)


def _retry(no: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.engine.set_aside import retry_now
    from services.reading import case_id_of

    with unit_of_work() as session:
        if not retry_now(session, case_id_of(session, no), utcnow()):
            raise Refused("nothing_set_aside", case=no)
    typer.echo(say("cli.retried", no=no))

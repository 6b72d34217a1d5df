"""`bihuan affair`: affairs beside the loop (whistles, pools, meetings, files, …): find one, read it, make a move of it."""

import json
from typing import Annotated, Any

import typer

from wording import say

_No = Annotated[str, typer.Argument(help=say("affairs.no"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_Reader = Annotated[str | None, typer.Option("--as", help=say("affairs.reader"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("affairs.help"), no_args_is_help=True)
    app.add_typer(group, name="affair")

    @group.command("list", help=say("affairs.list"))
    def list_them(
        kind: Annotated[str | None, typer.Option(help=say("affairs.kind"))] = None,
        open_only: Annotated[bool, typer.Option("--open", help=say("affairs.open"))] = False,
        unit: Annotated[str | None, typer.Option(help=say("affairs.unit"))] = None,
        user: _Reader = None,
        mine: Annotated[bool, typer.Option("--mine", help=say("affairs.mine"))] = False,
        limit: Annotated[int, typer.Option(min=1, max=1000, help=say("affairs.limit"))] = 50,
        as_json: _Json = False,
    ) -> None:
        from rules.facts import Refused

        if mine and user is None:
            raise Refused("mine_of_whom")
        _list(kind, unit, limit, user if mine else None, open_only=open_only, as_json=as_json)

    @group.command(help=say("affairs.show"))
    def show(
        no: _No,
        user: _Reader = None,
        messages: Annotated[bool, typer.Option("--messages", help=say("affairs.with_messages"))] = False,
        as_json: _Json = False,
    ) -> None:
        _show(no, user, messages=messages, as_json=as_json)

    @group.command("messages", help=say("affairs.messages"))
    def told(no: _No, user: _Reader = None, as_json: _Json = False) -> None:
        _messages(no, user, as_json=as_json)

    @group.command(help=say("affairs.act"))
    def act(
        no: _No,
        action: Annotated[str, typer.Argument(help=say("affairs.action"))],
        user: Annotated[str, typer.Option("--as", help=say("affairs.as_user"))],
        part: Annotated[int | None, typer.Option(help=say("affairs.part"))] = None,
        reason: Annotated[str | None, typer.Option(help=say("affairs.reason"))] = None,
        result: Annotated[str | None, typer.Option(help=say("affairs.result"))] = None,
        given: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help=say("affairs.set"))] = None,
        as_json: _Json = False,
    ) -> None:
        said = {name: text for name, text in (("reason", reason), ("result", result)) if text is not None}
        _act(no, action.replace("-", "_"), user, part, said | read_values(given or []), as_json=as_json)


def read_values(given: list[str]) -> dict[str, Any]:
    """What was written as NAME=VALUE; a value that is JSON (a number, true, a list) is taken as that, anything else as text.

    A moment is local unless it names its zone.

    Raises:
        Refused: `value_unreadable`, `bad_local_moment`.
    """
    from commands.moments import in_values
    from rules.facts import Refused

    found: dict[str, Any] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name.strip():
            raise Refused("value_unreadable", given=each)
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        found[name.strip()] = tuple(value) if isinstance(value, list) else value
    return in_values(found)


def _list(kind: str | None, unit: str | None, limit: int, mine: str | None, *, open_only: bool, as_json: bool) -> None:
    from commands.affairs.screen import print_lines
    from commands.opening import unit_of_work
    from commands.screen import word
    from rules.facts import Refused, Thing
    from rules.handling import AFFAIRS
    from services.affairs import affairs
    from services.affairs.people import actor_of
    from services.catalogue import catalogue

    kind = next((thing.value for thing in AFFAIRS if kind in (thing.value, word("affair", thing))), kind)
    if kind is not None and kind not in {thing.value for thing in AFFAIRS}:
        raise Refused("unknown_affair_kind", given=kind, known=", ".join(thing.value for thing in AFFAIRS))
    with unit_of_work() as session:
        known = catalogue(session)
        if unit is not None and unit not in known.unit_ids:
            raise Refused("unknown_unit", unit=unit)
        things = (Thing(kind),) if kind else ()
        whose, only = actor_of(session, mine) if mine else None, known.unit_ids[unit] if unit else None
        found = affairs(session, things, open_only=open_only, unit_id=only, mine=whose, limit=limit)
    print_lines(found, known, as_json=as_json)


def _show(no: str, user: str | None, *, messages: bool, as_json: bool) -> None:
    from commands.affairs.screen import print_sheet
    from commands.opening import unit_of_work
    from services.affairs.messages import messages_of
    from services.affairs.people import actor_of
    from services.affairs.reading import opened_affair
    from services.catalogue import catalogue

    with unit_of_work() as session:
        known, reader = catalogue(session), actor_of(session, user) if user else None
        found = opened_affair(session, no, reader)
        told = messages_of(session, no, reader) if messages else None
    print_sheet(found, known, told, as_json=as_json)


def _messages(no: str, user: str | None, *, as_json: bool) -> None:
    from commands.affairs.screen import print_told
    from commands.opening import unit_of_work
    from services.affairs.messages import messages_of
    from services.affairs.people import actor_of
    from services.catalogue import catalogue

    with unit_of_work() as session:
        known, found = catalogue(session), messages_of(session, no, actor_of(session, user) if user else None)
    print_told(found, known, as_json=as_json)


def _act(no: str, action: str, user: str, part: int | None, given: dict[str, Any], *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_moved
    from commands.opening import unit_of_work
    from services.affairs.acting import Ask, act, choices_of
    from services.affairs.people import actor_of
    from services.catalogue import catalogue
    from services.moves import Setting

    now = utcnow()
    with unit_of_work() as session:
        actor = actor_of(session, user)
        act(session, Ask(no, action, part, given), actor, Setting(now))
    with unit_of_work() as session:
        print_moved(choices_of(session, no, actor), catalogue(session), action, as_json=as_json)

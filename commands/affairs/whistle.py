"""`bihuan whistle`: a community or a street summons several units to a place (吹哨–报到)."""

from typing import Annotated

import typer

from wording import say

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("whistle.help"), no_args_is_help=True)
    app.add_typer(group, name="whistle")

    @group.command(help=say("whistle.blow"))
    def blow(
        title: Annotated[str, typer.Argument(help=say("whistle.title"))],
        user: Annotated[str, typer.Option("--as", help=say("affairs.as_user"))],
        call: Annotated[list[str], typer.Option(help=say("whistle.call"))],
        case: Annotated[list[str] | None, typer.Option(help=say("whistle.case"))] = None,
        place: Annotated[str, typer.Option(help=say("whistle.place"))] = "",
        at: Annotated[str | None, typer.Option(help=say("whistle.at"))] = None,
        limit: Annotated[str | None, typer.Option(help=say("whistle.limit"))] = None,
        as_json: _Json = False,
    ) -> None:
        from commands.moments import limit as read_limit
        from commands.moments import written

        about = {"place": place, "at": written(at), "limit": read_limit(limit)}
        _blow(title, user, call, case or [], about, as_json=as_json)

    @group.command("report-in", help=say("whistle.report_in"))
    def report_in(
        no: Annotated[str, typer.Argument(help=say("affairs.no"))],
        user: Annotated[str, typer.Option("--as", help=say("affairs.as_user"))],
        way: Annotated[str, typer.Option(help=say("whistle.way"))] = "on_site",
        words: Annotated[str, typer.Option(help=say("whistle.words"))] = "",
        as_json: _Json = False,
    ) -> None:
        _report_in(no, user, way, words, as_json=as_json)


def _blow(title: str, user: str, call: list[str], cases: list[str], more: dict[str, str | None], *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_began
    from commands.opening import unit_of_work
    from rules.facts import Refused
    from services.affairs import Plan, begin, open_on
    from services.catalogue import catalogue
    from services.moves import Setting

    setting = Setting(utcnow())
    with unit_of_work() as session:
        known = catalogue(session)
        unknown = [code for code in call if code not in known.unit_ids]
        if unknown:
            raise Refused("unknown_unit", unit=unknown[0])
        plan = Plan("whistle", {"title": title, "called": tuple(known.unit_ids[code] for code in call), **more})
        actor = known.actor(user)
        began = open_on(session, cases, plan, actor, setting) if cases else begin(session, plan, actor, setting)
    print_began(began.no, "whistle", title, as_json=as_json)


def _report_in(no: str, user: str, way: str, words: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_moved
    from commands.opening import unit_of_work
    from rules.facts import Refused, Thing
    from rules.handling.whistle import CallState
    from services.affairs import find, sheet
    from services.affairs.acting import Ask, act, choices_of
    from services.catalogue import catalogue
    from services.moves import Setting

    with unit_of_work() as session:
        known = catalogue(session)
        actor = known.actor(user)
        find(session, no, Thing.WHISTLE)
        calls = [p for p in sheet(session, no).parts if p["unit_id"] in actor.body]
        own = next((p["no"] for p in sorted(calls, key=lambda p: p["state"] == CallState.JOINED.value)), None)
        if own is None:
            raise Refused("not_called", affair=no)
        act(session, Ask(no, "report_in", own, {"way": way, "words": words}), actor, Setting(utcnow()))
    with unit_of_work() as session:
        print_moved(choices_of(session, no, actor), known, "report_in", as_json=as_json)

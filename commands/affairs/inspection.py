"""`bihuan inspection`: inspections that nobody is told of (四不两直), handed out on the spot, looked at again by somebody else."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.affairs import inspection_screen
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.inspections import Found, HandedOut

_User = Annotated[str, typer.Option("--as", help=say("inspection.as_user"))]
_No = Annotated[str, typer.Argument(help=say("inspection.no"))]
_Part = Annotated[int, typer.Argument(help=say("inspection.part"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_Result = Annotated[str, typer.Option(help=say("inspection.result"))]
_Reason = Annotated[str, typer.Option(help=say("inspection.reason"))]
_After = Annotated[list[str] | None, typer.Option(help=say("inspection.after"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("inspection.help"), no_args_is_help=True)
    app.add_typer(group, name="inspection")
    _add_looking(group)
    _add_planning(group)
    _add_finding(group)
    _add_correcting(group)
    _add_ending(group)


def _add_looking(group: typer.Typer) -> None:
    @group.command("checklists", help=say("inspection.checklists"))
    def lists(as_json: _Json = False) -> None:
        inspection_screen.checklists(as_json=as_json)

    @group.command("list", help=say("inspection.list"))
    def list_them(user: _User, as_json: _Json = False) -> None:
        inspection_screen.list_them(user, as_json=as_json)

    @group.command(help=say("inspection.show"))
    def show(no: _No, user: _User, as_json: _Json = False) -> None:
        inspection_screen.show(no, user, as_json=as_json)


def _add_planning(group: typer.Typer) -> None:
    @group.command(help=say("inspection.plan"))
    def plan(
        user: _User,
        name: Annotated[str, typer.Option(help=say("inspection.name"))],
        inspector: Annotated[list[str], typer.Option(help=say("inspection.inspector"))],
        site: Annotated[list[str], typer.Option(help=say("inspection.site"))],
        checklist: Annotated[str, typer.Option(help=say("inspection.checklist"))] = "streets",
        text: Annotated[str, typer.Option(help=say("inspection.text"))] = "",
        at: Annotated[str | None, typer.Option(help=say("inspection.at"))] = None,
    ) -> None:
        _plan(user, name, inspector, site, checklist, text, at)

    @group.command(help=say("inspection.begin"))
    def begin(no: _No, user: _User) -> None:
        _move(no, user, "begin_inspection", None, "inspection.begun")


def _add_finding(group: typer.Typer) -> None:
    @group.command(help=say("inspection.find"))
    def find(
        no: _No,
        user: _User,
        problem: Annotated[str, typer.Option(help=say("inspection.problem"))],
        place: Annotated[str, typer.Option(help=say("inspection.place"))],
        unit: Annotated[str, typer.Option(help=say("inspection.unit"))],
        item: Annotated[str, typer.Option(help=say("inspection.item"))] = "",
        due: Annotated[str, typer.Option(help=say("inspection.due"))] = "",
        area: Annotated[str | None, typer.Option(help=say("inspection.area"))] = None,
        quantity: Annotated[int | None, typer.Option(help=say("inspection.quantity"))] = None,
        measure: Annotated[str, typer.Option(help=say("inspection.measure"))] = "",
        case: Annotated[str | None, typer.Option(help=say("inspection.case"))] = None,
        how: Annotated[str, typer.Option(help=say("inspection.how"))] = "case",
        before: Annotated[list[str] | None, typer.Option(help=say("inspection.before"))] = None,
    ) -> None:
        from commands.moments import limit
        from services.inspections import Found

        _find(no, user, Found(problem, place, unit, item, limit(due) or "", area, quantity, measure, case, how, tuple(before or ())))

    @group.command("hand-out", help=say("inspection.hand_out"))
    def hand_out(
        no: _No,
        part: _Part,
        user: _User,
        due: Annotated[str, typer.Option(help=say("inspection.due"))],
        area: Annotated[str | None, typer.Option(help=say("inspection.area"))] = None,
        case: Annotated[str | None, typer.Option(help=say("inspection.case"))] = None,
        how: Annotated[str, typer.Option(help=say("inspection.how"))] = "case",
    ) -> None:
        _hand_out(no, part, user, due, area, case, how)


def _add_correcting(group: typer.Typer) -> None:
    @group.command("on-spot", help=say("inspection.spot"))
    def on_spot(no: _No, part: _Part, user: _User, result: _Result, after: _After = None) -> None:
        _move(no, user, "correct_on_spot", part, None, result=result, after=tuple(after or ()))

    @group.command("corrected", help=say("inspection.corrected"))
    def corrected(no: _No, part: _Part, user: _User, result: _Result, after: _After = None) -> None:
        _move(no, user, "report_corrected", part, None, result=result, after=tuple(after or ()))

    @group.command(help=say("inspection.recheck"))
    def recheck(
        no: _No,
        part: _Part,
        user: _User,
        passed: Annotated[str | None, typer.Option(help=say("inspection.passed"))] = None,
        reason: Annotated[str | None, typer.Option(help=say("inspection.reason"))] = None,
        due: Annotated[str | None, typer.Option(help=say("inspection.due"))] = None,
    ) -> None:
        from commands.moments import limit

        failed = {"reason": reason, "due": limit(due)}
        action, args = ("pass_recheck", {"result": passed}) if passed else ("fail_recheck", failed)
        _move(no, user, action, part, None, **args)


def _add_ending(group: typer.Typer) -> None:
    @group.command(help=say("inspection.release"))
    def release(no: _No, user: _User) -> None:
        _move(no, user, "release_inspection", None, None)

    @group.command(help=say("inspection.cancel"))
    def cancel(no: _No, user: _User, reason: _Reason) -> None:
        _move(no, user, "cancel_inspection", None, None, reason=reason)

    @group.command(help=say("inspection.close"))
    def close(no: _No, user: _User, result: _Result) -> None:
        _move(no, user, "close_inspection", None, None, result=result)


def _as(user: str, make: Callable[[Any, Any, Any], Any]) -> Any:  # noqa: ANN401 - what the function gives back
    """Make one change as somebody, now."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.moves import Setting

    with unit_of_work() as session:
        return make(session, catalogue(session).actor(user), Setting(utcnow()))


def _move(no: str, user: str, action: str, part: int | None, key: str | None, **args: object) -> None:
    from commands.affairs.answers import say_moved
    from rules.facts import Thing
    from services.affairs import find
    from services.affairs.whose import naming_whose
    from services.inspections.planning import CODE
    from services.mechanisms import require
    from services.moves import Intent, make_moves, one

    def make(session: Any, actor: Any, setting: Any) -> str:  # noqa: ANN401 - a unit of work
        require(session, CODE)
        ref = find(session, no, Thing.INSPECTION)
        thing, number = (Thing.INSPECTION, ref.seq) if part is None else (Thing.FINDING, part)
        with naming_whose(session, ref.case_id, ref.seq, part):
            one(make_moves(session, [Intent(ref.case_id, action, actor, thing, number, args)], setting))
        return ref.no

    number = _as(user, make)
    if key is not None:
        typer.echo(say(key, None, affair=number, part=part or ""))
    say_moved(number, action, user, part)


def _plan(user: str, name: str, inspector: list[str], site: list[str], checklist: str, text: str, at: str | None) -> None:
    from commands.affairs.answers import print_after
    from commands.moments import typed
    from services.inspections import Planned, Site, plan

    sites = []
    for each in site:
        unit, at_sign, place = each.partition("@")
        if not at_sign or not place:
            raise Refused("site_wrong", given=each)
        sites.append(Site(place, unit))
    wanted = Planned(name, text, checklist, inspector, sites, typed(at))
    began = _as(user, lambda session, actor, setting: plan(session, wanted, actor, setting))
    typer.echo(say("inspection.planned", affair=began.no))
    print_after(began.no)


def _find(no: str, user: str, found: "Found") -> None:
    from services.inspections import find

    _say(no, _as(user, lambda session, actor, setting: find(session, no, found, actor, setting)))


def _hand_out(no: str, part: int, user: str, due: str, area: str | None, case: str | None, how: str) -> None:
    from dataclasses import replace

    from commands.moments import limit
    from services.inspections import hand_out, written

    def make(session: Any, actor: Any, setting: Any) -> "HandedOut":  # noqa: ANN401 - a unit of work
        found = replace(written(session, no, part, actor), due=limit(due) or "", area=area, case=case, how=how)
        return hand_out(session, no, part, found, actor, setting)

    _say(no, _as(user, make))


def _say(no: str, done: "HandedOut") -> None:
    """What became of a finding, and what is next."""
    from commands.affairs.answers import print_after

    about = {"affair": no.upper(), "part": done.part, "case": done.case_no, "order": done.order}
    if done.case_no is None:
        typer.echo(say("inspection.found", None, **about))
    if done.case_no is not None and done.known:
        typer.echo(say("inspection.handed_known", None, **about))
    if done.order:
        typer.echo(say("inspection.handed_order", None, **about))
    elif done.case_no is not None and not done.known:
        typer.echo(say("inspection.handed_case", None, **about))
    print_after(no)

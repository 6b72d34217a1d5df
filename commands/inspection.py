"""`bihuan inspection`: inspections that nobody is told of (四不两直), handed out on the spot, looked at again by somebody else."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.affairs import AffairSheet
    from services.catalogue import Catalogue
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
        _checklists(as_json=as_json)

    @group.command("list", help=say("inspection.list"))
    def list_them(user: _User, as_json: _Json = False) -> None:
        _list(user, as_json=as_json)

    @group.command(help=say("inspection.show"))
    def show(no: _No, user: _User, as_json: _Json = False) -> None:
        _show(no, user, as_json=as_json)


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
        from services.inspections import Found

        _find(no, user, Found(problem, place, unit, item, due, area, quantity, measure, case, how, tuple(before or ())))

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
        _move(no, user, "correct_on_spot", part, "inspection.done", result=result, after=tuple(after or ()))

    @group.command("corrected", help=say("inspection.corrected"))
    def corrected(no: _No, part: _Part, user: _User, result: _Result, after: _After = None) -> None:
        _move(no, user, "report_corrected", part, "inspection.done", result=result, after=tuple(after or ()))

    @group.command(help=say("inspection.recheck"))
    def recheck(
        no: _No,
        part: _Part,
        user: _User,
        passed: Annotated[str | None, typer.Option(help=say("inspection.passed"))] = None,
        reason: Annotated[str | None, typer.Option(help=say("inspection.reason"))] = None,
        due: Annotated[str | None, typer.Option(help=say("inspection.due"))] = None,
    ) -> None:
        failed = {"reason": reason, "due": due}
        action, args = ("pass_recheck", {"result": passed}) if passed else ("fail_recheck", failed)
        _move(no, user, action, part, "inspection.rechecked", **args)


def _add_ending(group: typer.Typer) -> None:
    @group.command(help=say("inspection.release"))
    def release(no: _No, user: _User) -> None:
        _move(no, user, "release_inspection", None, "inspection.done")

    @group.command(help=say("inspection.cancel"))
    def cancel(no: _No, user: _User, reason: _Reason) -> None:
        _move(no, user, "cancel_inspection", None, "inspection.done", reason=reason)

    @group.command(help=say("inspection.close"))
    def close(no: _No, user: _User, result: _Result) -> None:
        _move(no, user, "close_inspection", None, "inspection.done", result=result)


def _as(user: str, make: Callable[[Any, Any, Any], Any]) -> Any:  # noqa: ANN401 - what the function gives back
    """Make one change as somebody, now."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.moves import Setting

    with unit_of_work() as session:
        return make(session, catalogue(session).actor(user), Setting(utcnow()))


def _move(no: str, user: str, action: str, part: int | None, key: str, **args: object) -> None:
    from rules.facts import Thing
    from services.affairs import find
    from services.inspections.planning import CODE
    from services.mechanisms import require
    from services.moves import Intent, make_moves, one

    def make(session: Any, actor: Any, setting: Any) -> str:  # noqa: ANN401 - a unit of work
        require(session, CODE)
        ref = find(session, no, Thing.INSPECTION)
        thing, number = (Thing.INSPECTION, ref.seq) if part is None else (Thing.FINDING, part)
        one(make_moves(session, [Intent(ref.case_id, action, actor, thing, number, args)], setting))
        return ref.no

    typer.echo(say(key, None, affair=_as(user, make), part=part or ""))


def _plan(user: str, name: str, inspector: list[str], site: list[str], checklist: str, text: str, at: str | None) -> None:
    from commands.submit import moment
    from services.inspections import Planned, Site, plan

    sites = []
    for each in site:
        unit, at_sign, place = each.partition("@")
        if not at_sign or not place:
            raise Refused("site_wrong", given=each)
        sites.append(Site(place, unit))
    wanted = Planned(name, text, checklist, inspector, sites, moment(at))
    began = _as(user, lambda session, actor, setting: plan(session, wanted, actor, setting))
    typer.echo(say("inspection.planned", affair=began.no))


def _find(no: str, user: str, found: "Found") -> None:
    from services.inspections import find

    _say(no, _as(user, lambda session, actor, setting: find(session, no, found, actor, setting)))


def _hand_out(no: str, part: int, user: str, due: str, area: str | None, case: str | None, how: str) -> None:
    from dataclasses import replace

    from services.inspections import hand_out, written

    def make(session: Any, actor: Any, setting: Any) -> "HandedOut":  # noqa: ANN401 - a unit of work
        found = replace(written(session, no, part, actor), due=due, area=area, case=case, how=how)
        return hand_out(session, no, part, found, actor, setting)

    _say(no, _as(user, make))


def _say(no: str, done: "HandedOut") -> None:
    """What became of a finding, and what is next."""
    about = {"affair": no.upper(), "part": done.part, "case": done.case_no, "order": done.order}
    if done.case_no is None:
        typer.echo(say("inspection.found", None, **about))
        return
    if done.known:
        typer.echo(say("inspection.handed_known", None, **about))
    if done.order:
        typer.echo(say("inspection.handed_order", None, **about))
    elif not done.known:
        typer.echo(say("inspection.handed_case", None, **about))


# looking --------------------------------------------------------------------------------------------------------------


def _checklists(*, as_json: bool) -> None:
    from commands.screen import joined, print_json, print_table, screen
    from services.inspections import checklists
    from wording import language

    found = checklists().values()
    if as_json:
        print_json([{"code": c.code, "zh": c.zh, "en": c.en, "items": list(c.item)} for c in found])
        return
    rows = ((c.code, getattr(c, language()), joined(f"{i['code']} {i[language()]}" for i in c.item)) for c in found)
    print_table("", ("checklist", "title", "check_item"), rows, on=screen())


def _list(user: str, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, unit_name, word
    from services.catalogue import catalogue
    from services.inspections import visible
    from services.reading import plain

    with unit_of_work() as session:
        known = catalogue(session)
        found = visible(session, known.actor(user))
    if as_json:
        names = ("no", "state", "title", "unit_id", "hidden", "opened_at", "ended_at")
        print_json([plain({name: row[name] for name in names}, known) for row in found])
        return
    if not found:
        typer.echo(say("inspection.none"))
    rows = (
        (
            r["no"],
            r["data"]["name"],
            word("inspection_state", r["state"]),
            unit_name(known, r["unit_id"]),
            local(r["opened_at"], known.zone),
        )
        for r in found
    )
    print_table("", ("inspection", "title", "state", "unit", "opened"), rows, on=screen())


def _show(no: str, user: str, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.catalogue import catalogue
    from services.inspections import figures, seen
    from services.reading import plain

    with unit_of_work() as session:
        known = catalogue(session)
        found = seen(session, no, known.actor(user))
    counted = figures(found.parts)
    if as_json:
        told = {
            name: getattr(counted, name) for name in ("findings", "things", "handed_out", "corrected", "written_off", "late", "quantity")
        }
        print_json({**plain(found.affair, known), "findings": [plain(part, known) for part in found.parts], "figures": told})
        return
    typer.echo(f"{found.affair['no']} {found.affair['data']['name']}")
    names = ("findings", "things", "handed_out", "corrected", "written_off", "late")
    typer.echo(say("inspection.figures", None, **{name: getattr(counted, name) for name in names}))
    print_table("", ("finding", "title", "place", "quantity", "unit", "state", "handed_as", "due"), _lines(found, known), on=screen())


def _lines(found: "AffairSheet", known: "Catalogue") -> list[tuple[object, ...]]:
    from commands.screen import local, unit_name, word

    due = {clock["part_no"]: clock["due_at"] for clock in found.clocks}
    return [
        (
            *(
                part["no"],
                part["title"],
                part["data"]["place"],
                f"{part['quantity'] or ''}{part['measure']}",
                unit_name(known, part["unit_id"]),
            ),
            *(
                word("finding_state", part["state"]),
                word("how_handed", part["data"].get("how", "")),
                local(due.get(part["no"]), known.zone),
            ),
        )
        for part in found.parts
    ]

"""`bihuan campaign open|project|projects|import`: drafting campaigns and projects, and putting lists into them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.campaigns import Action, Campaign

_User = Annotated[str, typer.Option("--as", help=say("campaign.as_user"))]
_No = Annotated[str, typer.Argument(help=say("campaign.no"))]
_File = Annotated[Path, typer.Argument(help=say("campaign.file"))]
_Title = Annotated[str, typer.Option(help=say("campaign.title"))]
_Plan = Annotated[str, typer.Option(help=say("campaign.plan"))]
_Unit = Annotated[str | None, typer.Option(help=say("campaign.unit"))]
_Area = Annotated[str | None, typer.Option(help=say("campaign.area"))]
_Place = Annotated[str, typer.Option(help=say("campaign.place"))]
_Target = Annotated[str | None, typer.Option(help=say("campaign.target"))]
_Template = Annotated[str | None, typer.Option(help=say("campaign.template"))]
_Actions = Annotated[list[str] | None, typer.Option("--action", help=say("campaign.action"))]
_ACTION: Final = re.compile(r"(?P<action>[\w-]+)=(?P<unit>[\w-]+)(?::(?P<quantity>[1-9]\d{0,9})(?P<measure>.{0,20}))?")


def add(group: typer.Typer) -> None:
    """Add the commands to the group."""
    _add_open(group)

    @group.command(help=say("campaign.project"))
    def project(
        no: _No,
        user: _User,
        title: _Title,
        plan: _Plan = "",
        unit: _Unit = None,
        area: _Area = None,
        place: _Place = "",
        target: _Target = None,
        template: _Template = None,
        action: _Actions = None,
    ) -> None:
        from services.campaigns import Campaign

        goal = read_target(target) if target else None
        _project(no, user, Campaign(title, plan, unit, area, place, goal, template=template, actions=_actions(action or [])))

    @group.command(help=say("campaign.projects"))
    def projects(no: _No, file: _File, user: _User, admin: Annotated[str | None, typer.Option(help=say("campaign.admin"))] = None) -> None:
        _projects(no, file, user, admin)

    @group.command("import", help=say("campaign.import"))
    def bring(no: _No, file: _File, user: _User) -> None:
        _import(no, file, user)


def _add_open(group: typer.Typer) -> None:
    @group.command("open", help=say("campaign.open"))
    def open_one(
        user: _User,
        title: _Title,
        plan: _Plan = "",
        unit: _Unit = None,
        area: _Area = None,
        place: _Place = "",
        target: _Target = None,
        quantity: Annotated[int | None, typer.Option(help=say("campaign.quantity"))] = None,
        measure: Annotated[str, typer.Option(help=say("campaign.measure"))] = "",
        convention: Annotated[str, typer.Option(help=say("campaign.convention"))] = "",
        operator: Annotated[list[str] | None, typer.Option(help=say("campaign.operator"))] = None,
        rate: Annotated[str | None, typer.Option(help=say("campaign.rate"))] = None,
        most: Annotated[str | None, typer.Option(help=say("campaign.most"))] = None,
        template: _Template = None,
        action: _Actions = None,
    ) -> None:
        from services.campaigns import Campaign, Subsidy
        from services.campaigns.money import fen

        money = Subsidy(fen(rate), fen(most) if most else None) if rate else None
        goal = read_target(target) if target else None
        aims = (goal, quantity, measure, convention, tuple(operator or ()), money, template, _actions(action or []))
        _open(user, Campaign(title, plan, unit, area, place, *aims))


def read_target(text: str) -> str:
    """A target as people write it.

    Raises:
        Refused: `limit_unreadable`.
    """
    from commands.opening import unit_of_work
    from services.campaigns import target_of
    from services.catalogue import catalogue

    with unit_of_work() as session:
        zone = catalogue(session).zone
    try:
        found = target_of(text, zone)
    except ValueError:
        found = None
    if found is None:
        raise Refused("limit_unreadable", given=text)
    return found


def _actions(given: list[str]) -> "dict[str, Action]":
    """What was said of each action of a template.

    Raises:
        Refused: `action_wrong`.
    """
    from services.campaigns import Action

    found: dict[str, Action] = {}
    for each in given:
        said = _ACTION.fullmatch(each)
        if said is None:
            raise Refused("action_wrong", given=each)
        quantity = int(said["quantity"]) if said["quantity"] else None
        found[said["action"]] = Action(said["unit"], quantity, (said["measure"] or "").strip())
    return found


def _open(user: str, wanted: "Campaign") -> None:
    from commands.affairs.answers import print_after
    from commands.affairs.campaigns.campaign import as_somebody
    from services.campaigns import open_campaign

    began = as_somebody(user, lambda session, actor, setting: open_campaign(session, wanted, actor, setting))
    typer.echo(say("campaign.opened", affair=began.no))
    print_after(began.no)


def _project(no: str, user: str, wanted: "Campaign") -> None:
    from commands.affairs.answers import print_after
    from commands.affairs.campaigns.campaign import as_somebody
    from services.campaigns import open_project

    began = as_somebody(user, lambda session, actor, setting: open_project(session, no, wanted, actor, setting))
    typer.echo(say("campaign.opened", affair=began.no))
    print_after(began.no)


def _projects(no: str, file: Path, user: str, admin: str | None) -> None:
    """Projects of a table, and the task forces that it names; all or nothing."""
    from commands.affairs.campaigns.campaign import as_somebody
    from services.campaigns import open_listed, projects_of
    from services.catalogue import catalogue

    def make(session: Any, actor: Any, setting: Any) -> Any:  # noqa: ANN401 - a unit of work
        return open_listed(session, no, projects_of(file, catalogue(session)), actor, setting, admin)

    began = as_somebody(user, make)
    about = {"affair": no.upper(), "count": len(began), "first": began[0].no, "last": began[-1].no}
    typer.echo(say("campaign.opened_many", None, **about))


def _import(no: str, file: Path, user: str) -> None:
    from commands.affairs.answers import print_after
    from commands.affairs.campaigns.campaign import as_somebody
    from services.campaigns import add_tasks, lines_of
    from services.catalogue import catalogue

    def make(session: Any, actor: Any, setting: Any) -> int:  # noqa: ANN401 - a unit of work
        lines = lines_of(file, catalogue(session))
        add_tasks(session, no, lines, actor, setting)
        return len(lines)

    typer.echo(say("campaign.imported", affair=no.upper(), count=as_somebody(user, make)))
    print_after(no)

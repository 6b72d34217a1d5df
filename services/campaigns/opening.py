"""Opening campaigns and projects (任务项目化), and putting lists into them (项目清单化)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, connection_of, table
from rules.facts import RELATIONS, Actor, Facts, Refused, State, Thing, Who
from services.affairs import Began, Plan, Ref, begin
from services.affairs import find as find_affair
from services.campaigns.templates import templates
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.moves import Intent, Moved, Row, Setting, make_moves, one
from services.units.task_forces import Force, set_up

CODE: Final = "campaigns"  #: the mechanism
_affair = table(Affair)


@dataclass(frozen=True, slots=True)
class Subsidy:
    """以奖代补: so much money for each that is done and checked, and how much there is in all; in fen."""

    rate_fen: int
    most_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What a district says of one action of a template: which unit does it, how much of it, until when."""

    unit: str
    quantity: int | None = None
    measure: str = ""
    target: str | None = None
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign, or a project of one.

    Attributes:
        title: What it is called.
        plan: The plan in words: of a project its policy (一场一策).
        unit: Code of the unit whose it is, e.g. a task force (专班); None: that of whoever opens it.
        area: Code of the area it lies in; None: that of whoever opens it.
        place: Where, in words.
        target: Limit (`60wd`) or moment (ISO with zone) of its target.
        quantity, measure: What is aimed at in all.
        convention: Text of a convention (公约) that units sign.
        operators: Codes of the units that are to sign it.
        subsidy: Money that units may claim.
        template: Code of a work-plan template.
        actions: By action of the template: who does it, and how much; an action that is left out is not in the plan.
        rows: Lines of its lists besides, as `services.campaigns.rows.lines_of` reads them.
    """

    title: str
    plan: str = ""
    unit: str | None = None
    area: str | None = None
    place: str = ""
    target: str | None = None
    quantity: int | None = None
    measure: str = ""
    convention: str = ""
    operators: Sequence[str] = ()
    subsidy: Subsidy | None = None
    template: str | None = None
    actions: Mapping[str, Action] = field(default_factory=dict)
    rows: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list of projects says of one: the project, and the task force (专班) that is to be set up for it, if any."""

    project: Campaign
    force: str | None = None
    force_name: str | None = None
    until: datetime | None = None


def open_campaign(session: Session, wanted: Campaign, actor: Actor, setting: Setting) -> Began:
    """Draft a campaign; the units hear of it once it is started.

    Raises:
        Refused: `mechanism_off`, `not_yours`, `title_missing`, `unknown_unit`, `unit_retired`, `unknown_area`, `unknown_template`,
            `unknown_plan_action`, `pair_not_whole`, `limit_unreadable`, `subsidy_wrong`.
    """
    return begin(session, Plan("open_campaign", _args(catalogue(session), wanted)), actor, setting, wanted.area)


def open_project(session: Session, parent: str, wanted: Campaign, actor: Actor, setting: Setting) -> Began:
    """Draft a project of a campaign; who may: the unit whose campaign it is, the centre, whoever signs.

    Raises:
        Refused: `unknown_affair`, `campaign_ended`, and as `open_campaign`.
    """
    (began,) = open_projects(session, parent, [wanted], actor, setting)
    return began


def open_projects(session: Session, parent: str, wanted: Sequence[Campaign], actor: Actor, setting: Setting) -> list[Began]:
    """Draft many projects of a campaign, all or none (the unit of work must be given up when this raises).

    Raises:
        Refused: as `open_project`.
    """
    require(session, CODE)
    ref, known = find_affair(session, parent, Thing.CAMPAIGN), catalogue(session)
    check_parent(session, known, ref, actor)
    above = {"parent_case": ref.case_id, "parent_seq": ref.seq}
    return [begin(session, Plan("open_project", _args(known, each) | above), actor, setting, each.area) for each in wanted]


def open_listed(
    session: Session, parent: str, listed: Sequence[Listed], actor: Actor, setting: Setting, administrator: str | None = None
) -> list[Began]:
    """Draft the projects of a list, and set up the task forces that it names, all or none.

    Args:
        session: The unit of work; must be given up when this raises.
        parent: Number of the campaign.
        listed: The list.
        actor: Who drafts the projects.
        setting: The instant.
        administrator: User name of who sets up task forces; None: the actor.

    Raises:
        Refused: `tasks_missing`, `force_end_missing`; as `open_projects`, and as `services.units.task_forces.set_up`.
    """
    if not listed:
        raise Refused("tasks_missing")
    ref, known = find_affair(session, parent, Thing.CAMPAIGN), catalogue(session)
    row = connection_of(session).execute(select(_affair).where(_affair.c.case_id == ref.case_id, _affair.c.seq == ref.seq)).one()
    above = known.units[row.unit_id].code
    wanted = []
    for each in listed:
        if each.force is not None and each.force not in known.unit_ids:
            if each.until is None:
                raise Refused("force_end_missing", unit=each.force)
            heir = above if row.unit_id != known.district_id else None
            name = each.force_name or each.project.title
            wanted.append(Force(each.force, name, each.force, above, each.until, heir))
    if wanted:
        set_up(session, wanted, administrator or actor.name, setting.now)
    return open_projects(session, parent, [each.project for each in listed], actor, setting)


def add_tasks(session: Session, no: str, rows: Sequence[Row], actor: Actor, setting: Setting) -> Moved:
    """Put lines into the list of a campaign or project, all or none.

    Raises:
        Refused: `mechanism_off`, `unknown_affair`, `not_yours`, `tasks_missing`, `title_missing`, `unknown_unit`, `unit_retired`,
            `limit_unreadable`.
    """
    require(session, CODE)
    ref = find_affair(session, no, Thing.CAMPAIGN)
    return one(make_moves(session, [Intent(ref.case_id, "add_tasks", actor, Thing.CAMPAIGN, ref.seq, {"rows": list(rows)})], setting))


def check_parent(session: Session, known: Catalogue, ref: Ref, actor: Actor) -> None:
    """See to it that somebody may draft projects of a campaign.

    Raises:
        Refused: `campaign_ended`, `not_yours`.
    """
    row = connection_of(session).execute(select(_affair).where(_affair.c.case_id == ref.case_id, _affair.c.seq == ref.seq)).one()
    if row.ended_at is not None:
        raise Refused("campaign_ended", affair=row.no)
    facts = Facts(State.BESIDE, "P3", area_line=known.line(row.area_unit_id))
    if row.unit_id not in actor.body and not any(RELATIONS[who](actor, facts) for who in (Who.CENTRE, Who.SIGNER)):
        raise Refused("not_yours", action="open_project")


def _args(known: Catalogue, wanted: Campaign) -> dict[str, Any]:
    """What the move takes."""
    subsidy = wanted.subsidy
    if subsidy is not None and (subsidy.rate_fen < 1 or (subsidy.most_fen is not None and subsidy.most_fen < subsidy.rate_fen)):
        raise Refused("subsidy_wrong")
    return {
        **{name: getattr(wanted, name) or None for name in ("title", "plan", "place", "target", "quantity", "measure", "convention")},
        "template": wanted.template,
        "unit": _unit(known, wanted.unit),
        "operators": tuple(_unit(known, code) for code in wanted.operators) or None,
        "subsidy": {"rate_fen": subsidy.rate_fen, "most_fen": subsidy.most_fen} if subsidy else None,
        "rows": [*_of_template(known, wanted), *wanted.rows] or None,
    }


def _unit(known: Catalogue, code: str | None) -> int | None:
    if code is None:
        return None
    if code not in known.unit_ids:
        raise Refused("unknown_unit", unit=code)
    return known.unit_ids[code]


def _of_template(known: Catalogue, wanted: Campaign) -> Iterator[Row]:
    """The lines of a work plan, in the order of the template; of a pair both sides or none.

    Raises:
        Refused: `unknown_template`, `unknown_plan_action`, `pair_not_whole`.
    """
    if wanted.template is None:
        return
    template = templates().get(wanted.template)
    if template is None:
        raise Refused("unknown_template", given=wanted.template, known=", ".join(templates()))
    known_actions = {each["code"]: each for each in template.action}
    strange = next((code for code in wanted.actions if code not in known_actions), None)
    if strange is not None:
        raise Refused("unknown_plan_action", given=strange, known=", ".join(known_actions))
    sides = [(each.get("pair"), each["code"] in wanted.actions) for each in template.action if each.get("pair")]
    if any((pair, not there) in sides for pair, there in sides):
        raise Refused("pair_not_whole", template=template.zh)
    for code, action in known_actions.items():
        said = wanted.actions.get(code)
        if said is not None:
            own = {name: action.get(name) for name in ("pair", "side")}
            amount = {"quantity": said.quantity, "measure": said.measure, "target": said.target, "plan": said.plan}
            yield {"title": action["zh"], "action": code, "unit": _unit(known, said.unit), **own, **amount}

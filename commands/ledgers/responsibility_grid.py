"""`bihuan responsibility grid`, `lines`, `staffing`, `levels`, `self-governance`, `profile`: who is on a grid, what the public reads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import language, say

if TYPE_CHECKING:
    from services.catalogue import Catalogue, Person
    from services.responsibility.grids import Laid, OnGrid
    from services.responsibility.profiles import Card
    from services.responsibility.staffing import Staffing

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_As = Annotated[str, typer.Option("--as", help=say("responsibility.as"))]
_Area = Annotated[str | None, typer.Option(help=say("responsibility.area"))]


def add(group: typer.Typer) -> None:
    """Add the commands to the group."""
    _add_grids(group)
    _add_figures(group)

    @group.command(help=say("responsibility.profile"))
    def profile(
        case: Annotated[str | None, typer.Option(help=say("responsibility.case"))] = None,
        grid: Annotated[str | None, typer.Option(help=say("responsibility.code"))] = None,
        as_json: _Json = False,
    ) -> None:
        if (case is None) == (grid is None):
            raise Refused("case_or_grid")
        _profile(case, grid, as_json=as_json)


def _add_grids(group: typer.Typer) -> None:
    @group.command(help=say("responsibility.grid"))
    def grid(code: Annotated[str, typer.Argument(help=say("responsibility.code"))], as_json: _Json = False) -> None:
        _grid(code, as_json=as_json)

    @group.command(help=say("responsibility.lines"))
    def lines(as_json: _Json = False) -> None:
        _lines(as_json=as_json)

    @group.command(help=say("responsibility.staffing"))
    def staffing(area: _Area = None, as_json: _Json = False) -> None:
        _staffing(area, as_json=as_json)


def _add_figures(group: typer.Typer) -> None:
    @group.command(help=say("responsibility.levels"))
    def levels(user: _As, as_json: _Json = False) -> None:
        _levels(user, as_json=as_json)

    @group.command("self-governance", help=say("responsibility.self_governance"))
    def self_governance(code: Annotated[str, typer.Argument(help=say("responsibility.group"))], as_json: _Json = False) -> None:
        _self_governance(code, as_json=as_json)


def _grid(code: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import name_of, print_json, print_table, screen, unit_name
    from services.catalogue import catalogue
    from services.responsibility.grids import laid
    from services.responsibility.reference import lines

    with unit_of_work() as session:
        known = catalogue(session)
        found = laid(session, code, utcnow())
    if as_json:
        print_json(_laid_json(found, known))
        return
    names = lines()
    rows = ((name_of(names[e.line].name), e.name, unit_name(known, e.unit_id), _user(e.person), _there(e)) for e in found.lines)
    title = str(unit_name(known, found.grid_id))
    print_table(title, ("resp_line", "resp_name", "unit", "user", "resp_there"), rows, on=screen())
    places = ((row["code"], row["name"], unit_name(known, row["unit_id"]), row["place"], row["hours"]) for row in found.stations)
    head = ("resp_code", "resp_name", "unit", "resp_place", "resp_hours")
    print_table(say("responsibility_kind.stations"), head, places, on=screen())
    if not found.lines:
        typer.echo(say("responsibility.none", kind="lines"))


def _laid_json(found: "Laid", known: "Catalogue") -> dict[str, Any]:
    return {
        "grid": known.units[found.grid_id].code,
        "lines": [
            {"line": e.line, "name": e.name, "unit": known.units[e.unit_id].code, "user": _user(e.person), "away": e.away}
            for e in found.lines
        ],
        "stations": [{name: row[name] for name in ("code", "name", "line", "place", "hours")} for row in found.stations],
    }


def _user(person: "Person | None") -> str | None:
    return person.name if person is not None else None


def _there(line: "OnGrid") -> str | None:
    """Whether the line's person for this grid is there; of a line in no person's name nothing is said."""
    return None if line.person is None else _away(line.away) or say("responsibility.present")


def _away(away: bool) -> str:
    return say("profile.away") if away else ""


def _lines(*, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import name_of, print_json, print_table, screen
    from services.responsibility.grids import coverage
    from services.responsibility.reference import lines

    with unit_of_work() as session:
        covered = coverage(session, utcnow())
    if as_json:
        print_json({code: covered.get(code, 0) for code in lines()})
        return
    rows = ((code, name_of(line.name), covered.get(code, 0)) for code, line in lines().items())
    print_table("", ("resp_code", "resp_line", "resp_grids"), rows, on=screen())


def _staffing(area: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen, unit_name
    from services.catalogue import catalogue
    from services.responsibility.staffing import staffing

    with unit_of_work() as session:
        known = catalogue(session)
        found = staffing(session, utcnow(), area)
    if as_json:
        print_json(_staffing_json(found, known))
        return
    rows = (
        (
            unit_name(known, g.grid_id),
            _user(g.head),
            _user(g.a),
            _user(g.b),
            len(g.more),
            g.captains,
            _user(g.there) or say("responsibility.unstaffed"),
        )
        for g in found.grids
    )
    head = ("resp_grid", "resp_head", "resp_a", "resp_b", "resp_more", "resp_captains", "resp_there")
    print_table("", head, rows, on=screen())
    typer.echo(say("responsibility.staffing_sum", None, grids=len(found.grids), gaps=len(found.gaps), **_sums(found)))


def _sums(found: "Staffing") -> dict[str, int]:
    return {"workers": found.workers, "captains": found.captains, "stations": found.stations}


def _staffing_json(found: "Staffing", known: "Catalogue") -> dict[str, Any]:
    grids = [
        {
            "grid": known.units[g.grid_id].code,
            **{slot: _user(person) for slot, person in (("head", g.head), ("a", g.a), ("b", g.b), ("there", g.there))},
            "how": g.how,
            "workers": g.workers,
            "captains": g.captains,
        }
        for g in found.grids
    ]
    return {"grids": grids, **_sums(found), "gaps": len(found.gaps)}


def _levels(user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen, unit_name, word
    from services.catalogue import catalogue
    from services.responsibility.levels import board

    with unit_of_work() as session:
        known = catalogue(session)
        found = board(session, known.actor(user), utcnow())
    if as_json:
        print_json([{"level": d.level, "unit": known.units[d.unit_id].code, "cases": d.cases, "late": d.late} for d in found])
        return
    rows = ((word("responsibility_level", d.level), unit_name(known, d.unit_id), d.cases, d.late) for d in found)
    print_table("", ("resp_level", "unit", "resp_cases", "resp_late"), rows, on=screen())


def _self_governance(code: str, *, as_json: bool) -> None:
    from dataclasses import asdict

    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, unit_name
    from services.catalogue import catalogue
    from services.responsibility.self_governance import record_of

    with unit_of_work() as session:
        known = catalogue(session)
        found = asdict(record_of(session, code, utcnow()))
    unit_id = found.pop("unit_id")
    if as_json:
        print_json({"unit": known.units[unit_id].code, **found})
    else:
        typer.echo(say("responsibility.record", unit=unit_name(known, unit_id), **found))


def _profile(case: str | None, grid: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.responsibility.profiles import profile_of_case, profile_of_grid

    now = utcnow()
    with unit_of_work() as session:
        if case is not None:
            of_case = profile_of_case(session, case, now)
            about, cards = {"case": of_case.no, "step": of_case.step, "ended": of_case.ended}, of_case.cards
        else:
            of_grid = profile_of_grid(session, str(grid), now)
            about, cards = {"grid": of_grid.code, "offices": dict(of_grid.offices)}, of_grid.cards
    if as_json:
        print_json({**about, "cards": [_card(card) for card in cards]})
    else:
        _show(cards)


def _card(card: "Card") -> dict[str, Any]:
    texts = {name: getattr(getattr(card, name), language()) for name in ("unit", "duty", "promise")}
    post = getattr(card.post, language()) if card.post else None
    return {"role": card.role, "post": post, "name": card.name, "there": card.there, **texts}


def _show(cards: "Sequence[Card]") -> None:
    from commands.screen import joined, word
    from services.responsibility.reference import lines

    for card in cards:
        told, line = _card(card), lines().get(card.role)
        typer.echo(str(getattr(line.name, language())) if line else word("profile_role", card.role))
        identity = joined((told["unit"], told["post"], told["name"])) + _away(not card.there)
        for key, text in (("identity", identity), ("duty", told["duty"]), ("promise", told["promise"])):
            typer.echo(f"  {say(f'profile.{key}')}  {text or say('profile.unpublished')}")

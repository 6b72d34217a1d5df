"""Why a case went where it went, and where a category would go from a place."""

import typer

from wording import say


def try_category(category: str, area: str, version: int | None, *, as_json: bool) -> None:
    """Print where a case of this category in this area would go; changes nothing.

    Raises:
        Refused: `unknown_category`, `unknown_area`, `unknown_routing`.
    """
    from commands.opening import unit_of_work
    from commands.route.looking import named
    from commands.screen import joined, print_json
    from services.catalogue import catalogue
    from services.routing.explaining import try_route

    with unit_of_work() as session:
        found, known = try_route(session, category, area, version), catalogue(session)
    if as_json:
        print_json({"lead": found.lead, "co": list(found.co), "why": found.why, "route": found.route.told()})
        return
    to_centre = found.lead is None or found.route.refused is not None
    typer.echo(say("route.goes_to_centre") if to_centre else say("route.goes_to", lead=named(found.lead, known)))
    if found.co:
        typer.echo(say("route.with", co=joined(named(code, known) for code in found.co)))
    typer.echo(found.why)


def explain_case(no: str, *, as_json: bool) -> None:
    """Print the way of a case to its units, each step with its reason.

    Raises:
        Refused: `unknown_case`.
    """
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.routing.explaining import explain

    with unit_of_work() as session:
        turns, known = explain(session, no), catalogue(session)
    if as_json:
        keys = ("seq", "action", "actor", "why")
        print_json([{**{k: getattr(t, k) for k in keys}, "at": t.at.isoformat(), "route": t.data.get("route")} for t in turns])
        return
    if not turns:
        typer.echo(say("route.not_yet"))
        return
    rows = ((t.seq, local(t.at, known.zone), word("action", t.action), word("actor", t.actor), t.why) for t in turns)
    print_table("", ("seq", "when", "deed", "actor", "why_there"), rows, on=screen())

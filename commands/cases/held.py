"""`bihuan case held`: who held the ball of a case, to the minute."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from wording import say


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan case`."""

    @group.command(help=say("cli.case_held"))
    def held(
        no: Annotated[str, typer.Argument(help=say("cli.no"))],
        user: Annotated[str | None, typer.Option("--as", help=say("privacy.look_as"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _held(no, user, as_json=as_json)


def _held(no: str, user: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, unit_name
    from services import ball
    from services.catalogue import catalogue
    from services.privacy.opening import opened_case

    with unit_of_work() as session:
        case_id, known = opened_case(session, no, user), catalogue(session)
        spells = ball.held(session, [case_id], utcnow())[case_id]
        names: dict[int | None, str] = {None: say("ball.resident")}
        names |= {unit: getattr(name, say("ball.language")) for unit, name in known.names.items()}
        zone = known.zone
    if as_json:
        print_json(ball.as_json(known, spells))
        return
    sums = ball.minutes(ball.by_unit(spells))
    whole = sum(sums.values())
    typer.echo(say("ball.whole", no=no, long=_long(whole)))
    for unit, n in sums.items():
        share = round(100 * n / whole) if whole else 0
        typer.echo(f"{'█' * max(1, share // 4):25} {share:3d}%  {_long(n):>12}  {names[unit]}")
    typer.echo("")
    for spell in spells:
        typer.echo(_line(spell, unit_name(known, spell.unit_id, spell.since) or names[None], zone))


def _line(spell: Any, name: str, zone: Any) -> str:  # noqa: ANN401 - a spell, a zone
    since = f"{spell.since.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"{since}  {_long(spell.long // timedelta(minutes=1)):>12}  {say(f'state.{spell.state}')}  {name}"


def _long(minutes: int) -> str:
    """Minutes as people say them."""
    days, rest = divmod(minutes, 24 * 60)
    hours, rest = divmod(rest, 60)
    return say("ball.days", d=days, h=hours, m=rest) if days else say("ball.hours", h=hours, m=rest)

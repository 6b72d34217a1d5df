"""`bihuan place`: places with a code on the wall, so that whoever reports there need not say where."""

from pathlib import Path
from typing import Annotated

import typer

from wording import say

_User = Annotated[str, typer.Option("--as", help=say("places.user"))]
_Code = Annotated[str, typer.Argument(help=say("places.code"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("places.help"), no_args_is_help=True)
    app.add_typer(group, name="place")

    @group.command("add", help=say("places.add"))
    def add_one(
        area: Annotated[str, typer.Argument(help=say("places.area"))],
        place: Annotated[str, typer.Argument(help=say("places.words"))],
        user: _User,
        at: Annotated[str, typer.Option("--at", help=say("places.at"))] = "",
        code: Annotated[str, typer.Option("--code", help=say("places.own_code"))] = "",
    ) -> None:
        _add(area, place, at, code, user)

    @group.command("list", help=say("places.list"))
    def list_them(
        retired: Annotated[bool, typer.Option("--all", help=say("places.all"))] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _list(retired=retired, as_json=as_json)

    @group.command("retire", help=say("places.retire"))
    def take_out(code: _Code, user: _User) -> None:
        _retire(code, user)

    @group.command("qr", help=say("places.qr"))
    def draw(code: _Code, to: Annotated[Path | None, typer.Option("--to", help=say("places.to"))] = None) -> None:
        _draw(code, to)


def _add(area: str, words: str, at: str, code: str, user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from rules.geo import parse_point
    from services.catalogue import catalogue
    from services.places import Place, add
    from settings import get_settings

    place = Place(area, words, parse_point(at) if at else None, code)
    with unit_of_work() as session:
        made = add(session, place, catalogue(session).actor(user), utcnow())
    typer.echo(say("places.added", code=made, address=f"{get_settings().public_url.rstrip('/')}/r/{made}"))


def _list(*, retired: bool, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen
    from services.catalogue import catalogue
    from services.places import places

    with unit_of_work() as session:
        found, known = places(session, retired=retired), catalogue(session)
    units = {row["area_unit_id"]: known.units[row["area_unit_id"]].code for row in found}
    if as_json:
        keys = ("code", "place", "longitude", "latitude", "made_by")
        moments = ("made_at", "retired_at")
        print_json(
            [
                {"area": units[r["area_unit_id"]], **{k: r[k] for k in keys}, **{k: r[k].isoformat() if r[k] else None for k in moments}}
                for r in found
            ]
        )
        return
    moment = {r["code"]: (local(r["made_at"], known.zone), local(r["retired_at"], known.zone)) for r in found}
    lines = [(r["code"], units[r["area_unit_id"]], r["place"], *moment[r["code"]]) for r in found]
    print_table("", ("code", "unit", "place", "since", "place_retired"), lines, on=screen())


def _retire(code: str, user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.places import retire

    with unit_of_work() as session:
        changed = retire(session, code, catalogue(session).actor(user), utcnow())
    typer.echo(say(f"places.{'retired' if changed else 'retired_already'}", code=code))


def _draw(code: str, to: Path | None) -> None:
    from commands.opening import unit_of_work
    from services.places import place_of, qr
    from settings import get_settings

    with unit_of_work() as session:
        found = place_of(session, code)
    picture = qr(f"{get_settings().public_url.rstrip('/')}/r/{found['code']}")
    if to is None:
        typer.echo(picture.decode())
        return
    to.write_bytes(picture)
    typer.echo(say("places.drawn", file=str(to)))

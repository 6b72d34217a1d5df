"""`bihuan points rules|board`: what earns points, in versions, and what was earned."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.points import Scheme

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_Text = str | None


def add(points: typer.Typer) -> None:
    """Add these commands to the others about points."""

    @points.command(help=say("points.rules"))
    def rules(
        publish: Annotated[Path | None, typer.Option(help=say("points.publish"))] = None,
        since: Annotated[_Text, typer.Option("--from", help=say("points.from"))] = None,
        note: Annotated[str, typer.Option(help=say("points.note"))] = "",
        user: Annotated[_Text, typer.Option("--as", help=say("points.as_admin"))] = None,
        as_json: _Json = False,
    ) -> None:
        if publish is not None:
            _publish(publish, since, note, user or "", as_json=as_json)
        else:
            _rules(as_json=as_json)

    @points.command(help=say("points.board"))
    def board(
        since: Annotated[_Text, typer.Option(help=say("points.since"))] = None,
        until: Annotated[_Text, typer.Option(help=say("points.until"))] = None,
        limit: Annotated[int, typer.Option(min=1, max=1000, help=say("points.limit"))] = 20,
        as_json: _Json = False,
    ) -> None:
        _board(since, until, limit, as_json=as_json)


def _publish(file: Path, since: _Text, note: str, user: str, *, as_json: bool) -> None:
    import tomllib

    from clock import utcnow
    from commands.moments import moment
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services import points
    from services.catalogue import catalogue

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Refused("points_scheme_unreadable", file=file.name) from None
    with unit_of_work() as session:
        now = utcnow()
        version = points.publish(session, content, moment(since, catalogue(session).zone, now), note, user, now)
    if as_json:
        print_json({"version": version})
    else:
        typer.echo(say("points.published", None, version=version))


def _rules(*, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services import points

    with unit_of_work() as session:
        versions = points.schemes(session)
    if as_json:
        print_json([_plain(each) for each in versions])
        return
    for each in versions:
        _print_rules(each)


def _plain(scheme: "Scheme") -> dict[str, Any]:
    from dataclasses import asdict

    from commands.moments import plain

    rows = asdict(scheme)
    return {**{name: plain(value) for name, value in rows.items()}, "boards": list(rows["boards"].values())}


def _print_rules(scheme: "Scheme") -> None:
    from commands.screen import name_of, print_table, screen, word

    days = scheme.expire_days
    expire = say("points.expire_days", n=days) if days else say("points.expire_never")
    heading = say("points.heading", None, version=scheme.version, cap=scheme.cap_per_day, within=scheme.within_days, expire=expire)
    lines = [
        (
            *(name_of(each.name), name_of(scheme.boards[each.board].name), word("points_kind", each.outcome)),
            *(word("points_reporter", each.reporter), each.points, each.per_day or None, each.code),
        )
        for each in scheme.rules
    ]
    columns = ("name", "board", "outcome", "reporter", "points", "per_day")
    print_table(heading, [*(f"points_{name}" for name in columns), "code"], lines, on=screen())


def _board(since: _Text, until: _Text, limit: int, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.ledgers.patrol_reports import stretch
    from commands.opening import unit_of_work
    from commands.screen import name_of, print_json, print_table, screen
    from services import points

    with unit_of_work() as session:
        start, end = stretch(session, since, until)
        found = points.boards(session, utcnow(), since=start, until=end, limit=limit)
    if as_json:
        print_json([{"board": each.board.code, "points": each.points, "accounts": [dict(a) for a in each.accounts]} for each in found])
        return
    for each in found:
        heading = say("points.board_heading", None, board=name_of(each.board.name), points=each.points)
        lines = [(line["account"], line["points"], line["stamps"]) for line in each.accounts]
        typer.echo(heading)
        print_table("", ("points_account", "points_points", "points_stamps"), lines, on=screen())

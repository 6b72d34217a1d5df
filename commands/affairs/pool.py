"""`bihuan pool`: orders that anybody may take on (认领): post one, look at the board, claim, deliver, confirm, thank."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from wording import say

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("affairs.as_user"))]
_No = Annotated[str, typer.Argument(help=say("affairs.no"))]
_Part = Annotated[int, typer.Argument(help=say("pool.pledge"))]
_Quantity = Annotated[int | None, typer.Option(min=1, help=say("pool.quantity"))]
_Reason = Annotated[str, typer.Option(help=say("pool.reason"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("pool.help"), no_args_is_help=True)
    app.add_typer(group, name="pool")
    _add_post(group)
    _add_board(group)
    _add_moves(group)
    _add_pairs(group)


def _add_post(group: typer.Typer) -> None:
    @group.command(help=say("pool.post"))
    def post(
        title: Annotated[str, typer.Argument(help=say("pool.title"))],
        user: _User,
        line: Annotated[list[str], typer.Option(help=say("pool.line"))],
        body: Annotated[str, typer.Option(help=say("pool.body"))] = "",
        place: Annotated[str, typer.Option(help=say("pool.place"))] = "",
        area: Annotated[str | None, typer.Option(help=say("pool.area"))] = None,
        form: Annotated[str, typer.Option(help=say("pool.form"))] = "",
        phone: Annotated[str | None, typer.Option(help=say("pool.phone"))] = None,
        name: Annotated[str | None, typer.Option(help=say("pool.name"))] = None,
        until: Annotated[str | None, typer.Option(help=say("pool.until"))] = None,
        deliver: Annotated[str | None, typer.Option(help=say("pool.deliver_limit"))] = None,
        look: Annotated[str | None, typer.Option(help=say("pool.look"))] = None,
        case: Annotated[list[str] | None, typer.Option(help=say("pool.case"))] = None,
        as_json: _Json = False,
    ) -> None:
        limits = {key: value for key, value in (("deliver", deliver), ("look", look)) if value}
        about = {"body": body, "place": place, "area": area, "form": form, "phone": phone, "name": name, "limits": limits}
        _post(title, line, user, about | {"cases": tuple(case or ())}, until, as_json=as_json)


def _add_board(group: typer.Typer) -> None:
    @group.command("list", help=say("pool.list"))
    def list_them(
        user: _User,
        skill: Annotated[str, typer.Option(help=say("pool.skill"))] = "",
        area: Annotated[str | None, typer.Option(help=say("pool.only_area"))] = None,
        as_json: _Json = False,
    ) -> None:
        _board(user, skill, area, as_json=as_json)

    @group.command(help=say("pool.figures"))
    def figures(no: _No, user: _User, as_json: _Json = False) -> None:
        _figures(no, user, as_json=as_json)


def _add_moves(group: typer.Typer) -> None:
    @group.command(help=say("pool.claim"))
    def claim(
        no: _No,
        user: _User,
        want: Annotated[int | None, typer.Option(help=say("pool.want"))] = None,
        quantity: _Quantity = None,
        personally: Annotated[bool, typer.Option("--personally", help=say("pool.personally"))] = False,
        as_json: _Json = False,
    ) -> None:
        _move(no, "claim", user, None, {"want": want, "quantity": quantity, "personally": personally or None}, as_json=as_json)

    @group.command(help=say("pool.deliver"))
    def deliver(no: _No, pledge: _Part, user: _User, quantity: _Quantity = None, as_json: _Json = False) -> None:
        _move(no, "deliver", user, pledge, {"quantity": quantity}, as_json=as_json)

    @group.command("give-up", help=say("pool.give_up"))
    def give_up(no: _No, pledge: _Part, user: _User, reason: _Reason = "", quantity: _Quantity = None, as_json: _Json = False) -> None:
        _move(no, "give_up", user, pledge, {"quantity": quantity, "reason": reason}, as_json=as_json)

    @group.command(help=say("pool.confirm"))
    def confirm(no: _No, pledge: _Part, user: _User, reason: _Reason = "", as_json: _Json = False) -> None:
        _move(no, "confirm_pledge", user, pledge, {"reason": reason or None}, as_json=as_json)

    @group.command(help=say("pool.thank"))
    def thank(
        no: _No, pledge: _Part, user: _User, words: Annotated[str, typer.Option(help=say("pool.words"))], as_json: _Json = False
    ) -> None:
        _move(no, "thank", user, pledge, {"words": words}, as_json=as_json)


def _add_pairs(group: typer.Typer) -> None:
    @group.command(help=say("pool.pair"))
    def pair(
        area: Annotated[str, typer.Argument(help=say("pool.area"))],
        unit: Annotated[str, typer.Argument(help=say("pool.unit"))],
        user: _User,
        until: Annotated[str | None, typer.Option(help=say("pool.pair_until"))] = None,
        as_json: _Json = False,
    ) -> None:
        _pair(area, unit, user, until, as_json=as_json)

    @group.command(help=say("pool.unpair"))
    def unpair(pair: Annotated[int, typer.Argument(help=say("pool.pair_id"))], user: _User) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.catalogue import catalogue
        from services.claims_pool import end_pair

        with unit_of_work() as session:
            end_pair(session, pair, catalogue(session).actor(user), utcnow())
        typer.echo(say("pool.unpaired", pair=pair))

    @group.command(help=say("pool.pairs"))
    def pairs(as_json: _Json = False) -> None:
        _pairs(as_json=as_json)


def _post(title: str, lines: list[str], user: str, about: dict[str, Any], until: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_began
    from commands.moments import limit, typed
    from commands.opening import unit_of_work
    from services.affairs.people import actor_of
    from services.claims_pool import Order, parse_line, post
    from services.moves import Setting

    about["limits"] = {kind: limit(text) for kind, text in about["limits"].items()}
    order = Order(title, tuple(parse_line(line) for line in lines), until=typed(until), **about)
    with unit_of_work() as session:
        began = post(session, order, actor_of(session, user), Setting(utcnow()))
    print_began(began.no, "pool", title, as_json=as_json)


def _board(user: str, skill: str, area: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, unit_name
    from services.affairs.people import actor_of
    from services.catalogue import catalogue
    from services.claims_pool import board

    with unit_of_work() as session:
        known = catalogue(session)
        found = board(session, actor_of(session, user), utcnow(), skill=skill, area=area)
    if as_json:
        print_json([asdict(each) | {"opened_at": each.opened_at.isoformat()} for each in found])
        return
    places = [unit_name(known, known.unit_ids[o.area]) for o in found]
    rows = [
        (
            *(o.no, o.title, o.part, o.line, o.skill),
            *(f"{o.quantity} {o.measure}".strip(), o.quantity - o.free, o.free, place, local(o.opened_at, known.zone)),
        )
        for o, place in zip(found, places, strict=True)
    ]
    columns = ("no", "subject", "item", "pool_line", "skill", "wanted", "pledged", "pool_free", "area", "since")
    print_table(say("pool.board"), columns, rows, on=screen())
    typer.echo(say("pool.next") if rows else say("pool.none"))


def _figures(no: str, user: str, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.affairs.people import actor_of
    from services.claims_pool import figures

    with unit_of_work() as session:
        found = figures(session, no, actor_of(session, user))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [(f.part, f.line, f"{f.wanted} {f.measure}", f.pledged, f.free, f.confirmed, f.units, f.people, f.back) for f in found]
    columns = ("item", "pool_line", "wanted", "pledged", "pool_free", "confirmed", "pool_units", "pool_people", "pool_back")
    print_table(say("pool.lines"), columns, rows, on=screen())


def _move(no: str, action: str, user: str, part: int | None, args: dict[str, Any], *, as_json: bool) -> None:
    from commands.affairs.moves import moved

    moved(no, action, user, args, part, as_json=as_json)


def _pair(area: str, unit: str, user: str, until: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import typed
    from commands.opening import unit_of_work
    from commands.screen import print_json, unit_name
    from services.catalogue import catalogue
    from services.claims_pool import pair

    ends = typed(until, ends=True)
    with unit_of_work() as session:
        known = catalogue(session)
        found = pair(session, area, unit, known.actor(user), utcnow(), until=ends)
    if as_json:
        print_json({"pair": found, "area": area, "unit": unit})
    else:
        names = {"area": unit_name(known, known.unit_ids[area]), "unit": unit_name(known, known.unit_ids[unit])}
        typer.echo(say("pool.paired", None, pair=found, **names))


def _pairs(*, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, unit_name
    from services.catalogue import catalogue
    from services.claims_pool import pairs

    with unit_of_work() as session:
        known, found = catalogue(session), pairs(session, utcnow())
    if as_json:
        moments = ({"since": p.since.isoformat(), "until": p.until.isoformat() if p.until else None} for p in found)
        print_json([asdict(p) | each for p, each in zip(found, moments, strict=True)])
        return
    ids = known.unit_ids
    rows = [
        (p.id, unit_name(known, ids[p.area]), unit_name(known, ids[p.unit]), local(p.since, known.zone), local(p.until, known.zone))
        for p in found
    ]
    print_table("", ("pair", "area", "unit", "since", "until"), rows, on=screen())
    if not rows:
        typer.echo(say("pool.no_pairs"))

"""`bihuan points goods|redeem|confirm|cancel`: what there is for points, put aside, handed over, given up."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wording import say

if TYPE_CHECKING:
    from services.points import Goods, Partner

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("points.as_user"))]
_MaybeUser = Annotated[str | None, typer.Option("--as", help=say("points.as_user"))]
_Code = Annotated[str, typer.Argument(help=say("points.code"))]
_Zh = Annotated[str, typer.Option(help=say("points.zh"))]
_En = Annotated[str, typer.Option(help=say("points.en"))]
_Number = Annotated[int, typer.Argument(help=say("points.number"))]


def add(points: typer.Typer) -> None:
    """Add these commands to the others about points."""
    _add_goods(points)
    _add_redeem(points)

    @points.command("confirm", help=say("points.confirm"))
    def hand_over(
        number: _Number,
        code: Annotated[str, typer.Argument(help=say("points.hand_over"))],
        partner: Annotated[str, typer.Option(help=say("points.of_partner"))],
    ) -> None:
        _confirm(number, code, partner)

    @points.command("cancel", help=say("points.cancel"))
    def give_up(
        number: _Number,
        phone: Annotated[str, typer.Option(help=say("points.phone"))] = "",
        user: _MaybeUser = None,
        why: Annotated[str, typer.Option(help=say("points.why"))] = "",
        as_json: _Json = False,
    ) -> None:
        _cancel(number, phone, user, why, as_json=as_json)


def _add_goods(points: typer.Typer) -> None:
    group = typer.Typer(help=say("points.goods"), no_args_is_help=True)
    points.add_typer(group, name="goods")

    @group.command("list", help=say("points.goods_list"))
    def list_goods(
        everything: Annotated[bool, typer.Option("--all", help=say("points.everything"))] = False, as_json: _Json = False
    ) -> None:
        _list(everything=everything, as_json=as_json)

    @group.command(help=say("points.partner"))
    def partner(code: _Code, zh: _Zh, en: _En, user: _User, place: Annotated[str, typer.Option(help=say("points.place"))] = "") -> None:
        from services.points import Partner

        _add_partner(Partner(code, zh, en, place), user)

    @group.command(help=say("points.stock"))
    def stock(code: _Code, more: Annotated[int, typer.Option(help=say("points.amount"))], user: _User) -> None:
        _restock(code, more, user)

    @group.command("close", help=say("points.goods_close"))
    def close_one(code: _Code, user: _User) -> None:
        _close(code, user)

    _add_offer(group)


def _add_offer(group: typer.Typer) -> None:
    @group.command("add", help=say("points.add"))
    def offer(
        code: _Code,
        zh: _Zh,
        en: _En,
        partner: Annotated[str, typer.Option(help=say("points.of_partner"))],
        price: Annotated[int, typer.Option(help=say("points.price"))],
        stock: Annotated[int, typer.Option(help=say("points.amount"))],
        user: _User,
    ) -> None:
        from services.points import Goods

        _add_one(Goods(code, zh, en, partner, price, stock), user)


def _add_redeem(points: typer.Typer) -> None:
    @points.command(help=say("points.redeem"))
    def redeem(
        account: Annotated[str, typer.Argument(help=say("points.which"))],
        goods: Annotated[str, typer.Argument(help=say("points.goods_code"))],
        phone: Annotated[str, typer.Option(help=say("points.phone"))],
        quantity: Annotated[int, typer.Option(help=say("points.amount"))] = 1,
        key: Annotated[str | None, typer.Option(help=say("points.key"))] = None,
        user: _MaybeUser = None,
        as_json: _Json = False,
    ) -> None:
        _redeem(account, goods, phone, (quantity, key), user, as_json=as_json)


def _list(*, everything: bool, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import name_of, print_json, print_table, screen
    from services import points
    from services.catalogue import Named

    with unit_of_work() as session:
        rows = points.offered(session, everything=everything)
    if as_json:
        print_json([plain(dict(row)) for row in rows])
        return
    lines = [
        (
            *(name_of(Named(row["zh"], row["en"])), name_of(Named(row["partner_zh"], row["partner_en"]))),
            *(row["price"], row["stock"], row["code"]),
        )
        for row in rows
    ]
    print_table("", [*(f"points_{name}" for name in ("goods", "partner", "price", "stock")), "code"], lines, on=screen())
    if not lines:
        typer.echo(say("points.none"))


def _add_partner(new: "Partner", user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        points.add_partner(session, new, catalogue(session).actor(user), utcnow())
    typer.echo(say("points.partner_added", code=new.code))


def _add_one(new: "Goods", user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        points.add_goods(session, new, catalogue(session).actor(user), utcnow())
    typer.echo(say("points.goods_added", code=new.code))


def _restock(code: str, more: int, user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        left = points.restock(session, code, more, catalogue(session).actor(user), utcnow())
    typer.echo(say("points.stocked", None, code=code, stock=left))


def _close(code: str, user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        points.close_goods(session, code, catalogue(session).actor(user), utcnow())
    typer.echo(say("points.goods_closed", code=code))


def _redeem(which: str, goods: str, phone: str, more: tuple[int, str | None], user: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.ledgers.points import number_of
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from rules.facts import SYSTEM
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        actor = catalogue(session).actor(user) if user else SYSTEM
        done = points.redeem(session, points.Wish(number_of(session, which), goods, phone, *more), utcnow(), actor)
    about = {"number": done.number, "code": done.code, "points": done.points, "balance": done.balance}
    if as_json:
        print_json({**about, "known": done.known})
    else:
        typer.echo(say("points.redeemed_before" if done.known else "points.redeemed", None, **about))


def _confirm(number: int, code: str, partner: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services import points

    with unit_of_work() as session:
        points.confirm(session, number, code, partner, utcnow())
    typer.echo(say("points.confirmed", None, number=number))


def _cancel(number: int, phone: str, user: str | None, why: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from rules.facts import SYSTEM
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        actor = catalogue(session).actor(user) if user else SYSTEM
        held = points.cancel(session, number, utcnow(), actor, phone=phone, why=why)
    if as_json:
        print_json({"number": number, "balance": held})
    else:
        typer.echo(say("points.cancelled", None, number=number, balance=held))


def print_redemptions(rows: Sequence[Mapping[str, Any]], zone: tzinfo) -> None:
    """What was redeemed, as a table."""
    from commands.screen import local, print_table, screen, word
    from wording import language

    of = language()
    lines = [
        (
            *(row["number"], row[f"goods_{of}"], row["quantity"], row["points"], word("points_state", row["state"])),
            *(row[f"partner_{of}"], local(row["made_at"], zone)),
        )
        for row in rows
    ]
    columns = ("number", "goods", "quantity", "points", "state", "partner", "made")
    print_table("", [f"points_{name}" for name in columns], lines, on=screen())

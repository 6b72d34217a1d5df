"""`bihuan points account|reverse`: accounts of residents, points given by hand and taken back."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.ledgers import points_goods, points_rules
from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("points.as_user"))]
_Which = Annotated[str, typer.Argument(help=say("points.which"))]
_Text = str | None


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    points = typer.Typer(help=say("points.help"), no_args_is_help=True)
    app.add_typer(points, name="points")
    points_rules.add(points)
    _add_accounts(points)
    points_goods.add(points)

    @points.command("reverse", help=say("points.reverse"))
    def take_back(
        entry: Annotated[int, typer.Argument(help=say("points.entry"))],
        reason: Annotated[str, typer.Option(help=say("points.reason"))],
        user: _User,
        note: Annotated[str, typer.Option(help=say("points.note"))] = "",
        as_json: _Json = False,
    ) -> None:
        _reverse(entry, reason, note, user, as_json=as_json)


def _add_accounts(points: typer.Typer) -> None:
    group = typer.Typer(help=say("points.account"), no_args_is_help=True)
    points.add_typer(group, name="account")
    _add_open(group)

    @group.command("list", help=say("points.list"))
    def list_accounts(as_json: _Json = False) -> None:
        _list(as_json=as_json)

    @group.command(help=say("points.show"))
    def show(account: _Which, as_json: _Json = False) -> None:
        _show(account, as_json=as_json)

    @group.command(help=say("points.give"))
    def give(
        account: _Which,
        rule: Annotated[str, typer.Argument(help=say("points.rule"))],
        key: Annotated[str, typer.Option(help=say("points.key"))],
        user: _User,
        note: Annotated[str, typer.Option(help=say("points.note"))] = "",
        as_json: _Json = False,
    ) -> None:
        _give(account, (rule, key, note), user, as_json=as_json)

    @group.command("close", help=say("points.close"))
    def close_one(account: _Which, user: _User) -> None:
        _close(account, user)


def _add_open(group: typer.Typer) -> None:
    @group.command("open", help=say("points.open"))
    def open_one(
        user: _User,
        member: Annotated[int | None, typer.Option(help=say("points.member"))] = None,
        name: Annotated[str, typer.Option(help=say("patrol.name"))] = "",
        phone: Annotated[_Text, typer.Option(help=say("patrol.phone"))] = None,
        age: Annotated[str, typer.Option(help=say("patrol.age"))] = "adult",
        guardian_name: Annotated[_Text, typer.Option(help=say("patrol.guardian_name"))] = None,
        guardian_phone: Annotated[_Text, typer.Option(help=say("patrol.guardian_phone"))] = None,
        consented: Annotated[_Text, typer.Option(help=say("patrol.consented"))] = None,
        as_json: _Json = False,
    ) -> None:
        _open(member, (name, phone, age), (guardian_name, guardian_phone, consented), user, as_json=as_json)


def number_of(session: "Session", which: str) -> int:
    """The number of an account: as typed, or found by the holder's phone.

    Raises:
        Refused: `unknown_points_account`.
    """
    from rules.phones import kind_of
    from services import points

    if kind_of(which) is not None:
        return points.account_by_phone(session, which)
    if not which.isascii() or not which.isdigit() or len(which) > 9:
        raise Refused("unknown_points_account", account=which)
    return int(which)


def _open(member: int | None, who: tuple[str, _Text, str], guardian: tuple[_Text, _Text, _Text], user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.ledgers.patrol import resident_of
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        actor, now, resident = catalogue(session).actor(user), utcnow(), resident_of(session, who, guardian)
        if member is not None:
            number = points.open_for_member(session, member, actor, now, consented_on=resident.consented_on)
        else:
            number = points.open_account(session, resident, actor, now)
        known = points.account(session, number).opened_at != now
    if as_json:
        print_json({"account": number, "known": known})
    else:
        typer.echo(say("points.opened_before" if known else "points.opened", None, account=number))


def _list(*, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        rows, zone = points.listed(session), catalogue(session).zone
    if as_json:
        print_json([plain(dict(row)) for row in rows])
        return
    lines = [
        (row["account"], word("patrol_age", row["age"]), row["balance"], *(local(row[n], zone) for n in ("opened_at", "closed_at")))
        for row in rows
    ]
    print_table("", [f"points_{name}" for name in ("account", "age", "balance", "opened", "closed")], lines, on=screen())
    if not lines:
        typer.echo(say("points.none"))


def _show(which: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import name_of, print_json
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        now, number = utcnow(), number_of(session, which)
        found = points.statement(session, number, now)
        redeemed = points.redemptions(session, account_id=number)
        versions, zone = points.schemes(session), catalogue(session).zone
    if as_json:
        entries = [{**entry, "day": str(entry["day"])} for entry in found["entries"]]
        print_json(plain({**found, "entries": entries, "redemptions": [dict(row) for row in redeemed]}))
        return
    typer.echo(say("points.balance", None, account=number, balance=found["balance"]))
    if found["below_zero"]:
        typer.echo(say("points.below_zero"))
    names = {code: name_of(each.name) for code, each in versions[-1].boards.items()}
    for line in found["boards"]:
        typer.echo(say("points.stamps", None, board=names.get(line["board"], line["board"]), earned=line["earned"], stamps=line["stamps"]))
    _print_entries(found["entries"], {rule.code: name_of(rule.name) for scheme in versions for rule in scheme.rules})
    points_goods.print_redemptions(redeemed, zone)


def _print_entries(entries: list[dict[str, Any]], rules: Mapping[str, str | None]) -> None:
    """The ledger; a rule by the name that its newest version gives it."""
    from commands.screen import print_table, screen, word

    lines = [
        (
            entry["id"],
            word("points_kind", entry["kind"]),
            entry["points"],
            rules.get(entry["rule"], entry["rule"]),
            entry["day"],
            entry["note"],
        )
        for entry in entries
    ]
    print_table("", [f"points_{name}" for name in ("entry", "kind", "points", "rule", "day", "note")], lines, on=screen())


def _give(which: str, what: tuple[str, str, str], user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        done = points.give(session, number_of(session, which), *what, catalogue(session).actor(user), utcnow())
    if as_json:
        print_json(done)
    else:
        typer.echo(say("points.given_before" if done["known"] else "points.given", None, points=done["points"], balance=done["balance"]))


def _close(which: str, user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        number = number_of(session, which)
        points.close_account(session, number, catalogue(session).actor(user), utcnow())
    typer.echo(say("points.closed", None, account=number))


def _reverse(entry: int, reason: str, note: str, user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services import points
    from services.catalogue import catalogue

    with unit_of_work() as session:
        done = points.reverse(session, entry, reason, note, catalogue(session).actor(user), utcnow())
    if as_json:
        print_json({"account": done.account, "points": done.points, "balance": done.balance, "below_zero": done.below_zero})
        return
    typer.echo(say("points.reversed", None, points=done.points, account=done.account, balance=done.balance))
    if done.below_zero:
        typer.echo(say("points.below_zero"))

"""`bihuan account`: who may sign in; one-time passwords, accounts that rest, sessions that have to end."""

from typing import Annotated, Any

import typer

from wording import say

_User = Annotated[str, typer.Argument(help=say("account.user"))]
_By = Annotated[str, typer.Option("--as", help=say("account.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("account.help"), no_args_is_help=True)
    app.add_typer(group, name="account")

    @group.command("list", help=say("account.list"))
    def list_them(words: Annotated[str, typer.Option(help=say("account.words"))] = "", as_json: _Json = False) -> None:
        _list(words, as_json=as_json)

    @group.command(help=say("account.give"))
    def give(user: _User, by: _By, as_json: _Json = False) -> None:
        _give(user, by, as_json=as_json)

    @group.command(help=say("account.unlock"))
    def unlock(user: _User, by: _By, as_json: _Json = False) -> None:
        _unlock(user, by, as_json=as_json)

    @group.command(help=say("account.end"))
    def end(user: _User, by: _By, as_json: _Json = False) -> None:
        _end(user, by, as_json=as_json)


def _list(words: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.accounts import people
    from services.catalogue import catalogue
    from wording import language

    with unit_of_work() as session:
        known, found = catalogue(session), people.page_of(session, words, "", utcnow(), limit=people.MOST)
    if as_json:
        print_json(plain([_told(row, known.units[row.person.unit_id].code) for row in found.rows]))
        return
    lang = language()
    lines = [
        (row.person.name, getattr(row.person.title, lang), getattr(known.names[row.person.unit_id], lang), *_columns(row))
        for row in found.rows
    ]
    heads = ("user", "post", "unit", "account_state", "second_factor", "sessions")
    print_table(say("account.title"), heads, lines, on=screen())
    if not lines or found.next:
        typer.echo(say("account.more" if lines else "account.none", n=people.MOST))


def _columns(row: Any) -> tuple[str, str, str]:  # noqa: ANN401 - a row of services.accounts.people
    return say(f"account_state.{row.state}"), "✓" if row.second_factor else "", str(row.sessions or "")


def _told(row: Any, unit: str) -> dict[str, Any]:  # noqa: ANN401 - a row of services.accounts.people
    told = {"user": row.person.name, "unit": unit, "role": row.person.role, "state": row.state, "rests_until": row.rests}
    return told | {"second_factor": row.second_factor, "sessions": row.sessions}


def _give(user: str, by: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import database
    from commands.screen import print_json
    from services.accounts import making, passwords

    password = passwords.invented()
    kept = passwords.hashed(password)
    with database() as opened, opened.unit_of_work() as session:
        making.give(session, user, kept, by, utcnow())
    if as_json:
        print_json({"user": user, "password": password})
    else:
        typer.echo(say("account.given", user=user, password=password))


def _unlock(user: str, by: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.accounts import making

    with unit_of_work() as session:
        making.unlock(session, user, by, utcnow())
    if as_json:
        print_json({"user": user, "unlocked": True})
    else:
        typer.echo(say("account.unlocked", user=user))


def _end(user: str, by: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.accounts import making

    with unit_of_work() as session:
        ended = making.end_sessions(session, user, by, utcnow())
    if as_json:
        print_json({"user": user, "ended": ended})
    else:
        typer.echo(say("account.ended", user=user, n=ended))

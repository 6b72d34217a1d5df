"""`bihuan keys`: the keys that seal names and phones: how they stand, a new one in front, old ones let go."""

from typing import TYPE_CHECKING, Annotated

import typer

from wording import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.privacy.rotation import Held

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("keys.help"), no_args_is_help=True)
    app.add_typer(group, name="keys")

    @group.command(help=say("keys.status"))
    def status(as_json: _Json = False) -> None:
        _status(as_json=as_json)

    @group.command(help=say("keys.new"))
    def new() -> None:
        from cryptography.fernet import Fernet

        typer.echo(Fernet.generate_key().decode())

    @group.command(help=say("keys.rotate"))
    def rotate(
        dry_run: Annotated[bool, typer.Option("--dry-run", help=say("keys.dry_run"))] = False,
        as_json: _Json = False,
    ) -> None:
        _rotate(dry_run=dry_run, as_json=as_json)

    @group.command(help=say("keys.retire"))
    def retire(as_json: _Json = False) -> None:
        _retire(as_json=as_json)


def _status(*, as_json: bool) -> None:
    from dataclasses import asdict

    from commands.opening import database
    from commands.screen import print_json
    from services.privacy.rotation import status
    from settings import get_settings

    with database() as opened:
        held = status(opened, get_settings())
    if as_json:
        print_json([asdict(each) for each in held])
    else:
        _print(held)


def _print(held: "Sequence[Held]") -> None:
    from commands.screen import joined, print_table, screen

    def row(place: int, key: "Held") -> tuple[object, ...]:
        serves = joined((key.seals and say("keys.seals"), key.hashes and say("keys.hashes")))
        return (place, key.name, key.values, serves or say("keys.opens" if key.values else "keys.idle"))

    print_table("", ("place_in_ring", "key_name", "sealed_values", "serves"), [row(n, k) for n, k in enumerate(held, start=1)], on=screen())
    if any(key.values for key in held[1:]):
        typer.echo(say("keys.unfinished", n=sum(key.values for key in held[1:])))


def _rotate(*, dry_run: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from clock import utcnow
    from commands import progress
    from commands.opening import database
    from commands.screen import errors, print_json
    from services.privacy.rotation import rotate
    from settings import get_settings

    with database() as opened, progress.bar(say("keys.progress"), errors()) as shown:
        done = rotate(opened, get_settings(), utcnow(), shown, dry_run=dry_run)
    if as_json:
        print_json(asdict(done) | {"dry_run": dry_run})
        return
    told = ("would_make" if done.made else "would_finish") if dry_run else ("made" if done.made else "finished")
    typer.echo(say(f"keys.{told}", name=done.key, n=done.values))


def _retire(*, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import database
    from commands.screen import joined, print_json
    from services.privacy.rotation import retire
    from settings import get_settings

    with database() as opened:
        gone = retire(opened, get_settings(), utcnow())
    if as_json:
        print_json({"retired": gone})
    else:
        typer.echo(say("keys.retired", keys=joined(gone)) if gone else say("keys.none_retired"))

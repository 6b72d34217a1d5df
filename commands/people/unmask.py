"""`bihuan unmask`: who reported a case, for those who may know, with a reason, on record."""

from typing import Annotated, Any, Final

import typer

from rules.facts import Refused
from wording import say

LOG: Final = "log"  #: instead of a case number: who looked at whom and why


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("unmask.help"))
    def unmask(
        no: Annotated[str, typer.Argument(help=say("unmask.no"))],
        user: Annotated[str | None, typer.Option("--as", help=say("unmask.as"))] = None,
        reason: Annotated[str, typer.Option(help=say("unmask.reason"))] = "",
        limit: Annotated[int, typer.Option(min=1, max=100_000, help=say("unmask.limit"))] = 50,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        if no == LOG:
            _log(limit, as_json=as_json)
        elif user is None:
            raise Refused("unmask_person_missing")
        else:
            _unmask(no, user, reason, as_json=as_json)


def _unmask(no: str, user: str, reason: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.privacy.unmasking import unmask

    with unit_of_work() as session:
        found = unmask(session, no, user, reason, utcnow())
    if as_json:
        print_json({"no": no.upper(), "reporters": found})
        return
    rows = [(each["name"], each["phone"]) for each in found]
    print_table(say("unmask.reporters", no=no.upper()), ("person_name", "phone"), rows, on=screen())
    typer.echo(say("unmask.recorded"))


def _log(limit: int, *, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.catalogue import catalogue
    from services.privacy.unmasking import log

    with unit_of_work() as session:
        rows, zone = log(session, limit), catalogue(session).zone
    if as_json:
        print_json(plain(rows))
        return
    lines: list[Any] = [(_local(row, zone), row["user"], row["no"], row["reporters"], row["reason"]) for row in rows]
    print_table(say("unmask.log"), ("when", "user", "no", "reporters", "reason"), lines, on=screen())
    if not lines:
        typer.echo(say("unmask.nobody"))


def _local(row: dict[str, Any], zone: Any) -> str | None:  # noqa: ANN401 - a zone
    from commands.screen import local

    return local(row["at"], zone)

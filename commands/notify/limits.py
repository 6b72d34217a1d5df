"""`bihuan notify limits`: how much may be sent to whom, when nobody is disturbed, how long is waited; changed in versions."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.deliveries.numbers import Version


def add(group: typer.Typer) -> None:
    """Add the command to `bihuan notify`."""

    @group.command(help=say("limits.help"))
    def limits(
        changes: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help=say("limits.changes"))] = None,
        user: Annotated[str | None, typer.Option("--as", help=say("limits.as"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        if changes:
            _change(changes, user, as_json=as_json)
        else:
            _show(as_json=as_json)


def _show(*, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen
    from rules.delivery import Numbers
    from services.catalogue import catalogue
    from services.deliveries.numbers import in_force

    with unit_of_work() as session:
        known, found = catalogue(session), in_force(session, utcnow())
    if as_json:
        print_json(_plain(found))
        return
    built_in, own = Numbers().stored(), found.numbers.stored()
    rows = [(name, _said(value), say(f"limit_of.{name}"), None if value == built_in[name] else "*") for name, value in own.items()]
    since = local(found.since, known.zone)
    title = say("limits.title", version=found.version, since=since, by=found.changed_by) if found.version else say("limits.built_in")
    print_table(title, ("key", "value", "meaning", "changed"), rows, on=screen())
    typer.echo(say("limits.how"))


def _change(changes: list[str], user: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.deliveries.numbers import change, differences, in_force

    if user is None:
        raise Refused("limits_by_whom")
    given, now = dict(_pair(each) for each in changes), utcnow()
    with unit_of_work() as session:
        before = in_force(session, now)
        after = change(session, given, user, now)
    changed = differences(before.numbers, after.numbers)
    if as_json:
        print_json({**_plain(after), "changed": changed})
        return
    for name, (old, new) in changed.items():
        typer.echo(say("limits.line", name=name, old=_said(old), new=_said(new), meaning=say(f"limit_of.{name}")))
    typer.echo(say("limits.done", version=after.version) if changed else say("limits.same"))


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise Refused("limit_pair", given=text)
    return name.strip(), value.strip()


def _plain(found: "Version") -> dict[str, Any]:
    since = found.since.isoformat() if found.since else None
    return {"version": found.version, "since": since, "changed_by": found.changed_by or None, "numbers": found.numbers.stored()}


def _said(value: Any) -> str:  # noqa: ANN401 - a stored number
    if isinstance(value, dict):
        return ",".join(f"{code}:{number}" for code, number in value.items())
    return ",".join(str(part) for part in value) if isinstance(value, list) else str(value)

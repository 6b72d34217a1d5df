"""`bihuan outside`: interviews (约谈) and bad records (不良记录) of organisations outside."""

from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.outside_records import Line

_User = Annotated[str, typer.Option("--as", help=say("outside.as_user"))]
_No = Annotated[str, typer.Argument(help=say("outside.no"))]
_Reason = Annotated[str, typer.Option(help=say("outside.reason"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("outside.help"), no_args_is_help=True)
    app.add_typer(group, name="outside")
    _add_recording(group)
    _add_objecting(group)
    _add_looking(group)


def _add_recording(group: typer.Typer) -> None:
    @group.command(help=say("outside.record"))
    def record(
        user: _User,
        form: Annotated[str, typer.Option(help=say("outside.form"))],
        organisation: Annotated[str, typer.Option(help=say("outside.organisation"))],
        reason: _Reason,
        basis: Annotated[str, typer.Option(help=say("outside.basis"))],
        at: Annotated[str | None, typer.Option(help=say("outside.at"))] = None,
        until: Annotated[str | None, typer.Option(help=say("outside.until"))] = None,
        evidence: Annotated[list[str] | None, typer.Option(help=say("outside.evidence"))] = None,
    ) -> None:
        _record(user, form, organisation, reason, basis, at, until, evidence or [])

    @group.command("import", help=say("outside.import"))
    def bring(file: Annotated[Path, typer.Argument(help=say("outside.file"))], user: _User) -> None:
        _import(file, user)


def _add_objecting(group: typer.Typer) -> None:
    @group.command("object", help=say("outside.object"))
    def objected(
        no: _No,
        user: _User,
        reason: _Reason,
        on_behalf: Annotated[bool, typer.Option("--on-behalf", help=say("outside.on_behalf"))] = False,
    ) -> None:
        _act(no, user, "object_record", reason=reason, on_behalf=on_behalf)

    @group.command(help=say("outside.decide"))
    def decide(
        no: _No, user: _User, reason: _Reason, upheld: Annotated[bool, typer.Option("--upheld", help=say("outside.upheld"))] = False
    ) -> None:
        _act(no, user, "uphold_objection" if upheld else "reject_objection", reason=reason)

    @group.command(help=say("outside.lift"))
    def lift(no: _No, user: _User, reason: _Reason) -> None:
        _act(no, user, "lift_record", reason=reason)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("outside.list"))
    def list_them(
        form: Annotated[str | None, typer.Option(help=say("outside.only_form"))] = None,
        organisation: Annotated[str | None, typer.Option(help=say("outside.organisation"))] = None,
        counting: Annotated[bool, typer.Option("--counting", help=say("outside.counting"))] = False,
        as_json: _Json = False,
    ) -> None:
        _list(form, organisation, counting=counting, as_json=as_json)

    @group.command("figures", help=say("outside.figures_help"))
    def count(since: Annotated[str | None, typer.Option(help=say("outside.since"))] = None, as_json: _Json = False) -> None:
        _figures(since, as_json=as_json)


def _as(user: str, make: Callable[[Any, Any, Any], Any]) -> Any:  # noqa: ANN401 - what the function gives back
    from clock import utcnow
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.moves import Setting

    with unit_of_work() as session:
        return make(session, catalogue(session).actor(user), Setting(utcnow()))


def _day(text: str | None, known: "Catalogue", *, end: bool = False) -> datetime | None:
    """A day as a moment: its beginning, or its end.

    Raises:
        Refused: `bad_date_here`.
    """
    from services.duty import moment_of

    if text is None:
        return None
    try:
        if len(text) > len("2026-12-01"):
            return moment_of(text, known.zone)
        return datetime.combine(date.fromisoformat(text), time(23, 59) if end else time(), known.zone)
    except ValueError:
        raise Refused("bad_date_here", given=text) from None


def _record(
    user: str, form: str, organisation: str, reason: str, basis: str, at: str | None, until: str | None, evidence: list[str]
) -> None:
    from commands.affairs.answers import print_after
    from services.catalogue import catalogue
    from services.outside_records import Record, record

    def make(session: Any, actor: Any, setting: Any) -> str:  # noqa: ANN401 - a unit of work
        known = catalogue(session)
        wanted = Record(form, organisation, reason, basis, _day(at, known), _day(until, known, end=True), tuple(evidence))
        return record(session, [wanted], actor, setting)[0]

    number = _as(user, make)
    typer.echo(say("outside.recorded", affair=number))
    print_after(number)


def _import(file: Path, user: str) -> None:
    from services.catalogue import catalogue
    from services.outside_records import read_records, record

    def make(session: Any, actor: Any, setting: Any) -> list[str]:  # noqa: ANN401 - a unit of work
        return record(session, read_records(file, catalogue(session).zone), actor, setting)

    numbers = _as(user, make)
    typer.echo(say("outside.imported", count=len(numbers), first=numbers[0], last=numbers[-1]))


def _act(no: str, user: str, action: str, **args: object) -> None:
    from commands.affairs.answers import say_moved
    from services.outside_records import act

    _as(user, lambda session, actor, setting: act(session, no, action, actor, setting, **args))
    say_moved(no, action, user)


def _list(form: str | None, organisation: str | None, *, counting: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.catalogue import catalogue
    from services.outside_records import records, records_of
    from services.reading import plain

    now = utcnow()
    with unit_of_work() as session:
        known = catalogue(session)
        unit = known.unit_ids.get(organisation or "")
        name = known.names[unit].zh if unit is not None else organisation
        found = records_of(session, name, now) if name else records(session, now, form=form, counting=counting)
    if as_json:
        print_json([plain(asdict(line), known) for line in found])
        return
    if not found:
        typer.echo(say("outside.none"))
    columns = ("record_no", "record_kind", "organisation", "state", "opened", "last_day")
    print_table("", columns, (_line(line, known) for line in found), on=screen())


def _line(line: "Line", known: "Catalogue") -> tuple[object, ...]:
    from commands.screen import local, word

    words = (line.no, word("record_form", line.form), line.organisation, word("record_state", line.state))
    return (*words, local(line.at, known.zone), local(line.until, known.zone))


def _figures(since: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.outside_records import figures

    with unit_of_work() as session:
        found = figures(session, utcnow(), _day(since, catalogue(session)))
    if as_json:
        print_json({form: dict(amounts) for form, amounts in found.items()})
        return
    for form, amounts in found.items():
        typer.echo(say("outside.figures", None, form=say(f"record_form.{form}"), **amounts))

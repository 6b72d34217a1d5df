"""`bihuan calendar`: look at the working calendars and change them; every open clock follows, and none ends earlier in silence."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.calendars.layers import Edit


@dataclass(frozen=True, slots=True)
class How:
    """How a change is to be made, and shown."""

    by: str
    dry_run: bool
    confirm: bool
    as_json: bool
    done: str = "done"


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("calendar.help"), no_args_is_help=True)
    app.add_typer(group, name="calendar")
    for command in (_list, _show, _load, _day, _hours, _add, _use):
        command(group)


def _option(name: str, *flags: str) -> Any:  # noqa: ANN401 - Typer's own
    """An option, worded when the commands are put together."""
    return typer.Option(*flags, help=say(f"calendar.{name}"))


def _argument(name: str) -> Any:  # noqa: ANN401 - Typer's own
    return typer.Argument(help=say(f"calendar.{name}"))


# looking --------------------------------------------------------------------------------------------------------------


def _list(group: typer.Typer) -> None:
    @group.command("list", help=say("calendar.list"))
    def list_them(as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False) -> None:
        from commands.calendars.screen import print_calendars
        from commands.opening import unit_of_work
        from commands.screen import print_json
        from services.calendars.listing import list_calendars

        with unit_of_work() as session:
            found = list_calendars(session)
        if as_json:
            print_json([each.plain() for each in found])
        else:
            print_calendars(found)


def _show(group: typer.Typer) -> None:
    @group.command("show", help=say("calendar.show"))
    def show(
        calendar: Annotated[str, _option("option")] = "cn",
        month: Annotated[str | None, _option("month")] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        _show_month(calendar, month, as_json=as_json)


def _show_month(calendar: str, month: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.calendars.screen import print_month
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.calendars.listing import calendar_named, list_calendars, month_of
    from services.catalogue import catalogue

    with unit_of_work() as session:
        known = calendar_named(catalogue(session), calendar)
        listed = next(each for each in list_calendars(session) if each.code == calendar)
    wanted = _month(month or f"{utcnow().astimezone(known.zone):%Y-%m}")
    days = month_of(known, *wanted)
    shown = f"{wanted[0]}-{wanted[1]:02d}"
    if as_json:
        print_json(listed.plain() | {"month": shown, "days": [day.plain() for day in days]})
    else:
        print_month(listed, shown, days)


def _month(text: str) -> tuple[int, int]:
    year, _, month = text.partition("-")
    if not (year.isdecimal() and month.isdecimal() and 1970 <= int(year) <= 2200 and 1 <= int(month) <= 12):
        raise Refused("bad_month", given=text)
    return int(year), int(month)


# changing -------------------------------------------------------------------------------------------------------------


def _load(group: typer.Typer) -> None:
    @group.command("load", help=say("calendar.load"))
    def load_notice(
        file: Annotated[Path, _argument("file")],
        by: Annotated[str, _option("by", "--by", "--as")],
        calendar: Annotated[str, _option("option")] = "cn",
        layer: Annotated[str | None, _option("layer")] = None,
        source: Annotated[str | None, _option("source")] = None,
        year: Annotated[int | None, _option("year")] = None,
        dry_run: Annotated[bool, _option("dry_run", "--dry-run")] = False,
        confirm: Annotated[bool, _option("confirm", "--confirm")] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from clock import utcnow
        from services.calendars import Loading, load, read_notice
        from services.calendars.written import short

        loading = Loading(calendar, read_notice(file), short("--source", source or file.name[:60]), utcnow(), layer, year)
        _change(load(loading), How(by, dry_run, confirm, as_json))


def _day(group: typer.Typer) -> None:
    @group.command("day", help=say("calendar.day"))
    def day(
        day: Annotated[str, _argument("day_argument")],
        by: Annotated[str, _option("by", "--by", "--as")],
        calendar: Annotated[str, _option("option")] = "cn",
        working: Annotated[bool | None, _option("on_off", "--on/--off")] = None,
        clear: Annotated[bool, _option("clear", "--clear")] = False,
        reason: Annotated[str, _option("reason")] = "",
        layer: Annotated[str, _option("layer")] = "stoppage",
        source: Annotated[str | None, _option("source")] = None,
        dry_run: Annotated[bool, _option("dry_run", "--dry-run")] = False,
        confirm: Annotated[bool, _option("confirm", "--confirm")] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.calendars import OneDay, set_day
        from services.calendars.written import readable, short

        if clear == (working is not None):
            raise Refused("day_on_or_off")
        if not clear and not reason.strip():
            raise Refused("day_reason_missing")
        said = short("--reason", reason.strip()), short("--source", source or by)
        one = OneDay(calendar, readable(day), None if clear else working, layer, *said)
        _change(set_day(one), How(by, dry_run, confirm, as_json))


def _hours(group: typer.Typer) -> None:
    @group.command("hours", help=say("calendar.hours"))
    def hours(
        by: Annotated[str, _option("by", "--by", "--as")],
        hours: Annotated[list[str] | None, _argument("hours_argument")] = None,
        calendar: Annotated[str, _option("option")] = "cn",
        days: Annotated[str, _option("days")] = "workday",
        first: Annotated[str | None, _option("first")] = None,
        last: Annotated[str | None, _option("last")] = None,
        clear: Annotated[bool, _option("clear_hours", "--clear")] = False,
        dry_run: Annotated[bool, _option("dry_run", "--dry-run")] = False,
        confirm: Annotated[bool, _option("confirm", "--confirm")] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.calendars import set_hours
        from services.calendars.written import hours_of, readable

        if clear == bool(hours):
            raise Refused("hours_or_clear")
        begins, ends = (readable(text) if text else None for text in (first, last))
        scope, windows = hours_of(hours or (), days, begins, ends)
        _change(set_hours(calendar, scope, windows), How(by, dry_run, confirm, as_json))


def _add(group: typer.Typer) -> None:
    @group.command("add", help=say("calendar.add"))
    def add_one(
        code: Annotated[str, _argument("code")],
        zh: Annotated[str, _option("zh")],
        en: Annotated[str, _option("en")],
        by: Annotated[str, _option("by", "--by", "--as")],
        above: Annotated[str, _option("above")] = "cn",
        layer: Annotated[str, _option("layer_of")] = "area",
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.calendars import add_calendar
        from services.calendars.written import short

        edit = add_calendar(code, short("--zh", zh), short("--en", en), above, layer)
        _change(edit, How(by, dry_run=False, confirm=False, as_json=as_json, done="added"))


def _use(group: typer.Typer) -> None:
    @group.command("use", help=say("calendar.use"))
    def use_calendar(
        unit: Annotated[str, _argument("unit")],
        calendar: Annotated[str, _argument("option")],
        by: Annotated[str, _option("by", "--by", "--as")],
        below: Annotated[bool, _option("below", "--with-below")] = False,
        dry_run: Annotated[bool, _option("dry_run", "--dry-run")] = False,
        confirm: Annotated[bool, _option("confirm", "--confirm")] = False,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    ) -> None:
        from services.calendars import use

        _change(use(unit, calendar, below=below), How(by, dry_run, confirm, as_json))


def _change(edit: "Edit", how: How) -> None:
    """Make a change and say what moved; refused where clocks would end earlier and nobody has confirmed it."""
    from clock import utcnow
    from commands.calendars.screen import Report, print_report
    from commands.opening import database
    from services.calendars import CalendarUnconfirmed, catch_up, change_calendars
    from services.catalogue import catalogue

    with database() as opened:
        with opened.unit_of_work() as session:
            known = catalogue(session)
        try:
            with opened.unit_of_work() as session:
                done = change_calendars(session, edit, how.by, utcnow(), confirm=how.confirm or how.dry_run)
                if how.dry_run:
                    session.rollback()
        except CalendarUnconfirmed as refusal:
            print_report(Report(refusal.moves), known, as_json=how.as_json)
            raise
        if not how.dry_run:
            with opened.unit_of_work() as session:
                done.moves.extend(catch_up(session, done, utcnow()))
    print_report(Report(done.moves, done, dry_run=how.dry_run, words=how.done), known, as_json=how.as_json)

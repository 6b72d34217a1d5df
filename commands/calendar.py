"""`bihuan calendar`: look at the working calendars and change them; every open clock follows, and none ends earlier in silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, get_args

import typer

from rules.facts import Refused
from rules.workdays import Kind, Window
from wording import say

if TYPE_CHECKING:
    from services.calendars import Done, Move
    from services.calendars.layers import Edit
    from services.calendars.listing import Day, Listed

SHOWN: Final = 50  #: clocks named on the screen; `--json` names all
Calendar = Annotated[str, typer.Option(help=say("calendar.option"))]
Layer = Annotated[str | None, typer.Option(help=say("calendar.layer"))]
By = Annotated[str | None, typer.Option(help=say("calendar.by"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say("calendar.dry_run"))]
Confirm = Annotated[bool, typer.Option("--confirm", help=say("calendar.confirm"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("cli.json"))]


@dataclass(frozen=True, slots=True)
class How:
    """How a change is to be made, and shown."""

    by: str | None
    dry_run: bool
    confirm: bool
    as_json: bool


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("calendar.help"), no_args_is_help=True)
    app.add_typer(group, name="calendar")
    group.command("list", help=say("calendar.list"))(_list)
    group.command("show", help=say("calendar.show"))(_show)
    group.command("load", help=say("calendar.load"))(_load)
    group.command("day", help=say("calendar.day"))(_day)
    group.command("hours", help=say("calendar.hours"))(_hours)
    group.command("add", help=say("calendar.add"))(_add)
    group.command("use", help=say("calendar.use"))(_use)


# looking --------------------------------------------------------------------------------------------------------------


def _list(as_json: AsJson = False) -> None:
    from commands.opening import unit_of_work
    from commands.screen import joined, print_json, print_table, screen, word
    from services.calendars.listing import list_calendars
    from wording import language

    with unit_of_work() as session:
        found = list_calendars(session)
    if as_json:
        print_json([each.plain() for each in found])
        return
    columns = ("calendar", "name", "layer", "above", "version", "known_until", "awaiting", "units")
    rows = (
        (c.code, getattr(c, language()), word("calendar_layer", c.layer), c.above, c.version, c.last, joined(c.awaiting), c.units)
        for c in found
    )
    print_table("", columns, rows, on=screen())


def _show(
    calendar: Calendar = "cn",
    month: Annotated[str | None, typer.Option(help=say("calendar.month"))] = None,
    as_json: AsJson = False,
) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.calendars.listing import calendar_named, list_calendars, month_of
    from services.catalogue import catalogue

    with unit_of_work() as session:
        known = calendar_named(catalogue(session), calendar)
        listed = next(each for each in list_calendars(session) if each.code == calendar)
    today = utcnow().astimezone(known.zone).date()
    year, number = _month(month) if month else (today.year, today.month)
    days = month_of(known, year, number)
    if as_json:
        print_json(listed.plain() | {"month": f"{year}-{number:02d}", "days": [day.plain() for day in days]})
    else:
        _print_month(listed, f"{year}-{number:02d}", days)


def _month(text: str) -> tuple[int, int]:
    year, _, month = text.partition("-")
    if not (year.isdecimal() and month.isdecimal() and len(year) == 4 and 1 <= int(month) <= 12 and int(year) >= 1970):
        raise Refused("bad_month", given=text)
    return int(year), int(month)


def _print_month(listed: "Listed", month: str, days: "Sequence[Day]") -> None:
    from commands.screen import joined, print_table, screen, word
    from wording import language

    out = screen()
    about = {"code": listed.code, "name": getattr(listed, language()), "layer": word("calendar_layer", listed.layer)}
    out.print(say("calendar.title", None, **about, version=listed.version, last=listed.last), style="bold")
    if listed.awaiting:
        out.print(say("calendar.awaiting", years=joined(listed.awaiting)))
    rows = ((word("calendar_days", kind), first, last, hours) for kind, first, last, hours in listed.hours)
    print_table(say("calendar.hours_title"), ("days", "first", "last", "hours"), rows, on=out)
    cells: list[str | None] = [None] * (days[0].day.isoweekday() - 1)
    cells += [_cell(day) for day in days]
    cells += [None] * (-len(cells) % 7)
    weeks = [[cell or " " for cell in cells[i : i + 7]] for i in range(0, len(cells), 7)]
    print_table(month, [f"weekday_{n}" for n in range(1, 8)], weeks, on=out)
    out.print(say("calendar.legend"))


def _cell(day: "Day") -> str:
    """A day in words: number, what it is, why, and whether that is certain."""
    from commands.screen import word

    lines = [f"{day.day.day} {word('calendar_mark', day.mark)}", day.reason, say("calendar.provisional") if day.provisional else ""]
    return "\n".join(line for line in lines if line)


# changing -------------------------------------------------------------------------------------------------------------


def _load(
    file: Annotated[Path, typer.Argument(help=say("calendar.file"))],
    calendar: Calendar = "cn",
    layer: Layer = None,
    source: Annotated[str | None, typer.Option(help=say("calendar.source"))] = None,
    year: Annotated[int | None, typer.Option(help=say("calendar.year"))] = None,
    by: By = None,
    dry_run: DryRun = False,
    confirm: Confirm = False,
    as_json: AsJson = False,
) -> None:
    from clock import utcnow
    from services.calendars import Loading, load, read_notice

    days = read_notice(file)
    loading = Loading(calendar, days, _short("--source", source or file.name[:60]), utcnow(), layer, year)
    _change(load(loading), How(by, dry_run, confirm, as_json))


def _day(
    day: Annotated[str, typer.Argument(help=say("calendar.day_argument"))],
    calendar: Calendar = "cn",
    working: Annotated[bool | None, typer.Option("--on/--off", help=say("calendar.on_off"))] = None,
    clear: Annotated[bool, typer.Option("--clear", help=say("calendar.clear"))] = False,
    reason: Annotated[str, typer.Option(help=say("calendar.reason"))] = "",
    layer: Layer = "stoppage",
    source: Annotated[str | None, typer.Option(help=say("calendar.source"))] = None,
    by: By = None,
    dry_run: DryRun = False,
    confirm: Confirm = False,
    as_json: AsJson = False,
) -> None:
    from services.calendars import OneDay, set_day

    if clear == (working is not None):
        raise Refused("day_on_or_off")
    if not clear and not reason.strip():
        raise Refused("day_reason_missing")
    said = _short("--reason", reason.strip()), _short("--source", source or by or "")
    one = OneDay(calendar, _readable(day), None if clear else working, layer or "stoppage", *said)
    _change(set_day(one), How(by, dry_run, confirm, as_json))


def _hours(
    hours: Annotated[list[str] | None, typer.Argument(help=say("calendar.hours_argument"))] = None,
    calendar: Calendar = "cn",
    days: Annotated[str, typer.Option(help=say("calendar.days"))] = "workday",
    first: Annotated[str | None, typer.Option(help=say("calendar.first"))] = None,
    last: Annotated[str | None, typer.Option(help=say("calendar.last"))] = None,
    clear: Annotated[bool, typer.Option("--clear", help=say("calendar.clear_hours"))] = False,
    by: By = None,
    dry_run: DryRun = False,
    confirm: Confirm = False,
    as_json: AsJson = False,
) -> None:
    from services.calendars import set_hours

    if clear == bool(hours):
        raise Refused("hours_or_clear")
    span = tuple(_readable(text) if text else None for text in (first, last))
    if span[0] and span[1] and span[1] < span[0]:
        raise Refused("ends_before_it_begins", first=span[0], last=span[1])
    scope = _window("00:00-00:00", days, *span)
    windows = [_window(text, days, *span) for text in hours or ()]
    _change(set_hours(calendar, scope, windows), How(by, dry_run, confirm, as_json))


def _window(text: str, days: str, first: date | None, last: date | None) -> Window:
    kind = next((known for known in get_args(Kind) if known == days), None)
    if kind is None:
        raise Refused("bad_days_kind", given=days)
    opens, _, closes = text.replace("24:00", "00:00").partition("-")
    try:
        return Window(time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip()), first, last, kind)
    except ValueError:
        raise Refused("bad_hours", given=text) from None


def _add(
    code: Annotated[str, typer.Argument(help=say("calendar.code"))],
    zh: Annotated[str, typer.Option(help=say("calendar.zh"))],
    en: Annotated[str, typer.Option(help=say("calendar.en"))],
    above: Annotated[str, typer.Option(help=say("calendar.above"))] = "cn",
    layer: Annotated[str, typer.Option(help=say("calendar.layer_of"))] = "area",
    as_json: AsJson = False,
) -> None:
    from services.calendars import add_calendar

    edit = add_calendar(code, _short("--zh", zh), _short("--en", en), above, layer)
    _change(edit, How(None, dry_run=False, confirm=False, as_json=as_json))


def _use(
    unit: Annotated[str, typer.Argument(help=say("calendar.unit"))],
    calendar: Annotated[str, typer.Argument(help=say("calendar.option"))],
    below: Annotated[bool, typer.Option("--with-below", help=say("calendar.below"))] = False,
    by: By = None,
    dry_run: DryRun = False,
    confirm: Confirm = False,
    as_json: AsJson = False,
) -> None:
    from services.calendars import use

    _change(use(unit, calendar, below=below), How(by, dry_run, confirm, as_json))


def _readable(text: str) -> date:
    from services.calendars import day_of

    found = day_of(text)
    if found is None:
        raise Refused("bad_day", given=text)
    return found


def _short(option: str, text: str) -> str:
    from services.calendars.notice import NAME_MAX

    if len(text) > NAME_MAX:
        raise Refused("too_long", option=option, most=NAME_MAX)
    return text


def _change(edit: "Edit", how: How) -> None:
    """Make a change and say what moved; refused where clocks would end earlier and nobody has confirmed it."""
    from clock import utcnow
    from commands.opening import database
    from services.calendars import CalendarShortens, catch_up, change_calendars

    with database() as opened:
        try:
            with opened.unit_of_work() as session:
                done = change_calendars(session, edit, how.by, utcnow(), confirm=how.confirm or how.dry_run)
                if how.dry_run:
                    session.rollback()
        except CalendarShortens as refusal:
            _report(refusal.moves, how, changed=False)
            raise
        if not how.dry_run:
            with opened.unit_of_work() as session:
                done.moves.extend(catch_up(session, done, utcnow()))
    _report(done.moves, how, changed=done.changed, done=done)


def _report(moves: "Sequence[Move]", how: How, *, changed: bool, done: "Done | None" = None) -> None:
    from commands.screen import joined, print_json, screen

    shorter = [move for move in moves if move.by_s < 0]
    if how.as_json:
        counts = {"moved": len(moves), "shorter": len(shorter)}
        versions = dict(done.versions) if done else {}
        print_json({"changed": changed, "dry_run": how.dry_run, "versions": versions, **counts, "moves": [m.plain() for m in moves]})
        return
    out = screen()
    _print_moves(sorted(moves, key=lambda move: move.by_s >= 0))
    if done is None:
        return
    if not changed:
        out.print(say("calendar.unchanged"))
        return
    versions = joined(f"{code} v{version}" for code, version in done.versions.items()) or "-"
    key = "calendar.would" if how.dry_run else "calendar.done"
    out.print(say(key, None, versions=versions, moved=len(moves), shorter=len(shorter)))


def _print_moves(moves: "Sequence[Move]") -> None:
    from commands.opening import unit_of_work
    from commands.screen import limit_word, local, print_table, screen, word
    from services.catalogue import catalogue

    if not moves:
        return
    with unit_of_work() as session:
        known = catalogue(session)
    units = {unit.code: known.names[unit.id] for unit in known.units.values()}

    def row(move: "Move") -> tuple[object, ...]:
        from commands.screen import name_of

        mark = "paused" if move.paused else "earlier" if move.by_s < 0 else "later"
        due = local(move.after, known.zone)
        after = f"{due} {say('calendar.provisional')}" if move.provisional else due
        about = (move.no, word("clock", move.clock), move.order, name_of(units.get(move.unit or "")), limit_word(move.limit))
        return (*about, local(move.before, known.zone), after, say(f"calendar.{mark}", None, hours=f"{abs(move.by_s) / 3600:.1f}"))

    out = screen()
    columns = ("no", "clock", "order", "unit", "limit", "due", "due_after", "moved")
    print_table(say("calendar.moves"), columns, map(row, moves[:SHOWN]), on=out)
    if len(moves) > SHOWN:
        out.print(say("calendar.more", count=len(moves) - SHOWN))

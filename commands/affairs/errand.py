"""`bihuan errand`: errands done for residents (帮办代办): the catalogue, begin one, papers and steps, extended hours, self-service."""

from dataclasses import asdict
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from wording import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.workdays import Window
    from services.catalogue import Catalogue
    from services.errands import Extended

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("affairs.as_user"))]
_No = Annotated[str, typer.Argument(help=say("affairs.no"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("errand.help"), no_args_is_help=True)
    app.add_typer(group, name="errand")
    _add_catalogue(group)
    _add_errands(group)
    _add_hours(group)


def _add_catalogue(group: typer.Typer) -> None:
    @group.command("list", help=say("errand.list"))
    def list_them(as_json: _Json = False) -> None:
        _list(as_json=as_json)

    @group.command(help=say("errand.points"))
    def points(as_json: _Json = False) -> None:
        _points(as_json=as_json)

    @group.command("import", help=say("errand.import_it"))
    def import_it(
        file: Annotated[Path, typer.Argument(help=say("errand.file"))],
        since: Annotated[str, typer.Option(help=say("errand.since"))],
        user: _User,
        as_json: _Json = False,
    ) -> None:
        _import(file, since, user, as_json=as_json)


def _add_errands(group: typer.Typer) -> None:
    @group.command(help=say("errand.begin"))
    def begin(
        item: Annotated[str, typer.Argument(help=say("errand.item"))],
        user: _User,
        phone: Annotated[str | None, typer.Option(help=say("errand.phone"))] = None,
        name: Annotated[str | None, typer.Option(help=say("errand.name"))] = None,
        body: Annotated[str, typer.Option(help=say("errand.body"))] = "",
        place: Annotated[str, typer.Option(help=say("errand.place"))] = "",
        area: Annotated[str | None, typer.Option(help=say("errand.area"))] = None,
        unit: Annotated[str | None, typer.Option(help=say("errand.unit"))] = None,
        agent: Annotated[str | None, typer.Option(help=say("errand.agent"))] = None,
        home: Annotated[bool, typer.Option("--home", help=say("errand.home"))] = False,
        at: Annotated[str | None, typer.Option(help=say("errand.at"))] = None,
        case: Annotated[list[str] | None, typer.Option(help=say("errand.case"))] = None,
        as_json: _Json = False,
    ) -> None:
        who = {"phone": phone, "name": name, "agent": agent, "unit": unit}
        where = {"area": area, "place": place, "body": body, "home": home, "cases": tuple(case or ())}
        _begin(item, user, who | where, at, as_json=as_json)

    @group.command(help=say("errand.tick"))
    def tick(no: _No, material: Annotated[str, typer.Argument(help=say("errand.material"))], user: _User, as_json: _Json = False) -> None:
        _move(no, "tick_material", user, None, {"material": material}, as_json=as_json)

    @group.command(help=say("errand.step"))
    def step(no: _No, user: _User, words: Annotated[str, typer.Option(help=say("errand.words"))] = "", as_json: _Json = False) -> None:
        _step(no, user, words, as_json=as_json)


def _add_hours(group: typer.Typer) -> None:
    @group.command(help=say("errand.extend"))
    def extend(
        unit: Annotated[str, typer.Argument(help=say("errand.late_unit"))],
        hours: Annotated[list[str], typer.Argument(help=say("errand.late_hours"))],
        user: _User,
        days: Annotated[str, typer.Option(help=say("errand.days"))] = "workday",
        first: Annotated[str | None, typer.Option(help=say("errand.first"))] = None,
        last: Annotated[str | None, typer.Option(help=say("errand.last"))] = None,
        confirm: Annotated[bool, typer.Option("--confirm", help=say("errand.confirm"))] = False,
        as_json: _Json = False,
    ) -> None:
        windows = [_window(text, days, _day(first), _day(last)) for text in hours]
        _extend(unit, windows, user, confirm=confirm, as_json=as_json)

    @group.command(help=say("errand.late"))
    def late(as_json: _Json = False) -> None:
        _late(as_json=as_json)


def _day(text: str | None) -> date | None:
    from rules.facts import Refused

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused("bad_day", given=text) from None


def _window(text: str, days: str, first: date | None, last: date | None) -> "Window":
    """Hours that were typed, e.g. 17:30-20:00.

    Raises:
        Refused: `bad_days_kind`, `bad_hours`.
    """
    from rules.facts import Refused
    from rules.workdays import Window

    if days not in ("workday", "restday", "every"):
        raise Refused("bad_days_kind", given=days)
    opens, _, closes = text.partition("-")
    try:
        kind = cast(Literal["workday", "restday", "every"], days)
        return Window(time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip()), first, last, kind)
    except ValueError:
        raise Refused("bad_hours", given=text) from None


def _list(*, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import joined, limit_word, print_json, print_table, screen
    from services.errands import content
    from wording import language

    with unit_of_work() as session:
        found = content(session, utcnow())
    if as_json:
        print_json({"version": found.version, "source": found.source, "items": [asdict(i) for i in found.items.values()]})
        return
    lang = language()
    names = {code: item.zh if lang == "zh" else item.en for code, item in found.items.items()}
    wanted = {code: (joined(m[lang] for m in i.materials), joined(s[lang] for s in i.steps)) for code, i in found.items.items()}
    rows = [(c, names[c], *wanted[c], limit_word(i.limit), "✓" if i.home else None) for c, i in found.items.items()]
    print_table("", ("code", "name", "materials", "errand_steps", "limit", "home"), rows, on=screen())
    typer.echo(say("errand.version", version=found.version, source=found.source, n=len(rows)))
    typer.echo(say("errand.begun"))


def _points(*, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import joined, print_json, print_table, screen
    from services.errands import content
    from wording import language

    with unit_of_work() as session:
        found = content(session, utcnow())
    if as_json:
        print_json([asdict(p) for p in found.points])
        return
    zh = language() == "zh"
    names = {code: item.zh if zh else item.en for code, item in found.items.items()}
    rows = [(p.code, p.zh if zh else p.en, p.place, joined(names[code] for code in p.items)) for p in found.points]
    print_table(say("errand.points"), ("code", "name", "place", "self_items"), rows, on=screen())


def _import(file: Path, since: str, user: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.moments import moment
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.errands import import_list, read_content

    given = read_content(file.read_text(encoding="utf-8"))
    with unit_of_work() as session:
        known, now = catalogue(session), utcnow()
        at = moment(since, known.zone, now)
        version = import_list(session, given, file.name, known.actor(user), at, now)
    if as_json:
        print_json({"version": version, "since": at.isoformat(), "items": len(given["item"])})
    else:
        typer.echo(say("errand.imported", version=version, since=since, n=len(given["item"])))


def _begin(item: str, user: str, about: dict[str, Any], at: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_began
    from commands.moments import typed
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.errands import Wish, begin_errand, item_of
    from services.moves import Setting

    now = utcnow()
    with unit_of_work() as session:
        began = begin_errand(session, Wish(item, at=typed(at), **about), catalogue(session).actor(user), Setting(now))
        title = item_of(session, item, now)[0].zh
    print_began(began.no, "errand", title, as_json=as_json)


def _move(no: str, action: str, user: str, part: int | None, args: dict[str, Any], *, as_json: bool) -> None:
    from commands.affairs.moves import moved

    moved(no, action, user, args, part, as_json=as_json)


def _step(no: str, user: str, words: str, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from rules.facts import Refused
    from services.affairs import sheet
    from services.affairs.people import actor_of

    with unit_of_work() as session:
        parts = sheet(session, no, actor_of(session, user)).parts
    part = next((p["no"] for p in parts if p["thing"] == "errand_step" and p["state"] == "open"), None)
    if part is None:
        raise Refused("no_step", affair=no)
    _move(no, "do_step", user, part, {"words": words}, as_json=as_json)


def _extend(unit: str, windows: "list[Window]", user: str, *, confirm: bool, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import database
    from commands.screen import print_json, unit_name
    from services.calendars import catch_up
    from services.catalogue import catalogue
    from services.errands import Extra, extend, extended

    with database() as opened:
        now = utcnow()
        with opened.unit_of_work() as session:
            done = extend(session, Extra(unit, windows), user, now, confirm=confirm)
        with opened.unit_of_work() as session:
            moved = [*done.moves, *catch_up(session, done, now)]
            known, now_late = catalogue(session), extended(session)
    if as_json:
        print_json({"unit": unit, "changed": done.changed, "clocks": len(moved)})
    else:
        typer.echo(say("errand.extended", unit=unit_name(known, known.unit_ids[unit]), n=len(moved)))
        _print_late(now_late, known)


def _print_late(found: "Iterable[Extended]", known: "Catalogue") -> None:
    """Which units are open longer, on which days."""
    from commands.screen import joined, print_table, screen, unit_name, word

    rows = [
        (unit_name(known, known.unit_ids[e.unit]), e.calendar, word("late_days", e.days), joined(e.hours), e.first, e.last) for e in found
    ]
    print_table(say("errand.late"), ("unit", "calendar", "late_days", "late_hours", "since", "until"), rows, on=screen())


def _late(*, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.errands import extended

    with unit_of_work() as session:
        known, found = catalogue(session), extended(session)
    if as_json:
        print_json([asdict(e) | {"first": e.first and e.first.isoformat(), "last": e.last and e.last.isoformat()} for e in found])
        return
    _print_late(found, known)
    if not found:
        typer.echo(say("errand.no_late"))

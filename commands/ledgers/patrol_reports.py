"""What `bihuan patrol` says of reports: handed in, listed with what became of them, counted for everybody."""

from datetime import datetime
from typing import TYPE_CHECKING

import typer

from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.patrols import Community, Counted, Line

_Text = str | None


def hand_in(line: "Line", user: _Text, *, as_json: bool) -> None:
    """Hand one line in, and say under which number."""
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from rules.facts import SYSTEM
    from services import patrols
    from services.catalogue import catalogue
    from services.moves import Setting

    with unit_of_work() as session:
        actor = catalogue(session).actor(user) if user else SYSTEM
        (done,) = patrols.report(session, [line], Setting(utcnow()), actor)
    if as_json:
        print_json({"no": done.no, "known": done.known})
    else:
        typer.echo(say("patrol.known" if done.known else "patrol.handed_in", no=done.no, member=line.member))


def show_reports(number: int, since: _Text, until: _Text, *, as_json: bool) -> None:
    """What a member has reported, and what became of it."""
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services import patrols
    from services.catalogue import catalogue

    with unit_of_work() as session:
        zone, (start, end) = catalogue(session).zone, stretch(session, since, until)
        rows = patrols.reports_of(session, number, since=start, until=end)
        figures, written = patrols.of_member(session, number, since=start, until=end)
    numbers = {"reported": figures.reported, "solved": figures.solved, "coordinating": figures.coordinating, "other": figures.other}
    if as_json:
        print_json({"member": number, **numbers, "written": written, "reports": [plain(dict(row)) for row in rows]})
        return
    lines = [
        (
            *(row["no"], row["subject"], word("state", row["state"]), word("patrol_standing", row["standing"])),
            *(row["part_of"], row["result"], local(row["at"], zone)),
        )
        for row in rows
    ]
    columns = ("no", "subject", "state", "patrol_standing", "patrol_part_of", "result", "patrol_at")
    print_table("", columns, lines, on=screen())
    typer.echo(say("patrol.summary", None, **numbers, written=written) if rows else say("patrol.nothing_yet"))


def stretch(session: "Session", since: _Text, until: _Text) -> tuple[datetime | None, datetime | None]:
    """From when to when, as typed in local time; None where nothing is.

    Raises:
        Refused: `bad_local_moment`.
    """
    from clock import utcnow
    from commands.moments import moment
    from services.catalogue import catalogue

    zone, now = catalogue(session).zone, utcnow()
    start, end = (moment(text, zone, now) if text else None for text in (since, until))
    return start, end


def count(scope: tuple[str, str] | None, since: _Text, until: _Text, *, as_json: bool) -> None:
    """The counter: all of it, or one line."""
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services import patrols

    with unit_of_work() as session:
        start, end = stretch(session, since, until)
        if scope is not None:
            lines = [patrols.one(session, *scope, since=start, until=end)]
        else:
            lines = [line for each in patrols.counter(session, since=start, until=end) for line in _flat(each)]
    if as_json:
        print_json([patrols.told(line) for line in lines])
    else:
        _print(lines)


def _flat(community: "Community") -> "list[Counted]":
    return [community.total, *community.groups, *community.stations]


def _print(lines: "list[Counted]") -> None:
    from commands.screen import name_of, print_table, screen, word

    names = ("reported", "solved", "coordinating", "other")
    rows = [
        (word("patrol_scope", line.scope), line.code, name_of(line.name), *(getattr(line.figures, name) for name in names))
        for line in lines
    ]
    print_table("", [f"patrol_{name}" for name in ("scope", "code", "name", *names)], rows, on=screen())
    if not rows:
        typer.echo(say("patrol.none"))

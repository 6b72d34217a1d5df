"""`bihuan patrol`: groups, stations and members, reports of a line with what became of them, the public counter."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.ledgers import patrol_reports
from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.patrols import Opening, Resident

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("patrol.as_user"))]
_Code = Annotated[str, typer.Argument(help=say("patrol.code"))]
_Zh = Annotated[str, typer.Option(help=say("patrol.zh"))]
_En = Annotated[str, typer.Option(help=say("patrol.en"))]
_Area = Annotated[str, typer.Option(help=say("patrol.area"))]
_Number = Annotated[int, typer.Argument(help=say("patrol.number"))]
_Since = Annotated[str | None, typer.Option(help=say("patrol.since"))]
_Until = Annotated[str | None, typer.Option(help=say("patrol.until"))]
_Text = str | None


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    patrol = typer.Typer(help=say("patrol.help"), no_args_is_help=True)
    app.add_typer(patrol, name="patrol")
    _add_groups(patrol)
    _add_stations(patrol)
    _add_members(patrol)
    _add_report(patrol)

    @patrol.command("counter", help=say("patrol.counter"))
    def count(
        scope: Annotated[tuple[str, str] | None, typer.Option(help=say("patrol.scope"))] = None,
        since: _Since = None,
        until: _Until = None,
        as_json: _Json = False,
    ) -> None:
        patrol_reports.count(scope, since, until, as_json=as_json)


def _add_groups(patrol: typer.Typer) -> None:
    group = typer.Typer(help=say("patrol.group"), no_args_is_help=True)
    patrol.add_typer(group, name="group")

    @group.command("list", help=say("patrol.list"))
    def list_groups(as_json: _Json = False) -> None:
        _list("group", as_json=as_json)

    @group.command("add", help=say("patrol.add_group"))
    def add_group(
        code: _Code, zh: _Zh, en: _En, area: _Area, user: _User, kind: Annotated[str, typer.Option(help=say("patrol.kind"))]
    ) -> None:
        from services.patrols import Opening

        _open("group", Opening(code, zh, en, area, kind=kind), user)

    @group.command("close", help=say("patrol.close"))
    def close_group(code: _Code, user: _User) -> None:
        _close("group", code, user)


def _add_stations(patrol: typer.Typer) -> None:
    station = typer.Typer(help=say("patrol.station"), no_args_is_help=True)
    patrol.add_typer(station, name="station")

    @station.command("list", help=say("patrol.list"))
    def list_stations(as_json: _Json = False) -> None:
        _list("station", as_json=as_json)

    @station.command("add", help=say("patrol.add_station"))
    def add_station(
        code: _Code, zh: _Zh, en: _En, area: _Area, user: _User, place: Annotated[str, typer.Option(help=say("patrol.place"))]
    ) -> None:
        from services.patrols import Opening

        _open("station", Opening(code, zh, en, area, place=place), user)

    @station.command("close", help=say("patrol.close"))
    def close_station(code: _Code, user: _User) -> None:
        _close("station", code, user)


def _add_members(patrol: typer.Typer) -> None:
    member = typer.Typer(help=say("patrol.member"), no_args_is_help=True)
    patrol.add_typer(member, name="member")

    @member.command("list", help=say("patrol.list"))
    def list_members(
        group: Annotated[str, typer.Argument(help=say("patrol.of_group"))],
        everybody: Annotated[bool, typer.Option("--all", help=say("patrol.everybody"))] = False,
        as_json: _Json = False,
    ) -> None:
        _members(group, everybody=everybody, as_json=as_json)

    @member.command("leave", help=say("patrol.leave"))
    def leave(number: _Number, user: _User, why: Annotated[str, typer.Option(help=say("patrol.why"))] = "") -> None:
        _leave(number, user, why)

    _add_join(member)


def _add_join(member: typer.Typer) -> None:
    @member.command("add", help=say("patrol.add_member"))
    def add_member(
        group: Annotated[str, typer.Argument(help=say("patrol.of_group"))],
        name: Annotated[str, typer.Option(help=say("patrol.name"))],
        user: _User,
        phone: Annotated[_Text, typer.Option(help=say("patrol.phone"))] = None,
        station: Annotated[_Text, typer.Option(help=say("patrol.of_station"))] = None,
        age: Annotated[str, typer.Option(help=say("patrol.age"))] = "adult",
        guardian_name: Annotated[_Text, typer.Option(help=say("patrol.guardian_name"))] = None,
        guardian_phone: Annotated[_Text, typer.Option(help=say("patrol.guardian_phone"))] = None,
        consented: Annotated[_Text, typer.Option(help=say("patrol.consented"))] = None,
        as_json: _Json = False,
    ) -> None:
        guardian = (guardian_name, guardian_phone, consented)
        _join(group, (name, phone, age), guardian, station, user, as_json=as_json)


def _add_report(patrol: typer.Typer) -> None:
    @patrol.command(help=say("patrol.report"))
    def report(
        number: _Number,
        line: Annotated[_Text, typer.Argument(help=say("patrol.line"))] = None,
        photo: Annotated[list[Path] | None, typer.Option(help=say("intake.photo"))] = None,
        area: Annotated[_Text, typer.Option(help=say("patrol.line_area"))] = None,
        place: Annotated[str, typer.Option(help=say("cli.submit_place"))] = "",
        at: Annotated[_Text, typer.Option(help=say("intake.at"))] = None,
        datum: Annotated[str, typer.Option(help=say("intake.datum"))] = "WGS84",
        key: Annotated[_Text, typer.Option(help=say("patrol.key"))] = None,
        user: Annotated[_Text, typer.Option("--as", help=say("patrol.written_by"))] = None,
        since: _Since = None,
        until: _Until = None,
        as_json: _Json = False,
    ) -> None:
        if line is None:
            patrol_reports.show_reports(number, since, until, as_json=as_json)
            return
        from commands.cases.attach import kept
        from rules.geo import datum_named, parse_point
        from services.intake import Where
        from services.patrols import Line

        where = Where(parse_point(at), datum_named(datum)) if at is not None else None
        patrol_reports.hand_in(Line(number, line, area, place, where, kept(photo or ()), key), user, as_json=as_json)


# groups and stations --------------------------------------------------------------------------------------------------


def _open(what: str, new: "Opening", user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services import patrols
    from services.catalogue import catalogue

    opening = {"group": patrols.open_group, "station": patrols.open_station}[what]
    with unit_of_work() as session:
        opening(session, new, catalogue(session).actor(user), utcnow())
    typer.echo(say("patrol.opened" if what == "group" else "patrol.station_opened", code=new.code))


def _close(what: str, code: str, user: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services import patrols
    from services.catalogue import catalogue

    with unit_of_work() as session:
        patrols.close(session, what, code, catalogue(session).actor(user), utcnow())
    typer.echo(say("patrol.closed", code=code))


def _list(what: str, *, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, name_of, print_json, print_table, screen
    from services import patrols
    from services.catalogue import Named, catalogue

    with unit_of_work() as session:
        rows, zone = patrols.listed(session, what), catalogue(session).zone
    own = ("kind",) if what == "group" else ("place",)
    if as_json:
        names = ("code", "zh", "en", *own, "area", "members", "opened_at", "closed_at")
        print_json([plain({name: row[name] for name in names}) for row in rows])
        return
    lines = [
        (
            *(row["code"], name_of(Named(row["zh"], row["en"])), *_own(row, own[0]), row["area"], row["members"]),
            *(local(row[name], zone) for name in ("opened_at", "closed_at")),
        )
        for row in rows
    ]
    columns = ("code", "name", *own, "area", "members", "since", "closed")
    print_table("", [f"patrol_{name}" for name in columns], lines, on=screen())
    if not lines:
        typer.echo(say("patrol.none"))


def _own(row: Any, name: str) -> tuple[object]:  # noqa: ANN401 - a row
    from commands.screen import name_of
    from services import patrols

    return (name_of(patrols.kinds()[row["kind"]].name),) if name == "kind" else (row[name],)


# members --------------------------------------------------------------------------------------------------------------


def resident_of(session: "Session", who: tuple[str, _Text, str], guardian: tuple[_Text, _Text, _Text]) -> "Resident":
    """Who joins, as typed: name, phone and age; name, phone and day of consent of the guardian.

    Raises:
        Refused: `bad_local_moment`.
    """
    from clock import utcnow
    from commands.moments import moment
    from services.catalogue import catalogue
    from services.patrols import Resident

    zone, (name, phone, age), (guardian_name, guardian_phone, consented) = catalogue(session).zone, who, guardian
    day = moment(consented, zone, utcnow()).astimezone(zone).date() if consented else None
    return Resident(name, phone, age, guardian_name, guardian_phone, day)


def _join(
    group: str, who: tuple[str, _Text, str], guardian: tuple[_Text, _Text, _Text], station: _Text, user: str, *, as_json: bool
) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services import patrols
    from services.catalogue import catalogue

    with unit_of_work() as session:
        actor, resident = catalogue(session).actor(user), resident_of(session, who, guardian)
        number = patrols.join(session, group, resident, actor, utcnow(), station=station)
    if as_json:
        print_json({"member": number})
    else:
        typer.echo(say("patrol.joined", member=number))


def _leave(number: int, user: str, why: str) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from services import patrols
    from services.catalogue import catalogue

    with unit_of_work() as session:
        patrols.leave(session, number, catalogue(session).actor(user), utcnow(), why)
    typer.echo(say("patrol.left", member=number))


def _members(group: str, *, everybody: bool, as_json: bool) -> None:
    from commands.moments import plain
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services import patrols
    from services.catalogue import catalogue

    with unit_of_work() as session:
        rows, zone = patrols.members(session, group, everybody=everybody), catalogue(session).zone
    if as_json:
        print_json([plain({**row, "consented_on": str(row["consented_on"] or "") or None}) for row in rows])
        return
    lines = [
        (
            *(row["number"], row["station"], word("patrol_age", row["age"]), row["consented_on"]),
            *(local(row[name], zone) for name in ("joined_at", "left_at")),
        )
        for row in rows
    ]
    print_table("", [f"patrol_{name}" for name in ("member", "station", "age", "consented", "joined", "left")], lines, on=screen())
    if not lines:
        typer.echo(say("patrol.none"))

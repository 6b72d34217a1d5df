"""`bihuan sensor`: devices, who is called when they alarm, suppliers' keys, and what came in. It does not replace 119, 110, 120."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from services.sensors.devices import Written

_Code = Annotated[str, typer.Argument(help=say("sensors.code"))]
_By = Annotated[str, typer.Option("--as", help=say("sensors.as"))]
_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_ADDRESS: Final = "/sensors/{code}"  #: where a supplier sends to, on the site


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("sensors.help"), no_args_is_help=True)
    app.add_typer(group, name="sensor")
    _add_registering(group)
    _add_linking(group)
    _add_looking(group)
    _add_alarms(group)
    _add_muting(group)
    _add_key(group)


def _add_registering(group: typer.Typer) -> None:
    @group.command("add", help=say("sensors.add"))
    def add_one(
        code: _Code,
        kind: Annotated[str, typer.Option(help=say("sensors.kind"))],
        place: Annotated[str, typer.Option(help=say("sensors.place"))],
        area: Annotated[str, typer.Option(help=say("sensors.area"))],
        by: _By,
        point: Annotated[str, typer.Option(help=say("sensors.point"))] = "",
        community: Annotated[str, typer.Option(help=say("sensors.community"))] = "",
        property_: Annotated[str, typer.Option("--property", help=say("sensors.property"))] = "",
        fire: Annotated[str, typer.Option(help=say("sensors.fire"))] = "",
        escalate_to: Annotated[str, typer.Option(help=say("sensors.escalate_to"))] = "",
        person: Annotated[list[str] | None, typer.Option(help=say("sensors.people"))] = None,
        file: Annotated[str | None, typer.Option(help=say("sensors.linked_file"))] = None,
    ) -> None:
        from services.sensors.devices import Written

        units = {"community": community, "property": property_, "fire": fire}
        _add(Written(code, kind, place, area, point, **units, escalate_to=escalate_to, people=" ".join(person or ())), by, file)

    @group.command("import", help=say("sensors.import"))
    def import_them(file: Annotated[Path, typer.Argument(help=say("sensors.file"))], by: _By, as_json: _Json = False) -> None:
        _import(file, by, as_json=as_json)


def _add_looking(group: typer.Typer) -> None:
    @group.command("list", help=say("sensors.list"))
    def list_them(
        area: Annotated[str | None, typer.Option(help=say("sensors.in_area"))] = None,
        kind: Annotated[str | None, typer.Option(help=say("sensors.of_kind"))] = None,
        muted: Annotated[bool, typer.Option("--muted", help=say("sensors.muted_only"))] = False,
        as_json: _Json = False,
    ) -> None:
        from clock import utcnow
        from commands.ledgers import sensor_screen
        from commands.opening import unit_of_work
        from services.sensors.figures import devices
        from services.sensors.kinds import kind_named

        chosen = kind_named(kind).code if kind is not None else None
        with unit_of_work() as session:
            sensor_screen.devices(session, devices(session, area=area, kind=chosen, muted_at=utcnow() if muted else None), as_json=as_json)

    @group.command(help=say("sensors.show"))
    def show(code: _Code, as_json: _Json = False) -> None:
        from clock import utcnow
        from commands.ledgers import sensor_screen
        from commands.opening import unit_of_work
        from services.sensors.figures import alarms, device

        with unit_of_work() as session:
            sensor_screen.device(session, device(session, code), alarms(session, code=code, limit=10), utcnow(), as_json=as_json)


def _add_alarms(group: typer.Typer) -> None:
    @group.command(help=say("sensors.alarms"))
    def alarms(
        device: Annotated[str | None, typer.Option(help=say("sensors.of_device"))] = None,
        unknown: Annotated[bool, typer.Option("--unknown", help=say("sensors.unknown_only"))] = False,
        limit: Annotated[int, typer.Option(min=1, max=10_000, help=say("sensors.limit"))] = 50,
        as_json: _Json = False,
    ) -> None:
        from commands.ledgers import sensor_screen
        from commands.opening import unit_of_work
        from services.sensors import figures

        with unit_of_work() as session:
            found = figures.alarms(session, code=device, unregistered=unknown, limit=limit)
            sensor_screen.alarms(session, found, as_json=as_json)


def _add_muting(group: typer.Typer) -> None:
    @group.command(help=say("sensors.mute"))
    def mute(
        code: _Code,
        reason: Annotated[str, typer.Option(help=say("sensors.reason"))],
        until: Annotated[str, typer.Option(help=say("sensors.until"))],
        by: _By,
    ) -> None:
        from clock import utcnow
        from commands.moments import moment
        from commands.opening import unit_of_work
        from commands.screen import local
        from services.catalogue import catalogue
        from services.sensors import muting

        now = utcnow()
        with unit_of_work() as session:
            zone = catalogue(session).zone
            end = moment(until, zone, now)
            muting.mute(session, code, reason, end, by, now)
        typer.echo(say("sensors.muted", device=code, until=local(end, zone)))

    @group.command(help=say("sensors.unmute"))
    def unmute(code: _Code, by: _By) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.sensors import muting

        with unit_of_work() as session:
            muting.unmute(session, code, by, utcnow())
        typer.echo(say("sensors.unmuted", device=code))


def _add_key(group: typer.Typer) -> None:
    @group.command(help=say("sensors.key"))
    def key(
        hook: Annotated[str | None, typer.Argument(help=say("sensors.hook"))] = None,
        name: Annotated[str | None, typer.Option(help=say("sensors.name"))] = None,
        rotate: Annotated[bool, typer.Option("--rotate", help=say("sensors.rotate"))] = False,
        off: Annotated[bool, typer.Option("--off", help=say("sensors.off"))] = False,
        overlap: Annotated[int | None, typer.Option(min=0, help=say("sensors.overlap"))] = None,
        window: Annotated[int | None, typer.Option(help=say("sensors.window"))] = None,
        per_minute: Annotated[int | None, typer.Option(help=say("sensors.per_minute"))] = None,
        by: Annotated[str, typer.Option("--as", help=say("sensors.as"))] = "admin",
        as_json: _Json = False,
    ) -> None:
        if (name is not None) + rotate + off > 1:
            raise Refused("hook_choice")
        if hook is None or not (name is not None or rotate or off):
            _list_hooks(hook, as_json=as_json)
        elif name is not None:
            _make(hook, name, by, {"window_s": window, "per_minute": per_minute}, as_json=as_json)
        elif rotate:
            _rotate(hook, by, overlap, as_json=as_json)
        else:
            _stop(hook, by, as_json=as_json)


def _add_linking(group: typer.Typer) -> None:
    @group.command(help=say("sensors.link"))
    def link(code: _Code, file: Annotated[str, typer.Option(help=say("sensors.linked_file"))], by: _By) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.sensors import linking

        with unit_of_work() as session:
            linking.link(session, code, file, by, utcnow())
        typer.echo(say("sensors.linked", device=code, file=file.upper()))

    @group.command(help=say("sensors.unlink"))
    def unlink(code: _Code, by: _By) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.sensors import linking

        with unit_of_work() as session:
            file = linking.unlink(session, code, by, utcnow())
        typer.echo(say("sensors.unlinked", device=code, file=file))


def _add(written: "Written", by: str, file: str | None) -> None:
    from clock import utcnow
    from commands.ledgers import sensor_screen
    from commands.opening import unit_of_work
    from services.sensors import devices, linking
    from services.sensors.figures import device

    with unit_of_work() as session:
        devices.add(session, written, by, utcnow())
        if file is not None:
            linking.link(session, written.code, file, by, utcnow())
        sensor_screen.added(session, device(session, written.code.strip()))


def _import(file: Path, by: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.ledgers import sensor_screen
    from commands.opening import unit_of_work
    from services.sensors.importing import import_devices

    with unit_of_work() as session:
        done = import_devices(session, file, by, utcnow())
    sensor_screen.imported(done, as_json=as_json)
    if done.wrong:
        raise typer.Exit(1)


# suppliers ------------------------------------------------------------------------------------------------------------


def _list_hooks(code: str | None, *, as_json: bool) -> None:
    from commands.ledgers import sensor_screen
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.sensors.hooks import hooks

    with unit_of_work() as session:
        found, zone = hooks(session), catalogue(session).zone
    if code is not None and code not in {row["code"] for row in found}:
        raise Refused("unknown_hook", hook=code[:20])
    sensor_screen.hooks([row for row in found if code in (None, row["code"])], zone, as_json=as_json)


def _make(code: str, name: str, by: str, given: dict[str, int | None], *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.sensors import hooks

    with unit_of_work() as session:
        secret = hooks.make(session, code, name, by, utcnow(), **{key: value for key, value in given.items() if value is not None})
    if as_json:
        print_json(_secret(code, secret))
        return
    _tell_secret(code, secret)


def _rotate(code: str, by: str, overlap: int | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import local, print_json
    from services.catalogue import catalogue
    from services.sensors import hooks
    from services.sensors.kinds import OVERLAP

    length, now = OVERLAP if overlap is None else timedelta(hours=overlap), utcnow()
    with unit_of_work() as session:
        (secret, before_until), zone = hooks.rotate(session, code, by, now, length), catalogue(session).zone
    if as_json:
        print_json({**_secret(code, secret), "before_until": before_until and before_until.isoformat()})
        return
    _tell_secret(code, secret)
    typer.echo(say("sensors.rotated", until=local(before_until, zone)) if before_until else say("sensors.rotated_stopped"))


def _stop(code: str, by: str, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.sensors import hooks

    with unit_of_work() as session:
        hooks.stop(session, code, by, utcnow())
    if as_json:
        print_json({"hook": code, "stopped": True})
    else:
        typer.echo(say("sensors.stopped", hook=code))


def _secret(code: str, secret: str) -> dict[str, str]:
    """A supplier's secret, shown this once, and where the supplier sends to."""
    return {"hook": code, "secret": secret, "address": _ADDRESS.format(code=code)}


def _tell_secret(code: str, secret: str) -> None:
    typer.echo(say("sensors.secret", secret=secret))
    typer.echo(say("sensors.address", address=_ADDRESS.format(code=code)))

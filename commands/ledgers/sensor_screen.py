"""How devices, alarms and suppliers' hooks are shown: tables for people, JSON for programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

import typer

from commands.screen import errors, joined, local, print_json, print_table, screen, to_the_second, unit_name, word
from services.catalogue import Catalogue, catalogue
from services.sensors.kinds import KINDS
from wording import language, say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.sensors.importing import Imported

Row = Mapping[str, Any]
_UNITS: Final = ("area_unit_id", "community_unit_id", "property_unit_id", "fire_unit_id")
_PLAIN: Final = ("code", "kind", "place", "lat", "lon", "escalate_to", "muted_reason", "muted_by", "alarms", "suppressed", "false_alarms")
_MOMENTS: Final = ("added_at", "muted_until", "quiet_until", "last_at")


def devices(session: "Session", rows: Sequence[Row], *, as_json: bool) -> None:
    """Show the register."""
    known = catalogue(session)
    if as_json:
        print_json([_as_json(row, known) for row in rows])
        return
    columns = ("device", "device_kind", "place", "alarms", "suppressed", "false_alarms", "muted_until", "newest_case")
    lines = [
        (
            r["code"],
            _kind(r),
            r["place"],
            r["alarms"],
            r["suppressed"],
            r["false_alarms"],
            local(r["muted_until"], known.zone),
            r["case_no"],
        )
        for r in rows
    ]
    print_table("", columns, lines, on=screen())
    if not rows:
        typer.echo(say("sensors.no_devices"))
    _not_119()


def device(session: "Session", row: Row, newest: Sequence[Row], now: datetime, *, as_json: bool) -> None:
    """Show one device with its newest alarms."""
    known = catalogue(session)
    if as_json:
        print_json(_as_json(row, known) | {"newest": [_alarm(each) for each in newest]})
        return
    typer.echo(say("sensors.heading", device=row["code"], kind=_kind(row), place=row["place"]))
    named = {name.removesuffix("_unit_id"): unit_name(known, row[name]) or "—" for name in _UNITS[1:]}
    people = joined(known.by_id[i].name for i in row["people"] if i in known.by_id) or "—"
    typer.echo(say("sensors.responsible", **named, named=row["escalate_to"] or say("sensors.nobody"), people=people))
    counted = {name: row[name] for name in ("alarms", "suppressed", "false_alarms")}
    typer.echo(say("sensors.counted", **counted, case=row["case_no"] or "—"))
    if row["subject_no"] is not None:
        typer.echo(say("sensors.is_linked", file=row["subject_no"]))
    if row["muted_until"] is not None and row["muted_until"] > now:
        said = {"until": local(row["muted_until"], known.zone), "by": row["muted_by"], "reason": row["muted_reason"]}
        typer.echo(say("sensors.is_muted", **said))
    if row["quiet_until"] is not None and row["quiet_until"] > now:
        typer.echo(say("sensors.is_quiet", until=local(row["quiet_until"], known.zone)))
    alarms(session, newest, as_json=False)


def alarms(session: "Session", rows: Sequence[Row], *, as_json: bool) -> None:
    """Show alarms."""
    if as_json:
        print_json([_alarm(row) for row in rows])
        return
    zone = catalogue(session).zone
    lines = [
        (to_the_second(r["received_at"], zone), r["device"], word("signal", r["signal"]), r["value"], _outcome(r), r["case_no"])
        for r in rows
    ]
    print_table("", ("received_at", "device", "signal", "value", "outcome", "newest_case"), lines, on=screen())
    if not rows:
        typer.echo(say("sensors.no_alarms"))
    _not_119()


def added(session: "Session", row: Row) -> None:
    """Say what was registered, and who is called."""
    known = catalogue(session)
    co = joined(unit_name(known, row[name]) for name in ("property_unit_id", "fire_unit_id")) or "—"
    named, community = row["escalate_to"] or say("sensors.nobody"), unit_name(known, row["community_unit_id"])
    typer.echo(say("sensors.added", device=row["code"], place=row["place"], community=community, co=co, named=named))
    if row["subject_no"] is not None:
        typer.echo(say("sensors.is_linked", file=row["subject_no"]))
    _not_119()


def imported(done: "Imported", *, as_json: bool) -> None:
    """Say what became of a table: counts, or what is wrong with each row."""
    from commands.trouble import refusal

    wrong = [(w.line, w.field, refusal(w.refusal) if w.refusal is not None else w.reason) for w in done.wrong]
    if as_json:
        found = [{"line": line, "field": field, "reason": reason} for line, field, reason in wrong]
        print_json({"added": done.added, "changed": done.changed, "same": done.same, "wrong": found})
    elif wrong:
        errors().print(say("sensors.nothing_imported", wrong=len(wrong)))
        print_table("", ("device_line", "device_field", "device_wrong"), wrong, on=errors())
    else:
        typer.echo(say("sensors.imported", added=done.added, changed=done.changed, same=done.same))


def hooks(rows: Sequence[Row], zone: tzinfo, *, as_json: bool) -> None:
    """Show suppliers' hooks; never their secrets."""
    shown = ("code", "name", "window_s", "per_minute", "made_by")
    if as_json:
        print_json([{name: r[name] for name in shown} | {n: _iso(r[n]) for n in ("made_at", "before_until", "stopped_at")} for r in rows])
        return
    lines = [
        (r["code"], r["name"], r["window_s"], r["per_minute"], local(r["before_until"], zone), local(r["stopped_at"], zone)) for r in rows
    ]
    print_table("", ("hook", "supplier", "window_s", "per_minute", "before_until", "stopped_at"), lines, on=screen())
    if not rows:
        typer.echo(say("sensors.no_hooks"))


def _kind(row: Row) -> str:
    return str(getattr(KINDS[row["kind"]], language())) if row["kind"] in KINDS else str(row["kind"])


def _outcome(row: Row) -> str:
    return word("alarm_outcome", row["suppressed_by"] or "opened")


def _as_json(row: Row, known: Catalogue) -> dict[str, Any]:
    units = {name.removesuffix("_unit_id"): known.units[row[name]].code if row[name] is not None else None for name in _UNITS}
    people = [known.by_id[i].name for i in row["people"] if i in known.by_id]
    moments = {name: _iso(row[name]) for name in _MOMENTS}
    return {**{name: row[name] for name in _PLAIN}, **units, "people": people, **moments, "case": row["case_no"], "file": row["subject_no"]}


def _alarm(row: Row) -> dict[str, Any]:
    own = {name: row[name] for name in ("key", "device", "signal", "value")}
    moments = {name: _iso(row[name]) for name in ("at", "received_at")}
    return {
        **own,
        **moments,
        "outcome": row["suppressed_by"] or "opened",
        "registered": row["device_id"] is not None,
        "case": row["case_no"],
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _not_119() -> None:
    errors().print(say("sensors.not_119"))

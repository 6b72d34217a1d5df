"""`bihuan subject`: files of households and enterprises (一户一档, 一企一档): open, look, alerts, ledger, sealed notes."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.subjects import Entry

_Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_User = Annotated[str, typer.Option("--as", help=say("affairs.as_user"))]
_No = Annotated[str, typer.Argument(help=say("affairs.no"))]


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help=say("subject.help"), no_args_is_help=True)
    app.add_typer(group, name="subject")
    _add_open(group)
    _add_looks(group)
    _add_notes(group)
    _add_ledger(group)


def _add_open(group: typer.Typer) -> None:
    @group.command("open", help=say("subject.open"))
    def open_one(
        code: Annotated[str, typer.Argument(help=say("subject.code"))],
        user: _User,
        form: Annotated[str, typer.Option(help=say("subject.form"))] = "household",
        tier: Annotated[int, typer.Option(min=1, max=4, help=say("subject.tier"))] = 1,
        area: Annotated[str | None, typer.Option(help=say("subject.area"))] = None,
        kind: Annotated[str, typer.Option(help=say("subject.kind"))] = "",
        place: Annotated[str, typer.Option(help=say("subject.place"))] = "",
        identity: Annotated[str, typer.Option(help=say("subject.identity"))] = "",
        phone: Annotated[str | None, typer.Option(help=say("subject.phone"))] = None,
        name: Annotated[str | None, typer.Option(help=say("subject.name"))] = None,
        reader: Annotated[list[str] | None, typer.Option(help=say("subject.reader"))] = None,
        as_json: _Json = False,
    ) -> None:
        about = {"tier": tier, "area": area, "kind": kind, "place": place, "identity": identity, "phone": phone, "name": name}
        _open(form, code, user, about | {"readers": tuple(reader or ())}, as_json=as_json)


def _add_looks(group: typer.Typer) -> None:
    @group.command(help=say("subject.alert"))
    def alert(
        no: _No,
        kind: Annotated[str, typer.Argument(help=say("subject.alert_kind"))],
        user: _User,
        words: Annotated[str, typer.Option(help=say("subject.words"))] = "",
        tier: Annotated[int | None, typer.Option(min=1, max=4, help=say("subject.alert_tier"))] = None,
        case: Annotated[str | None, typer.Option(help=say("subject.alert_case"))] = None,
        as_json: _Json = False,
    ) -> None:
        _alert(no, user, {"kind": kind, "words": words, "tier": tier, "case": case}, as_json=as_json)

    @group.command(help=say("subject.look"))
    def look(
        no: _No,
        user: _User,
        words: Annotated[str, typer.Option(help=say("subject.words"))],
        way: Annotated[str, typer.Option(help=say("subject.way"))] = "",
        part: Annotated[int | None, typer.Option(help=say("subject.look_part"))] = None,
        as_json: _Json = False,
    ) -> None:
        _look(no, user, part, {"words": words, **({"way": way} if way else {})}, as_json=as_json)


def _add_notes(group: typer.Typer) -> None:
    @group.command(help=say("subject.note"))
    def note(
        no: _No,
        kind: Annotated[str, typer.Argument(help=say("subject.note_kind"))],
        user: _User,
        text: Annotated[str, typer.Option(help=say("subject.note_text"))],
    ) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from services.subjects import write_note

        with unit_of_work() as session:
            write_note(session, no, kind, text, user, utcnow())
        typer.echo(say("subject.noted", no=no.upper()))

    @group.command(help=say("subject.notes"))
    def notes(
        no: _No,
        user: _User,
        reason: Annotated[str, typer.Option(help=say("subject.reason"))],
        kind: Annotated[list[str] | None, typer.Option(help=say("subject.only_kind"))] = None,
        as_json: _Json = False,
    ) -> None:
        _notes(no, user, reason, kind or [], as_json=as_json)

    @group.command(help=say("subject.looks"))
    def looks(no: _No, user: _User, as_json: _Json = False) -> None:
        _looks(no, user, as_json=as_json)


def _add_ledger(group: typer.Typer) -> None:
    @group.command(help=say("subject.ledger"))
    def ledger(no: _No, user: _User, as_json: _Json = False) -> None:
        _ledger(no, user, as_json=as_json)

    @group.command("to-case", help=say("subject.to_case"))
    def to_case(no: _No, issue: Annotated[int, typer.Argument(help=say("subject.issue"))], user: _User, as_json: _Json = False) -> None:
        from clock import utcnow
        from commands.opening import unit_of_work
        from commands.screen import print_json
        from services.catalogue import catalogue
        from services.moves import Setting
        from services.subjects import issue_to_case

        with unit_of_work() as session:
            case = issue_to_case(session, no, issue, catalogue(session).actor(user), Setting(utcnow()))
        if as_json:
            print_json({"no": no.upper(), "part": issue, "case": case})
        else:
            typer.echo(say("subject.made_case", case=case))


def _open(form: str, code: str, user: str, about: dict[str, Any], *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_after
    from commands.opening import unit_of_work
    from commands.screen import errors, print_json
    from services.catalogue import catalogue
    from services.moves import Setting
    from services.subjects import Subject, open_subject

    with unit_of_work() as session:
        done = open_subject(session, Subject(form, code, **about), catalogue(session).actor(user), Setting(utcnow()))
    if as_json:
        print_json({"no": done.no, "known": done.known})
        return
    typer.echo(say("subject.known", no=done.no) if done.known else say("subject.opened", no=done.no, code=code, tier=about["tier"]))
    if not done.known:
        print_after(done.no)
    errors().print(say("affairs.look", no=done.no))


def _alert(no: str, user: str, given: dict[str, Any], *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_after
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.moves import Setting
    from services.subjects import Alert, alert

    with unit_of_work() as session:
        tier = alert(session, no, Alert(**given), Setting(utcnow()), catalogue(session).actor(user))
    if as_json:
        print_json({"no": no.upper(), "tier": tier})
    else:
        typer.echo(say("subject.raised", no=no.upper(), tier=tier))
        print_after(no)


def _look(no: str, user: str, part: int | None, given: dict[str, Any], *, as_json: bool) -> None:
    from clock import utcnow
    from commands.affairs.answers import print_moved
    from commands.opening import unit_of_work
    from rules.facts import Refused
    from services.affairs import sheet
    from services.affairs.acting import Ask, act, choices_of
    from services.catalogue import catalogue
    from services.moves import Setting

    with unit_of_work() as session:
        actor = catalogue(session).actor(user)
        waited = (p["no"] for p in sheet(session, no, actor).parts if p["thing"] == "look" and p["state"] in ("due", "missed"))
        chosen = part if part is not None else next(waited, None)
        if chosen is None:
            raise Refused("no_look", affair=no)
        act(session, Ask(no, "look", chosen, given), actor, Setting(utcnow()))
    with unit_of_work() as session:
        print_moved(choices_of(session, no, actor), catalogue(session), "look", as_json=as_json)


def _notes(no: str, user: str, reason: str, kinds: list[str], *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.subjects import read_notes

    with unit_of_work() as session:
        zone, found = catalogue(session).zone, read_notes(session, no, user, reason, utcnow(), kinds=kinds)
    if as_json:
        print_json([asdict(n) | {"written_at": n.written_at.isoformat()} for n in found])
        return
    rows = [(word("note_kind", n.kind), n.text, n.written_by, local(n.written_at, zone)) for n in found]
    print_table("", ("kind", "note_text", "actor", "at"), rows, on=screen())
    if not rows:
        typer.echo(say("subject.no_notes"))


def _looks(no: str, user: str, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import joined, local, print_json, print_table, screen, word
    from services.catalogue import catalogue
    from services.subjects import looks_at

    with unit_of_work() as session:
        known = catalogue(session)
        zone, found = known.zone, looks_at(session, no, known.actor(user))
    if as_json:
        print_json([each | {"at": each["at"].isoformat()} for each in found])
        return
    rows = [(local(e["at"], zone), e["user"], e["reason"], joined(word("note_kind", k) for k in e["kinds"])) for e in found]
    print_table("", ("at", "actor", "reason", "kind"), rows, on=screen())
    if not rows:
        typer.echo(say("subject.no_looks"))


def _ledger(no: str, user: str, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import joined, local, print_json, print_table, screen, word
    from services.affairs.people import actor_of
    from services.catalogue import catalogue
    from services.subjects import ledger

    with unit_of_work() as session:
        known, found = catalogue(session), ledger(session, no, actor_of(session, user))
    if as_json:
        issues = [asdict(i) | {"opened_at": i.opened_at.isoformat()} for i in found.issues]
        print_json(asdict(found) | {"issues": issues, "written_off": found.written_off})
        return
    state = word("subject_state", found.state)
    counts: dict[str, Any] = {"looks": found.looks.get("done", 0), "issues": len(found.issues), "written_off": found.written_off}
    typer.echo(say("subject.figures", no=found.no, title=found.title, tier=found.tier, state=state, **counts))
    if found.devices:
        typer.echo(say("subject.devices", devices=joined(found.devices)))
    rows = [_cells(i, known) for i in found.issues]
    print_table("", ("part", "subject", "visit_kind", "state", "unit", "refused_times", "case", "since"), rows, on=screen())
    tiers = [(t["from"], t["to"], t["why"]) for t in found.tiers]
    print_table("", ("tier_from", "tier_to", "why"), tiers, on=screen())
    heard = [(local(datetime.fromisoformat(a["at"]), known.zone), word("alert", a["alert"]), a["words"], a["by"]) for a in found.alerts]
    print_table("", ("at", "alert", "note_text", "actor"), heard, on=screen())


def _cells(issue: "Entry", known: "Catalogue") -> tuple[object, ...]:
    from commands.screen import local, unit_name, word

    about = (issue.part, issue.title, word("part_role", issue.way), word("issue_state", issue.state), unit_name(known, issue.unit_id))
    return (*about, issue.refused, issue.case, local(issue.opened_at, known.zone))
